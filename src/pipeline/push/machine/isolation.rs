//! Isolation: one bad webhook must not hold up the others, whatever status the server answers with.
//! Pure. Splits a batch until the item that the server fails on is alone, and tells it from a server that is down.

use super::super::item_ix::ItemIx;
use super::super::status::ItemStatus;
use super::super::stop::StopReason;
use super::batch::{Batch, batches};
use super::{Machine, MachineCommand, THROTTLED, Uncertainty};
use crate::coralogix::retry::{self, MAX_ATTEMPTS, MAX_THROTTLED_ATTEMPTS};
use crate::coralogix::webhook::TypeId;
use crate::http::failure::Refusal;
use foldhash::{HashMap, HashSet};
use std::time::Duration;

/// The run stops after this many refused webhooks in a row without a success between them, if they are of
/// several types. That many of one type with one status end the rest of that type.
const MAX_CONSECUTIVE_REFUSALS: usize = 20;
/// How many single items of a batch that got a 403 are tried before the API key is to blame.
const MAX_FORBIDDEN_SINGLES: usize = 3;
/// A server that failed on every half and every quarter of a batch is down.
const MAX_LEVEL_WITHOUT_SUCCESS: u32 = 2;
/// The settle window after a 500, once an earlier server error of the run is known to have written nothing.
const SETTLE_AFTER_REPEATED_500: Duration = Duration::from_secs(3);

/// What successes and failures so far say about where the fault lies.
#[derive(Debug, Default)]
pub(super) struct Isolation {
    /// How many items the target accepted.
    n_successes: usize,
    succeeded_types: HashSet<TypeId>,
    /// Refused webhooks in a row.
    n_consecutive_refusals: usize,
    /// For each type, how many webhooks in a row the target refused with one status.
    refused_by_type: HashMap<TypeId, (u16, usize)>,
    /// Single items that got a 403 before anything was accepted.
    n_forbidden_singles: usize,
    server_errors: ServerErrors,
}

/// Whether requests that ended with a server error ever had an effect.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum ServerErrors {
    #[default]
    NoneYet,
    WroteNothing,
    WroteSomething,
}

impl Machine {
    /// Notes that the target accepted an item: neither the key nor its type is the reason for refusals.
    pub(super) fn note_success(&mut self, item_ix: ItemIx) {
        let isolation = &mut self.isolation;
        isolation.n_successes += 1;
        isolation.n_consecutive_refusals = 0;
        let type_id = self.items[item_ix].item.key.type_id;
        isolation.succeeded_types.insert(type_id);
        isolation.refused_by_type.remove(&type_id);
    }

    /// How long the server may still be processing a request that ended with this status.
    ///
    /// The whole settle window for the first server error of a run, and for every gateway error, behind which the
    /// server may still be at work. A server that answered 500 and wrote nothing is done with the request.
    pub(super) fn window_after_server_error(&self, status: u16) -> Duration {
        let is_harmless = self.isolation.server_errors == ServerErrors::WroteNothing;
        if status == 500 && is_harmless && !self.is_list_lagging {
            self.limits.settle.min(SETTLE_AFTER_REPEATED_500)
        } else {
            self.limits.settle
        }
    }

    /// Decides about the items of a batch that were not written: resends them, alone or in smaller batches,
    /// ends them, or stops the run, depending on why the effect was uncertain.
    pub(super) fn resend_unwritten(
        &mut self,
        now: Duration,
        mut batch: Batch,
        uncertainty: Uncertainty,
        is_progress: bool,
    ) -> MachineCommand {
        let was_single = batch.is_single();
        let has_vanished = batch
            .item_ixs
            .iter()
            .any(|item_ix| matches!(self.items[*item_ix].status(), Some(ItemStatus::Vanished(_))));
        batch
            .item_ixs
            .retain(|item_ix| !self.items[*item_ix].has_ended());
        match uncertainty {
            // It was about the webhook that is gone, and not about the URL.
            Uncertainty::AllRefused(refusal) if refusal.status == 404 && has_vanished => {
                self.requeue(batch);
                self.send_next(now)
            }
            Uncertainty::AllRefused(refusal) => self.stop_refused(now, batch, refusal),
            _ if batch.item_ixs.is_empty() => self.send_next(now),
            Uncertainty::Lost(why) => self.isolate_failure(now, batch, None, why, is_progress),
            Uncertainty::ServerError(refusal) => {
                self.note_server_error(is_progress);
                let why = format!("the server answered {}", refusal.status);
                self.isolate_failure(now, batch, Some(refusal), why, is_progress)
            }
            // In both cases the server refused them and an observation did not find them: certainly not written.
            Uncertainty::Throttled(Some(stop)) => {
                self.requeue(batch);
                self.stop = Some(stop);
                self.close(now)
            }
            Uncertainty::Throttled(None) => {
                self.requeue(batch);
                if self.n_throttled >= MAX_THROTTLED_ATTEMPTS {
                    return self.give_up(now, THROTTLED.to_owned());
                }
                self.send_next(now)
            }
            Uncertainty::Forbidden(refusal) if self.isolation.n_successes == 0 => {
                self.probe_forbidden(now, batch, refusal)
            }
            Uncertainty::Rejected(refusal)
            | Uncertainty::TooLarge(refusal)
            | Uncertainty::Forbidden(refusal)
                if was_single =>
            {
                self.finish_refused(now, batch.item_ixs[0], &refusal)
            }
            Uncertainty::Accepted if was_single => self.finish_ignored(now, batch.item_ixs[0]),
            // A run sends an accepted update once: if that changed nothing, a second one would not either.
            Uncertainty::Accepted if self.known_id(batch.item_ixs[0]).is_some() => {
                for item_ix in batch.item_ixs {
                    self.end(item_ix, ItemStatus::Ignored);
                }
                self.send_next(now)
            }
            Uncertainty::TooLarge(_) => {
                self.limits.batch_size = batch.item_ixs.len().div_ceil(2);
                self.requeue(batch);
                for batch in std::mem::take(&mut self.queue) {
                    self.queue
                        .extend(batches(&self.items, &batch.item_ixs, self.limits));
                }
                self.send_next(now)
            }
            Uncertainty::Rejected(_) | Uncertainty::Forbidden(_) | Uncertainty::Accepted => {
                let [left, right] = batch.halves();
                self.requeue(right);
                self.requeue(left);
                self.send_next(now)
            }
        }
    }

