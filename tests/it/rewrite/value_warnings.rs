//! New values that look wrong: the pager that gets one is silent, so `rules check` and the plan say so.

use crate::support::fixture::rewriting;
use hookferry::coralogix::webhook::parse_list;
use hookferry::pipeline::rewrite::rewrite;
use hookferry::pipeline::strip::strip;
use serde_json::json;

/// The warnings about a webhook with these fields, a service key among them, when `PATH` gets a value.
fn warnings(type_id: u64, fields: &serde_json::Value, path: &str, value: &str) -> Vec<String> {
    let webhook = json!([{
        "id": 1, "alias": "a", "url": "https://old.example/canary", "integration_type_id": type_id,
        "integration_type": {"id": type_id, "label": "l", "icon": "i"},
        "integration_type_fields": fields.to_string(),
    }]);
    let rules = format!("[[rule]]\nset = {{ {path} = {{ env = \"A\" }} }}\n");
    let rules = if path.is_empty() { "" } else { &rules };
    let stripped = strip(parse_list(webhook.to_string()).unwrap().into());
    let portable = rewrite(stripped, &rewriting(rules, &[("A", value)])).unwrap();
    let webhook = &portable.webhooks()[0];
    let warnings: Vec<String> = webhook
        .value_warnings()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(!warnings.join("").contains("canary"), "{warnings:?}");
    warnings
}

fn pager(key: &str) -> serde_json::Value {
    json!([{"name": "serviceKey", "value": key}])
}

fn header(value: &str) -> serde_json::Value {
    json!([{"name": "headers", "value": {"Authorization": value}}])
}

#[track_caller]
fn assert_warns(found: &[String], words: &[&str]) {
    assert_eq!(found.len(), words.len(), "{found:?}");
    for (warning, words) in found.iter().zip(words) {
        assert!(warning.contains(words), "{found:?} lacks {words}");
    }
}

#[test]
fn white_space_and_line_breaks_are_warned_of() {
    let set = |value| warnings(1, &header("canary"), "\"headers.Authorization\"", value);
    assert_warns(&set("new-canary"), &[]);
    assert_warns(&set("two words-canary"), &[]);
    assert_warns(&set(" new-canary"), &["white space"]);
    assert_warns(&set("new-canary\n"), &["white space"]);
    assert_warns(&set("new\ncanary"), &["line break"]);
}

#[test]
fn a_lost_scheme_is_warned_of() {
    for (old, new, words) in [
        ("Bearer canary", "Bearer new-canary", &[][..]),
        ("Bearer canary", "bearer new-canary", &[]),
        ("Bearer canary", "new-canary", &["`Bearer `"]),
        ("Basic canary", "Bearer new-canary", &["`Basic `"]),
        ("GenieKey canary", "new-canary", &["`GenieKey `"]),
        ("canary", "new-canary", &[]),
        ("two canary", "new-canary", &[]),
    ] {
        let found = warnings(1, &header(old), "\"headers.Authorization\"", new);
        assert_warns(&found, words);
    }
}

#[test]
fn a_url_without_a_scheme_is_warned_of() {
    let set = |value| warnings(0, &json!([]), "url", value);
    assert_warns(&set("https://new.example/canary"), &[]);
    assert_warns(&set("new.example/canary"), &["https://"]);
    assert_warns(&set("new.example:443/canary"), &["https://"]);
}

#[test]
fn a_service_key_of_another_length_is_warned_of() {
    let set = |old: &str, new| warnings(2, &pager(old), "serviceKey", new);
    assert_warns(&set("canary-1", "canary-2"), &[]);
    assert_warns(&set("canary-1", "canary-22"), &["another length"]);
    // Nothing is known about the length of a key that is not there.
    assert_warns(&set("****", "canary-22"), &[]);
    assert_warns(&set("", "canary-22"), &[]);
}

#[test]
fn an_empty_secret_that_delivery_needs_is_warned_of() {
    assert_warns(
        &warnings(2, &pager(""), "", ""),
        &["serviceKey: it is empty"],
    );
    assert_warns(&warnings(2, &pager(" "), "", ""), &["serviceKey"]);
    assert_warns(&warnings(2, &json!([]), "", ""), &["serviceKey"]);
    assert_warns(&warnings(2, &json!({"serviceKey": "canary"}), "", ""), &[]);
    assert_warns(
        &warnings(6, &json!([{"name": "apiToken", "value": null}]), "", ""),
        &["apiToken"],
    );
    assert_warns(&warnings(1, &json!([]), "", ""), &[]);
    assert_warns(&warnings(2, &pager(""), "serviceKey", "canary"), &[]);
}
