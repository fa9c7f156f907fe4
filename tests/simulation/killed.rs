//! A push that is killed at some command: what the journal notes say is all that is left of it. The next run waits,
//! recovers what it can, plans anew from the target's list, and pushes what is not written.

use super::super::item_ix::ItemIx;
use super::super::journal::StatusUpdate;
use super::super::machine::MachineCommand;
use super::super::named::Naming;
use super::super::observation::{Observation, SeenWebhook};
use super::super::recover::{KnownBirths, OpenSend, OpenSends, Recovery, recover};
use super::super::recover_named::{NamedSend, NamedSends, recover_named};
use super::super::settling::{Reading, Settling};
use super::super::status::{ItemStatus, Proof};
use super::check;
use super::object::Object;
use super::random::Random;
use super::run::{DesiredWebhook, Simulation, id_of};
use super::server::{Excuse, identity};
use crate::coralogix::account::ApiKey;
use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::client::Presence;
use crate::coralogix::content::Content;
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::StepIx;
use crate::pipeline::strip::normalized_alias;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// When a push is killed: at this command, and if that sends, before or after the request left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kill {
    at: usize,
    pub(super) is_sent: bool,
    /// Milliseconds until the next run starts.
    pub(super) pause: u64,
}

impl Kill {
    /// Draws a kill from a generator of its own, so that the push before it stays the same.
    pub(super) fn draw(seed: u64, settle: u64) -> Option<Self> {
        let mut random = Random::new(seed ^ 0x006b_696c_6c65_6421);
        let longest = random.pick(&[3, 8, 25]);
        random.percent(40).then(|| Self {
            at: random.place(longest),
            is_sent: random.percent(70),
            pause: random.pick(&[0, settle / 3, settle * 2]),
        })
    }

    /// Whether the push ends with its `n`th command. A command that only waits or reads is put off to the next send.
    pub(super) fn is_due(&self, n: usize, command: &MachineCommand) -> bool {
        let is_special = matches!(command, MachineCommand::Send(_)) || n.is_multiple_of(4);
        n > self.at && is_special
    }
}

/// How the run after a killed one went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resumed {
    /// It found out too little to write anything.
    Undecided,
    /// It left some webhooks alone, because nobody knows whether they are there.
    WithDoubt,
    /// It knew of every webhook what to do.
    Surely,
}

/// What the journal says of one webhook of the killed push.
#[derive(Debug, Clone)]
pub(super) enum Recorded {
    NotSent,
    Open,
    Misnamed(String),
    Unresolved,
    Written {
        id: WebhookId,
        birth: Option<Birth>,
        kept: Option<Content>,
        /// As long as no reading was compared with the answer.
        unread: Option<Naming>,
    },
    Abandoned,
}

/// The journal of a push, and when it last sent.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) rows: Vec<Recorded>,
    last_sent: u64,
}

impl Journal {
    pub(super) fn new(n: usize) -> Self {
        Self {
            rows: vec![Recorded::NotSent; n],
            last_sent: 0,
        }
    }

    pub(super) fn note_sending(&mut self, batch: &[ItemIx], now: u64) {
        self.last_sent = now;
        for item_ix in batch {
            self.rows[item_ix.0] = Recorded::Open;
        }
    }

    pub(super) fn note(&mut self, updates: Vec<(ItemIx, StatusUpdate)>) {
        for (item_ix, update) in updates {
            let naming = update.naming;
            self.rows[item_ix.0] = match update.status {
                ItemStatus::Created { id, proof } | ItemStatus::Updated { id, proof, .. } => {
                    Recorded::Written {
                        id,
                        birth: update.birth,
                        kept: update.altered_content,
                        unread: naming.filter(|_| proof == Proof::Acknowledged),
                    }
                }
                ItemStatus::NotSent => Recorded::NotSent,
                ItemStatus::Unresolved(why) if naming.is_some() => Recorded::Misnamed(why),
                status if status.is_open() => Recorded::Unresolved,
                _ => Recorded::Abandoned,
            };
        }
    }

