//! Fits webhooks into a form of code that knows each type's attributes. What does not fit is listed, never dropped.

use super::naming::{Names, Owner};
use super::value::{FieldValues, Reader, Secret, Value};
use super::{ExportedWebhook, Omission};
use crate::coralogix::kind::type_name;
use crate::coralogix::undocumented::shown_key_name;

/// What a form of code can hold.
pub(super) struct Form {
    /// Whose form it is, as the subject of a clause.
    pub(super) owner: &'static str,
    /// Types that it cannot hold for another reason than that it does not know them.
    pub(super) closed: &'static [(&'static str, &'static str)],
    /// One for each type.
    pub(super) blocks: &'static [Block],
}

/// How the form spells one type.
pub(super) struct Block {
    /// The type's name in the vendor's table.
    pub(super) type_name: &'static str,
    /// The form's name.
    pub(super) name: &'static str,
    /// In the order in which they are written.
    pub(super) attributes: &'static [Attribute],
}

/// How the form spells the url or one field.
pub(super) struct Attribute {
    /// `url`, or the field's name in the vendor's table.
    pub(super) source: &'static str,
    /// The form's name.
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) need: Need,
}

/// What an attribute can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// One of `get`, `post` and `put`.
    Method,
    /// Texts by name.
    Headers,
    /// JSON as text.
    Payload,
    /// A list of texts.
    Emails,
}

/// Whether a webhook can be held without the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
    /// Written as an empty text if the webhook has none, because the form would otherwise put in a text of its own.
    EmptyText,
}

/// The value of an attribute.
pub(super) enum Fit {
    Text(String),
    Secret(Secret),
    /// Each value is a text or a secret.
    Texts(Vec<(String, Value)>),
    List(Vec<String>),
    /// A list with secrets in it, supplied as a whole, and its length.
    SecretList(Secret, usize),
    Payload(Value),
}

/// A webhook as the form holds it.
pub(super) struct Fitted {
    /// Its name in code.
    pub(super) name: String,
    pub(super) alias: String,
    pub(super) block: &'static str,
    pub(super) attributes: Vec<(&'static str, Fit)>,
    /// What of it the form does not hold.
    pub(super) omission: Option<Omission>,
}

/// A problem that leaves a whole webhook out, as a clause.
type Problem = String;

impl Form {
    /// Fits a webhook in; or says why it is left out as a whole.
    pub(super) fn fit(
        &self,
        webhook: &ExportedWebhook<'_>,
        names: &mut Names,
    ) -> Result<Fitted, Problem> {
        let stripped = webhook.stripped;
        if let Some(blocked) = stripped.blocked() {
            return Err(blocked.reason().to_owned());
        }
        let block = self.block(webhook)?;
        let mut owner = names.owner(stripped.alias());
        let attributes =
            Fitting::start(webhook, &mut owner).and_then(|fitting| fitting.finish(block));
        let name = owner.name.clone();
        names.give_back(owner);
        let (attributes, left_out) = attributes?;
        let omission = (!left_out.is_empty()).then(|| Omission {
            webhook: webhook.label(),
            parts: left_out,
            why: format!("{} has no place for that", self.owner),
        });
        Ok(Fitted {
            name,
            alias: stripped.alias().to_string(),
            block: block.name,
            attributes,
            omission,
        })
    }

