//! A cache of content digests, so that a webhook that equals a desired one is not digested again.
//! Pure. Exact: it takes contents as equal only if the bytes and the type are the same.

use crate::coralogix::content::{Content, FieldsShape};
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::{TypeId, Webhook};
use smol_str::SmolStr;
use std::collections::HashMap;

/// A webhook whose content was digested already.
#[derive(Clone, Copy)]
pub struct CachedContent<'k> {
    /// As it was read.
    pub(super) given: &'k Webhook,
    /// As it is sent.
    pub(super) bare: &'k Webhook,
    pub(super) alias: &'k SmolStr,
    pub(super) type_id: Option<TypeId>,
    pub(super) content: Option<Content>,
    pub(super) fields_shape: Option<FieldsShape>,
}

/// The desired webhooks with their digests, indexed by the raw JSON of their alias.
#[derive(Default)]
pub struct ContentCache<'k> {
    /// If several webhooks share an alias, the last one.
    by_alias: HashMap<&'k str, CachedContent<'k>>,
    state_keys: StateKeys,
}

impl<'k> FromIterator<CachedContent<'k>> for ContentCache<'k> {
    fn from_iter<I: IntoIterator<Item = CachedContent<'k>>>(webhooks: I) -> Self {
        let by_alias =
            |cached: CachedContent<'k>| Some((cached.bare.raw(KnownKey::Alias)?, cached));
        Self {
            by_alias: webhooks.into_iter().filter_map(by_alias).collect(),
            state_keys: StateKeys::default(),
        }
    }
}

impl<'k> ContentCache<'k> {
    /// Sets which undocumented members do not count when a webhook is compared with a desired one.
    pub(super) fn with_state_keys(self, state_keys: StateKeys) -> Self {
        Self { state_keys, ..self }
    }

    /// Which undocumented members do not count when a webhook is compared with a desired one.
    pub(super) fn state_keys(&self) -> &StateKeys {
        &self.state_keys
    }

    /// The cached webhook with the same alias; the caller still has to compare the bytes.
    pub(super) fn candidate(&self, webhook: &Webhook) -> Option<CachedContent<'k>> {
        self.by_alias.get(webhook.raw(KnownKey::Alias)?).copied()
    }
}

impl CachedContent<'_> {
    /// Whether another webhook with this alias has the same bytes as url and fields, and the same type.
    pub(super) fn has_same_bytes_and_type(&self, webhook: &Webhook) -> bool {
        let is_same = |key| self.bare.raw(key) == webhook.raw(key);
        is_same(KnownKey::Fields) && is_same(KnownKey::Url) && self.has_same_type(webhook)
    }

    fn has_same_type(&self, webhook: &Webhook) -> bool {
        const TYPE_KEYS: [KnownKey; 3] = [
            KnownKey::TypeId,
            KnownKey::TypeIdInCamelCase,
            KnownKey::Type,
        ];
        let is_same = |key: &KnownKey| self.given.raw(*key) == webhook.raw(*key);
        TYPE_KEYS.iter().all(is_same)
            || self.type_id.is_some() && webhook.type_id().ok() == self.type_id
    }
}
