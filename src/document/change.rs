//! What rules did to a webhook and what they lack, as every rendering shows it.

use super::ids;
use crate::coralogix::path::Path;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::{MissingValue, Plan};
use crate::pipeline::rewrite::{Change, FlowsBack, How, Leftover, Unread};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A value that was changed on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeDocument {
    /// Where it is.
    pub path: String,
    /// How: `set`, `replace`, `new_uuid`, `rename` or `retarget`.
    pub how: String,
    /// Where the new value comes from, or the source's alias.
    pub from: Option<String>,
    /// The line of the rule.
    pub rule_line: Option<usize>,
    /// Whether the value is the one that was there before.
    pub equal: bool,
}

/// A value that a rule asks for and that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadDocument {
    /// Where it is needed.
    pub path: String,
    /// Where it should come from.
    pub from: String,
    /// Why it could not be read.
    pub why: String,
}

/// A secret that no rule names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftoverDocument {
    /// Where it is.
    pub path: String,
    /// What is hidden there.
    pub hidden: String,
}

/// What makes the logs of a webhook flow elsewhere than to the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowsBackDocument {
    /// It keeps the source's ingest key.
    pub keeps_key: bool,
    /// It sends to that host.
    pub host: Option<String>,
    /// It sends to an endpoint that the vendor is switching off.
    pub old_endpoint: bool,
}

/// A value that rules ask for and that could not be read, with the webhooks that need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingDocument {
    /// Where it should come from.
    pub from: String,
    /// Why it could not be read.
    pub why: String,
    /// Where it is needed.
    pub needed_by: Vec<NeededDocument>,
}

/// One place that needs a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeededDocument {
    /// The webhook's id in the source.
    #[serde(with = "ids::optional")]
    pub source_id: Option<WebhookId>,
    /// Its alias.
    pub alias: SmolStr,
    /// Where in it.
    pub path: String,
}

impl From<&Change> for ChangeDocument {
    fn from(change: &Change) -> Self {
        Self {
            path: change.path.to_string(),
            how: change.how.word().to_owned(),
            from: match &change.how {
                How::Set(from) => Some(from.clone()),
                How::Renamed(from) => Some(from.to_string()),
                How::Replaced | How::Retargeted | How::NewUuid => None,
            },
            rule_line: change.line,
            equal: change.is_equal,
        }
    }
}

impl From<&Unread> for UnreadDocument {
    fn from(unread: &Unread) -> Self {
        Self {
            path: unread.path.to_string(),
            from: unread.source.clone(),
            why: unread.why.clone(),
        }
    }
}

impl From<&Leftover> for LeftoverDocument {
    fn from(leftover: &Leftover) -> Self {
        Self {
            path: leftover.path.to_string(),
            hidden: leftover.kind.to_string(),
        }
    }
}

impl From<&FlowsBack> for FlowsBackDocument {
    fn from(flow: &FlowsBack) -> Self {
        Self {
            keeps_key: flow.keeps_key,
            host: flow.host.clone(),
            old_endpoint: flow.is_old_endpoint,
        }
    }
}

impl MissingDocument {
    /// The missing values of a plan, each once.
    pub fn all(plan: &Plan) -> Vec<Self> {
        let needed = |(place, path): &(usize, Path)| {
            let webhook = plan.step(*place).0;
            NeededDocument {
                source_id: webhook.source_id().cloned(),
                alias: webhook.alias().clone(),
                path: path.to_string(),
            }
        };
        let missing = |value: MissingValue| Self {
            needed_by: value.needed_by.iter().map(needed).collect(),
            from: value.source,
            why: value.why,
        };
        plan.missing_values().into_iter().map(missing).collect()
    }
}
