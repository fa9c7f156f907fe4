//! The result of a push: the final status of each webhook, and why the push stopped early, if it did.
//! A webhook counts as written only if the server acknowledged it or an observation of the target shows it.

use super::observation::Observation;
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use crate::http::failure::{Refusal, RequestedWait};
use crate::pipeline::plan::StepIx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The evidence that a webhook was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// The response to our own request named it.
    Acknowledged,
    /// There was no usable response, and a later observation found it in the target.
    Observed,
}

/// The final status of one webhook that a run creates, updates or deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemStatus {
    /// The push created it.
    Created {
        /// The id that the target assigned.
        id: WebhookId,
        /// The evidence for it.
        proof: Proof,
    },
    /// The push updated the target's webhook: it has the desired content, perhaps altered by the server.
    Updated {
        /// Its id in the target.
        id: WebhookId,
        /// The evidence for it.
        proof: Proof,
        /// Whether the server stored other content than was sent.
        is_altered: bool,
    },
    /// The run deleted the webhook with this id, and the target says that it is gone.
    Deleted(WebhookId),
    /// The server confirmed that it deleted the webhook with this id, and the run ended before it could check that.
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
    /// The run ended before it was sent, or before it was sent again after a request that had no effect.
    NotSent,
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
}

/// Why a push ended before everything was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// The target could not be reached; holds the reason.
    Unreachable(String),
    /// The target refused a request for a reason that applies to every request, such as the API key.
    Refused(Refusal),
    /// The target refused this many webhooks in a row, so the rest were not tried.
    TooManyRefused(usize),
    /// A new webhook in the target may or may not be ours; sending more could create duplicates.
    Unresolved,
    /// Several rounds made no progress; holds the reason that the last one gave.
    NoProgress(String),
    /// The server asked for a longer wait than the wait budget covers.
    AskedToWait(RequestedWait),
    /// The run used up its wait budget.
    WaitBudgetSpent,
    /// The journal could not be written, so nothing more was sent; holds the reason.
    NotRecorded(String),
    /// The answer to a write showed another company than the target's; holds what it showed.
    WrongAccount(String),
    /// The user interrupted the run.
    Interrupted,
    /// The target could not be read, so it is unknown what the last request did; holds the reason.
    TargetUnreadable(String),
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

    /// Whether the target is known to have every webhook that the plan creates or updates.
    pub fn is_complete(&self) -> bool {
        self.statuses
            .iter()
            .all(|(_, status)| status.target_id().is_some())
    }
}
