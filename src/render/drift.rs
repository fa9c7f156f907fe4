//! Drift: what changed since a plan was saved, in words and as a JSON document.
//! Pure. Shows the masked current value of a changed field; of the old one, the plan keeps only a digest.

use super::json;
use crate::coralogix::account::Side;
use crate::coralogix::webhook::TypeId;
use crate::document::masked;
use crate::document::view::kind_name;
use crate::pipeline::binding::{ChangedField, Drift, DriftedWebhook, WebhookChange};
use crate::untrusted;
use crate::wording::counted;
use serde_json::{Value, json};

/// The drift in a few words: `2 webhooks of the source and 1 of the target changed`.
pub fn summary(drift: &[Drift]) -> String {
    let count_on_side = |side| {
        let is_on_side =
            |each: &&Drift| matches!(each, Drift::Webhook(webhook) if webhook.side == side);
        drift.iter().filter(is_on_side).count()
    };
    let (source, target) = (count_on_side(Side::Source), count_on_side(Side::Target));
    match (source, target) {
        (0, 0) => "it was made with another account, API key or rules file".to_owned(),
        (n, 0) => format!("{} of the source changed", counted(n, "webhook")),
        (0, n) => format!("{} of the target changed", counted(n, "webhook")),
        (n, m) => format!(
            "{} of the source and {m} of the target changed",
            counted(n, "webhook")
        ),
    }
}

/// All drift: one line per change, and one per changed field.
pub fn lines(drift: &[Drift]) -> Vec<String> {
    const MAX_LISTED: usize = 100;
    let mut lines: Vec<String> = drift
        .iter()
        .take(MAX_LISTED)
        .flat_map(drift_lines)
        .collect();
    if drift.len() > MAX_LISTED {
        lines.push(format!(
            "  and {} more (-o json lists them)",
            drift.len() - MAX_LISTED
        ));
    }
    lines
}

fn drift_lines(drift: &Drift) -> Vec<String> {
    match drift {
        Drift::Company { side, then, now } => vec![format!(
            "  ! the {side} is company {}, but the plan was made for company {}",
            untrusted::escape_truncated(now, 40),
            untrusted::escape_truncated(then, 40)
        )],
        Drift::Rules(file) => vec![format!(
            "  ~ the rules file {} has changed",
            untrusted::escape(file)
        )],
        Drift::Webhook(webhook) => webhook_lines(webhook),
    }
}

fn webhook_lines(webhook: &DriftedWebhook) -> Vec<String> {
    let id = webhook
        .id
        .as_ref()
        .map_or_else(|| "without an id".to_owned(), ToString::to_string);
    let label = format!(
        "{} {} `{}` ({id})",
        webhook.side,
        kind_name(webhook.type_id.map(TypeId)),
        untrusted::escape_truncated(&webhook.alias, 60),
    );
    match &webhook.change {
        WebhookChange::Added => vec![format!("  + {label} is new")],
        WebhookChange::Removed => vec![format!("  - {label} is gone")],
        WebhookChange::Changed(fields) => {
            let mut lines = vec![format!("  ~ {label} changed")];
            lines.extend(fields.iter().map(field_line));
            lines
        }
        WebhookChange::DifferentValues(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| untrusted::escape(path)).collect();
            vec![format!(
                "  ~ {label} would get different values than planned: {}",
                paths.join(", ")
            )]
        }
        WebhookChange::DifferentStep { then, now } => vec![format!(
            "  ! {label} was planned as {}, but would now be {}: the run records in the state directory are not the ones that the plan was made with",
            then.word(),
            now.word()
        )],
    }
}

fn field_line(field: &ChangedField) -> String {
    let path = untrusted::escape(&field.path);
    match &field.current {
        Some(now) => format!("      {path}: now {now}"),
        None => format!("      {path}: removed"),
    }
}

/// All drift as a JSON document.
pub fn document(drift: &[Drift]) -> Value {
    json::document(
        "stale-plan",
        json!({ "moved": drift.iter().map(drift_value).collect::<Value>() }),
    )
}

fn drift_value(drift: &Drift) -> Value {
    match drift {
        Drift::Company { side, then, now } => {
            json!({"moved": "company", "side": side, "then": then, "now": now})
        }
        Drift::Rules(file) => json!({"moved": "rules", "file": file}),
        Drift::Webhook(webhook) => {
            let (what, fields, paths) = match &webhook.change {
                WebhookChange::Added => ("appeared", Value::Null, Value::Null),
                WebhookChange::Removed => ("gone", Value::Null, Value::Null),
                WebhookChange::Changed(fields) => (
                    "changed",
                    fields.iter().map(field_value).collect(),
                    Value::Null,
                ),
                WebhookChange::DifferentValues(paths) => {
                    ("other-values", Value::Null, json!(paths))
                }
                WebhookChange::DifferentStep { .. } => ("other-step", Value::Null, Value::Null),
            };
            let step = match &webhook.change {
                WebhookChange::DifferentStep { then, now } => json!({"then": then, "now": now}),
                _ => Value::Null,
            };
            json!({
                "moved": what,
                "side": webhook.side,
                "id": json::id_or_null(webhook.id.as_ref()),
                "alias": webhook.alias,
                "type": kind_name(webhook.type_id.map(TypeId)),
                "type_id": webhook.type_id,
                "fields": fields,
                "paths": paths,
                "step": step,
            })
        }
    }
}

fn field_value(field: &ChangedField) -> Value {
    json!({"path": field.path, "now": field.current.as_ref().map(masked::to_value)})
}
