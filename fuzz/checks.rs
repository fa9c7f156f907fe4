//! What must hold for any bytes at all: shared by the fuzz targets and by the property tests of the main suite.
//! Each takes what a fuzzer gives and panics where the program does not keep its word.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each target uses one of them"
)]

use hookferry::coralogix::kind::{
    SAFE_HEADERS, SAFE_PATHS, SAFE_PAYLOAD_KEYS, resembles_vendor_key,
};
use hookferry::coralogix::mask::Masked;
use hookferry::coralogix::webhook::{Webhook, parse_list};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::rewrite::{PortableWebhook, Rewriting, file, rewrite};
use hookferry::pipeline::strip::strip;
use std::sync::Arc;

/// The shortest text that counts as repeated: shorter ones stand in messages by chance.
const SHORTEST: usize = 12;

/// A rules file is read or refused with places that are in it, and no message repeats what a text in it holds.
pub(crate) fn rules_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match file::parse(text) {
        Ok(rules) => {
            let shown = format!("{rules:?}");
            assert!(values(text).iter().all(|value| !shown.contains(value)));
        }
        Err(misread) => {
            assert!(!misread.is_empty());
            let n_lines = text.matches('\n').count() + 1;
            for misread in misread {
                let line = text.split('\n').nth(misread.line.wrapping_sub(1));
                assert!((1..=n_lines).contains(&misread.line), "{misread}");
                let n = line.map_or(0, |line| line.chars().count());
                assert!((1..=n + 1).contains(&misread.column), "{misread}");
                let message = misread.what.as_str();
                assert!(
                    values(text).iter().all(|value| !message.contains(value)),
                    "{misread}"
                );
            }
        }
    }
}

/// The texts that are given as secrets in the plainest way: `value = "…"`, `from = "…"`, `to = "…"`.
fn values(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for start in ["value = \"", "from = \"", "to = \""] {
        for (at, _) in text.match_indices(start) {
            let rest = &text[at + start.len()..];
            let value = &rest[..rest.find(['"', '\\', '\n']).unwrap_or(rest.len())];
            let is_usual = MESSAGES.iter().any(|message| message.contains(value));
            if value.len() >= SHORTEST && !is_usual {
                found.push(value);
            }
        }
    }
    found
}

/// What messages say themselves.
const MESSAGES: [&str; 4] = [
    "a value comes from { env = \"NAME\" }, { file = \"path\" }, { command = [\"program\", \"argument\"] } or { value = \"text\" }: exactly one of them",
    "a path with dots stands in quotes: \"headers.Authorization\" = { env = \"NAME\" }",
    "not a path such as `url` or `headers.Authorization`: a part between the dots is empty",
    "replace needs `in` (paths), `from` (a text that is not empty) and `to` (a text)",
];

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
    let Ok(webhooks) = parse_list(&Arc::from(list)) else {
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
    let _ = webhook.masked();
    let type_id = webhook.type_id().map_or(u64::MAX, |type_id| type_id.0);
    for place in webhook.places() {
        let path: Vec<&str> = place.path.parts().iter().map(String::as_str).collect();
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
