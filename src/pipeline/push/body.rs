//! What goes over the wire: the wanted objects of one request, never with an id of the source.
//! Pure.

use crate::coralogix::webhook::{UNDERSTOOD, Webhook};
use crate::pipeline::plan::{Plan, State};
use crate::pipeline::rewrite::PortableWebhook;
use crate::pipeline::strip::StrippedWebhook;

/// The body of one request: an array of the wanted objects, an update's with the id that it changes.
pub(super) fn body(plan: &Plan, places: &[usize]) -> String {
    let mut out = String::from("[");
    for (n, place) in places.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        let (webhook, step) = plan.step(*place);
        match (step.state, &step.counterpart) {
            (State::Update, Some(target)) => update_of(webhook, target).to_wire(&mut out),
            _ => create_of(webhook).to_wire(&mut out),
        }
    }
    out.push(']');
    out
}

/// What a create sends: never an `id`, which would make it an update of whatever owns that number in the target.
fn create_of(webhook: &PortableWebhook) -> &Webhook {
    assert!(
        webhook.bare().raw("id").is_none(),
        "a stripped webhook has no id"
    );
    webhook.bare()
}

/// What an update sends: the wanted content, the target's id, and the keys of the target's webhook that nobody here knows.
fn update_of(webhook: &PortableWebhook, target: &StrippedWebhook) -> Webhook {
    let mut body = webhook.bare().clone();
    for (key, (_, value)) in target.bare().keys().zip(target.bare().tokens()) {
        if !UNDERSTOOD.contains(&key.as_ref()) && body.raw(&key).is_none() {
            body = body.with(&key, value);
        }
    }
    match target.id() {
        Some(id) => body.with("id", &id.to_json()),
        None => body,
    }
}
