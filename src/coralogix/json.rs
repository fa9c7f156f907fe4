//! JSON read without losing anything: every leaf is a slice of the text it came from.
//! Never rounds a number, never folds duplicate keys, never decodes a string that nobody asked for.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Nesting beyond this is refused rather than followed, so that no answer can exhaust the stack.
const DEEPEST: usize = 128;

/// One JSON value whose leaves are the exact text of the input.
#[derive(Clone)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number exactly as it was written, such as `1.10` or `1e400`.
    Number(&'a str),
    /// A string with its escapes decoded.
    String(Cow<'a, str>),
    /// The elements in order.
    Array(Vec<Self>),
    /// The members in order; no key occurs twice.
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// Why a text could not be read as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not JSON.
    NotJson,
    /// An object has the same key twice; which one counts is anybody's guess.
    DuplicateKey,
    /// It is nested deeper than 128 levels.
    TooDeep,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJson => "not JSON",
            Self::DuplicateKey => "an object has the same key twice",
            Self::TooDeep => "nested deeper than 128 levels",
        })
    }
}

impl<'a> Json<'a> {
    /// Reads a whole text.
    pub fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| Unreadable::NotJson)?;
        Self::from_raw(raw.get(), DEEPEST)
    }

    /// The content if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The member of that key if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, v)| v),
            _ => None,
        }
    }

    fn from_raw(text: &'a str, depth: usize) -> Result<Self, Unreadable> {
        if depth == 0 {
            return Err(Unreadable::TooDeep);
        }
        match text.as_bytes().first() {
            Some(b'{') => Members::parse(text)?.into_tree(depth - 1),
            Some(b'[') => {
                let elements: Vec<&RawValue> = read(text)?;
                let tree = |raw: &'a RawValue| Self::from_raw(raw.get(), depth - 1);
                Ok(Self::Array(
                    elements.into_iter().map(tree).collect::<Result<_, _>>()?,
                ))
            }
            Some(b'"') => Ok(Self::String(string(text)?)),
            Some(b't') => Ok(Self::Bool(true)),
            Some(b'f') => Ok(Self::Bool(false)),
            Some(b'n') => Ok(Self::Null),
            _ => Ok(Self::Number(text)),
        }
    }
}

/// Decodes a JSON string token; borrowed when it holds no escape.
pub fn string(token: &str) -> Result<Cow<'_, str>, Unreadable> {
    let inner = token
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or(Unreadable::NotJson)?;
    if inner.contains('\\') {
        read::<String>(token).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(inner))
    }
}

/// Writes a string as a JSON token, escaped once.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|_| Unreadable::NotJson)
}

/// The members of one object as raw tokens, in order, duplicates included.
pub(super) struct Members<'a>(pub(super) Vec<(&'a str, &'a str)>);

impl<'a> Members<'a> {
    /// Reads the first level of an object; the values stay text.
    pub(super) fn parse(text: &'a str) -> Result<Self, Unreadable> {
        read(text)
    }

    fn into_tree(self, depth: usize) -> Result<Json<'a>, Unreadable> {
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::with_capacity(self.0.len());
        for (key, value) in self.0 {
            members.push((string(key)?, Json::from_raw(value, depth)?));
        }
        if has_duplicate(members.iter().map(|(key, _)| key.as_ref())) {
            return Err(Unreadable::DuplicateKey);
        }
        Ok(Json::Object(members))
    }
}

/// Whether a text occurs twice.
pub(crate) fn has_duplicate<'k>(keys: impl Iterator<Item = &'k str>) -> bool {
    let mut keys: Vec<&str> = keys.collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    members.push((key.get(), value.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
