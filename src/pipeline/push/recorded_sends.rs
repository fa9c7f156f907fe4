//! What the journal records of the items that were sent, and what it is to record next.
//! Pure.

use super::item_ix::ItemIx;
use super::journal::StatusUpdate;
use super::machine::{ItemProgress, Machine};
use super::status::ItemStatus;
use std::collections::BTreeMap;

/// The items that the journal records as sent, without a final status; with what it records of them since.
#[derive(Default)]
pub(super) struct RecordedSends(BTreeMap<ItemIx, RecordedSend>);

/// What the journal records of an item that was sent and has no final status yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RecordedSend {
    Sent,
    /// The server has confirmed its deletion; the final observation may still contradict.
    DeleteAccepted,
}

impl RecordedSends {
    /// Adds items that are sent, or whose recorded status no longer holds.
    pub(super) fn add(&mut self, item_ixs: &[ItemIx]) {
        let sent = item_ixs
            .iter()
            .map(|item_ix| (*item_ix, RecordedSend::Sent));
        self.0.extend(sent);
    }

    /// The new status of each item that the last event settled. Those with a final status are dropped.
    pub(super) fn take_updates(&mut self, machine: &Machine) -> Vec<(ItemIx, StatusUpdate)> {
        let mut updates = Vec::new();
        self.0.retain(|item_ix, recorded| {
            let was_accepted = *recorded == RecordedSend::DeleteAccepted;
            let update = match machine.progress(*item_ix) {
                ItemProgress::Open => return true,
                ItemProgress::DeleteAccepted(_) if was_accepted => return true,
                ItemProgress::DeleteAccepted(id) => {
                    *recorded = RecordedSend::DeleteAccepted;
                    let status = ItemStatus::DeleteConfirmed(id.clone());
                    updates.push((*item_ix, StatusUpdate::of(status)));
                    return true;
                }
                ItemProgress::Sendable => StatusUpdate::of(ItemStatus::NotSent),
                ItemProgress::Final(ItemStatus::Deleted(_), _) if was_accepted => return false,
                ItemProgress::Final(status, altered_content) => StatusUpdate {
                    status: status.clone(),
                    altered_content: altered_content.copied(),
                    birth: machine.birth(*item_ix),
                    naming: machine.naming(*item_ix),
                },
            };
            updates.push((*item_ix, update));
            false
        });
        updates
    }
}
