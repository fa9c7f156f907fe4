//! What one look at the target shows, as little of each webhook as the rest of a run needs.
//! Pure. Keeps the body of a webhook only where the run may have written it and it is not what is wanted,
//! so that nobody needs room for the whole list.

use crate::coralogix::content::{self, Content, Fingerprint};
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::content_cache::{CachedContent, ContentCache};
use crate::pipeline::strip::{Key, bare};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A webhook as it was seen in the target.
#[derive(Debug, Clone)]
pub struct Seen {
    pub(super) id: WebhookId,
    pub(super) key: Option<Key>,
    pub(super) content: Option<Content>,
    pub(super) created_at: Option<Timestamp>,
    /// By which no push decides anything.
    pub(super) beyond: Beyond,
}

/// What is said and recorded of a webhook when the run is over.
#[derive(Debug, Clone, Default)]
pub(super) struct Beyond {
    shown: Option<Fingerprint>,
    differing: Option<Box<Webhook>>,
}

impl Seen {
    /// What decisions need of one webhook; `None` for one without an id, which nothing can be said about.
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

    /// The same, with what is said and recorded of it at the end.
    fn looked_at(self, webhook: &Webhook, likely: Option<CachedContent<'_>>) -> Self {
        let is_wanted =
            self.content.is_some() && likely.is_some_and(|likely| likely.content == self.content);
        let beyond = Beyond {
            shown: Some(content::shown(webhook, self.content)),
            differing: (!is_wanted).then(|| Box::new(bare(webhook).alone())),
        };
        Self { beyond, ..self }
    }

    /// The number that it has in the target.
    pub fn id(&self) -> &WebhookId {
        &self.id
    }

    /// What it is compared by; `None` without a type.
    pub fn content(&self) -> Option<Content> {
        self.content
    }

    /// Everything that the target showed of it, dates included; `None` where the run cannot have written it.
    pub fn shown(&self) -> Option<Fingerprint> {
        self.beyond.shown
    }

    /// The object without what the server owns.
    ///
    /// `None` where the run cannot have written it, and where its content is wanted: of it or of another of its alias.
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

/// Everything that one look at the target showed.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    pub(super) seen: Vec<Seen>,
    pub(super) companies: BTreeSet<String>,
}

impl Observation {
    /// What these webhooks show of all that decisions need, and nothing that is said or recorded afterwards.
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

    /// Adds what the next part of the list shows.
    ///
    /// Many webhooks probably look like the known ones. Only of those that the run may have written is more kept than
    /// decisions need, so that a large account costs little where little is written into it.
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

    /// The company id that all webhooks agree on; `None` where they do not, or carry none.
    pub fn company(&self) -> Option<&str> {
        let mut ids = self.companies.iter();
        ids.next()
            .filter(|_| ids.next().is_none())
            .map(String::as_str)
    }
}
