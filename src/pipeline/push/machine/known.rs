//! Webhooks of the target that a push knows already, by id and identity.
//! Pure. A server may give the id of a webhook that somebody deleted to the next one that it creates.

use super::super::observation::SeenWebhook;
use crate::coralogix::birth::{Identity, IdentityMatch};
use crate::coralogix::webhook::WebhookId;
use foldhash::HashMap;

/// Webhooks of the target, at most one for each id.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct KnownWebhooks(HashMap<WebhookId, Identity>);

impl KnownWebhooks {
    /// How a row compares with the webhook that has its id; `None` if there is none.
    pub(in super::super) fn compare(&self, seen: &SeenWebhook) -> Option<IdentityMatch> {
        let known = self.0.get(&seen.id)?;
        Some(known.compare(&seen.identity))
    }

    /// Whether a row shows one of these webhooks, or may show it.
    pub(in super::super) fn may_hold(&self, seen: &SeenWebhook) -> bool {
        !matches!(self.compare(seen), None | Some(IdentityMatch::Another))
    }

    /// Whether a row shows that the webhook with its id is gone, and that the id belongs to another one now.
    pub(in super::super) fn is_replaced(&self, seen: &SeenWebhook) -> bool {
        self.compare(seen) == Some(IdentityMatch::Another)
    }

    /// Adds the webhook of a row, in place of an earlier one with its id.
    pub(super) fn insert(&mut self, seen: &SeenWebhook) {
        self.0.insert(seen.id.clone(), seen.identity);
    }

    /// Takes the identity of the webhook with a row's id from the row, unless a birth would be lost.
    pub(super) fn retake(&mut self, seen: &SeenWebhook) {
        if let Some(known) = self.0.get_mut(&seen.id)
            && (seen.birth().is_some() || known.birth().is_none())
        {
            *known = seen.identity;
        }
    }

    pub(super) fn remove(&mut self, id: &WebhookId) {
        self.0.remove(id);
    }

    pub(super) fn get(&self, id: &WebhookId) -> Option<&Identity> {
        self.0.get(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &WebhookId> {
        self.0.keys()
    }

    /// Completes the identities of webhooks of which only an answer told, without a birth.
    pub(super) fn complete(&mut self, list: &[SeenWebhook]) {
        if self.0.values().all(|known| known.birth().is_some()) {
            return;
        }
        for seen in list {
            if let Some(known) = self.0.get_mut(&seen.id)
                && known.birth().is_none()
            {
                *known = seen.identity;
            }
        }
    }
}

impl FromIterator<(WebhookId, Identity)> for KnownWebhooks {
    fn from_iter<I: IntoIterator<Item = (WebhookId, Identity)>>(webhooks: I) -> Self {
        Self(webhooks.into_iter().collect())
    }
}
