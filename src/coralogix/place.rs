//! Every value inside a webhook that rules can address: its path, its JSON and its masked form.
//! A value is secret exactly if the masked form hides it, so nothing can be hidden without being listed.

use super::content::{entry_name, is_named_list};
use super::fields::ParsedFields;
use super::json::{self, Json};
use super::kind::WebhookType;
use super::known_key::KnownKey;
use super::mask::{MaskRule, Masked, mask_url};
use super::path::Path;
use super::scan::Scanner;
use super::stand_in::is_mask;
use super::webhook::Webhook;
use crate::secret::hides_part_of_url;
use smol_str::{SmolStr, format_smolstr};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// The key of the fields, and the first path part of whatever in them has no shorter path of its own.
pub(crate) const FIELDS_KEY: &str = "integration_type_fields";

/// A named location inside a webhook, with its value.
pub struct Place {
    /// The path that rules use for it.
    pub path: Path,
    /// The JSON type of its value.
    pub json_type: JsonType,
    /// The form of its value that is safe to show; of a list or an object only that it is one, because what it holds has
    /// places of its own.
    pub masked: Masked,
    /// The text that holds its raw JSON, which all places of a top-level key share; of the fields, the decoded text.
    text: Arc<str>,
    /// Where its raw JSON is in that text.
    token: Range<usize>,
    pub(super) location: TextLocation,
}

/// The JSON type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonType {
    /// `null`
    Null,
    /// A boolean.
    Bool,
    /// A number.
    Number,
    /// A string.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
    /// Fields that cannot be parsed as JSON.
    Unreadable,
}

impl JsonType {
    /// The type of a JSON token.
    pub(crate) fn from_token(token: &str) -> Self {
        match token.as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::Text,
            Some(b't' | b'f') => Self::Bool,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        }
    }

    /// Its name in messages, with an article: `a string`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Array => "a list",
            Self::Object => "an object",
            Self::Unreadable => "unreadable JSON",
        }
    }

    /// Whether the value can contain other values.
    pub fn is_container(self) -> bool {
        matches!(self, Self::Array | Self::Object)
    }
}

/// Where a value's text is located in the webhook.
#[derive(Debug, Clone)]
pub(super) struct TextLocation {
    /// The top-level key.
    pub(super) key: String,
    /// The range of the key's raw value, of the decoded text if that holds the fields; `None` if it is the whole value.
    pub(super) range: Option<Range<usize>>,
}

/// One value while it is visited; borrows everything.
pub(super) struct VisitedPlace<'v> {
    pub(super) path: &'v Path,
    /// Its raw JSON; of a list or an object, what starts with that: few need to know where it ends.
    start: &'v str,
    meaning: Meaning<'v>,
    /// The top-level key that holds the value.
    key: &'v str,
    /// The text that holds the token; `None` if the value is the whole member.
    text: Option<&'v str>,
    /// A copy of that text, once a place needs it.
    copy: &'v OnceCell<Arc<str>>,
}

/// What a value is, which decides how it is masked.
#[derive(Clone, Copy)]
enum Meaning<'v> {
    Url,
    UnreadableFields,
    Value(MaskRule<'v>),
}

impl<'v> VisitedPlace<'v> {
    pub(super) fn json_type(&self) -> JsonType {
        match self.meaning {
            Meaning::UnreadableFields => JsonType::Unreadable,
            Meaning::Url | Meaning::Value(_) => JsonType::from_token(self.start),
        }
    }

    /// Its raw JSON; inside the fields, as written in their decoded text.
    pub(super) fn token(&self) -> &'v str {
        if JsonType::from_token(self.start).is_container() {
            let value = Scanner::new(self.start).next_value();
            return value.unwrap_or(self.start);
        }
        self.start
    }

    /// The form of the value that is safe to show.
    pub(super) fn masked(&self) -> Masked {
        match self.meaning {
            Meaning::Url => mask_url_token(self.token()),
            Meaning::UnreadableFields => Masked::hidden("unreadable fields"),
            // Only what parses is visited.
            Meaning::Value(rule) => Json::parse(self.token()).map_or_else(
                |_| Masked::hidden("unreadable JSON"),
                |value| rule.mask(&value),
            ),
        }
    }

    fn to_place(&self) -> Place {
        let token = self.token();
        let whole_text = self.text.unwrap_or(token);
        let start = token.as_ptr() as usize - whole_text.as_ptr() as usize;
        let token = start..start + token.len();
        let json_type = self.json_type();
        Place {
            path: self.path.clone(),
            json_type,
            masked: match json_type {
                JsonType::Array => Masked::Array(Vec::new()),
                JsonType::Object => Masked::Object(Vec::new()),
                _ => self.masked(),
            },
            text: Arc::clone(self.copy.get_or_init(|| whole_text.into())),
            location: TextLocation {
                key: self.key.to_owned(),
                range: self.text.map(|_| token.clone()),
            },
            token,
        }
    }
}

