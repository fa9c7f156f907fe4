//! The items of a push: what the run is to do, one webhook each.
//! Pure.

use super::super::observation::SeenWebhook;
use crate::coralogix::content::{Content, Fingerprint, FullDigest};
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::strip::Key;

/// One webhook that the run creates, updates or deletes.
#[derive(Debug, Clone)]
pub(in super::super) struct Item {
    pub(in super::super) key: Key,
    /// The desired content; for a delete, the content that it has now.
    pub(in super::super) content: Content,
    /// Of its url, as `resemblance` computes it.
    pub(in super::super) url: Fingerprint,
    pub(in super::super) action: Action,
    /// Everything that the target showed of its webhook before the run, and that the webhook must still show; `None`
    /// if only its content matters.
    pub(in super::super) shown_before: Option<Box<FullDigest>>,
    /// Size of its object in a request body, in bytes.
    pub(in super::super) size: usize,
}

/// What the run does with an item.
#[derive(Debug, Clone)]
pub(in super::super) enum Action {
    Create,
    Update(Box<Existing>),
    Delete(Box<Existing>),
}

/// The webhook of the target that an update or delete concerns.
#[derive(Debug, Clone)]
pub(in super::super) struct Existing {
    pub(in super::super) id: WebhookId,
    /// The content that it must still have.
    pub(in super::super) previous: Content,
}

impl Item {
    /// Whether a webhook that an update or delete concerns is still as it was before the run.
    pub(super) fn is_as_before(&self, seen: &SeenWebhook) -> bool {
        let Some(existing) = self.action.existing() else {
            return false;
        };
        let shown = self.shown_before.as_deref();
        let is_as_shown = shown
            .zip(seen.full_digest())
            .is_none_or(|(before, now)| before == now);
        seen.content == Some(existing.previous) && is_as_shown
    }

    /// The content of a row of its webhook, if it is shown and differs from what was sent.
    pub(super) fn altered_content(&self, seen: &SeenWebhook) -> Option<Content> {
        let is_altered = |stored: &Content| stored.whole != self.content.whole;
        seen.content.filter(is_altered)
    }
}

impl Action {
    /// The webhook that the target has already; `None` for a create.
    pub(super) fn existing(&self) -> Option<&Existing> {
        match self {
            Self::Create => None,
            Self::Update(existing) | Self::Delete(existing) => Some(existing),
        }
    }

    /// The id of the webhook that the target has already; `None` for a create.
    pub(in super::super) fn id(&self) -> Option<&WebhookId> {
        self.existing().map(|existing| &existing.id)
    }

    /// Whether both do the same to different webhooks.
    pub(super) fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
