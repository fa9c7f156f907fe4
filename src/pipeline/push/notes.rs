//! Notes: what the journal has to record after a step of the machine.
//! Pure. Together with the notes before each request, all that a run which is killed leaves behind.

use super::journal::StatusUpdate;
use super::machine::{ItemState, Machine};
use super::status::ItemStatus;
use std::collections::BTreeMap;

/// The items that the journal records as sent, without a final status.
#[derive(Debug, Default)]
pub(super) struct OpenNotes(BTreeMap<usize, RecordedSend>);

/// What the journal records of an item that was sent and has no final status yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordedSend {
    Sent,
    /// The server has confirmed its deletion; the final observation may still contradict.
    DeleteAccepted,
}

impl OpenNotes {
    /// Notes that the journal records a batch as sent.
    pub(super) fn note_sent(&mut self, batch: &[usize]) {
        let sent = batch.iter().map(|item_ix| (*item_ix, RecordedSend::Sent));
        self.0.extend(sent);
    }

    /// The new status of each item that the last response or observation settled, by item index.
    pub(super) fn take_updates(&mut self, machine: &mut Machine) -> Vec<(usize, StatusUpdate)> {
        self.note_sent(&machine.take_restated());
        let mut updates = Vec::new();
        self.0.retain(|item_ix, recorded| {
            let update = match machine.item_state(*item_ix) {
                ItemState::Open => return true,
                ItemState::DeleteAccepted if *recorded == RecordedSend::DeleteAccepted => {
                    return true;
                }
                ItemState::DeleteAccepted => {
                    *recorded = RecordedSend::DeleteAccepted;
                    updates.push((*item_ix, StatusUpdate::Deleted));
                    return true;
                }
                ItemState::Sendable => StatusUpdate::NotWritten,
                ItemState::Final(ItemStatus::Deleted(_), _)
                    if *recorded == RecordedSend::DeleteAccepted =>
                {
                    return false;
                }
                ItemState::Final(status, kept) => StatusUpdate::from_status(
                    status,
                    kept,
                    machine.birth(*item_ix),
                    machine.naming(*item_ix),
                ),
            };
            updates.push((*item_ix, update));
            false
        });
        updates
    }
}
