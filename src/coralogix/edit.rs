//! Replaces values inside a webhook and leaves every other byte unchanged, inside the escaped JSON too.
//! Escapes a new value exactly as often as the value that it replaces.

use super::json;
use super::place::{FIELDS_KEY, Place};
use super::webhook::Webhook;
use std::ops::Range;

/// One replacement: the place, and the JSON token to put there.
pub(crate) struct Edit<'p> {
    pub(crate) place: &'p Place,
    pub(crate) token: String,
}

impl Webhook {
    /// Returns the webhook with those values replaced; the places must be this webhook's own and must not overlap.
    #[must_use]
    pub(crate) fn with_edits(&self, edits: &[Edit<'_>]) -> Self {
        let mut webhook = self.clone();
        for (key, raw) in self.keys().zip(self.tokens().map(|(_, raw)| raw)) {
            let mut splices: Vec<(Range<usize>, String)> = edits
                .iter()
                .filter_map(|edit| splice_for(edit, &key, raw))
                .collect();
            if splices.is_empty() {
                continue;
            }
            splices.sort_by_key(|(range, _)| range.start);
            webhook = webhook.with_member(&key, &apply_splices(raw, &splices));
        }
        webhook
    }

    /// Returns the webhook with another alias.
    #[must_use]
    pub(crate) fn with_alias(&self, alias: &str) -> Self {
        self.with_member("alias", &json::encode_string(alias))
    }
}

/// The byte range to replace in the raw value of `key`, and its replacement; `None` if the edit is for another key.
fn splice_for(edit: &Edit<'_>, key: &str, raw: &str) -> Option<(Range<usize>, String)> {
    let location = &edit.place.location;
    if location.key != key {
        return None;
    }
    Some(match &location.range {
        None => (0..raw.len(), edit.token.clone()),
        Some(range) if key == FIELDS_KEY && raw.starts_with('"') => {
            (encoded_range(raw, range), escape_json_text(&edit.token))
        }
        Some(range) => (range.clone(), edit.token.clone()),
    })
}

fn apply_splices(raw: &str, splices: &[(Range<usize>, String)]) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut copied_to = 0;
    for (range, token) in splices {
        out.push_str(&raw[copied_to..range.start]);
        out.push_str(token);
        copied_to = range.end;
    }
    out.push_str(&raw[copied_to..]);
    out
}

/// Escapes a text as the inside of a JSON string, without the quotes.
fn escape_json_text(text: &str) -> String {
    let quoted = json::encode_string(text);
    quoted[1..quoted.len() - 1].to_owned()
}

/// Maps a range of the decoded text to the range of the JSON string token that encodes it.
fn encoded_range(raw: &str, range: &Range<usize>) -> Range<usize> {
    let (mut at, mut decoded) = (1, 0);
    let mut start = at;
    while decoded < range.end {
        if decoded <= range.start {
            start = at;
        }
        let (raw_len, decoded_len) = first_char_lengths(&raw[at..]);
        at += raw_len;
        decoded += decoded_len;
    }
    start..at
}

/// The byte length of the first character of an escaped text, as `(escaped, decoded)`.
fn first_char_lengths(raw: &str) -> (usize, usize) {
    let bytes = raw.as_bytes();
    if bytes[0] != b'\\' {
        let length = raw.chars().next().map_or(1, char::len_utf8);
        return (length, length);
    }
    if bytes.get(1) != Some(&b'u') {
        return (2, 1);
    }
    let unit = |at: usize| {
        let digits = raw.get(at + 2..at + 6)?;
        u16::from_str_radix(digits, 16).ok()
    };
    match unit(0) {
        Some(0xD800..=0xDBFF) => (12, 4),
        Some(unit) => (6, char::from_u32(unit.into()).map_or(3, char::len_utf8)),
        None => (2, 1),
    }
}
