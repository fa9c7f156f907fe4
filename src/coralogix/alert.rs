//! Rewrites exported alert definitions: finds where they refer to webhooks by id, and replaces those ids.
//! Never changes a byte outside an id that it replaces, and never guesses what a reference means.

use super::json;
use super::scan::{Malformed, Scanner};
use super::webhook::{WebhookId, whole_number};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

/// The JSON keys under which an alert holds a webhook's id.
const REFERENCE_KEYS: [&str; 2] = ["integrationId", "integration_id"];
/// Path segments shown at either end; nobody reads the middle of a path deeper than that.
const SHOWN_PATH_SEGMENTS: usize = 24;

/// Characters shown of a key: a long one is part of the path of every reference inside.
const SHOWN_KEY_CHARS: usize = 80;

/// The text is not valid JSON, so no reference in it can be located reliably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

/// A reference that was rewritten to a webhook of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RewrittenReference {
    /// Its path in the document, such as `alertDefs[3].integrationId`.
    pub path: String,
    /// The byte range of the original text that was replaced.
    #[serde(skip)]
    pub bytes: Range<usize>,
    /// The webhook's id in the source.
    #[serde(rename = "from")]
    pub source_id: WebhookId,
    /// The webhook's id in the target.
    #[serde(rename = "to")]
    pub target_id: WebhookId,
}

/// Why a reference was left unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnresolvedReason {
    /// The id map has no target id for it.
    NotMapped,
    /// The value cannot be a webhook id, such as an object or a fraction.
    NotAnId,
}

/// A reference that was left unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedReference {
    /// Its path in the document, such as `alertDefs[3].integrationId`.
    pub path: String,
    /// The byte range of the value; for an object or array, only of its opening bracket.
    pub bytes: Range<usize>,
    /// The id, or the raw JSON value if it is not an id; objects and arrays are abbreviated.
    pub id: String,
    /// Why it was left unchanged.
    pub reason: UnresolvedReason,
}

/// An alert document whose references point to the target, with the result for each reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepointResult {
    /// The rewritten text; outside the replaced values it equals the original byte for byte.
    pub text: String,
    /// The replaced references, in document order.
    pub rewritten: Vec<RewrittenReference>,
    /// The references left unchanged, in document order.
    pub unresolved: Vec<UnresolvedReference>,
}

/// Replaces every webhook id for which `target_id_of` returns a new one.
///
/// Each original id is looked up exactly once, so two ids may swap. Fails if the text is not JSON.
pub fn repoint(
    text: &str,
    mut target_id_of: impl FnMut(&WebhookId) -> Option<WebhookId>,
) -> Result<RepointResult, NotJson> {
    let mut result = RepointResult {
        text: String::with_capacity(text.len()),
        rewritten: Vec::new(),
        unresolved: Vec::new(),
    };
    let mut copied_to = 0;
    for ReferenceSite { path, bytes } in find_references(text)? {
        let token = &text[bytes.clone()];
        let Some(from) = parse_id(token) else {
            let id = match token {
                "{" => "{…}",
                "[" => "[…]",
                other => other,
            };
            result.unresolved.push(UnresolvedReference {
                path,
                bytes,
                id: id.to_owned(),
                reason: UnresolvedReason::NotAnId,
            });
            continue;
        };
        let Some(to) = target_id_of(&from) else {
            result.unresolved.push(UnresolvedReference {
                path,
                bytes,
                id: from.as_str().to_owned(),
                reason: UnresolvedReason::NotMapped,
            });
            continue;
        };
        result.text.push_str(&text[copied_to..bytes.start]);
        if token.starts_with('"') || !is_number(to.as_str()) {
            result.text.push_str(&json::encode_string(to.as_str()));
        } else {
            result.text.push_str(to.as_str());
        }
        copied_to = bytes.end;
        result.rewritten.push(RewrittenReference {
            path,
            bytes,
            source_id: from,
            target_id: to,
        });
    }
    result.text.push_str(&text[copied_to..]);
    Ok(result)
}

/// The id in a JSON token: a whole number or a non-empty string.
fn parse_id(token: &str) -> Option<WebhookId> {
    if token.starts_with('"') {
        let text = json::decode_string(token)
            .ok()
            .filter(|text| !text.is_empty())?;
        Some(WebhookId::new(&text))
    } else {
        whole_number(token).map(WebhookId::new)
    }
}

/// Whether the text is a non-negative integer in JSON's notation.
fn is_number(text: &str) -> bool {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits && (text == "0" || !text.starts_with('0'))
}

/// A non-null value under one of the reference keys.
struct ReferenceSite {
    path: String,
    bytes: Range<usize>,
}

