//! A cache of content digests, so that a webhook that equals a desired one is not digested again.
//! Pure. Exact: it takes contents as equal only if the bytes and the type are the same.

use super::rewrite::PortableWebhook;
use super::strip::StrippedWebhook;
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::Webhook;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::OnceLock;

/// The desired webhooks, whose contents were digested already, indexed by the raw JSON of their alias.
#[derive(Default)]
pub struct ContentCache<'k> {
    desired: &'k [PortableWebhook],
    /// If several webhooks share an alias, the last one. Built on first use: a target is often empty.
    by_alias: OnceLock<HashMap<&'k str, &'k StrippedWebhook, RandomState>>,
    state_keys: StateKeys,
}

impl<'k> ContentCache<'k> {
    /// A cache of these webhooks; `state_keys` do not count when a webhook is compared with one of them.
    pub(super) fn new(desired: &'k [PortableWebhook], state_keys: StateKeys) -> Self {
        Self {
            desired,
            by_alias: OnceLock::new(),
            state_keys,
        }
    }

    /// Which undocumented members do not count when a webhook is compared with a desired one.
    pub(super) fn state_keys(&self) -> &StateKeys {
        &self.state_keys
    }

    /// The desired webhook with the same alias; the caller still has to compare the bytes.
    pub(super) fn candidate(&self, webhook: &Webhook) -> Option<&'k StrippedWebhook> {
        let alias = webhook.raw(KnownKey::Alias)?;
        let desired = self.desired.iter().map(|desired| &desired.webhook);
        let by_alias =
            |desired: &'k StrippedWebhook| Some((desired.bare().raw(KnownKey::Alias)?, desired));
        let table = || desired.filter_map(by_alias).collect();
        self.by_alias.get_or_init(table).get(alias).copied()
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