    fn note_server_error(&mut self, is_progress: bool) {
        let errors = &mut self.isolation.server_errors;
        if is_progress {
            *errors = ServerErrors::WroteSomething;
        } else if *errors == ServerErrors::NoneYet {
            *errors = ServerErrors::WroteNothing;
        }
    }

    fn stop_refused(&mut self, now: Duration, batch: Batch, refusal: Refusal) -> MachineCommand {
        self.requeue(batch);
        self.stop = Some(StopReason::Refused(refusal));
        self.close(now)
    }

    /// Sends a batch once more after the server failed on it and nothing arrived, then halves it.
    ///
    /// Halves go behind what else comes from the same batch, so that a good half shows soon that the server works.
    fn isolate_failure(
        &mut self,
        now: Duration,
        mut batch: Batch,
        refusal: Option<Refusal>,
        why: String,
        is_progress: bool,
    ) -> MachineCommand {
        self.release(&batch);
        if is_progress {
            batch.n_failures = 0;
            return self.resend(now, batch, &why);
        }
        if batch.level == 0 && batch.n_failures == 0 {
            batch.successes_before = self.isolation.n_successes;
        }
        batch.n_failures += 1;
        if batch.n_failures == 1 && (batch.level == 0 || batch.is_single()) {
            return self.resend(now, batch, &why);
        }
        if batch.is_single() {
            return self.finish_failing(now, batch, refusal, why);
        }
        let is_down = self.isolation.n_successes == batch.successes_before;
        let has_sibling = self.queue.iter().any(|other| {
            (1..=MAX_LEVEL_WITHOUT_SUCCESS).contains(&other.level) && other.n_failures == 0
        });
        let was_halved_enough = batch.level >= MAX_LEVEL_WITHOUT_SUCCESS && !has_sibling;
        if is_down && was_halved_enough && self.n_idle_rounds >= MAX_ATTEMPTS {
            self.requeue(batch);
            return self.give_up(now, why);
        }
        let behind_family = self.queue.iter().position(|other| other.level == 0);
        let at = behind_family.unwrap_or(self.queue.len());
        for half in batch.halves().into_iter().rev() {
            let level = half.level + 1;
            self.queue.insert(at, Batch { level, ..half });
        }
        self.wait(
            self.failure_pause(now),
            format!("{why}, resending in smaller requests"),
        )
    }

    /// Ends a single item that the server failed on twice, if the server is known to work. Otherwise tries the
    /// others first, and gives up when nothing is left to try.
    fn finish_failing(
        &mut self,
        now: Duration,
        batch: Batch,
        refusal: Option<Refusal>,
        why: String,
    ) -> MachineCommand {
        // A lost response does not say that the item is the reason; an answer with an error does.
        if let Some(refusal) = refusal.filter(|_| self.isolation.n_successes > 0) {
            return self.finish_refused(now, batch.item_ixs[0], &refusal);
        }
        if self.queue.iter().any(|other| other.n_failures == 0) {
            self.queue.push_back(batch);
            return self.send_next(now);
        }
        if self.n_idle_rounds >= MAX_ATTEMPTS {
            self.requeue(batch);
            return self.give_up(now, why);
        }
        self.resend(now, batch, &why)
    }

