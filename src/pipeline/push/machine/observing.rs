//! Observing: what an observation of the target proves about the open items, and what happens to the rest.
//! Pure. Never resends an item whose effect on the target is still unknown.

use super::super::adopt::Adoption;
use super::super::observation::SeenWebhook;
use super::super::settling::Reading;
use super::super::status::{ItemStatus, Proof};
use super::super::stop::StopReason;
use super::item_state::ItemState;
use super::{Action, Batch, Machine, MachineCommand, PendingObservation, Phase, Uncertainty};
use crate::coralogix::webhook::WebhookId;
use foldhash::HashSet;
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
        let adoption = match self.items[batch[0]].item.action {
            Action::Create => self.match_creates(batch, list),
            Action::Update(_) => self.match_updates(batch, list),
            Action::Delete(_) => self.match_deletes(batch),
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
            self.end_in_doubt(item_ix, ItemStatus::Unresolved(why));
        }
        if is_unresolved && is_create {
            self.stop = Some(StopReason::Unresolved);
            return self.close(now);
        }
        if self.is_delete(first_ix) && !self.is_listed(first_ix, list) {
            return self.trust_delete(now, first_ix, ItemState::note_unlisted);
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

    /// Stops the run, but leaves open items open, so that the final observation can still find them.
    pub(super) fn give_up(&mut self, now: Duration, why: String) -> MachineCommand {
        self.stop = Some(StopReason::NoProgress(why));
        self.close(now)
    }
}
