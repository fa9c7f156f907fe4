//! References in JSON: alerts as an API prints them, resources as `kubectl` does, and Terraform's JSON syntax.

use super::super::json;
use super::super::scan::{Malformed as Unscannable, Scanner};
use super::keys::{Meaning, may_hold_reference, meaning};
use super::path::{self, Segment};
use super::spelling::Spelling;
use super::terraform;
use super::{FileKind, Malformed, ReferenceKind, ReferenceSite, SiteValue, UnresolvedReason};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;

/// Containers around a value that are looked at: work grows with the input, however deep that nests.
const MAX_CONTAINERS: usize = 8;
/// The same in Terraform, where the outermost keys count; it nests no deeper.
const MAX_TERRAFORM_CONTAINERS: usize = 128;

/// Finds every reference, in document order.
pub(super) fn find(kind: FileKind, text: &str) -> Result<Vec<ReferenceSite>, Malformed> {
    // This validates the whole text without recursion, so the walker may assume well-formed JSON.
    serde_json::from_str::<&RawValue>(text).map_err(|error| malformed(&error))?;
    let mut walker = Walker {
        kind,
        text,
        scanner: Scanner::new(text),
        open_containers: Vec::new(),
        sites: Vec::new(),
    };
    while let Some(byte) = walker.scanner.peek() {
        walker.advance(byte).map_err(|Unscannable| Malformed {
            line: 1,
            column: 1,
            why: "not valid JSON".to_owned(),
        })?;
    }
    Ok(walker.sites)
}

fn malformed(error: &serde_json::Error) -> Malformed {
    let (line, column) = (error.line(), error.column());
    let why = error.to_string();
    let position = format!(" at line {line} column {column}");
    Malformed {
        line: line.max(1),
        column: column.max(1),
        why: why.strip_suffix(&position).unwrap_or(&why).to_owned(),
    }
}

/// Whether a value is a longer text that seems to hold a reference of its own.
fn holds_reference(token: &str) -> bool {
    // Nearly every text is none, which shows without decoding it.
    let may = token.starts_with('"') && (token.contains("ntegration") || token.contains("\\u"));
    may && json::decode_string(token).is_ok_and(|text| may_hold_reference(&text))
}

/// A container that is still open: the current key's byte range in an object, the current index in an array.
enum OpenContainer {
    Object(Option<Range<usize>>),
    Array(usize),
}

/// Walks over validated JSON with a stack on the heap, so that no nesting depth can overflow the call stack.
struct Walker<'t> {
    kind: FileKind,
    text: &'t str,
    scanner: Scanner<'t>,
    open_containers: Vec<OpenContainer>,
    sites: Vec<ReferenceSite>,
}

impl<'t> Walker<'t> {
    /// Takes the next token, which starts with `byte` at the cursor.
    fn advance(&mut self, byte: u8) -> Result<(), Unscannable> {
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
        let token = &self.text[bytes.clone()];
        if token == "null" {
            return;
        }
        let value = match (self.open_containers.last(), self.meaning()) {
            (Some(OpenContainer::Object(_)), Some(Meaning::Names(kind))) => {
                self.literal(kind, token)
            }
            (Some(OpenContainer::Array(_)), Some(Meaning::ListOfAliases)) => {
                self.literal(ReferenceKind::Alias, token)
            }
            (Some(OpenContainer::Object(_)), Some(Meaning::Resource)) => SiteValue::Resource,
            (Some(OpenContainer::Object(_)), Some(Meaning::NewerApiId)) => self.newer_id(token),
            _ if holds_reference(token) => SiteValue::Unresolved(UnresolvedReason::InsideText),
            _ => return,
        };
        let n_segments = self.open_containers.len();
        let path = path::shown(n_segments, |ix| match &self.open_containers[ix] {
            OpenContainer::Array(index) => Some(Segment::Index(*index)),
            OpenContainer::Object(key) => Some(Segment::Key(self.key(key.as_ref()?))),
        });
        self.sites.push(ReferenceSite { path, bytes, value });
    }

    /// What the nearest key refers to: that of the object that holds the value, or of the array.
    fn meaning(&self) -> Option<Meaning> {
        let is_near = |open: &OpenContainer| matches!(open, OpenContainer::Object(_));
        let mut near = self.open_containers.iter().rev().take(2);
        if !near.any(is_near) {
            return None;
        }
        let n_containers = match self.kind {
            FileKind::TerraformJson => MAX_TERRAFORM_CONTAINERS,
            _ => MAX_CONTAINERS,
        };
        let keys = self.open_containers.iter().rev().take(n_containers);
        let keys = keys.filter_map(|open| match open {
            OpenContainer::Object(Some(key)) => Some(key),
            _ => None,
        });
        // Nearly all are borrowed from the text.
        let keys: Vec<Cow<'_, str>> = keys.map(|key| self.key(key)).collect();
        let (key, parents) = keys.split_first()?;
        meaning(self.kind, key, parents.iter().map(AsRef::as_ref))
    }

    fn key(&self, token: &Range<usize>) -> Cow<'t, str> {
        let token = &self.text[token.clone()];
        json::decode_string(token).unwrap_or_else(|_| token.into())
    }

    fn literal(&self, kind: ReferenceKind, token: &str) -> SiteValue {
        let Some(text) = token
            .starts_with('"')
            .then(|| json::decode_string(token).ok())
            .flatten()
        else {
            let is_number = token.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            if kind == ReferenceKind::Alias || !is_number {
                return SiteValue::Unresolved(UnresolvedReason::NotAnId);
            }
            return SiteValue::Literal {
                kind,
                text: token.to_owned(),
                spelling: Spelling::of_number(token),
            };
        };
        if self.kind == FileKind::TerraformJson
            && let Some(value) = terraform::template_in_json(&text)
        {
            return value;
        }
        SiteValue::Literal {
            kind,
            text: text.into_owned(),
            spelling: Spelling::JsonString,
        }
    }

    fn newer_id(&self, token: &str) -> SiteValue {
        match self.literal(ReferenceKind::Id, token) {
            SiteValue::Resource => SiteValue::Resource,
            _ => SiteValue::Unresolved(UnresolvedReason::NewerApiId),
        }
    }
}
