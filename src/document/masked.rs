//! Serializes masked values as JSON trees in which hidden, shortened and literal values cannot be confused.
//!
//! Every JSON object in such a tree is a tag with one member: `hidden`, `part`, `number` or `object`.

use crate::coralogix::mask::Masked;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Number(text) => match exact_number(text) {
                Some(number) => to.serialize_i64(number),
                None => to.collect_map([("number", text)]),
            },
            Self::Text(text) => to.serialize_str(text),
            Self::Part(text) => to.collect_map([("part", text)]),
            Self::Hidden(kind) => to.collect_map([("hidden", kind)]),
            Self::Array(elements) => to.collect_seq(elements),
            Self::Object(members) => {
                // Two keys may look the same once they are masked; a JSON object holds only one of them.
                let members: Map<String, Value> = members
                    .iter()
                    .map(|(key, value)| (key.clone(), to_value(value)))
                    .collect();
                to.collect_map([("object", members)])
            }
        }
    }
}

/// The JSON tree of a masked value.
fn to_value(masked: &Masked) -> Value {
    serde_json::to_value(masked).expect("every masked value is JSON")
}

/// The number if every JSON reader parses it exactly; any other is written as a tagged string that keeps the spelling.
fn exact_number(text: &str) -> Option<i64> {
    const LARGEST_EXACT: u64 = 1 << 53;
    let value = text.parse::<i64>().ok()?;
    (value.unsigned_abs() < LARGEST_EXACT && value.to_string() == text).then_some(value)
}

/// Reads a masked value back from its JSON tree; `None` if the tree is malformed.
fn from_value(value: Value) -> Option<Masked> {
    Some(match value {
        Value::Null => Masked::Null,
        Value::Bool(value) => Masked::Bool(value),
        Value::Number(number) => Masked::Number(number.to_string()),
        Value::String(text) => Masked::Text(text),
        Value::Array(elements) => Masked::Array(
            elements
                .into_iter()
                .map(from_value)
                .collect::<Option<Vec<_>>>()?,
        ),
        Value::Object(tagged) => {
            let mut members = tagged.into_iter();
            let (tag, value) = members.next().filter(|_| members.len() == 0)?;
            match (tag.as_str(), value) {
                ("part", Value::String(text)) => Masked::Part(text),
                ("hidden", Value::String(kind)) => Masked::Hidden(Cow::Owned(kind)),
                ("number", Value::String(text)) => Masked::Number(text),
                ("object", Value::Object(members)) => Masked::Object(
                    members
                        .into_iter()
                        .map(|(key, value)| Some((key, from_value(value)?)))
                        .collect::<Option<Vec<_>>>()?,
                ),
                _ => return None,
            }
        }
    })
}

impl<'de> Deserialize<'de> for Masked {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_value(Value::deserialize(from)?).ok_or_else(|| D::Error::custom("not a masked value"))
    }
}

/// Reads a member that is omitted when it is `None`, so that `null` is a value like any other.
pub(super) fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Masked>, D::Error> {
    Masked::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Masked, from_value, to_value};
    use serde_json::json;

    fn round_trip(masked: &Masked) -> Masked {
        from_value(to_value(masked)).expect("reads back")
    }

    #[test]
    fn what_is_hidden_cannot_be_confused_with_a_webhook_s_own_keys() {
        let own = Masked::Object(vec![
            ("hidden".to_owned(), Masked::Text("$ALERT_ID".to_owned())),
            ("other".to_owned(), Masked::hidden("text")),
        ]);
        assert_eq!(
            to_value(&own),
            json!({"object": {"hidden": "$ALERT_ID", "other": {"hidden": "text"}}})
        );
        assert_eq!(round_trip(&own), own);
    }

    #[test]
    fn numbers_keep_their_spelling_where_a_reader_would_round_them() {
        let number = |text: &str| Masked::Number(text.to_owned());
        assert_eq!(to_value(&number("17")), json!(17));
        assert_eq!(to_value(&number("1.10")), json!({"number": "1.10"}));
        let long = number("9007199254740993");
        assert_eq!(to_value(&long), json!({"number": "9007199254740993"}));
        for text in ["17", "-0", "1.10", "9007199254740993", "1e400"] {
            assert_eq!(round_trip(&number(text)), number(text));
        }
    }

    #[test]
    fn what_is_no_masked_value_is_not_read_as_one() {
        for value in [
            json!({}),
            json!({"hidden": 1}),
            json!({"hidden": "a", "part": "b"}),
            json!({"value": "secret"}),
            json!([{"object": []}]),
        ] {
            assert_eq!(from_value(value.clone()), None, "{value}");
        }
    }
}
