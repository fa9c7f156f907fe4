//! Observations: what one reading of the target shows, reduced to what the rest of a run needs.
//! Pure. Keeps a webhook's body only if the run may have written it and it differs from the desired content,
//! so that memory never has to hold the whole list.

use super::resemblance::fingerprint_url_of;
use crate::coralogix::birth::{Birth, Identity};
use crate::coralogix::content::{self, Content, Fingerprint, FullDigest};
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use crate::pipeline::content_cache::{ContentCache, has_same_bytes_and_type};
use crate::pipeline::plan::unkept_differences;
use crate::pipeline::strip::{Key, StrippedWebhook, without_server_keys};
use foldhash::HashMap;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;

/// One webhook of the target as a list or a response shows it.
#[derive(Debug, Clone)]
pub struct SeenWebhook {
    pub(super) id: WebhookId,
    pub(super) key: Option<Key>,
    pub(super) content: Option<Content>,
    /// Of its url; `None` if the run cannot have written it, or if its content is as desired.
    pub(super) url: Option<Fingerprint>,
    /// What tells it from an earlier webhook with its id.
    pub(super) identity: Identity,
    /// For reports and the run record; of the decisions, only those about deletes and restores depend on it.
    pub(super) details: ReportDetails,
}

/// What reports and the run record need of a webhook when the run is over.
#[derive(Debug, Clone, Default)]
pub(super) struct ReportDetails {
    full_digest: Option<FullDigest>,
    differing_body: Option<Box<Webhook>>,
}

impl SeenWebhook {
    /// Extracts what decisions need. Returns `None` for a webhook without an id, which cannot be identified.
    pub(super) fn from_webhook(webhook: &Webhook, cache: &ContentCache<'_>) -> Option<Self> {
        Self::from_webhook_with_cached(webhook, cache.candidate(webhook))
    }

    fn from_webhook_with_cached(
        webhook: &Webhook,
        likely: Option<&StrippedWebhook>,
    ) -> Option<Self> {
        let id = webhook.id()?;
        let same = likely.filter(|desired| has_same_bytes_and_type(desired, webhook));
        let (type_id, key, content) = if let Some(desired) = same {
            (desired.type_id(), desired.key(), desired.content())
        } else {
            let type_id = webhook.type_id().ok();
            let known = type_id.map(|type_id| key_and_content(webhook, type_id));
            let (key, content) = known.unzip();
            (type_id, key.flatten(), content)
        };
        Some(Self {
            id,
            key,
            content,
            url: None,
            identity: Identity::of_type(webhook, type_id),
            details: ReportDetails::default(),
        })
    }

    /// Adds the details for reports and the run record, and what tells an altered webhook of ours from others.
    fn with_details(
        self,
        webhook: &Webhook,
        likely: Option<&StrippedWebhook>,
        state_keys: &StateKeys,
    ) -> Self {
        let is_desired = self.content.is_some()
            && likely.is_some_and(|desired| {
                desired.content() == self.content
                    && unkept_differences(desired.bare(), webhook, state_keys).is_empty()
            });
        let details = ReportDetails {
            full_digest: Some(content::full_digest(webhook, self.content, state_keys)),
            differing_body: (!is_desired)
                .then(|| Box::new(without_server_keys(webhook).to_standalone())),
        };
        Self {
            url: (!is_desired).then(|| fingerprint_url_of(webhook)),
            details,
            ..self
        }
    }

    /// Its id in the target.
    pub fn id(&self) -> &WebhookId {
        &self.id
    }

    /// Its alias and type; `None` if its type id is missing or contradictory.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// When it was created, if the target shows that.
    pub fn birth(&self) -> Option<Birth> {
        self.identity.birth()
    }

    /// The content that comparisons use; `None` if its type id is missing or contradictory.
    pub fn content(&self) -> Option<Content> {
        self.content
    }

    /// Digest of everything the target showed of it, dates included.
    ///
    /// `None` if the run cannot have written it.
    pub fn full_digest(&self) -> Option<&FullDigest> {
        self.details.full_digest.as_ref()
    }

    /// The object without the keys that the server owns.
    ///
    /// `None` if the run cannot have written it, or if a desired webhook with its alias has the same content and no
    /// undocumented member that this one did not keep.
    pub fn differing_body(&self) -> Option<&Webhook> {
        self.details.differing_body.as_deref()
    }
}