    fn written(&self) -> impl Iterator<Item = (usize, &WebhookId, Option<Birth>, Option<Naming>)> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(item_ix, row)| match row {
            Recorded::Written {
                id, birth, unread, ..
            } => Some((item_ix, id, *birth, *unread)),
            _ => None,
        })
    }

    fn is_open(&self, item_ix: usize) -> bool {
        matches!(
            self.rows[item_ix],
            Recorded::Open | Recorded::Misnamed(_) | Recorded::Unresolved
        )
    }

    fn apply(&mut self, item_ix: usize, recovery: Recovery, kept: Option<Content>) {
        let is_named = matches!(
            self.rows[item_ix],
            Recorded::Misnamed(_) | Recorded::Written { .. }
        );
        self.rows[item_ix] = match recovery {
            Recovery::Written { id, birth, .. } => Recorded::Written {
                id,
                birth,
                kept,
                unread: None,
            },
            Recovery::NotWritten => Recorded::NotSent,
            Recovery::Unresolved(why) if is_named => Recorded::Misnamed(why),
            Recovery::Unresolved(_) => Recorded::Unresolved,
        };
    }
}

impl Simulation<'_> {
    /// The run after the killed one, up to its own end; does nothing if it cannot tell what the first one did.
    pub(super) fn resume(&mut self, mut journal: Journal, known: Vec<(WebhookId, Option<Birth>)>) {
        self.resumed = Some(Resumed::Undecided);
        let newest = known.iter().filter_map(|(_, birth)| *birth);
        let newest = newest.reduce(Birth::later);
        let baseline: Vec<_> = known.into_iter().map(|(id, _)| (id, newest)).collect();
        let Some(list) = self.settled_list(&journal) else {
            return self.log(|_| "the target cannot be read conclusively".to_owned());
        };
        let target = Observation {
            webhooks: list,
            ..Observation::default()
        };
        let digest_key = DigestKey::new(&ApiKey::new("key-canary").expect("a key"));
        let digest_key = digest_key.expect("random numbers");
        self.read_back(&mut journal, &baseline, &target, &digest_key);
        if !self.is_complete(&journal, &target) {
            return self.log(|_| "the target's list is incomplete, or nobody knows".to_owned());
        }
        self.recover_open(&mut journal, &baseline, &target, &digest_key);
        self.log(|_| format!("recovered: {:#?}", journal.rows));
        check_recovered(self, &journal);
        let (plan, n_skipped) = self.plan(&journal, &target);
        self.log(|_| format!("planned: {plan:?}, {n_skipped} skipped"));
        self.resumed = Some(if n_skipped > 0 {
            Resumed::WithDoubt
        } else {
            Resumed::Surely
        });
        self.push_rest(&plan, n_skipped, &target);
    }

    /// Reads the target until requests of the killed push can no longer take effect; `None` if it keeps changing.
    fn settled_list(&mut self, journal: &Journal) -> Option<Vec<SeenWebhook>> {
        let settle = self.server.switches.settle;
        let until = journal.last_sent + settle;
        self.excuse_after(until);
        let left = |now: u64| Duration::from_millis(until.saturating_sub(now));
        let window = left(self.server.now);
        let mut settling = Settling::default();
        let mut list = self.server.list();
        let listed: HashSet<&WebhookId> = list.iter().map(SeenWebhook::id).collect();
        let is_lagging = journal.written().any(|(_, id, ..)| !listed.contains(id));
        let has_open = (0..journal.rows.len()).any(|item_ix| journal.is_open(item_ix));
        if !has_open && (!is_lagging || window.is_zero()) {
            return Some(list);
        }
        let mut time_left = window;
        loop {
            let pause = match settling.judge(&list, time_left, window) {
                Reading::Settled => return Some(list),
                Reading::Restless => return None,
                Reading::TooEarly(pause) => pause,
            };
            self.server
                .pass(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
            time_left = left(self.server.now);
            list = self.server.list();
        }
    }

    /// Notes what no run can know: effects, and lags of the list, that last longer than the settle window.
    fn excuse_after(&mut self, until: u64) {
        let server = &mut self.server;
        if server.late.iter().any(|(due, _)| *due > until) {
            server.excuses.insert(Excuse::LateCommit);
        }
        let latest = server.late.iter().map(|(due, _)| *due);
        let latest = latest.chain(server.webhooks.iter().map(|stored| stored.written_at));
        if latest.max().unwrap_or(0) + server.switches.lag > until {
            server.excuses.insert(Excuse::LaggingList);
        }
    }

    fn read_back(
        &mut self,
        journal: &mut Journal,
        baseline: &[(WebhookId, Option<Birth>)],
        target: &Observation,
        digest_key: &DigestKey,
    ) {
        let mut sends = Vec::new();
        for (item_ix, id, birth, unread) in journal.written() {
            let desired = self.desired[item_ix];
            let Some(naming) = unread.filter(|_| desired.known_id.is_none()) else {
                continue;
            };
            sends.push(NamedSend {
                step_ix: StepIx::from(item_ix),
                key: desired.object.key(),
                content: self.digest(desired.object, digest_key),
                url: digest_key.digest_url(desired.object.url()),
                id: id.clone(),
                birth,
                naming,
            });
        }
        let named = NamedSends {
            sends,
            known: known_births(journal, baseline),
        };
        for (step_ix, recovery) in recover_named(&named, target, digest_key) {
            apply(journal, step_ix.get(), recovery, target);
        }
    }

    /// Whether the target is known not to have what is on record and not listed.
    fn is_complete(&mut self, journal: &Journal, target: &Observation) -> bool {
        let listed: HashSet<&WebhookId> = target.webhooks().iter().map(SeenWebhook::id).collect();
        let missing = journal.written().map(|(_, id, ..)| id);
        let missing: Vec<&WebhookId> = missing.filter(|id| !listed.contains(*id)).collect();
        if missing.is_empty() {
            return true;
        }
        let check = target.webhooks().first().map(SeenWebhook::id);
        let server = &mut self.server;
        let mut is_gone = |id: &&WebhookId| server.presence(id) == Presence::Gone;
        let all_gone = missing.iter().all(&mut is_gone) && missing.iter().all(&mut is_gone);
        all_gone && check.is_none_or(|id| self.server.presence(id) == Presence::There)
    }

    fn recover_open(
        &mut self,
        journal: &mut Journal,
        baseline: &[(WebhookId, Option<Birth>)],
        target: &Observation,
        digest_key: &DigestKey,
    ) {
        let listed: HashSet<&WebhookId> = target.webhooks().iter().map(SeenWebhook::id).collect();
        let mut sends = Vec::new();
        for item_ix in 0..journal.rows.len() {
            let is_lost_id = matches!(&journal.rows[item_ix], Recorded::Written {
                id, unread: Some(Naming::IdAlone), ..
            } if !listed.contains(id));
            if !journal.is_open(item_ix) && !is_lost_id {
                continue;
            }
            let DesiredWebhook {
                object, known_id, ..
            } = self.desired[item_ix];
            let birth = known_id.and_then(|id| {
                let original = self.server.original(id);
                identity(original.object, original.born_at).birth()
            });
            sends.push(OpenSend {
                step_ix: StepIx::from(item_ix),
                key: object.key(),
                content: self.digest(object, digest_key),
                update_id: known_id.map(id_of),
                update_birth: birth,
                named: match &journal.rows[item_ix] {
                    Recorded::Misnamed(why) => Some(why.clone()),
                    _ => None,
                },
            });
        }
        if sends.is_empty() {
            return;
        }
        let objects: Vec<Object> = self.desired.iter().map(|desired| desired.object).collect();
        let desired = objects.into_iter();
        let desired = desired.map(|object| self.digest(object, digest_key));
        let open = OpenSends {
            sends,
            desired: desired.collect(),
            known: known_births(journal, baseline),
            started: self.started,
            settled_at: None,
        };
        for (step_ix, recovery) in recover(&open, target, digest_key) {
            apply(journal, step_ix.get(), recovery, target);
        }
    }

    fn digest(&mut self, object: Object, digest_key: &DigestKey) -> ContentDigest {
        digest_key.digest_content(self.server.contents.content_of(object))
    }

    /// What is still to be sent, as a plan would have it, with the number of webhooks that it leaves alone because
    /// nobody knows whether they are there.
    fn plan(&mut self, journal: &Journal, target: &Observation) -> (Vec<usize>, usize) {
        let mut free: Vec<&SeenWebhook> = target.webhooks().iter().collect();
        let mut left = Vec::new();
        let mut due = Vec::new();
        let mut n_skipped = 0;
        let recorded: HashSet<&WebhookId> = journal.written().map(|(_, id, ..)| id).collect();
        let mut take = |is_it: &dyn Fn(&SeenWebhook) -> bool| {
            let at = free.iter().position(|seen| is_it(seen));
            at.map(|at| free.remove(at)).is_some()
        };
        for (item_ix, desired) in self.desired.iter().enumerate() {
            let content = self.server.contents.content_of(desired.object);
            let has_content = |seen: &SeenWebhook| seen.content == Some(content);
            match desired.known_id {
                Some(id) => {
                    let previous = Object {
                        url: 40,
                        ..desired.object
                    };
                    let previous = self.server.contents.content_of(previous);
                    let original = self.server.original(id);
                    let born = identity(original.object, original.born_at).birth();
                    let is_it = |seen: &SeenWebhook| {
                        seen.id == id_of(id) && !is_another_birth(born, seen.birth())
                    };
                    let is_as_before =
                        |seen: &SeenWebhook| is_it(seen) && seen.content == Some(previous);
                    if take(&is_as_before) {
                        due.push(item_ix);
                    } else if !take(&|seen| is_it(seen) && has_content(seen)) {
                        take(&is_it);
                        n_skipped += 1;
                    }
                }
                None if take(&|seen| has_content(seen) && !recorded.contains(&seen.id)) => {}
                None => left.push(item_ix),
            }
        }
        left.retain(|item_ix| {
            let Recorded::Written {
                id, birth, kept, ..
            } = &journal.rows[*item_ix]
            else {
                return true;
            };
            !take(&|seen| {
                seen.id == *id && !is_another_birth(*birth, seen.birth()) && seen.content == *kept
            })
        });
        left.retain(|item_ix| {
            let object = self.desired[*item_ix].object;
            let content = self.server.contents.content_of(object);
            !take(&|seen| seen.content == Some(content))
        });
        // What the server altered, and somebody edited since, is a conflict.
        left.retain(|item_ix| {
            let content = self
                .server
                .contents
                .content_of(self.desired[*item_ix].object);
            let is_changed = matches!(&journal.rows[*item_ix], Recorded::Written {
                id, birth, kept: Some(kept), ..
            } if *kept != content
                && take(&|seen| seen.id == *id && !is_another_birth(*birth, seen.birth())));
            n_skipped += usize::from(is_changed);
            !is_changed
        });
        for item_ix in left {
            let key = self.desired[item_ix].object.key();
            let is_alike = |seen: &&SeenWebhook| {
                seen.key.as_ref().is_some_and(|other| {
                    other.type_id == key.type_id
                        && normalized_alias(&other.alias) == normalized_alias(&key.alias)
                })
            };
            if journal.is_open(item_ix) || free.iter().any(is_alike) {
                n_skipped += 1;
            } else {
                due.push(item_ix);
            }
        }
        due.sort_unstable();
        (due, n_skipped)
    }

    /// Pushes what the plan has left, and checks what the target holds then.
    fn push_rest(&mut self, plan: &[usize], n_skipped: usize, target: &Observation) {
        self.owned_before = (0..self.desired.len())
            .filter(|item_ix| !plan.contains(item_ix))
            .map(|item_ix| self.desired[item_ix])
            .filter(|desired| desired.known_id.is_none())
            .map(|desired| desired.object)
            .collect();
        let all = std::mem::take(&mut self.desired);
        self.desired = plan.iter().map(|item_ix| all[*item_ix]).collect();
        self.requests.clear();
        self.unobserved_creates.clear();
        self.changed_before_delete.clear();
        self.replaced.clear();
        self.n_observations = 0;
        let baseline = target.webhooks().iter();
        let baseline = baseline
            .map(|seen| (seen.id.clone(), seen.identity))
            .collect();
        self.server.forget_unlisted(target);
        let machine = self.machine(baseline);
        self.drive(machine, None);
        check::result(self);
        check_end(self, &all, n_skipped);
    }
}

