//! The webhooks of one account and their numbering; it knows no HTTP and rejects nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::object::{Object, to_raw};

/// The keys that only the server decides: stripped from every write.
pub(super) const SERVER_OWNED: [&str; 6] = [
    "id",
    "company_id",
    "companyId",
    "created_at",
    "updated_at",
    "integrationTypeId",
];

/// The order of a webhook's members in a list; unknown ones follow.
pub(super) const LIST_ORDER: [&str; 10] = [
    "alias",
    "company_id",
    "created_at",
    "id",
    "url",
    "integration_type_fields",
    "integration_type_id",
    "integrationTypeId",
    "integration_type",
    "updated_at",
];

/// Both accounts count from here, so that an id of one often exists in the other.
const FIRST_ID: u64 = 1050;

/// One stored webhook: its JSON text, and the values that are needed without parsing it again.
#[derive(Clone, Debug)]
pub(super) struct StoredWebhook {
    pub(super) text: Box<RawValue>,
    alias: Option<String>,
    type_id: Option<u64>,
    /// Number of list reads that do not show it yet.
    hidden_reads: usize,
}

#[derive(Debug)]
pub(super) struct Store {
    company_id: u64,
    next_id: u64,
    /// The numbers of deleted webhooks.
    freed_ids: BTreeSet<u64>,
    /// Number of list reads so far.
    n_lists: usize,
    /// The ids in the last list, ascending.
    last_list: Vec<u64>,
    /// Ids that a GET asked for although the last list did not show them.
    asked_unlisted: BTreeSet<u64>,
    /// Ids that the newer API has shown, or had when the account was set up.
    witnessed: BTreeSet<u64>,
    webhooks: BTreeMap<u64, StoredWebhook>,
}

impl Store {
    pub(super) fn new(company_id: u64) -> Self {
        Self {
            company_id,
            next_id: FIRST_ID,
            freed_ids: BTreeSet::new(),
            n_lists: 0,
            last_list: Vec::new(),
            asked_unlisted: BTreeSet::new(),
            witnessed: BTreeSet::new(),
            webhooks: BTreeMap::new(),
        }
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id
    }

    /// The lowest number that a deleted webhook has freed, else the next one.
    pub(super) fn reused_id(&self) -> u64 {
        self.freed_ids.first().copied().unwrap_or(self.next_id)
    }

    /// Stores a webhook as it is, and fills in only the keys that it lacks.
    pub(super) fn insert(&mut self, given: Object, now: &str) -> u64 {
        let id = given.number("id").unwrap_or(self.next_id);
        self.put(id, given, now, now, 0);
        self.witnessed.insert(id);
        id
    }

    /// Stores a new webhook under an id that none has, and returns it complete.
    pub(super) fn create(
        &mut self,
        id: u64,
        mut draft: Object,
        now: &str,
        hidden_reads: usize,
    ) -> Object {
        strip(&mut draft);
        self.put(id, draft, now, now, hidden_reads)
    }

    /// Replaces the webhook with this id: removes what the draft lacks, keeps the creation date.
    pub(super) fn replace(&mut self, id: u64, mut draft: Object, now: &str) -> Object {
        let created = self
            .object(id)
            .and_then(|old| old.text("created_at"))
            .unwrap_or_else(|| now.to_owned());
        strip(&mut draft);
        self.put(id, draft, &created, now, 0)
    }

    /// The number of the next list read, counted from 1.
    pub(super) fn next_list(&self) -> usize {
        self.n_lists + 1
    }

    /// What `replace` would return; the webhook stays as it is.
    pub(super) fn replaced(&mut self, id: u64, draft: Object, now: &str) -> Object {
        let old = self.webhooks.get(&id).cloned();
        let shown = self.replace(id, draft, now);
        self.webhooks.extend(old.map(|old| (id, old)));
        shown
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        let is_removed = self.webhooks.remove(&id).is_some();
        if is_removed {
            self.freed_ids.insert(id);
        }
        is_removed
    }

    pub(super) fn contains(&self, id: u64) -> bool {
        self.webhooks.contains_key(&id)
    }

