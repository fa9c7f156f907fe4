//! Closing: the final observation, which confirms what responses only claim.
//! Pure. Waits within the settle window for a list that lags, and then asks for what the list still lacks.

use super::super::item_ix::ItemIx;
use super::super::observation::SeenWebhook;
use super::super::status::{ItemStatus, Proof};
use super::item_state::ItemState;
use super::{Action, Machine, MachineCommand, Phase};
use crate::coralogix::webhook::WebhookId;
use foldhash::HashSet;
use std::time::Duration;

impl Machine {
    /// Starts the final observation; finishes at once if no request can have changed the target.
    pub(super) fn close(&mut self, now: Duration) -> MachineCommand {
        if !self.may_have_written {
            return MachineCommand::Finish;
        }
        let until = now + self.limits.settle;
        self.phase = Phase::Closing {
            deadline: until,
            n_observations: 0,
        };
        MachineCommand::Observe
    }

    /// Whether an update or delete probably took effect, and no observation has confirmed it.
    pub(super) fn has_unconfirmed_item(&self) -> bool {
        self.items.values().any(ItemState::is_unconfirmed)
    }

    /// Processes the final observation: looks for the items that are still open, and within the settle window
    /// waits for a list that lags behind the responses.
    pub(super) fn handle_final_observation(
        &mut self,
        now: Duration,
        deadline: Duration,
        n_observations: u32,
        list: &[SeenWebhook],
    ) -> MachineCommand {
        self.attributed.complete(list);
        self.correct_acknowledged(list, now >= deadline);
        self.find_open_items(list);
        let listed: HashSet<&WebhookId> = list.iter().map(|seen| &seen.id).collect();
        let is_lagging = self.attributed.ids().any(|id| !listed.contains(id));
        self.conclude_replaced(list);
        let unconfirmed = self.unconfirmed_and_listed(&listed);
        if (is_lagging || !unconfirmed.is_empty()) && now < deadline {
            self.phase = Phase::Closing {
                deadline,
                n_observations: n_observations + 1,
            };
            let pause = Duration::from_millis(250) * 2u32.pow(n_observations.min(4));
            return MachineCommand::Wait(
                pause,
                "the list does not show everything yet, checking again".to_owned(),
            );
        }
        for item_ix in unconfirmed {
            self.end(item_ix, self.items[item_ix].contradicted_status());
        }
        self.ask_for_unlisted(list, &listed)
    }

    /// Gives the open creates and updates that the list shows their final status.
    fn find_open_items(&mut self, list: &[SeenWebhook]) {
        let of_action = |is_it: fn(&Action) -> bool| -> Vec<ItemIx> {
            let open = self.items.iter().filter(|(_, state)| state.is_open());
            let matching = open.filter(|(_, state)| is_it(&state.item.action));
            matching.map(|(item_ix, _)| item_ix).collect()
        };
        let creates = of_action(|action| matches!(action, Action::Create));
        let updates = of_action(|action| matches!(action, Action::Update(_)));
        let adoption = self.match_creates(&creates, list);
        for other in &adoption.others {
            self.new_in_target.insert(other);
        }
        self.mark_created(adoption.adopted, Proof::Observed);
        let changed = self.match_updates(&updates, list);
        for (item_ix, row) in changed.adopted {
            let proof = if self.items[item_ix].is_accepted() {
                Proof::Acknowledged
            } else {
                Proof::Observed
            };
            self.mark_updated(item_ix, &row, proof);
        }
        for (item_ix, why) in adoption.unresolved.into_iter().chain(changed.unresolved) {
            self.end_in_doubt(item_ix, ItemStatus::Unresolved(why));
        }
    }

    /// Concludes the deletes of webhooks whose id the list shows for another one: ours is gone.
    fn conclude_replaced(&mut self, list: &[SeenWebhook]) {
        let replaced: HashSet<WebhookId> = list
            .iter()
            .filter(|seen| self.baseline.is_replaced(seen))
            .map(|seen| seen.id.clone())
            .collect();
        for item_ix in self.items.ixs() {
            if !self.needs_proof_of_absence(item_ix) || !self.is_delete(item_ix) {
                continue;
            }
            let id = self.known_id(item_ix).filter(|id| replaced.contains(*id));
            if let Some(id) = id.cloned() {
                self.end(item_ix, ItemStatus::Deleted(id));
            }
        }
    }

    /// The updates that the server accepted and of which the target still shows the previous content, and the
    /// deletes that probably took effect and of which the target still shows the webhook.
    fn unconfirmed_and_listed(&self, listed: &HashSet<&WebhookId>) -> Vec<ItemIx> {
        let is_listed = |state: &ItemState| state.known_id().is_some_and(|id| listed.contains(id));
        self.items
            .iter()
            .filter(|(_, state)| state.is_unconfirmed() && is_listed(state))
            .map(|(item_ix, _)| item_ix)
            .collect()
    }
}