    fn resend(&mut self, now: Duration, batch: Batch, why: &str) -> MachineCommand {
        self.queue.push_front(batch);
        self.wait(
            self.failure_pause(now),
            format!("{why}, resending what did not arrive"),
        )
    }

    /// A server that accepted something works, and need not be spared; any other gets ever longer pauses. The
    /// wait that it asked for comes first.
    fn failure_pause(&self, now: Duration) -> Duration {
        let has_success = self.isolation.n_successes > 0;
        let n_failed = if has_success {
            1
        } else {
            self.n_idle_rounds.max(1)
        };
        self.rest_of_requested_wait(now)
            .max(retry::back_off(n_failed, 0.0))
    }

    /// Tries single items of different types after a 403 while nothing was accepted yet: if all of them are
    /// refused, the API key or the network is to blame; if one is accepted, the content of the others is.
    fn probe_forbidden(&mut self, now: Duration, batch: Batch, refusal: Refusal) -> MachineCommand {
        self.release(&batch);
        if batch.is_single() {
            self.isolation.n_forbidden_singles += 1;
            let n_left = self.items.values().filter(|state| !state.has_ended());
            if self.isolation.n_forbidden_singles >= MAX_FORBIDDEN_SINGLES.min(n_left.count()) {
                return self.stop_refused(now, batch, refusal);
            }
            // It gets its status once it is known who is to blame.
            self.queue.push_back(batch);
            return self.send_next(now);
        }
        let singles = self.one_of_each_type(&batch.item_ixs);
        let is_rest = |item_ix: &ItemIx| !singles.contains(item_ix);
        let rest = batch.item_ixs.iter().copied().filter(is_rest).collect();
        self.requeue(Batch::new(rest));
        for item_ix in singles.into_iter().rev() {
            self.requeue(Batch::new(vec![item_ix]));
        }
        self.send_next(now)
    }

    /// Up to three items, of different types as far as there are any.
    fn one_of_each_type(&self, item_ixs: &[ItemIx]) -> Vec<ItemIx> {
        let mut types = HashSet::default();
        let type_id = |item_ix: &ItemIx| self.items[*item_ix].item.key.type_id;
        let (mut singles, others): (Vec<ItemIx>, Vec<ItemIx>) = item_ixs
            .iter()
            .partition(|item_ix| types.insert(type_id(item_ix)));
        singles.extend(others);
        singles.truncate(MAX_FORBIDDEN_SINGLES);
        singles
    }

    /// Ends an item that the server refused; too many refusals of several types in a row stop the run, and too
    /// many of one type end the rest of that type.
    fn finish_refused(
        &mut self,
        now: Duration,
        item_ix: ItemIx,
        refusal: &Refusal,
    ) -> MachineCommand {
        let type_id = self.items[item_ix].item.key.type_id;
        let status = refusal.status;
        self.end(item_ix, ItemStatus::Refused(refusal.clone().into()));
        let of_type = self
            .isolation
            .refused_by_type
            .entry(type_id)
            .or_insert((status, 0));
        if of_type.0 != status {
            *of_type = (status, 0);
        }
        of_type.1 += 1;
        let is_type_refused = of_type.1 >= MAX_CONSECUTIVE_REFUSALS
            && !self.isolation.succeeded_types.contains(&type_id);
        if is_type_refused {
            self.refuse_type(item_ix, refusal);
            self.isolation.n_consecutive_refusals = 0;
            return self.send_next(now);
        }
        self.count_refusal(now)
    }

    /// Ends the other items of a type with the same action, because the target took none of them.
    fn refuse_type(&mut self, refused_ix: ItemIx, refusal: &Refusal) {
        for item_ix in self.items.ixs() {
            let (state, refused) = (&self.items[item_ix], &self.items[refused_ix].item);
            let is_of_type = state.item.key.type_id == refused.key.type_id
                && state.item.action.is_same_kind(&refused.action);
            if is_of_type && state.is_sendable() {
                self.end(item_ix, ItemStatus::TypeRefused(refusal.clone().into()));
            }
        }
    }

    fn finish_ignored(&mut self, now: Duration, item_ix: ItemIx) -> MachineCommand {
        self.end(item_ix, ItemStatus::Ignored);
        self.count_refusal(now)
    }

    fn count_refusal(&mut self, now: Duration) -> MachineCommand {
        let isolation = &mut self.isolation;
        isolation.n_consecutive_refusals += 1;
        if isolation.n_consecutive_refusals >= MAX_CONSECUTIVE_REFUSALS
            && isolation.refuses_several_types()
        {
            self.stop = Some(StopReason::TooManyRefused(
                self.isolation.n_consecutive_refusals,
            ));
            return self.close(now);
        }
        self.send_next(now)
    }
}

impl Isolation {
    /// Whether the refusals in a row are not of one type alone, which would end that type and not the run.
    fn refuses_several_types(&self) -> bool {
        self.refused_by_type.len() != 1
    }
}
