//! What programs read: every document with its `format_version`; `docs/json.md` describes them.
//! Pure. Carries masked values as trees, so that a program can tell what is hidden from what is there.

use super::document::{DifferenceDocument, FORMAT_VERSION, PartyDocument, TOOL, ids, masked};
use super::view::Party;
use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::error::{Error, ExitCode};
use crate::foreign;
use crate::pipeline::plan::Difference;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A document as indented text, ending in a newline; characters that could drive a terminal are escaped, as JSON allows.
///
/// # Panics
/// Where a document is none of ours and cannot be written as JSON.
pub fn text(document: &impl Serialize) -> String {
    harmless(serde_json::to_string_pretty(document).expect(NO_FAILURE))
}

/// The same document on one line, for files that programs read.
///
/// # Panics
/// Where a document is none of ours and cannot be written as JSON.
pub fn line(document: &impl Serialize) -> String {
    harmless(serde_json::to_string(document).expect(NO_FAILURE))
}

/// Why none of ours can fail to be JSON.
const NO_FAILURE: &str = "a document has texts for keys and no number that JSON lacks";

/// The text with a newline at its end, and with every character escaped that could drive a terminal.
fn harmless(mut plain: String) -> String {
    plain.push('\n');
    let is_doubtful = |byte: u8| byte >= 0x7f;
    if !plain.bytes().any(is_doubtful) {
        return plain;
    }
    let mut out = String::with_capacity(plain.len());
    let mut rest = plain.as_str();
    let mut units = [0; 2];
    while let Some(at) = rest.bytes().position(is_doubtful) {
        out.push_str(&rest[..at]);
        let character = rest[at..].chars().next().unwrap_or_default();
        let (one, behind) = rest[at..].split_at(character.len_utf8());
        if character != '\u{7f}' && foreign::shown(one) == one {
            out.push_str(one);
        } else {
            for unit in character.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// A document of that kind with the given members after its own.
pub(crate) fn document(kind: &str, members: Value) -> Value {
    let mut document = json!({
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "tool": TOOL,
    });
    if let (Value::Object(document), Value::Object(members)) = (&mut document, members) {
        document.extend(members);
    }
    document
}

/// What stands in the place of a result that there is none of: the exit code, and what went wrong.
pub fn error(code: ExitCode, error: Option<&Error>) -> Value {
    let meaning = ExitCode::TABLE.iter().find(|(known, _)| *known == code);
    document(
        "error",
        json!({
            "exit_code": code.code(),
            "meaning": meaning.map(|(_, meaning)| *meaning),
            "error": error.map(ToString::to_string),
            "hint": error.and_then(Error::hint),
        }),
    )
}

/// A document as a value; none of ours can fail to be one.
pub(crate) fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect(NO_FAILURE)
}

/// Differences with both sides masked; two sides that look the same differ in what is hidden.
pub(crate) fn differences(differences: &[Difference]) -> Value {
    value(&DifferenceDocument::all(differences))
}

/// One side of a plan, a list or an outcome.
pub(crate) fn party(party: &Party) -> Value {
    value(&PartyDocument::from(party))
}

/// A type as its number; `null` without one.
pub(crate) fn type_number(type_id: Option<TypeId>) -> Value {
    type_id.map_or(Value::Null, |type_id| type_id.0.into())
}

/// An id as a number where it is one, else as a string; `null` where there is none.
pub(crate) fn id(id: Option<&WebhookId>) -> Value {
    id.map_or(Value::Null, ids::to_value)
}

/// A masked value; `null` where there is none.
pub(crate) fn optional(value: Option<&Masked>) -> Value {
    value.map_or(Value::Null, masked::to_value)
}

#[cfg(test)]
mod tests {
    use super::{id, text};
    use crate::coralogix::webhook::WebhookId;
    use serde_json::json;

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
