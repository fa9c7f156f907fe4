//! What became of each webhook that was to be written, and of the run as a whole.
//! Never counts a webhook as arrived that nobody has seen or acknowledged.

use super::observation::Observation;
use crate::coralogix::webhook::WebhookId;
use crate::http::failure::Refusal;
use serde::{Deserialize, Serialize};

/// How it is known that a webhook arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// The server's answer to our own request named it.
    Acknowledged,
    /// No usable answer came, and it was found in the target afterwards.
    Observed,
}

/// What became of one webhook that was to be created or updated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It was created under that id.
    Created {
        /// The number that the target gave it.
        id: WebhookId,
        /// How that is known.
        proof: Proof,
    },
    /// The target's webhook of that id now has the wanted content.
    Updated {
        /// The number that it has in the target.
        id: WebhookId,
        /// How that is known.
        proof: Proof,
    },
    /// Somebody else created the same webhook while we were at work; ours was not sent.
    Appeared(WebhookId),
    /// The server refused it, alone in its request.
    Refused(Box<Refusal>),
    /// The server accepted it, alone in its request, and it did not appear.
    Ignored,
    /// The webhook that was to be updated is gone from the target; it is not created again.
    Vanished(WebhookId),
    /// Whether it arrived cannot be told, and sending it again could make a second one.
    Unresolved(String),
    /// It was sent and had not appeared when the run ended.
    NotSeen,
    /// It was never sent, because the run ended before.
    NotSent,
}

impl Fate {
    /// The target's id of a webhook that is where it should be.
    pub fn arrived(&self) -> Option<&WebhookId> {
        match self {
            Self::Created { id, .. } | Self::Updated { id, .. } | Self::Appeared(id) => Some(id),
            _ => None,
        }
    }
}

/// Why a push ended before its plan was empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The target could not be reached; the text says why.
    Unreachable(String),
    /// The target refused the whole request, for a reason that holds for every other one too.
    Refused(Refusal),
    /// So many webhooks in a row were refused that the rest was not tried.
    TooManyRefused(usize),
    /// What appeared in the target could be ours or not; nothing more is sent.
    Unresolved,
    /// Several rounds brought no progress; the text says what the last one brought.
    NoProgress(String),
    /// The run has waited for as long as it may.
    OutOfPatience,
    /// The run record could not be written, so nothing more was sent; the text says why.
    NotRecorded(String),
    /// The user ended the run.
    Interrupted,
    /// The target could not be read, so nobody can tell what arrived; the text says why.
    Blind(String),
}

/// What a push did.
#[derive(Debug)]
pub struct Applied {
    /// What became of each webhook that was to be written, by its place in the plan, in that order.
    pub fates: Vec<(usize, Fate)>,
    /// Why the push ended early, if it did.
    pub stop: Option<Stop>,
    /// Whether any request may have changed the target.
    pub may_have_written: bool,
    /// Webhooks that appeared in the target meanwhile and are not ours.
    pub appeared: Vec<WebhookId>,
    /// What the target showed when it was read at the end; `None` where it could not be read.
    pub after: Option<Observation>,
    /// How many write requests were sent.
    pub n_requests: usize,
}

impl Applied {
    /// What a push did that had nothing to do.
    pub fn nothing() -> Self {
        Self {
            fates: Vec::new(),
            stop: None,
            may_have_written: false,
            appeared: Vec::new(),
            after: None,
            n_requests: 0,
        }
    }

    /// Whether every webhook that was to be written is where it should be.
    pub fn is_complete(&self) -> bool {
        self.fates.iter().all(|(_, fate)| fate.arrived().is_some())
    }
}
