//! Renders `rules check` as JSON, from the same view as the text.
//! Pure.

use super::{RulesCheckView, count};
use crate::document::view::kind_name;
use crate::document::{ChangeDocument, LeftoverDocument};
use crate::pipeline::rewrite::rule::UnmatchedSecretPolicy;
use crate::pipeline::rewrite::{Change, ValueReading};
use crate::render::json;
use serde_json::{Value, json};

/// Renders the check as JSON.
pub fn document(view: &RulesCheckView<'_>) -> Value {
    let counts = count(view);
    let rules: Vec<Value> = view
        .rules()
        .map(|(rule, matched)| {
            let webhooks: Vec<Value> = matched
                .iter()
                .map(|webhook_ix| {
                    changes_json(
                        view,
                        *webhook_ix,
                        &view.changes_by(Some(rule.line), *webhook_ix),
                    )
                })
                .collect();
            json!({
                "line": rule.line,
                "optional": rule.is_optional,
                "keep": rule.keep.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "webhooks": webhooks,
                "warnings": view.value_warnings(rule, matched),
                "idle": view.ineffective(rule, matched),
            })
        })
        .collect();
    let values: Vec<Value> = view
        .rewriting
        .values
        .readings()
        .iter()
        .map(|(source, reading)| match reading {
            ValueReading::Read(_) => json!({"from": source.to_string(), "readable": true}),
            ValueReading::Unread(why) => {
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
            "unmatched_secret": match view.rewriting.unmatched_policy {
                UnmatchedSecretPolicy::Keep => "keep",
                UnmatchedSecretPolicy::Refuse => "refuse",
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

fn changes_json(view: &RulesCheckView<'_>, webhook_ix: usize, changes: &[&Change]) -> Value {
    let webhook = &view.portable.webhooks()[webhook_ix];
    json!({
        "source_id": json::id_or_null(webhook.source_id()),
        "alias": webhook.alias(),
        "type": kind_name(webhook.type_id()),
        "changes": changes.iter().map(|change| ChangeDocument::from(*change)).collect::<Vec<_>>(),
    })
}

fn retargeted_json(view: &RulesCheckView<'_>) -> Value {
    let Some(retarget) = view.rewriting.retarget else {
        return Value::Null;
    };
    let webhooks: Vec<Value> = (0..view.portable.webhooks().len())
        .map(|webhook_ix| (webhook_ix, view.changes_by(None, webhook_ix)))
        .filter(|(_, changes)| !changes.is_empty())
        .map(|(webhook_ix, changes)| changes_json(view, webhook_ix, &changes))
        .collect();
    json!({"from": retarget.from.code(), "to": retarget.to.code(), "webhooks": webhooks})
}

fn leftover_json(view: &RulesCheckView<'_>) -> Value {
    let left = view
        .portable
        .webhooks()
        .iter()
        .filter(|webhook| !webhook.unmatched_secrets().is_empty());
    left.map(|webhook| {
        json!({
            "source_id": json::id_or_null(webhook.source_id()),
            "alias": webhook.alias(),
            "type": kind_name(webhook.type_id()),
            "secrets": webhook.unmatched_secrets().iter().map(LeftoverDocument::from).collect::<Vec<_>>(),
        })
    })
    .collect()
}
