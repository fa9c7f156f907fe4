//! One simulated push: draws a world from a seed and carries out the machine's commands.

use super::super::fate::{Fate, Stop};
use super::super::machine::{Aim, Command, Ending, Event, Limits, Machine, Outcome, Want};
use super::super::observation::Seen;
use super::check;
use super::object::{Contents, Object};
use super::random::Random;
use super::server::{Excuse, Item, Server};
use super::switches::Switches;
use crate::coralogix::webhook::WebhookId;
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

/// A push with this many commands counts as endless.
const MOST_COMMANDS: usize = 20_000;

/// A request in the simulator's log.
pub(super) struct Sending {
    /// Its number among all calls.
    pub(super) call: u32,
    pub(super) batch: Vec<usize>,
    pub(super) is_accepted: bool,
    pub(super) is_not_sent: bool,
    /// Whether it had no response, or one that invites a retry.
    pub(super) is_passing: bool,
}

/// The state of one simulated push.
pub(super) struct Run<'c> {
    pub(super) server: Server<'c>,
    pub(super) wants: Vec<Wanted>,
    pub(super) sendings: Vec<Sending>,
    /// Creates that were sent since the last observation.
    pub(super) unlooked: HashSet<usize>,
    pub(super) n_looks: u32,
    pub(super) n_commands: usize,
    pub(super) ending: Option<Ending>,
    pub(super) violations: Vec<String>,
    /// Log of what happened, for the reader of a failing seed; `None` unless requested.
    pub(super) story: Option<String>,
}

/// A desired webhook, and the id that it updates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) object: Object,
    pub(super) updates: Option<u64>,
}

/// The result of a seed, for the statistics.
pub(super) struct Ended {
    pub(super) switches: Switches,
    pub(super) violations: Vec<String>,
    pub(super) excuses: BTreeSet<Excuse>,
    pub(super) has_surplus: bool,
    pub(super) fates: Vec<Fate>,
    pub(super) stop: Option<Stop>,
    pub(super) n_requests: usize,
    /// How often the most frequently sent item was sent.
    pub(super) most_sendings: usize,
    pub(super) n_commands: usize,
    pub(super) story: String,
}

/// Runs the push of a seed.
pub(super) fn run(seed: u64, contents: &mut Contents, has_story: bool) -> Ended {
    let mut random = Random::new(seed);
    let switches = if random.percent(6) {
        Switches::calm(&mut random)
    } else {
        Switches::wild(&mut random)
    };
    let mut run = Run {
        server: Server::new(switches, random, contents),
        wants: Vec::new(),
        sendings: Vec::new(),
        unlooked: HashSet::new(),
        n_looks: 0,
        n_commands: 0,
        ending: None,
        violations: Vec::new(),
        story: has_story.then(String::new),
    };
    run.draw();
    let machine = run.machine();
    run.drive(machine);
    check::ending(&mut run);
    run.result()
}

