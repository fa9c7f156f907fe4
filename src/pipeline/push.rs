//! Fifth stage: brings what the plan wants into the target, exactly once.
//! Carries out what the state machine in `machine` decides; decides nothing itself.

mod adopt;
mod fate;
mod machine;
#[cfg(test)]
mod simulation;

pub use fate::{Applied, Fate, Proof, Stop};

use super::fetch::{Inventory, fetch};
use super::plan::{Plan, State, Step};
use super::rewrite::PortableWebhook;
use super::strip::{Stripped, StrippedWebhook, strip};
use crate::coralogix::client::{WriteAnswer, Writer};
use crate::coralogix::failure::{Failure, Unreached};
use crate::coralogix::retry::Patience;
use crate::coralogix::webhook::{UNDERSTOOD, Webhook, WebhookId};
use adopt::Seen;
use jiff::Timestamp;
use machine::{Aim, Command, Event, Limits, Machine, Outcome, Want};
use std::collections::HashSet;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Proof that the target was read before anything is written: what is new is told from what was there by it.
#[derive(Debug, Clone)]
pub struct Baseline {
    ids: HashSet<WebhookId>,
    server_time: Option<SystemTime>,
}

impl Baseline {
    /// The baseline that a reading of the target gives; `None` where a webhook has no id and could not be told apart.
    pub fn of(target: &Inventory) -> Option<Self> {
        let ids: Option<HashSet<WebhookId>> = target.webhooks.iter().map(Webhook::id).collect();
        Some(Self {
            ids: ids?,
            server_time: target.server_time,
        })
    }
}

/// What the user decided about writing.
#[derive(Debug, Clone, Copy)]
pub struct PushOptions {
    /// How long a server may still be at work on a request whose answer was lost.
    pub settle: Duration,
    /// The most webhooks in one request.
    pub batch_size: usize,
}

/// The most bytes in one request.
const BATCH_BYTES: usize = 4 << 20;

/// Is told how far a push has come.
pub trait Track: Send + Sync {
    /// So many of so many webhooks have found their end.
    fn progress(&self, done: usize, of: usize);
    /// The push waits.
    fn waiting(&self, why: &str, wait: Duration);
}

/// Writes what the plan wants, until it is there or the run has to stop.
pub async fn push(
    plan: &Plan,
    baseline: &Baseline,
    writer: &Writer,
    options: PushOptions,
    patience: &Patience,
    track: &dyn Track,
) -> Applied {
    let wanted: Vec<(usize, Want)> = wants(plan);
    let (places, wants): (Vec<usize>, Vec<Want>) = wanted.into_iter().unzip();
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
        places: &places,
        writer,
        patience,
        track,
        started: Instant::now(),
        after: None,
        n_requests: 0,
    };
    run.drive(machine).await
}

/// The plan's creates and updates as the state machine knows them, each with its place in the plan.
fn wants(plan: &Plan) -> Vec<(usize, Want)> {
    let want = |(place, (webhook, step)): (usize, (&PortableWebhook, &Step))| {
        let aim = match step.state {
            State::Create => Aim::Create,
            State::Update => Aim::Update {
                id: step.target_id()?.clone(),
                previous: step.counterpart.as_ref()?.content()?,
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

/// The thin loop around the state machine.
struct Run<'r> {
    plan: &'r Plan,
    places: &'r [usize],
    writer: &'r Writer,
    patience: &'r Patience,
    track: &'r dyn Track,
    started: Instant,
    after: Option<Inventory>,
    n_requests: usize,
}

impl Run<'_> {
    async fn drive(mut self, mut machine: Machine) -> Applied {
        let mut event = Event::Begin;
        loop {
            let command = machine.next(self.started.elapsed(), event);
            self.track.progress(machine.n_done(), self.places.len());
            event = match command {
                Command::Send(batch) => Event::Answered(self.send(&batch).await),
                Command::Look => self.look().await,
                Command::Wait(wait, why) => self.wait(wait, &why).await,
                Command::Finish => break,
            };
        }
        let ending = machine.ending();
        Applied {
            fates: self.places.iter().copied().zip(ending.fates).collect(),
            stop: ending.stop,
            may_have_written: ending.may_have_written,
            appeared: ending.appeared,
            after: self.after,
            n_requests: self.n_requests,
        }
    }

    async fn send(&mut self, batch: &[usize]) -> Outcome {
        self.n_requests += 1;
        let places: Vec<usize> = batch.iter().map(|at| self.places[*at]).collect();
        let answer = self.writer.post_bulk(body(self.plan, &places)).await;
        match answer {
            WriteAnswer::Accepted(rows) => {
                let rows = strip(rows.into());
                Outcome::Accepted(rows.webhooks().iter().filter_map(Seen::of).collect())
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
        match fetch(self.writer.reader()).await {
            Ok(inventory) => {
                let stripped: Stripped = strip(inventory.clone());
                let seen = stripped.webhooks().iter().filter_map(Seen::of).collect();
                self.after = Some(inventory);
                Event::Looked(seen)
            }
            Err(error) => {
                self.after = None;
                Event::LookFailed(error.to_string())
            }
        }
    }

    async fn wait(&self, wait: Duration, why: &str) -> Event {
        if !self.patience.spend(wait) {
            return Event::OutOfPatience;
        }
        self.track.waiting(why, wait);
        tokio::time::sleep(wait).await;
        Event::Waited
    }
}

/// The body of one request: an array of the wanted objects, an update's with the id that it changes.
fn body(plan: &Plan, places: &[usize]) -> String {
    let mut out = String::from("[");
    for (n, place) in places.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        let (webhook, step) = plan.step(*place);
        match (step.state, &step.counterpart) {
            (State::Update, Some(target)) => update_of(webhook, target).to_wire(&mut out),
            _ => create_of(webhook).to_wire(&mut out),
        }
    }
    out.push(']');
    out
}

/// What a create sends: never an `id`, which would make it an update of whatever owns that number in the target.
fn create_of(webhook: &PortableWebhook) -> &Webhook {
    assert!(
        webhook.bare().raw("id").is_none(),
        "a stripped webhook has no id"
    );
    webhook.bare()
}

/// What an update sends: the wanted content, the target's id, and the keys of the target's webhook that nobody here knows.
fn update_of(webhook: &PortableWebhook, target: &StrippedWebhook) -> Webhook {
    let mut body = webhook.bare().clone();
    for (key, (_, value)) in target.bare().keys().zip(target.bare().tokens()) {
        if !UNDERSTOOD.contains(&key.as_ref()) && body.raw(&key).is_none() {
            body = body.with(&key, value);
        }
    }
    match target.id() {
        Some(id) => body.with("id", &id.to_json()),
        None => body,
    }
}
