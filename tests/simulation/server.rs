//! The simulated target: its webhooks, its clock, its lists, and the state of the foreign writer.

use super::super::observation::{Observation, ReportDetails, SeenWebhook};
use super::object::{Contents, Object};
use super::random::Random;
use super::run::id_of;
use super::switches::{ById, Switches};
use crate::coralogix::birth::{Birth, Identity};
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The target's clock when a simulation starts, in epoch milliseconds.
const EPOCH: i64 = 1_800_000_000_000;

/// Births that differ by more milliseconds are two.
const BIRTH_TOLERANCE: i64 = 1_000;

/// Server behavior in a run for which the design promises nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Excuse {
    /// A request took effect later than the settle window.
    LateCommit,
    /// A created webhook stayed hidden past the end of the settle window.
    LaggingList,
    /// The same after a reset, where the run waits only ten seconds of the settle window.
    LagAfterReset,
    /// The server refused a request with a 4xx after it created some of it, and the list lagged.
    LagAfterRefusal,
}

/// A webhook that is or was in the target.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an event of its own, of which any number can happen"
)]
pub(super) struct Stored {
    pub(super) id: u64,
    pub(super) object: Object,
    /// The object in our request; `None` if we did not create it.
    pub(super) sent: Option<Object>,
    pub(super) created_at: i64,
    /// The same, unless the server dated it anew since.
    pub(super) born_at: i64,
    /// The number of the call that listed it first.
    pub(super) listed_in: Option<u32>,
    pub(super) is_removed: bool,
    /// Whether one of our requests removed it.
    pub(super) is_deleted: bool,
    /// Whether the foreign writer changed it.
    pub(super) is_edited: bool,
    /// Whether an update of ours reached it, although it only has the number of the webhook to update.
    pub(super) is_overwritten: bool,
    /// Whether lists hide it, as if a deletion that came to nothing had taken effect.
    pub(super) is_withheld: bool,
    /// Its content and date before the last write; `None` if it did not exist.
    before: Option<(Object, i64)>,
    added_at: u64,
    pub(super) written_at: u64,
    written_in_observation: u32,
}

/// One webhook of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestItem {
    pub(super) id: Option<u64>,
    pub(super) object: Object,
    pub(super) is_delete: bool,
}

/// What tells a webhook from others with its number.
pub(super) fn identity(object: Object, created_at: i64) -> Identity {
    let key = object.key();
    Identity::new(
        Birth::from_milliseconds(EPOCH + created_at),
        Some(key.type_id),
        &key.alias,
        &object.url_text(),
    )
}

/// The simulated target.
pub(super) struct Server<'c> {
    pub(super) switches: Switches,
    pub(super) random: Random,
    pub(super) contents: &'c mut Contents,
    /// Milliseconds since the simulation started.
    pub(super) now: u64,
    pub(super) webhooks: Vec<Stored>,
    /// Requests that take effect later.
    pub(super) late: Vec<(u64, Vec<RequestItem>)>,
    pub(super) poison: HashSet<Object>,
    /// The desired creates, which the foreign writer sometimes writes too.
    pub(super) desired: Vec<Object>,
    pub(super) excuses: BTreeSet<Excuse>,
    pub(super) is_revoked: bool,
    /// Whether the server answered with a 5xx or 408 before.
    pub(super) had_server_error: bool,
    /// Whether the foreign writer created something that resembles a desired webhook.
    pub(super) has_twin: bool,
    /// Number of requests and lists so far.
    pub(super) n_calls: u32,
    n_observations: u32,
    /// The ids in the last list.
    last_list: HashSet<WebhookId>,
    /// Ids that were asked for although the last list did not show them.
    asked_unlisted: HashSet<WebhookId>,
    n_given: u64,
}

impl<'c> Server<'c> {
    pub(super) fn new(switches: Switches, random: Random, contents: &'c mut Contents) -> Self {
        Self {
            switches,
            random,
            contents,
            now: 0,
            webhooks: Vec::new(),
            late: Vec::new(),
            poison: HashSet::new(),
            desired: Vec::new(),
            excuses: BTreeSet::new(),
            is_revoked: false,
            had_server_error: false,
            has_twin: false,
            n_calls: 0,
            n_observations: 0,
            last_list: HashSet::new(),
            asked_unlisted: HashSet::new(),
            n_given: 0,
        }
    }

    /// The target's clock as its responses show it: whole seconds.
    pub(super) fn clock(&self) -> Timestamp {
        let now = EPOCH + i64::try_from(self.now).unwrap_or_default();
        Timestamp::from_second(now / 1000).expect("the simulated time is near")
    }

