//! The report of a rewrite: changed values, unreadable values and uncovered secrets. Contains none of the values.

use crate::coralogix::path::Path;
use smol_str::SmolStr;
use std::borrow::Cow;

/// A value that a rule or `retarget` changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path of the value.
    pub path: Path,
    /// How the value was changed.
    pub kind: ChangeKind,
    /// The line on which the rule starts; `None` if `retarget` made the change.
    pub rule_line: Option<usize>,
    /// Whether the new value equals the old one.
    pub is_equal: bool,
}

/// How a value was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// Set from a source, such as `env SLACK_URL`.
    Set(String),
    /// A text within the value was replaced.
    Replaced,
    /// Vendor hosts in it were pointed at the target's region.
    Retargeted,
    /// A new uuid was derived from the old one.
    NewUuid,
    /// The alias was changed; holds the old one.
    Renamed(SmolStr),
}

impl ChangeKind {
    /// The code for it in JSON.
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

/// A value that a rule needs but hookferry could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadValue {
    /// The path at which the rule sets the value.
    pub path: Path,
    /// The source of the value, such as `env SLACK_URL`.
    pub source: String,
    /// Why hookferry could not read it.
    pub reason: String,
}

/// A secret that no rule covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmatchedSecret {
    /// The path of the secret.
    pub path: Path,
    /// The kind of secret, such as `service key`.
    pub kind: Cow<'static, str>,
}
