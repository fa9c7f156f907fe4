//! The write-ahead journal of a push: an entry before each request with the webhooks in it, and an entry
//! afterwards with what the response or the next observation proved about them.
//! A request is never sent until its entry is durable.

use super::named::Naming;
use super::status::ItemStatus;
use crate::coralogix::birth::Birth;
use crate::coralogix::content::Content;
use crate::error::Error;
use crate::pipeline::plan::StepIx;

/// A durable log: its entries survive the process and a power failure.
pub trait Journal: Send {
    /// Records one entry durably; `Ok` means that it is safely on disk.
    fn record(&mut self, note: &JournalNote) -> Result<(), Error>;
}

/// One journal entry of a push. Webhooks are identified by their plan step index.
#[derive(Debug, Clone)]
pub enum JournalNote {
    /// These webhooks are about to be sent in one request.
    Sending(Vec<StepIx>),
    /// Status updates of webhooks that were sent earlier.
    StatusUpdates(Vec<(StepIx, StatusUpdate)>),
}

/// What is now known about one webhook that was sent.
#[derive(Debug, Clone)]
pub struct StatusUpdate {
    /// Its status.
    pub status: ItemStatus,
    /// The content that the target stores, if the target showed it and it differs from what was sent.
    pub altered_content: Option<Content>,
    /// When it was created, if the target showed that.
    pub birth: Option<Birth>,
    /// How an answer named it; `None` if no answer did. An unresolved one that an answer named was written, wherever it
    /// is.
    pub naming: Option<Naming>,
}

impl StatusUpdate {
    /// A status without further evidence.
    pub(super) fn of(status: ItemStatus) -> Self {
        Self {
            status,
            altered_content: None,
            birth: None,
            naming: None,
        }
    }
}
