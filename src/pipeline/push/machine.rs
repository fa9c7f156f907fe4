//! The state machine behind "exactly once": it takes an event and returns the next command.
//!
//! Pure: no clock, no socket. The caller carries out each command and reports the outcome as the next event.
//!
//! After a request whose effect is uncertain, the machine observes the target until the effect is known or
//! the run has to stop. It never resends a create before an observation. The only exception is a request that
//! cannot have reached the server, because no connection was established.

mod looking;
mod sending;

use super::adopt::Sent;
use super::fate::{Fate, Proof, Stop};
use super::observation::Seen;
use crate::coralogix::content::Content;
use crate::coralogix::webhook::WebhookId;
use crate::http::failure::Refusal;
use crate::pipeline::strip::Key;
use jiff::Timestamp;
use sending::batches;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

/// The run stops after this many refused webhooks in a row without a success between them.
const MOST_REFUSED: usize = 20;
/// After a connection reset, the settle window is at most this long: the server is not expected to keep
/// processing the request for longer.
const LONGEST_AFTER_RESET: Duration = Duration::from_secs(10);
/// Minimum pause between two observations, for very short settle windows.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// Maximum pause between two observations.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The run stops after this many inconclusive observations past the settle window.
const MOST_LOOKS: u32 = 60;

/// One webhook that the plan creates or updates.
#[derive(Debug, Clone)]
pub(super) struct Want {
    pub(super) key: Key,
    pub(super) content: Content,
    pub(super) aim: Aim,
    /// Size of its object in a request body, in bytes.
    pub(super) size: usize,
}

/// What the plan does with an item.
#[derive(Debug, Clone)]
pub(super) enum Aim {
    Create,
    Update {
        id: WebhookId,
        previous: Box<Content>,
    },
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
    Begin,
    /// The outcome of `Send`.
    Answered(Outcome),
    /// The outcome of a successful observation: every webhook of the target.
    Looked(Vec<Seen>),
    /// The target could not be read; holds the reason.
    LookFailed(String),
    /// The wait is over.
    Waited,
    /// The wait would exceed the run's wait budget, so the caller did not wait.
    OutOfPatience,
    /// The caller did not send the request, because it could not write the journal; holds the reason.
    NotRecorded(String),
    /// The user wants the run to end; the last command was not carried out, or not to its end.
    Interrupted,
}

/// The outcome of one request, as far as the response shows it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Status 200–299, with the rows that could be read from the response.
    Accepted(Vec<Seen>),
    /// No connection was established, so the server cannot have processed the request.
    NotSent { why: String, is_final: bool },
    /// Any other status.
    Refused(Refusal),
    /// There was no complete response, or none that could be read.
    Lost { why: String, is_timeout: bool },
}

/// What the caller is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Send these items in one request: all creates or all updates.
    Send(Vec<usize>),
    /// Read the target.
    Look,
    /// Wait, and report the reason to the user.
    Wait(Duration, String),
    /// Stop: nothing is left to do.
    Finish,
}

/// Why the effect of a request is uncertain, which also decides what happens to the items it did not write.
#[derive(Debug)]
enum Doubt {
    /// The response was lost, or the server failed (5xx or 408).
    Lost(String),
    /// The server accepted the request, but the response does not show what it wrote.
    Accepted,
    /// The server is rate limiting (429); holds the wait that it asked for.
    Throttled(Option<Duration>),
    /// The request was too large (413).
    TooLarge(Refusal),
    /// The server refused at least one webhook of the request.
    Rejected(Refusal),
    /// The server refuses every request, for a reason such as the API key or the URL.
    Closed(Refusal),
}

#[derive(Debug)]
enum Phase {
    /// The next batch can be sent.
    Ready,
    /// A request is in flight.
    Sending(Vec<usize>),
    /// The machine observes the target to find out what a request did.
    Looking(Look),
    /// Everything is sent, or the run has stopped: the final observation of the target.
    Closing {
        /// The machine waits at most until then for a list that lags.
        until: Duration,
        looks: u32,
    },
    Done,
}

#[derive(Debug)]
struct Look {
    batch: Vec<usize>,
    doubt: Doubt,
    /// End of the settle window: the server may still be processing the request until then. `None` if it is
    /// known to be done with it.
    until: Option<Duration>,
    /// Snapshot of the previous observation; two that agree after the settle window are conclusive.
    previous: Option<Vec<(WebhookId, Option<Content>)>>,
    /// Number of inconclusive observations since the settle window ended.
    n: u32,
}

