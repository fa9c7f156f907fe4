//! Judges a run by what the target really holds, not by the habits that were drawn.

use super::draw::{Setup, UPDATED};
use crate::support::stand_in::text;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Alias and type, by which the campaign counts copies.
pub(super) type Key = (String, u64);

/// Alias and type, as a server that normalizes or escapes aliases would store them.
pub(super) fn key(webhook: &Value) -> Key {
    let type_id = webhook["integration_type_id"].as_u64();
    (
        normalize(text(webhook, "alias")),
        type_id.unwrap_or(u64::MAX),
    )
}

pub(super) fn normalize(alias: &str) -> String {
    let unescaped = alias
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    unescaped.trim().to_lowercase()
}

/// Alias, url, and the fields with their names.
type Content = (String, String, Vec<String>);

/// What of a webhook has to arrive.
fn content(webhook: &Value) -> Content {
    let fields = text(webhook, "integration_type_fields");
    let fields: Vec<Value> = serde_json::from_str(fields).unwrap_or_default();
    let mut fields: Vec<String> = fields
        .iter()
        .map(|field| format!("{}={}", field["name"], field["value"]))
        .collect();
    fields.sort();
    let (alias, url) = (text(webhook, "alias"), text(webhook, "url"));
    (alias.to_owned(), url.to_owned(), fields)
}

/// The id and the content of each webhook. Of one that was updated, an altering server gives back what it likes.
pub(super) fn restored_contents(
    webhooks: &[Value],
    is_altering: bool,
) -> Vec<(Option<u64>, Key, Option<Content>)> {
    let shown = |webhook: &Value| {
        let is_comparable = !(is_altering && text(webhook, "alias").eq_ignore_ascii_case(UPDATED));
        let content = is_comparable.then(|| content(webhook));
        (webhook["id"].as_u64(), key(webhook), content)
    };
    webhooks.iter().map(shown).collect()
}

fn counts<'v>(webhooks: impl Iterator<Item = &'v Value>) -> BTreeMap<Key, usize> {
    let mut counts = BTreeMap::new();
    for webhook in webhooks {
        *counts.entry(key(webhook)).or_default() += 1;
    }
    counts
}

/// A source webhook of which the target holds too many copies.
pub(super) fn surplus(source: &[Value], target: &[Value]) -> Option<(Key, String)> {
    let found = counts(target.iter());
    counts(source.iter())
        .into_iter()
        .find_map(|(key, expected)| {
            let found = found.get(&key).copied().unwrap_or(0);
            (found > expected).then(|| (key, format!("expected {expected}, found {found}")))
        })
}

/// The source webhooks of which the target holds too few copies.
pub(super) fn missing(source: &[Value], target: &[Value]) -> Vec<Key> {
    let found = counts(target.iter());
    let expected = counts(source.iter()).into_iter();
    expected
        .filter(|(key, expected)| found.get(key).copied().unwrap_or(0) < *expected)
        .map(|(key, _)| key)
        .collect()
}

/// Whether a list that silently ends after its first page hides a copy of which nobody could know.
///
/// No client can notice such a list as long as nothing on record names an id behind its end: neither a webhook
/// that the target had before the first run, nor one whose response was lost with it.
pub(super) fn is_hidden_and_unnamed(
    setup: &Setup,
    key: &Key,
    target: &[Value],
    is_anything_unnamed: bool,
) -> bool {
    let Some(page_size) = setup.silent_page_size() else {
        return false;
    };
    let is_hidden = |webhooks: &[Value]| {
        let hidden = webhooks.iter().skip(page_size);
        hidden.into_iter().any(|webhook| self::key(webhook) == *key)
    };
    is_hidden(&setup.seeds.target) || (is_anything_unnamed && is_hidden(target))
}

/// What is wrong with the report of a run whose target then holds `target`.
pub(super) fn report_mistakes(report: &Value, source: &[Value], target: &[Value]) -> Vec<String> {
    let mut mistakes = Vec::new();
    // A run that could not read the target back cannot name what the server altered.
    let is_read_back = !report["read_back"].is_null();
    for row in report["webhooks"].as_array().into_iter().flatten() {
        let result = text(row, "result");
        if !["created", "updated", "unchanged", "appeared"].contains(&result) {
            continue;
        }
        let id = id_number(&row["target_id"]);
        let found = target.iter().find(|webhook| webhook["id"].as_u64() == id);
        let Some(found) = found.filter(|found| {
            normalize(text(found, "alias")) == normalize(text(row, "alias"))
                && found["integration_type_id"] == row["type_id"]
        }) else {
            // What only an answer named is as good as the answer until the read-back.
            if is_read_back || text(row, "proof") != "acknowledged" {
                mistakes.push(format!("the id map is wrong for {row}"));
            }
            continue;
        };
        let desired = source
            .iter()
            .find(|webhook| webhook["id"].as_u64() == id_number(&row["source_id"]));
        let is_altered = desired.is_some_and(|desired| content(desired) != content(found));
        let is_named = row["altered"]
            .as_array()
            .is_some_and(|altered| !altered.is_empty());
        let is_written = ["created", "updated"].contains(&result);
        if is_written && is_read_back && is_altered && !is_named {
            mistakes.push(format!("altered but not named: {row}"));
        }
    }
    mistakes
}

/// What is wrong with the report of a run that ended with exit code 0.
pub(super) fn success_mistakes(report: &Value, n_source: usize) -> Vec<String> {
    let mut mistakes = Vec::new();
    let rows = report["webhooks"].as_array().cloned().unwrap_or_default();
    let summary = report["summary"].as_object().cloned().unwrap_or_default();
    let sum: u64 = summary
        .iter()
        .filter(|(name, _)| *name != "total")
        .filter_map(|(_, n)| n.as_u64())
        .sum();
    if rows.len() != n_source || summary["total"] != n_source || sum != n_source as u64 {
        mistakes.push(format!(
            "the counts do not add up to {n_source}: {summary:?}"
        ));
    }
    let ids: BTreeSet<_> = rows
        .iter()
        .map(|row| id_number(&row["target_id"]))
        .collect();
    if ids.len() != n_source {
        mistakes.push("two webhooks share one target id".to_owned());
    }
    mistakes
}

/// An id as a number, however it is written.
pub(super) fn id_number(id: &Value) -> Option<u64> {
    id.as_u64().or_else(|| id.as_str()?.parse().ok())
}
