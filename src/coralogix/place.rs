//! Every value inside a webhook that rules can address: its path, its JSON and its masked form.
//! A value is secret exactly if the masked form hides it, so nothing can be hidden without being listed.

use super::content::{entry_name, is_named_list};
use super::fields::Fields;
use super::json::{self, Json, ObjectMembers};
use super::known_key::KnownKey;
use super::mask::{Masked, hide, mask_url};
use super::path::Path;
use super::webhook::Webhook;
use crate::secret::hides_part_of_url;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;

/// The key of the fields, and the first path part of whatever in them has no shorter path of its own.
pub(crate) const FIELDS_KEY: &str = "integration_type_fields";

/// A named location inside a webhook, with its value.
pub struct Place {
    /// The path that rules use for it.
    pub path: Path,
    /// The JSON type of its value.
    pub json_type: JsonType,
    /// The form of its value that is safe to show.
    pub masked: Masked,
    /// Its raw JSON; inside the fields, as written in their decoded text.
    token: Box<str>,
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
pub(super) enum TextLocation {
    /// The whole value of that top-level key.
    Member(String),
    /// A range of the decoded text of `integration_type_fields`.
    Fields(Range<usize>),
    /// A range of the raw value of that top-level key.
    Within(String, Range<usize>),
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

    /// The raw JSON of the value; contains a secret if [`secret_kind`](Self::secret_kind) is `Some`.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The decoded text if the value is a string.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        json::decode_string(&self.token).ok()
    }
}

impl Webhook {
    /// Every addressable value in the order of the webhook, containers before their contents.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (key, (_, token)) in self.keys().zip(self.tokens()) {
            match key.as_ref() {
                "url" => places.push(self.url_place(token)),
                FIELDS_KEY => self.add_field_places(&mut places),
                known if KnownKey::from_text(known).is_some() => {}
                unknown => add_unknown_places(&mut places, unknown, token),
            }
        }
        places
    }

    /// The place with that path; `None` if the webhook has none.
    pub fn place(&self, path: &Path) -> Option<Place> {
        self.places().into_iter().find(|place| place.path == *path)
    }

    fn url_place(&self, token: &str) -> Place {
        let url = self.url();
        Place {
            path: Path::from_parts(&["url"]),
            json_type: JsonType::from_token(token),
            masked: if url.is_empty() {
                Masked::Null
            } else {
                mask_url(&url)
            },
            token: token.into(),
            location: TextLocation::Member("url".to_owned()),
        }
    }

    fn add_field_places(&self, places: &mut Vec<Place>) {
        let fields = self.fields();
        let Fields::Tree(text) = &fields else {
            if let Fields::Text(_) | Fields::DuplicateKey = fields {
                places.push(Place {
                    path: Path::from_parts(&[FIELDS_KEY]),
                    json_type: JsonType::Unreadable,
                    masked: Masked::hidden("unreadable fields"),
                    token: "null".into(),
                    location: TextLocation::Member(FIELDS_KEY.to_owned()),
                });
            }
            return;
        };
        let (Some(tree), Some(masked)) = (fields.tree(), self.masked_fields()) else {
            return;
        };
        let mut collector = PlaceCollector {
            text,
            places,
            to_location: &TextLocation::Fields,
        };
        // A field named like a top-level key would make the path ambiguous. Server-owned keys count even if they were
        // stripped, so that a webhook has the same paths before and after stripping.
        let is_unambiguous =
            |name: &str| KnownKey::from_text(name).is_none() && self.raw_by_name(name).is_none();
        match (&tree, &masked) {
            (Json::Array(entries), Masked::Array(shown)) if is_named_list(entries) => {
                collector.add_entries(entries, shown, &is_unambiguous);
            }
            (Json::Object(_), Masked::Object(shown)) => {
                collector.add_object_fields(text.trim(), shown, &is_unambiguous);
            }
            (Json::Array(_), _) => {
                collector.add_children(text.trim(), &Path::from_parts(&[FIELDS_KEY]), &masked);
            }
            _ => collector.add_value(text.trim(), &Path::from_parts(&[FIELDS_KEY]), &masked),
        }
    }
}

