//! Canonical content: two webhooks are equal if alias, type, url and fields are, however their JSON is formatted.
//! Never rounds a number, and ignores ids, times, labels, icons, spacing and the order of keys.

use super::canonical::{CanonicalWriter, FieldsForm};
use super::decimal::normalize_decimal;
use super::json::{Json, has_duplicate};
use super::known_key::KnownKey;
use super::undocumented::{StateKeys, UndocumentedMember};
use super::webhook::{TypeId, Webhook};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::HashMap;

/// Bytes of a fingerprint: half of a SHA-256, because a run keeps several for each webhook.
pub(super) const FINGERPRINT_BYTES: usize = 16;

/// An unkeyed digest of canonical content, for comparisons within this process; never shown, never written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; FINGERPRINT_BYTES]);

/// Eight bytes of a digest spread over a hash table as well as all of them.
impl std::hash::Hash for Fingerprint {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write(&self.0[..8]);
    }
}

impl Fingerprint {
    /// The fingerprint of one text.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut canon = CanonicalWriter::new();
        canon.text(text);
        canon.finish()
    }

    /// The fingerprint of one JSON value; that of a number is never that of the text that spells it.
    pub(crate) fn of_token(token: &str) -> Self {
        value_digest(token)
    }

    pub(super) fn from_digest(sha256: &ring::digest::Digest) -> Self {
        let half = sha256.as_ref().first_chunk();
        Self(*half.expect("SHA-256 has 32 bytes"))
    }

    /// The raw bytes, as input of a keyed digest only.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Wraps a keyed digest, so that it can be compared like a fingerprint.
    pub(super) fn from_keyed_digest(bytes: [u8; FINGERPRINT_BYTES]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprint")
    }
}

/// The two fingerprints that webhook comparison uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Alias, type, url and fields.
    pub whole: Fingerprint,
    /// Type, url and fields; equal if only the alias differs.
    pub body: Fingerprint,
}

/// The shape of a webhook's `integration_type_fields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldsShape {
    /// No fields, or JSON without two entries of the same name.
    Plain,
    /// JSON in which two entries have the same name.
    DuplicateNames,
    /// Not JSON, or too deep or too large to parse.
    Unreadable,
    /// JSON in which an object has the same key twice.
    DuplicateKey,
}

impl Content {
    /// Computes the canonical content of a webhook of the given type.
    pub fn from_webhook(webhook: &Webhook, type_id: TypeId) -> Self {
        Self::with_shape(webhook, type_id).0
    }

    /// Computes the canonical content and the shape of the fields, parsing the fields once for both.
    pub(crate) fn with_shape(webhook: &Webhook, type_id: TypeId) -> (Self, FieldsShape) {
        let mut body = CanonicalWriter::new();
        body.text(&type_id.to_string());
        body.optional(webhook.raw(KnownKey::Url));
        let shape = body.fields_of(webhook);
        let body = body.finish();
        let mut whole = CanonicalWriter::new();
        whole.optional(webhook.raw(KnownKey::Alias));
        whole.bytes(&body.0);
        let whole = whole.finish();
        (Self { whole, body }, shape)
    }
}

/// Whether the fields are a bare number or truth value: a list is the same as the text that spells it, these are not.
pub(crate) fn has_bare_scalar_fields(webhook: &Webhook) -> bool {
    let token = webhook.raw(KnownKey::Fields);
    token.is_some_and(|token| token != "null" && !token.starts_with(['"', '[', '{']))
}

/// The digests of everything that an account shows of a webhook, dates included: any change alters them, except one
/// of the server's own state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullDigest {
    /// The documented members.
    pub documented: Fingerprint,
    /// Each undocumented member by its name.
    pub undocumented: Vec<(SmolStr, Fingerprint)>,
}

/// Computes the full digest of a webhook.
///
/// JSON formatting, the order of keys, and the documented members of `integration_type` (label and icon) do not
/// count. If the caller passes the already computed `content`, the members that it covers are not parsed again.
pub fn full_digest(
    webhook: &Webhook,
    content: Option<Content>,
    state_keys: &StateKeys,
) -> FullDigest {
    FullDigest {
        documented: documented_digest(webhook, content),
        undocumented: undocumented_digests(webhook, state_keys),
    }
}

/// The digest of each undocumented member by its name, without the server's own state; usually there is none.
pub(super) fn undocumented_digests(
    webhook: &Webhook,
    state_keys: &StateKeys,
) -> Vec<(SmolStr, Fingerprint)> {
    let members = webhook.undocumented_members();
    members
        .filter(|member| state_keys.counts(member))
        .map(|member| (SmolStr::new(member.name()), value_digest(member.value)))
        .collect()
}

/// A digest of the documented members that an account shows, dates included.
pub fn documented_digest(webhook: &Webhook, content: Option<Content>) -> Fingerprint {
    let is_counted = |key: KnownKey| match key {
        KnownKey::Type => false,
        KnownKey::Alias | KnownKey::Url | KnownKey::Fields => content.is_none(),
        _ => true,
    };
    let mut members: Vec<(KnownKey, &str)> = webhook
        .known_tokens()
        .filter(|(key, _)| is_counted(*key))
        .collect();
    members.sort_unstable();
    let mut canon = CanonicalWriter::new();
    match content {
        Some(content) => canon.bytes(&content.whole.0),
        None => canon.tag(b'-'),
    }
    for (key, value) in members {
        canon.text(key.as_str());
        if key == KnownKey::Fields {
            canon.fields_of(webhook);
        } else {
            canon.token(value);
        }
    }
    canon.finish()
}

