//! Masks webhooks for people and logs: the same shape as the original, with every secret replaced.
//! Works on the parsed tree, never by replacing text: the `Slot` of a field determines how its value is masked.
//! Hides everything that is not known to be safe.

use super::content::{entry_name, is_named_list};
use super::fields::ParsedFields;
use super::json::Json;
use super::kind::{SAFE_HEADERS, SAFE_PAYLOAD_KEYS, Slot, UNKNOWN_SLOT, WebhookType};
use super::webhook::Webhook;
use crate::secret::{resembles_vendor_key, url_outline};
use std::borrow::Cow;
use std::fmt;

/// A value that is safe to show; has the same shape as the value that it masks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Masked {
    /// `null`
    Null,
    /// A boolean.
    Bool(bool),
    /// A number that is known to be safe, in its original notation.
    Number(String),
    /// A string that is known to be safe.
    Text(String),
    /// The safe parts of a string, such as a URL's scheme and host.
    Part(String),
    /// A completely hidden value; the text names its kind, such as `header`.
    Hidden(Cow<'static, str>),
    /// The elements in order.
    Array(Vec<Self>),
    /// The members in order.
    Object(Vec<(String, Self)>),
}

impl Masked {
    /// Hides a value completely, naming only its kind.
    pub(crate) fn hidden(kind: &'static str) -> Self {
        Self::Hidden(Cow::Borrowed(kind))
    }
}

