//! Ending: gives items their final status, each time with everything that goes with it.
//! Pure.

use super::super::item_ix::ItemIx;
use super::super::observation::SeenWebhook;
use super::super::status::{ItemStatus, Proof};
use super::Machine;
use super::item_state::ItemState;
use crate::coralogix::content::Content;

impl Machine {
    /// Gives an item its final status: no request with it can take effect any more.
    pub(super) fn end(&mut self, item_ix: ItemIx, status: ItemStatus) {
        self.change(item_ix, |state| state.end(status));
    }

    /// Gives an item its final status although its last request may still take effect, or have had an effect.
    pub(super) fn end_in_doubt(&mut self, item_ix: ItemIx, status: ItemStatus) {
        self.change(item_ix, |state| state.end_in_doubt(status));
    }

    /// Gives an item whose webhook the target has with this content its final status.
    fn end_written(&mut self, item_ix: ItemIx, status: ItemStatus, altered: Option<Content>) {
        self.change(item_ix, |state| state.end_written(status, altered));
    }

    /// Changes the state of an item, and counts the item when that makes it done.
    pub(super) fn change(&mut self, item_ix: ItemIx, change: impl FnOnce(&mut ItemState)) {
        let state = &mut self.items[item_ix];
        let was_done = state.is_done();
        change(state);
        self.n_done += usize::from(!was_done && state.is_done());
    }

    pub(super) fn mark_created(&mut self, adopted: Vec<(ItemIx, SeenWebhook)>, proof: Proof) {
        // One of ours may have got the id of a webhook that is still to be updated or deleted.
        let rows = adopted.iter().map(|(_, seen)| seen);
        let reborn: Vec<SeenWebhook> = rows
            .filter(|seen| self.baseline.is_replaced(seen))
            .cloned()
            .collect();
        self.give_up_changed(&reborn);
        for (item_ix, seen) in adopted {
            self.attribute(item_ix, &seen);
            self.note_success(item_ix);
            let altered = self.items[item_ix].item.altered_content(&seen);
            let status = ItemStatus::Created { id: seen.id, proof };
            self.end_written(item_ix, status, altered);
        }
    }

    /// Some servers date a webhook anew when it is updated, so its birth is taken again from this row.
    pub(super) fn mark_updated(&mut self, item_ix: ItemIx, seen: &SeenWebhook, proof: Proof) {
        if let Some(id) = self.known_id(item_ix).cloned() {
            self.baseline.retake(seen);
            self.note_success(item_ix);
            let altered = self.items[item_ix].item.altered_content(seen);
            let status = ItemStatus::Updated {
                id,
                proof,
                is_altered: altered.is_some(),
            };
            self.end_written(item_ix, status, altered);
        }
    }

    /// Attributes the webhook of a row to an item.
    pub(super) fn attribute(&mut self, item_ix: ItemIx, seen: &SeenWebhook) {
        self.attributed.insert_for(item_ix, seen);
    }

    /// Replaces a final status that was reported already.
    pub(super) fn restate(&mut self, item_ix: ItemIx, status: ItemStatus) {
        self.end(item_ix, status);
        self.restated.push(item_ix);
    }

    /// Replaces the final status of an item by another one with the webhook of this row.
    pub(super) fn restate_written(
        &mut self,
        item_ix: ItemIx,
        status: ItemStatus,
        seen: &SeenWebhook,
    ) {
        let altered = self.items[item_ix].item.altered_content(seen);
        self.end_written(item_ix, status, altered);
        self.restated.push(item_ix);
    }

    /// The items whose final status changed since the last call, which the journal has to record once more.
    pub(in super::super) fn take_restated(&mut self) -> Vec<ItemIx> {
        std::mem::take(&mut self.restated)
    }
}
