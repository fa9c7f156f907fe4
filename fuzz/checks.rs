//! Properties that must hold for any bytes, shared by the fuzz targets and the property tests of the main suite.
//! Each function takes a fuzzer's input and panics if the program violates the property.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each target uses one of them"
)]

use hookferry::coralogix::kind::{SAFE_HEADERS, SAFE_PAYLOAD_KEYS};
use hookferry::coralogix::mask::Masked;
use hookferry::coralogix::reference::{
    Correspondence, FileKind, Found, RewrittenReference, repoint,
};
use hookferry::coralogix::webhook::{Webhook, WebhookId, list_to_wire, parse_list};
use hookferry::document::Document;
use hookferry::http::server_words::SentValues;
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::rewrite::{PortableWebhook, Rewriting, file, rewrite};
use hookferry::pipeline::strip::strip;
use hookferry::secret::{SAFE_PATHS, resembles_vendor_key};
use hookferry::store::backup::{Identities, OpenedFile, open};
use hookferry::store::idmap;
use hookferry::store::input::decode_text;
use smol_str::SmolStr;
use std::sync::Arc;

/// A stand-in for a secret.
const PLANTED: &str = "canary-4f1c-27182818";

/// A rules file parses or is refused with positions inside it, and no output repeats a secret that it contains.
pub(crate) fn rules_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // A fuzzer that follows comparisons learns the planted text and may use it where texts are shown: as a key.
    if text.contains(PLANTED) {
        return;
    }
    let text = plant_secrets(text);
    match file::parse(&text) {
        Ok(rules) => assert!(!format!("{rules:?}").contains(PLANTED)),
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            let lines: Vec<&str> = text.split('\n').collect();
            for diagnostic in diagnostics {
                let line = lines.get(diagnostic.line.wrapping_sub(1));
                let n = line.expect("a line of the file").chars().count();
                assert!((1..=n + 1).contains(&diagnostic.column), "{diagnostic}");
                assert!(!diagnostic.message.contains(PLANTED), "{diagnostic}");
            }
        }
    }
}

/// Inserts the planted secret wherever the file gives a value in the simplest syntax.
fn plant_secrets(text: &str) -> String {
    let mut text = text.to_owned();
    for start in ["value = \"", "from = \"", "to = \"", "\"op\", \""] {
        let end = format!("{start}{PLANTED}");
        text = text.replace(start, &end);
    }
    text
}

/// Rewriting changes no byte that no rule names, and the output differs from the input only in the reported changes.
///
/// The input is the rules, a line of `----`, and the list of webhooks.
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
    let untouched = rewrite(strip(inventory.clone()), &Rewriting::identity());
    for (old, new) in before.webhooks().iter().zip(
        untouched
            .expect("rewriting without rules succeeds")
            .webhooks(),
    ) {
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
        ..Rewriting::identity()
    };
    let Ok(portable) = rewrite(strip(inventory), &rewriting) else {
        return;
    };
    for (old, new) in before.webhooks().iter().zip(portable.webhooks()) {
        assert_only_reported_changes(old.bare(), new);
    }
}

fn assert_only_reported_changes(old: &Webhook, new: &PortableWebhook) {
    let (before, after) = (wire(old), wire(new.bare()));
    assert!(
        Webhook::parse(after.as_str()).is_some(),
        "no longer a webhook"
    );
    if new.changes().iter().all(|change| change.is_equal) {
        assert!(before == after, "changed although no change was reported");
        return;
    }
    let changed = |path: &hookferry::coralogix::path::Path| {
        let mut changes = new.changes().iter();
        changes.any(|change| change.path.overlaps(path))
    };
    let (old_places, new_places) = (old.places(), new.bare().places());
    for place in old_places
        .iter()
        .filter(|place| !changed(&place.path) && !place.json_type.is_container())
    {
        let same = new_places.iter().find(|other| other.path == place.path);
        let same = same.expect("a place that no rule names has disappeared");
        assert!(same.masked == place.masked && same.json_type == place.json_type);
    }
}