fn apply(journal: &mut Journal, item_ix: usize, recovery: Recovery, target: &Observation) {
    let kept = match &recovery {
        Recovery::Written { id, .. } => {
            let mut webhooks = target.webhooks().iter();
            webhooks
                .find(|seen| seen.id == *id)
                .and_then(|seen| seen.content)
        }
        _ => None,
    };
    journal.apply(item_ix, recovery, kept);
}

fn known_births(journal: &Journal, baseline: &[(WebhookId, Option<Birth>)]) -> KnownBirths {
    let written = journal
        .written()
        .map(|(_, id, birth, _)| (id.clone(), birth));
    baseline.iter().cloned().chain(written).collect()
}

/// What is on record as written is there, under that id, unless somebody meddled.
fn check_recovered(run: &mut Simulation<'_>, journal: &Journal) {
    if run.server.switches.foreign > 0 || !run.server.excuses.is_empty() {
        return;
    }
    let mut owners: HashMap<&WebhookId, usize> = HashMap::new();
    let mut problems = Vec::new();
    for (item_ix, id, ..) in journal.written() {
        let desired = run.desired[item_ix];
        if let Some(other) = owners.insert(id, item_ix) {
            problems.push(format!(
                "recovery gives {id} to items {other} and {item_ix}"
            ));
        }
        let wanted = run.server.altered_but_uuid(desired.object);
        let mut webhooks = run.server.webhooks.iter();
        let is_its = webhooks.any(|stored| {
            let shown = Object {
                uuid: wanted.uuid,
                ..stored.object
            };
            id_of(stored.id) == *id && (shown == wanted || stored.object == wanted)
        });
        if !is_its {
            problems.push(format!("recovery has the wrong id {id} for item {item_ix}"));
        }
    }
    run.violations.extend(problems);
}

