//! The state of one item: what is known of its requests, its final status, and the evidence about it.
//! Pure.

use super::super::named::Naming;
use super::super::status::ItemStatus;
use super::item::{Action, Item};
use crate::coralogix::content::Content;
use crate::coralogix::webhook::WebhookId;

/// An item, and everything that is known of it during the run.
#[derive(Debug)]
pub(super) struct ItemState {
    pub(super) item: Item,
    requests: Requests,
    /// `None` while the item may still be sent, or may still take effect.
    ended: Option<Ended>,
    /// How an answer named what it created; `None` if no answer did.
    pub(super) naming: Option<Naming>,
    /// Only for a delete: whether an observation showed that somebody had changed the webhook. A list that flaps may
    /// show the old content once more.
    pub(super) was_changed: bool,
}

/// The requests with an item, as far as they can have reached the server.
#[derive(Debug, Clone, Copy)]
enum Requests {
    None,
    Sent {
        /// The number of the first one, counted from 1.
        first: u32,
        effect: Effect,
    },
}

/// What is known of the effect of an item's last request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It had none, or the final status tells it.
    Known,
    Unknown,
    /// Only for an update or delete: the server accepted it, and the final observation is to confirm that.
    Accepted,
    /// Only for a delete: the server answered that it has no such webhook, which confirms nothing.
    NotFound,
    /// Only for a delete: no answer tells, and the target no longer lists the webhook.
    Unlisted,
}

/// The end of an item.
#[derive(Debug)]
struct Ended {
    status: ItemStatus,
    /// The content that the target stores, if it was shown and differs from what was sent.
    altered_content: Option<Box<Content>>,
}

/// How far one item is while the push runs, as far as the journal has to know.
#[derive(Debug)]
pub(in super::super) enum ItemProgress<'m> {
    /// It was never sent, or what was sent is known to have had no effect. It may be sent.
    Sendable,
    /// It was sent, and the effect is unknown.
    Open,
    /// The server has confirmed the deletion of the webhook with this id, and the final observation is still to come.
    DeleteAccepted(&'m WebhookId),
    /// Its final status, and the content that the target stores if it differs from what was sent.
    Final(&'m ItemStatus, Option<&'m Content>),
}

impl ItemState {
    /// The state of an item before the first request.
    pub(super) fn new(item: Item) -> Self {
        Self {
            item,
            requests: Requests::None,
            ended: None,
            naming: None,
            was_changed: false,
        }
    }