    fn block(&self, webhook: &ExportedWebhook<'_>) -> Result<&'static Block, Problem> {
        let type_id = webhook.stripped.type_id();
        let kind = type_id.map(type_name).unwrap_or_default();
        let closed = self.closed.iter().find(|(name, _)| *name == kind);
        if let Some((_, why)) = closed {
            return Err((*why).to_owned());
        }
        let block = self.blocks.iter().find(|block| block.type_name == kind);
        block.ok_or_else(|| format!("{} does not know its type", self.owner))
    }
}

/// A webhook whose values are handed out to attributes; the rest is left out.
struct Fitting<'o> {
    owner: &'o mut Owner,
    url: Option<Value>,
    fields: Vec<(String, Value)>,
    left_out: Vec<String>,
}

/// The attributes, and what no attribute holds.
type FittedParts = (Vec<(&'static str, Fit)>, Vec<String>);

impl<'o> Fitting<'o> {
    fn start(webhook: &ExportedWebhook<'_>, owner: &'o mut Owner) -> Result<Self, Problem> {
        let bare = webhook.stripped.bare();
        let mut reader = Reader::new(owner);
        let url = reader.url(bare);
        let fields = reader.fields(bare).map_err(|_| SECRET_NAME.to_owned())?;
        let mut fitting = Self {
            owner,
            url,
            fields: Vec::new(),
            left_out: Vec::new(),
        };
        match fields {
            FieldValues::Empty => {}
            FieldValues::Unreadable(_) => return Err("its fields cannot be read".to_owned()),
            FieldValues::Tree(Value::Array(entries)) => {
                for entry in entries {
                    fitting.add_entry(entry)?;
                }
            }
            FieldValues::Tree(_) => return Err(NO_ENTRIES.to_owned()),
        }
        let undocumented = bare
            .undocumented_members()
            .filter(|member| webhook.state_keys.counts(member));
        let names = undocumented.map(|member| shown_key_name(&member.name()).to_owned());
        fitting.left_out.extend(names);
        Ok(fitting)
    }

    /// Takes the value of an entry; lists whatever else the entry has.
    fn add_entry(&mut self, entry: Value) -> Result<(), Problem> {
        let Value::Object(members) = entry else {
            return Err(NO_ENTRIES.to_owned());
        };
        let name = members.iter().find_map(|(key, value)| match value {
            Value::Text(name) if key == "name" => Some(name.clone()),
            _ => None,
        });
        let name = name.ok_or(NO_ENTRIES)?;
        for (key, value) in members {
            match key.as_str() {
                "name" => {}
                "value" => self.fields.push((name.clone(), value)),
                other => self.left_out.push(format!("{name}.{other}")),
            }
        }
        Ok(())
    }

    fn finish(mut self, block: &Block) -> Result<FittedParts, Problem> {
        let mut attributes = Vec::new();
        for attribute in block.attributes {
            let fit = match self.take(attribute.source) {
                Some(value) => self.fit(attribute, value),
                None if attribute.need == Need::EmptyText => Some(Fit::Text(String::new())),
                None => None,
            };
            match fit {
                Some(fit) => attributes.push((attribute.name, fit)),
                None if attribute.need == Need::Required => {
                    return Err(format!("it has no usable {}", attribute.source));
                }
                None => {}
            }
        }
        let url = self.url.map(|_| "url".to_owned());
        let fields = self.fields.into_iter().map(|(name, _)| name);
        let left_out = url.into_iter().chain(fields).chain(self.left_out);
        Ok((attributes, left_out.collect()))
    }

    /// The value of the url or a field; null is none.
    fn take(&mut self, source: &str) -> Option<Value> {
        if source == "url" {
            return self.url.take();
        }
        let ix = self.fields.iter().position(|(name, _)| name == source)?;
        let (_, value) = self.fields.remove(ix);
        (!matches!(value, Value::Null)).then_some(value)
    }

    /// The value as the attribute holds it; `None`, and left out, if it has another shape.
    fn fit(&mut self, attribute: &Attribute, value: Value) -> Option<Fit> {
        let fit = match (attribute.shape, value) {
            (Shape::Text | Shape::Payload, Value::Text(text)) => Some(Fit::Text(text)),
            (Shape::Text | Shape::Payload, Value::Secret(secret)) if secret.is_text => {
                Some(Fit::Secret(secret))
            }
            (Shape::Method, Value::Text(text)) => {
                let method = text.to_ascii_lowercase();
                let is_known = ["get", "post", "put"].contains(&method.as_str());
                is_known.then_some(Fit::Text(method))
            }
            (Shape::Headers, Value::Object(members)) => Some(self.headers(attribute, members)),
            (Shape::Payload, value) => Some(Fit::Payload(value)),
            (Shape::Emails, Value::Array(elements)) => self.list(attribute, &elements),
            _ => None,
        };
        if fit.is_none() {
            self.left_out.push(attribute.source.to_owned());
        }
        fit
    }

    /// Headers, whose values are texts; any other value is left out.
    fn headers(&mut self, attribute: &Attribute, members: Vec<(String, Value)>) -> Fit {
        let mut texts = Vec::new();
        for (name, value) in members {
            let value = match value {
                Value::Number(text) => Value::Text(text),
                Value::Bool(value) => Value::Text(value.to_string()),
                other => other,
            };
            if matches!(value, Value::Text(_) | Value::Secret(_)) {
                texts.push((name, value));
            } else {
                self.left_out.push(format!("{}.{name}", attribute.source));
            }
        }
        Fit::Texts(texts)
    }

    /// A list of texts; `None` if it holds anything else.
    fn list(&mut self, attribute: &Attribute, elements: &[Value]) -> Option<Fit> {
        let is_text = |element: &Value| match element {
            Value::Secret(secret) => secret.is_text,
            Value::Text(_) => true,
            _ => false,
        };
        if !elements.iter().all(is_text) {
            return None;
        }
        let texts = elements.iter().filter_map(|element| match element {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        });
        let texts: Vec<String> = texts.collect();
        if texts.len() == elements.len() {
            return Some(Fit::List(texts));
        }
        let mut reader = Reader::new(self.owner);
        let name = attribute.name;
        let secret = reader.below(name, |reader| reader.secret_of("e-mail addresses", true));
        Some(Fit::SecretList(secret, elements.len()))
    }
}

/// Why a webhook is left out whose fields have no documented shape.
const NO_ENTRIES: &str = "its fields are not a list of names and values";

/// Why a webhook with such a name is left out.
pub(super) const SECRET_NAME: &str = "one of its names looks like an API key";
