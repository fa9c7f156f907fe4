//! The state machine behind "exactly once": it takes an event and returns the next command.
//!
//! Pure: no clock, no socket. The caller carries out each command and reports the outcome as the next event.
//!
//! After a request whose effect is uncertain, the machine observes the target until the effect is known or
//! the run has to stop. It never resends a create before an observation. The only exception is a request that
//! cannot have reached the server, because no connection was established.

mod acknowledging;
mod batch;
mod closing;
mod ending;
mod isolation;
mod item;
mod item_state;
mod known;
mod matching;
mod observing;
mod others;
mod protocol;
mod proving;
mod result;
mod sending;
mod waiting;

pub(super) use item::{Action, Existing, Item};
pub(super) use item_state::ItemProgress;
pub(super) use known::KnownWebhooks;
pub(super) use protocol::{Event, Limits, MachineCommand, RequestOutcome};
pub(super) use result::MachineResult;

use super::adopt::SentItem;
use super::item_ix::{ByItem, ItemIx};
use super::observation::SeenWebhook;
use super::settling::Settling;
use super::stop::StopReason;
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use crate::http::failure::{Refusal, RequestedWait};
use batch::{Batch, first_queue};
use foldhash::{HashMap, HashSet};
use isolation::Isolation;
use item_state::ItemState;
use jiff::Timestamp;
use proving::Questions;
use std::collections::VecDeque;
use std::time::Duration;

/// After a connection reset, the settle window is at most this long: the server is not expected to keep
/// processing the request for longer.
const MAX_SETTLE_AFTER_RESET: Duration = Duration::from_secs(10);
/// Why the run waits or stops after a 429.
const THROTTLED: &str = "rate limited (429)";

/// Why the effect of a request is uncertain, which also decides what happens to the items it did not write.
#[derive(Debug)]
enum Uncertainty {
    /// The response was lost.
    Lost(String),
    /// The server failed (5xx or 408).
    ServerError(Refusal),
    /// The server accepted the request, but the response does not show what it wrote.
    Accepted,
    /// The server is rate limiting (429); holds why the run ends with it, if the wait is too long for the run.
    Throttled(Option<StopReason>),
    /// The request was too large (413).
    TooLarge(Refusal),
    /// The server refused at least one webhook of the request.
    Rejected(Refusal),
    /// The server refused the request with a 403: because of the API key, or because of the content of one of
    /// its webhooks, as a firewall in front of the API does.
    Forbidden(Refusal),
    /// The server refuses every request, for a reason such as the API key or the URL.
    AllRefused(Refusal),
}

#[derive(Debug)]
enum Phase {
    /// The next batch can be sent.
    Ready,
    /// A request is in flight.
    Sending(Batch),
    /// The machine observes the target to find out what a request did.
    Observing(PendingObservation),
    /// Everything is sent, or the run has stopped: the final observation of the target.
    Closing {
        /// The machine waits at most until then for a list that lags.
        deadline: Duration,
        n_observations: u32,
    },
    /// The final observation is made: the machine asks for what it lacks, or waits before it asks once more.
    Asking(Questions),
    Done,
}

#[derive(Debug)]
struct PendingObservation {
    batch: Batch,
    uncertainty: Uncertainty,
    /// End of the settle window: the server may still be processing the request until then. `None` if it is
    /// known to be done with it.
    settles_at: Option<Duration>,
    settling: Settling,
}

/// The state of one push.
#[derive(Debug)]
pub(super) struct Machine {
    items: ByItem<ItemState>,
    n_done: usize,
    /// Items whose final status changed after it was reported.
    restated: Vec<ItemIx>,
    /// The batches still to send.
    queue: VecDeque<Batch>,
    /// The webhooks that the target held before the first write; those that the run updated as it showed them since.
    baseline: KnownWebhooks,
    /// Ids of the baseline that a list showed for another webhook; a list that flaps may show the old one again.
    reborn: HashSet<WebhookId>,
    /// Webhooks attributed to an item, the last one if the server gave an id anew; no other item can claim them.
    attributed: KnownWebhooks<ItemIx>,
    /// Webhooks that the baseline lacks and that cannot come from any request of ours.
    new_in_target: KnownWebhooks,
    /// Webhooks that the baseline lacks and that an observation showed; a list that flaps may hide them again.
    seen_transiently: KnownWebhooks,
    /// The number of requests that were sent before an observation first showed a webhook.
    first_seen: HashMap<WebhookId, u32>,
    n_requests: u32,
    /// End of the settle window after the last request that may have reached the server.
    settles_at: Duration,
    /// The target's clock before the first write.
    started: Option<Timestamp>,
    limits: Limits,
    phase: Phase,
    /// Rounds in a row that wrote nothing.
    n_idle_rounds: u32,
    /// Answers of 429 in a row, without a written webhook between them.
    n_throttled: u32,
    /// The wait that the server asked for in the last answer, and when it is over.
    requested_wait: Option<(RequestedWait, Duration)>,
    /// What successes and failures so far say about where the fault lies.
    isolation: Isolation,
    /// Whether the target's list was observed to lag behind the target's own responses.
    is_list_lagging: bool,
    stop: Option<StopReason>,
    may_have_written: bool,
    /// What the target answered when asked for webhooks that its list lacks.
    unlisted: Vec<(WebhookId, Presence)>,
    /// The last observation; `None` if it failed.
    last_observation: Option<Vec<SeenWebhook>>,
}

