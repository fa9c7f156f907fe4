//! The lines of a run's journal: what each of them says, and nothing about what follows from it.
//! Holds no secret: contents are sealed, and aliases and ids are what the plan shows anyway.

use crate::coralogix::sealed::{Seal, Sealed};
use crate::pipeline::plan::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// The version of the journal; another major number is not read.
pub const JOURNAL_VERSION: &str = "1.0";

/// One line of a journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Entry {
    /// The first line: what the run wants, and what the target held before.
    Begin(Box<Begin>),
    /// A request is about to be sent.
    Sending {
        /// When.
        at: Timestamp,
        /// The webhooks of the request, by their place in the plan.
        places: Vec<usize>,
    },
    /// What became of webhooks that were sent.
    Learned {
        /// When it became known.
        at: Timestamp,
        /// Each of them.
        webhooks: Vec<LearnedRow>,
    },
    /// The run came to its end, however it went.
    End(End),
    /// A later run or a rollback found out what became of what this one left open.
    Settled {
        /// When.
        at: Timestamp,
        /// The run or command that did.
        by: String,
        /// What it found.
        webhooks: Vec<LearnedRow>,
    },
    /// Somebody decided that what is open does not matter any more.
    Closed {
        /// When.
        at: Timestamp,
    },
    /// The run was undone, wholly or in part.
    RolledBack {
        /// When.
        at: Timestamp,
        /// Target ids that were deleted.
        deleted: Vec<String>,
        /// Target ids whose previous content was put back.
        restored: Vec<String>,
        /// Target ids that were left as they are.
        untouched: Vec<String>,
    },
}

/// What a run begins with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Begin {
    /// [`JOURNAL_VERSION`].
    pub format_version: String,
    /// The run's id.
    pub run: String,
    /// The program and its version.
    pub tool: String,
    /// When it began.
    pub at: Timestamp,
    /// Its process, for messages.
    pub pid: u32,
    /// Where the webhooks come from.
    pub source: SourceRow,
    /// Where they go.
    pub target: TargetRow,
    /// What happens to conflicts, in the word of the command line.
    pub on_conflict: String,
    /// How long a server may be at work on a request without an answer.
    pub settle_ms: u64,
    /// The salt of the sealed contents.
    pub salt: String,
    /// What tells whether another API key than the run's is at hand.
    pub check: String,
    /// The target's clock when it was read, where it told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_time: Option<Timestamp>,
    /// The ids that the target held before the first write.
    pub baseline: Vec<SmolStr>,
    /// Every webhook of the plan, in its order.
    pub wanted: Vec<WantedRow>,
    /// The seal of the file of previous bodies, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Earlier runs whose open sends this one accounted for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continues: Vec<String>,
    /// The saved plan that the run applies, by its seal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_plan: Option<String>,
}

/// Where the webhooks of a run come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    /// Host or file name.
    pub name: String,
    /// Company id, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
}

/// Where the webhooks of a run go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRow {
    /// The base URL of its API.
    pub url: String,
    /// Its host, with the port where that is not the usual one.
    pub host: String,
    /// Company id, where it is known; an empty account shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
}

/// One webhook of the plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WantedRow {
    /// Its id in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<SmolStr>,
    /// Its alias.
    pub alias: SmolStr,
    /// Its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_id: Option<u64>,
    /// What the plan says.
    pub state: State,
    /// The target's webhook that it corresponds to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<SmolStr>,
    /// The sealed content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Sealed>,
    /// The sealed content of the target's webhook where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Sealed>,
}

/// What became of one webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LearnedRow {
    /// Its place in the plan, from 0.
    pub place: usize,
    /// What became of it.
    #[serde(flatten)]
    pub what: LearnedWhat,
}

/// What became of one webhook that was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum LearnedWhat {
    /// The target has it.
    Arrived {
        /// Its id there.
        id: SmolStr,
        /// Whether the server's own answer said so, instead of a look afterwards.
        acknowledged: bool,
        /// What the target keeps of it where that is not what was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<Sealed>,
    },
    /// It did not arrive and may be sent again.
    Returned,
    /// It did not arrive, and that is the end of it.
    Over,
    /// It cannot be told whether it arrived.
    Unresolved {
        /// Why not.
        why: String,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Whether everything that was to be written was found in the target, exactly once.
    pub complete: bool,
    /// Why it stopped early, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// How many webhooks ended in each way, in the words of the report.
    pub summary: BTreeMap<String, usize>,
    /// The target's company id, once it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// What the last look showed of each webhook that arrived, so that any later change is noticed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<ShownRow>,
    /// What the last look showed of webhooks that the server altered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<AlteredRow>,
}

/// Everything that the target shows of one webhook, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShownRow {
    /// Its place in the plan, from 0.
    pub place: usize,
    /// The seal.
    pub seal: Seal,
}

/// What a server made of one webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlteredRow {
    /// Its place in the plan, from 0.
    pub place: usize,
    /// What it looks like in the target.
    pub kept: Sealed,
}
