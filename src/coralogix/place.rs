//! Every value inside a webhook that can be named, hidden and changed: its path, its text and how it may be shown.
//! What is a secret is what the masked form hides, so that nothing can be hidden and yet not be listed.

use super::content::{entry_name, is_named_list};
use super::fields::Fields;
use super::json::{self, Json, Members};
use super::mask::{Masked, hidden, masked_url};
use super::path::Path;
use super::webhook::{SERVER_OWNED, UNDERSTOOD, Webhook};
use crate::secret::hides_part_of_url;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;

/// What the fields of a webhook are called where they cannot be looked into.
pub(crate) const WHOLE_FIELDS: &str = "integration_type_fields";

/// One value inside a webhook.
pub struct Place {
    /// Its path.
    pub path: Path,
    /// What it is.
    pub shape: Shape,
    /// How it may be shown.
    pub masked: Masked,
    /// Its JSON as it stands there; inside the fields, as it stands in their decoded text.
    token: Box<str>,
    pub(super) spot: Spot,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `null`
    Null,
    /// A boolean.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
    /// Fields that are no JSON: they cannot be looked into.
    Unreadable,
}

impl Shape {
    /// What a JSON token is.
    pub(crate) fn of(token: &str) -> Self {
        match token.as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::Text,
            Some(b't' | b'f') => Self::Bool,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        }
    }

    /// The word for it in messages: `a text`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Array => "a list",
            Self::Object => "an object",
            Self::Unreadable => "no readable JSON",
        }
    }

    /// Whether there are values below it.
    pub fn is_container(self) -> bool {
        matches!(self, Self::Array | Self::Object)
    }
}

/// Where a value's text is.
#[derive(Debug, Clone)]
pub(super) enum Spot {
    /// The whole value of that key of the webhook.
    Member(String),
    /// That range of the text of `integration_type_fields`.
    Fields(Range<usize>),
    /// That range of the value of that key of the webhook.
    Within(String, Range<usize>),
}

impl Place {
    /// What is hidden here, in a word; `None` where everything may be shown.
    pub fn secret(&self) -> Option<Cow<'static, str>> {
        match &self.masked {
            Masked::Hidden(kind) => Some(kind.clone()),
            Masked::Part(shown) if shown.contains("://") => {
                hides_part_of_url(shown).then_some(Cow::Borrowed("url"))
            }
            Masked::Part(_) => Some(Cow::Borrowed("e-mail address")),
            _ => None,
        }
    }

    /// The JSON of this place's value. Holds a secret where [`secret`](Self::secret) says so.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The text of this place, where it is one.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        json::string(&self.token).ok()
    }
}

impl Webhook {
    /// Every value that can be named, containers before what they contain, in the order of the webhook.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (key, (_, token)) in self.keys().zip(self.tokens()) {
            match key.as_ref() {
                "url" => places.push(self.url_place(token)),
                WHOLE_FIELDS => self.field_places(&mut places),
                known if UNDERSTOOD.contains(&known) || SERVER_OWNED.contains(&known) => {}
                unknown => unknown_places(&mut places, unknown, token),
            }
        }
        places
    }

    /// The one place of that path.
    pub fn place(&self, path: &Path) -> Option<Place> {
        self.places().into_iter().find(|place| place.path == *path)
    }

    fn url_place(&self, token: &str) -> Place {
        let url = self.url();
        Place {
            path: Path::of(&["url"]),
            shape: Shape::of(token),
            masked: if url.is_empty() {
                Masked::Null
            } else {
                masked_url(&url)
            },
            token: token.into(),
            spot: Spot::Member("url".to_owned()),
        }
    }

    fn field_places(&self, places: &mut Vec<Place>) {
        let fields = self.fields();
        let Fields::Tree(text) = &fields else {
            if let Fields::Text(_) | Fields::Duplicate = fields {
                places.push(Place {
                    path: Path::of(&[WHOLE_FIELDS]),
                    shape: Shape::Unreadable,
                    masked: Masked::hidden("unreadable fields"),
                    token: "null".into(),
                    spot: Spot::Member(WHOLE_FIELDS.to_owned()),
                });
            }
            return;
        };
        let (Some(tree), Some(masked)) = (fields.tree(), self.masked_fields()) else {
            return;
        };
        let mut walk = Walk {
            whole: text,
            places,
            spot: &Spot::Fields,
        };
        // A name that is also a key of the webhook would lead to two places; stripped or not, paths are the same.
        let is_free = |name: &str| {
            self.raw(name).is_none() && !UNDERSTOOD.contains(&name) && !SERVER_OWNED.contains(&name)
        };
        match (&tree, &masked) {
            (Json::Array(entries), Masked::Array(shown)) if is_named_list(entries) => {
                walk.entries(entries, shown, &is_free);
            }
            (Json::Object(_), Masked::Object(shown)) => walk.root(text.trim(), shown, &is_free),
            (Json::Array(_), _) => walk.children(text.trim(), &Path::of(&[WHOLE_FIELDS]), &masked),
            _ => walk.value(text.trim(), &Path::of(&[WHOLE_FIELDS]), &masked),
        }
    }
}

