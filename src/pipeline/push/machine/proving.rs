//! Proving: asks for webhooks that the final list lacks, because silence proves nothing about a known id.
//! Pure. A webhook is gone only if the target says so twice, and answers for one that it lists: when it confirms the
//! deletion, or when asked for it, and when asked once more after the settle window.

use super::super::item_ix::ItemIx;
use super::super::observation::SeenWebhook;
use super::super::settling::{FirstWord, proves_absence};
use super::super::status::ItemStatus;
use super::{Machine, MachineCommand, Phase};
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::absence;
use foldhash::{HashMap, HashSet};
use std::collections::VecDeque;
use std::time::Duration;

/// Ids in one round of questions.
const ROUND: usize = 50;

/// The ids that are still to be asked for.
#[derive(Debug)]
pub(super) struct Questions {
    left: VecDeque<WebhookId>,
    /// The ids that are to be asked for once more, because the first word that they are gone proves nothing.
    again: VecDeque<WebhookId>,
    /// Whether `left` holds ids that are asked for once more.
    is_second: bool,
    /// The webhooks whose deletion the server confirmed: that was the first word.
    confirmed: HashSet<WebhookId>,
    /// A listed id, asked for first: a target that does not show it by id says nothing about the others either.
    route_check: Option<WebhookId>,
    /// Whether the target shows single webhooks by id; `None` if it lists none, so that this cannot be checked.
    shows_by_id: Option<bool>,
}

impl Questions {
    fn first_word(&self, id: &WebhookId) -> FirstWord {
        if self.confirmed.contains(id) {
            FirstWord::Deleted
        } else if self.is_second {
            FirstWord::Gone
        } else {
            FirstWord::None
        }
    }
}

impl Machine {
    /// Asks for what the final list lacks: webhooks that were deleted or have vanished, and some that were written.
    ///
    /// `listed` holds the ids in the list.
    pub(super) fn ask_for_unlisted(
        &mut self,
        list: &[SeenWebhook],
        listed: &HashSet<&WebhookId>,
    ) -> MachineCommand {
        let is_unlisted = |id: &&WebhookId| !listed.contains(id);
        let absent = self
            .items
            .ixs()
            .filter(|item_ix| self.needs_proof_of_absence(*item_ix));
        let absent = absent.filter_map(|item_ix| self.known_id(item_ix));
        let mut left: VecDeque<WebhookId> = absent.filter(is_unlisted).cloned().collect();
        let mut written: Vec<&WebhookId> = self.attributed.ids().filter(is_unlisted).collect();
        written.sort();
        left.extend(written.into_iter().take(ROUND).cloned());
        self.set_aside_equal_digits(&mut left, list);
        if left.is_empty() {
            self.conclude_absences();
            return MachineCommand::Finish;
        }
        self.ask(Questions {
            left,
            again: VecDeque::new(),
            is_second: false,
            confirmed: self.confirmed_deletes(),
            route_check: list.first().map(|seen| seen.id.clone()),
            shows_by_id: None,
        })
    }

    fn confirmed_deletes(&self) -> HashSet<WebhookId> {
        let states = self.items.values();
        let confirmed = states.filter(|state| state.is_delete() && state.is_accepted());
        confirmed
            .filter_map(|state| state.known_id().cloned())
            .collect()
    }

    /// Sets ids aside that the list may show in another spelling, such as `7` as `"007"`: whether the webhook exists
    /// is unknown.
    fn set_aside_equal_digits(&mut self, left: &mut VecDeque<WebhookId>, list: &[SeenWebhook]) {
        if left.is_empty() {
            return;
        }
        let decimals = list.iter().filter_map(|seen| seen.id.decimal());
        let decimals: HashSet<_> = decimals.collect();
        left.retain(|id| {
            let is_respelled = id.decimal().is_some_and(|id| decimals.contains(&id));
            if is_respelled {
                let why = "the target lists its digits in another spelling".to_owned();
                self.unlisted.push((id.clone(), Presence::Unknown(why)));
            }
            !is_respelled
        });
    }

    fn ask(&mut self, mut questions: Questions) -> MachineCommand {
        let n = questions.left.len().min(ROUND);
        let mut round: Vec<WebhookId> = questions.route_check.iter().cloned().collect();
        round.extend(questions.left.drain(..n));
        self.phase = Phase::Asking(questions);
        MachineCommand::Ask(round)
    }