/// A mask shows only what the table of types allows; the check states that table a second time, independently.
///
/// The input is one webhook.
pub(crate) fn masker(data: &[u8]) {
    let Some(webhook) = std::str::from_utf8(data).ok().and_then(Webhook::parse) else {
        return;
    };
    let fields = webhook.masked().fields;
    let type_id = webhook.type_id().map_or(u64::MAX, |type_id| type_id.0);
    for place in webhook.places() {
        let path = path_by_name(place.path.parts(), fields.as_ref());
        match &place.masked {
            Masked::Text(text) | Masked::Number(text) => {
                assert!(text.chars().count() <= 64 && !resembles_vendor_key(text));
                assert!(may_be_shown(type_id, &path, text), "{path:?} is shown");
                assert!(place.secret_kind().is_none());
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
            Masked::Hidden(_) => assert!(place.secret_kind().is_some()),
            _ => {}
        }
    }
}

/// What is shown of a server's words shares no four characters in a row with what was sent.
///
/// The input is what was sent, up to a NUL, and pairs of bytes from which the words are made: of pieces of it, in some
/// spelling, and of other letters.
pub(crate) fn server_words(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let secret = String::from_utf8_lossy(parts.next().unwrap_or_default());
    // The scheme of a url is no secret.
    let n_open = ["https://", "http://"]
        .iter()
        .find(|scheme| secret.starts_with(**scheme));
    let n_open = n_open.map_or(0, |scheme| scheme.len());
    let secret: Vec<char> = secret.chars().collect();
    let mut words = String::new();
    let mut has_run = false;
    for pair in parts.next().unwrap_or_default().chunks_exact(2) {
        let (kind, at) = (pair[0], usize::from(pair[1]));
        let piece: String = secret.iter().skip(n_open + at).take(4).collect();
        // Control characters and bytes that are no text pass for splinters of what was no code.
        let is_splinter =
            |c: char| c.is_control() && !c.is_whitespace() || c == char::REPLACEMENT_CHARACTER;
        let is_run =
            piece.chars().count() == 4 && !piece.contains(is_splinter) && !piece.trim().is_empty();
        if kind % 8 < 6 && is_run {
            has_run = true;
            words.push('"');
            words.push_str(&spelled(&piece, kind));
            words.push('"');
        } else {
            words.push(char::from(pair[1]));
        }
    }
    let mut sent = SentValues::default();
    sent.add(secret.iter().collect::<String>());
    let shown = sent.show(&words);
    assert!(
        !has_run || shown.as_str().contains("words withheld"),
        "{words:?} is shown"
    );
}

/// A piece of what was sent, as servers spell it.
fn spelled(piece: &str, kind: u8) -> String {
    let bytes = |spell: fn(u8) -> String| piece.bytes().map(spell).collect::<Vec<_>>().concat();
    match kind % 8 {
        0 => piece.to_owned(),
        1 => piece.to_uppercase(),
        2 => bytes(|byte| format!("%{byte:02x}")),
        3 => {
            let units: Vec<String> = piece
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect();
            units.concat()
        }
        4 => {
            let escaped: Vec<String> = piece
                .chars()
                .map(|c| format!("&#{};", u32::from(c)))
                .collect();
            escaped.concat()
        }
        _ => bytes(|byte| format!("{byte:02X}")),
    }
}

/// The path starting with the field's name, even where the field is addressed by its index in the list
/// because the webhook has a key of that name.
fn path_by_name<'p>(path: &'p [String], fields: Option<&'p Masked>) -> Vec<&'p str> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["integration_type_fields", index, "value", below @ ..] = path.as_slice() else {
        return path;
    };
    let Some(Masked::Array(entries)) = fields else {
        return path;
    };
    let Some(Masked::Object(members)) = index.parse().ok().and_then(|ix: usize| entries.get(ix))
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

/// Any bytes are a backup, a list of webhooks, or refused in words that repeat nothing of them; the other readers of files
/// take them or refuse them, too. A list that is read is written back as it was.
pub(crate) fn file_reader(data: &[u8]) {
    read_as_text(data);
    let text = match open(data.to_vec(), &Identities::default(), "file") {
        Ok(OpenedFile::Text(text)) => text,
        Ok(OpenedFile::Backup(_)) => return,
        Err(error) => return assert!(!error.to_string().contains(PLANTED), "{error}"),
    };
    if let Err(unreadable) = Document::read(&text) {
        assert!(!unreadable.why.contains(PLANTED), "{}", unreadable.why);
    }
    // Ids are quoted, so only that these end.
    let _ = idmap::parse(&text);
    references(FileKind::Json, &text);
    if let Ok(webhooks) = parse_list(text.as_str()) {
        let mut written = String::new();
        list_to_wire(&webhooks, &mut written);
        let again = parse_list(written.as_str()).expect("a list");
        assert!(again.iter().map(wire).eq(webhooks.iter().map(wire)));
        let _ = webhooks.iter().map(Webhook::places).collect::<Vec<_>>();
    }
}

/// Terraform files keep every byte that is no reference.
pub(crate) fn terraform(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        references(FileKind::Terraform, text);
        references(FileKind::TerraformJson, text);
    }
}

