//! The changes that rules made to a webhook, and the values that they lack, for every output format.

use crate::coralogix::path::Path;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::{MissingValue, Plan, StepIx};
use crate::pipeline::rewrite::{Change, ChangeKind, LogBackflow, UnmatchedSecret, UnreadValue};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A value that rules or retargeting changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeDocument {
    /// Path of the value in the webhook.
    pub path: String,
    /// The operation: `set`, `replace`, `new_uuid`, `rename` or `retarget`.
    pub how: String,
    /// For `set`, where the new value comes from; for `rename`, the source's alias; else `None`.
    pub from: Option<String>,
    /// Line of the rule in the rules file; `None` if no rule made the change.
    pub rule_line: Option<usize>,
    /// Whether the new value equals the old one.
    pub equal: bool,
}

/// A value that a rule needs and that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadDocument {
    /// Path in the webhook that needs it.
    pub path: String,
    /// The source of the value, such as `env KEY`.
    pub from: String,
    /// The reason why it could not be read.
    pub why: String,
}

/// A secret that no rule covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftoverDocument {
    /// Path of the secret in the webhook.
    pub path: String,
    /// The kind of secret that is masked there, such as `api token`.
    pub hidden: String,
}

/// The reasons why a webhook's logs flow to an account other than the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowsBackDocument {
    /// Whether it keeps the source's ingest key.
    pub keeps_key: bool,
    /// The paths of that key in the webhook.
    pub keys: Vec<String>,
    /// The ingest host that it sends to, if that host is not the target's.
    pub host: Option<String>,
}

/// A value that rules need and that could not be read, with every place that needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingDocument {
    /// The source of the value, such as `env KEY`.
    pub from: String,
    /// The reason why it could not be read.
    pub why: String,
    /// The places that need it.
    pub needed_by: Vec<NeededDocument>,
}

/// One place in a webhook that needs a missing value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeededDocument {
    /// The webhook's id in the source.
    pub source_id: Option<WebhookId>,
    /// The webhook's alias in the target.
    pub alias: SmolStr,
    /// Path in the webhook.
    pub path: String,
}

impl ChangeDocument {
    /// Whether it changed the alias; then [`from`](Self::from) has the source's.
    pub(super) fn is_rename(&self) -> bool {
        self.how == ChangeKind::Renamed(SmolStr::default()).word()
    }
}

impl From<&Change> for ChangeDocument {
    fn from(change: &Change) -> Self {
        Self {
            path: change.path.to_string(),
            how: change.kind.word().to_owned(),
            from: match &change.kind {
                ChangeKind::Set(from) => Some(from.clone()),
                ChangeKind::Renamed(from) => Some(from.to_string()),
                ChangeKind::Replaced | ChangeKind::Retargeted | ChangeKind::NewUuid => None,
            },
            rule_line: change.rule_line,
            equal: change.is_equal,
        }
    }
}

impl From<&UnreadValue> for UnreadDocument {
    fn from(unread: &UnreadValue) -> Self {
        Self {
            path: unread.path.to_string(),
            from: unread.source.clone(),
            why: unread.reason.clone(),
        }
    }
}

impl From<&UnmatchedSecret> for LeftoverDocument {
    fn from(leftover: &UnmatchedSecret) -> Self {
        Self {
            path: leftover.path.to_string(),
            hidden: leftover.kind.to_string(),
        }
    }
}

impl From<&LogBackflow> for FlowsBackDocument {
    fn from(flow: &LogBackflow) -> Self {
        Self {
            keeps_key: !flow.kept_keys.is_empty(),
            keys: flow.kept_keys.clone(),
            host: flow.host.clone(),
        }
    }
}

impl MissingDocument {
    /// The missing values of a plan, each listed once.
    pub fn from_plan(plan: &Plan) -> Vec<Self> {
        let needed_document = |(step_ix, path): &(StepIx, Path)| {
            let webhook = plan.step(*step_ix).0;
            NeededDocument {
                source_id: webhook.source_id().cloned(),
                alias: webhook.alias().clone(),
                path: path.to_string(),
            }
        };
        let missing_document = |value: MissingValue| Self {
            needed_by: value.needed_by.iter().map(needed_document).collect(),
            from: value.source,
            why: value.reason,
        };
        plan.missing_values()
            .into_iter()
            .map(missing_document)
            .collect()
    }
}