/// The state of one push.
#[derive(Debug)]
pub(super) struct Machine {
    wants: Vec<Want>,
    fates: Vec<Option<Fate>>,
    n_done: usize,
    /// The content that the target stores of an item, if it was shown and differs from what was sent.
    kept: Vec<Option<Box<Content>>>,
    /// Whether an item is in a request whose effect is unknown.
    is_open: Vec<bool>,
    /// The batches still to send.
    queue: VecDeque<Vec<usize>>,
    /// Ids the target held before the first write.
    baseline: HashSet<WebhookId>,
    /// Ids attributed to an item; no other item can claim them.
    accounted: HashSet<WebhookId>,
    /// Ids that the baseline lacks and that cannot come from any request of ours.
    appeared: HashSet<WebhookId>,
    /// Ids that the baseline lacks and that any observation showed; a list that flaps may hide them again.
    glimpsed: HashSet<WebhookId>,
    /// Whether an item was ever in a request.
    was_sent: Vec<bool>,
    /// The target's clock before the first write.
    began: Option<Timestamp>,
    limits: Limits,
    phase: Phase,
    /// Rounds in a row that wrote nothing.
    n_idle_rounds: u32,
    /// Refused webhooks in a row.
    n_refused: usize,
    /// Whether the target's list was observed to lag behind the target's own responses.
    is_lagging: bool,
    stop: Option<Stop>,
    may_have_written: bool,
    /// The last observation; `None` if it failed.
    last_look: Option<Vec<Seen>>,
}

/// The state of one item while the push runs.
#[derive(Debug)]
pub(super) enum Standing<'m> {
    /// It was never sent, or what was sent is known to have had no effect. It may be sent.
    Free,
    /// It was sent, and the effect is unknown.
    Open,
    /// Its final status, and the content that the target stores if it differs from what was sent.
    Ended(&'m Fate, Option<&'m Content>),
}

/// The machine's result when the push has ended.
pub(super) struct Ending {
    pub(super) fates: Vec<Fate>,
    pub(super) stop: Option<Stop>,
    pub(super) may_have_written: bool,
    pub(super) appeared: Vec<WebhookId>,
    pub(super) last_look: Option<Vec<Seen>>,
}

impl Machine {
    /// Starts a push of `items` to a target that held the ids in `baseline` before.
    ///
    /// `started` is the target's clock before the first write, if known.
    pub(super) fn new(
        wants: Vec<Want>,
        baseline: HashSet<WebhookId>,
        began: Option<Timestamp>,
        limits: Limits,
    ) -> Self {
        let n = wants.len();
        let is_create = |at: &usize| matches!(wants[*at].aim, Aim::Create);
        let (creates, updates): (Vec<usize>, Vec<usize>) = (0..n).partition(is_create);
        let mut queue = batches(&wants, &creates, limits);
        queue.extend(batches(&wants, &updates, limits));
        Self {
            wants,
            fates: vec![None; n],
            n_done: 0,
            kept: vec![None; n],
            is_open: vec![false; n],
            queue,
            baseline,
            accounted: HashSet::new(),
            appeared: HashSet::new(),
            glimpsed: HashSet::new(),
            was_sent: vec![false; n],
            began,
            limits,
            phase: Phase::Ready,
            n_idle_rounds: 0,
            n_refused: 0,
            is_lagging: false,
            stop: None,
            may_have_written: false,
            last_look: None,
        }
    }

    /// Number of items with a final status.
    pub(super) fn n_done(&self) -> usize {
        self.n_done
    }

    /// Processes an event and returns the next command; `now` counts from any fixed moment.
    pub(super) fn next(&mut self, now: Duration, event: Event) -> Command {
        let phase = std::mem::replace(&mut self.phase, Phase::Done);
        if matches!(event, Event::LookFailed(_)) {
            self.last_look = None;
        }
        match (phase, event) {
            (Phase::Ready, Event::Begin | Event::Waited) => self.send_next(now),
            (Phase::Sending(batch), Event::Answered(outcome)) => self.answered(now, batch, outcome),
            (Phase::Looking(look), Event::Looked(list)) => {
                let command = self.looked(now, look, &list);
                self.last_look = Some(list);
                command
            }
            (Phase::Closing { until, looks }, Event::Looked(list)) => {
                let command = self.closed(now, until, looks, &list);
                self.last_look = Some(list);
                command
            }
            (phase @ (Phase::Looking(_) | Phase::Closing { .. }), Event::Waited) => {
                self.phase = phase;
                Command::Look
            }
            (Phase::Looking(look), Event::LookFailed(why)) => self.blind(look, why),
            (Phase::Ready | Phase::Looking(_), Event::OutOfPatience) => {
                self.stop = Some(Stop::OutOfPatience);
                self.close(now)
            }
            (Phase::Sending(batch), Event::NotRecorded(why)) => {
                self.put_back(batch);
                self.stop = Some(Stop::NotRecorded(why));
                self.close(now)
            }
            (phase, Event::Interrupted) => self.interrupted(phase),
            // The final observation failed, or there is nothing left to wait for.
            _ => Command::Finish,
        }
    }