/// YAML files keep every byte that is no reference.
pub(crate) fn operator(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        references(FileKind::Operator, text);
    }
}

/// Exchanges even numbers with the odd ones behind them, and aliases with those that end with a mark.
struct Exchange;

impl Correspondence for Exchange {
    fn id(&self, id: &WebhookId) -> Found<WebhookId> {
        let number = id.as_str().parse::<u64>().ok();
        let plain = number.filter(|number| number.to_string() == id.as_str());
        plain.map_or(Found::Nothing, |number| {
            Found::One(WebhookId::new((number ^ 1).to_string()))
        })
    }

    fn alias(&self, alias: &str) -> Found<SmolStr> {
        match alias.strip_suffix("-new") {
            Some("") => Found::Nothing,
            Some(old) => Found::One(old.into()),
            None => Found::One(format!("{alias}-new").into()),
        }
    }
}

/// No account has a counterpart.
struct Nobody;

impl Correspondence for Nobody {
    fn id(&self, _: &WebhookId) -> Found<WebhookId> {
        Found::Nothing
    }

    fn alias(&self, _: &str) -> Found<SmolStr> {
        Found::Nothing
    }
}

/// Only the references that are reported change; the result has the same references, and the way back leads to the same
/// names.
fn references(kind: FileKind, text: &str) {
    let Ok(untouched) = repoint(kind, text, &Nobody) else {
        return;
    };
    assert!(untouched.text == text && untouched.rewritten.is_empty());
    let there = repoint(kind, text, &Exchange).expect("valid as before");
    let back = repoint(kind, &there.text, &Exchange)
        .unwrap_or_else(|why| panic!("no longer valid: {why}\n{text}\n{}", there.text));
    assert_eq!(
        kept(text, &there.rewritten),
        kept(&there.text, &back.rewritten)
    );
    for (one, other) in there.rewritten.iter().zip(&back.rewritten) {
        assert_eq!((&one.from, &one.to), (&other.to, &other.from), "{text}");
    }
}

/// What stands before, between and behind references.
fn kept<'t>(text: &'t str, references: &[RewrittenReference]) -> Vec<&'t str> {
    let starts = std::iter::once(0).chain(references.iter().map(|reference| reference.bytes.end));
    let ends = references.iter().map(|reference| reference.bytes.start);
    let ends = ends.chain(std::iter::once(text.len()));
    starts
        .zip(ends)
        .map(|(start, end)| &text[start..end])
        .collect()
}

/// A text is the same in UTF-8 and in UTF-16, with and without a byte order mark.
fn read_as_text(data: &[u8]) {
    let Ok(text) = decode_text(data.to_vec()) else {
        return;
    };
    let marked = format!("\u{feff}{text}");
    let utf16 = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [marked.into_bytes(), utf16] {
        assert!(decode_text(bytes).is_ok_and(|decoded| decoded == text));
    }
}

fn wire(webhook: &Webhook) -> String {
    let mut out = String::new();
    webhook.to_wire(&mut out);
    out
}
