//! Paths of values inside a webhook, in written form: `url`, `headers.Authorization`, `payload.logEntries.0.text`.
//! A part that contains a dot, a quote or white space is written as a quoted JSON string.

use super::json;
use crate::secret::resembles_vendor_key;
use std::fmt;

/// The path of one value inside a webhook: the name of its field, then object keys and array indices.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<String>);

impl Path {
    /// Builds a path from its parts.
    pub fn from_parts(parts: &[&str]) -> Self {
        Self(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    /// Parses the written form; the error describes the syntax mistake.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let (part, after) = parse_first_part(rest)?;
            parts.push(part);
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => return Ok(Self(parts)),
                None => return Err("a quoted part must be followed by a dot"),
            }
        }
    }

    /// Returns this path extended by one part.
    #[must_use]
    pub fn child(&self, part: impl Into<String>) -> Self {
        let mut parts = self.0.clone();
        parts.push(part.into());
        Self(parts)
    }

    /// Extends this path by one part.
    pub(super) fn push(&mut self, part: &str) {
        self.0.push(part.to_owned());
    }

    /// Removes the last part.
    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// Whether this path equals `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Whether one of the two paths equals or contains the other.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.is_within(other) || other.is_within(self)
    }

    /// The decoded parts in order, without quotes.
    pub fn parts(&self) -> &[String] {
        &self.0
    }
}

fn parse_first_part(text: &str) -> Result<(String, &str), &'static str> {
    if text.starts_with('"') {
        let end = quoted_end(text).ok_or("a quoted part has no closing quote")?;
        let part = json::decode_string(&text[..end])
            .map_err(|_| "a quoted part is not a valid JSON string")?;
        return Ok((part.into_owned(), &text[end..]));
    }
    let end = text.find('.').unwrap_or(text.len());
    let part = &text[..end];
    if part.is_empty() {
        return Err("a part between dots is empty");
    }
    if part.contains('"') {
        return Err("quotes must enclose a whole part");
    }
    Ok((part.to_owned(), &text[end..]))
}

/// The offset just past the quoted string at the start of `text`; `None` if it is not closed.
fn quoted_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The written form; hides a key that looks like one of the vendor's API keys.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (ix, part) in self.0.iter().enumerate() {
            let dot = if ix > 0 { "." } else { "" };
            let is_plain = !part.is_empty()
                && part
                    .chars()
                    .all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '.' | '"'));
            if resembles_vendor_key(part) {
                write!(f, "{dot}(key)")?;
            } else if is_plain {
                write!(f, "{dot}{part}")?;
            } else {
                write!(f, "{dot}{}", json::encode_string(part))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn display_and_parse_round_trip() {
        for text in [
            "url",
            "headers.Authorization",
            "payload.logEntries.0.text",
            r#"headers."X.Api.Key""#,
            r#"payload."".x"#,
            r#""a \"b\"".c"#,
        ] {
            let path = Path::parse(text).expect(text);
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn malformed_paths_are_rejected() {
        for text in [
            "", ".", "a.", "a..b", r#""a"#, r#""a"b"#, r#"a"b"#, r#""\x""#,
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_is_within_its_ancestors() {
        let path = |text| Path::parse(text).expect("a path");
        assert!(path("payload.a.b").is_within(&path("payload")));
        assert!(path("payload").overlaps(&path("payload.a")));
        assert!(!path("payloads").overlaps(&path("payload")));
    }

    #[test]
    fn vendor_api_keys_are_hidden() {
        let path = Path::from_parts(&["payload", "cxtp_canary"]);
        assert_eq!(path.to_string(), "payload.(key)");
    }
}