/// Finds every reference, in document order.
fn find_references(text: &str) -> Result<Vec<ReferenceSite>, NotJson> {
    let body = text.trim_start_matches('\u{feff}');
    // This validates the whole text without recursion, so the walker may assume well-formed JSON.
    serde_json::from_str::<&RawValue>(body).map_err(|_| NotJson)?;
    let mut walker = ReferenceWalker {
        text,
        scanner: Scanner::starting_at(text, text.len() - body.len()),
        open_containers: Vec::new(),
        references: Vec::new(),
    };
    while let Some(byte) = walker.scanner.peek() {
        walker.advance(byte).map_err(|Malformed| NotJson)?;
    }
    Ok(walker.references)
}

/// A container that is still open: the current key's byte range in an object, the current index in an array.
enum OpenContainer {
    Object(Option<Range<usize>>),
    Array(usize),
}

/// Walks over validated JSON with a stack on the heap, so that no nesting depth can overflow the call stack.
struct ReferenceWalker<'t> {
    text: &'t str,
    scanner: Scanner<'t>,
    open_containers: Vec<OpenContainer>,
    references: Vec<ReferenceSite>,
}

impl ReferenceWalker<'_> {
    /// Takes the next token, which starts with `byte` at the cursor.
    fn advance(&mut self, byte: u8) -> Result<(), Malformed> {
        let start = self.scanner.position();
        match byte {
            b'{' | b'[' => {
                self.scanner.consume(byte);
                self.record_if_reference(start);
                self.open_containers.push(if byte == b'{' {
                    OpenContainer::Object(None)
                } else {
                    OpenContainer::Array(0)
                });
            }
            b'}' | b']' => {
                self.scanner.consume(byte);
                self.open_containers.pop();
            }
            b',' => {
                self.scanner.consume(byte);
                match self.open_containers.last_mut() {
                    Some(OpenContainer::Object(key)) => *key = None,
                    Some(OpenContainer::Array(index)) => *index += 1,
                    None => {}
                }
            }
            _ => {
                self.scanner.next_value()?;
                let end = self.scanner.position();
                match self.open_containers.last_mut() {
                    Some(OpenContainer::Object(key @ None)) => {
                        *key = Some(start..end);
                        self.scanner.consume(b':');
                    }
                    _ => self.record_if_reference(start),
                }
            }
        }
        Ok(())
    }

    /// Records the value from `start` to the cursor if it is a reference.
    fn record_if_reference(&mut self, start: usize) {
        let bytes = start..self.scanner.position();
        if let Some(OpenContainer::Object(Some(key))) = self.open_containers.last()
            && is_reference(&self.text[key.clone()])
            && &self.text[bytes.clone()] != "null"
        {
            let path = self.current_path();
            self.references.push(ReferenceSite { path, bytes });
        }
    }

    /// The current path; the middle of a very deep one is elided.
    fn current_path(&self) -> String {
        let mut path = String::new();
        let open = &self.open_containers;
        let (first, last) = if open.len() > 2 * SHOWN_PATH_SEGMENTS {
            let last = &open[open.len() - SHOWN_PATH_SEGMENTS..];
            (&open[..SHOWN_PATH_SEGMENTS], last)
        } else {
            (open.as_slice(), [].as_slice())
        };
        self.push_segments(&mut path, first);
        if !last.is_empty() {
            path.push('…');
            self.push_segments(&mut path, last);
        }
        path
    }

    fn push_segments(&self, path: &mut String, containers: &[OpenContainer]) {
        for open in containers {
            match open {
                OpenContainer::Array(index) => {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "[{index}]");
                }
                OpenContainer::Object(Some(key)) => push_key(path, &self.text[key.clone()]),
                OpenContainer::Object(None) => {}
            }
        }
    }
}

fn is_reference(key: &str) -> bool {
    let inner = &key[1..key.len() - 1];
    REFERENCE_KEYS.contains(&inner)
        || (inner.contains('\\')
            && json::decode_string(key).is_ok_and(|key| REFERENCE_KEYS.contains(&&*key)))
}

fn push_key(path: &mut String, token: &str) {
    let mut key = json::decode_string(token).unwrap_or_else(|_| token.into());
    if let Some((end, _)) = key.char_indices().nth(SHOWN_KEY_CHARS) {
        key = Cow::Owned(format!("{}…", &key[..end]));
    }
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !key.is_empty() && key.chars().all(is_plain) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&key);
    } else {
        path.push('[');
        path.push_str(&json::encode_string(&key));
        path.push(']');
    }
}
