//! Observing: what an observation of the target proves about the open items, and what happens to the rest.
//! Pure. Never resends an item whose effect on the target is still unknown.

use super::super::adopt::{Adoption, Candidates, CreationTime, adopt};
use super::super::named::resembles;
use super::super::observation::SeenWebhook;
use super::super::settling::Reading;
use super::super::status::{ItemStatus, Proof, StopReason};
use super::{Action, Batch, Machine, MachineCommand, PendingObservation, Phase, Uncertainty};
use crate::coralogix::birth::IdentityMatch;
use crate::coralogix::webhook::WebhookId;
use crate::untrusted;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

impl Machine {
    /// Processes an observation after an uncertain request.
    ///
    /// The observation is conclusive if it explains every item of the batch, if the server is known to be
    /// done with the request, or if the settle window is over and the previous observation agrees. Otherwise
    /// the machine waits and observes again.
    pub(super) fn handle_observation(
        &mut self,
        now: Duration,
        mut pending: PendingObservation,
        list: &[SeenWebhook],
    ) -> MachineCommand {
        self.attributed.complete(list);
        self.note_reborn(&pending.batch.item_ixs, list);
        self.note_changed(&pending.batch.item_ixs, list);
        let batch = &pending.batch.item_ixs;
        let adoption = match self.items[batch[0]].action {
            Action::Create => self.match_creates(batch, list),
            Action::Update { .. } => self.match_updates(batch, list),
            Action::Delete { .. } => self.match_deletes(batch),
        };
        self.give_up_changed(list);
        self.is_list_lagging |= self.shows_lag(&pending, &adoption, list);
        self.remember_new_ids(list);
        let is_explained = adoption.unresolved.is_empty()
            && adoption.adopted.len() == pending.batch.item_ixs.len();
        let is_answered = pending.settles_at.is_none();
        if is_explained || is_answered {
            return self.conclude(now, pending.batch, pending.uncertainty, adoption, list);
        }
        let left = pending.settles_at.unwrap_or(now).saturating_sub(now);
        let pause = match pending.settling.judge(list, left, self.limits.settle) {
            Reading::Settled => {
                return self.conclude(now, pending.batch, pending.uncertainty, adoption, list);
            }
            Reading::Restless => {
                self.stop = Some(StopReason::NoProgress(
                    "the target keeps changing".to_owned(),
                ));
                return self.close(now);
            }
            Reading::TooEarly(pause) => pause,
        };
        let why = match &pending.uncertainty {
            Uncertainty::Lost(why) => format!("{why}, checking the target"),
            Uncertainty::ServerError(refusal) => {
                format!(
                    "the server answered {}, checking the target",
                    refusal.status
                )
            }
            _ => "the response does not show what was written, checking the target".to_owned(),
        };
        self.phase = Phase::Observing(pending);
        MachineCommand::Wait(pause, why)
    }

