//! A cache of content digests, so that a webhook that equals a desired one is not digested again.
//! Pure. Exact: it takes contents as equal only if the bytes and the type are the same.

use super::strip::StrippedWebhook;
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::Webhook;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The desired webhooks, whose contents were digested already, indexed by the raw JSON of their alias.
#[derive(Default)]
pub struct ContentCache<'k> {
    /// If several webhooks share an alias, the last one.
    by_alias: HashMap<&'k str, &'k StrippedWebhook, RandomState>,
    state_keys: StateKeys,
}

impl<'k> ContentCache<'k> {
    /// A cache of these webhooks; `state_keys` do not count when a webhook is compared with one of them.
    pub(super) fn new(
        webhooks: impl Iterator<Item = &'k StrippedWebhook>,
        state_keys: StateKeys,
    ) -> Self {
        let by_alias =
            |webhook: &'k StrippedWebhook| Some((webhook.bare().raw(KnownKey::Alias)?, webhook));
        Self {
            by_alias: webhooks.filter_map(by_alias).collect(),
            state_keys,
        }
    }

    /// Which undocumented members do not count when a webhook is compared with a desired one.
    pub(super) fn state_keys(&self) -> &StateKeys {
        &self.state_keys
    }

    /// The desired webhook with the same alias; the caller still has to compare the bytes.
    pub(super) fn candidate(&self, webhook: &Webhook) -> Option<&'k StrippedWebhook> {
        self.by_alias.get(webhook.raw(KnownKey::Alias)?).copied()
    }
}

/// Whether another webhook with the alias of a desired one has the same bytes as url and fields, and the same type.
pub(super) fn has_same_bytes_and_type(desired: &StrippedWebhook, webhook: &Webhook) -> bool {
    let is_same = |key| desired.bare().raw(key) == webhook.raw(key);
    is_same(KnownKey::Fields) && is_same(KnownKey::Url) && has_same_type(desired, webhook)
}

fn has_same_type(desired: &StrippedWebhook, webhook: &Webhook) -> bool {
    const TYPE_KEYS: [KnownKey; 3] = [
        KnownKey::TypeId,
        KnownKey::TypeIdInCamelCase,
        KnownKey::Type,
    ];
    let is_same = |key: &KnownKey| desired.original().raw(*key) == webhook.raw(*key);
    TYPE_KEYS.iter().all(is_same)
        || desired.type_id().is_some() && webhook.type_id().ok() == desired.type_id()
}