fn key_and_content(webhook: &Webhook, type_id: TypeId) -> (Option<Key>, Content) {
    let alias = webhook.alias().unwrap_or_default().into();
    let content = Content::from_webhook(webhook, type_id);
    let key = (!webhook.has_odd_alias()).then_some(Key { alias, type_id });
    (key, content)
}

/// The rows of a list, found by their ids, of which a list has each once.
///
/// Mostly they are asked for in their own order, so that no table is needed: each lookup in a large one waits for memory.
pub struct RowsById<'l> {
    list: &'l [SeenWebhook],
    /// The index behind the row that was found last.
    next: Cell<usize>,
    /// The index of each row; built when the next row is not the one that is asked for.
    table: OnceCell<HashMap<&'l WebhookId, usize>>,
}

impl<'l> RowsById<'l> {
    pub(super) fn new(list: &'l [SeenWebhook]) -> Self {
        Self {
            list,
            next: Cell::new(0),
            table: OnceCell::new(),
        }
    }

    /// The row with that id.
    pub fn get(&self, id: &WebhookId) -> Option<&'l SeenWebhook> {
        let next = self.next.get();
        let is_next = self.list.get(next).is_some_and(|seen| seen.id == *id);
        let found = if is_next {
            next
        } else {
            let rows = self.list.iter().enumerate();
            let ix_by_id = || rows.map(|(ix, seen)| (&seen.id, ix)).collect();
            *self.table.get_or_init(ix_by_id).get(id)?
        };
        self.next.set(found + 1);
        Some(&self.list[found])
    }
}

/// One reading of the target.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    pub(super) webhooks: Vec<SeenWebhook>,
    pub(super) company_ids: BTreeSet<String>,
}

impl Observation {
    /// Extracts what decisions need from the webhooks, without the details for reports and the run record.
    pub fn from_webhooks(webhooks: &[Webhook]) -> Self {
        let cache = ContentCache::default();
        let seen = |webhook: &Webhook| {
            Some(SeenWebhook {
                url: Some(fingerprint_url_of(webhook)),
                ..SeenWebhook::from_webhook(webhook, &cache)?
            })
        };
        Self {
            webhooks: webhooks.iter().filter_map(seen).collect(),
            company_ids: BTreeSet::new(),
        }
    }

    /// Makes room for a list of so many webhooks.
    pub(super) fn expect(&mut self, n: usize) {
        self.webhooks.reserve(n.saturating_sub(self.webhooks.len()));
    }

    /// Adds the next part of the list.
    ///
    /// `cache` saves digesting the many webhooks that have the same bytes as a desired one. Only
    /// webhooks that the run may have written, according to `may_be_written`, keep more than decisions need,
    /// so that a large account costs little memory if the run writes little to it.
    pub fn add(
        &mut self,
        webhooks: &[Webhook],
        cache: &ContentCache<'_>,
        may_be_written: impl Fn(&SeenWebhook) -> bool,
    ) {
        for webhook in webhooks {
            let cached = cache.candidate(webhook);
            let seen = SeenWebhook::from_webhook_with_cached(webhook, cached).map(|seen| {
                if may_be_written(&seen) {
                    seen.with_details(webhook, cached, cache.state_keys())
                } else {
                    seen
                }
            });
            self.webhooks.extend(seen);
            if let Some(company_id) = webhook.company_id()
                && !self.company_ids.contains(company_id.as_ref())
            {
                self.company_ids.insert(company_id.into_owned());
            }
        }
    }

    /// The webhooks that have an id, found by it.
    pub fn by_id(&self) -> RowsById<'_> {
        RowsById::new(&self.webhooks)
    }

    /// The webhooks that have an id, in the order of the list.
    pub fn webhooks(&self) -> &[SeenWebhook] {
        &self.webhooks
    }

    /// The company id that all webhooks share; `None` if they disagree or carry none.
    pub fn common_company_id(&self) -> Option<&str> {
        let mut ids = self.company_ids.iter();
        ids.next()
            .filter(|_| ids.next().is_none())
            .map(String::as_str)
    }
}