impl Place {
    /// The kind of secret that is hidden here, such as `header`; `None` if the whole value may be shown.
    pub fn secret_kind(&self) -> Option<Cow<'static, str>> {
        match &self.masked {
            Masked::Hidden(kind) => Some(kind.clone()),
            Masked::Part(shown) if shown.contains("://") => {
                hides_part_of_url(shown).then_some(Cow::Borrowed("url"))
            }
            Masked::Part(_) => Some(Cow::Borrowed("e-mail address")),
            _ => None,
        }
    }

    /// Whether the value is a mask that a server shows instead of a secret.
    pub(crate) fn is_masked_by_server(&self) -> bool {
        self.text().is_some_and(|text| is_mask(&text))
    }

    /// The raw JSON of the value; contains a secret if [`secret_kind`](Self::secret_kind) is `Some`.
    pub(crate) fn token(&self) -> &str {
        &self.text[self.token.clone()]
    }

    /// The decoded text if the value is a string.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        json::decode_string(self.token()).ok()
    }
}

impl Webhook {
    /// Every addressable value in the order of the webhook, containers before their contents.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        self.visit_places(&mut |place| places.push(place.to_place()));
        places
    }

    /// The written path of every value that can contain no other, and its masked form.
    pub(crate) fn masked_leaves(&self) -> Vec<(SmolStr, Masked)> {
        let mut leaves = Vec::new();
        self.visit_places(&mut |place| {
            if !place.json_type().is_container() {
                leaves.push((format_smolstr!("{}", place.path), place.masked()));
            }
        });
        leaves
    }

    /// Visits every addressable text, decoded, with its path.
    pub(crate) fn visit_texts(&self, visit: &mut dyn FnMut(&Path, &str)) {
        self.visit_places(&mut |place| {
            if let Ok(text) = json::decode_string(place.start) {
                visit(place.path, &text);
            }
        });
    }

    /// The place with that path; `None` if the webhook has none.
    pub fn place(&self, path: &Path) -> Option<Place> {
        self.places().into_iter().find(|place| place.path == *path)
    }

    /// Visits every addressable value in the order of the webhook, containers before their contents.
    pub(super) fn visit_places(&self, visit: &mut dyn FnMut(VisitedPlace<'_>)) {
        for member in self.members() {
            let token = member.value();
            match member.known_key {
                Some(KnownKey::Url) => visit(VisitedPlace {
                    path: &Path::from_parts(&["url"]),
                    start: token,
                    meaning: Meaning::Url,
                    key: "url",
                    text: None,
                    copy: &OnceCell::new(),
                }),
                Some(KnownKey::Fields) => self.visit_fields(visit),
                Some(_) => {}
                None => visit_unknown_member(&member.key(), token, visit),
            }
        }
    }

    fn visit_fields(&self, visit: &mut dyn FnMut(VisitedPlace<'_>)) {
        let text = self.fields_text().unwrap_or_default();
        let tree = match ParsedFields::parse(&text) {
            ParsedFields::Tree(tree) => tree,
            ParsedFields::Empty => return,
            ParsedFields::Text | ParsedFields::DuplicateKey => {
                return visit(VisitedPlace {
                    path: &Path::from_parts(&[FIELDS_KEY]),
                    start: "null",
                    meaning: Meaning::UnreadableFields,
                    key: FIELDS_KEY,
                    text: None,
                    copy: &OnceCell::new(),
                });
            }
        };
        let mut walk = PlaceWalk {
            key: FIELDS_KEY,
            text: &text,
            path: Path::from_parts(&[]),
            copy: OnceCell::new(),
            visit,
        };
        let mut scanner = Scanner::new(&text);
        // A field named like a top-level key would make the path ambiguous. Server-owned keys count even if they were
        // stripped, so that a webhook has the same paths before and after stripping.
        let undocumented: HashSet<Cow<'_, str>> =
            self.unknown_tokens().map(|(key, _)| key).collect();
        let is_unambiguous =
            |name: &str| KnownKey::from_text(name).is_none() && !undocumented.contains(name);
        match &tree {
            Json::Array(entries) if is_named_list(entries) => {
                walk.visit_entries(
                    &mut scanner,
                    entries,
                    self.documented_type(),
                    &is_unambiguous,
                );
            }
            Json::Object(_) => walk.visit_object_fields(&mut scanner, &is_unambiguous),
            Json::Array(_) => walk.with_part(FIELDS_KEY, |walk| {
                walk.visit_children(&mut scanner, MaskRule::UNKNOWN_FIELD);
            }),
            _ => walk.visit_child(FIELDS_KEY, &mut scanner, MaskRule::UNKNOWN_FIELD),
        }
    }
}

/// Shows a safe part of a url; any JSON but a string is treated as the text that spells it.
fn mask_url_token(token: &str) -> Masked {
    let url = json::decode_string(token).unwrap_or(Cow::Borrowed(token));
    if url.is_empty() || token == "null" {
        Masked::Null
    } else {
        mask_url(&url)
    }
}

/// Visits the values of an undocumented top-level key, all of them hidden.
fn visit_unknown_member(key: &str, token: &str, visit: &mut dyn FnMut(VisitedPlace<'_>)) {
    if Json::parse(token).is_err() {
        return;
    }
    let mut walk = PlaceWalk {
        key,
        text: token,
        path: Path::from_parts(&[]),
        copy: OnceCell::new(),
        visit,
    };
    walk.visit_child(key, &mut Scanner::new(token), MaskRule::UNKNOWN_KEY);
}

/// Walks through the values of one top-level key, from the outside in. The text is known to parse.
struct PlaceWalk<'w> {
    key: &'w str,
    text: &'w str,
    path: Path,
    copy: OnceCell<Arc<str>>,
    visit: &'w mut dyn FnMut(VisitedPlace<'_>),
}

