//! Second stage: what stripping removes and what it keeps, byte for byte.

use crate::support::fixture::{inventory, list_tokens, stripped, text, tokens, wire};
use hookferry::coralogix::kind::type_name;
use hookferry::pipeline::strip::{Blocked, StrippedWebhook, strip};
use hookferry::untrusted::escape;
use smol_str::SmolStr;
use std::fmt::Write as _;

/// The server-owned keys, repeated here so that a mistake in the program's list shows.
const SERVER_OWNED: &[&str] = &[
    "id",
    "company_id",
    "companyId",
    "created_at",
    "updated_at",
    "integrationTypeId",
];

#[test]
fn account() {
    snapshots!();
    insta::assert_snapshot!(table("account.json"));
}

#[test]
fn awkward() {
    snapshots!();
    insta::assert_snapshot!(table("awkward.json"));
}

/// One line per webhook: `id  "alias"  type | - removed | = kept, + added | verdict`.
fn table(name: &str) -> String {
    let before = list_tokens(&text(name));
    let after = strip(inventory(name));
    assert_eq!(before.len(), after.webhooks().len());
    let mut out = String::new();
    for (before, after) in before.iter().zip(after.webhooks()) {
        let _ = writeln!(out, "{}", line(before, after));
    }
    out
}

fn line(before: &[(String, String)], after: &StrippedWebhook) -> String {
    let kept = tokens(&wire(after.bare()));
    let has = |members: &[(String, String)], key: &str| members.iter().any(|(name, _)| name == key);
    let mut removed: Vec<&str> = before
        .iter()
        .map(|(key, _)| key.as_str())
        .filter(|key| !has(&kept, key))
        .collect();
    removed.sort_unstable();
    let kept: Vec<String> = kept
        .iter()
        .map(|(key, value)| {
            let added = if has(before, key) { "" } else { "+" };
            if key != "integration_type" {
                return format!("{added}{key}");
            }
            let id = nested_id(value).map_or_else(|| value.clone(), |id| format!("id {id}"));
            format!("{added}{key}({id})")
        })
        .collect();
    let verdict = match (after.blocked(), after.is_type_filled()) {
        (Some(blocked), filled) => {
            let filled = if filled { ", type filled" } else { "" };
            format!("BLOCKED: {}{filled}", blocked.reason())
        }
        (None, true) => "ready, type filled".to_owned(),
        (None, false) => "ready".to_owned(),
    };
    format!(
        "{:<4}  \"{}\"  {} | - {} | = {} | {verdict}",
        after
            .id()
            .map_or_else(|| "none".to_owned(), ToString::to_string),
        escape(after.alias()),
        after.type_id().map_or_else(|| "no type".into(), type_name),
        removed.join(" "),
        kept.join(" "),
    )
}

fn nested_id(value: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_str(value).unwrap();
    object.get("id").map(ToString::to_string)
}

#[test]
fn kept_members_keep_their_bytes_and_order() {
    for name in ["account.json", "awkward.json"] {
        let after = strip(inventory(name));
        for (before, after) in list_tokens(&text(name)).iter().zip(after.webhooks()) {
            let is_kept = |(key, _): &&(String, String)| !SERVER_OWNED.contains(&key.as_str());
            let mut expected: Vec<(String, String)> =
                before.iter().filter(is_kept).cloned().collect();
            if after.blocked().is_none() {
                complete(&mut expected, after);
            }
            assert!(
                tokens(&wire(after.bare())) == expected,
                "{name}: {:?} `{}`",
                after.id(),
                after.alias()
            );
        }
    }
}

