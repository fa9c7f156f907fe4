//! Sending: which request is next, and what its response proves.
//! Pure. A response proves that a request took effect only if it names every webhook of the request;
//! `acknowledging` decides which row of it is which webhook.

use super::super::item_ix::ItemIx;
use super::super::observation::SeenWebhook;
use super::super::settling::Settling;
use super::super::stop::StopReason;
use super::item_state::ItemState;
use super::{
    Action, Batch, MAX_SETTLE_AFTER_RESET, Machine, MachineCommand, PendingObservation, Phase,
    RequestOutcome, Uncertainty,
};
use crate::coralogix::retry::{self, MAX_ATTEMPTS};
use std::time::Duration;

impl Machine {
    /// Sends the next batch that has items without a final status; closes the push if there is none.
    pub(super) fn send_next(&mut self, now: Duration) -> MachineCommand {
        while let Some(mut batch) = self.queue.pop_front() {
            batch
                .item_ixs
                .retain(|item_ix| !self.items[*item_ix].has_ended());
            if batch.item_ixs.is_empty() {
                continue;
            }
            self.n_requests += 1;
            for item_ix in &batch.item_ixs {
                self.items[*item_ix].send(self.n_requests);
            }
            let item_ixs = batch.item_ixs.clone();
            self.phase = Phase::Sending(batch);
            return MachineCommand::Send(item_ixs);
        }
        self.close(now)
    }

    /// Processes the outcome of a request: proof that it took effect, proof that it did not, or uncertainty
    /// that an observation must resolve.
    pub(super) fn handle_outcome(
        &mut self,
        now: Duration,
        batch: Batch,
        outcome: RequestOutcome,
    ) -> MachineCommand {
        if !matches!(outcome, RequestOutcome::NotSent { .. }) {
            self.settles_at = now + self.limits.settle;
        }
        let full_window_end = Some(now + self.limits.settle);
        // A server that has answered with a refusal is done with the request, so one observation suffices,
        // unless the list is known to lag.
        let refusal_window_end = full_window_end.filter(|_| self.is_list_lagging);
        self.requested_wait = match &outcome {
            RequestOutcome::Refused(refusal) => refusal.requested_wait,
            _ => None,
        }
        .map(|wait| (wait, now + wait.duration));
        let (uncertainty, settles_at) = match outcome {
            RequestOutcome::NotSent { why, is_final } => {
                return self.handle_not_sent(now, batch, why, is_final);
            }
            RequestOutcome::Accepted(rows) => {
                self.may_have_written = true;
                if self.is_delete(batch.item_ixs[0]) {
                    return self.trust_delete(now, batch.item_ixs[0], ItemState::accept);
                }
                self.note_accepted(&batch.item_ixs);
                if self.acknowledge(&batch.item_ixs, &rows) {
                    return self.send_next(now);
                }
                (Uncertainty::Accepted, full_window_end)
            }
            RequestOutcome::NothingToDelete => {
                return self.trust_delete(now, batch.item_ixs[0], ItemState::note_not_found);
            }
            RequestOutcome::Lost { why, is_timeout } => {
                self.may_have_written = true;
                let after_reset = self.limits.settle.min(MAX_SETTLE_AFTER_RESET);
                (
                    Uncertainty::Lost(why),
                    if is_timeout {
                        full_window_end
                    } else {
                        Some(now + after_reset)
                    },
                )
            }
            RequestOutcome::Refused(refusal) => match refusal.status {
                429 => (Uncertainty::Throttled(None), refusal_window_end),
                413 => (Uncertainty::TooLarge(refusal), refusal_window_end),
                300..=399 | 401 | 402 | 404 | 405 | 407 => (Uncertainty::AllRefused(refusal), None),
                403 => (Uncertainty::Forbidden(refusal), refusal_window_end),
                400..=499 if refusal.status != 408 => {
                    (Uncertainty::Rejected(refusal), refusal_window_end)
                }
                status => {
                    self.may_have_written = true;
                    let window = self.window_after_server_error(status);
                    (Uncertainty::ServerError(refusal), Some(now + window))
                }
            },
        };
        let is_throttled = matches!(uncertainty, Uncertainty::Throttled(_));
        self.phase = Phase::Observing(PendingObservation {
            batch,
            uncertainty,
            settles_at,
            settling: Settling::default(),
        });
        if is_throttled {
            return self.wait_for_rate_limit();
        }
        MachineCommand::Observe
    }

    /// Resends after a back-off: without a connection, the server cannot have processed the request.
    pub(super) fn handle_not_sent(
        &mut self,
        now: Duration,
        batch: Batch,
        why: String,
        is_final: bool,
    ) -> MachineCommand {
        for item_ix in &batch.item_ixs {
            self.items[*item_ix].unsend(self.n_requests);
        }
        self.requeue(batch);
        self.n_idle_rounds += 1;
        if is_final || self.n_idle_rounds >= MAX_ATTEMPTS {
            self.stop = Some(StopReason::Unreachable(why));
            return self.close(now);
        }
        self.wait(retry::back_off(self.n_idle_rounds, 0.0), why)
    }

    /// Notes that the server accepted the updates of a batch; the answer to a create is judged by itself.
    fn note_accepted(&mut self, batch: &[ItemIx]) {
        for item_ix in batch {
            if self.known_id(*item_ix).is_some() {
                self.items[*item_ix].accept();
            }
        }
    }

    /// Goes on after a delete that probably took effect, by the evidence that `note` notes; the end of the run shows
    /// whether it did.
    pub(super) fn trust_delete(
        &mut self,
        now: Duration,
        item_ix: ItemIx,
        note: fn(&mut ItemState),
    ) -> MachineCommand {
        self.change(item_ix, note);
        self.may_have_written = true;
        self.note_success(item_ix);
        self.reset_failure_counts();
        self.send_next(now)
    }

    /// Returns whether the response names every webhook of the batch; if so, gives them their final status.
    pub(super) fn acknowledge(&mut self, batch: &[ItemIx], rows: &[SeenWebhook]) -> bool {
        self.retake_births(batch, rows);
        if rows.len() != batch.len() {
            return false;
        }
        if let Action::Update(_) = self.items[batch[0]].item.action {
            let is_confirmed = |item_ix: &ItemIx| self.confirming_row(*item_ix, rows).is_some();
            if !batch.iter().all(is_confirmed) {
                return false;
            }
            // What the response shows is not proof: a server may answer with the content that was sent and keep
            // the old one. The final observation confirms each update.
            for item_ix in batch {
                self.note_success(*item_ix);
            }
        } else if !self.acknowledge_creates(batch, rows) {
            return false;
        }
        self.reset_failure_counts();
        true
    }

    /// Takes the births of updated webhooks from the rows that confirm the updates: a server may date them anew, and then
    /// the next list must not look as if somebody had replaced them.
    fn retake_births(&mut self, batch: &[ItemIx], rows: &[SeenWebhook]) {
        for item_ix in batch {
            if let Some(row) = self.confirming_row(*item_ix, rows) {
                self.baseline.retake(row);
            }
        }
    }

    /// The row that confirms an update: it has the updated id and does not show the previous content.
    fn confirming_row<'r>(
        &self,
        item_ix: ItemIx,
        rows: &'r [SeenWebhook],
    ) -> Option<&'r SeenWebhook> {
        let Action::Update(existing) = &self.items[item_ix].item.action else {
            return None;
        };
        let is_changed = |row: &SeenWebhook| row.content != Some(existing.previous);
        rows.iter()
            .find(|row| row.id == existing.id && is_changed(row))
    }
}
