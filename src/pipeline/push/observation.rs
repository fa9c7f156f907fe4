//! Observations: what one reading of the target shows, reduced to what the rest of a run needs.
//! Pure. Keeps a webhook's body only if the run may have written it and it differs from the desired content,
//! so that memory never has to hold the whole list.

use crate::coralogix::content::{self, Content, Fingerprint};
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::content_cache::{CachedContent, ContentCache};
use crate::pipeline::strip::{Key, bare};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// One webhook of the target as a list or a response shows it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub(super) id: WebhookId,
    pub(super) key: Option<Key>,
    pub(super) content: Option<Content>,
    pub(super) created_at: Option<Timestamp>,
    /// For reports and the run record only; no decision of a push depends on it.
    pub(super) beyond: Beyond,
}

/// What reports and the run record need of a webhook when the run is over.
#[derive(Debug, Clone, Default)]
pub(super) struct Beyond {
    shown: Option<Fingerprint>,
    differing: Option<Box<Webhook>>,
}

impl Seen {
    /// Extracts what decisions need. Returns `None` for a webhook without an id, which cannot be identified.
    pub(super) fn of(webhook: &Webhook, known: &ContentCache<'_>) -> Option<Self> {
        Self::like(webhook, known.likely(webhook))
    }

    fn like(webhook: &Webhook, likely: Option<CachedContent<'_>>) -> Option<Self> {
        let id = webhook.id()?;
        let same = likely.filter(|likely| likely.is_spelled_as(webhook));
        let (key, content) = match same {
            Some(same) => {
                let key = |type_id| Key {
                    alias: same.alias.clone(),
                    type_id,
                };
                (same.type_id.map(key), same.content)
            }
            None => read(webhook),
        };
        let created_at = webhook.text_of("created_at");
        Some(Self {
            id,
            key,
            content,
            created_at: created_at.and_then(|text| text.parse().ok()),
            beyond: Beyond::default(),
        })
    }

    /// Adds the details for reports and the run record.
    fn looked_at(self, webhook: &Webhook, likely: Option<CachedContent<'_>>) -> Self {
        let is_wanted =
            self.content.is_some() && likely.is_some_and(|likely| likely.content == self.content);
        let beyond = Beyond {
            shown: Some(content::shown(webhook, self.content)),
            differing: (!is_wanted).then(|| Box::new(bare(webhook).alone())),
        };
        Self { beyond, ..self }
    }

    /// Its id in the target.
    pub fn id(&self) -> &WebhookId {
        &self.id
    }

    /// The content that comparisons use; `None` if its type id is missing or contradictory.
    pub fn content(&self) -> Option<Content> {
        self.content
    }

    /// Digest of everything the target showed of it, dates included.
    ///
    /// `None` if the run cannot have written it.
    pub fn shown(&self) -> Option<Fingerprint> {
        self.beyond.shown
    }

    /// The object without the keys that the server owns.
    ///
    /// `None` if the run cannot have written it, or if a desired webhook with its alias has the same content.
    pub fn differing(&self) -> Option<&Webhook> {
        self.beyond.differing.as_deref()
    }
}

fn read(webhook: &Webhook) -> (Option<Key>, Option<Content>) {
    let Ok(type_id) = webhook.type_id() else {
        return (None, None);
    };
    let alias = webhook.alias().unwrap_or_default().into();
    let content = Content::of(webhook, type_id);
    (Some(Key { alias, type_id }), Some(content))
}

/// One reading of the target.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    pub(super) seen: Vec<Seen>,
    pub(super) companies: BTreeSet<String>,
}

impl Observation {
    /// Extracts what decisions need from the webhooks, without the details for reports and the run record.
    pub fn of(webhooks: &[Webhook]) -> Self {
        let known = ContentCache::default();
        let seen = webhooks.iter();
        Self {
            seen: seen
                .filter_map(|webhook| Seen::of(webhook, &known))
                .collect(),
            companies: BTreeSet::new(),
        }
    }

    /// Adds the next part of the list.
    ///
    /// `content_cache` saves digesting the many webhooks that have the same bytes as a desired one. Only
    /// webhooks that the run may have written, according to `may_be_written`, keep more than decisions need,
    /// so that a large account costs little memory if the run writes little to it.
    pub fn add(
        &mut self,
        webhooks: &[Webhook],
        known: &ContentCache<'_>,
        may_be_written: impl Fn(&WebhookId) -> bool,
    ) {
        for webhook in webhooks {
            let likely = known.likely(webhook);
            let seen = Seen::like(webhook, likely).map(|seen| {
                if may_be_written(&seen.id) {
                    seen.looked_at(webhook, likely)
                } else {
                    seen
                }
            });
            self.seen.extend(seen);
            if let Some(company) = webhook.company_id()
                && !self.companies.contains(company.as_ref())
            {
                self.companies.insert(company.into_owned());
            }
        }
    }

    /// The webhooks that have an id, in the order of the list.
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// The company id that all webhooks share; `None` if they disagree or carry none.
    pub fn company(&self) -> Option<&str> {
        let mut ids = self.companies.iter();
        ids.next()
            .filter(|_| ids.next().is_none())
            .map(String::as_str)
    }
}