/// Adds the values of an undocumented top-level key, all of them hidden.
fn add_unknown_places(places: &mut Vec<Place>, key: &str, token: &str) {
    let Ok(tree) = Json::parse(token) else {
        return;
    };
    let mut collector = PlaceCollector {
        text: token,
        places,
        to_location: &|range| TextLocation::Within(key.to_owned(), range),
    };
    collector.add_value(
        token,
        &Path::from_parts(&[key]),
        &hide(&tree, "unknown key"),
    );
}

/// Walks over a text and its masked form in parallel; both have the same shape.
struct PlaceCollector<'w> {
    text: &'w str,
    places: &'w mut Vec<Place>,
    to_location: &'w dyn Fn(Range<usize>) -> TextLocation,
}

impl PlaceCollector<'_> {
    fn add_value(&mut self, token: &str, path: &Path, masked: &Masked) {
        let start = token.as_ptr() as usize - self.text.as_ptr() as usize;
        self.places.push(Place {
            json_type: JsonType::from_token(token),
            masked: masked.clone(),
            token: token.into(),
            location: (self.to_location)(start..start + token.len()),
            path: path.clone(),
        });
        self.add_children(token, path, masked);
    }

    fn add_children(&mut self, token: &str, path: &Path, masked: &Masked) {
        match masked {
            Masked::Object(shown) => {
                for ((key, value), (_, masked)) in parse_members(token).into_iter().zip(shown) {
                    self.add_value(value, &path.child(key), masked);
                }
            }
            Masked::Array(shown) => {
                for (ix, (value, masked)) in
                    parse_elements(token).into_iter().zip(shown).enumerate()
                {
                    self.add_value(value, &path.child(ix.to_string()), masked);
                }
            }
            _ => {}
        }
    }

    /// Adds fields that are an object: each key is the path of its value.
    fn add_object_fields(
        &mut self,
        token: &str,
        shown: &[(String, Masked)],
        is_unambiguous: &dyn Fn(&str) -> bool,
    ) {
        for ((key, value), (_, masked)) in parse_members(token).into_iter().zip(shown) {
            let path = if is_unambiguous(&key) {
                Path::from_parts(&[&key])
            } else {
                Path::from_parts(&[FIELDS_KEY, &key])
            };
            self.add_value(value, &path, masked);
        }
    }

    /// Adds the entries of a named list: the name is the path of an entry's value; other members use the entry's index.
    fn add_entries(
        &mut self,
        entries: &[Json<'_>],
        shown: &[Masked],
        is_unambiguous: &dyn Fn(&str) -> bool,
    ) {
        let tokens = parse_elements(self.text);
        for (ix, ((token, entry), masked)) in tokens.iter().zip(entries).zip(shown).enumerate() {
            let (Some(name), Masked::Object(shown)) = (entry_name(entry), masked) else {
                continue;
            };
            for ((key, value), (_, masked)) in parse_members(token).into_iter().zip(shown) {
                let path = match key.as_ref() {
                    "name" => continue,
                    "value" if is_unambiguous(name) => Path::from_parts(&[name]),
                    other => Path::from_parts(&[FIELDS_KEY, &ix.to_string(), other]),
                };
                self.add_value(value, &path, masked);
            }
        }
    }
}

fn parse_members(token: &str) -> Vec<(Cow<'_, str>, &str)> {
    let members = ObjectMembers::parse(token).map(|members| members.0);
    let decode_key = |(key, value)| {
        (
            json::decode_string(key).unwrap_or(Cow::Borrowed(key)),
            value,
        )
    };
    members
        .unwrap_or_default()
        .into_iter()
        .map(decode_key)
        .collect()
}

fn parse_elements(token: &str) -> Vec<&str> {
    let elements: Result<Vec<&RawValue>, _> = serde_json::from_str(token);
    elements
        .unwrap_or_default()
        .into_iter()
        .map(RawValue::get)
        .collect()
}
