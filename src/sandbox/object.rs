//! A JSON object that keeps the text of its members. Never reformats a value that it does not change.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// Members in the order of arrival. Values are kept as text, because `1.10` and
/// 9007199254740993 would not survive a trip through a float.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    pub(super) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("text keys and raw values always serialize")
    }

    pub(super) fn members(&self) -> impl DoubleEndedIterator<Item = (&str, &RawValue)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_ref()))
    }

    /// The last member of that name, which is the one that most parsers take for a repeated key.
    pub(super) fn get(&self, name: &str) -> Option<&RawValue> {
        self.members()
            .rev()
            .find_map(|(own, value)| (own == name).then_some(value))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// A number, or a number in quotes, as some clients send ids.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.get().trim_matches('"').parse().ok()
    }

    /// Removes every member of that name and returns the last one.
    pub(super) fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let mut last = None;
        while let Some(index) = self.0.iter().rposition(|(own, _)| own == name) {
            let (_, value) = self.0.remove(index);
            last.get_or_insert(value);
        }
        last
    }

    pub(super) fn push(&mut self, name: &str, value: Box<RawValue>) {
        self.0.push((name.to_owned(), value));
    }

    /// Replaces a member in its place, or appends it.
    pub(super) fn set(&mut self, name: &str, value: Box<RawValue>) {
        match self.0.iter_mut().rev().find(|(own, _)| own == name) {
            Some((_, old)) => *old = value,
            None => self.push(name, value),
        }
    }

    pub(super) fn append(&mut self, rest: Self) {
        self.0.extend(rest.0);
    }
}

/// Any plain value as raw JSON text.
pub(super) fn to_raw<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("plain data with text keys always serializes")
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
