//! Serializes ids of webhooks and of types: as a JSON number if every reader keeps it exact, else as a string.

use super::webhook::{TypeId, WebhookId};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;
use std::fmt;

/// The number of an id that the account lists as a number, and that no reader rounds.
pub(crate) fn exact_number(id: &WebhookId) -> Option<u64> {
    id.as_str().parse().ok().filter(|_| id.is_number())
}

/// A number that readers could round, such as a fraction or one of 20 digits, is a string in plain notation, which
/// equals the number. Another spelling of a number gives way to the plain one.
impl Serialize for WebhookId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match exact_number(self) {
            Some(number) => to.serialize_u64(number),
            None => to.serialize_str(self.as_str()),
        }
    }
}

impl Serialize for TypeId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for WebhookId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(IdVisitor)
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

#[cfg(test)]
mod tests {
    use crate::coralogix::webhook::WebhookId;
    use serde_json::{json, to_value};

    #[test]
    fn ids_are_numbers_where_they_are_numeric() {
        assert_eq!(to_value(WebhookId::new("1050")).ok(), Some(json!(1050)));
        assert_eq!(to_value(WebhookId::new("ab-1")).ok(), Some(json!("ab-1")));
        assert_eq!(to_value(None::<WebhookId>).ok(), Some(json!(null)));
    }
}
