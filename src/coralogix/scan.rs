//! A single-pass JSON scanner: finds where each value starts and ends, and validates the grammar on the way.
//! Builds no tree; accepts exactly what `serde_json` accepts.

use serde_json::value::RawValue;
use std::io;

/// Beyond this depth the scanner hands over to `serde_json`'s `RawValue`, which does not recurse.
const MAX_DEPTH: usize = 128;

/// A cursor that moves forward through JSON text.
pub(super) struct Scanner<'t> {
    text: &'t str,
    pos: usize,
}

/// The text is not valid JSON at the cursor, or ends too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

type ScanResult<T> = Result<T, Malformed>;

/// Whether a text is one whole JSON value.
pub(super) fn is_json(text: &str) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.next_value().is_ok() && scanner.is_at_end()
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self::starting_at(text, 0)
    }

    /// A cursor at a byte offset, such as behind a mark of the text's encoding.
    pub(super) fn starting_at(text: &'t str, pos: usize) -> Self {
        Self { text, pos }
    }

    /// The cursor's byte offset.
    pub(super) fn position(&self) -> usize {
        self.pos
    }

    /// The text from the cursor on.
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.pos..]
    }

    /// Skips white space and returns the next byte without consuming it.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.pos) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.pos += 1,
                other => return other.copied(),
            }
        }
    }

    /// Skips white space, and consumes `byte` if it comes next; returns whether it did.
    pub(super) fn consume(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.pos += usize::from(is_next);
        is_next
    }

    /// Whether nothing but white space is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Consumes the next key and its colon in an object whose `{` is consumed; `None` at the object's end.
    pub(super) fn next_key(&mut self, is_first: bool) -> ScanResult<Option<&'t str>> {
        if self.consume(b'}') {
            return Ok(None);
        }
        if !is_first && !self.consume(b',') {
            return Err(Malformed);
        }
        self.peek();
        let key = self.next_string()?;
        if self.consume(b':') {
            Ok(Some(key))
        } else {
            Err(Malformed)
        }
    }

    /// Consumes the separator before the next element of an array whose `[` is consumed; `false` at the array's end.
    pub(super) fn next_element(&mut self, is_first: bool) -> ScanResult<bool> {
        if self.consume(b']') {
            return Ok(false);
        }
        if is_first || self.consume(b',') {
            Ok(true)
        } else {
            Err(Malformed)
        }
    }

    /// Consumes the next value and returns its exact text.
    pub(super) fn next_value(&mut self) -> ScanResult<&'t str> {
        self.peek();
        let start = self.pos;
        self.skip_value(MAX_DEPTH)?;
        Ok(&self.text[start..self.pos])
    }

    /// Consumes the string token at the cursor and returns it with its quotes.
    pub(super) fn next_string(&mut self) -> ScanResult<&'t str> {
        let bytes = self.text.as_bytes();
        let start = self.pos;
        if bytes.get(start) != Some(&b'"') {
            return Err(Malformed);
        }
        let mut at = start + 1;
        loop {
            at += plain_prefix_len(&bytes[at..]);
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += escape_len(&bytes[at..])?,
                _ => return Err(Malformed),
            }
        }
        self.pos = at + 1;
        Ok(&self.text[start..self.pos])
    }

    fn skip_value(&mut self, depth: usize) -> ScanResult<()> {
        match self.peek() {
            Some(b'"') => self.next_string().map(drop),
            Some(b'{' | b'[') if depth == 0 => self.skip_deep_value(),
            Some(b'{') => {
                self.pos += 1;
                let mut is_first = true;
                while self.next_key(is_first)?.is_some() {
                    is_first = false;
                    self.skip_value(depth - 1)?;
                }
                Ok(())
            }
            Some(b'[') => {
                self.pos += 1;
                let mut is_first = true;
                while self.next_element(is_first)? {
                    is_first = false;
                    self.skip_value(depth - 1)?;
                }
                Ok(())
            }
            Some(b't') => self.skip_literal("true"),
            Some(b'f') => self.skip_literal("false"),
            Some(b'n') => self.skip_literal("null"),
            Some(b'-' | b'0'..=b'9') => self.skip_number(),
            _ => Err(Malformed),
        }
    }

    fn skip_deep_value(&mut self) -> ScanResult<()> {
        let mut values =
            serde_json::Deserializer::from_str(&self.text[self.pos..]).into_iter::<&RawValue>();
        match values.next() {
            Some(Ok(_)) => {
                self.pos += values.byte_offset();
                Ok(())
            }
            _ => Err(Malformed),
        }
    }

    fn skip_literal(&mut self, word: &str) -> ScanResult<()> {
        if !self.text.as_bytes()[self.pos..].starts_with(word.as_bytes()) {
            return Err(Malformed);
        }
        self.pos += word.len();
        Ok(())
    }

    fn skip_number(&mut self) -> ScanResult<()> {
        let bytes = self.text.as_bytes();
        let digits = |from: usize| {
            bytes[from..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        let some_digits = |from: usize| match digits(from) {
            0 => Err(Malformed),
            n => Ok(from + n),
        };
        let start = self.pos + usize::from(bytes[self.pos] == b'-');
        let mut at = some_digits(start)?;
        if bytes[start] == b'0' && at > start + 1 {
            return Err(Malformed);
        }
        if bytes.get(at) == Some(&b'.') {
            at = some_digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = bytes.get(at) {
            let has_sign = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
            at = some_digits(at + 1 + usize::from(has_sign))?;
        }
        self.pos = at;
        Ok(())
    }
}

/// The number of bytes before the first quote, backslash or control character; examines eight bytes at a time.
fn plain_prefix_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Sets the high bit of each zero byte; may also mark a byte above a zero byte, but only the first mark counts.
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    while let Some(eight) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        let quotes = zero_bytes(word ^ (ONES * u64::from(b'"')));
        let backslashes = zero_bytes(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = quotes | backslashes | controls;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=0x1f);
    at + bytes[at..].iter().take_while(|byte| is_plain(byte)).count()
}

/// The length of the escape at the start of `bytes`.
fn escape_len(bytes: &[u8]) -> ScanResult<usize> {
    match bytes.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') if bytes.len() >= 6 && bytes[2..6].iter().all(u8::is_ascii_hexdigit) => Ok(6),
        _ => Err(Malformed),
    }
}

