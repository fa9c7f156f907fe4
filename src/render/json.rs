//! JSON output for programs: every document has a `format_version`; `docs/json.md` describes them all.
//! Pure. Writes masked values as tagged trees, so that programs can tell hidden values from literal ones.

use crate::document::{DocumentBody, Envelope};
use crate::error::{Error, ExitCode};
use crate::untrusted;
use serde::{Serialize, Serializer};
use std::fmt::Write as _;
use std::io::{self, Write};

/// A whole document as indented JSON with a final newline; escapes characters that could control a terminal.
///
/// # Panics
/// If the document cannot be serialized as JSON, which no document of this program can cause.
pub fn text(document: &impl DocumentBody) -> String {
    let mut out = Vec::new();
    let written = write(document, &mut out);
    written.expect("a document has only string keys and numbers that JSON can express");
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Writes the same text as [`text`] to a stream, without holding all of it in memory.
pub fn write(document: &impl DocumentBody, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = EscapingWriter::new(out);
    serde_json::to_writer_pretty(&mut writer, &Envelope(document))?;
    writer.finish()
}

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

/// Serializes pairs as the members of an object, in their order.
pub(super) fn map<K: Serialize, V: Serialize, S: Serializer>(
    pairs: &[(K, V)],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

/// The document that replaces a missing result.
#[derive(Serialize)]
struct ErrorDocument<'e> {
    exit_code: ExitCode,
    meaning: &'static str,
    error: Option<String>,
    hint: Option<&'e str>,
}

impl DocumentBody for ErrorDocument<'_> {
    const KIND: &'static str = "error";
}

/// Renders the document that replaces a missing result: the exit code, its meaning, the error and its hint.
pub fn error(code: ExitCode, error: Option<&Error>) -> impl DocumentBody {
    ErrorDocument {
        exit_code: code,
        meaning: code.meaning(),
        error: error.map(ToString::to_string),
        hint: error.and_then(Error::hint),
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::document::DocumentBody;
    use serde::Serialize;

    #[derive(Serialize)]
    struct TestDocument {
        alias: &'static str,
    }

    impl DocumentBody for TestDocument {
        const KIND: &'static str = "test";
    }

    #[test]
    fn terminal_control_characters_are_escaped() {
        let alias = "a\u{1b}[31m\u{9b}\u{202e}\u{e0041}\u{7f}日本";
        let shown = text(&TestDocument { alias });
        assert!(shown.contains("a\\u001b[31m\\u009b\\u202e\\udb40\\udc41\\u007f日本"));
        let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(read["alias"], alias);
    }
}
