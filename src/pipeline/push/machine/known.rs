//! Webhooks of the target that a push knows already, by id and identity.
//! Pure. A server may give the id of a webhook that somebody deleted to the next one that it creates.

use super::super::observation::SeenWebhook;
use crate::coralogix::birth::{Identity, IdentityMatch};
use crate::coralogix::webhook::WebhookId;
use foldhash::{HashMap, HashMapExt as _};

/// Webhooks of the target, at most one for each id, each with an owner if there are owners.
#[derive(Debug, Clone)]
pub(in super::super) struct KnownWebhooks<O = ()>(HashMap<WebhookId, Known<O>>);

#[derive(Debug, Clone)]
struct Known<O> {
    identity: Identity,
    owner: O,
}

impl<O> Default for KnownWebhooks<O> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<O> KnownWebhooks<O> {
    /// None yet, with room for so many: a table that grows has its old self beside it.
    pub(super) fn with_capacity(n: usize) -> Self {
        Self(HashMap::with_capacity(n))
    }
}

impl KnownWebhooks {
    /// Adds the webhook of a row, in place of an earlier one with its id.
    pub(super) fn insert(&mut self, seen: &SeenWebhook) {
        self.insert_for((), seen);
    }
}

impl<O> KnownWebhooks<O> {
    /// How a row compares with the webhook that has its id; `None` if there is none.
    pub(in super::super) fn compare(&self, seen: &SeenWebhook) -> Option<IdentityMatch> {
        let known = self.0.get(&seen.id)?;
        Some(known.identity.compare(&seen.identity))
    }

    /// Whether a row shows one of these webhooks, or may show it.
    pub(in super::super) fn may_hold(&self, seen: &SeenWebhook) -> bool {
        !matches!(self.compare(seen), None | Some(IdentityMatch::Another))
    }

    /// Whether a row shows that the webhook with its id is gone, and that the id belongs to another one now.
    pub(in super::super) fn is_replaced(&self, seen: &SeenWebhook) -> bool {
        self.compare(seen) == Some(IdentityMatch::Another)
    }

    /// Adds the webhook of a row and its owner, in place of an earlier one with its id.
    pub(super) fn insert_for(&mut self, owner: O, seen: &SeenWebhook) {
        let identity = seen.identity;
        self.0.insert(seen.id.clone(), Known { identity, owner });
    }

    /// The owner of the webhook with that id.
    pub(super) fn owner(&self, id: &WebhookId) -> Option<&O> {
        self.0.get(id).map(|known| &known.owner)
    }

    /// Takes the identity of the webhook with a row's id from the row, unless a birth would be lost.
    pub(super) fn retake(&mut self, seen: &SeenWebhook) {
        if let Some(known) = self.0.get_mut(&seen.id)
            && (seen.birth().is_some() || known.identity.birth().is_none())
        {
            known.identity = seen.identity;
        }
    }

    pub(super) fn remove(&mut self, id: &WebhookId) {
        self.0.remove(id);
    }

    pub(super) fn get(&self, id: &WebhookId) -> Option<&Identity> {
        self.0.get(id).map(|known| &known.identity)
    }

    pub(in super::super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &WebhookId> {
        self.0.keys()
    }

    /// Completes the identities of webhooks of which only an answer told, without a birth.
    pub(super) fn complete(&mut self, list: &[SeenWebhook]) {
        let mut known = self.0.values();
        if known.all(|known| known.identity.birth().is_some()) {
            return;
        }
        for seen in list {
            if let Some(known) = self.0.get_mut(&seen.id)
                && known.identity.birth().is_none()
            {
                known.identity = seen.identity;
            }
        }
    }
}

impl FromIterator<(WebhookId, Identity)> for KnownWebhooks {
    fn from_iter<I: IntoIterator<Item = (WebhookId, Identity)>>(webhooks: I) -> Self {
        let known = |(id, identity)| {
            let owner = ();
            (id, Known { identity, owner })
        };
        Self(webhooks.into_iter().map(known).collect())
    }
}
