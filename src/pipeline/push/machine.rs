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
mod isolation;
mod known;
mod observing;
mod proving;
mod sending;

use super::adopt::SentItem;
use super::observation::SeenWebhook;
use super::settling::Settling;
use super::status::{ItemStatus, Proof};
use super::stop::StopReason;
use crate::coralogix::birth::{Birth, IdentityMatch};
use crate::coralogix::client::Presence;
use crate::coralogix::content::{Content, Fingerprint, FullDigest};
use crate::coralogix::webhook::WebhookId;
use crate::http::failure::{Refusal, RequestedWait};
use crate::pipeline::strip::Key;
use acknowledging::Acknowledged;
use batch::{Batch, first_queue};
use isolation::Isolation;
use jiff::Timestamp;
pub(super) use known::KnownWebhooks;
use proving::Questions;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

/// After a connection reset, the settle window is at most this long: the server is not expected to keep
/// processing the request for longer.
const MAX_SETTLE_AFTER_RESET: Duration = Duration::from_secs(10);
/// Why the run waits or stops after a 429.
const THROTTLED: &str = "rate limited (429)";

/// One webhook that the run creates, updates or deletes.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) key: Key,
    /// The desired content; for a delete, the content that it has now.
    pub(super) content: Content,
    /// Of its url, as `resemblance` computes it.
    pub(super) url: Fingerprint,
    pub(super) action: Action,
    /// Everything that the target showed of its webhook before the run, and that the webhook must still show; `None`
    /// if only its content matters.
    pub(super) shown_before: Option<Box<FullDigest>>,
    /// Size of its object in a request body, in bytes.
    pub(super) size: usize,
}

/// What the run does with an item. Updates and deletes hold the content that the webhook must still have.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Create,
    Update {
        id: WebhookId,
        previous: Box<Content>,
    },
    Delete {
        id: WebhookId,
        previous: Box<Content>,
    },
}

impl Item {
    /// Whether a webhook that an update or delete concerns is still as it was before the run.
    fn is_as_before(&self, seen: &SeenWebhook) -> bool {
        let (Action::Update { previous, .. } | Action::Delete { previous, .. }) = &self.action
        else {
            return false;
        };
        let shown = self.shown_before.as_deref();
        let is_as_shown = shown
            .zip(seen.full_digest())
            .is_none_or(|(before, now)| before == now);
        seen.content == Some(**previous) && is_as_shown
    }
}

impl Action {
    /// The id of the webhook that the target has already; `None` for a create.
    pub(super) fn id(&self) -> Option<&WebhookId> {
        match self {
            Self::Create => None,
            Self::Update { id, .. } | Self::Delete { id, .. } => Some(id),
        }
    }

    /// Whether both do the same to different webhooks.
    fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// The caller's settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) settle: Duration,
    pub(super) batch_size: usize,
    pub(super) batch_bytes: usize,
}

/// What happened since the last command.
#[derive(Debug)]
pub(super) enum Event {
    /// The push starts; there was no command yet.
    Start,
    /// The outcome of `Send`.
    Answered(RequestOutcome),
    /// The outcome of a successful observation: every webhook of the target.
    Observed(Vec<SeenWebhook>),
    /// The target could not be read; holds the reason.
    ObservationFailed(String),
    /// The outcome of `Ask`.
    Asked(Vec<(WebhookId, Presence)>),
    /// The wait is over.
    Waited,
    /// The wait would exceed the run's wait budget, so the caller did not wait.
    WaitBudgetSpent,
    /// The caller did not send the request, and will send no other; holds the reason.
    Withheld(StopReason),
    /// The user wants the run to end; the last command was not carried out, or not to its end.
    Interrupted,
}

/// The outcome of one request, as far as the response shows it.
#[derive(Debug)]
pub(super) enum RequestOutcome {
    /// Status 200–299, with the rows that could be read from the response.
    Accepted(Vec<SeenWebhook>),
    /// No connection was established, so the server cannot have processed the request.
    NotSent { why: String, is_final: bool },
    /// Any other status.
    Refused(Refusal),
    /// There was no complete response, or none that could be read.
    Lost { why: String, is_timeout: bool },
}

