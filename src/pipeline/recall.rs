//! What webhooks that are known already say about others that look the same, so that nothing is digested twice.
//! Pure. Never guesses: only the same bytes and the same type are the same content.

use super::rewrite::Portable;
use super::strip::StrippedWebhook;
use crate::coralogix::webhook::Webhook;
use std::collections::HashMap;

/// Known webhooks, found by the text of their alias.
#[derive(Default)]
pub struct Recall<'k> {
    /// Of several with one alias, the last.
    known: HashMap<&'k str, &'k StrippedWebhook>,
}

impl<'k> Recall<'k> {
    /// Knows the wanted webhooks: what the target has, or is given, is probably one of them.
    pub fn of(wanted: &'k Portable) -> Self {
        let wanted = wanted.webhooks().iter().map(|webhook| &webhook.webhook);
        let by_alias = |webhook: &'k StrippedWebhook| Some((webhook.bare.raw("alias")?, webhook));
        Self {
            known: wanted.filter_map(by_alias).collect(),
        }
    }

    /// The known webhook that this one probably is, as its alias tells.
    pub(super) fn likely(&self, webhook: &Webhook) -> Option<&'k StrippedWebhook> {
        self.known.get(webhook.raw("alias")?).copied()
    }
}

impl StrippedWebhook {
    /// Whether another webhook of this alias is written as this one in url and fields, and is of the same type.
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