/// If nothing stopped the second run, and it left nothing alone, every desired webhook is there.
fn check_end(run: &mut Simulation<'_>, all: &[DesiredWebhook], n_skipped: usize) {
    let Some(result) = &run.machine_result else {
        return;
    };
    let is_done = |status: &ItemStatus| status.target_id().is_some();
    let is_complete = result.stop.is_none() && result.statuses.iter().all(is_done);
    if !is_complete || n_skipped > 0 || run.server.switches.foreign > 0 {
        return;
    }
    let mut there: HashMap<Object, usize> = HashMap::new();
    for stored in run
        .server
        .webhooks
        .iter()
        .filter(|stored| !stored.is_removed)
    {
        let mut object = stored.object;
        if run.server.switches.replaces_uuid {
            object.uuid = 0;
        }
        *there.entry(object).or_default() += 1;
    }
    let mut problems = Vec::new();
    for desired in all.iter().filter(|desired| desired.known_id.is_none()) {
        let mut stored = run.server.altered_but_uuid(desired.object);
        if run.server.switches.replaces_uuid {
            stored.uuid = 0;
        }
        let mut own = desired.object;
        if run.server.switches.replaces_uuid {
            own.uuid = 0;
        }
        let candidates = [stored, own];
        let found = candidates
            .iter()
            .find(|object| there.get(object).is_some_and(|n| *n > 0));
        match found {
            Some(object) => *there.entry(*object).or_default() -= 1,
            None => problems.push(format!("{desired:?} is lost after a second run")),
        }
    }
    run.violations.extend(problems);
}
