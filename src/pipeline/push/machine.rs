//! What to do next, decided from what has happened: the heart of "exactly once".
//! Pure: events in, commands out; no clock, no socket. Never has a create sent again before an observation.

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

/// Refused webhooks in a row, with no success between them, that end the run.
const MOST_REFUSED: usize = 20;
/// After a reset the server is not expected to be at work for longer than this.
const LONGEST_AFTER_RESET: Duration = Duration::from_secs(10);
/// The shortest pause between two looks, for those who set a very short settle window.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Looks that do not agree with each other, after which nobody can tell what is going on.
const MOST_LOOKS: u32 = 60;

/// One webhook that is to be written.
#[derive(Debug, Clone)]
pub(super) struct Want {
    pub(super) key: Key,
    pub(super) content: Content,
    pub(super) aim: Aim,
    /// Bytes of its object in a request.
    pub(super) size: usize,
}

/// What is to be done with it.
#[derive(Debug, Clone)]
pub(super) enum Aim {
    Create,
    Update {
        id: WebhookId,
        previous: Box<Content>,
    },
}

/// What the caller decided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) settle: Duration,
    pub(super) batch_size: usize,
    pub(super) batch_bytes: usize,
}

/// What has happened.
#[derive(Debug)]
pub(super) enum Event {
    /// Nothing yet.
    Begin,
    /// The request that was to be sent was answered, or was not.
    Answered(Outcome),
    /// The target was read.
    Looked(Vec<Seen>),
    /// The target could not be read; the text says why.
    LookFailed(String),
    /// The wait is over.
    Waited,
    /// The run may not wait any longer.
    OutOfPatience,
    /// The request that was to be sent was not, because its intent could not be put on record.
    NotRecorded(String),
    /// The user wants the run to end; the last command was not carried out.
    Interrupted,
}

/// What became of one request, as far as its answer tells.
#[derive(Debug)]
pub(super) enum Outcome {
    /// 200–299, with the rows that could be read from the answer.
    Accepted(Vec<Seen>),
    /// No connection was established, so the server saw nothing.
    NotSent { why: String, is_final: bool },
    /// Another status.
    Refused(Refusal),
    /// The connection ended without a whole answer.
    Lost { why: String, is_timeout: bool },
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Send these wants in one request; all creates, or all updates.
    Send(Vec<usize>),
    /// Read the target.
    Look,
    /// Wait, and tell the user why.
    Wait(Duration, String),
    /// Nothing is left to do.
    Finish,
}

/// Why it is not known what a request did.
#[derive(Debug)]
enum Doubt {
    /// The answer was lost, or the server failed.
    Lost(String),
    /// The server accepted it, and its answer does not tell what it created.
    Accepted,
    /// The server asked to wait.
    Throttled(Option<Duration>),
    /// The request was too large.
    TooLarge(Refusal),
    /// The server refused at least one webhook of it.
    Rejected(Refusal),
    /// The server refuses everything.
    Closed(Refusal),
}

#[derive(Debug)]
enum Phase {
    /// The next batch can be sent.
    Ready,
    /// A request is under way.
    Sending(Vec<usize>),
    /// What a request did is being found out.
    Looking(Look),
    /// Everything is sent, or the run has stopped: the target is read for the last time.
    Closing {
        until: Duration,
        looks: u32,
    },
    Done,
}

#[derive(Debug)]
struct Look {
    batch: Vec<usize>,
    doubt: Doubt,
    /// The server may be at work until then; `None` where it has answered.
    until: Option<Duration>,
    previous: Option<Vec<(WebhookId, Option<Content>)>>,
    n: u32,
}

/// The state of one push.
#[derive(Debug)]
pub(super) struct Machine {
    wants: Vec<Want>,
    fates: Vec<Option<Fate>>,
    n_done: usize,
    /// What the target keeps of a want that arrived, where that was shown and is not what was sent.
    kept: Vec<Option<Box<Content>>>,
    /// Whether a want is in a request whose effect is not known.
    is_open: Vec<bool>,
    queue: VecDeque<Vec<usize>>,
    baseline: HashSet<WebhookId>,
    accounted: HashSet<WebhookId>,
    appeared: HashSet<WebhookId>,
    /// Newcomers that any look has shown; a list that flaps may hide them again.
    glimpsed: HashSet<WebhookId>,
    /// Whether a want was ever in a request.
    was_sent: Vec<bool>,
    began: Option<Timestamp>,
    limits: Limits,
    phase: Phase,
    n_idle_rounds: u32,
    n_refused: usize,
    /// Whether the target's list was seen to lag behind what the target had answered.
    is_lagging: bool,
    stop: Option<Stop>,
    may_have_written: bool,
    /// What the last look showed; nothing where it failed.
    last_look: Option<Vec<Seen>>,
}

/// What is known of one want while the push is at work.
#[derive(Debug)]
pub(super) enum Standing<'m> {
    /// It was never sent, or is known not to have arrived.
    Free,
    /// It was sent, and what came of it is not known.
    Open,
    /// It has found its end; with what the target keeps of it, where that is not what was sent.
    Ended(&'m Fate, Option<&'m Content>),
}

/// What is known when the push has ended.
pub(super) struct Ending {
    pub(super) fates: Vec<Fate>,
    pub(super) stop: Option<Stop>,
    pub(super) may_have_written: bool,
    pub(super) appeared: Vec<WebhookId>,
    pub(super) last_look: Option<Vec<Seen>>,
}

impl Machine {
    /// A push of these wants into a target that held these ids before.
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

    /// How many wants have found their end.
    pub(super) fn n_done(&self) -> usize {
        self.n_done
    }

    /// Takes in what has happened and says what to do next; `now` counts from any fixed moment.
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
            // The last look failed, or there is nothing to wait for any more.
            _ => Command::Finish,
        }
    }

    /// What is known when the push has ended.
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

    /// Ends at once: what is open stays open, so that the next run looks for it.
    fn interrupted(&mut self, phase: Phase) -> Command {
        if let Phase::Sending(batch) = phase {
            self.put_back(batch);
        }
        self.stop.get_or_insert(Stop::Interrupted);
        Command::Finish
    }

    /// What is known of one want so far.
    pub(super) fn standing(&self, at: usize) -> Standing<'_> {
        match (&self.fates[at], self.is_open[at]) {
            (Some(fate), _) => Standing::Ended(fate, self.kept[at].as_deref()),
            (None, true) => Standing::Open,
            (None, false) => Standing::Free,
        }
    }

    /// Reads the target for the last time, unless nothing was ever sent that could have changed it.
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

    /// Wants that are known not to have arrived go back to the head of the queue.
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
