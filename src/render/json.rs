//! What programs read: every document with its `format_version`; `docs/json.md` describes them.
//! Pure. Carries masked values as trees, so that a program can tell what is hidden from what is there.

use super::view::{NOT_CHECKED, Party, PlanView, invariants, kind_name, notices, policy_word, url};
use crate::coralogix::mask::Masked;
use crate::coralogix::path::Path;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::foreign;
use crate::pipeline::plan::{Difference, Plan, State, Step};
use crate::pipeline::rewrite::{Change, FlowsBack, How, Leftover, PortableWebhook, Unread};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The version of every document; a minor one only adds, a major one changes.
pub const FORMAT_VERSION: &str = "1.0";

/// A document as text, ending in a newline; characters that could drive a terminal are escaped, as JSON allows.
pub fn text(document: &Value) -> String {
    // The alternate form of a value is indented JSON, and writing it to a string cannot fail.
    let plain = format!("{document:#}\n");
    if plain.is_ascii() && !plain.contains('\u{7f}') {
        return plain;
    }
    let mut out = String::with_capacity(plain.len());
    let mut one = [0; 4];
    let mut units = [0; 2];
    for character in plain.chars() {
        let is_safe = (character.is_ascii() && character != '\u{7f}')
            || foreign::shown(character.encode_utf8(&mut one)).starts_with(character);
        if is_safe {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// A document of that kind with the given members after its own.
pub(crate) fn document(kind: &str, members: Value) -> Value {
    let mut document = json!({
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "tool": concat!("hookferry ", env!("CARGO_PKG_VERSION")),
    });
    if let (Value::Object(document), Value::Object(members)) = (&mut document, members) {
        document.extend(members);
    }
    document
}

/// The plan document.
pub fn plan(view: PlanView<'_>) -> Value {
    let plan = view.plan;
    let held = invariants(plan);
    let steps: Vec<Value> = plan
        .steps()
        .map(|(webhook, each)| step(webhook, each))
        .collect();
    document(
        "plan",
        json!({
            "source": party(view.source),
            "target": party(view.target),
            "on_conflict": policy_word(plan.on_conflict()),
            "selection": {"matched": plan.counts().total(), "of": view.source.count},
            "steps": steps,
            "summary": summary(plan),
            "untouched_in_target": plan.n_untouched(),
            "invariants": {
                "top_level_id_removed": held.top_level_id_removed,
                "integration_type_id_kept": held.integration_type_id_kept,
                "of": held.of,
            },
            "missing_values": missing_values(plan),
            "notices": told(plan),
            "not_checked": NOT_CHECKED,
            "has_changes": plan.has_changes(),
            "would_be_refused": plan.n_refusing() > 0,
        }),
    )
}

/// What the reader of a plan or of its outcome must know.
pub(crate) fn told(plan: &Plan) -> Value {
    notices(plan)
        .into_iter()
        .map(|told| json!({"code": told.code, "count": told.count, "text": told.text}))
        .collect()
}

/// The six counts and their sum.
fn summary(plan: &Plan) -> Value {
    let counts = plan.counts();
    let mut members: Map<String, Value> = State::ALL
        .into_iter()
        .map(|state| (state.word().to_owned(), counts.of(state).into()))
        .collect();
    members.insert("total".to_owned(), counts.total().into());
    Value::Object(members)
}

fn step(webhook: &PortableWebhook, step: &Step) -> Value {
    json!({
        "state": step.state.word(),
        "alias": webhook.alias(),
        "type": kind_name(webhook.type_id()),
        "type_id": type_number(webhook.type_id()),
        "source_id": id(webhook.source_id()),
        "target_id": id(step.target_id()),
        "url": optional(url(webhook.bare()).as_ref()),
        "reason": step.reason,
        "notes": step.notes,
        "changes": webhook.changes().iter().map(change).collect::<Value>(),
        "unread": webhook.unread().iter().map(unread).collect::<Value>(),
        "leftover": webhook.leftover().iter().map(leftover).collect::<Value>(),
        "flows_back": webhook.flows_back().map(flows_back),
        "differences": differences(&step.differences),
    })
}

/// What a rule changed; `equal` tells whether the new value is the one that was there before.
pub(crate) fn change(change: &Change) -> Value {
    json!({
        "path": change.path.to_string(),
        "how": change.how.word(),
        "from": match &change.how {
            How::Set(source) => Value::from(source.as_str()),
            How::Renamed(alias) => Value::from(alias.as_str()),
            How::Replaced | How::Retargeted | How::NewUuid => Value::Null,
        },
        "rule_line": change.line,
        "equal": change.is_equal,
    })
}

fn unread(unread: &Unread) -> Value {
    json!({"path": unread.path.to_string(), "from": unread.source, "why": unread.why})
}

pub(crate) fn leftover(leftover: &Leftover) -> Value {
    json!({"path": leftover.path.to_string(), "hidden": leftover.kind})
}

fn flows_back(flow: &FlowsBack) -> Value {
    json!({
        "keeps_key": flow.keeps_key,
        "host": flow.host,
        "old_endpoint": flow.is_old_endpoint,
    })
}

/// The missing values, each with those that need it.
fn missing_values(plan: &Plan) -> Value {
    let needed_by = |(place, path): &(usize, Path)| {
        let webhook = plan.step(*place).0;
        json!({"source_id": id(webhook.source_id()), "alias": webhook.alias(), "path": path.to_string()})
    };
    plan.missing_values()
        .iter()
        .map(|missing| {
            json!({
                "from": missing.source,
                "why": missing.why,
                "needed_by": missing.needed_by.iter().map(needed_by).collect::<Value>(),
            })
        })
        .collect()
}

/// Differences with both sides masked; two sides that look the same differ in what is hidden.
pub(crate) fn differences(differences: &[Difference]) -> Value {
    differences
        .iter()
        .map(|each| {
            let mut members = Map::new();
            members.insert("path".to_owned(), each.path.as_str().into());
            // A side that has nothing there is left out: `null` is a value that a webhook can have.
            for (side, value) in [("source", &each.source), ("target", &each.target)] {
                if let Some(value) = value {
                    members.insert(side.to_owned(), masked(value));
                }
            }
            members.insert("equal".to_owned(), false.into());
            Value::Object(members)
        })
        .collect()
}

/// One side of a plan, a list or an outcome.
pub(crate) fn party(party: &Party) -> Value {
    let company = party.company.as_deref().map(WebhookId::new);
    json!({
        "name": party.name,
        "company_id": id(company.as_ref()),
        "webhooks": party.count,
        "profile": party.profile.as_ref().map(|profile| profile.name.as_str()),
        "label": party.profile.as_ref().and_then(|profile| profile.label.as_deref()),
    })
}

/// A type as its number; `null` without one.
pub(crate) fn type_number(type_id: Option<TypeId>) -> Value {
    type_id.map_or(Value::Null, |type_id| type_id.0.into())
}

/// An id as a number where it is one, else as a string; `null` where there is none.
pub(crate) fn id(id: Option<&WebhookId>) -> Value {
    id.map_or(Value::Null, |id| {
        serde_json::from_str(&id.to_json()).unwrap_or_else(|_| id.as_str().into())
    })
}

/// A masked value; `null` where there is none.
pub(crate) fn optional(value: Option<&Masked>) -> Value {
    value.map_or(Value::Null, masked)
}

/// A masked value as a tree in which what is hidden, shortened and there cannot be confused.
///
/// Every JSON object in it has exactly one member, which tells what it is: `hidden`, `part`, `number` or `object`.
pub fn masked(value: &Masked) -> Value {
    match value {
        Masked::Null => Value::Null,
        Masked::Bool(value) => Value::Bool(*value),
        Masked::Number(text) => number(text),
        Masked::Text(text) => Value::String(text.clone()),
        Masked::Part(text) => json!({"part": text}),
        Masked::Hidden(kind) => json!({"hidden": kind}),
        Masked::Array(elements) => elements.iter().map(masked).collect(),
        Masked::Object(members) => {
            let members: Map<String, Value> = members
                .iter()
                .map(|(key, value)| (key.clone(), masked(value)))
                .collect();
            json!({"object": members})
        }
    }
}

/// A number that every reader of JSON gets exactly is one; any other keeps its spelling as text.
fn number(text: &str) -> Value {
    const LARGEST_EXACT: u64 = 1 << 53;
    match text.parse::<i64>() {
        Ok(value) if value.to_string() == text && value.unsigned_abs() < LARGEST_EXACT => {
            value.into()
        }
        _ => json!({"number": text}),
    }
}

#[cfg(test)]
mod tests {
    use super::{id, masked, text};
    use crate::coralogix::mask::Masked;
    use crate::coralogix::webhook::WebhookId;
    use serde_json::json;

    #[test]
    fn what_is_hidden_cannot_be_confused_with_a_webhook_s_own_keys() {
        let own = Masked::Object(vec![
            ("hidden".to_owned(), Masked::Text("$ALERT_ID".to_owned())),
            ("other".to_owned(), Masked::Hidden("text")),
        ]);
        assert_eq!(
            masked(&own),
            json!({"object": {"hidden": "$ALERT_ID", "other": {"hidden": "text"}}})
        );
    }

    #[test]
    fn numbers_keep_their_spelling_where_a_reader_would_round_them() {
        let number = |text: &str| masked(&Masked::Number(text.to_owned()));
        assert_eq!(number("17"), json!(17));
        assert_eq!(number("1.10"), json!({"number": "1.10"}));
        assert_eq!(
            number("9007199254740993"),
            json!({"number": "9007199254740993"})
        );
    }

    #[test]
    fn ids_are_numbers_where_they_are_numeric() {
        assert_eq!(id(Some(&WebhookId::new("1050"))), json!(1050));
        assert_eq!(id(Some(&WebhookId::new("ab-1"))), json!("ab-1"));
        assert_eq!(id(None), json!(null));
    }

    #[test]
    fn no_character_of_a_document_can_drive_a_terminal() {
        let value = json!({"alias": "a\u{1b}[31m\u{9b}\u{202e}\u{e0041}\u{7f}日本"});
        let shown = text(&value);
        assert!(shown.contains("a\\u001b[31m\\u009b\\u202e\\udb40\\udc41\\u007f日本"));
        let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(read, value);
    }
}
