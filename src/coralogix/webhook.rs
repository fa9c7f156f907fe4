//! One webhook as the vendor's API returned it, kept without losing a byte of any value.
//! Has no `Serialize`, and a `Debug` without content: it leaves the process only through `to_wire` and `masked`.

use super::birth::Birth;
pub(crate) use super::fields::Fields;
use super::json;
use super::known_key::KnownKey;
pub use super::listing::{JsonFlaw, NotAList, Webhook, parse_list};
use super::listing::{Member, key_matches, parse_object};
use super::scan::Scanner;
pub use super::webhook_id::WebhookId;
pub(crate) use super::webhook_id::whole_number;
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// The vendor's number of a webhook type (Table A of the vendor's page).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u64);

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Why a webhook has no usable type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeProblem {
    /// None of its keys states a type, or the type is not a number.
    Missing,
    /// Its keys state different types.
    Conflicting,
}

/// Writes webhooks as one JSON array with one webhook per line, so that two exports can be compared with `diff`.
pub fn list_to_wire(webhooks: &[Webhook], out: &mut String) {
    out.push('[');
    for (n, webhook) in webhooks.iter().enumerate() {
        out.push_str(if n > 0 { ",\n" } else { "\n" });
        webhook.to_wire(out);
    }
    out.push_str(if webhooks.is_empty() { "]\n" } else { "\n]\n" });
}

impl Webhook {
    /// Parses one JSON object; `None` if the text is anything else.
    pub fn parse(text: impl Into<Box<str>>) -> Option<Self> {
        parse_object(text.into())
    }

    /// Appends the object as JSON, secrets included: only for requests, `export`, backups, and the encrypted previous
    /// bodies in a run record.
    pub fn to_wire(&self, out: &mut String) {
        out.push('{');
        for (ix, (key, value)) in self.tokens().enumerate() {
            if ix > 0 {
                out.push(',');
            }
            out.push_str(key);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
    }

    /// Copies the webhook into a text of its own, so that the rest of its response can be freed.
    #[must_use]
    pub(crate) fn to_standalone(&self) -> Self {
        let mut text = String::with_capacity(self.wire_len());
        self.to_wire(&mut text);
        Self::parse(text).expect("members of an object make an object")
    }

    /// The number of bytes that `to_wire` writes.
    pub(crate) fn wire_len(&self) -> usize {
        let members: usize = self
            .tokens()
            .map(|(key, value)| key.len() + value.len() + 2)
            .sum();
        members + 1 + usize::from(self.tokens().next().is_none())
    }

    /// The raw JSON of the first member with that key.
    pub(crate) fn raw(&self, key: KnownKey) -> Option<&str> {
        self.member(key).map(Member::value)
    }

    /// The decoded value of a string member; `None` for a missing, null or other value.
    pub(crate) fn string_member(&self, key: KnownKey) -> Option<Cow<'_, str>> {
        self.raw(key)
            .and_then(|token| json::decode_string(token).ok())
    }

