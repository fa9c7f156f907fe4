//! The values of a webhook as the forms of code hold them: whatever `masked` hides is a secret without its value.

use super::naming::Owner;
use crate::coralogix::json::Json;
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::mask::{Masked, mask_undocumented, mask_url};
use crate::coralogix::webhook::{Fields, Webhook};
use crate::secret::hides_part_of_url;
use std::borrow::Cow;

/// One JSON value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// In its original notation.
    Number(String),
    Text(String),
    Secret(Secret),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// A value that no form of code holds.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    /// The variable that supplies it, in lower case.
    pub(super) name: String,
    /// Where it is in the webhook, as people read it.
    pub(super) path: String,
    /// What it is, such as `service key`.
    pub(super) kind: Cow<'static, str>,
    /// Whether it is a string; else a number.
    pub(super) is_text: bool,
}

/// The name of a key or an entry looks like one of the vendor's API keys, so no form can hold it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SecretName;

/// What `integration_type_fields` hold.
pub(super) enum FieldValues {
    Empty,
    /// They are JSON.
    Tree(Value),
    /// They are text that is not readable JSON.
    Unreadable(Secret),
}

/// Values below a place of one webhook, whose secrets get names.
pub(super) struct Reader<'o> {
    pub(super) owner: &'o mut Owner,
    path: Vec<String>,
}

impl<'o> Reader<'o> {
    pub(super) fn new(owner: &'o mut Owner) -> Self {
        Self {
            owner,
            path: Vec::new(),
        }
    }

    /// The url; `None` if the webhook has none.
    pub(super) fn url(&mut self, webhook: &Webhook) -> Option<Value> {
        let url = webhook.url();
        if url.is_empty() {
            return None;
        }
        let is_text = webhook
            .raw(KnownKey::Url)
            .is_some_and(|token| token.starts_with('"'));
        match mask_url(&url) {
            Masked::Part(shown) if is_text && !hides_part_of_url(&shown) => {
                Some(Value::Text(url.into_owned()))
            }
            _ => Some(self.below("url", |reader| reader.secret("url", is_text))),
        }
    }

    /// The fields. An entry of the documented list is named by its name, not by its place in the list.
    pub(super) fn fields(&mut self, webhook: &Webhook) -> Result<FieldValues, SecretName> {
        let fields = webhook.fields();
        if matches!(fields, Fields::Empty) {
            return Ok(FieldValues::Empty);
        }
        let (Some(tree), Some(masked)) = (fields.tree(), webhook.masked_fields()) else {
            let secret = self.below("fields", |reader| {
                reader.secret_of("unreadable fields", true)
            });
            return Ok(FieldValues::Unreadable(secret));
        };
        self.tree(&tree, &masked).map(FieldValues::Tree)
    }

    /// The members of the list of entries get the names of their entries.
    fn tree(&mut self, tree: &Json<'_>, masked: &Masked) -> Result<Value, SecretName> {
        let (Json::Array(entries), Masked::Array(hidden)) = (tree, masked) else {
            return self.below("fields", |reader| reader.value(tree, masked));
        };
        let pairs = entries.iter().zip(hidden).enumerate();
        let read = |(ix, (entry, masked)): (usize, (&Json<'_>, &Masked))| {
            let name = entry.get("name").and_then(Json::as_str);
            let name = name.map_or_else(|| ix.to_string(), str::to_owned);
            self.below(&name, |reader| reader.entry(entry, masked))
        };
        pairs.map(read).collect::<Result<_, _>>().map(Value::Array)
    }

    /// An entry, whose value has the path of the entry itself.
    fn entry(&mut self, entry: &Json<'_>, masked: &Masked) -> Result<Value, SecretName> {
        let (Json::Object(members), Masked::Object(hidden)) = (entry, masked) else {
            return self.value(entry, masked);
        };
        let mut read = Vec::with_capacity(members.len());
        for ((key, value), (shown, masked)) in members.iter().zip(hidden) {
            let key = shown_name(key, shown)?;
            let value = match (key.as_str(), value, masked) {
                ("name", Json::String(name), Masked::Text(shown)) => {
                    Value::Text(shown_name(name, shown)?)
                }
                ("value", ..) => self.value(value, masked)?,
                _ => self.below(&key, |reader| reader.value(value, masked))?,
            };
            read.push((key, value));
        }
        Ok(Value::Object(read))
    }

    /// The value of an undocumented key, or of a key that the webhook has besides its url and its fields.
    pub(super) fn undocumented(
        &mut self,
        key: &str,
        value: &Json<'_>,
    ) -> Result<Value, SecretName> {
        // The masked form decides whether the name may be shown, too.
        let holder = Json::Object(vec![(Cow::Borrowed(key), value.clone())]);
        let Masked::Object(masked) = mask_undocumented(&holder) else {
            return Err(SecretName);
        };
        let (shown, masked) = &masked[0];
        let key = shown_name(key, shown)?;
        self.below(&key, |reader| reader.value(value, masked))
    }

    /// A value beside its masked form, which has the same shape.
    fn value(&mut self, value: &Json<'_>, masked: &Masked) -> Result<Value, SecretName> {
        Ok(match (value, masked) {
            (Json::Array(elements), Masked::Array(hidden)) => {
                let mut read = Vec::with_capacity(elements.len());
                for (ix, (element, masked)) in elements.iter().zip(hidden).enumerate() {
                    let element =
                        self.below(&ix.to_string(), |reader| reader.value(element, masked));
                    read.push(element?);
                }
                Value::Array(read)
            }
            (Json::Object(members), Masked::Object(hidden)) => {
                let mut read = Vec::with_capacity(members.len());
                for ((key, value), (shown, masked)) in members.iter().zip(hidden) {
                    let key = shown_name(key, shown)?;
                    let value = self.below(&key, |reader| reader.value(value, masked))?;
                    read.push((key, value));
                }
                Value::Object(read)
            }
            (_, Masked::Null) => Value::Null,
            (_, Masked::Bool(value)) => Value::Bool(*value),
            (_, Masked::Number(text)) => Value::Number(text.clone()),
            (_, Masked::Text(text)) => Value::Text(text.clone()),
            (value, Masked::Hidden(kind)) => self.secret(kind, matches!(value, Json::String(_))),
            (value, _) => self.secret("e-mail address", matches!(value, Json::String(_))),
        })
    }

    /// Does something with the path extended by one part.
    pub(super) fn below<T>(&mut self, part: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(part.to_owned());
        let value = read(self);
        self.path.pop();
        value
    }

    fn secret(&mut self, kind: &str, is_text: bool) -> Value {
        Value::Secret(self.secret_of(kind, is_text))
    }

    pub(super) fn secret_of(&mut self, kind: &str, is_text: bool) -> Secret {
        Secret {
            name: self.owner.name_secret(&self.path),
            path: self.path.join("."),
            kind: Cow::Owned(kind.to_owned()),
            is_text,
        }
    }
}

/// The name of a key, unless its masked form hides it.
fn shown_name(name: &str, shown: &str) -> Result<String, SecretName> {
    if name == shown {
        Ok(name.to_owned())
    } else {
        Err(SecretName)
    }
}

impl Value {
    /// Every secret in it, in the order of the webhook.
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Secret(secret) => vec![secret],
            Self::Array(elements) => elements.iter().flat_map(Self::secrets).collect(),
            Self::Object(members) => {
                let values = members.iter().map(|(_, value)| value);
                values.flat_map(Self::secrets).collect()
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => Vec::new(),
        }
    }
}
