//! Sending: which request is next, and what its response proves.
//! Pure. A response proves that a request took effect only if it names every webhook of the request.

use super::super::adopt::adopt;
use super::super::fate::{Proof, Stop};
use super::super::observation::Seen;
use super::{
    Aim, Command, Doubt, LONGEST_AFTER_RESET, Limits, Look, Machine, Outcome, Phase, Want,
};
use crate::coralogix::retry::{self, MOST_ATTEMPTS};
use crate::coralogix::webhook::WebhookId;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

impl Machine {
    /// Sends the next batch that has items without a final status; closes the push if there is none.
    pub(super) fn send_next(&mut self, now: Duration) -> Command {
        while let Some(mut batch) = self.queue.pop_front() {
            batch.retain(|at| self.fates[*at].is_none());
            if batch.is_empty() {
                continue;
            }
            self.exclude_glimpsed(&batch);
            for at in &batch {
                self.is_open[*at] = true;
                self.was_sent[*at] = true;
            }
            self.phase = Phase::Sending(batch.clone());
            return Command::Send(batch);
        }
        self.close(now)
    }

    /// Rules out the ids that observations showed before this request, which therefore cannot be its effect.
    ///
    /// Such an id could still be the late effect of an earlier request. So this happens only if every item
    /// that was ever sent has its final status, and no item of this batch was sent before.
    fn exclude_glimpsed(&mut self, batch: &[usize]) {
        if self.glimpsed.is_empty() {
            return;
        }
        let is_unknown = |at: usize| self.was_sent[at] && self.fates[at].is_none();
        let is_first = !batch.iter().any(|at| self.was_sent[*at]);
        if is_first && !(0..self.wants.len()).any(is_unknown) {
            let glimpsed = std::mem::take(&mut self.glimpsed);
            self.appeared.extend(
                glimpsed
                    .into_iter()
                    .filter(|id| !self.accounted.contains(id)),
            );
        }
    }

    /// Processes the outcome of a request: proof that it took effect, proof that it did not, or uncertainty
    /// that an observation must resolve.
    pub(super) fn answered(
        &mut self,
        now: Duration,
        batch: Vec<usize>,
        outcome: Outcome,
    ) -> Command {
        let settled = Some(now + self.limits.settle);
        // A server that has answered with a refusal is done with the request, so one observation suffices,
        // unless the list is known to lag.
        let refused = settled.filter(|_| self.is_lagging);
        let (doubt, until) = match outcome {
            Outcome::NotSent { why, is_final } => return self.not_sent(now, batch, why, is_final),
            Outcome::Accepted(rows) => {
                self.may_have_written = true;
                if self.acknowledge(&batch, rows) {
                    return self.send_next(now);
                }
                (Doubt::Accepted, settled)
            }
            Outcome::Lost { why, is_timeout } => {
                self.may_have_written = true;
                let after_reset = self.limits.settle.min(LONGEST_AFTER_RESET);
                (
                    Doubt::Lost(why),
                    if is_timeout {
                        settled
                    } else {
                        Some(now + after_reset)
                    },
                )
            }
            Outcome::Refused(refusal) => match refusal.status {
                429 => (Doubt::Throttled(refusal.retry_after), refused),
                413 => (Doubt::TooLarge(refusal), refused),
                300..=399 | 401..=405 | 407 => (Doubt::Closed(refusal), None),
                400..=499 if refusal.status != 408 => (Doubt::Rejected(refusal), refused),
                status => {
                    self.may_have_written = true;
                    (
                        Doubt::Lost(format!("the server answered {status}")),
                        settled,
                    )
                }
            },
        };
        self.phase = Phase::Looking(Look {
            batch,
            doubt,
            until,
            previous: None,
            n: 0,
        });
        Command::Look
    }

    /// Resends after a back-off: without a connection, the server cannot have processed the request.
    pub(super) fn not_sent(
        &mut self,
        now: Duration,
        batch: Vec<usize>,
        why: String,
        is_final: bool,
    ) -> Command {
        self.put_back(batch);
        self.n_idle_rounds += 1;
        if is_final || self.n_idle_rounds >= MOST_ATTEMPTS {
            self.stop = Some(Stop::Unreachable(why));
            return self.close(now);
        }
        self.wait(retry::back_off(self.n_idle_rounds, 0.0), why)
    }

    /// Returns whether the response names every webhook of the batch; if so, gives them their final status.
    pub(super) fn acknowledge(&mut self, batch: &[usize], rows: Vec<Seen>) -> bool {
        if rows.len() != batch.len() {
            return false;
        }
        if let Aim::Update { .. } = self.wants[batch[0]].aim {
            let confirmed: Option<Vec<&Seen>> =
                batch.iter().map(|at| self.confirmed(*at, &rows)).collect();
            let Some(confirmed) = confirmed else {
                return false;
            };
            for (at, row) in batch.iter().zip(confirmed) {
                self.updated(*at, row.content, Proof::Acknowledged);
            }
        } else {
            let is_known =
                |row: &Seen| self.baseline.contains(&row.id) || self.accounted.contains(&row.id);
            let ids: HashSet<&WebhookId> = rows.iter().map(|row| &row.id).collect();
            if ids.len() != rows.len() || rows.iter().any(is_known) {
                return false;
            }
            let adoption = adopt(self.sent(batch), rows, None);
            if adoption.adopted.len() != batch.len() {
                return false;
            }
            self.created(adoption.adopted, Proof::Acknowledged);
        }
        self.progress();
        true
    }

    /// The row that confirms an update: it has the updated id and does not show the previous content.
    fn confirmed<'r>(&self, at: usize, rows: &'r [Seen]) -> Option<&'r Seen> {
        let Aim::Update { id, previous } = &self.wants[at].aim else {
            return None;
        };
        rows.iter()
            .find(|row| row.id == *id && row.content.as_ref() != Some(&**previous))
    }
}

/// Splits items into batches by count and by bytes; an item over the byte limit gets a batch of its own.
pub(super) fn batches(wants: &[Want], places: &[usize], limits: Limits) -> VecDeque<Vec<usize>> {
    let mut batches = VecDeque::new();
    let mut batch: Vec<usize> = Vec::new();
    let mut bytes = 0;
    for at in places {
        let size = wants[*at].size + 1;
        let is_full = batch.len() >= limits.batch_size || bytes + size > limits.batch_bytes;
        if is_full && !batch.is_empty() {
            batches.push_back(std::mem::take(&mut batch));
            bytes = 0;
        }
        batch.push(*at);
        bytes += size;
    }
    if !batch.is_empty() {
        batches.push_back(batch);
    }
    batches
}
