//! One simulated push: draws a world from a seed and carries out the machine's commands.

use super::super::item_ix::ItemIx;
use super::super::machine::{
    Action, Event, Existing, Item, KnownWebhooks, Limits, Machine, MachineCommand, MachineResult,
    RequestOutcome,
};
use super::super::observation::SeenWebhook;
use super::super::recorded_sends::RecordedSends;
use super::super::status::ItemStatus;
use super::super::stop::StopReason;
use super::check;
use super::killed::{Journal, Kill, Resumed};
use super::object::{Contents, Object};
use super::random::Random;
use super::server::{Excuse, RequestItem, Server, identity};
use super::switches::Switches;
use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::webhook::WebhookId;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

/// A push with this many commands counts as endless.
const MOST_COMMANDS: usize = 20_000;

/// A request in the simulator's log.
pub(super) struct SentRequest {
    /// Its number among all calls.
    pub(super) call: u32,
    pub(super) batch: Vec<usize>,
    pub(super) is_accepted: bool,
    pub(super) is_not_sent: bool,
    /// Whether it had no response, or one that invites a retry.
    pub(super) is_retryable: bool,
}

/// The state of one simulated push.
pub(super) struct Simulation<'c> {
    pub(super) server: Server<'c>,
    pub(super) desired: Vec<DesiredWebhook>,
    pub(super) requests: Vec<SentRequest>,
    /// Creates that were sent since the last observation.
    pub(super) unobserved_creates: HashSet<usize>,
    /// Deletes of which an observation showed that somebody changed the webhook.
    pub(super) changed_before_delete: HashSet<usize>,
    /// Updates and deletes of which an observation showed another webhook by the id.
    pub(super) replaced: HashSet<usize>,
    /// For each item, when its webhook was created, as the machine has it.
    pub(super) births: Vec<Option<Birth>>,
    pub(super) n_observations: u32,
    pub(super) n_commands: usize,
    pub(super) machine_result: Option<MachineResult>,
    /// The target's clock before the first write, as far as the run knows it.
    pub(super) started: Option<Timestamp>,
    /// How the run after a killed one went; `None` if none was killed.
    pub(super) resumed: Option<Resumed>,
    /// Creates of an earlier run that the plan of this one leaves out.
    pub(super) owned_before: Vec<Object>,
    pub(super) violations: Vec<String>,
    /// Log of what happened, for the reader of a failing seed; `None` unless requested.
    pub(super) story: Option<String>,
}

/// A desired webhook, and the id that it updates; or one that is to be deleted, as it was before the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct DesiredWebhook {
    pub(super) object: Object,
    pub(super) known_id: Option<u64>,
    pub(super) is_delete: bool,
}

/// The result of a seed, for the statistics.
pub(super) struct SimulationResult {
    pub(super) switches: Switches,
    pub(super) violations: Vec<String>,
    pub(super) excuses: BTreeSet<Excuse>,
    pub(super) has_surplus: bool,
    pub(super) resumed: Option<Resumed>,
    pub(super) statuses: Vec<ItemStatus>,
    pub(super) stop: Option<StopReason>,
    pub(super) n_requests: usize,
    /// How often the most frequently sent item was sent.
    pub(super) max_sends_per_item: usize,
    pub(super) n_commands: usize,
    pub(super) story: String,
}

/// Runs the push of a seed.
pub(super) fn run(seed: u64, contents: &mut Contents, has_story: bool) -> SimulationResult {
    let mut random = Random::new(seed);
    let switches = if random.percent(6) {
        Switches::calm(&mut random)
    } else {
        Switches::wild(&mut random)
    };
    let mut run = Simulation {
        server: Server::new(switches, random, contents),
        desired: Vec::new(),
        requests: Vec::new(),
        unobserved_creates: HashSet::new(),
        changed_before_delete: HashSet::new(),
        replaced: HashSet::new(),
        births: Vec::new(),
        n_observations: 0,
        n_commands: 0,
        machine_result: None,
        started: None,
        resumed: None,
        owned_before: Vec::new(),
        violations: Vec::new(),
        story: has_story.then(String::new),
    };
    run.draw();
    let settle = run.server.switches.settle;
    let is_killable =
        run.server.switches.deletes == 0 && run.server.switches.hidden_observations == 0;
    let kill = Kill::draw(seed, settle).filter(|_| is_killable);
    let shown = run.server.webhooks.iter();
    let baseline: Vec<_> = shown
        .map(|stored| (id_of(stored.id), identity(stored.object, stored.created_at)))
        .collect();
    let births = baseline
        .iter()
        .map(|(id, shown)| (id.clone(), shown.birth()));
    let births = births.collect();
    let machine = run.machine(baseline.into_iter().collect());
    match run.drive(machine, kill) {
        Some(journal) => run.resume(journal, births),
        None => check::result(&mut run),
    }
    run.result()
}

