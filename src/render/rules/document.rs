//! Renders `rules check` as JSON, from the same view as the text.
//! Pure.

use super::{CheckView, counts};
use crate::document::view::kind_name;
use crate::document::{ChangeDocument, LeftoverDocument};
use crate::pipeline::rewrite::rule::Unmatched;
use crate::pipeline::rewrite::{Change, Reading};
use crate::render::json;
use serde_json::{Value, json};

/// Renders the check as JSON.
pub fn document(view: &CheckView<'_>) -> Value {
    let counts = counts(view);
    let rules: Vec<Value> = view
        .rules()
        .map(|(rule, matched)| {
            let webhooks: Vec<Value> = matched
                .iter()
                .map(|place| {
                    changed_webhook(view, *place, &view.changes_by(Some(rule.line), *place))
                })
                .collect();
            json!({
                "line": rule.line,
                "optional": rule.is_optional,
                "keep": rule.keep.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "webhooks": webhooks,
                "idle": view.idle(rule, matched),
            })
        })
        .collect();
    let values: Vec<Value> = view
        .rewriting
        .values
        .all()
        .iter()
        .map(|(source, reading)| match reading {
            Reading::Read(_) => json!({"from": source.to_string(), "readable": true}),
            Reading::Unread(why) => {
                json!({"from": source.to_string(), "readable": false, "why": why})
            }
        })
        .collect();
    json::document(
        "rules-check",
        json!({
            "account": json::party(view.account),
            "rules": rules,
            "retargeted": retargeted_json(view),
            "values": values,
            "leftover": leftover_json(view),
            "unmatched_secret": match view.rewriting.unmatched {
                Unmatched::Keep => "keep",
                Unmatched::Refuse => "refuse",
            },
            "summary": {
                "webhooks": counts.webhooks,
                "changed": counts.changed,
                "leftover": counts.leftover,
                "values": counts.values,
                "unreadable": counts.unread,
            },
            "complete": view.is_complete(),
        }),
    )
}

fn changed_webhook(view: &CheckView<'_>, place: usize, changes: &[&Change]) -> Value {
    let webhook = &view.portable.webhooks()[place];
    json!({
        "source_id": json::id(webhook.source_id()),
        "alias": webhook.alias(),
        "type": kind_name(webhook.type_id()),
        "changes": changes.iter().map(|change| ChangeDocument::from(*change)).collect::<Vec<_>>(),
    })
}

fn retargeted_json(view: &CheckView<'_>) -> Value {
    let Some(retarget) = view.rewriting.retarget else {
        return Value::Null;
    };
    let webhooks: Vec<Value> = (0..view.portable.webhooks().len())
        .map(|place| (place, view.changes_by(None, place)))
        .filter(|(_, changes)| !changes.is_empty())
        .map(|(place, changes)| changed_webhook(view, place, &changes))
        .collect();
    json!({"from": retarget.from.code(), "to": retarget.to.code(), "webhooks": webhooks})
}

fn leftover_json(view: &CheckView<'_>) -> Value {
    let left = view
        .portable
        .webhooks()
        .iter()
        .filter(|webhook| !webhook.leftover().is_empty());
    left.map(|webhook| {
        json!({
            "source_id": json::id(webhook.source_id()),
            "alias": webhook.alias(),
            "type": kind_name(webhook.type_id()),
            "secrets": webhook.leftover().iter().map(LeftoverDocument::from).collect::<Vec<_>>(),
        })
    })
    .collect()
}