/// A digest of everything that a stripped webhook sends, except the server's own state: the compared content and the
/// undocumented members.
pub fn carried_digest(bare: &Webhook, state_keys: &StateKeys) -> Fingerprint {
    carried_digest_with(bare, None, state_keys)
}

/// Like [`carried_digest`], but does not compute the content again if the caller has it.
pub(super) fn carried_digest_with(
    bare: &Webhook,
    content: Option<Content>,
    state_keys: &StateKeys,
) -> Fingerprint {
    let mut canon = CanonicalWriter::new();
    let documented = match bare.type_id() {
        Ok(type_id) => {
            content
                .unwrap_or_else(|| Content::from_webhook(bare, type_id))
                .whole
        }
        Err(_) => documented_digest(bare, None),
    };
    canon.bytes(&documented.0);
    let mut undocumented = undocumented_digests(bare, state_keys);
    undocumented.sort_unstable();
    for (name, value) in undocumented {
        canon.text(&name);
        canon.bytes(&value.0);
    }
    canon.finish()
}

/// A digest of a webhook's exact text, except `updated_at` and the server's own state.
pub(super) fn exact_digest(webhook: &Webhook, state_keys: &StateKeys) -> Fingerprint {
    let mut canon = CanonicalWriter::new();
    for member in webhook.members() {
        let (key, value) = (member.key_token(), member.value());
        let counts = match member.known_key {
            Some(known) => known != KnownKey::UpdatedAt,
            None => state_keys.counts(&UndocumentedMember::at_top_level(member)),
        };
        if counts {
            canon.text(key);
            canon.text(value);
        }
    }
    canon.finish()
}

impl CanonicalWriter {
    /// Writes the fields of a webhook, and returns their shape.
    fn fields_of(&mut self, webhook: &Webhook) -> FieldsShape {
        let text = webhook.fields_text().unwrap_or_default();
        match self.fields(&text) {
            FieldsForm::Empty => {
                self.tag(b'-');
                FieldsShape::Plain
            }
            FieldsForm::Json {
                has_duplicate_names,
            } => {
                if has_bare_scalar_fields(webhook) {
                    self.tag(b'#');
                }
                if has_duplicate_names {
                    FieldsShape::DuplicateNames
                } else {
                    FieldsShape::Plain
                }
            }
            FieldsForm::Text => {
                match webhook.string_member(KnownKey::Fields) {
                    Some(text) => {
                        self.tag(b'?');
                        self.text(&text);
                    }
                    None => self.raw(&text),
                }
                FieldsShape::Unreadable
            }
            // Such a webhook is blocked in the source; in the target it equals only its own exact text.
            FieldsForm::DuplicateKey => {
                self.raw(webhook.raw(KnownKey::Fields).unwrap_or_default());
                FieldsShape::DuplicateKey
            }
        }
    }
}

/// A digest of one JSON value, independent of its formatting.
pub(super) fn value_digest(token: &str) -> Fingerprint {
    let mut canon = CanonicalWriter::new();
    canon.token(token);
    canon.finish()
}

/// A digest of a plain text, such as a rules file.
pub fn text_digest(text: &str) -> Fingerprint {
    let mut canon = CanonicalWriter::new();
    canon.text(text);
    canon.finish()
}

/// The `name` of an entry of `integration_type_fields`; `None` if the entry does not have the documented shape.
pub(crate) fn entry_name<'j>(entry: &'j Json<'_>) -> Option<&'j str> {
    entry.get("name").and_then(Json::as_str)
}

/// Whether every entry has a name and no name occurs twice, so that entries can be matched by name.
pub(crate) fn is_named_list(entries: &[Json<'_>]) -> bool {
    entries.iter().all(|entry| entry_name(entry).is_some())
        && !has_duplicate(entries.iter().filter_map(entry_name))
}

/// Whether two members are equal as content, given as raw tokens; missing, null and `""` are one.
pub(crate) fn is_equal_member(left: Option<&str>, right: Option<&str>) -> bool {
    let digest = |token| {
        let mut canon = CanonicalWriter::new();
        canon.optional(token);
        canon.finish()
    };
    left == right || digest(left) == digest(right)
}

/// The members of an object by key.
enum MembersByKey<'m> {
    /// So few that a search is faster than an index.
    Few(&'m [(Cow<'m, str>, Json<'m>)]),
    Many(HashMap<&'m str, &'m Json<'m>>),
}

impl<'m> MembersByKey<'m> {
    fn new(members: &'m [(Cow<'m, str>, Json<'m>)]) -> Self {
        const FEW: usize = 12;
        if members.len() <= FEW {
            return Self::Few(members);
        }
        let members = members.iter();
        Self::Many(members.map(|(key, value)| (&**key, value)).collect())
    }

    fn get(&self, key: &str) -> Option<&'m Json<'m>> {
        match self {
            Self::Few(members) => {
                let found = members.iter().find(|(name, _)| name == key);
                found.map(|(_, value)| value)
            }
            Self::Many(members) => members.get(key).copied(),
        }
    }
}

/// Whether two values are equal as content: key order does not count, and numbers compare as exact decimals.
pub(crate) fn is_equal(left: &Json<'_>, right: &Json<'_>) -> bool {
    match (left, right) {
        (Json::Null, Json::Null) => true,
        (Json::Bool(left), Json::Bool(right)) => left == right,
        (Json::Number(left), Json::Number(right)) => {
            normalize_decimal(left) == normalize_decimal(right)
        }
        (Json::String(left), Json::String(right)) => left == right,
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| is_equal(left, right))
        }
        (Json::Object(left), Json::Object(members)) => {
            left.len() == members.len() && {
                let right = MembersByKey::new(members);
                left.iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| is_equal(value, other)))
            }
        }
        _ => false,
    }
}
