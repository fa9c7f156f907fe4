//! The outcome as programs read it.
//! Pure. Says the same as the text, from the same endings.

use super::ending::{self, End, ends};
use super::{OutcomeView, stop_words};
use crate::pipeline::idmap::Row;
use crate::pipeline::push::Proof;
use crate::pipeline::verify::Finding;
use crate::render::idmap::row_json;
use crate::render::json;
use crate::render::view::kind_name;
use serde_json::{Map, Value, json};

/// The outcome document.
pub fn outcome_json(view: OutcomeView<'_>) -> Value {
    let ends = ends(view);
    let webhooks: Vec<Value> = ends.iter().map(webhook).collect();
    let id_map: Vec<Value> = rows(&ends).iter().map(row_json).collect();
    let appeared: Vec<Value> = view
        .applied
        .appeared
        .iter()
        .map(|id| json::id(Some(id)))
        .collect();
    let stopped = view.applied.stop.as_ref().map(stop_words);
    json::document(
        "outcome",
        json!({
            "run": view.run,
            "continues": view.continues,
            "source": json::party(view.plan.source),
            "target": json::party(view.plan.target),
            "selection": {"matched": ends.len(), "of": view.plan.source.count},
            "webhooks": webhooks,
            "summary": summary(&ends),
            "read_back": read_back(view),
            "stopped": stopped.map(|(code, text)| json!({"code": code, "text": text})),
            "complete": view.is_complete(),
            "may_have_written": view.applied.may_have_written,
            "notices": json::told(view.plan.plan),
            "requests": view.applied.n_requests,
            "appeared_in_target": appeared,
            "id_map": id_map,
        }),
    )
}

fn webhook(end: &End<'_>) -> Value {
    json!({
        "result": end.ending.code(),
        "alias": end.webhook.alias(),
        "type": kind_name(end.webhook.type_id()),
        "type_id": json::type_number(end.webhook.type_id()),
        "source_id": json::id(end.webhook.source_id()),
        "target_id": json::id(end.target_id),
        "proof": end.proof.map(|proof| match proof {
            Proof::Acknowledged => "acknowledged",
            Proof::Observed => "observed",
        }),
        "planned": end.planned.word(),
        "why": end.why,
        "altered": json::differences(end.altered),
    })
}

/// The pairs of ids that the alerts need.
pub(super) fn rows(ends: &[End<'_>]) -> Vec<Row> {
    let row = |end: &End<'_>| {
        Some(Row {
            source_id: end.webhook.source_id()?.clone(),
            target_id: end.target_id?.clone(),
            kind: kind_name(end.webhook.type_id()),
            alias: end.webhook.alias().to_owned(),
            result: end.ending.code().to_owned(),
        })
    };
    ends.iter()
        .filter(|end| end.is_mapped())
        .filter_map(row)
        .collect()
}

fn summary(ends: &[End<'_>]) -> Value {
    let mut members: Map<String, Value> = ending::summary(ends)
        .into_iter()
        .map(|(ending, n)| (ending.code().to_owned(), n.into()))
        .collect();
    members.insert("total".to_owned(), ends.len().into());
    Value::Object(members)
}

fn read_back(view: OutcomeView<'_>) -> Value {
    let Some(verdict) = view.verdict else {
        return Value::Null;
    };
    json!({
        "verified": verdict.count(|finding| *finding == Finding::Verified),
        "altered": verdict.count(|finding| matches!(finding, Finding::Altered(_))),
        "missing": verdict.count(|finding| *finding == Finding::Missing),
        "duplicated": verdict.count(|finding| matches!(finding, Finding::Duplicated(_))),
    })
}