/// The values of a key that this program does not know: all of them are hidden.
fn unknown_places(places: &mut Vec<Place>, key: &str, token: &str) {
    let Ok(tree) = Json::parse(token) else {
        return;
    };
    let mut walk = Walk {
        whole: token,
        places,
        spot: &|range| Spot::Within(key.to_owned(), range),
    };
    walk.value(token, &Path::of(&[key]), &hidden(&tree, "unknown key"));
}

/// Goes through a text beside its masked form, which has the same shape.
struct Walk<'w> {
    whole: &'w str,
    places: &'w mut Vec<Place>,
    spot: &'w dyn Fn(Range<usize>) -> Spot,
}

impl Walk<'_> {
    fn value(&mut self, token: &str, path: &Path, masked: &Masked) {
        let start = token.as_ptr() as usize - self.whole.as_ptr() as usize;
        self.places.push(Place {
            shape: Shape::of(token),
            masked: masked.clone(),
            token: token.into(),
            spot: (self.spot)(start..start + token.len()),
            path: path.clone(),
        });
        self.children(token, path, masked);
    }

    fn children(&mut self, token: &str, path: &Path, masked: &Masked) {
        match masked {
            Masked::Object(shown) => {
                for ((key, value), (_, masked)) in members(token).into_iter().zip(shown) {
                    self.value(value, &path.below(key), masked);
                }
            }
            Masked::Array(shown) => {
                for (at, (value, masked)) in elements(token).into_iter().zip(shown).enumerate() {
                    self.value(value, &path.below(at.to_string()), masked);
                }
            }
            _ => {}
        }
    }

    /// Fields that are an object: a key leads to its value.
    fn root(&mut self, token: &str, shown: &[(String, Masked)], is_free: &dyn Fn(&str) -> bool) {
        for ((key, value), (_, masked)) in members(token).into_iter().zip(shown) {
            let path = if is_free(&key) {
                Path::of(&[&key])
            } else {
                Path::of(&[WHOLE_FIELDS, &key])
            };
            self.value(value, &path, masked);
        }
    }

    /// The entries of a named list: the name leads to the entry's value, the entry's place to anything else in it.
    fn entries(&mut self, entries: &[Json<'_>], shown: &[Masked], is_free: &dyn Fn(&str) -> bool) {
        let tokens = elements(self.whole);
        for (at, ((token, entry), masked)) in tokens.iter().zip(entries).zip(shown).enumerate() {
            let (Some(name), Masked::Object(shown)) = (entry_name(entry), masked) else {
                continue;
            };
            for ((key, value), (_, masked)) in members(token).into_iter().zip(shown) {
                let path = match key.as_ref() {
                    "name" => continue,
                    "value" if is_free(name) => Path::of(&[name]),
                    other => Path::of(&[WHOLE_FIELDS, &at.to_string(), other]),
                };
                self.value(value, &path, masked);
            }
        }
    }
}

fn members(token: &str) -> Vec<(Cow<'_, str>, &str)> {
    let members = Members::parse(token).map(|members| members.0);
    let decoded = |(key, value)| (json::string(key).unwrap_or(Cow::Borrowed(key)), value);
    members
        .unwrap_or_default()
        .into_iter()
        .map(decoded)
        .collect()
}

fn elements(token: &str) -> Vec<&str> {
    let elements: Result<Vec<&RawValue>, _> = serde_json::from_str(token);
    elements
        .unwrap_or_default()
        .into_iter()
        .map(RawValue::get)
        .collect()
}
