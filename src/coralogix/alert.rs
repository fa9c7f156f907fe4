//! Rewrites exported alert definitions: finds where they refer to webhooks by id, and replaces those ids.
//! Never changes a byte outside an id that it replaces, and never guesses what a reference means.

use super::json;
use super::webhook::WebhookId;
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::ops::Range;

/// The JSON keys under which an alert holds a webhook's id.
const KEYS: [&str; 2] = ["integrationId", "integration_id"];
/// Path segments shown at either end; nobody reads the middle of a path deeper than that.
const SHOWN_STEPS: usize = 24;

/// The text is not valid JSON, so no reference in it can be located reliably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

/// A reference that was rewritten to a webhook of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its path in the document, such as `alertDefs[3].integrationId`.
    pub path: String,
    /// The byte range of the original text that was replaced.
    pub bytes: Range<usize>,
    /// The webhook's id in the source.
    pub from: WebhookId,
    /// The webhook's id in the target.
    pub to: WebhookId,
}

/// Why a reference was left unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The id map has no target id for it.
    NotMapped,
    /// The value cannot be a webhook id, such as an object or a fraction.
    NotAnId,
}

/// A reference that was left unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Its path in the document, such as `alertDefs[3].integrationId`.
    pub path: String,
    /// The byte range of the value; for an object or array, only of its opening bracket.
    pub bytes: Range<usize>,
    /// The id, or the raw JSON value if it is not an id; objects and arrays are abbreviated.
    pub id: String,
    /// Why it was left unchanged.
    pub why: Why,
}

/// An alert document whose references point to the target, with the result for each reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repointed {
    /// The rewritten text; outside the replaced values it equals the original byte for byte.
    pub text: String,
    /// The replaced references, in document order.
    pub rewritten: Vec<Reference>,
    /// The references left unchanged, in document order.
    pub unresolved: Vec<Unresolved>,
}

/// Replaces every webhook id for which `target_of` returns a new one.
///
/// Each original id is looked up exactly once, so two ids may swap. Fails if the text is not JSON.
pub fn repoint(
    text: &str,
    mut target_of: impl FnMut(&WebhookId) -> Option<WebhookId>,
) -> Result<Repointed, NotJson> {
    let mut done = Repointed {
        text: String::with_capacity(text.len()),
        rewritten: Vec::new(),
        unresolved: Vec::new(),
    };
    let mut copied = 0;
    for Place { path, bytes } in places(text)? {
        let token = &text[bytes.clone()];
        let Some(from) = id(token) else {
            let id = match token {
                "{" => "{…}",
                "[" => "[…]",
                other => other,
            };
            done.unresolved.push(Unresolved {
                path,
                bytes,
                id: id.to_owned(),
                why: Why::NotAnId,
            });
            continue;
        };
        let Some(to) = target_of(&from) else {
            done.unresolved.push(Unresolved {
                path,
                bytes,
                id: from.as_str().to_owned(),
                why: Why::NotMapped,
            });
            continue;
        };
        done.text.push_str(&text[copied..bytes.start]);
        if token.starts_with('"') || !is_number(to.as_str()) {
            done.text.push_str(&json::quoted(to.as_str()));
        } else {
            done.text.push_str(to.as_str());
        }
        copied = bytes.end;
        done.rewritten.push(Reference {
            path,
            bytes,
            from,
            to,
        });
    }
    done.text.push_str(&text[copied..]);
    Ok(done)
}

/// The id in a JSON token: a whole number or a non-empty string.
fn id(token: &str) -> Option<WebhookId> {
    if token.starts_with('"') {
        let text = json::string(token).ok().filter(|text| !text.is_empty())?;
        Some(WebhookId::new(&text))
    } else {
        is_number(token).then(|| WebhookId::new(token))
    }
}

/// Whether the text is a non-negative integer in JSON's notation.
fn is_number(text: &str) -> bool {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits && (text == "0" || !text.starts_with('0'))
}

/// A non-null value under one of the reference keys.
struct Place {
    path: String,
    bytes: Range<usize>,
}

/// Finds every reference, in document order.
fn places(text: &str) -> Result<Vec<Place>, NotJson> {
    let body = text.trim_start_matches('\u{feff}');
    // This validates the whole text without recursion, so the code below may assume well-formed JSON.
    serde_json::from_str::<&RawValue>(body).map_err(|_| NotJson)?;
    let mut walk = Walk {
        text,
        at: text.len() - body.len(),
        open: Vec::new(),
        found: Vec::new(),
    };
    while let Some(byte) = text.as_bytes().get(walk.at) {
        walk.step(*byte);
    }
    Ok(walk.found)
}

/// A container that is still open: the current key's byte range in an object, the current index in an array.
enum Open {
    Object(Option<Range<usize>>),
    Array(usize),
}

/// Walks over validated JSON with a stack on the heap, so that no nesting depth can overflow the call stack.
struct Walk<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
    found: Vec<Place>,
}

impl Walk<'_> {
    fn step(&mut self, byte: u8) {
        let start = self.at;
        self.at += 1;
        match byte {
            b'{' => {
                self.value(start);
                self.open.push(Open::Object(None));
            }
            b'[' => {
                self.value(start);
                self.open.push(Open::Array(0));
            }
            b'}' | b']' => {
                self.open.pop();
            }
            b',' => match self.open.last_mut() {
                Some(Open::Object(key)) => *key = None,
                Some(Open::Array(place)) => *place += 1,
                None => {}
            },
            b'"' => {
                self.at = self.end_of_string(start);
                let end = self.at;
                match self.open.last_mut() {
                    Some(Open::Object(key @ None)) => *key = Some(start..end),
                    _ => self.value(start),
                }
            }
            b':' | b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => {
                let rest = &self.text.as_bytes()[start..];
                let is_end = |byte: &u8| b",]} \t\n\r".contains(byte);
                self.at = start + rest.iter().position(is_end).unwrap_or(rest.len());
                self.value(start);
            }
        }
    }

    /// The offset just past the closing quote of the string that starts at `start`.
    fn end_of_string(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => return at + 1,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        bytes.len()
    }

    /// Records the value from `start` to the current position if it is a reference.
    fn value(&mut self, start: usize) {
        let bytes = start..self.at;
        if let Some(Open::Object(Some(key))) = self.open.last()
            && is_reference(&self.text[key.clone()])
            && &self.text[bytes.clone()] != "null"
        {
            let path = self.path();
            self.found.push(Place { path, bytes });
        }
    }

    /// The current path; the middle of a very deep one is elided.
    fn path(&self) -> String {
        let mut path = String::new();
        let last = self.open.len();
        for (depth, open) in self.open.iter().enumerate() {
            if depth >= SHOWN_STEPS && depth + SHOWN_STEPS < last {
                if depth == SHOWN_STEPS {
                    path.push('…');
                }
                continue;
            }
            match open {
                Open::Array(place) => {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "[{place}]");
                }
                Open::Object(Some(key)) => push_key(&mut path, &self.text[key.clone()]),
                Open::Object(None) => {}
            }
        }
        path
    }
}

fn is_reference(key: &str) -> bool {
    let inner = &key[1..key.len() - 1];
    KEYS.contains(&inner)
        || (inner.contains('\\') && json::string(key).is_ok_and(|key| KEYS.contains(&&*key)))
}

fn push_key(path: &mut String, token: &str) {
    let key = json::string(token).unwrap_or_else(|_| token.into());
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !key.is_empty() && key.chars().all(is_plain) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&key);
    } else {
        path.push('[');
        path.push_str(&json::quoted(&key));
        path.push(']');
    }
}
