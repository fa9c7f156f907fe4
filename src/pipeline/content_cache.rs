//! What known webhooks say about others that look the same, so that equal text is not digested twice.
//! Pure. Never guesses: only equal bytes and an equal type are equal content.

use crate::coralogix::content::{Content, Form};
use crate::coralogix::webhook::{TypeId, Webhook};
use smol_str::SmolStr;
use std::collections::HashMap;

/// A webhook whose content is known already.
#[derive(Clone, Copy)]
pub struct CachedContent<'k> {
    /// As it was read.
    pub(super) given: &'k Webhook,
    /// As it is sent.
    pub(super) bare: &'k Webhook,
    pub(super) alias: &'k SmolStr,
    pub(super) type_id: Option<TypeId>,
    pub(super) content: Option<Content>,
    pub(super) form: Option<Form>,
}

/// Known webhooks, found by the text of their alias.
#[derive(Default)]
pub struct ContentCache<'k> {
    /// Of several with one alias, the last.
    known: HashMap<&'k str, CachedContent<'k>>,
}

impl<'k> FromIterator<CachedContent<'k>> for ContentCache<'k> {
    fn from_iter<I: IntoIterator<Item = CachedContent<'k>>>(known: I) -> Self {
        let by_alias = |cached: CachedContent<'k>| Some((cached.bare.raw("alias")?, cached));
        Self {
            known: known.into_iter().filter_map(by_alias).collect(),
        }
    }
}

impl<'k> ContentCache<'k> {
    /// The known webhook that this one probably equals, judged by its alias.
    pub(super) fn likely(&self, webhook: &Webhook) -> Option<CachedContent<'k>> {
        self.known.get(webhook.raw("alias")?).copied()
    }
}

impl CachedContent<'_> {
    /// Whether another webhook of this alias has the same type, and its url and fields are spelled the same.
    pub(super) fn is_spelled_as(&self, webhook: &Webhook) -> bool {
        let is_same = |key| self.bare.raw(key) == webhook.raw(key);
        is_same("integration_type_fields") && is_same("url") && self.is_typed_as(webhook)
    }

    fn is_typed_as(&self, webhook: &Webhook) -> bool {
        const TYPE: [&str; 3] = [
            "integration_type_id",
            "integrationTypeId",
            "integration_type",
        ];
        let is_same = |key: &&str| self.given.raw(key) == webhook.raw(key);
        TYPE.iter().all(is_same) || self.type_id.is_some() && webhook.type_id().ok() == self.type_id
    }
}