/// What the caller is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MachineCommand {
    /// Send these items in one request: all creates, all updates, or one delete.
    Send(Vec<usize>),
    /// Read the target.
    Observe,
    /// Ask for each of these webhooks by its id.
    Ask(Vec<WebhookId>),
    /// Wait, and report the reason to the user.
    Wait(Duration, String),
    /// Stop: nothing is left to do.
    Finish,
}

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
    /// The final observation is made: the machine asks for what it lacks.
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
    items: Vec<Item>,
    statuses: Vec<Option<ItemStatus>>,
    n_done: usize,
    /// Number of deletes that the server has confirmed and that have no final status yet.
    n_confirmed_deletes: usize,
    /// The content that the target stores of an item, if it was shown and differs from what was sent.
    altered_contents: Vec<Option<Box<Content>>>,
    /// Whether an item is in a request whose effect is unknown.
    is_open: Vec<bool>,
    /// Whether the server accepted the request of an update or delete that no observation has confirmed yet.
    is_accepted: Vec<bool>,
    /// What the answers to creates named.
    acknowledged: Acknowledged,
    /// The batches still to send.
    queue: VecDeque<Batch>,
    /// The webhooks that the target held before the first write; those that the run updated as it showed them since.
    baseline: KnownWebhooks,
    /// Ids of the baseline that a list showed for another webhook; a list that flaps may show the old one again.
    reborn: HashSet<WebhookId>,
    /// Deletes of which an observation showed that somebody had changed the webhook.
    changed: HashSet<usize>,
    /// Webhooks attributed to an item; no other item can claim them.
    attributed: KnownWebhooks,
    /// The item of each attributed id: the last one, if the server gave the id anew.
    attributed_to: HashMap<WebhookId, usize>,
    /// Webhooks that the baseline lacks and that cannot come from any request of ours.
    new_in_target: KnownWebhooks,
    /// Webhooks that the baseline lacks and that an observation showed; a list that flaps may hide them again.
    seen_transiently: KnownWebhooks,
    /// The number of requests that were sent before an observation first showed a webhook.
    first_seen: HashMap<WebhookId, u32>,
    /// The number of the first request with an item, counted from 1; `None` if it was never sent.
    first_sent: Vec<Option<u32>>,
    n_requests: u32,
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

/// The state of one item while the push runs.
#[derive(Debug)]
pub(super) enum ItemState<'m> {
    /// It was never sent, or what was sent is known to have had no effect. It may be sent.
    Sendable,
    /// It was sent, and the effect is unknown.
    Open,
    /// The server has confirmed its deletion, and the final observation is still to come.
    DeleteAccepted,
    /// Its final status, and the content that the target stores if it differs from what was sent.
    Final(&'m ItemStatus, Option<&'m Content>),
}

