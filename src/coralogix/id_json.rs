//! Serializes webhook ids: as a JSON number if the account's id is one that every reader keeps exact, else as a string.

use super::webhook::WebhookId;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::{Number, Value};
use std::fmt;

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

/// An id in a document.
struct IdInDocument(WebhookId);

impl<'de> Deserialize<'de> for IdInDocument {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(IdVisitor).map(Self)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = WebhookId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, which is a number or a string")
    }

    fn visit_u64<E>(self, number: u64) -> Result<WebhookId, E> {
        Ok(WebhookId::from_number(&number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<WebhookId, E> {
        Ok(WebhookId::from_number(&number.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<WebhookId, E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("not a finite number"))?;
        Ok(WebhookId::from_number(&number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<WebhookId, E> {
        Ok(WebhookId::from_text(text))
    }
}

pub(crate) fn serialize<S: Serializer>(id: &WebhookId, to: S) -> Result<S::Ok, S::Error> {
    match exact_number(id) {
        Some(number) => to.serialize_u64(number),
        None => to.serialize_str(id.as_str()),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<WebhookId, D::Error> {
    IdInDocument::deserialize(from).map(|id| id.0)
}

/// For an `Option`: `None` becomes `null`.
pub(crate) mod optional {
    use super::{IdInDocument, WebhookId};
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
        Ok(Option::<IdInDocument>::deserialize(from)?.map(|id| id.0))
    }
}

/// For a list of ids.
pub(crate) mod list {
    use super::{IdInDocument, WebhookId, to_value};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(ids: &[WebhookId], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(ids.iter().map(to_value))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<WebhookId>, D::Error> {
        let ids = Vec::<IdInDocument>::deserialize(from)?;
        Ok(ids.into_iter().map(|id| id.0).collect())
    }
}
