//! What must hold for any bytes at all: shared by the fuzz targets and by the property tests of the main suite.
//! Each takes what a fuzzer gives and panics where the program does not keep its word.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each target uses one of them"
)]

use hookferry::coralogix::kind::{SAFE_HEADERS, SAFE_PAYLOAD_KEYS};
use hookferry::coralogix::mask::Masked;
use hookferry::coralogix::webhook::{Webhook, parse_list};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::rewrite::{PortableWebhook, Rewriting, file, rewrite};
use hookferry::pipeline::strip::strip;
use hookferry::secret::{SAFE_PATHS, resembles_vendor_key};
use std::sync::Arc;

/// What stands for a secret.
const PLANTED: &str = "canary-4f1c-27182818";

/// A rules file is read or refused with places that are in it, and nothing repeats a secret that is written in it.
pub(crate) fn rules_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // A fuzzer that follows comparisons learns the planted text, and may write it where texts are shown: as a key.
    if text.contains(PLANTED) {
        return;
    }
    let text = planted(text);
    match file::parse(&text) {
        Ok(rules) => assert!(!format!("{rules:?}").contains(PLANTED)),
        Err(misread) => {
            assert!(!misread.is_empty());
            let lines: Vec<&str> = text.split('\n').collect();
            for misread in misread {
                let line = lines.get(misread.line.wrapping_sub(1));
                let n = line.expect("a line of the file").chars().count();
                assert!((1..=n + 1).contains(&misread.column), "{misread}");
                assert!(!misread.what.contains(PLANTED), "{misread}");
            }
        }
    }
}

/// The same file with a planted secret wherever one is given in the plainest way.
fn planted(text: &str) -> String {
    let mut text = text.to_owned();
    for start in ["value = \"", "from = \"", "to = \"", "\"op\", \""] {
        let end = format!("{start}{PLANTED}");
        text = text.replace(start, &end);
    }
    text
}

/// Webhooks under rules: what no rule names stays to the byte, and what comes out is what went in but for the changes.
///
/// The bytes are the rules, a line of `----`, and the list of webhooks.
pub(crate) fn rewriter(data: &[u8]) {
    let Some((rules, list)) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| text.split_once("\n----\n"))
    else {
        return;
    };
    let Ok(webhooks) = parse_list(list) else {
        return;
    };
    let inventory = Inventory::from(webhooks);
    let before = strip(inventory.clone());
    let untouched = rewrite(strip(inventory.clone()), &Rewriting::nothing());
    for (old, new) in before
        .webhooks()
        .iter()
        .zip(untouched.expect("no rule, no mistake").webhooks())
    {
        assert!(
            wire(old.bare()) == wire(new.bare()),
            "changed without a rule"
        );
    }
    let Ok(rules) = file::parse(rules) else {
        return;
    };
    let rewriting = Rewriting {
        rules: Arc::new(rules),
        ..Rewriting::nothing()
    };
    let Ok(portable) = rewrite(strip(inventory), &rewriting) else {
        return;
    };
    for (old, new) in before.webhooks().iter().zip(portable.webhooks()) {
        same_but_for_changes(old.bare(), new);
    }
}

fn same_but_for_changes(old: &Webhook, new: &PortableWebhook) {
    let (before, after) = (wire(old), wire(new.bare()));
    assert!(
        Webhook::parse(after.as_str()).is_some(),
        "no webhook any more"
    );
    if new.changes().iter().all(|change| change.is_equal) {
        assert!(before == after, "changed where nothing was said to change");
        return;
    }
    let changed = |path: &hookferry::coralogix::path::Path| {
        let mut changes = new.changes().iter();
        changes.any(|change| change.path.overlaps(path))
    };
    let (old_places, new_places) = (old.places(), new.bare().places());
    for place in old_places
        .iter()
        .filter(|place| !changed(&place.path) && !place.shape.is_container())
    {
        let same = new_places.iter().find(|other| other.path == place.path);
        let same = same.expect("a place that no rule names is gone");
        assert!(same.masked == place.masked && same.shape == place.shape);
    }
}

/// Of any webhook nothing is shown but what the table of types allows, said here a second time and in other words.
///
/// The bytes are one webhook.
pub(crate) fn masker(data: &[u8]) {
    let Some(webhook) = std::str::from_utf8(data).ok().and_then(Webhook::parse) else {
        return;
    };
    let fields = webhook.masked().fields;
    let type_id = webhook.type_id().map_or(u64::MAX, |type_id| type_id.0);
    for place in webhook.places() {
        let path = by_name(place.path.parts(), fields.as_ref());
        match &place.masked {
            Masked::Text(text) | Masked::Number(text) => {
                assert!(text.chars().count() <= 64 && !resembles_vendor_key(text));
                assert!(may_be_shown(type_id, &path, text), "{path:?} is shown");
                assert!(place.secret().is_none());
            }
            Masked::Part(shown) if path == ["url"] => {
                let rest = shown.split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.trim_start_matches("(user)@");
                let path = rest.find('/').map_or("", |at| &rest[at..]);
                let path = path
                    .trim_end_matches("#(fragment)")
                    .trim_end_matches("?(query)");
                assert!(path == "/(path)" || SAFE_PATHS.contains(&path), "{shown}");
            }
            Masked::Part(shown) => {
                let is_email = matches!((type_id, path[0]), (4, "payload") | (6, "email"));
                assert!(is_email && shown.starts_with("…@"), "{path:?} {shown}");
            }
            Masked::Hidden(_) => assert!(place.secret().is_some()),
            _ => {}
        }
    }
}

/// A path that starts with the name of the field, also where the field is reached by its place in the list,
/// because the webhook has a key of that name.
fn by_name<'p>(path: &'p [String], fields: Option<&'p Masked>) -> Vec<&'p str> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["integration_type_fields", at, "value", below @ ..] = path.as_slice() else {
        return path;
    };
    let Some(Masked::Array(entries)) = fields else {
        return path;
    };
    let Some(Masked::Object(members)) = at.parse().ok().and_then(|at: usize| entries.get(at))
    else {
        return path;
    };
    let name = members.iter().find_map(|(key, value)| match value {
        Masked::Text(name) if key == "name" => Some(name.as_str()),
        _ => None,
    });
    name.into_iter().chain(below.iter().copied()).collect()
}

fn may_be_shown(type_id: u64, path: &[&str], text: &str) -> bool {
    let is_index =
        |part: &&&str| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
    let nearest_key = path.iter().rev().find(|part| !is_index(part));
    match (type_id, path) {
        (1 | 3 | 8, ["uuid" | "method", ..]) | (6, ["projectKey", ..]) => true,
        (1 | 3 | 8, ["headers", name, ..]) => SAFE_HEADERS.contains(&name.to_lowercase().as_str()),
        (1 | 3 | 8, ["payload", ..]) => {
            let is_placeholder = text.starts_with('$')
                && text[1..]
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            is_placeholder || nearest_key.is_some_and(|key| SAFE_PAYLOAD_KEYS.contains(key))
        }
        _ => false,
    }
}

fn wire(webhook: &Webhook) -> String {
    let mut out = String::new();
    webhook.to_wire(&mut out);
    out
}
