//! Drift: what changed since a plan was saved, in words and as a JSON document.
//! Pure. Shows the masked current value of a changed field; of the old one, the plan keeps only a digest.

use super::json;
use crate::coralogix::account::Side;
use crate::coralogix::webhook::TypeId;
use crate::document::masked;
use crate::document::view::kind_name;
use crate::foreign;
use crate::pipeline::binding::{ChangedField, Moved, MovedWebhook, What};
use crate::wording::counted;
use serde_json::{Value, json};

/// The drift in a few words: `2 webhooks of the source and 1 of the target changed`.
pub fn summary(moved: &[Moved]) -> String {
    let of = |side| {
        let is_of = |each: &&Moved| matches!(each, Moved::Webhook(webhook) if webhook.side == side);
        moved.iter().filter(is_of).count()
    };
    let (source, target) = (of(Side::Source), of(Side::Target));
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
pub fn lines(moved: &[Moved]) -> Vec<String> {
    const MOST: usize = 100;
    let mut lines: Vec<String> = moved.iter().take(MOST).flat_map(lines_of).collect();
    if moved.len() > MOST {
        lines.push(format!(
            "  and {} more (-o json lists them)",
            moved.len() - MOST
        ));
    }
    lines
}

fn lines_of(moved: &Moved) -> Vec<String> {
    match moved {
        Moved::Company { side, then, now } => vec![format!(
            "  ! the {side} is company {}, but the plan was made for company {}",
            foreign::shortened(now, 40),
            foreign::shortened(then, 40)
        )],
        Moved::Key(side) => vec![format!(
            "  ! the {side}'s API key has changed and the account shows no company id, so hookferry cannot tell whether it is the same account"
        )],
        Moved::Rules(file) => vec![format!(
            "  ~ the rules file {} has changed",
            foreign::shown(file)
        )],
        Moved::Webhook(webhook) => lines_of_webhook(webhook),
    }
}

fn lines_of_webhook(webhook: &MovedWebhook) -> Vec<String> {
    let id = webhook
        .id
        .as_ref()
        .map_or_else(|| "without an id".to_owned(), ToString::to_string);
    let called = format!(
        "{} {} `{}` ({id})",
        webhook.side,
        kind_name(webhook.type_id.map(TypeId)),
        foreign::shortened(&webhook.alias, 60),
    );
    match &webhook.what {
        What::Appeared => vec![format!("  + {called} is new")],
        What::Gone => vec![format!("  - {called} is gone")],
        What::Changed(fields) => {
            let mut lines = vec![format!("  ~ {called} changed")];
            lines.extend(fields.iter().map(line_of_field));
            lines
        }
        What::OtherValues(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| foreign::shown(path)).collect();
            vec![format!(
                "  ~ {called} would get different values than planned: {}",
                paths.join(", ")
            )]
        }
        What::OtherStep { then, now } => vec![format!(
            "  ! {called} was planned as {}, but would now be {}: the run records in the state directory are not the ones that the plan was made with",
            then.word(),
            now.word()
        )],
    }
}

fn line_of_field(field: &ChangedField) -> String {
    let path = foreign::shown(&field.path);
    match &field.now {
        Some(now) => format!("      {path}: now {now}"),
        None => format!("      {path}: removed"),
    }
}

/// All drift as a JSON document.
pub fn document(moved: &[Moved]) -> Value {
    json::document(
        "stale-plan",
        json!({ "moved": moved.iter().map(row).collect::<Value>() }),
    )
}

fn row(moved: &Moved) -> Value {
    match moved {
        Moved::Company { side, then, now } => {
            json!({"moved": "company", "side": side, "then": then, "now": now})
        }
        Moved::Key(side) => json!({"moved": "key", "side": side}),
        Moved::Rules(file) => json!({"moved": "rules", "file": file}),
        Moved::Webhook(webhook) => {
            let (what, fields, paths) = match &webhook.what {
                What::Appeared => ("appeared", Value::Null, Value::Null),
                What::Gone => ("gone", Value::Null, Value::Null),
                What::Changed(fields) => {
                    ("changed", fields.iter().map(field).collect(), Value::Null)
                }
                What::OtherValues(paths) => ("other-values", Value::Null, json!(paths)),
                What::OtherStep { .. } => ("other-step", Value::Null, Value::Null),
            };
            let step = match &webhook.what {
                What::OtherStep { then, now } => json!({"then": then, "now": now}),
                _ => Value::Null,
            };
            json!({
                "moved": what,
                "side": webhook.side,
                "id": json::id(webhook.id.as_ref()),
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

fn field(field: &ChangedField) -> Value {
    json!({"path": field.path, "now": field.now.as_ref().map(masked::to_value)})
}
