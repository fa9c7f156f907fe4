//! What one look at the target shows, as little of each webhook as the rest of a run needs.
//! Pure. Keeps the body of a webhook only where it is not what is wanted, so that nobody needs room for the whole list.

use crate::coralogix::content::{self, Content, Fingerprint};
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::recall::Recall;
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
    /// By which nothing is decided.
    pub(super) beyond: Beyond,
}

/// What is said and recorded of a webhook when the run is over.
#[derive(Debug, Clone, Default)]
pub(super) struct Beyond {
    shown: Option<Fingerprint>,
    differing: Option<Box<Webhook>>,
}

impl Seen {
    /// What an answer tells of one webhook; `None` for one without an id, which nothing can be said about.
    pub(super) fn of(webhook: &Webhook, known: &Recall<'_>) -> Option<Self> {
        Self::with(webhook, known, |_, _| Beyond::default())
    }

    /// What a look notes of one webhook: the same, and what is beyond any decision.
    fn looked_at(webhook: &Webhook, known: &Recall<'_>) -> Option<Self> {
        Self::with(webhook, known, |content, is_wanted| Beyond {
            shown: Some(content::shown(webhook, content)),
            // Where nothing is wanted, nobody asks what differs.
            differing: (!is_wanted && !known.is_empty()).then(|| Box::new(bare(webhook).alone())),
        })
    }

    fn with(
        webhook: &Webhook,
        known: &Recall<'_>,
        beyond: impl FnOnce(Option<Content>, bool) -> Beyond,
    ) -> Option<Self> {
        let id = webhook.id()?;
        let likely = known.likely(webhook);
        let same = likely.filter(|likely| likely.is_spelled_as(webhook));
        let (key, content) = match same {
            Some(same) => (same.key(), same.content()),
            None => read(webhook),
        };
        let is_wanted =
            content.is_some() && likely.is_some_and(|likely| likely.content() == content);
        let created_at = webhook.text_of("created_at");
        Some(Self {
            id,
            key,
            content,
            created_at: created_at.and_then(|text| text.parse().ok()),
            beyond: beyond(content, is_wanted),
        })
    }

    /// The number that it has in the target.
    pub fn id(&self) -> &WebhookId {
        &self.id
    }

    /// What it is compared by; `None` without a type.
    pub fn content(&self) -> Option<Content> {
        self.content
    }

    /// Everything that the target showed of it, dates included.
    pub fn shown(&self) -> Option<Fingerprint> {
        self.beyond.shown
    }

    /// The object without what the server owns; `None` where its content is what is wanted.
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
    /// What these webhooks show, where many of them probably look like known ones.
    pub fn of(webhooks: &[Webhook], known: &Recall<'_>) -> Self {
        let mut observation = Self::default();
        observation.add(webhooks, known);
        observation
    }

    /// Adds what the next part of the list shows.
    pub(super) fn add(&mut self, webhooks: &[Webhook], known: &Recall<'_>) {
        for webhook in webhooks {
            self.seen.extend(Seen::looked_at(webhook, known));
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
