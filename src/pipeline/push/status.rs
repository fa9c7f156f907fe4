//! The result of a push: the final status of each webhook, and why the push stopped early, if it did.
//! A webhook counts as written only if the server acknowledged it or an observation of the target shows it.

use super::observation::Observation;
use super::stop::StopReason;
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use crate::http::failure::Refusal;
use crate::pipeline::plan::StepIx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The evidence that a webhook was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// The response to our own request named it.
    #[default]
    Acknowledged,
    /// There was no usable response, and a later observation found it in the target.
    Observed,
}

impl Proof {
    /// Whether it is the usual evidence, which records leave out.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde prescribes this signature"
    )]
    fn is_acknowledged(&self) -> bool {
        *self == Self::Acknowledged
    }
}

/// What is known of one webhook that a run creates, updates or deletes: while the run works, in its record, and when it
/// has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemStatus {
    /// It was not sent, or what was sent is known to have had no effect; the run may send it.
    NotSent,
    /// It was sent, and what became of that is not known yet.
    Open,
    /// The push created it.
    Created {
        /// The id that the target assigned.
        id: WebhookId,
        /// The evidence for it.
        #[serde(default, skip_serializing_if = "Proof::is_acknowledged")]
        proof: Proof,
    },
    /// The push updated the target's webhook: it has the desired content, perhaps altered by the server.
    Updated {
        /// Its id in the target.
        id: WebhookId,
        /// The evidence for it.
        #[serde(default, skip_serializing_if = "Proof::is_acknowledged")]
        proof: Proof,
        /// Whether the server stored other content than was sent.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_altered: bool,
    },
    /// The run deleted the webhook with this id, and the target says that it is gone.
    Deleted(WebhookId),
    /// The server confirmed that it deleted the webhook with this id, and nobody has checked that yet.
    DeleteConfirmed(WebhookId),
    /// Somebody else created an equal webhook, with this id, during the run, so ours was not sent.
    CreatedByOthers(WebhookId),
    /// The server refused it when it was alone in its request.
    Refused(Box<Refusal>),
    /// It was not sent alone, because the server refused many webhooks of its type and accepted none.
    TypeRefused(Box<Refusal>),
    /// The server accepted the request, but the webhook did not appear, or the update or delete had no effect.
    Ignored,
    /// The webhook to update, with this id, is gone from the target; the push does not create it anew.
    Vanished(WebhookId),
    /// Whether it was written is unknown, and sending it again could create a duplicate; holds the reason.
    Unresolved(String),
    /// It was sent, but no observation showed it before the run ended; it may still take effect.
    NotSeen,
    /// It arrived, and the final read-back does not show it.
    Missing(Box<MissingWebhook>),
    /// The target has it more than once.
    Duplicated(Box<DuplicatedWebhook>),
}

/// A webhook that arrived, and that the final read-back does not show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingWebhook {
    /// The id that it had.
    pub id: WebhookId,
    /// The evidence that the run wrote it; `None` if somebody else did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// What the target said when asked for the id; `None` if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A webhook that the target has more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicatedWebhook {
    /// The id of the one that is the run's, or that stands in for it.
    pub id: WebhookId,
    /// The evidence that the run wrote it; `None` if somebody else did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The ids of the others.
    pub copies: Vec<WebhookId>,
}

impl ItemStatus {
    /// The id in the target, if the target is known to have the webhook, whoever wrote it.
    pub fn target_id(&self) -> Option<&WebhookId> {
        match self {
            Self::Created { id, .. } | Self::Updated { id, .. } | Self::CreatedByOthers(id) => {
                Some(id)
            }
            _ => None,
        }
    }

    /// The id of the webhook, and the evidence, if the run created or updated it.
    pub fn written(&self) -> Option<(&WebhookId, Proof)> {
        match self {
            Self::Created { id, proof } | Self::Updated { id, proof, .. } => Some((id, *proof)),
            Self::Missing(missing) => Some((&missing.id, missing.proof?)),
            Self::Duplicated(duplicated) => Some((&duplicated.id, duplicated.proof?)),
            _ => None,
        }
    }

    /// Whether it was sent, and it is unknown whether the target has it.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Unresolved(_) | Self::NotSeen)
    }

    /// Whether the server deleted it, at least by its own word.
    pub fn is_deleted(&self) -> bool {
        matches!(self, Self::Deleted(_) | Self::DeleteConfirmed(_))
    }
}

/// The result of a push.
#[derive(Debug)]
pub struct PushResult {
    /// The final status of each action, with its plan step index, in plan order.
    pub statuses: Vec<(StepIx, ItemStatus)>,
    /// Why the push ended early; `None` if it sent everything.
    pub stop: Option<StopReason>,
    /// Whether any request may have changed the target.
    pub may_have_written: bool,
    /// Ids that the baseline lacks and that are not ours: others created them during the run.
    pub new_in_target: Vec<WebhookId>,
    /// The plan step indexes of webhooks that were written, and whose id belongs to another webhook since: somebody
    /// deleted ours, and the target gave its id anew.
    pub replaced: BTreeSet<StepIx>,
    /// What the target answered when asked for webhooks that its list lacks.
    pub unlisted: Vec<(WebhookId, Presence)>,
    /// The last observation of the target; `None` if there was none or it failed.
    pub final_observation: Option<Observation>,
    /// Number of write requests sent.
    pub n_requests: usize,
    /// What the server answered, safe to show, to accepted requests that may not have written a webhook, by the
    /// webhook's plan step index.
    pub server_words: BTreeMap<StepIx, String>,
    /// Why the target could not be read at the end; `None` if it was read, or if the push stopped for a reason of its own.
    pub read_back_failure: Option<String>,
}

impl PushResult {
    /// The result of a push that had nothing to do.
    pub fn empty() -> Self {
        Self {
            statuses: Vec::new(),
            stop: None,
            may_have_written: false,
            new_in_target: Vec::new(),
            replaced: BTreeSet::new(),
            unlisted: Vec::new(),
            final_observation: None,
            n_requests: 0,
            server_words: BTreeMap::new(),
            read_back_failure: None,
        }
    }
}
