//! Validates the webhooks of a POST before anything is stored. Never changes the store.

use std::collections::HashSet;

use hyper::StatusCode;
use serde_json::value::RawValue;

use super::kinds;
use super::object::{Object, to_raw};
use super::reshape;
use super::store::{SERVER_OWNED, Store, type_id};
use super::switches::{AliasClash, Body, Switches, UnknownId, UnknownType};

/// A validated webhook: it replaces the one with this `id`, or is a new one without.
#[derive(Debug)]
pub(super) struct ValidatedWebhook {
    pub(super) id: Option<u64>,
    pub(super) object: Object,
}

/// Why one webhook of a request was rejected.
#[derive(Clone, Debug)]
pub(super) struct Rejection {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Rejection {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

/// Validates the items of one request in order, each one against the store and the items before it.
pub(super) struct Validator<'a> {
    store: &'a Store,
    switches: &'a Switches,
    claimed_aliases: HashSet<(String, u64)>,
}

impl<'a> Validator<'a> {
    pub(super) fn new(store: &'a Store, switches: &'a Switches) -> Self {
        Self {
            store,
            switches,
            claimed_aliases: HashSet::new(),
        }
    }

    pub(super) fn validate(&mut self, item: &RawValue) -> Result<ValidatedWebhook, Rejection> {
        let mut object = Object::parse(item.get())
            .map_err(|_| Rejection::bad_request("a webhook must be a JSON object"))?;
        let id = self.updated_id(&object)?;
        self.check_body(&object)?;
        let type_id = self.check_type(&object)?;
        reshape::reshape_incoming(&mut object, self.switches);
        let alias = self.check_alias(&object)?;
        self.check_clash(id, alias, type_id)?;
        if object.get("integration_type").is_none()
            && let Some(block) = kinds::integration_type_block(type_id)
        {
            object.push("integration_type", to_raw(&block));
        }
        Ok(ValidatedWebhook { id, object })
    }

    /// The id of the webhook that the item would overwrite: whichever one owns the number in the item.
    fn updated_id(&self, object: &Object) -> Result<Option<u64>, Rejection> {
        if object.get("id").is_none_or(|id| id.get() == "null") {
            return Ok(None);
        }
        let id = object
            .number("id")
            .ok_or_else(|| Rejection::bad_request("id must be a number"))?;
        match self.switches.unknown_id {
            _ if self.store.contains(id) => Ok(Some(id)),
            UnknownId::Create => Ok(None),
            UnknownId::NotFound => Err(Rejection::new(
                StatusCode::NOT_FOUND,
                format!("no webhook has the id {id}"),
            )),
        }
    }

    fn check_body(&self, object: &Object) -> Result<(), Rejection> {
        for name in ["url", "integration_type_fields"] {
            let is_text_or_null = object
                .get(name)
                .is_none_or(|value| value.get() == "null" || value.get().starts_with('"'));
            if !is_text_or_null {
                return Err(Rejection::bad_request(format!(
                    "{name} must be a string or null"
                )));
            }
        }
        let server_owned = SERVER_OWNED
            .iter()
            .find(|&&name| name != "id" && object.get(name).is_some());
        match server_owned {
            Some(name) if self.switches.body == Body::Strict => {
                Err(Rejection::bad_request(format!("{name} is not allowed")))
            }
            _ => Ok(()),
        }
    }

    fn check_type(&self, object: &Object) -> Result<u64, Rejection> {
        let type_id = type_id(object)
            .ok_or_else(|| Rejection::bad_request("integration_type_id is missing"))?;
        let rejects_unknown = self.switches.unknown_type == UnknownType::BadRequest;
        if rejects_unknown && !kinds::is_documented(type_id) {
            return Err(Rejection::bad_request(format!(
                "integration_type_id {type_id} is unknown"
            )));
        }
        if self.switches.poison_type == Some(type_id) {
            return Err(self.poisoned("no webhook of this type is acceptable"));
        }
        Ok(type_id)
    }

    /// The refusal of a poisonous webhook.
    fn poisoned(&self, message: &str) -> Rejection {
        let status = self.switches.poison_status.unwrap_or(400);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Rejection::new(status, message)
    }

    fn check_alias(&self, object: &Object) -> Result<String, Rejection> {
        let alias = object
            .text("alias")
            .filter(|alias| !alias.trim().is_empty())
            .ok_or_else(|| Rejection::bad_request("alias is missing"))?;
        let poison = self.switches.poison.as_deref();
        if poison.is_some_and(|poison| alias.contains(poison)) {
            return Err(self.poisoned("alias is not acceptable"));
        }
        Ok(alias)
    }

    fn check_clash(
        &mut self,
        id: Option<u64>,
        alias: String,
        type_id: u64,
    ) -> Result<(), Rejection> {
        let status = match self.switches.alias_clash {
            AliasClash::Allow => return Ok(()),
            AliasClash::Conflict => StatusCode::CONFLICT,
            AliasClash::BadRequest => StatusCode::BAD_REQUEST,
        };
        let owner = self.store.find_by_alias(&alias, type_id);
        let is_taken = owner.is_some() && owner != id;
        if is_taken || !self.claimed_aliases.insert((alias, type_id)) {
            return Err(Rejection::new(
                status,
                "a webhook with this alias and type exists",
            ));
        }
        Ok(())
    }
}
