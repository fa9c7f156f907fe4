//! Third stage: what must differ in the target is changed; today nothing is, every webhook passes as it is.
//! Pure. Only what this stage has passed can be planned and sent.

use super::strip::{Blocked, Key, Stripped, StrippedWebhook};
use crate::coralogix::content::Content;
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};

/// Webhooks as they are wanted in the target, in the source's order; made by [`rewrite`] only.
#[derive(Debug)]
pub struct Portable {
    webhooks: Vec<PortableWebhook>,
}

impl Portable {
    /// The wanted webhooks, in the source's order.
    pub fn webhooks(&self) -> &[PortableWebhook] {
        &self.webhooks
    }
}

/// One webhook as it is wanted in the target.
#[derive(Debug, Clone)]
pub struct PortableWebhook(StrippedWebhook);

impl PortableWebhook {
    /// The number it has in the source.
    pub fn source_id(&self) -> Option<&WebhookId> {
        self.0.id()
    }

    /// Its name in the target.
    pub fn alias(&self) -> &str {
        self.0.alias()
    }

    /// Its type, where it has exactly one.
    pub fn type_id(&self) -> Option<TypeId> {
        self.0.type_id()
    }

    /// Why it cannot be sent, if it cannot.
    pub fn blocked(&self) -> Option<Blocked> {
        self.0.blocked()
    }

    /// What it is matched by; `None` without a type.
    pub fn key(&self) -> Option<Key> {
        self.0.key()
    }

    /// What it is compared by; `None` without a type.
    pub fn content(&self) -> Option<Content> {
        self.0.content()
    }

    /// The object to send.
    pub fn bare(&self) -> &Webhook {
        self.0.bare()
    }

    /// Whether `integration_type` was filled in from the documented table.
    pub fn is_type_filled(&self) -> bool {
        self.0.is_type_filled()
    }
}

/// Passes every webhook as it is, and blocks those whose secrets the source did not show.
pub fn rewrite(stripped: Stripped) -> Portable {
    let pass = |mut webhook: StrippedWebhook| {
        if webhook.blocked.is_none() && webhook.bare.has_masked_secret() {
            webhook.blocked = Some(Blocked::MaskedSecret);
        }
        PortableWebhook(webhook)
    };
    Portable {
        webhooks: stripped.into_webhooks().into_iter().map(pass).collect(),
    }
}
