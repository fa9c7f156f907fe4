//! What moved since a plan was saved, in words and as a document.
//! Pure. Shows of a changed field what is there now, masked; what was there is known as a seal only.

use super::json;
use crate::coralogix::account::Side;
use crate::coralogix::webhook::TypeId;
use crate::document::masked;
use crate::document::view::kind_name;
use crate::foreign;
use crate::pipeline::binding::{ChangedField, Moved, MovedWebhook, What};
use crate::wording::counted;
use serde_json::{Value, json};

/// What moved, in a few words: `2 webhooks of the source and 1 of the target moved`.
pub fn summary(moved: &[Moved]) -> String {
    let of = |side| {
        let is_of = |each: &&Moved| matches!(each, Moved::Webhook(webhook) if webhook.side == side);
        moved.iter().filter(is_of).count()
    };
    let (source, target) = (of(Side::Source), of(Side::Target));
    match (source, target) {
        (0, 0) => "it is not about what is there now".to_owned(),
        (n, 0) => format!("{} of the source moved", counted(n, "webhook")),
        (0, n) => format!("{} of the target moved", counted(n, "webhook")),
        (n, m) => format!(
            "{} of the source and {m} of the target moved",
            counted(n, "webhook")
        ),
    }
}

/// Everything that moved, a line each, and a line for each field.
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
            "  ! the {side} is company {}, and the plan was made for company {}",
            foreign::shortened(now, 40),
            foreign::shortened(then, 40)
        )],
        Moved::Key(side) => vec![format!(
            "  ! the {side}'s API key is another one, and it shows no company id: whether it is the same account cannot be told"
        )],
        Moved::Rules(file) => vec![format!(
            "  ~ the rules file {} has another text",
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
        What::Appeared => vec![format!("  + {called} appeared")],
        What::Gone => vec![format!("  - {called} is gone")],
        What::Changed(fields) => {
            let mut lines = vec![format!("  ~ {called} was changed")];
            lines.extend(fields.iter().map(line_of_field));
            lines
        }
        What::OtherValues(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| foreign::shown(path)).collect();
            vec![format!(
                "  ~ {called} would get other values than planned: {}",
                paths.join(", ")
            )]
        }
        What::OtherStep { then, now } => vec![format!(
            "  ! {called} was planned as {}, and would be {} now: the run records here are not those that the plan knew",
            then.word(),
            now.word()
        )],
    }
}

fn line_of_field(field: &ChangedField) -> String {
    let path = foreign::shown(&field.path);
    match &field.now {
        Some(now) => format!("      {path}: now {now}"),
        None => format!("      {path}: nothing any more"),
    }
}

/// Everything that moved, as programs read it.
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
