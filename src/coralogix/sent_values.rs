//! The values of a webhook that a server got with it, and may repeat in its words. Pure.

use super::json::{Json, JsonError};
use super::known_key::KnownKey;
use super::webhook::Webhook;
use crate::http::server_words::SentValues;

impl SentValues {
    /// Adds the values of a webhook, but for what every list shows: ids, alias, type id, company and dates.
    pub fn add_webhook(&mut self, webhook: &Webhook) {
        for (key, token) in webhook.known_tokens() {
            match (key, Json::parse(token)) {
                (KnownKey::Type, Ok(Json::Object(members))) => {
                    let members = members.iter().filter(|(name, _)| name != "id");
                    members.for_each(|(_, value)| self.add_json(value));
                }
                (KnownKey::Url | KnownKey::Type | KnownKey::Fields, value) => {
                    self.add_parsed(token, value);
                }
                _ => {}
            }
        }
        for (_, token) in webhook.unknown_tokens() {
            self.add_parsed(token, Json::parse(token));
        }
    }

    fn add_parsed(&mut self, token: &str, value: Result<Json<'_>, JsonError>) {
        match value {
            Ok(value) => self.add_json(&value),
            // Nested too deep to take apart, or with the same key twice.
            Err(_) => self.add(token),
        }
    }

    /// Adds the values in a tree, also those in its texts that are JSON themselves.
    fn add_json(&mut self, tree: &Json<'_>) {
        match tree {
            Json::Array(elements) => elements.iter().for_each(|element| self.add_json(element)),
            Json::Object(members) => members.iter().for_each(|(_, value)| self.add_json(value)),
            Json::String(text) => match Json::parse(text) {
                Ok(tree @ (Json::Array(_) | Json::Object(_))) => self.add_json(&tree),
                _ => self.add(text.to_string()),
            },
            Json::Number(token) => self.add(*token),
            Json::Null | Json::Bool(_) => {}
        }
    }
}
