//! The write-ahead journal of a push: an entry before each request with the webhooks in it, and an entry
//! afterwards with what the response or the next observation proved about them.
//! A request is never sent until its entry is durable.

use super::named::Naming;
use super::status::{ItemStatus, Proof};
use crate::coralogix::birth::Birth;
use crate::coralogix::content::Content;
use crate::coralogix::webhook::WebhookId;
use crate::error::Error;

/// A durable log: its entries survive the process and a power failure.
pub trait Journal: Send {
    /// Records one entry durably; `Ok` means that it is safely on disk.
    fn record(&mut self, note: &JournalNote) -> Result<(), Error>;
}

/// One journal entry of a push. Webhooks are identified by their plan step index.
#[derive(Debug, Clone)]
pub enum JournalNote {
    /// These webhooks are about to be sent in one request.
    Sending(Vec<usize>),
    /// Status updates of webhooks that were sent earlier.
    StatusUpdates(Vec<(usize, StatusUpdate)>),
}

/// What is now known about one webhook that was sent.
#[derive(Debug, Clone)]
pub enum StatusUpdate {
    /// The target has it: the create or update took effect.
    Written {
        /// Its id in the target.
        id: WebhookId,
        /// The evidence for it.
        proof: Proof,
        /// The content that the target stores, if the target showed it and it differs from what was sent.
        altered_content: Option<Content>,
        /// When it was created, if the target showed that.
        birth: Option<Birth>,
        /// How the answer named it; means nothing for another proof.
        naming: Naming,
    },
    /// The target does not have it any more: the delete took effect, or the server at least confirmed it.
    Deleted,
    /// It was not written, and may be sent again.
    NotWritten,
    /// This push did not write it and will not send it again.
    Abandoned,
    /// Whether it was written is unknown.
    Unresolved {
        /// The reason.
        why: String,
        /// Whether an answer named it: then it was written, wherever it is.
        is_named: bool,
    },
}

impl StatusUpdate {
    /// Converts a final status; `altered_content` is set if the target stores other content than was sent, `birth` if
    /// it showed when it created the webhook, `naming` if an answer named it.
    pub(super) fn from_status(
        status: &ItemStatus,
        altered_content: Option<&Content>,
        birth: Option<Birth>,
        naming: Option<Naming>,
    ) -> Self {
        let unresolved = |why: &str| Self::Unresolved {
            why: why.to_owned(),
            is_named: naming.is_some(),
        };
        match status {
            ItemStatus::Created { id, proof } | ItemStatus::Updated { id, proof, .. } => {
                Self::Written {
                    id: id.clone(),
                    proof: *proof,
                    altered_content: altered_content.copied(),
                    birth,
                    naming: naming.unwrap_or_default(),
                }
            }
            ItemStatus::Deleted(_) | ItemStatus::DeleteConfirmed(_) => Self::Deleted,
            ItemStatus::Unresolved(why) => unresolved(why),
            ItemStatus::NotSeen => unresolved("the target did not show it before the run ended"),
            ItemStatus::CreatedByOthers(_)
            | ItemStatus::Refused(_)
            | ItemStatus::TypeRefused(_)
            | ItemStatus::Ignored
            | ItemStatus::Vanished(_)
            | ItemStatus::NotSent => Self::Abandoned,
        }
    }
}