    /// Its final status, if it has one.
    pub(super) fn status(&self) -> Option<&ItemStatus> {
        self.ended.as_ref().map(|ended| &ended.status)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether nothing is left to do for it but to confirm it: it has ended, or its deletion probably took effect.
    pub(super) fn is_done(&self) -> bool {
        self.has_ended() || self.is_delete() && self.is_to_be_confirmed()
    }

    /// Whether it has not ended, and no request with it can still take effect.
    pub(super) fn is_sendable(&self) -> bool {
        !self.has_ended() && !self.may_take_effect()
    }

    /// Whether it has not ended, and a request with it may still take effect.
    pub(super) fn is_open(&self) -> bool {
        !self.has_ended() && self.may_take_effect()
    }

    /// Whether the effect of its last request is unknown, or unconfirmed. The end of an item need not settle that.
    pub(super) fn may_take_effect(&self) -> bool {
        self.effect() != Effect::Known
    }

    /// Whether its update or delete probably took effect, and no observation has confirmed that yet.
    pub(super) fn is_unconfirmed(&self) -> bool {
        !self.has_ended() && self.is_to_be_confirmed()
    }

    fn is_to_be_confirmed(&self) -> bool {
        let effect = self.effect();
        self.is_accepted() || matches!(effect, Effect::NotFound | Effect::Unlisted)
    }

    /// Whether the server accepted its update or delete.
    pub(super) fn is_accepted(&self) -> bool {
        self.effect() == Effect::Accepted
    }

    /// Its status if the target still shows what its update or delete should have changed.
    pub(super) fn contradicted_status(&self) -> ItemStatus {
        if self.effect() == Effect::Unlisted {
            let why = "the answer to its deletion was lost, and the target still has it";
            return ItemStatus::Unresolved(why.to_owned());
        }
        ItemStatus::Ignored
    }

    fn effect(&self) -> Effect {
        match self.requests {
            Requests::None => Effect::Known,
            Requests::Sent { effect, .. } => effect,
        }
    }

    /// The number of the first request with it, counted from 1; `None` if it was never sent.
    pub(super) fn first_request(&self) -> Option<u32> {
        match self.requests {
            Requests::None => None,
            Requests::Sent { first, .. } => Some(first),
        }
    }

    /// The id of the webhook that it updates or deletes; `None` for a create.
    pub(super) fn known_id(&self) -> Option<&WebhookId> {
        self.item.action.id()
    }

    pub(super) fn is_delete(&self) -> bool {
        matches!(self.item.action, Action::Delete(_))
    }

    /// How far it is.
    pub(super) fn progress(&self) -> ItemProgress<'_> {
        match (&self.ended, &self.item.action) {
            (Some(ended), _) => {
                ItemProgress::Final(&ended.status, ended.altered_content.as_deref())
            }
            (None, Action::Delete(existing)) if self.is_accepted() => {
                ItemProgress::DeleteAccepted(&existing.id)
            }
            (None, _) if self.may_take_effect() => ItemProgress::Open,
            (None, _) => ItemProgress::Sendable,
        }
    }

    /// Its status when the push has ended.
    pub(super) fn into_last_status(self) -> ItemStatus {
        match self.progress() {
            ItemProgress::Sendable => ItemStatus::NotSent,
            ItemProgress::Open => ItemStatus::NotSeen,
            ItemProgress::DeleteAccepted(id) => ItemStatus::DeleteConfirmed(id.clone()),
            ItemProgress::Final(status, _) => status.clone(),
        }
    }

    /// Notes that the request with this number contains it.
    pub(super) fn send(&mut self, request: u32) {
        self.requests = Requests::Sent {
            first: self.first_request().unwrap_or(request),
            effect: Effect::Unknown,
        };
    }

    /// Notes that the request with this number did not reach the server.
    pub(super) fn unsend(&mut self, request: u32) {
        if self.first_request() == Some(request) {
            self.requests = Requests::None;
        }
        self.release();
    }

    /// Notes that the effect of its last request is known.
    pub(super) fn release(&mut self) {
        self.set_effect(Effect::Known);
    }

    /// Notes that the server accepted its update or delete.
    pub(super) fn accept(&mut self) {
        self.set_effect(Effect::Accepted);
    }

    /// Notes that the server has no webhook to delete, by its answer.
    pub(super) fn note_not_found(&mut self) {
        self.set_effect(Effect::NotFound);
    }

    /// Notes that the target no longer lists the webhook to delete.
    pub(super) fn note_unlisted(&mut self) {
        self.set_effect(Effect::Unlisted);
    }

    fn set_effect(&mut self, new: Effect) {
        if let Requests::Sent { effect, .. } = &mut self.requests {
            *effect = new;
        }
    }

    /// Gives it its final status: no request with it can take effect any more.
    pub(super) fn end(&mut self, status: ItemStatus) {
        self.release();
        self.end_in_doubt(status);
    }

    /// Gives it its final status, and leaves open whether its last request may still take effect.
    pub(super) fn end_in_doubt(&mut self, status: ItemStatus) {
        self.ended = Some(Ended {
            status,
            altered_content: None,
        });
    }

    /// Gives it its final status: the target has its webhook, with content that was altered if `altered_content` is set.
    pub(super) fn end_written(&mut self, status: ItemStatus, altered_content: Option<Content>) {
        self.release();
        self.ended = Some(Ended {
            status,
            altered_content: altered_content.map(Box::new),
        });
    }
}