    /// Advances the clock and applies the late requests that come due.
    pub(super) fn pass(&mut self, milliseconds: u64) {
        let until = self.now + milliseconds;
        while let Some(at) = (0..self.late.len()).min_by_key(|at| self.late[*at].0) {
            if self.late[at].0 > until {
                break;
            }
            let (due, items) = self.late.swap_remove(at);
            self.now = due.max(self.now);
            self.commit(&items);
        }
        self.now = until;
    }

    /// Adds a webhook and returns its index.
    pub(super) fn add(&mut self, object: Object, sent: Option<Object>) -> usize {
        let id = self.freed_id().unwrap_or_else(|| self.next_id());
        self.webhooks.push(Stored {
            id,
            object,
            sent,
            created_at: i64::try_from(self.now).unwrap_or_default() - self.switches.skew,
            born_at: i64::try_from(self.now).unwrap_or_default() - self.switches.skew,
            listed_in: None,
            is_removed: false,
            is_deleted: false,
            is_edited: false,
            is_overwritten: false,
            is_withheld: false,
            before: None,
            added_at: self.now,
            written_at: self.now,
            written_in_observation: self.n_observations,
        });
        self.webhooks.len() - 1
    }

    fn next_id(&mut self) -> u64 {
        self.n_given += 1;
        if self.switches.ids_fall {
            900_000 - self.n_given
        } else {
            1000 + self.n_given
        }
    }

    /// The number of a webhook that is gone, if the server reuses numbers and its birth will show that.
    fn freed_id(&self) -> Option<u64> {
        if !self.switches.reuses_ids {
            return None;
        }
        let created_at = i64::try_from(self.now).unwrap_or_default() - self.switches.skew;
        let is_free = |stored: &&Stored| {
            let holders = self.webhooks.iter().filter(|other| other.id == stored.id);
            let mut holders = holders.map(|other| (other.is_removed, other.created_at));
            holders.all(|(is_removed, born)| is_removed && born + BIRTH_TOLERANCE < created_at)
        };
        let gone = self.webhooks.iter().rev();
        let mut gone = gone.filter(|stored| stored.is_removed);
        gone.find(is_free).map(|stored| stored.id)
    }

    /// Adds a webhook with the date of its original creation, under a new number.
    pub(super) fn add_moved(&mut self, object: Object) {
        let reuses_ids = std::mem::replace(&mut self.switches.reuses_ids, false);
        let at = self.add(object, None);
        self.webhooks[at].created_at -= 86_400_000;
        self.switches.reuses_ids = reuses_ids;
    }

    /// Dates a webhook anew, if the server does that with updates.
    pub(super) fn redate(&mut self, at: usize) {
        if self.switches.redates {
            self.webhooks[at].created_at =
                i64::try_from(self.now).unwrap_or_default() - self.switches.skew;
        }
    }

    /// Marks everything as listed: the baseline.
    pub(super) fn show_all(&mut self) {
        for stored in &mut self.webhooks {
            stored.listed_in = Some(0);
            stored.before = Some((stored.object, stored.created_at));
        }
    }

    /// Lets a new run begin, for which a webhook is new that an earlier list showed and this one, which lags, does not.
    pub(super) fn forget_unlisted(&mut self, baseline: &Observation) {
        let listed: HashSet<&WebhookId> = baseline.webhooks().iter().map(SeenWebhook::id).collect();
        for stored in &mut self.webhooks {
            if stored.listed_in != Some(0) && !listed.contains(&id_of(stored.id)) {
                stored.listed_in = None;
            }
        }
    }

    /// Changes the webhook at index `at`.
    pub(super) fn change(&mut self, at: usize, object: Object) {
        let stored = &mut self.webhooks[at];
        stored.before = Some((stored.object, stored.created_at));
        stored.object = object;
        stored.written_at = self.now;
        stored.written_in_observation = self.n_observations;
    }

    /// The object that the server stores for one that was sent; a replaced uuid is new each time.
    pub(super) fn altered(&mut self, sent: Object) -> Object {
        let mut object = self.altered_but_uuid(sent);
        if self.switches.replaces_uuid {
            object.uuid = 100 + u32::try_from(self.webhooks.len()).unwrap_or_default();
        }
        object
    }

    pub(super) fn altered_but_uuid(&self, sent: Object) -> Object {
        let spelling = self.switches.respells.unwrap_or(sent.spelling);
        let url = sent.url + if self.switches.alters_url { 100 } else { 0 };
        Object {
            spelling,
            url,
            ..sent
        }
    }

