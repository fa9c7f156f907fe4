//! Request bodies: the JSON array of webhooks in one request, never with an id of the source. Pure.

use crate::coralogix::webhook::{INTERPRETED_KEYS, Webhook};
use crate::pipeline::plan::{Plan, StepState};
use crate::pipeline::rewrite::PortableWebhook;
use crate::pipeline::strip::StrippedWebhook;

/// Builds the body of one request: an array of the desired objects. An update carries the target's id.
pub(super) fn request_body(plan: &Plan, step_ixs: &[usize]) -> String {
    let mut out = String::from("[");
    for (n, step_ix) in step_ixs.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        let (webhook, step) = plan.step(*step_ix);
        match (step.state, &step.counterpart) {
            (StepState::Update, Some(target)) => update_object(webhook, target).to_wire(&mut out),
            _ => create_object(webhook).to_wire(&mut out),
        }
    }
    out.push(']');
    out
}

/// The object that a create sends. It must not have an `id`: the server would then update whichever webhook
/// of the target has that id.
fn create_object(webhook: &PortableWebhook) -> &Webhook {
    assert!(
        webhook.bare().raw("id").is_none(),
        "a stripped webhook has no id"
    );
    webhook.bare()
}

/// The object that an update sends: the desired content and the target's id, plus the keys of the target's
/// webhook that hookferry does not understand and the source lacks, so that the update keeps them.
fn update_object(webhook: &PortableWebhook, target: &StrippedWebhook) -> Webhook {
    let mut body = webhook.bare().clone();
    for (key, (_, value)) in target.bare().keys().zip(target.bare().tokens()) {
        if !INTERPRETED_KEYS.contains(&key.as_ref()) && body.raw(&key).is_none() {
            body = body.with_member(&key, value);
        }
    }
    match target.id() {
        Some(id) => body.with_member("id", &id.to_json()),
        None => body,
    }
}