impl Simulation<'_> {
    pub(super) fn machine(&mut self, baseline: KnownWebhooks) -> Machine {
        self.log(|run| {
            format!(
                "desired: {:#?}\npoison: {:#?}",
                run.desired, run.server.poison
            )
        });
        let server = &mut self.server;
        let started = server.switches.has_clock.then(|| server.clock());
        self.started = started;
        let limits = Limits {
            settle: Duration::from_millis(server.switches.settle),
            batch_size: server.switches.batch_size,
            batch_bytes: 1000,
        };
        let mut items = Vec::new();
        for desired in &self.desired {
            let action = match desired.known_id {
                None => Action::Create,
                Some(id) if desired.is_delete => Action::Delete(Box::new(Existing {
                    id: id_of(id),
                    previous: server.contents.content_of(desired.object),
                })),
                Some(id) => Action::Update(Box::new(Existing {
                    id: id_of(id),
                    previous: server.contents.content_of(Object {
                        url: 40,
                        ..desired.object
                    }),
                })),
            };
            items.push(Item {
                key: desired.object.key(),
                content: server.contents.content_of(desired.object),
                url: desired.object.url(),
                action,
                shown_before: None,
                size: 9,
            });
        }
        Machine::new(items, baseline, started, limits)
    }

    /// Carries out the machine's commands to the end; returns the journal if the push is killed before.
    pub(super) fn drive(&mut self, mut machine: Machine, kill: Option<Kill>) -> Option<Journal> {
        let mut journal = Journal::new(self.desired.len());
        let mut recorded_sends = RecordedSends::default();
        self.n_commands = 0;
        let mut event = Event::Start;
        let mut wait_budget = self.server.switches.wait_budget;
        while self.n_commands < MOST_COMMANDS {
            self.n_commands += 1;
            let command = machine.next(Duration::from_millis(self.server.now), event);
            self.log(|run| format!("{:>9} {command:?}", run.server.now));
            recorded_sends.add(&machine.take_restated());
            journal.note(recorded_sends.take_updates(&machine));
            if let MachineCommand::Send(batch) = &command {
                journal.note_sending(batch, self.server.now);
                recorded_sends.add(batch);
            }
            let is_end = command == MachineCommand::Finish;
            if let Some(kill) =
                kill.filter(|kill| kill.is_due(self.n_commands, &command) && !is_end)
            {
                self.die(kill, command);
                return Some(journal);
            }
            event = match command {
                MachineCommand::Send(batch) => Event::Answered(self.send(&batch)),
                MachineCommand::Observe => self.observe(),
                MachineCommand::Ask(ids) => {
                    let server = &mut self.server;
                    let answer = |id: WebhookId| (id.clone(), server.presence(&id));
                    Event::Asked(ids.into_iter().map(answer).collect())
                }
                MachineCommand::Wait(wait, _) => {
                    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    if let Some(left) = wait_budget.checked_sub(wait) {
                        wait_budget = left;
                        self.server.pass(wait);
                        Event::Waited
                    } else {
                        Event::WaitBudgetSpent
                    }
                }
                MachineCommand::Finish => {
                    let items = (0..self.desired.len()).map(ItemIx);
                    self.births = items.map(|item_ix| machine.birth(item_ix)).collect();
                    self.machine_result = Some(machine.into_result());
                    break;
                }
            };
            check::step(self);
            self.log(|run| format!("{:>9}   {}", run.server.now, describe_event(&event)));
        }
        // Requests that are still in flight take effect after all.
        self.server.pass(10_000_000);
        self.log(|run| format!("in the end: {:#?}", run.server.webhooks));
        None
    }

    /// Ends like a process that is killed, and lets some time pass.
    fn die(&mut self, kill: Kill, command: MachineCommand) {
        self.log(|run| format!("{:>9}   killed: {kill:?}", run.server.now));
        if let MachineCommand::Send(batch) = command
            && kill.is_sent
        {
            self.send(&batch);
        }
        self.server.pass(kill.pause);
    }

    /// Adds a line to the log, if there is one.
    pub(super) fn log(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.story.is_some() {
            let line = what(self);
            self.story
                .get_or_insert_default()
                .extend([line.as_str(), "\n"]);
        }
    }

    fn send(&mut self, batch: &[ItemIx]) -> RequestOutcome {
        let batch: Vec<usize> = batch.iter().map(|item_ix| item_ix.0).collect();
        check::request(self, &batch);
        let to_request_item = |item_ix: &usize| RequestItem {
            id: self.desired[*item_ix].known_id,
            object: self.desired[*item_ix].object,
            is_delete: self.desired[*item_ix].is_delete,
        };
        let items: Vec<RequestItem> = batch.iter().map(to_request_item).collect();
        let outcome = match self.server.post(&items) {
            RequestOutcome::Refused(refusal) if items[0].is_delete && refusal.status == 404 => {
                RequestOutcome::NothingToDelete
            }
            outcome => outcome,
        };
        let is_not_sent = matches!(outcome, RequestOutcome::NotSent { .. });
        if !is_not_sent {
            let creates = batch
                .iter()
                .filter(|item_ix| self.desired[**item_ix].known_id.is_none());
            self.unobserved_creates.extend(creates);
        }
        self.requests.push(SentRequest {
            call: self.server.n_calls,
            is_accepted: matches!(
                outcome,
                RequestOutcome::Accepted(_) | RequestOutcome::NothingToDelete
            ),
            is_retryable: match &outcome {
                RequestOutcome::Accepted(_) | RequestOutcome::NothingToDelete => false,
                RequestOutcome::Refused(refusal) => matches!(refusal.status, 408 | 429 | 500..),
                RequestOutcome::NotSent { .. } | RequestOutcome::Lost { .. } => true,
            },
            is_not_sent,
            batch,
        });
        outcome
    }

    fn observe(&mut self) -> Event {
        self.n_observations += 1;
        if self.server.switches.faults > 0 && self.server.random.below(300) == 0 {
            return Event::ObservationFailed("failed".to_owned());
        }
        self.unobserved_creates.clear();
        let list = self.server.list();
        self.note_replaced(&list);
        for item_ix in 0..self.desired.len() {
            let DesiredWebhook {
                object,
                known_id: Some(id),
                is_delete: true,
            } = self.desired[item_ix]
            else {
                continue;
            };
            let expected = Some(self.server.contents.content_of(object));
            let is_changed = |seen: &SeenWebhook| seen.id == id_of(id) && seen.content != expected;
            if list.iter().any(is_changed) {
                self.changed_before_delete.insert(item_ix);
            }
        }
        Event::Observed(list)
    }
}

