//! The write-ahead journal of a push: an entry before each request with the webhooks in it, and an entry
//! afterwards with what the response or the next observation proved about them.
//! A request is never sent until its entry is durable.

use super::fate::{Fate, Proof};
use crate::coralogix::content::Content;
use crate::coralogix::webhook::WebhookId;
use crate::error::Error;

/// A durable log: its entries survive the process and a power failure.
pub trait Journal: Send {
    /// Records one entry durably; `Ok` means that it is safely on disk.
    fn note(&mut self, note: &Note) -> Result<(), Error>;
}

/// One journal entry of a push. Webhooks are identified by their plan step index.
#[derive(Debug, Clone)]
pub enum Note {
    /// These webhooks are about to be sent in one request.
    Sending(Vec<usize>),
    /// Status updates of webhooks that were sent earlier.
    Learned(Vec<(usize, Learned)>),
}

/// What is now known about one webhook that was sent.
#[derive(Debug, Clone)]
pub enum Learned {
    /// The target has it: the create or update took effect.
    Arrived {
        /// Its id in the target.
        id: WebhookId,
        /// The evidence for it.
        proof: Proof,
        /// The content that the target stores, if the target showed it and it differs from what was sent.
        kept: Option<Content>,
    },
    /// It was not written, and may be sent again.
    Returned,
    /// This push did not write it and will not send it again.
    Over,
    /// Whether it was written is unknown; holds the reason.
    Unresolved(String),
}

impl Learned {
    /// Converts a final status; `altered_content` is set if the target stores other content than was sent.
    pub(super) fn of(fate: &Fate, kept: Option<&Content>) -> Self {
        match fate {
            Fate::Created { id, proof } | Fate::Updated { id, proof } => Self::Arrived {
                id: id.clone(),
                proof: *proof,
                kept: kept.copied(),
            },
            Fate::Unresolved(why) => Self::Unresolved(why.clone()),
            Fate::NotSeen => {
                Self::Unresolved("the target did not show it before the run ended".to_owned())
            }
            Fate::Appeared(_)
            | Fate::Refused(_)
            | Fate::Ignored
            | Fate::Vanished(_)
            | Fate::NotSent => Self::Over,
        }
    }
}
