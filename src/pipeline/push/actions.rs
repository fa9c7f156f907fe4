//! The list of actions that one run carries out: creates and updates of a plan, or the deletes and restores of a
//! rollback. Pure. No request body ever has an id of the source.

use super::machine::{Action, Existing, Item};
use super::resemblance::{fingerprint_url_of, url_fingerprint};
use crate::coralogix::content::{Content, FullDigest, full_digest};
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::content_cache::ContentCache;
use crate::pipeline::plan::{Plan, Step, StepIx, StepState};
use crate::pipeline::rewrite::PortableWebhook;
use crate::pipeline::strip::{Key, StrippedWebhook};
use foldhash::HashSet;

/// What a run is to do to the target, one action for each webhook.
///
/// An action belongs to a step of the run's plan; of a rollback, each webhook that is to be undone is a step.
#[derive(Default)]
pub struct ActionList<'p> {
    pub(super) actions: Vec<(Item, StepRequest<'p>)>,
    /// Digests of the desired webhooks, reused for rows of the target with the same bytes.
    pub(super) content_cache: ContentCache<'p>,
}

/// The request of an action, and the step that it carries out.
pub(super) struct StepRequest<'p> {
    pub(super) step_ix: StepIx,
    pub(super) request: ActionRequest<'p>,
}

/// What the request of an action sends.
pub(super) enum ActionRequest<'p> {
    Create(&'p PortableWebhook),
    Update(&'p PortableWebhook, &'p StrippedWebhook),
    /// The whole previous object, with its id, and what the target shows now.
    Restore(&'p Webhook, &'p Webhook),
    /// The id, and what the target shows now.
    Delete(Box<WebhookId>, &'p Webhook),
}

impl<'p> ActionList<'p> {
    /// The creates and updates of a plan.
    pub fn from_plan(plan: &'p Plan) -> Self {
        let mut list = Self {
            content_cache: plan.portable().content_cache(),
            ..Self::default()
        };
        for (step_ix, webhook, step) in plan.numbered_steps() {
            if let Some((item, request)) = plan_action(webhook, step) {
                list.push(step_ix, item, request);
            }
        }
        list
    }

    /// An empty list for a rollback; no comparison counts the members that `state_keys` names.
    pub fn for_rollback(state_keys: StateKeys) -> Self {
        Self {
            content_cache: ContentCache::new(&[], state_keys),
            ..Self::default()
        }
    }

    /// Adds the deletion of a webhook that the target shows like this now.
    pub fn push_delete(
        &mut self,
        step_ix: StepIx,
        key: Key,
        id: WebhookId,
        (object, current): (&'p Webhook, Content),
    ) {
        let item = Item {
            key,
            content: current,
            // Only creates are recognized by their url.
            url: url_fingerprint(""),
            action: Action::Delete(Box::new(Existing {
                id: id.clone(),
                previous: current,
            })),
            shown_before: Some(self.full_digest(object, current).into()),
            size: 0,
        };
        self.push(step_ix, item, ActionRequest::Delete(id.into(), object));
    }

    /// Adds an update that gives the webhook that the target shows like this now the content of `body`, which has
    /// its id.
    ///
    /// Adds nothing and returns `false` if `body` has no id or no type.
    pub fn push_restore(
        &mut self,
        step_ix: StepIx,
        key: Key,
        (object, current): (&'p Webhook, Content),
        body: &'p Webhook,
    ) -> bool {
        let (Some(id), Ok(type_id)) = (body.id(), body.type_id()) else {
            return false;
        };
        let item = Item {
            key,
            content: Content::from_webhook(body, type_id),
            url: fingerprint_url_of(body),
            action: Action::Update(Box::new(Existing {
                id,
                previous: current,
            })),
            shown_before: Some(self.full_digest(object, current).into()),
            size: body.wire_len(),
        };
        self.push(step_ix, item, ActionRequest::Restore(body, object));
        true
    }

    fn full_digest(&self, object: &Webhook, content: Content) -> FullDigest {
        let state_keys = self.content_cache.state_keys();
        full_digest(object, Some(content), state_keys)
    }

    fn push(&mut self, step_ix: StepIx, item: Item, request: ActionRequest<'p>) {
        self.actions.push((item, StepRequest { step_ix, request }));
    }

    /// The ids that the target has before the run and that the run writes or deletes.
    pub(super) fn known_ids(&self) -> HashSet<WebhookId> {
        let ids = self.actions.iter().filter_map(|(item, _)| item.action.id());
        ids.cloned().collect()
    }
}

/// The action of a plan's step; `None` for a step that writes nothing.
fn plan_action<'p>(
    webhook: &'p PortableWebhook,
    step: &'p Step,
) -> Option<(Item, ActionRequest<'p>)> {
    // Callers already refuse a plan with unread values; a placeholder must never reach the target.
    if !webhook.unread_values().is_empty() {
        return None;
    }
    let (action, request) = match step.state {
        StepState::Create => (Action::Create, ActionRequest::Create(webhook)),
        StepState::Update => {
            let target = step.counterpart.as_deref()?;
            let action = Action::Update(Box::new(Existing {
                id: target.id()?.clone(),
                previous: target.content()?,
            }));
            (action, ActionRequest::Update(webhook, target))
        }
        _ => return None,
    };
    let item = Item {
        key: webhook.key()?,
        content: webhook.content()?,
        url: fingerprint_url_of(webhook.bare()),
        action,
        shown_before: None,
        size: webhook.bare().wire_len(),
    };
    Some((item, request))
}

impl ActionRequest<'_> {
    /// The webhooks whose values the server may repeat in its answer: what is sent, and what it holds.
    pub(super) fn known_webhooks(&self) -> impl Iterator<Item = &Webhook> {
        let (sent, held) = match self {
            Self::Create(webhook) => (Some(webhook.bare()), None),
            Self::Update(webhook, target) => (Some(webhook.bare()), Some(target.bare())),
            Self::Restore(body, current) => (Some(*body), Some(*current)),
            Self::Delete(_, current) => (None, Some(*current)),
        };
        sent.into_iter().chain(held)
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Create(webhook) => create_object(webhook).to_wire(out),
            Self::Update(webhook, target) => update_object(webhook, target).to_wire(out),
            Self::Restore(body, _) => body.to_wire(out),
            Self::Delete(..) => {}
        }
    }
}

/// Builds the body of one bulk request: an array of the desired objects. An update carries the target's id.
pub(super) fn bulk_body<'p>(requests: impl Iterator<Item = &'p ActionRequest<'p>>) -> String {
    let mut out = String::from("[");
    for (n, request) in requests.enumerate() {
        if n > 0 {
            out.push(',');
        }
        request.write(&mut out);
    }
    out.push(']');
    out
}

/// The object that a create sends. It must not have an `id`: the server would then update whichever webhook
/// of the target has that id.
fn create_object(webhook: &PortableWebhook) -> &Webhook {
    assert!(
        webhook.bare().raw(KnownKey::Id).is_none(),
        "a stripped webhook has no id"
    );
    webhook.bare()
}

/// The object that an update sends: the desired content and the target's id, plus the keys of the target's
/// webhook that hookferry does not understand and the source lacks, so that the update keeps them.
fn update_object(webhook: &PortableWebhook, target: &StrippedWebhook) -> Webhook {
    let body = webhook.bare().with_unknown_members_of(target.bare());
    match target.id() {
        Some(id) => body.with_member("id", &id.to_json()),
        None => body,
    }
}
