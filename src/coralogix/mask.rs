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
    /// The alias, which is not secret; one with half of a surrogate pair as it is written. `None` if the webhook has none.
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
            alias: self.shown_alias().map(Cow::into_owned),
            url: (!url.is_empty()).then(|| mask_url(&url)),
            fields: self.masked_fields(),
            unknown_keys: self
                .unknown_tokens()
                .map(|(key, _)| mask_key(&key))
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
            ParsedFields::Tree(tree) => Some(mask_fields(self.documented_type(), &tree)),
        }
    }

    /// Its type, if the vendor documents that.
    pub(super) fn documented_type(&self) -> Option<&'static WebhookType> {
        self.type_id().ok().and_then(WebhookType::from_id)
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
        other => MaskRule::UNKNOWN_FIELD.mask(other),
    }
}

/// Masks the value of a key that the vendor does not document.
pub(crate) fn mask_undocumented(value: &Json<'_>) -> Masked {
    MaskRule::UNKNOWN_KEY.mask(value)
}

/// Masks one `{"name": …, "value": …}` entry according to its slot in that type.
fn mask_entry(webhook_type: Option<&WebhookType>, entry: &Json<'_>) -> Masked {
    let name = entry_name(entry).unwrap_or_default();
    let Json::Object(members) = entry else {
        return MaskRule::UNKNOWN_FIELD.mask(entry);
    };
    let mask_member = |(key, value): &(Cow<'_, str>, Json<'_>)| {
        let masked = match key.as_ref() {
            "name" => Masked::Text(mask_key(name)),
            other => MaskRule::of_entry_member(webhook_type, name, other).mask(value),
        };
        (mask_key(key), masked)
    };
    Masked::Object(members.iter().map(mask_member).collect())
}

/// Masks the name of a key or an entry: names are not secret, unless they look like one of the vendor's API keys.
fn mask_key(key: &str) -> String {
    if resembles_vendor_key(key) {
        "(key)".to_owned()
    } else {
        key.to_owned()
    }
}

/// How the strings and numbers of a value are masked. Follows from the field that holds the value, and inside it from
/// the keys on the way; `null` and booleans are always shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MaskRule<'k> {
    /// Hidden completely; the text names their kind.
    Hide(&'static str),
    /// Shown, unless they are long or look like a key; then hidden as that kind.
    Show(&'static str),
    /// Only the domain of an e-mail address is shown.
    Email,
    /// The object of all headers, each of which is masked by its name.
    Headers,
    /// A payload; the text is the nearest enclosing object key.
    Payload(Option<&'k str>),
}

impl<'k> MaskRule<'k> {
    /// The rule for fields that no documentation describes.
    pub(super) const UNKNOWN_FIELD: Self = Self::Hide("unknown field");
    /// The rule for what an undocumented key holds.
    pub(super) const UNKNOWN_KEY: MaskRule<'static> = MaskRule::Hide("unknown key");
    /// The rule for a header that is not on the safe list.
    pub(super) const HEADER: MaskRule<'static> = MaskRule::Hide("header");

    /// The rule for a member, except `name`, of the entry with that name in the fields of a webhook.
    pub(super) fn of_entry_member(kind: Option<&WebhookType>, name: &str, member: &str) -> Self {
        if member != "value" {
            return Self::UNKNOWN_FIELD;
        }
        match kind.map_or(UNKNOWN_SLOT, |kind| kind.slot(name)) {
            Slot::Plain => Self::Show("text"),
            Slot::Secret(kind) => Self::Hide(kind),
            Slot::Email => Self::Email,
            Slot::Headers => Self::Headers,
            Slot::Payload => Self::Payload(None),
        }
    }

    /// The rule for the member with that key of an object to which this rule applies.
    pub(super) fn member<'m>(self, key: &'m str) -> MaskRule<'m>
    where
        'k: 'm,
    {
        match self {
            Self::Payload(_) => MaskRule::Payload(Some(key)),
            Self::Headers if SAFE_HEADERS.contains(&key.to_ascii_lowercase().as_str()) => {
                MaskRule::Show("header")
            }
            Self::Headers => MaskRule::HEADER,
            other => other,
        }
    }

    /// The rule for the elements of an array to which this rule applies.
    pub(super) fn element(self) -> Self {
        match self {
            Self::Headers => MaskRule::HEADER,
            other => other,
        }
    }

    /// Masks a value; keeps its shape.
    pub(super) fn mask(self, value: &Json<'_>) -> Masked {
        match value {
            Json::Array(elements) => {
                let rule = self.element();
                Masked::Array(elements.iter().map(|element| rule.mask(element)).collect())
            }
            Json::Object(members) => {
                let members = members.iter();
                let mask_member = |(key, value): &(Cow<'_, str>, Json<'_>)| {
                    (mask_key(key), self.member(key).mask(value))
                };
                Masked::Object(members.map(mask_member).collect())
            }
            Json::Null => Masked::Null,
            Json::Bool(value) => Masked::Bool(*value),
            Json::Number(_) | Json::String(_) => self.mask_leaf(value),
        }
    }

    fn mask_leaf(self, leaf: &Json<'_>) -> Masked {
        match (self, leaf) {
            (Self::Hide(kind), _) => Masked::hidden(kind),
            (Self::Show(kind), _) => show_scalar(leaf, kind),
            (Self::Email, Json::String(text)) => mask_email(text),
            (Self::Email, _) => Masked::hidden("e-mail address"),
            (Self::Headers, _) => Masked::hidden("header"),
            (Self::Payload(key), _) => mask_payload_leaf(leaf, key),
        }
    }
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

/// Masks a string or number of a payload; `key` is the nearest enclosing object key.
fn mask_payload_leaf(leaf: &Json<'_>, key: Option<&str>) -> Masked {
    match leaf {
        Json::String(text) if is_vendor_variable(text) => Masked::Text(text.to_string()),
        leaf if key.is_some_and(|key| SAFE_PAYLOAD_KEYS.contains(&key)) => {
            show_scalar(leaf, "text")
        }
        _ if key == Some("privateKey") => Masked::hidden("private key"),
        Json::Number(_) => Masked::hidden("number"),
        _ => Masked::hidden("text"),
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