    /// Remembers which webhooks of a batch made way for others, so that a list that flaps does not bring them back.
    fn note_reborn(&mut self, batch: &[usize], list: &[SeenWebhook]) {
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

    /// Remembers since when a webhook is new in the target, so that no later request is credited with it.
    fn remember_new_ids(&mut self, list: &[SeenWebhook]) {
        for seen in list {
            let is_known = self.baseline.may_hold(seen) || self.attributed.may_hold(seen);
            if !is_known && !self.seen_transiently.may_hold(seen) {
                self.seen_transiently.insert(seen);
                self.first_seen.insert(seen.id.clone(), self.n_requests);
            }
        }
    }

    /// Whether the list lags behind the target's responses: it lacks a webhook that is attributed to an item,
    /// or shows only now what an accepted request wrote before the previous observation.
    fn shows_lag(
        &self,
        pending: &PendingObservation,
        adoption: &Adoption,
        list: &[SeenWebhook],
    ) -> bool {
        let is_answered = matches!(pending.uncertainty, Uncertainty::Accepted);
        if is_answered && pending.settling.has_previous() && !adoption.adopted.is_empty() {
            return true;
        }
        let listed: HashSet<&WebhookId> = list.iter().map(|seen| &seen.id).collect();
        self.attributed.ids().any(|id| !listed.contains(id))
    }

    /// Matches creates with the ids that are new in the target.
    ///
    /// An id that an observation showed before an item was first sent cannot be that item. So the items sent last,
    /// which have the fewest candidates, are matched first.
    pub(super) fn match_creates(&self, creates: &[usize], list: &[SeenWebhook]) -> Adoption {
        let mut by_request: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for item_ix in creates {
            let request = self.first_sent[*item_ix].unwrap_or(self.n_requests);
            by_request.entry(request).or_default().push(*item_ix);
        }
        let Candidates {
            new_in_target: mut left,
            doubtful,
        } = self.candidates(list);
        let creation_time = CreationTime {
            from: self.started,
            until: None,
        };
        let mut adoption = Adoption::default();
        for (request, item_ixs) in by_request.into_iter().rev() {
            let was_seen_before = |seen: &SeenWebhook| {
                let first_seen = self.first_seen.get(&seen.id);
                self.seen_transiently.may_hold(seen)
                    && first_seen.is_some_and(|n_requests| *n_requests < request)
            };
            let (earlier, new_in_target) = left.into_iter().partition(was_seen_before);
            let candidates = Candidates {
                new_in_target,
                doubtful: doubtful.clone(),
            };
            let found = adopt(self.sent_items(&item_ixs), candidates, creation_time);
            adoption.adopted.extend(found.adopted);
            adoption.unresolved.extend(found.unresolved);
            left = earlier;
            left.extend(found.others);
        }
        adoption.others = left;
        adoption
    }

    /// The rows of a list that creates may have made.
    ///
    /// A webhook that is attributed to another item, or known not to be ours, cannot be one of them.
    fn candidates(&self, list: &[SeenWebhook]) -> Candidates {
        let mut candidates = Candidates::default();
        for seen in list {
            if self.attributed.may_hold(seen) || self.new_in_target.may_hold(seen) {
                continue;
            }
            match self.baseline.compare(seen) {
                Some(IdentityMatch::Same) => {}
                Some(IdentityMatch::Another) if self.may_be_updated(seen) => {
                    candidates.doubtful.push(seen.clone());
                }
                Some(IdentityMatch::Unknown) => candidates.doubtful.push(seen.clone()),
                Some(IdentityMatch::Another) | None => candidates.new_in_target.push(seen.clone()),
            }
        }
        self.leave_out_respelled(&mut candidates.new_in_target);
        candidates
    }

    /// Leaves out webhooks that an answer may have named in another spelling, such as 7 as "007".
    fn leave_out_respelled(&self, new_in_target: &mut Vec<SeenWebhook>) {
        if new_in_target.is_empty() {
            return;
        }
        let named: HashSet<_> = self
            .attributed
            .ids()
            .filter_map(WebhookId::decimal)
            .collect();
        new_in_target.retain(|seen| {
            let is_named = seen.id.decimal().is_some_and(|id| named.contains(&id));
            // A number that the server gave anew is the same id, with another birth.
            !is_named || self.attributed.get(&seen.id).is_some()
        });
    }

    /// Whether a row of a later birth may be a webhook that an update of ours reached and the server dated anew.
    fn may_be_updated(&self, seen: &SeenWebhook) -> bool {
        (0..self.items.len()).any(|item_ix| {
            self.known_id(item_ix) == Some(&seen.id)
                && !self.is_delete(item_ix)
                && self.first_sent[item_ix].is_some()
                && !matches!(self.statuses[item_ix], Some(ItemStatus::Vanished(_)))
        })
    }

    /// Compares the webhooks that a batch updates with their desired and previous content.
    pub(super) fn match_updates(&mut self, batch: &[usize], list: &[SeenWebhook]) -> Adoption {
        let by_id: HashMap<&WebhookId, &SeenWebhook> =
            list.iter().map(|seen| (&seen.id, seen)).collect();
        let mut adoption = Adoption::default();
        for item_ix in batch {
            let item = &self.items[*item_ix];
            let Action::Update { id, previous } = &item.action else {
                continue;
            };
            let Some(webhook) = by_id.get(id).copied() else {
                // A list that pads its ids from now on does not show that the webhook is gone.
                let is_respelled = |seen: &&SeenWebhook| id.is_equal_only_in_digits(&seen.id);
                match list.iter().find(is_respelled) {
                    Some(seen) => {
                        let listed = untrusted::escape(&seen.id.to_json());
                        let why = format!("the target lists {listed}, which may be webhook {id}");
                        adoption.unresolved.push((*item_ix, why));
                    }
                    None => self.set_status(*item_ix, ItemStatus::Vanished(id.clone())),
                }
                continue;
            };
            if self.baseline.is_replaced(webhook) && !self.is_accepted_as_desired(*item_ix, webhook)
            {
                match self.why_unresolved_update(*item_ix, webhook) {
                    Some(why) => adoption.unresolved.push((*item_ix, why)),
                    None => self.set_status(*item_ix, ItemStatus::Vanished(id.clone())),
                }
                continue;
            }
            match webhook.content {
                Some(content) if content == item.content => {
                    adoption.adopted.push((*item_ix, webhook.clone()));
                }
                Some(content) if content == **previous && self.reborn.contains(id) => {
                    let why = format!("an earlier list showed another webhook as {id}");
                    adoption.unresolved.push((*item_ix, why));
                }
                Some(content) if content == **previous => {
                    // What the server itself changes on an update that it accepts does not matter.
                    if !self.is_accepted[*item_ix] && !item.is_as_before(webhook) {
                        let why = format!("somebody changed webhook {id} during the run");
                        adoption.unresolved.push((*item_ix, why));
                    }
                }
                // The server accepted the update, so this is our content as the server altered it.
                _ if self.is_accepted[*item_ix] => {
                    adoption.adopted.push((*item_ix, webhook.clone()));
                }
                _ => {
                    let why =
                        format!("webhook {id} has neither its previous nor the desired content");
                    adoption.unresolved.push((*item_ix, why));
                }
            }
        }
        adoption
    }

    /// Whether a row shows what an accepted update sent: then a later date is the server's, who dates updates anew.
    fn is_accepted_as_desired(&self, item_ix: usize, seen: &SeenWebhook) -> bool {
        self.is_accepted[item_ix] && seen.content == Some(self.items[item_ix].content)
    }

    /// Why it is unknown whether an update took effect whose id has a later birth; `None` if the row has nothing of it.
    fn why_unresolved_update(&self, item_ix: usize, seen: &SeenWebhook) -> Option<String> {
        let item = &self.items[item_ix];
        let is_desired = seen.content == Some(item.content);
        (is_desired || resembles(&item.key, item.url, seen)).then(|| {
            format!(
                "webhook {} resembles what was sent, but was created anew during the run",
                seen.id
            )
        })
    }

    /// Remembers deletes whose webhook somebody has changed: a list that flaps may show the old content once more.
    fn note_changed(&mut self, batch: &[usize], list: &[SeenWebhook]) {
        for item_ix in batch {
            let item = &self.items[*item_ix];
            let Action::Delete { id, .. } = &item.action else {
                continue;
            };
            let is_it = |seen: &&SeenWebhook| seen.id == *id && !self.baseline.is_replaced(seen);
            let found = list.iter().find(is_it);
            if found.is_some_and(|seen| !item.is_as_before(seen)) {
                self.changed.insert(*item_ix);
            }
        }
    }

    /// Finds deletes of a batch whose webhook somebody has changed since the run began.
    pub(super) fn match_deletes(&self, batch: &[usize]) -> Adoption {
        let mut adoption = Adoption::default();
        for item_ix in batch {
            let item = &self.items[*item_ix];
            let Action::Delete { id, .. } = &item.action else {
                continue;
            };
            if self.reborn.contains(id) {
                continue;
            }
            if self.changed.contains(item_ix) {
                let why = format!("webhook {id} was changed before it could be deleted");
                adoption.unresolved.push((*item_ix, why));
            }
        }
        adoption
    }

    /// Gives up the updates and deletes of webhooks that somebody has changed or replaced since the run began.
    pub(super) fn give_up_changed(&mut self, list: &[SeenWebhook]) {
        if list.is_empty() {
            return;
        }
        let is_waiting = |item_ix: &usize| {
            self.statuses[*item_ix].is_none()
                && !self.is_open[*item_ix]
                && self.known_id(*item_ix).is_some()
        };
        let waiting: Vec<usize> = (0..self.items.len()).filter(is_waiting).collect();
        if waiting.is_empty() {
            return;
        }
        let by_id: HashMap<&WebhookId, &SeenWebhook> =
            list.iter().map(|seen| (&seen.id, seen)).collect();
        for item_ix in waiting {
            let item = &self.items[item_ix];
            let Some(id) = item.action.id() else {
                continue;
            };
            let seen = by_id.get(id).copied();
            if seen.is_some_and(|seen| self.baseline.is_replaced(seen)) {
                self.set_status(item_ix, ItemStatus::Vanished(id.clone()));
                continue;
            }
            let is_update = matches!(item.action, Action::Update { .. });
            let is_expected = |seen: &SeenWebhook| {
                item.is_as_before(seen) || (is_update && seen.content == Some(item.content))
            };
            if seen.is_some_and(|seen| !is_expected(seen)) {
                let why = format!("somebody changed webhook {id} during the run");
                self.set_status(item_ix, ItemStatus::Unresolved(why));
            }
        }
    }

    /// Whether a list shows the webhook that an item updates or deletes.
    pub(super) fn is_listed(&self, item_ix: usize, list: &[SeenWebhook]) -> bool {
        let id = self.known_id(item_ix);
        let is_it = |seen: &SeenWebhook| Some(&seen.id) == id && !self.baseline.is_replaced(seen);
        list.iter().any(is_it) && id.is_none_or(|id| !self.reborn.contains(id))
    }

    /// Concludes an uncertain request once its effect is known as well as it can be: gives the items that
    /// were written their final status and decides about the rest.
    pub(super) fn conclude(
        &mut self,
        now: Duration,
        batch: Batch,
        uncertainty: Uncertainty,
        adoption: Adoption,
        list: &[SeenWebhook],
    ) -> MachineCommand {
        let first_ix = batch.item_ixs[0];
        let is_create = self.known_id(first_ix).is_none();
        let is_progress = !adoption.adopted.is_empty();
        let is_unresolved = !adoption.unresolved.is_empty();
        self.may_have_written |= is_progress || is_unresolved;
        if is_create {
            self.mark_created(adoption.adopted, Proof::Observed);
        } else {
            for (item_ix, row) in adoption.adopted {
                self.mark_updated(item_ix, &row, Proof::Observed);
            }
        }
        for other in &adoption.others {
            self.new_in_target.insert(other);
        }
        for (item_ix, why) in adoption.unresolved {
            self.set_status(item_ix, ItemStatus::Unresolved(why));
        }
        if is_unresolved && is_create {
            self.stop = Some(StopReason::Unresolved);
            return self.close(now);
        }
        if self.is_delete(first_ix) && !self.is_listed(first_ix, list) {
            return self.trust_delete(now, first_ix);
        }
        self.yield_to_others(&adoption.others);
        if is_progress {
            self.reset_failure_counts();
        } else if matches!(
            uncertainty,
            Uncertainty::Lost(_) | Uncertainty::ServerError(_)
        ) {
            // A 429 counts by itself, and any other response leads to smaller batches: those rounds end anyway.
            self.n_idle_rounds += 1;
        }
        self.resend_unwritten(now, batch, uncertainty, is_progress)
    }

    /// Gives up items that somebody else created during the run: theirs stays, ours is not sent.
    pub(super) fn yield_to_others(&mut self, others: &[SeenWebhook]) {
        for other in others {
            let is_same = |item_ix: &usize| {
                self.statuses[*item_ix].is_none()
                    && !self.is_open[*item_ix]
                    && matches!(self.items[*item_ix].action, Action::Create)
                    && Some(&self.items[*item_ix].key) == other.key.as_ref()
            };
            let is_equal = |item_ix: &usize| other.content == Some(self.items[*item_ix].content);
            let same: Vec<usize> = (0..self.items.len()).filter(is_same).collect();
            if let Some(item_ix) = same.iter().copied().find(is_equal) {
                self.set_status(item_ix, ItemStatus::CreatedByOthers(other.id.clone()));
                self.attribute(item_ix, other);
            } else if let Some(item_ix) = same.first() {
                self.set_status(*item_ix, ItemStatus::Unresolved(format!(
                    "somebody else created webhook {} with this alias and type, but other content, during the run",
                    other.id
                )));
            }
        }
    }

    /// Stops the run: the target cannot be read any more, so the effect of the last request stays unknown.
    pub(super) fn handle_failed_observation(
        &mut self,
        pending: PendingObservation,
        why: String,
    ) -> MachineCommand {
        self.stop = Some(match pending.uncertainty {
            // A write that was refused because of its key or URL had no effect, even if reading fails too.
            Uncertainty::AllRefused(refusal) => {
                self.requeue(pending.batch);
                StopReason::Refused(refusal)
            }
            // It may be about the content of one webhook, and those before it may be written: all stay open.
            Uncertainty::Forbidden(refusal) => StopReason::Refused(refusal),
            // The server had asked to wait, so that the target cannot be read is no news.
            Uncertainty::Throttled(Some(stop)) => stop,
            _ => StopReason::TargetUnreadable(why),
        });
        MachineCommand::Finish
    }

    /// What is left of the wait that the server asked for in its last answer.
    pub(super) fn rest_of_requested_wait(&self, now: Duration) -> Duration {
        self.requested_wait
            .map(|(_, until)| until.saturating_sub(now))
            .unwrap_or_default()
    }

    /// Why the run stops when its wait budget does not cover the next wait.
    pub(super) fn wait_stop_reason(&self, now: Duration) -> StopReason {
        match self.requested_wait {
            Some((wait, until)) if until > now => StopReason::AskedToWait(wait),
            _ => StopReason::WaitBudgetSpent,
        }
    }

    /// Stops the run: the wait budget does not cover the wait before the next observation.
    pub(super) fn handle_spent_budget(
        &mut self,
        now: Duration,
        mut pending: PendingObservation,
    ) -> MachineCommand {
        let stop = self.wait_stop_reason(now);
        match &mut pending.uncertainty {
            // A request that was refused had probably no effect, and one observation without a wait may prove it.
            Uncertainty::Throttled(pending_stop @ None) => {
                *pending_stop = Some(stop);
                self.phase = Phase::Observing(pending);
                MachineCommand::Observe
            }
            Uncertainty::Throttled(Some(stop)) => {
                self.stop = Some(stop.clone());
                self.close(now)
            }
            _ => {
                self.stop = Some(stop);
                self.close(now)
            }
        }
    }

    /// Stops the run, but leaves open items open, so that the final observation can still find them.
    pub(super) fn give_up(&mut self, now: Duration, why: String) -> MachineCommand {
        self.stop = Some(StopReason::NoProgress(why));
        self.close(now)
    }
}