impl Machine {
    /// Starts a push of `items` to a target that held the webhooks in `baseline` before.
    ///
    /// `started` is the target's clock before the first write, if known.
    pub(super) fn new(
        items: Vec<Item>,
        baseline: KnownWebhooks,
        started: Option<Timestamp>,
        limits: Limits,
    ) -> Self {
        let items: ByItem<ItemState> = items.into_iter().map(ItemState::new).collect();
        let queue = first_queue(&items, limits);
        let is_create = |state: &&ItemState| matches!(state.item.action, Action::Create);
        let n_creates = items.values().filter(is_create).count();
        Self {
            items,
            n_done: 0,
            restated: Vec::new(),
            queue,
            baseline,
            reborn: HashSet::default(),
            attributed: KnownWebhooks::with_capacity(n_creates),
            new_in_target: KnownWebhooks::default(),
            seen_transiently: KnownWebhooks::default(),
            first_seen: HashMap::default(),
            n_requests: 0,
            settles_at: Duration::ZERO,
            started,
            limits,
            phase: Phase::Ready,
            n_idle_rounds: 0,
            n_throttled: 0,
            requested_wait: None,
            isolation: Isolation::default(),
            is_list_lagging: false,
            stop: None,
            may_have_written: false,
            unlisted: Vec::new(),
            last_observation: None,
        }
    }

    /// Number of items with a final status, and of deletes that the server has confirmed.
    pub(super) fn n_done(&self) -> usize {
        self.n_done
    }

    /// How far an item is.
    pub(super) fn progress(&self, item_ix: ItemIx) -> ItemProgress<'_> {
        self.items[item_ix].progress()
    }

    /// Processes an event and returns the next command; `now` counts from any fixed moment.
    pub(super) fn next(&mut self, now: Duration, event: Event) -> MachineCommand {
        let phase = std::mem::replace(&mut self.phase, Phase::Done);
        if matches!(event, Event::ObservationFailed(_)) {
            self.last_observation = None;
        }
        match (phase, event) {
            (Phase::Ready, Event::Start | Event::Waited) => self.send_next(now),
            (Phase::Sending(batch), Event::Answered(outcome)) => {
                self.handle_outcome(now, batch, outcome)
            }
            (Phase::Observing(pending), Event::Observed(list)) => {
                let command = self.handle_observation(now, pending, &list);
                self.last_observation = Some(list);
                command
            }
            (
                Phase::Closing {
                    deadline,
                    n_observations,
                },
                Event::Observed(list),
            ) => {
                let command = self.handle_final_observation(now, deadline, n_observations, &list);
                self.last_observation = Some(list);
                command
            }
            (phase @ (Phase::Observing(_) | Phase::Closing { .. }), Event::Waited) => {
                self.phase = phase;
                MachineCommand::Observe
            }
            (Phase::Observing(pending), Event::ObservationFailed(why)) => {
                self.handle_failed_observation(pending, why)
            }
            (Phase::Ready, Event::WaitBudgetSpent) => {
                self.stop = Some(self.wait_stop_reason(now));
                self.close(now)
            }
            (Phase::Observing(pending), Event::WaitBudgetSpent) => {
                self.handle_spent_budget(now, pending)
            }
            (Phase::Sending(batch), Event::Withheld(why)) => {
                self.requeue(batch);
                self.stop = Some(why);
                self.close(now)
            }
            (Phase::Closing { .. }, Event::WaitBudgetSpent) if self.has_unconfirmed_item() => {
                self.stop.get_or_insert(StopReason::WaitBudgetSpent);
                MachineCommand::Finish
            }
            (Phase::Asking(questions), Event::Asked(presences)) => {
                self.handle_presences(now, questions, presences)
            }
            (Phase::Asking(questions), Event::Waited) => self.ask_next(now, questions),
            (Phase::Asking(questions), Event::WaitBudgetSpent) => self.stop_asking(questions),
            (phase, Event::Interrupted) => self.handle_interrupt(phase),
            // The final observation failed, or there is nothing left to wait for.
            _ => MachineCommand::Finish,
        }
    }

    /// Ends at once. Open items stay open, so that the next run recovers them.
    fn handle_interrupt(&mut self, phase: Phase) -> MachineCommand {
        match phase {
            Phase::Sending(batch) => self.requeue(batch),
            Phase::Asking(_) => self.doubt_vanished(),
            _ => {}
        }
        // A list that is older than a request, or lags, is no read-back. But what it shows of answered ids is true.
        if let Some(list) = self.last_observation.take() {
            self.correct_acknowledged(&list, false);
        }
        self.stop.get_or_insert(StopReason::Interrupted);
        MachineCommand::Finish
    }

    /// Puts items that are known not to be written back at the head of the queue.
    fn requeue(&mut self, batch: Batch) {
        self.release(&batch);
        if !batch.item_ixs.is_empty() {
            self.queue.push_front(batch);
        }
    }

    /// Notes that items are known not to be written.
    fn release(&mut self, batch: &Batch) {
        for item_ix in &batch.item_ixs {
            self.items[*item_ix].release();
        }
    }

    /// Notes that something was written: the server works, and lets requests through.
    fn reset_failure_counts(&mut self) {
        self.n_idle_rounds = 0;
        self.n_throttled = 0;
    }

    /// The id of the webhook that an item updates or deletes; `None` for a create.
    fn known_id(&self, item_ix: ItemIx) -> Option<&WebhookId> {
        self.items[item_ix].known_id()
    }

    fn is_delete(&self, item_ix: ItemIx) -> bool {
        self.items[item_ix].is_delete()
    }

    fn sent_items(&self, batch: &[ItemIx]) -> Vec<SentItem> {
        let to_sent_item = |item_ix: &ItemIx| {
            let item = &self.items[*item_ix].item;
            SentItem {
                ix: *item_ix,
                key: item.key.clone(),
                content: item.content,
            }
        };
        batch.iter().map(to_sent_item).collect()
    }
}
