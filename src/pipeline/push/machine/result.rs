//! The result of a push: what the machine knows when it has ended.
//! Pure.

use super::super::item_ix::ItemIx;
use super::super::named::Naming;
use super::super::observation::SeenWebhook;
use super::super::status::ItemStatus;
use super::super::stop::StopReason;
use super::Machine;
use super::item_state::ItemState;
use crate::coralogix::birth::{Birth, IdentityMatch};
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use foldhash::HashMap;
use std::collections::BTreeSet;

/// The machine's result when the push has ended.
pub(in super::super) struct MachineResult {
    /// The final status of each item, in the order of the items.
    pub(in super::super) statuses: Vec<ItemStatus>,
    pub(in super::super) stop: Option<StopReason>,
    pub(in super::super) may_have_written: bool,
    pub(in super::super) new_in_target: Vec<WebhookId>,
    /// Items whose webhook is gone, because its id belongs to another one now.
    pub(in super::super) replaced: BTreeSet<ItemIx>,
    pub(in super::super) unlisted: Vec<(WebhookId, Presence)>,
    pub(in super::super) last_observation: Option<Vec<SeenWebhook>>,
}

impl Machine {
    /// Consumes the machine when the push has ended.
    pub(in super::super) fn into_result(self) -> MachineResult {
        let replaced = self.replaced_items();
        let new_in_target = self.unattributed_new_in_target();
        let may_take_effect = self.items.values().any(ItemState::may_take_effect);
        let may_have_written = self.may_have_written || may_take_effect;
        MachineResult {
            statuses: self
                .items
                .into_values()
                .map(ItemState::into_last_status)
                .collect(),
            stop: self.stop,
            may_have_written,
            new_in_target,
            replaced,
            unlisted: self.unlisted,
            last_observation: self.last_observation,
        }
    }

    /// The ids that others created and that do not belong to a webhook of ours since.
    fn unattributed_new_in_target(&self) -> Vec<WebhookId> {
        let is_theirs = |id: &&WebhookId| {
            let ours = self.attributed.get(id).zip(self.new_in_target.get(id));
            ours.is_none_or(|(ours, theirs)| ours.compare(theirs) == IdentityMatch::Another)
        };
        let theirs = self.new_in_target.ids().filter(is_theirs);
        let mut ids: Vec<WebhookId> = theirs.cloned().collect();
        ids.sort();
        ids
    }

    /// The items whose webhook is gone: the last observation shows another one by its id, or one of another item.
    fn replaced_items(&self) -> BTreeSet<ItemIx> {
        let list = self.last_observation.iter().flatten();
        let is_replaced = |seen: &&SeenWebhook| {
            self.attributed.is_replaced(seen) || self.baseline.is_replaced(seen)
        };
        let by_id: HashMap<&WebhookId, &SeenWebhook> = list
            .filter(is_replaced)
            .map(|seen| (&seen.id, seen))
            .collect();
        let is_gone = |item_ix: &ItemIx| {
            let status = self.items[*item_ix].status();
            let Some(id) = status.and_then(ItemStatus::target_id) else {
                return false;
            };
            if self.known_id(*item_ix).is_some() {
                return by_id
                    .get(id)
                    .is_some_and(|seen| self.baseline.is_replaced(seen));
            }
            self.attributed.owner(id) != Some(item_ix)
                || by_id
                    .get(id)
                    .is_some_and(|seen| self.attributed.is_replaced(seen))
        };
        self.items.ixs().filter(is_gone).collect()
    }

    /// How an answer named an item that it created; `None` if no answer did.
    pub(in super::super) fn naming(&self, item_ix: ItemIx) -> Option<Naming> {
        self.items[item_ix].naming
    }

    /// When the webhook of a written item was created, as far as the target showed it.
    pub(in super::super) fn birth(&self, item_ix: ItemIx) -> Option<Birth> {
        if let Some(id) = self.known_id(item_ix) {
            return self.baseline.get(id)?.birth();
        }
        let id = self.items[item_ix].status()?.target_id()?;
        let is_its = self.attributed.owner(id) == Some(&item_ix);
        self.attributed.get(id).filter(|_| is_its)?.birth()
    }
}