impl Run<'_> {
    fn machine(&mut self) -> Machine {
        self.tell(|run| format!("wants: {:#?}\npoison: {:#?}", run.wants, run.server.poison));
        let server = &mut self.server;
        let baseline = server
            .webhooks
            .iter()
            .map(|stored| id_of(stored.id))
            .collect();
        let began = server.switches.has_clock.then(|| server.clock());
        let limits = Limits {
            settle: Duration::from_millis(server.switches.settle),
            batch_size: server.switches.batch_size,
            batch_bytes: 1000,
        };
        let mut wants = Vec::new();
        for wanted in &self.wants {
            let aim = match wanted.updates {
                None => Aim::Create,
                Some(id) => Aim::Update {
                    id: id_of(id),
                    previous: server
                        .contents
                        .of(Object {
                            url: 40,
                            ..wanted.object
                        })
                        .into(),
                },
            };
            wants.push(Want {
                key: wanted.object.key(),
                content: server.contents.of(wanted.object),
                aim,
                size: 9,
            });
        }
        Machine::new(wants, baseline, began, limits)
    }

    fn drive(&mut self, mut machine: Machine) {
        let mut event = Event::Begin;
        let mut patience = self.server.switches.patience;
        while self.n_commands < MOST_COMMANDS {
            self.n_commands += 1;
            let command = machine.next(Duration::from_millis(self.server.now), event);
            self.tell(|run| format!("{:>9} {command:?}", run.server.now));
            event = match command {
                Command::Send(batch) => Event::Answered(self.send(batch)),
                Command::Look => self.look(),
                Command::Wait(wait, _) => {
                    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    if let Some(left) = patience.checked_sub(wait) {
                        patience = left;
                        self.server.pass(wait);
                        Event::Waited
                    } else {
                        Event::OutOfPatience
                    }
                }
                Command::Finish => {
                    self.ending = Some(machine.ending());
                    break;
                }
            };
            check::step(self);
            self.tell(|run| format!("{:>9}   {}", run.server.now, told(&event)));
        }
        // Requests that are still in flight take effect after all.
        self.server.pass(10_000_000);
        self.tell(|run| format!("in the end: {:#?}", run.server.webhooks));
    }

    /// Adds a line to the log, if there is one.
    fn tell(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.story.is_some() {
            let line = what(self);
            self.story
                .get_or_insert_default()
                .extend([line.as_str(), "\n"]);
        }
    }

    fn send(&mut self, batch: Vec<usize>) -> Outcome {
        check::sending(self, &batch);
        let item = |at: &usize| Item {
            id: self.wants[*at].updates,
            object: self.wants[*at].object,
        };
        let items: Vec<Item> = batch.iter().map(item).collect();
        let outcome = self.server.post(&items);
        let is_not_sent = matches!(outcome, Outcome::NotSent { .. });
        if !is_not_sent {
            let creates = batch.iter().filter(|at| self.wants[**at].updates.is_none());
            self.unlooked.extend(creates);
        }
        self.sendings.push(Sending {
            call: self.server.n_calls,
            is_accepted: matches!(outcome, Outcome::Accepted(_)),
            is_passing: match &outcome {
                Outcome::Accepted(_) => false,
                Outcome::Refused(refusal) => matches!(refusal.status, 408 | 429 | 500..),
                Outcome::NotSent { .. } | Outcome::Lost { .. } => true,
            },
            is_not_sent,
            batch,
        });
        outcome
    }

    fn look(&mut self) -> Event {
        self.n_looks += 1;
        if self.server.switches.faults > 0 && self.server.random.below(300) == 0 {
            return Event::LookFailed("failed".to_owned());
        }
        self.unlooked.clear();
        Event::Looked(self.server.list())
    }
}

/// Describes an event in one line.
fn told(event: &Event) -> String {
    let (Event::Looked(rows) | Event::Answered(Outcome::Accepted(rows))) = event else {
        return format!("{event:?}");
    };
    let row = |seen: &Seen| {
        let key = seen.key.as_ref();
        format!(
            "{} {:?}/{}",
            seen.id,
            key.map_or("", |key| &key.alias),
            key.map_or(0, |key| key.type_id.0)
        )
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    let word = if matches!(event, Event::Looked(_)) {
        "looked"
    } else {
        "accepted"
    };
    format!("{word} {}", rows.join(", "))
}

pub(super) fn id_of(id: u64) -> WebhookId {
    WebhookId::new(id.to_string())
}

impl Run<'_> {
    /// How often an item was sent over an established connection.
    pub(super) fn n_sendings(&self, at: usize) -> usize {
        let has_it = |sending: &&Sending| !sending.is_not_sent && sending.batch.contains(&at);
        self.sendings.iter().filter(has_it).count()
    }

    fn result(self) -> Ended {
        let has_surplus = self.server.surplus().is_some();
        let most_sendings = (0..self.wants.len()).map(|at| self.n_sendings(at)).max();
        let most_sendings = most_sendings.unwrap_or(0);
        let (fates, stop) = match self.ending {
            Some(ending) => (ending.fates, ending.stop),
            None => (Vec::new(), None),
        };
        Ended {
            switches: self.server.switches,
            violations: self.violations,
            excuses: self.server.excuses,
            has_surplus,
            fates,
            stop,
            n_requests: self.sendings.len(),
            most_sendings,
            n_commands: self.n_commands,
            story: self.story.unwrap_or_default(),
        }
    }
}
