//! Others: what somebody else does to the target while the run is at work, and which items end because of it.
//! Pure.

use super::super::item_ix::ItemIx;
use super::super::observation::{RowsById, SeenWebhook};
use super::super::status::ItemStatus;
use super::item_state::ItemState;
use super::{Action, Machine};

impl Machine {
    /// Remembers which webhooks of a batch made way for others, so that a list that flaps does not bring them back.
    pub(super) fn note_reborn(&mut self, batch: &[ItemIx], list: &[SeenWebhook]) {
        for item_ix in batch {
            let id = self.known_id(*item_ix);
            let Some(seen) = list.iter().find(|seen| Some(&seen.id) == id) else {
                continue;
            };
            if self.baseline.is_replaced(seen) && !self.is_accepted_as_desired(*item_ix, seen) {
                self.reborn.insert(seen.id.clone());
            }
        }
    }

    /// Remembers deletes whose webhook somebody has changed: a list that flaps may show the old content once more.
    pub(super) fn note_changed(&mut self, batch: &[ItemIx], list: &[SeenWebhook]) {
        for item_ix in batch {
            let item = &self.items[*item_ix].item;
            let Action::Delete(existing) = &item.action else {
                continue;
            };
            let id = &existing.id;
            let is_it = |seen: &&SeenWebhook| seen.id == *id && !self.baseline.is_replaced(seen);
            let found = list.iter().find(is_it);
            if found.is_some_and(|seen| !item.is_as_before(seen)) {
                self.items[*item_ix].was_changed = true;
            }
        }
    }

    /// Gives up the updates and deletes of webhooks that somebody has changed or replaced since the run began.
    pub(super) fn give_up_changed(&mut self, list: &[SeenWebhook]) {
        if list.is_empty() {
            return;
        }
        let is_waiting =
            |(_, state): &(ItemIx, &ItemState)| state.is_sendable() && state.known_id().is_some();
        let waiting = self.items.iter().filter(is_waiting);
        let waiting: Vec<ItemIx> = waiting.map(|(item_ix, _)| item_ix).collect();
        if waiting.is_empty() {
            return;
        }
        let by_id = RowsById::new(list);
        for item_ix in waiting {
            let item = &self.items[item_ix].item;
            let Some(id) = item.action.id() else {
                continue;
            };
            let seen = by_id.get(id);
            if seen.is_some_and(|seen| self.baseline.is_replaced(seen)) {
                self.end(item_ix, ItemStatus::Vanished(id.clone()));
                continue;
            }
            let is_update = matches!(item.action, Action::Update(_));
            let is_expected = |seen: &SeenWebhook| {
                item.is_as_before(seen) || (is_update && seen.content == Some(item.content))
            };
            if seen.is_some_and(|seen| !is_expected(seen)) {
                let why = format!("somebody changed webhook {id} during the run");
                self.end(item_ix, ItemStatus::Unresolved(why));
            }
        }
    }

    /// Whether a list shows the webhook that an item updates or deletes.
    pub(super) fn is_listed(&self, item_ix: ItemIx, list: &[SeenWebhook]) -> bool {
        let id = self.known_id(item_ix);
        let is_it = |seen: &SeenWebhook| Some(&seen.id) == id && !self.baseline.is_replaced(seen);
        list.iter().any(is_it) && id.is_none_or(|id| !self.reborn.contains(id))
    }

    /// Gives up items that somebody else created during the run: theirs stays, ours is not sent.
    pub(super) fn yield_to_others(&mut self, others: &[SeenWebhook]) {
        for other in others {
            let is_same = |(_, state): &(ItemIx, &ItemState)| {
                state.is_sendable()
                    && matches!(state.item.action, Action::Create)
                    && Some(&state.item.key) == other.key.as_ref()
            };
            let is_equal =
                |item_ix: &ItemIx| other.content == Some(self.items[*item_ix].item.content);
            let same = self.items.iter().filter(is_same);
            let same: Vec<ItemIx> = same.map(|(item_ix, _)| item_ix).collect();
            if let Some(item_ix) = same.iter().copied().find(is_equal) {
                self.end(item_ix, ItemStatus::CreatedByOthers(other.id.clone()));
                self.attribute(item_ix, other);
            } else if let Some(item_ix) = same.first() {
                self.end(*item_ix, ItemStatus::Unresolved(format!(
                    "somebody else created webhook {} with this alias and type, but other content, during the run",
                    other.id
                )));
            }
        }
    }
}