    /// The members as raw key and value tokens, in the order of the response.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members()
            .map(|member| (member.key_token(), member.value()))
    }

    /// The raw values of the members, in the order of the response; takes no look at their keys.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.members().map(Member::value)
    }

    /// The documented members with their raw values, in the order of the response.
    pub(super) fn known_tokens(&self) -> impl Iterator<Item = (KnownKey, &str)> {
        self.members()
            .filter_map(|member| Some((member.known_key?, member.value())))
    }

    /// The members that the vendor does not document, as decoded keys and raw values, in the order of the response.
    pub(crate) fn unknown_tokens(&self) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
        self.unknown_members()
            .map(|member| (member.key(), member.value()))
    }

    /// The decoded keys, in the order of the response.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.members().map(Member::key)
    }

    /// Whether any object in it, at any depth, has the same key twice, so that it is unclear which value counts.
    ///
    /// Does not look inside `integration_type_fields` if they are a string.
    pub(crate) fn has_duplicate_key(&self) -> bool {
        let is_object_or_list = |value: &str| value.starts_with(['{', '[']);
        self.has_duplicate_top_level_key()
            || self
                .values()
                .any(|value| is_object_or_list(value) && json::has_duplicate_key(value))
    }

    fn has_duplicate_top_level_key(&self) -> bool {
        if self.has_only_documented_keys() {
            return false;
        }
        let keys: Vec<Cow<'_, str>> = self.keys().collect();
        json::has_duplicate(keys.iter().map(AsRef::as_ref))
    }

    /// Returns the webhook with one member set to a JSON token: in place if it exists, otherwise at the end.
    #[must_use]
    pub(crate) fn with_member(&self, name: &str, token: &str) -> Self {
        let mut out = String::from("{");
        let mut found = false;
        for (key, value) in self.tokens() {
            let is_replaced = key_matches(key, name);
            found |= is_replaced;
            push_member(&mut out, key, if is_replaced { token } else { value });
        }
        if !found {
            push_member(&mut out, &json::encode_string(name), token);
        }
        out.push('}');
        Self::parse(out).expect("members of an object make an object")
    }

    /// Returns the webhook with the undocumented members of another one, as far as it lacks their keys, at its end.
    #[must_use]
    pub(crate) fn with_unknown_members_of(&self, other: &Self) -> Self {
        let mut keys: HashSet<Cow<'_, str>> = self.keys().collect();
        let mut out = String::from("{");
        for (key, value) in self.tokens() {
            push_member(&mut out, key, value);
        }
        for member in other.unknown_members() {
            if keys.insert(member.key()) {
                push_member(&mut out, member.key_token(), member.value());
            }
        }
        out.push('}');
        Self::parse(out).expect("members of an object make an object")
    }

    /// The id that the server assigned; `None` if it is missing, negative, or neither a number nor a string.
    pub fn id(&self) -> Option<WebhookId> {
        WebhookId::from_token(self.raw(KnownKey::Id)?)
    }

    /// When it was created, as `created_at` shows it; `None` if that is missing, not a time, or without a zone.
    pub fn birth(&self) -> Option<Birth> {
        Birth::parse(&self.string_member(KnownKey::CreatedAt)?)
    }

    /// When it was last changed, as `updated_at` shows it; `None` if that is missing, not a time, or without a zone.
    pub fn updated_at(&self) -> Option<Timestamp> {
        self.string_member(KnownKey::UpdatedAt)?.parse().ok()
    }

    /// The webhook's name; `None` if it is missing, null or not a string.
    pub fn alias(&self) -> Option<Cow<'_, str>> {
        self.string_member(KnownKey::Alias)
    }

    /// Whether the alias is a string with half of a surrogate pair, which is no text.
    pub(crate) fn has_broken_alias(&self) -> bool {
        let alias = self.raw(KnownKey::Alias);
        alias.is_some_and(|token| token.starts_with('"')) && self.alias().is_none()
    }

    /// The alias as people see it: one that is no text as the server wrote it, escapes and all.
    pub(crate) fn shown_alias(&self) -> Option<Cow<'_, str>> {
        let written = |token: &'_ str| -> Option<String> {
            Some(token.strip_prefix('"')?.strip_suffix('"')?.to_owned())
        };
        let alias = self.alias();
        alias.or_else(|| written(self.raw(KnownKey::Alias)?).map(Cow::Owned))
    }

    /// Whether the alias is there, but no text.
    pub(crate) fn has_odd_alias(&self) -> bool {
        let is_odd = |token: &str| token != "null" && json::decode_string(token).is_err();
        self.raw(KnownKey::Alias).is_some_and(is_odd)
    }

    /// The URL; empty if missing or null, which this API treats alike. A non-string value gives its
    /// raw JSON, so compare urls by [`Content`](super::content::Content).
    pub(crate) fn url(&self) -> Cow<'_, str> {
        match self.raw(KnownKey::Url) {
            None | Some("null") => Cow::Borrowed(""),
            Some(token) => json::decode_string(token).unwrap_or(Cow::Borrowed(token)),
        }
    }

    /// The account's company id as text, from `company_id` or `companyId`; `None` if neither is a number or string.
    pub fn company_id(&self) -> Option<Cow<'_, str>> {
        self.company_ids().next()
    }

    /// The company ids that its keys state as text; `12345` and `"12345"` are the same, and an empty one states nothing.
    pub(super) fn company_ids(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let keys = [KnownKey::CompanyId, KnownKey::CompanyIdInCamelCase];
        let tokens = keys.map(|key| self.raw(key));
        let ids = tokens.into_iter().flatten().filter_map(number_or_text);
        ids.filter(|id| !id.trim().is_empty())
    }

    /// The type from `integration_type_id`, `integrationTypeId` or `integration_type.id`; all that exist must agree.
    pub fn type_id(&self) -> Result<TypeId, TypeProblem> {
        let nested = self.raw(KnownKey::Type).and_then(integration_type_id);
        let candidates = [
            self.raw(KnownKey::TypeId),
            self.raw(KnownKey::TypeIdInCamelCase),
            nested,
        ];
        let mut ids = candidates
            .into_iter()
            .flatten()
            .filter(|token| !matches!(*token, "null" | "\"\""));
        let first = ids.next().ok_or(TypeProblem::Missing)?;
        let first = parse_type_number(first).ok_or(TypeProblem::Missing)?;
        if ids.all(|token| parse_type_number(token) == Some(first)) {
            Ok(TypeId(first))
        } else {
            Err(TypeProblem::Conflicting)
        }
    }

    /// Whether `integration_type` is an object with a numeric `id`, which a create must send.
    pub(crate) fn has_complete_type(&self) -> bool {
        self.raw(KnownKey::Type)
            .and_then(integration_type_id)
            .and_then(parse_type_number)
            .is_some()
    }

    /// Parses and classifies `integration_type_fields`.
    pub(crate) fn fields(&self) -> Fields<'_> {
        self.fields_text().map_or(Fields::Empty, Fields::classify)
    }

    /// The text of `integration_type_fields`, decoded if it is a valid string; `None` if missing.
    pub(crate) fn fields_text(&self) -> Option<Cow<'_, str>> {
        let token = self.raw(KnownKey::Fields)?;
        if !token.starts_with('"') {
            return Some(Cow::Borrowed(token));
        }
        Some(json::decode_string(token).unwrap_or(Cow::Borrowed(token)))
    }
}

