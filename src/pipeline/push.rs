//! Fifth stage: writes the plan's creates and updates to the target, exactly once.
//!
//! The state machine in `machine` makes every decision. This file is the thin I/O loop around it: it sends
//! requests, reads the target back, waits, and writes the journal.

mod adopt;
mod body;
mod fate;
mod journal;
mod machine;
mod observation;
mod recover;
#[cfg(test)]
mod simulation;

pub use fate::{Applied, Fate, Proof, Stop};
pub use journal::{Journal, Learned, Note};
pub use observation::{Observation, Seen};
pub use recover::{LeftSend, Leftover, Recovered, Settling, recover, settle};

use super::content_cache::ContentCache;
use super::fetch::{Inventory, fetch_by_parts};
use super::plan::{Plan, State, Step};
use super::rewrite::PortableWebhook;
use crate::coralogix::client::{WriteAnswer, Writer};
use crate::coralogix::retry::Patience;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::http::failure::{Failure, Unreached};
use crate::interrupt::Interrupt;
use body::body;
use jiff::Timestamp;
use machine::{Aim, Command, Event, Limits, Machine, Outcome, Standing, Want};
use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The ids that the target held before the first write.
///
/// A push cannot start without one: only the baseline tells the webhooks that the push creates apart from
/// those that were already there.
#[derive(Debug, Clone)]
pub struct Baseline {
    ids: HashSet<WebhookId>,
    server_time: Option<SystemTime>,
}

impl Baseline {
    /// Takes the baseline from a reading of the target.
    ///
    /// Returns `None` if any webhook has no id, because it could not be told from a new one later.
    pub fn of(target: &Inventory) -> Option<Self> {
        let ids: Option<HashSet<WebhookId>> = target.webhooks.iter().map(Webhook::id).collect();
        Some(Self {
            ids: ids?,
            server_time: target.server_time,
        })
    }
}

/// The user's settings for writing.
#[derive(Debug, Clone, Copy)]
pub struct PushOptions {
    /// The settle window: how long the server may still be processing a request whose response was lost.
    pub settle: Duration,
    /// Maximum number of webhooks in one request; 0 counts as 1.
    pub batch_size: usize,
}

/// Maximum bytes in one request body. A larger webhook still goes out, alone in its request.
const BATCH_BYTES: usize = 4 << 20;

/// Everything a push needs besides the plan and the target.
pub struct Surroundings<'s> {
    /// How long the whole run may still wait; all its stages draw on the same budget.
    pub patience: &'s Patience,
    /// Receives progress and wait reports.
    pub track: &'s dyn Track,
    /// Records each request durably before it is sent.
    pub journal: &'s mut dyn Journal,
    /// Signals that the user wants the run to end.
    pub interrupt: &'s Interrupt,
}

/// Receives the progress of a push or a rollback.
pub trait Track: Send + Sync {
    /// Reports that `done` of `total` webhooks are finished, whatever their status.
    fn progress(&self, done: usize, of: usize);
    /// Reports that the run now waits for `wait`, because of `why`.
    fn waiting(&self, why: &str, wait: Duration);
}

/// Writes the plan's creates and updates until the target has them all or the run has to stop.
///
/// There is no error: the result holds a status for each webhook and, if the push stopped early, the reason.
pub async fn push<'p>(
    plan: &'p Plan,
    baseline: &'p Baseline,
    writer: &'p Writer,
    options: PushOptions,
    surroundings: Surroundings<'p>,
) -> Applied {
    let wanted: Vec<(usize, Want)> = wants(plan);
    let (places, wants): (Vec<usize>, Vec<Want>) = wanted.into_iter().unzip();
    let updated = wants.iter().filter_map(|want| match &want.aim {
        Aim::Update { id, .. } => Some(id.clone()),
        Aim::Create => None,
    });
    let updated = updated.collect();
    let began = baseline
        .server_time
        .and_then(|time| Timestamp::try_from(time).ok());
    let limits = Limits {
        settle: options.settle,
        batch_size: options.batch_size.max(1),
        batch_bytes: BATCH_BYTES,
    };
    let machine = Machine::new(wants, baseline.ids.clone(), began, limits);
    let run = Run {
        plan,
        places,
        writer,
        surroundings,
        started: Instant::now(),
        companies: BTreeSet::new(),
        baseline,
        updated,
        wanted: plan.portable().content_cache(),
        n_requests: 0,
        on_record: BTreeSet::new(),
        broken_record: None,
    };
    run.drive(machine).await
}

/// The plan's creates and updates as items of the state machine, each with its plan step index.
fn wants(plan: &Plan) -> Vec<(usize, Want)> {
    let want = |(place, (webhook, step)): (usize, (&PortableWebhook, &Step))| {
        // Callers already refuse a plan with unread values; a placeholder must never reach the target.
        if !webhook.unread().is_empty() {
            return None;
        }
        let aim = match step.state {
            State::Create => Aim::Create,
            State::Update => Aim::Update {
                id: step.target_id()?.clone(),
                previous: step.counterpart.as_ref()?.content()?.into(),
            },
            _ => return None,
        };
        Some((
            place,
            Want {
                key: webhook.key()?,
                content: webhook.content()?,
                aim,
                size: webhook.bare().wire_len(),
            },
        ))
    };
    plan.steps().enumerate().filter_map(want).collect()
}