    /// Consumes the machine when the push has ended.
    pub(super) fn ending(self) -> Ending {
        let open = self.is_open;
        let may_have_written = self.may_have_written || open.contains(&true);
        let fate = |(at, fate): (usize, Option<Fate>)| {
            fate.unwrap_or(if open[at] {
                Fate::NotSeen
            } else {
                Fate::NotSent
            })
        };
        let mut appeared: Vec<WebhookId> =
            self.appeared.difference(&self.accounted).cloned().collect();
        appeared.sort();
        Ending {
            fates: self.fates.into_iter().enumerate().map(fate).collect(),
            stop: self.stop,
            may_have_written,
            appeared,
            last_look: self.last_look,
        }
    }

    /// Ends at once. Open items stay open, so that the next run recovers them.
    fn interrupted(&mut self, phase: Phase) -> Command {
        if let Phase::Sending(batch) = phase {
            self.put_back(batch);
        }
        self.stop.get_or_insert(Stop::Interrupted);
        Command::Finish
    }

    pub(super) fn standing(&self, at: usize) -> Standing<'_> {
        match (&self.fates[at], self.is_open[at]) {
            (Some(fate), _) => Standing::Ended(fate, self.kept[at].as_deref()),
            (None, true) => Standing::Open,
            (None, false) => Standing::Free,
        }
    }

    /// Starts the final observation; finishes at once if no request can have changed the target.
    fn close(&mut self, now: Duration) -> Command {
        if !self.may_have_written {
            return Command::Finish;
        }
        let until = now + self.limits.settle;
        self.phase = Phase::Closing { until, looks: 0 };
        Command::Look
    }

    fn wait(&mut self, wait: Duration, why: String) -> Command {
        self.phase = Phase::Ready;
        Command::Wait(wait, why)
    }

    /// Puts items that are known not to be written back at the head of the queue.
    fn put_back(&mut self, batch: Vec<usize>) {
        for at in &batch {
            self.is_open[*at] = false;
        }
        if !batch.is_empty() {
            self.queue.push_front(batch);
        }
    }

    fn progress(&mut self) {
        self.n_idle_rounds = 0;
        self.n_refused = 0;
    }

    fn created(&mut self, adopted: Vec<(usize, Seen)>, proof: Proof) {
        for (at, seen) in adopted {
            self.accounted.insert(seen.id.clone());
            self.is_open[at] = false;
            self.keep(at, seen.content);
            self.ended(at, Fate::Created { id: seen.id, proof });
        }
    }

    fn updated(&mut self, at: usize, kept: Option<Content>, proof: Proof) {
        if let Some(id) = self.update_id(at).cloned() {
            self.is_open[at] = false;
            self.keep(at, kept);
            self.ended(at, Fate::Updated { id, proof });
        }
    }

    fn keep(&mut self, at: usize, shown: Option<Content>) {
        let sent = self.wants[at].content.whole;
        self.kept[at] = shown.filter(|shown| shown.whole != sent).map(Box::new);
    }

    fn ended(&mut self, at: usize, fate: Fate) {
        self.n_done += usize::from(self.fates[at].replace(fate).is_none());
    }

    fn update_id(&self, at: usize) -> Option<&WebhookId> {
        match &self.wants[at].aim {
            Aim::Create => None,
            Aim::Update { id, .. } => Some(id),
        }
    }

    fn sent(&self, batch: &[usize]) -> Vec<Sent> {
        let sent = |at: &usize| Sent {
            want: *at,
            key: self.wants[*at].key.clone(),
            content: self.wants[*at].content,
        };
        batch.iter().map(sent).collect()
    }
}
