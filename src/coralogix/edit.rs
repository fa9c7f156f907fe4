//! Replaces values inside a webhook and leaves every other byte unchanged, inside the escaped JSON too.
//! Escapes a new value exactly as often as the value that it replaces.

use super::json;
use super::place::{FIELDS_KEY, Place};
use super::webhook::Webhook;
use std::borrow::Cow;
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
        for (key, raw) in self.keys().zip(self.values()) {
            let mut of_key: Vec<&Edit<'_>> = edits
                .iter()
                .filter(|edit| edit.place.location.key == key)
                .collect();
            if of_key.is_empty() {
                continue;
            }
            of_key.sort_by_key(|edit| start(edit));
            webhook = webhook.with_member(&key, &apply_edits(raw, &key, &of_key));
        }
        webhook
    }

    /// Returns the webhook with another alias.
    #[must_use]
    pub(crate) fn with_alias(&self, alias: &str) -> Self {
        self.with_member("alias", &json::encode_string(alias))
    }
}

fn start(edit: &Edit<'_>) -> usize {
    let range = edit.place.location.range.as_ref();
    range.map_or(0, |range| range.start)
}

/// The raw value of a key with those values in it replaced, which come in its order.
fn apply_edits(raw: &str, key: &str, edits: &[&Edit<'_>]) -> String {
    let is_escaped = key == FIELDS_KEY && raw.starts_with('"');
    let mut ranges = EncodedRanges::new(raw);
    let mut out = String::with_capacity(raw.len());
    let mut copied_to = 0;
    for edit in edits {
        let (range, token) = match &edit.place.location.range {
            None => (0..raw.len(), Cow::Borrowed(&edit.token)),
            Some(range) if is_escaped => (
                ranges.next(range),
                Cow::Owned(escape_json_text(&edit.token)),
            ),
            Some(range) => (range.clone(), Cow::Borrowed(&edit.token)),
        };
        out.push_str(&raw[copied_to..range.start]);
        out.push_str(&token);
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

/// Maps ranges of the decoded text, in its order, to ranges of the JSON string token that encodes it.
struct EncodedRanges<'r> {
    raw: &'r str,
    /// An offset in the token, and the same one in the decoded text.
    at: usize,
    decoded: usize,
}

impl<'r> EncodedRanges<'r> {
    fn new(raw: &'r str) -> Self {
        // After the opening quote.
        let (at, decoded) = (1, 0);
        Self { raw, at, decoded }
    }

    fn next(&mut self, range: &Range<usize>) -> Range<usize> {
        let start = self.advance(range.start);
        start..self.advance(range.end)
    }

    /// Advances to an offset of the decoded text; returns the offset in the token.
    fn advance(&mut self, decoded: usize) -> usize {
        while self.decoded < decoded {
            let (raw_len, decoded_len) = first_char_lengths(&self.raw[self.at..]);
            self.at += raw_len;
            self.decoded += decoded_len;
        }
        self.at
    }
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