/// The I/O loop around the state machine.
struct Run<'r> {
    plan: &'r Plan,
    /// The plan step index of each item.
    places: Vec<usize>,
    writer: &'r Writer,
    surroundings: Surroundings<'r>,
    started: Instant,
    /// The ids the target held before. Of these, the push writes only those in `update_ids`.
    baseline: &'r Baseline,
    updated: HashSet<WebhookId>,
    /// The company ids in the last observation.
    companies: BTreeSet<String>,
    /// Digests of the desired webhooks, reused for rows of the target with the same bytes.
    wanted: ContentCache<'r>,
    n_requests: usize,
    /// Items that the journal has as sent, without a later status update.
    on_record: BTreeSet<usize>,
    /// The first journal error. Once it is set, nothing more is recorded, and so nothing more is sent.
    broken_record: Option<String>,
}

impl Run<'_> {
    async fn drive(mut self, mut machine: Machine) -> Applied {
        let mut event = Event::Begin;
        loop {
            let command = machine.next(self.started.elapsed(), event);
            self.note_what_was_learned(&machine);
            let (done, of) = (machine.n_done(), self.places.len());
            self.surroundings.track.progress(done, of);
            event = match command {
                Command::Finish => break,
                _ if self.surroundings.interrupt.signal().is_some() => Event::Interrupted,
                Command::Send(batch) => self.send_on_record(&batch).await,
                Command::Look => self.look().await,
                Command::Wait(wait, why) => self.wait(wait, &why).await,
            };
        }
        let ending = machine.ending();
        let companies = self.companies;
        let after = ending.last_look.map(|seen| Observation { seen, companies });
        Applied {
            fates: self.places.iter().copied().zip(ending.fates).collect(),
            stop: ending.stop,
            may_have_written: ending.may_have_written,
            appeared: ending.appeared,
            after,
            n_requests: self.n_requests,
        }
    }

    /// Records the batch as sent, then sends it, so that a crash cannot lose track of a request.
    /// Sends nothing if the journal cannot be written.
    async fn send_on_record(&mut self, batch: &[usize]) -> Event {
        self.note(&Note::Sending(self.places_of(batch)));
        if let Some(why) = &self.broken_record {
            return Event::NotRecorded(why.clone());
        }
        self.on_record.extend(batch);
        Event::Answered(self.send(batch).await)
    }

    /// Records the new status of each item that the last response or observation settled.
    fn note_what_was_learned(&mut self, machine: &Machine) {
        let learned = |at: &usize| match machine.standing(*at) {
            Standing::Open => None,
            Standing::Free => Some((*at, Learned::Returned)),
            Standing::Ended(fate, kept) => Some((*at, Learned::of(fate, kept))),
        };
        let learned: Vec<(usize, Learned)> = self.on_record.iter().filter_map(learned).collect();
        for (at, _) in &learned {
            self.on_record.remove(at);
        }
        if !learned.is_empty() {
            let place = |(at, learned): (usize, Learned)| (self.places[at], learned);
            let learned = learned.into_iter().map(place).collect();
            self.note(&Note::Learned(learned));
        }
    }

    fn note(&mut self, note: &Note) {
        if self.broken_record.is_none()
            && let Err(error) = self.surroundings.journal.note(note)
        {
            self.broken_record = Some(error.to_string());
        }
    }

    fn places_of(&self, batch: &[usize]) -> Vec<usize> {
        batch.iter().map(|at| self.places[*at]).collect()
    }

    async fn send(&mut self, batch: &[usize]) -> Outcome {
        self.n_requests += 1;
        let places = self.places_of(batch);
        let answer = self.writer.post_bulk(body(self.plan, &places)).await;
        match answer {
            WriteAnswer::Accepted(rows) => {
                let seen = rows.iter().filter_map(|row| Seen::of(row, &self.wanted));
                Outcome::Accepted(seen.collect())
            }
            WriteAnswer::Failed(Failure::NotSent(unreached)) => match unreached {
                Unreached::Host(why) => Outcome::NotSent {
                    why,
                    is_final: false,
                },
                Unreached::Certificate(why) => Outcome::NotSent {
                    why,
                    is_final: true,
                },
            },
            WriteAnswer::Failed(Failure::Refused(mut refusal)) => {
                for place in places {
                    refusal.message = self.plan.step(place).0.bare().scrub(&refusal.message);
                }
                Outcome::Refused(refusal)
            }
            WriteAnswer::Failed(Failure::Lost { why, is_timeout }) => {
                Outcome::Lost { why, is_timeout }
            }
            WriteAnswer::Failed(Failure::Unusable(why)) => Outcome::Lost {
                why,
                is_timeout: true,
            },
        }
    }

    async fn look(&mut self) -> Event {
        let interrupt = self.surroundings.interrupt;
        let may_be_ours =
            |id: &WebhookId| !self.baseline.ids.contains(id) || self.updated.contains(id);
        let add = |seen: &mut Observation, part: Vec<Webhook>| {
            seen.add(&part, &self.wanted, may_be_ours);
        };
        let read = tokio::select! {
            read = fetch_by_parts(self.writer.reader(), add) => read,
            _ = interrupt.requested() => return Event::Interrupted,
        };
        match read {
            Ok(observation) => {
                self.companies = observation.companies;
                Event::Looked(observation.seen)
            }
            Err(error) => Event::LookFailed(error.to_string()),
        }
    }

    async fn wait(&self, wait: Duration, why: &str) -> Event {
        if !self.surroundings.patience.spend(wait) {
            return Event::OutOfPatience;
        }
        self.surroundings.track.waiting(why, wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => Event::Waited,
            _ = self.surroundings.interrupt.requested() => Event::Interrupted,
        }
    }
}