impl Simulation<'_> {
    /// Notes which updates and deletes must not be sent any more.
    fn note_replaced(&mut self, list: &[SeenWebhook]) {
        for (item_ix, desired) in self.desired.iter().enumerate() {
            let Some(id) = desired.known_id else {
                continue;
            };
            let original = self.server.original(id);
            let born = identity(original.object, original.born_at);
            let is_another = |seen: &SeenWebhook| {
                seen.id == id_of(id) && is_another_birth(born.birth(), seen.birth())
            };
            if list.iter().any(is_another) {
                self.replaced.insert(item_ix);
            }
        }
    }
}

/// Describes an event in one line.
fn describe_event(event: &Event) -> String {
    let (Event::Observed(rows) | Event::Answered(RequestOutcome::Accepted(rows))) = event else {
        return format!("{event:?}");
    };
    let row = |seen: &SeenWebhook| {
        let key = seen.key.as_ref();
        format!(
            "{} {:?}/{}",
            seen.id,
            key.map_or("", |key| &key.alias),
            key.map_or(0, |key| key.type_id.0)
        )
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    let word = if matches!(event, Event::Observed(_)) {
        "observed"
    } else {
        "accepted"
    };
    format!("{word} {}", rows.join(", "))
}

pub(super) fn id_of(id: u64) -> WebhookId {
    WebhookId::new(id.to_string())
}

impl Simulation<'_> {
    /// Whether the final observation succeeded.
    pub(super) fn was_read_at_the_end(&self) -> bool {
        self.machine_result
            .as_ref()
            .is_some_and(|result| result.last_observation.is_some())
    }

    /// How often an item was sent over an established connection.
    pub(super) fn n_sends(&self, item_ix: usize) -> usize {
        let contains_item =
            |request: &&SentRequest| !request.is_not_sent && request.batch.contains(&item_ix);
        self.requests.iter().filter(contains_item).count()
    }

    fn result(self) -> SimulationResult {
        let has_surplus = self.server.surplus_copies().is_some();
        let max_sends_per_item = (0..self.desired.len())
            .map(|item_ix| self.n_sends(item_ix))
            .max();
        let most_sends = max_sends_per_item.unwrap_or(0);
        let (statuses, stop) = match self.machine_result {
            Some(machine_result) => (machine_result.statuses, machine_result.stop),
            None => (Vec::new(), None),
        };
        SimulationResult {
            switches: self.server.switches,
            violations: self.violations,
            excuses: self.server.excuses,
            has_surplus,
            resumed: self.resumed,
            statuses,
            stop,
            n_requests: self.requests.len(),
            max_sends_per_item: most_sends,
            n_commands: self.n_commands,
            story: self.story.unwrap_or_default(),
        }
    }
}