/// Writes a text part by part without white space, and escapes every string as `serde_json` does, so that the result
/// depends only on the content.
///
/// The text must be valid JSON; an error if a string contains half a surrogate pair.
pub(super) fn compact(text: &str, mut write: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let malformed = || io::Error::from(io::ErrorKind::InvalidData);
    let mut scanner = Scanner::new(text);
    // What can be written as it is, up to the end of the last token.
    let mut plain = 0..0;
    while let Some(byte) = scanner.peek() {
        if scanner.pos > plain.end {
            write(&text[plain])?;
            plain = scanner.pos..scanner.pos;
        }
        if byte == b'"' {
            let token = scanner.next_string().map_err(|_| malformed())?;
            if token.contains('\\') {
                write(&text[plain])?;
                let inner = unescape(&token[1..token.len() - 1]).ok_or_else(malformed)?;
                write(&encode_string(&inner))?;
                plain = scanner.pos..scanner.pos;
            }
        } else {
            scanner.pos += 1;
        }
        plain.end = scanner.pos;
    }
    write(&text[plain])
}

/// A string token without its quotes; `None` for any other token.
pub(super) fn unquote(token: &str) -> Option<&str> {
    // Byte by byte, because prefixes and suffixes are compared by a call.
    match token.as_bytes() {
        [b'"', .., b'"'] => Some(&token[1..token.len() - 1]),
        _ => None,
    }
}

/// Decodes the escapes of a string token whose quotes are removed; `None` for half a surrogate pair.
pub(super) fn unescape(inner: &str) -> Option<String> {
    let bytes = inner.as_bytes();
    let mut out = String::with_capacity(inner.len());
    let (mut copied, mut at) = (0, 0);
    while let Some(plain) = bytes[at..].iter().position(|byte| *byte == b'\\') {
        let escape = at + plain;
        out.push_str(&inner[copied..escape]);
        if let Some(b'"' | b'\\' | b'/') = bytes.get(escape + 1) {
            // Nearly every escape stands for the character that it shows, which starts the next plain part.
            (copied, at) = (escape + 1, escape + 2);
        } else {
            let (character, length) = decode_escape(inner, escape)?;
            out.push(character);
            (copied, at) = (escape + length, escape + length);
        }
    }
    out.push_str(&inner[copied..]);
    Some(out)
}

