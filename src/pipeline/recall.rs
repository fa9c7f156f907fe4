//! A cache of content digests, so that a webhook that equals a desired one is not digested again.
//! Pure. Exact: it takes contents as equal only if the bytes and the type are the same.

use super::rewrite::Portable;
use super::strip::StrippedWebhook;
use crate::coralogix::webhook::Webhook;
use std::collections::HashMap;

/// The desired webhooks with their digests, indexed by the raw JSON of their alias.
#[derive(Default)]
pub struct Recall<'k> {
    /// If several webhooks share an alias, the last one.
    known: HashMap<&'k str, &'k StrippedWebhook>,
}

impl<'k> Recall<'k> {
    /// Fills the cache with the desired webhooks: most of what the target holds or receives equals one of them.
    pub fn of(wanted: &'k Portable) -> Self {
        let wanted = wanted.webhooks().iter().map(|webhook| &webhook.webhook);
        let by_alias = |webhook: &'k StrippedWebhook| Some((webhook.bare.raw("alias")?, webhook));
        Self {
            known: wanted.filter_map(by_alias).collect(),
        }
    }

    /// The cached webhook with the same alias; the caller still has to compare the bytes.
    pub(super) fn likely(&self, webhook: &Webhook) -> Option<&'k StrippedWebhook> {
        self.known.get(webhook.raw("alias")?).copied()
    }
}

impl StrippedWebhook {
    /// Whether another webhook with this alias has the same bytes as url and fields, and the same type.
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