/// Adds what a create request needs and a response may lack: `integration_type`, in place or at the end, then its number.
fn complete(members: &mut Vec<(String, String)>, webhook: &StrippedWebhook) {
    let type_id = webhook.type_id().unwrap().0;
    let documented = match type_id {
        0 => r#"{"label":"Slack","icon":"/assets/settings/slack-48.png","id":0}"#,
        1 => r#"{"label":"WebHook","icon":"/assets/webhook.png","id":1}"#,
        _ => "no other type is missing in the fixtures",
    };
    let ix = members
        .iter()
        .position(|(key, _)| key == "integration_type");
    let member = ("integration_type".to_owned(), documented.to_owned());
    match ix {
        None => members.push(member),
        Some(ix) if members[ix].1 == "null" => members[ix] = member,
        Some(_) => {}
    }
    if !members.iter().any(|(key, _)| key == "integration_type_id") {
        members.push(("integration_type_id".to_owned(), type_id.to_string()));
    }
}

#[test]
fn escaped_keys_are_recognized() {
    let json = r#"[{"\u0069d":7,"\u0061lias":"a","company\u005fid":1,"x\u00fc":1.10,
        "integration_type_id":0,"integration_type":{"\u0069d":0}}]"#;
    let after = stripped(json);
    let [webhook] = after.webhooks() else {
        panic!("one webhook");
    };
    assert_eq!(webhook.id().unwrap().as_str(), "7");
    assert_eq!(webhook.alias(), "a");
    assert_eq!(webhook.blocked(), None);
    assert!(!webhook.is_type_filled());
    assert_eq!(
        wire(webhook.bare()),
        r#"{"\u0061lias":"a","x\u00fc":1.10,"integration_type_id":0,"integration_type":{"\u0069d":0}}"#
    );
}

#[test]
fn only_the_top_level_loses_its_server_owned_keys() {
    let json = r#"[{"id":1,"alias":"a","integration_type":{"id":1,"created_at":"x","company_id":2},
        "integration_type_id":1,"more":{"id":3,"updated_at":"y"},
        "integration_type_fields":[{"name":"payload","value":{"id":4}}]}]"#;
    let body = wire(stripped(json).webhooks()[0].bare());
    assert!(body.contains(r#"{"id":1,"created_at":"x","company_id":2}"#));
    assert!(body.contains(r#""more":{"id":3,"updated_at":"y"}"#));
    assert!(body.contains(r#""value":{"id":4}"#));
    assert!(body.starts_with(r#"{"alias":"#));
}

/// Which of two values a server uses is unknowable, at any depth.
#[test]
fn a_duplicate_key_in_any_object_blocks() {
    let webhook = |members: &str| {
        format!(r#"[{{"id":1,"alias":"a","url":"","integration_type_id":1,{members}}}]"#)
    };
    let mut passed = Vec::new();
    for members in [
        r#""integration_type":{"id":1,"id":2}"#,
        r#""integration_type":{"id":1,"label":"a","label":"b"}"#,
        r#""integration_type":{"id":1},"more":{"a":1,"a":2}"#,
        r#""integration_type":{"id":1},"more":[{"a":{"b":1,"\u0062":2}}]"#,
        r#""integration_type":{"id":1},"integration_type_fields":[{"name":"payload","value":{"a":1,"a":1}}]"#,
        r#""integration_type":{"id":1},"integration_type_fields":"{\"a\":1,\"a\":2}""#,
        r#""integration_type":{"id":1},"alias":"b""#,
    ] {
        let reason = stripped(&webhook(members)).webhooks()[0].blocked();
        if reason != Some(Blocked::DuplicateKey) {
            passed.push(members);
        }
    }
    assert!(passed.is_empty(), "not blocked:\n{}", passed.join("\n"));
}

#[test]
fn a_blocked_webhook_is_never_reported_as_type_filled() {
    let stripped = strip(inventory("awkward.json"));
    let is_wrong =
        |webhook: &&StrippedWebhook| webhook.blocked().is_some() && webhook.is_type_filled();
    let wrong: Vec<&SmolStr> = stripped
        .webhooks()
        .iter()
        .filter(is_wrong)
        .map(StrippedWebhook::alias)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