/// One line: hidden values in parentheses, everything escaped, because a saved document may come from anybody.
impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "\"{}\"", crate::untrusted::escape(text)),
            Self::Number(text) | Self::Part(text) => f.write_str(&crate::untrusted::escape(text)),
            Self::Hidden(kind) => write!(f, "({})", crate::untrusted::escape(kind)),
            Self::Array(elements) => {
                f.write_str("[")?;
                for (ix, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if ix > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (ix, (key, value)) in members.iter().enumerate() {
                    let comma = if ix > 0 { ", " } else { "" };
                    write!(f, "{comma}{}: {value}", crate::untrusted::escape(key))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A webhook that is safe to show. A webhook leaves the process only in this form or through `to_wire`.
#[derive(Debug, Clone)]
pub struct MaskedWebhook {
    /// The alias, which is not secret; `None` if the webhook has none.
    pub alias: Option<String>,
    /// Scheme, host and a safe path; `None` if there is no URL.
    pub url: Option<Masked>,
    /// The masked `integration_type_fields`, in the order of the webhook; `None` if there are none.
    pub fields: Option<Masked>,
    /// The undocumented top-level keys, whose values are hidden.
    pub unknown_keys: Vec<String>,
}

impl Webhook {
    /// Everything in this webhook that a person or a log may see.
    pub fn masked(&self) -> MaskedWebhook {
        let url = self.url();
        MaskedWebhook {
            alias: self.alias().map(Cow::into_owned),
            url: (!url.is_empty()).then(|| mask_url(&url)),
            fields: self.masked_fields(),
            unknown_keys: self
                .unknown_tokens()
                .map(|(key, _)| key.into_owned())
                .collect(),
        }
    }

    /// The masked `integration_type_fields`, in the same shape as their tree; `None` if they are empty.
    pub(crate) fn masked_fields(&self) -> Option<Masked> {
        let text = self.fields_text()?;
        match ParsedFields::parse(&text) {
            ParsedFields::Empty => None,
            ParsedFields::Text | ParsedFields::DuplicateKey => {
                Some(Masked::hidden("unreadable fields"))
            }
            ParsedFields::Tree(tree) => {
                let webhook_type = self.type_id().ok().and_then(WebhookType::from_id);
                Some(mask_fields(webhook_type, &tree))
            }
        }
    }
}

/// Masks the whole `integration_type_fields` tree of a webhook of that type; hides every value if there is no type.
pub fn mask_fields(webhook_type: Option<&WebhookType>, tree: &Json<'_>) -> Masked {
    match tree {
        Json::Array(entries) if is_named_list(entries) => Masked::Array(
            entries
                .iter()
                .map(|entry| mask_entry(webhook_type, entry))
                .collect(),
        ),
        other => hide(other, "unknown field"),
    }
}

/// Masks one `{"name": …, "value": …}` entry according to its slot in that type.
fn mask_entry(webhook_type: Option<&WebhookType>, entry: &Json<'_>) -> Masked {
    let name = entry_name(entry).unwrap_or_default();
    let slot = webhook_type.map_or(UNKNOWN_SLOT, |webhook_type| webhook_type.slot(name));
    let Json::Object(members) = entry else {
        return hide(entry, "unknown field");
    };
    let mask_member = |(key, value): &(Cow<'_, str>, Json<'_>)| {
        let masked = match key.as_ref() {
            "name" => Masked::Text(name.to_owned()),
            "value" => mask_by_slot(slot, value),
            _ => hide(value, "unknown field"),
        };
        (mask_key(key), masked)
    };
    Masked::Object(members.iter().map(mask_member).collect())
}

fn mask_by_slot(slot: Slot, value: &Json<'_>) -> Masked {
    match slot {
        Slot::Plain => map_leaves(value, &mut |leaf| show_scalar(leaf, "text")),
        Slot::Secret(kind) => hide(value, kind),
        Slot::Email => map_leaves(value, &mut |leaf| match leaf {
            Json::String(text) => mask_email(text),
            other => hide(other, "e-mail address"),
        }),
        Slot::Headers => mask_headers(value),
        Slot::Payload => mask_payload(value, None),
    }
}

/// Masks an object key: keys are not secret, unless they look like one of the vendor's API keys.
fn mask_key(key: &str) -> String {
    if resembles_vendor_key(key) {
        "(key)".to_owned()
    } else {
        key.to_owned()
    }
}

/// Replaces every string and number by what `mask_leaf` returns; keeps the shape, and shows `null` and booleans.
fn map_leaves(value: &Json<'_>, mask_leaf: &mut dyn FnMut(&Json<'_>) -> Masked) -> Masked {
    match value {
        Json::Array(elements) => Masked::Array(
            elements
                .iter()
                .map(|element| map_leaves(element, mask_leaf))
                .collect(),
        ),
        Json::Object(members) => Masked::Object(
            members
                .iter()
                .map(|(key, value)| (mask_key(key), map_leaves(value, mask_leaf)))
                .collect(),
        ),
        Json::Null => Masked::Null,
        Json::Bool(value) => Masked::Bool(*value),
        Json::Number(_) | Json::String(_) => mask_leaf(value),
    }
}

/// Hides every string and number of a value, naming only their kind.
pub(super) fn hide(value: &Json<'_>, kind: &'static str) -> Masked {
    map_leaves(value, &mut |_| Masked::hidden(kind))
}

/// Shows a scalar as it is, unless it is long or looks like a key: so no credential passes as a plain field.
fn show_scalar(leaf: &Json<'_>, kind: &'static str) -> Masked {
    const MAX_CHARS: usize = 64;
    match leaf {
        Json::Number(text) if text.len() <= MAX_CHARS => Masked::Number((*text).to_owned()),
        Json::String(text) if resembles_vendor_key(text) => Masked::hidden("Coralogix key"),
        Json::String(text) if text.chars().count() <= MAX_CHARS => Masked::Text(text.to_string()),
        _ => Masked::hidden(kind),
    }
}

fn mask_headers(value: &Json<'_>) -> Masked {
    let Json::Object(members) = value else {
        return hide(value, "header");
    };
    let mask_member = |(name, value): &(Cow<'_, str>, Json<'_>)| {
        let is_safe = SAFE_HEADERS.contains(&name.to_ascii_lowercase().as_str());
        let masked = map_leaves(value, &mut |leaf| {
            if is_safe {
                show_scalar(leaf, "header")
            } else {
                Masked::hidden("header")
            }
        });
        (mask_key(name), masked)
    };
    Masked::Object(members.iter().map(mask_member).collect())
}

/// Masks a payload at any depth; `key` is the nearest enclosing object key.
fn mask_payload(value: &Json<'_>, key: Option<&str>) -> Masked {
    match value {
        Json::Object(members) => Masked::Object(
            members
                .iter()
                .map(|(key, value)| (mask_key(key), mask_payload(value, Some(key))))
                .collect(),
        ),
        Json::Array(elements) => Masked::Array(
            elements
                .iter()
                .map(|element| mask_payload(element, key))
                .collect(),
        ),
        Json::String(text) if is_vendor_variable(text) => Masked::Text(text.to_string()),
        Json::Null => Masked::Null,
        Json::Bool(value) => Masked::Bool(*value),
        leaf if key.is_some_and(|key| SAFE_PAYLOAD_KEYS.contains(&key)) => {
            show_scalar(leaf, "text")
        }
        _ if key == Some("privateKey") => Masked::hidden("private key"),
        Json::Number(_) => Masked::hidden("number"),
        Json::String(_) => Masked::hidden("text"),
    }
}

/// Whether a text is one of the vendor's variables, such as `$ALERT_ID`, which an alert fills in when it fires.
fn is_vendor_variable(text: &str) -> bool {
    let name = text.strip_prefix('$').unwrap_or_default();
    !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn mask_email(address: &str) -> Masked {
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && is_domain(domain) => {
            Masked::Part(format!("…@{domain}"))
        }
        _ => Masked::hidden("e-mail address"),
    }
}

fn is_domain(text: &str) -> bool {
    !text.is_empty()
        && text.contains('.')
        && text
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '.' | '-'))
}

/// Shows scheme, host and a safe path; replaces user information, any other path, query and fragment.
pub fn mask_url(text: &str) -> Masked {
    url_outline(text).map_or_else(|| Masked::hidden("url"), Masked::Part)
}
