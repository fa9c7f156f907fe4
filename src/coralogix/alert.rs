//! Alert definitions as exported: where they refer to webhooks by number, and the same text with other numbers.
//! Never changes a byte outside a number that it replaces, and never guesses what a reference means.

use super::json;
use super::webhook::WebhookId;
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::ops::Range;

/// The keys under which an alert names a webhook's id.
const KEYS: [&str; 2] = ["integrationId", "integration_id"];
/// How many steps of a path are shown at either end; deeper ones are for machines, not for people.
const SHOWN_STEPS: usize = 24;

/// The text is no JSON, so nothing in it can be found for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

/// One reference that leads to a webhook of the target now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where it stands, as people write it: `alertDefs[3].integrationId`.
    pub path: String,
    /// The bytes of the original text that were replaced.
    pub bytes: Range<usize>,
    /// The webhook's id in the source.
    pub from: WebhookId,
    /// The webhook's id in the target.
    pub to: WebhookId,
}

/// Why a reference was left as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No new id is known for it.
    NotMapped,
    /// The value has a form that no webhook's id has.
    NotAnId,
}

/// One reference that still stands as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Where it stands, as people write it.
    pub path: String,
    /// The bytes of the value; of an object or array, its first.
    pub bytes: Range<usize>,
    /// The id, or the value as it is written where it is none.
    pub id: String,
    /// What is the matter with it.
    pub why: Why,
}

/// An alert text whose references lead to the target, and what became of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repointed {
    /// The text; outside the replaced values it is the original, byte for byte.
    pub text: String,
    /// What was replaced, in the order of the text.
    pub rewritten: Vec<Reference>,
    /// What was left, in the order of the text.
    pub unresolved: Vec<Unresolved>,
}

/// Replaces every webhook id for which `target_of` has a new one; each is looked up once, so ids may swap.
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

/// The id that a JSON token gives: a whole number, or a text that is not empty.
fn id(token: &str) -> Option<WebhookId> {
    if token.starts_with('"') {
        let text = json::string(token).ok().filter(|text| !text.is_empty())?;
        Some(WebhookId::new(&text))
    } else {
        is_number(token).then(|| WebhookId::new(token))
    }
}

/// Whether the text is a whole number as JSON spells it.
fn is_number(text: &str) -> bool {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits && (text == "0" || !text.starts_with('0'))
}

/// A value under one of the keys, other than `null`.
struct Place {
    path: String,
    bytes: Range<usize>,
}

/// Every reference of a text, in its order.
fn places(text: &str) -> Result<Vec<Place>, NotJson> {
    let body = text.trim_start_matches('\u{feff}');
    // This checks the whole grammar without recursion, so what follows only has to find its way.
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

/// A container that is not closed yet, and how far the walk has come in it.
enum Open {
    Object(Option<Range<usize>>),
    Array(usize),
}

/// A walk over checked JSON that keeps its own stack, so that no nesting can exhaust the program's.
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

    /// The place behind the closing quote of the string that begins at `start`.
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

    /// Notes the value from `start` up to here if it is a reference.
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

    /// Where the walk is; the middle of a very deep path is left out.
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