    pub(super) fn get(&self, id: u64) -> Option<&RawValue> {
        self.webhooks.get(&id).map(|webhook| webhook.text.as_ref())
    }

    pub(super) fn object(&self, id: u64) -> Option<Object> {
        Object::parse(self.get(id)?.get()).ok()
    }

    /// The id of the webhook with this alias and type.
    pub(super) fn find_by_alias(&self, alias: &str, type_id: u64) -> Option<u64> {
        self.webhooks
            .iter()
            .find(|(_, webhook)| {
                webhook.type_id == Some(type_id) && webhook.alias.as_deref() == Some(alias)
            })
            .map(|(&id, _)| id)
    }

    /// All webhooks, hidden or not, by ascending id.
    pub(super) fn all(&self) -> impl Iterator<Item = &RawValue> {
        self.webhooks.values().map(|webhook| webhook.text.as_ref())
    }

    /// The webhooks that one list read shows; each read counts down `hidden_reads` of the others.
    pub(super) fn list_visible(&mut self) -> Vec<&RawValue> {
        self.n_lists += 1;
        self.last_list.clear();
        let mut visible = Vec::new();
        for (id, webhook) in &mut self.webhooks {
            if webhook.hidden_reads == 0 {
                self.last_list.push(*id);
                visible.push(webhook.text.as_ref());
            }
            webhook.hidden_reads = webhook.hidden_reads.saturating_sub(1);
        }
        visible
    }

    /// Notes that the last list ended after this many webhooks.
    pub(super) fn cut_last_list(&mut self, n: usize) {
        self.last_list.truncate(n);
    }

    /// The webhook's id in the newer API.
    pub(super) fn uuid(&self, id: u64) -> String {
        format!("{:08x}-0000-4000-8000-{id:012x}", self.company_id)
    }

    /// Notes that the newer API has shown every webhook; returns the ids that it showed for the first time.
    pub(super) fn witness_all(&mut self) -> BTreeSet<u64> {
        let all: BTreeSet<u64> = self.webhooks.keys().copied().collect();
        let new = &all - &self.witnessed;
        self.witnessed = all;
        new
    }

    /// Whether this is the first question for the webhook with this id, and the last list did not show it.
    pub(super) fn is_first_question(&mut self, id: u64) -> bool {
        self.last_list.binary_search(&id).is_err() && self.asked_unlisted.insert(id)
    }

    fn put(
        &mut self,
        id: u64,
        given: Object,
        created: &str,
        updated: &str,
        hidden_reads: usize,
    ) -> Object {
        let whole = self.complete(id, given, created, updated);
        let webhook = StoredWebhook {
            text: to_raw(&whole),
            alias: whole.text("alias"),
            type_id: type_id(&whole),
            hidden_reads,
        };
        self.webhooks.insert(id, webhook);
        self.freed_ids.remove(&id);
        self.next_id = self.next_id.max(id.saturating_add(1));
        whole
    }

    fn complete(&self, id: u64, mut given: Object, created: &str, updated: &str) -> Object {
        let type_id = type_id(&given);
        let mut whole = Object::default();
        for name in LIST_ORDER {
            let value = given.take(name).or_else(|| match name {
                "company_id" => Some(to_raw(&self.company_id)),
                "created_at" => Some(to_raw(created)),
                "id" => Some(to_raw(&id)),
                "integrationTypeId" => type_id.map(|type_id| to_raw(&type_id)),
                "updated_at" => Some(to_raw(updated)),
                _ => None,
            });
            if let Some(value) = value {
                whole.push(name, value);
            }
        }
        whole.append(given);
        whole
    }
}

/// The type id from the first of the three places that states it.
pub(super) fn type_id(object: &Object) -> Option<u64> {
    object
        .number("integration_type_id")
        .or_else(|| object.number("integrationTypeId"))
        .or_else(|| {
            Object::parse(object.get("integration_type")?.get())
                .ok()?
                .number("id")
        })
}

fn strip(draft: &mut Object) {
    for name in SERVER_OWNED {
        draft.take(name);
    }
}