/// The machine's result when the push has ended.
pub(super) struct MachineResult {
    pub(super) statuses: Vec<ItemStatus>,
    pub(super) stop: Option<StopReason>,
    pub(super) may_have_written: bool,
    pub(super) new_in_target: Vec<WebhookId>,
    /// Items whose webhook is gone, because its id belongs to another one now.
    pub(super) replaced: BTreeSet<usize>,
    pub(super) unlisted: Vec<(WebhookId, Presence)>,
    pub(super) last_observation: Option<Vec<SeenWebhook>>,
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
        let n = items.len();
        let queue = first_queue(&items, limits);
        Self {
            items,
            statuses: vec![None; n],
            n_done: 0,
            n_confirmed_deletes: 0,
            altered_contents: vec![None; n],
            is_open: vec![false; n],
            is_accepted: vec![false; n],
            acknowledged: Acknowledged::default(),
            queue,
            baseline,
            reborn: HashSet::new(),
            changed: HashSet::new(),
            attributed: KnownWebhooks::default(),
            attributed_to: HashMap::new(),
            new_in_target: KnownWebhooks::default(),
            seen_transiently: KnownWebhooks::default(),
            first_seen: HashMap::new(),
            first_sent: vec![None; n],
            n_requests: 0,
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
        self.n_done + self.n_confirmed_deletes
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
                self.handle_presences(questions, presences)
            }
            (phase, Event::Interrupted) => self.handle_interrupt(phase),
            // The final observation failed, or there is nothing left to wait for.
            _ => MachineCommand::Finish,
        }
    }

    /// Consumes the machine when the push has ended.
    pub(super) fn into_result(self) -> MachineResult {
        let replaced = self.replaced_items();
        let new_in_target = self.unattributed_new_in_target();
        let may_have_written = self.may_have_written || self.is_open.contains(&true);
        let statuses = (0..self.items.len()).map(|item_ix| self.last_status(item_ix));
        MachineResult {
            statuses: statuses.collect(),
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
    fn replaced_items(&self) -> BTreeSet<usize> {
        let list = self.last_observation.iter().flatten();
        let is_replaced = |seen: &&SeenWebhook| {
            self.attributed.is_replaced(seen) || self.baseline.is_replaced(seen)
        };
        let by_id: HashMap<&WebhookId, &SeenWebhook> = list
            .filter(is_replaced)
            .map(|seen| (&seen.id, seen))
            .collect();
        let is_gone = |item_ix: &usize| {
            let status = self.statuses[*item_ix].as_ref();
            let Some(id) = status.and_then(ItemStatus::target_id) else {
                return false;
            };
            if self.known_id(*item_ix).is_some() {
                return by_id
                    .get(id)
                    .is_some_and(|seen| self.baseline.is_replaced(seen));
            }
            self.attributed_to.get(id) != Some(item_ix)
                || by_id
                    .get(id)
                    .is_some_and(|seen| self.attributed.is_replaced(seen))
        };
        (0..self.items.len()).filter(is_gone).collect()
    }

    /// Attributes the webhook of a row to an item.
    fn attribute(&mut self, item_ix: usize, seen: &SeenWebhook) {
        self.attributed.insert(seen);
        self.attributed_to.insert(seen.id.clone(), item_ix);
    }

    /// When the webhook of a written item was created, as far as the target showed it.
    pub(super) fn birth(&self, item_ix: usize) -> Option<Birth> {
        if let Some(id) = self.known_id(item_ix) {
            return self.baseline.get(id)?.birth();
        }
        let id = self.statuses[item_ix].as_ref()?.target_id()?;
        let is_its = self.attributed_to.get(id) == Some(&item_ix);
        self.attributed.get(id).filter(|_| is_its)?.birth()
    }

    /// The status of an item when the push has ended.
    fn last_status(&self, item_ix: usize) -> ItemStatus {
        match (&self.statuses[item_ix], self.known_id(item_ix)) {
            (Some(status), _) => status.clone(),
            (None, Some(id)) if self.is_delete(item_ix) && self.is_accepted[item_ix] => {
                ItemStatus::DeleteConfirmed(id.clone())
            }
            (None, _) if self.is_open[item_ix] => ItemStatus::NotSeen,
            (None, _) => ItemStatus::NotSent,
        }
    }

    /// Ends at once. Open items stay open, so that the next run recovers them.
    fn handle_interrupt(&mut self, phase: Phase) -> MachineCommand {
        if let Phase::Sending(batch) = phase {
            self.requeue(batch);
        }
        self.stop.get_or_insert(StopReason::Interrupted);
        MachineCommand::Finish
    }

    pub(super) fn item_state(&self, item_ix: usize) -> ItemState<'_> {
        match (&self.statuses[item_ix], self.is_open[item_ix]) {
            (Some(status), _) => {
                ItemState::Final(status, self.altered_contents[item_ix].as_deref())
            }
            (None, true) if self.is_accepted[item_ix] && self.is_delete(item_ix) => {
                ItemState::DeleteAccepted
            }
            (None, true) => ItemState::Open,
            (None, false) => ItemState::Sendable,
        }
    }

    fn wait(&mut self, wait: Duration, why: String) -> MachineCommand {
        self.phase = Phase::Ready;
        MachineCommand::Wait(wait, why)
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
            self.is_open[*item_ix] = false;
        }
    }

    /// Notes that something was written: the server works, and lets requests through.
    fn reset_failure_counts(&mut self) {
        self.n_idle_rounds = 0;
        self.n_throttled = 0;
    }

    fn mark_created(&mut self, adopted: Vec<(usize, SeenWebhook)>, proof: Proof) {
        // One of ours may have got the id of a webhook that is still to be updated or deleted.
        let rows = adopted.iter().map(|(_, seen)| seen);
        let reborn: Vec<SeenWebhook> = rows
            .filter(|seen| self.baseline.is_replaced(seen))
            .cloned()
            .collect();
        self.give_up_changed(&reborn);
        for (item_ix, seen) in adopted {
            self.attribute(item_ix, &seen);
            self.note_success(item_ix);
            self.is_open[item_ix] = false;
            self.set_altered_content(item_ix, seen.content);
            self.set_status(item_ix, ItemStatus::Created { id: seen.id, proof });
        }
    }

    /// Some servers date a webhook anew when it is updated, so its birth is taken again from this row.
    fn mark_updated(&mut self, item_ix: usize, seen: &SeenWebhook, proof: Proof) {
        if let Some(id) = self.known_id(item_ix).cloned() {
            self.baseline.retake(seen);
            self.note_success(item_ix);
            self.is_open[item_ix] = false;
            self.set_altered_content(item_ix, seen.content);
            let is_altered = self.altered_contents[item_ix].is_some();
            self.set_status(
                item_ix,
                ItemStatus::Updated {
                    id,
                    proof,
                    is_altered,
                },
            );
        }
    }

    fn set_altered_content(&mut self, item_ix: usize, stored: Option<Content>) {
        let sent = self.items[item_ix].content.whole;
        self.altered_contents[item_ix] = stored.filter(|stored| stored.whole != sent).map(Box::new);
    }

    fn set_status(&mut self, item_ix: usize, status: ItemStatus) {
        let is_first = self.statuses[item_ix].replace(status).is_none();
        self.n_done += usize::from(is_first);
        let was_confirmed = is_first && self.is_delete(item_ix) && self.is_accepted[item_ix];
        self.n_confirmed_deletes -= usize::from(was_confirmed);
    }

    /// The id of the webhook that an item updates or deletes; `None` for a create.
    fn known_id(&self, item_ix: usize) -> Option<&WebhookId> {
        self.items[item_ix].action.id()
    }

    fn is_delete(&self, item_ix: usize) -> bool {
        matches!(self.items[item_ix].action, Action::Delete { .. })
    }

    fn sent_items(&self, batch: &[usize]) -> Vec<SentItem> {
        let to_sent_item = |item_ix: &usize| SentItem {
            ix: *item_ix,
            key: self.items[*item_ix].key.clone(),
            content: self.items[*item_ix].content,
        };
        batch.iter().map(to_sent_item).collect()
    }
}