fn push_member(out: &mut String, key: &str, value: &str) {
    if out.len() > 1 {
        out.push(',');
    }
    out.push_str(key);
    out.push(':');
    out.push_str(value);
}

/// The raw `id` inside an `integration_type` object.
fn integration_type_id(object: &str) -> Option<&str> {
    let mut scanner = Scanner::new(object);
    let mut is_first = true;
    if !scanner.consume(b'{') {
        return None;
    }
    while let Some(key) = scanner.next_key(is_first).ok()? {
        is_first = false;
        let value = scanner.next_value().ok()?;
        if key_matches(key, "id") {
            return Some(value).filter(|id| *id != "null");
        }
    }
    None
}

/// A number as its text, or the decoded text of a string; `None` for any other token.
fn number_or_text(token: &str) -> Option<Cow<'_, str>> {
    match token.as_bytes().first() {
        Some(b'"') => json::decode_string(token).ok(),
        Some(b'0'..=b'9') => Some(whole_number(token).unwrap_or(Cow::Borrowed(token))),
        _ => None,
    }
}

fn parse_type_number(token: &str) -> Option<u64> {
    match token.strip_prefix('"') {
        Some(text) => text.trim_matches('"').parse().ok(),
        None => whole_number(token)?.parse().ok(),
    }
}

/// Shows no content, so that no log can leak it.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({} members)", self.tokens().count())
    }
}