    pub(super) fn handle_presences(
        &mut self,
        now: Duration,
        mut questions: Questions,
        mut presences: Vec<(WebhookId, Presence)>,
    ) -> MachineCommand {
        if let Some(checked) = questions.route_check.take() {
            let answer = presences.iter().position(|(id, _)| *id == checked);
            let answer = answer.map(|at| presences.remove(at).1);
            questions.shows_by_id = Some(answer == Some(Presence::There));
        }
        let left = self.settles_at.saturating_sub(now);
        for (id, presence) in presences {
            if presence != Presence::Gone {
                self.unlisted.push((id, presence));
            } else if questions.shows_by_id == Some(false) {
                let why = "the target does not show single webhooks by id".to_owned();
                self.unlisted.push((id, Presence::Unknown(why)));
            } else if proves_absence(questions.first_word(&id), left) {
                self.unlisted.push((id, Presence::Gone));
            } else {
                questions.again.push_back(id);
            }
        }
        self.ask_next(now, questions)
    }

    /// Asks for the next ids; once each was asked for, for those that need a second word, after the settle window.
    pub(super) fn ask_next(&mut self, now: Duration, mut questions: Questions) -> MachineCommand {
        if !questions.left.is_empty() {
            return self.ask(questions);
        }
        if questions.again.is_empty() {
            self.conclude_absences();
            return MachineCommand::Finish;
        }
        let left = self.settles_at.saturating_sub(now);
        if !left.is_zero() {
            self.phase = Phase::Asking(questions);
            return MachineCommand::Wait(left, absence::WHY_WAIT.to_owned());
        }
        questions.left = std::mem::take(&mut questions.again);
        questions.is_second = true;
        self.ask(questions)
    }

    /// Leaves unknown what would have to be asked for once more: the wait budget does not cover the wait before that.
    pub(super) fn stop_asking(&mut self, questions: Questions) -> MachineCommand {
        let unknown = questions.again.into_iter();
        let unknown = unknown.map(|id| (id, Presence::Unknown(absence::TOO_LONG.to_owned())));
        self.unlisted.extend(unknown);
        self.conclude_absences();
        MachineCommand::Finish
    }

    /// Withdraws that webhooks have vanished which the last list only lacks: the run is interrupted before the target
    /// has said twice that they are gone.
    pub(super) fn doubt_vanished(&mut self) {
        let list = self.last_observation.iter().flatten();
        let listed: HashSet<WebhookId> = list.map(|seen| seen.id.clone()).collect();
        for item_ix in self.items.ixs() {
            let status = self.items[item_ix].status();
            if let Some(ItemStatus::Vanished(id)) = status
                && !listed.contains(id)
            {
                self.restate(item_ix, unknown_absence("the run was interrupted"));
            }
        }
    }

    /// Whether an item ends well, or as vanished, only if its webhook is proven to be gone.
    pub(super) fn needs_proof_of_absence(&self, item_ix: ItemIx) -> bool {
        let state = &self.items[item_ix];
        match state.status() {
            None => state.is_delete() && state.first_request().is_some(),
            Some(status) => matches!(status, ItemStatus::Vanished(_)),
        }
    }

    /// Gives the items of the webhooks that were asked for their final status.
    fn conclude_absences(&mut self) {
        let presences: HashMap<WebhookId, Presence> = self.unlisted.iter().cloned().collect();
        for item_ix in self.items.ixs() {
            let Some(id) = self
                .known_id(item_ix)
                .cloned()
                .filter(|_| self.needs_proof_of_absence(item_ix))
            else {
                continue;
            };
            let was_deleted = self.is_delete(item_ix);
            let status = match presences.get(&id) {
                Some(Presence::Gone) if was_deleted => ItemStatus::Deleted(id),
                None | Some(Presence::Gone) => continue,
                Some(Presence::There) if was_deleted && self.items[item_ix].is_unconfirmed() => {
                    self.items[item_ix].contradicted_status()
                }
                Some(Presence::There) => ItemStatus::Unresolved(
                    "the target does not list it any more, but still has it".to_owned(),
                ),
                Some(Presence::Unknown(why)) => unknown_absence(why),
            };
            if was_deleted {
                self.end(item_ix, status);
            } else {
                self.restate(item_ix, status);
            }
        }
    }
}

fn unknown_absence(why: &str) -> ItemStatus {
    ItemStatus::Unresolved(format!(
        "the target does not list it any more, and it is unknown whether it still has it: {why}"
    ))
}