impl PlaceWalk<'_> {
    /// Does something with the path extended by one part.
    fn with_part(&mut self, part: &str, walk_on: impl FnOnce(&mut Self)) {
        self.path.push(part);
        walk_on(self);
        self.path.pop();
    }

    fn visit_child(&mut self, part: &str, scanner: &mut Scanner<'_>, rule: MaskRule<'_>) {
        self.with_part(part, |walk| walk.visit_value(scanner, rule));
    }

    /// Visits the next value and all in it, and consumes it.
    fn visit_value(&mut self, scanner: &mut Scanner<'_>, rule: MaskRule<'_>) {
        let is_container = matches!(scanner.peek(), Some(b'{' | b'['));
        let start = if is_container {
            scanner.rest()
        } else {
            scanner.next_value().unwrap_or_default()
        };
        (self.visit)(VisitedPlace {
            path: &self.path,
            start,
            meaning: Meaning::Value(rule),
            key: self.key,
            text: Some(self.text),
            copy: &self.copy,
        });
        if is_container {
            self.visit_children(scanner, rule);
        }
    }

    /// Visits all that the next value holds, and consumes it.
    fn visit_children(&mut self, scanner: &mut Scanner<'_>, rule: MaskRule<'_>) {
        if scanner.peek() == Some(b'{') {
            each_member(scanner, |scanner, key| {
                self.visit_child(key, scanner, rule.member(key));
            });
        } else if scanner.consume(b'[') {
            let mut ix = 0;
            while scanner.next_element(ix == 0) == Ok(true) {
                self.visit_child(&ix.to_string(), scanner, rule.element());
                ix += 1;
            }
        }
    }

    /// Visits fields that are an object: each key is the path of its value.
    fn visit_object_fields(
        &mut self,
        scanner: &mut Scanner<'_>,
        is_unambiguous: &dyn Fn(&str) -> bool,
    ) {
        let rule = MaskRule::UNKNOWN_FIELD;
        each_member(scanner, |scanner, key| {
            if is_unambiguous(key) {
                self.visit_child(key, scanner, rule);
            } else {
                self.with_part(FIELDS_KEY, |walk| walk.visit_child(key, scanner, rule));
            }
        });
    }

    /// Visits the entries of a named list: the name is the path of an entry's value; other members use the entry's
    /// index.
    fn visit_entries(
        &mut self,
        scanner: &mut Scanner<'_>,
        entries: &[Json<'_>],
        kind: Option<&WebhookType>,
        is_unambiguous: &dyn Fn(&str) -> bool,
    ) {
        scanner.consume(b'[');
        for (ix, entry) in entries.iter().enumerate() {
            if scanner.next_element(ix == 0) != Ok(true) {
                return;
            }
            let name = entry_name(entry).unwrap_or_default();
            each_member(scanner, |scanner, key| {
                let rule = MaskRule::of_entry_member(kind, name, key);
                if key == "name" {
                    let _ = scanner.next_value();
                } else if key == "value" && is_unambiguous(name) {
                    self.visit_child(name, scanner, rule);
                } else {
                    self.with_part(FIELDS_KEY, |walk| {
                        walk.with_part(&ix.to_string(), |walk| {
                            walk.visit_child(key, scanner, rule);
                        });
                    });
                }
            });
        }
    }
}

/// Consumes an object that is known to parse; `consume_value` gets each key, decoded, and consumes its value.
fn each_member<'t>(
    scanner: &mut Scanner<'t>,
    mut consume_value: impl FnMut(&mut Scanner<'t>, &str),
) {
    scanner.consume(b'{');
    let mut is_first = true;
    while let Ok(Some(key)) = scanner.next_key(std::mem::take(&mut is_first)) {
        let decoded = json::decode_string(key);
        consume_value(scanner, &decoded.unwrap_or(Cow::Borrowed(key)));
    }
}
