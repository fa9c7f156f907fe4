//! Serializes webhook ids: as a JSON number if the account's id is one that every reader keeps exact, else as a string.

use super::webhook::WebhookId;
use serde::{Deserialize as _, Deserializer, Serializer};
use serde_json::Value;

/// The id as a JSON number if the account lists a number, else as a string.
///
/// A number that readers could round, such as a fraction or one of 20 digits, is a string in plain notation, which
/// equals the number. Another spelling of a number gives way to the plain one.
pub(crate) fn to_value(id: &WebhookId) -> Value {
    match exact_number(id) {
        Some(number) => number.into(),
        None => id.as_str().into(),
    }
}

/// The number of an id that the account lists as a number, and that no reader rounds.
pub(crate) fn exact_number(id: &WebhookId) -> Option<u64> {
    id.as_str().parse().ok().filter(|_| id.is_number())
}

fn from_value<E: serde::de::Error>(value: &Value) -> Result<WebhookId, E> {
    match value {
        Value::Number(number) => Ok(WebhookId::from_number(&number.to_string())),
        Value::String(text) => Ok(WebhookId::from_text(text)),
        _ => Err(E::custom("an id must be a number or a string")),
    }
}

pub(crate) fn serialize<S: Serializer>(id: &WebhookId, to: S) -> Result<S::Ok, S::Error> {
    match exact_number(id) {
        Some(number) => to.serialize_u64(number),
        None => to.serialize_str(id.as_str()),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<WebhookId, D::Error> {
    from_value(&Value::deserialize(from)?)
}

/// For an `Option`: `None` becomes `null`.
pub(crate) mod optional {
    use super::{Value, WebhookId, from_value};
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde prescribes this signature")]
    pub(crate) fn serialize<S: Serializer>(
        id: &Option<WebhookId>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => super::serialize(id, to),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<WebhookId>, D::Error> {
        match Value::deserialize(from)? {
            Value::Null => Ok(None),
            value => from_value(&value).map(Some),
        }
    }
}

/// For a list of ids.
pub(crate) mod list {
    use super::{Value, WebhookId, from_value, to_value};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(ids: &[WebhookId], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(ids.iter().map(to_value))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<WebhookId>, D::Error> {
        let values = Vec::<Value>::deserialize(from)?;
        values.iter().map(from_value).collect()
    }
}
