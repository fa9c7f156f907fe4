//! JSON output for programs: every document has a `format_version`; `docs/json.md` describes them all.
//! Pure. Writes masked values as tagged trees, so that programs can tell hidden values from literal ones.

use crate::coralogix::id_json;
use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::view::Party;
use crate::document::{DifferenceDocument, DocumentHeader, PartyDocument, masked};
use crate::error::{Error, ExitCode};
use crate::pipeline::plan::Difference;
use crate::untrusted;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};

/// A document as indented JSON with a final newline; escapes characters that could control a terminal.
///
/// # Panics
/// If the document cannot be serialized as JSON, which no document of this program can cause.
pub fn text(document: &impl Serialize) -> String {
    let mut out = Vec::new();
    write(document, &mut out).expect(ALWAYS_SERIALIZES);
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Writes the same text as [`text`] to a stream, without holding all of it in memory.
pub fn write(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = EscapingWriter::new(out);
    serde_json::to_writer_pretty(&mut writer, document)?;
    writer.finish()
}

/// The reason why serializing a document of this program cannot fail.
const ALWAYS_SERIALIZES: &str = "a document has only string keys and numbers that JSON can express";

/// A buffered JSON writer that escapes every character that could control a terminal.
struct EscapingWriter<'w> {
    buffer: Vec<u8>,
    out: &'w mut dyn Write,
}

impl<'w> EscapingWriter<'w> {
    /// Number of buffered bytes at which the buffer is written out.
    const CHUNK: usize = 1 << 16;

    fn new(out: &'w mut dyn Write) -> Self {
        Self {
            buffer: Vec::with_capacity(2 * Self::CHUNK),
            out,
        }
    }

    /// Writes the final newline and flushes the buffer.
    fn finish(mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        self.flush_buffer()
    }

    fn flush_buffer(&mut self) -> io::Result<()> {
        if self.buffer.is_ascii() && !self.buffer.contains(&0x7f) {
            self.out.write_all(&self.buffer)?;
        } else {
            // The JSON serializer writes whole strings, never a part of a character.
            let text = std::str::from_utf8(&self.buffer).map_err(io::Error::other)?;
            self.out.write_all(escape_json(text).as_bytes())?;
        }
        self.buffer.clear();
        Ok(())
    }
}

impl Write for EscapingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() < Self::CHUNK {
            return Ok(());
        }
        self.flush_buffer()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_buffer()?;
        self.out.flush()
    }
}

fn escape_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    for character in text.chars() {
        let mut bytes = [0; 4];
        let one = &*character.encode_utf8(&mut bytes);
        if character.is_ascii() && character != '\u{7f}' || untrusted::escape(one) == one {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// A document of the given kind: the standard members first, then the given ones.
pub(crate) fn document(kind: &'static str, members: Value) -> Value {
    let mut document = value(&DocumentHeader::new(kind));
    if let (Value::Object(document), Value::Object(members)) = (&mut document, members) {
        document.extend(members);
    }
    document
}

/// The document that replaces a missing result: the exit code, its meaning, the error and its hint.
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

/// A document as a JSON value; cannot fail for a document of this program.
pub(crate) fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect(ALWAYS_SERIALIZES)
}

/// Differences, both sides masked; two sides that look the same differ in the masked part.
pub(crate) fn differences(differences: &[Difference]) -> Value {
    value(&DifferenceDocument::from_differences(differences))
}

/// The source or target of a plan, a list or an outcome.
pub(crate) fn party(party: &Party) -> Value {
    value(&PartyDocument::from(party))
}

/// A type as the vendor's number; `null` if there is none.
pub(crate) fn type_number_or_null(type_id: Option<TypeId>) -> Value {
    type_id.map_or(Value::Null, |type_id| type_id.0.into())
}

/// An id as a number if it is numeric, else as a string; `null` if there is none.
pub(crate) fn id_or_null(id: Option<&WebhookId>) -> Value {
    id.map_or(Value::Null, id_json::to_value)
}

/// A masked value as a JSON tree; `null` if there is none.
pub(crate) fn masked_or_null(value: Option<&Masked>) -> Value {
    value.map_or(Value::Null, masked::to_value)
}

#[cfg(test)]
mod tests {
    use super::{id_or_null, text};
    use crate::coralogix::webhook::WebhookId;
    use serde_json::json;

    #[test]
    fn ids_are_numbers_where_they_are_numeric() {
        assert_eq!(id_or_null(Some(&WebhookId::new("1050"))), json!(1050));
        assert_eq!(id_or_null(Some(&WebhookId::new("ab-1"))), json!("ab-1"));
        assert_eq!(id_or_null(None), json!(null));
    }

    #[test]
    fn terminal_control_characters_are_escaped() {
        let value = json!({"alias": "a\u{1b}[31m\u{9b}\u{202e}\u{e0041}\u{7f}日本"});
        let shown = text(&value);
        assert!(shown.contains("a\\u001b[31m\\u009b\\u202e\\udb40\\udc41\\u007f日本"));
        let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(read, value);
    }
}
