//! What rewriting did to a webhook, without any value.

use crate::coralogix::path::Path;
use smol_str::SmolStr;
use std::borrow::Cow;

/// One value that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: Path,
    /// How.
    pub how: How,
    /// The line of the rule; `None` where no rule but `retarget` did it.
    pub line: Option<usize>,
    /// Whether the new value is the one that was there before.
    pub is_equal: bool,
}

/// How a value was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Set from there, such as `env SLACK_URL`.
    Set(String),
    /// A text in it was replaced.
    Replaced,
    /// The vendor's hosts in it were pointed at the target's region.
    Retargeted,
    /// A new uuid was made from the old one.
    NewUuid,
    /// The alias was made from that one.
    Renamed(SmolStr),
}

impl How {
    /// The word for it in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Set(_) => "set",
            Self::Replaced => "replace",
            Self::Retargeted => "retarget",
            Self::NewUuid => "new_uuid",
            Self::Renamed(_) => "rename",
        }
    }
}

/// A value that a rule asks for and that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where it is needed.
    pub path: Path,
    /// Where it should come from, such as `env SLACK_URL`.
    pub source: String,
    /// Why it could not be read.
    pub why: String,
}

/// A secret about which no rule says anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Where.
    pub path: Path,
    /// What is hidden there, in a word.
    pub kind: Cow<'static, str>,
}