/// Decodes the escape at offset `at`; returns the character and the escape's length.
fn decode_escape(inner: &str, at: usize) -> Option<(char, usize)> {
    let character = match inner.as_bytes().get(at + 1)? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return decode_unicode_escape(inner, at),
        _ => return None,
    };
    Some((character, 2))
}

fn decode_unicode_escape(inner: &str, at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = inner.get(at..at + 6)?.strip_prefix("\\u")?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then_some(())?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(at)?;
    if !(0xd800..0xe000).contains(&first) {
        return Some((char::from_u32(first)?, 6));
    }
    let second = unit(at + 6).filter(|second| (0xdc00..0xe000).contains(second))?;
    let high = first.checked_sub(0xd800).filter(|_| first < 0xdc00)?;
    let code = 0x1_0000 + (high << 10) + (second - 0xdc00);
    Some((char::from_u32(code)?, 12))
}

/// Encodes a string as a JSON token, escaped once.
pub fn encode_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::{compact, is_json, plain_prefix_len, unescape};
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
    use serde_json::value::RawValue;

    fn is_json_to_serde(text: &str) -> bool {
        serde_json::from_str::<&RawValue>(text).is_ok()
    }

    #[test]
    fn accepts_exactly_what_serde_json_accepts() {
        let texts = [
            "",
            " ",
            "0",
            "-0",
            "01",
            "-",
            "1.",
            "1.5",
            ".5",
            "1e5",
            "1E+5",
            "1e",
            "1e-",
            "tru",
            "true",
            "nul",
            "null ",
            "[]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{}",
            "{\"a\":1,}",
            "{\"a\" :\t1}",
            "{a:1}",
            "{\"a\"}",
            "\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\x\"",
            "\"\n\"",
            "\"\u{7f}\u{80}é☃🚀\"",
            "[[[]]]]",
            "{}{}",
            "\u{feff}1",
        ];
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        let texts = texts
            .map(str::to_owned)
            .into_iter()
            .chain([127, 128, 129, 5000].map(deep));
        for text in texts.chain([deep(200) + "]", "[".repeat(500)]) {
            assert_eq!(is_json(&text), is_json_to_serde(&text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn agrees_with_serde_json_on_any_text(text in "[\\[\\]{},:\"\\\\ 0-2eE.+\\-truefalsn\u{1}é]{0,24}") {
            prop_assert_eq!(is_json(&text), is_json_to_serde(&text));
        }

        #[test]
        fn unescapes_strings_as_serde_json_does(inner in "([a-zé☃\"🚀]|\\\\[nrtbf/\\\\\"]|\\\\u[d0][8-9c-d0][0-9a-fA-F]{2}|\\\\u.{2}){0,6}") {
            let token = format!("\"{inner}\"");
            if is_json(&token) {
                prop_assert_eq!(unescape(&inner), serde_json::from_str::<String>(&token).ok());
            }
        }

        #[test]
        fn compact_equals_serde_json_output(text in "[ \n]{0,2}(\\{[ ]?\"([a-zé]|\\\\[nt/\"\\\\u]{1,2}|00e9){0,4}\"[ ]?:[ ]?)?\"(\\\\n|\\\\u00e9|\\\\/|☃|a b){0,3}\"[ ]?\\}?") {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                let mut compacted = String::new();
                let is_compacted = compact(&text, |part| { compacted.push_str(part); Ok(()) }).is_ok();
                prop_assert_eq!((is_compacted, compacted), (true, value.to_string()));
            }
        }

        #[test]
        fn plain_prefix_len_agrees_with_a_bytewise_search(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            let one = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            prop_assert_eq!(plain_prefix_len(&bytes), one.unwrap_or(bytes.len()));
        }
    }
}