    /// Deletes the webhook at index `at`.
    pub(super) fn delete(&mut self, at: usize) {
        let object = self.webhooks[at].object;
        self.change(at, object);
        self.webhooks[at].is_removed = true;
        self.webhooks[at].is_deleted = true;
    }

    /// Answers a request for one webhook.
    pub(super) fn presence(&mut self, id: &WebhookId) -> Presence {
        self.n_calls += 1;
        let latency = self.random.below(300);
        self.pass(latency);
        self.meddle();
        match self.switches.by_id {
            ById::Works | ById::Late => {}
            ById::NeverFound => return Presence::Gone,
            ById::Fails => return Presence::Unknown("503".to_owned()),
        }
        let is_it = |stored: &&Stored| id_of(stored.id) == *id && !stored.is_removed;
        let added_at = self.webhooks.iter().find(is_it).map(|it| it.added_at);
        match added_at {
            Some(added_at) if !self.is_late(id, added_at) => Presence::There,
            _ => Presence::Gone,
        }
    }

    /// Whether the server does not find a new webhook by its id yet; an edit hides none.
    fn is_late(&mut self, id: &WebhookId, added_at: u64) -> bool {
        let is_lagging = self.now < added_at + self.switches.lag;
        self.switches.by_id == ById::Late
            && !self.last_list.contains(id)
            && (self.asked_unlisted.insert(id.clone()) || is_lagging)
    }

    /// The webhook that has this number now, or had it last.
    pub(super) fn find(&self, id: u64) -> Option<usize> {
        let has_it = |stored: &Stored| stored.id == id;
        self.webhooks.iter().rposition(has_it)
    }

    /// The webhook that had this number before the run.
    pub(super) fn original(&self, id: u64) -> &Stored {
        let mut webhooks = self.webhooks.iter();
        let is_it = |stored: &&Stored| stored.id == id && stored.listed_in == Some(0);
        webhooks
            .find(is_it)
            .expect("only the target's own ids are known")
    }

    /// Answers a list request.
    pub(super) fn list(&mut self) -> Vec<SeenWebhook> {
        self.n_calls += 1;
        let latency = self.random.below(300);
        self.pass(latency);
        self.meddle();
        self.n_observations += 1;
        let lag = if self.switches.is_flapping {
            self.random.below(self.switches.lag + 1)
        } else {
            self.switches.lag
        };
        let mut seen = Vec::new();
        for at in 0..self.webhooks.len() {
            let stored = &self.webhooks[at];
            let is_fresh = self.now < stored.written_at + lag
                || self.n_observations
                    <= stored.written_in_observation + self.switches.hidden_observations;
            let shown = if is_fresh {
                stored.before
            } else {
                Some((stored.object, stored.created_at))
            };
            let is_hidden = stored.is_removed && !(stored.is_deleted && is_fresh);
            let is_hidden = is_hidden || stored.is_withheld;
            if let (Some((object, created_at)), false) = (shown, is_hidden) {
                // No list shows a number twice.
                let id = id_of(stored.id);
                seen.retain(|other: &SeenWebhook| other.id != id);
                self.webhooks[at].listed_in.get_or_insert(self.n_calls);
                seen.push(self.seen_as(at, object, created_at));
            }
        }
        self.last_list = seen.iter().map(|seen| seen.id.clone()).collect();
        self.random.shuffle(&mut seen);
        seen
    }

    /// The row of a list or a response that shows the webhook at index `at` as this object.
    pub(super) fn seen(&mut self, at: usize, object: Object) -> SeenWebhook {
        self.seen_as(at, object, self.webhooks[at].created_at)
    }

    fn seen_as(&mut self, at: usize, object: Object, created_at: i64) -> SeenWebhook {
        let stored = &self.webhooks[at];
        SeenWebhook {
            id: WebhookId::new(stored.id.to_string()),
            key: Some(object.key()),
            content: Some(self.contents.content_of(object)),
            url: Some(object.url()),
            identity: identity(object, created_at),
            details: ReportDetails::default(),
        }
    }

    /// An object of which our requests created more copies than desired, if there is one.
    /// Objects that the server stores alike count as one.
    pub(super) fn surplus_copies(&self) -> Option<Object> {
        let mut left: HashMap<Object, i64> = HashMap::new();
        for object in &self.desired {
            *left.entry(self.altered_but_uuid(*object)).or_default() += 1;
        }
        let ours = self.webhooks.iter().filter(|stored| !stored.is_removed);
        for sent in ours.filter_map(|stored| stored.sent) {
            let left = left.entry(self.altered_but_uuid(sent)).or_default();
            *left -= 1;
            if *left < 0 {
                return Some(sent);
            }
        }
        None
    }
}
