//! Canonical content: two webhooks are equal if alias, type, url and fields are, however their JSON is formatted.
//! Never rounds a number, and ignores ids, times, labels, icons, spacing and the order of keys.

use super::fields::ParsedFields;
use super::json::{Json, has_duplicate};
use super::undocumented::{StateKeys, is_documented};
use super::webhook::{TypeId, Webhook};
use ring::digest::{self, SHA256};
use smol_str::SmolStr;
use std::borrow::Cow;

/// An unkeyed SHA-256 of canonical content, for comparisons within this process; never shown, never written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

/// Eight bytes of a SHA-256 spread over a hash table as well as all of them.
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

    /// The raw bytes, as input of a keyed digest only.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Wraps a keyed digest, so that it can be compared like a fingerprint.
    pub(super) fn from_keyed_digest(bytes: [u8; 32]) -> Self {
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
    /// Not JSON, or nested too deep to parse.
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
        body.optional(webhook.raw("url"));
        let text = webhook.fields_text().unwrap_or_default();
        let shape = match ParsedFields::parse(&text) {
            ParsedFields::Empty => {
                body.tag(b'-');
                FieldsShape::Plain
            }
            ParsedFields::Tree(tree) => {
                let has_duplicate_names = has_duplicate_entry_names(&tree);
                if has_bare_scalar_fields(webhook) {
                    body.tag(b'#');
                }
                body.fields(tree);
                if has_duplicate_names {
                    FieldsShape::DuplicateNames
                } else {
                    FieldsShape::Plain
                }
            }
            ParsedFields::Text => {
                match webhook.string_member("integration_type_fields") {
                    Some(text) => {
                        body.tag(b'?');
                        body.text(&text);
                    }
                    None => body.raw(&text),
                }
                FieldsShape::Unreadable
            }
            // Such a webhook is blocked in the source; in the target it equals only its own exact text.
            ParsedFields::DuplicateKey => {
                body.tag(b'!');
                body.text(webhook.raw("integration_type_fields").unwrap_or_default());
                FieldsShape::DuplicateKey
            }
        };
        let body = body.finish();
        let mut whole = CanonicalWriter::new();
        whole.optional(webhook.raw("alias"));
        whole.bytes(&body.0);
        let whole = whole.finish();
        (Self { whole, body }, shape)
    }
}

/// Whether two entries have the same name, so that it is up to the server which one counts.
fn has_duplicate_entry_names(tree: &Json<'_>) -> bool {
    matches!(tree, Json::Array(entries) if has_duplicate(entries.iter().filter_map(entry_name)))
}

/// Whether the fields are a bare number or truth value: a list is the same as the text that spells it, these are not.
pub(crate) fn has_bare_scalar_fields(webhook: &Webhook) -> bool {
    let token = webhook.raw("integration_type_fields");
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
    const COVERED_BY_CONTENT: &[&str] = &["alias", "url", "integration_type_fields"];
    let is_counted = |key: &str| {
        key != "integration_type"
            && is_documented(key)
            && !(content.is_some() && COVERED_BY_CONTENT.contains(&key))
    };
    let mut members: Vec<(Cow<'_, str>, &str)> = webhook
        .keys()
        .zip(webhook.tokens())
        .filter(|(key, _)| is_counted(key))
        .map(|(key, (_, value))| (key, value))
        .collect();
    members.sort_unstable();
    let mut canon = CanonicalWriter::new();
    match content {
        Some(content) => canon.bytes(&content.whole.0),
        None => canon.tag(b'-'),
    }
    for (key, value) in members {
        canon.text(&key);
        if key != "integration_type_fields" {
            canon.token(value);
            continue;
        }
        let text = webhook.fields_text().unwrap_or_default();
        match ParsedFields::parse(&text) {
            ParsedFields::Tree(_) if has_bare_scalar_fields(webhook) => canon.raw(value),
            ParsedFields::Tree(tree) => canon.fields(tree),
            ParsedFields::Empty => canon.tag(b'-'),
            ParsedFields::Text | ParsedFields::DuplicateKey => canon.raw(value),
        }
    }
    canon.finish()
}

/// The text of a JSON string token without escapes; `None` for any other token.
fn unescaped_string(token: &str) -> Option<&str> {
    let inner = token.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then_some(inner)
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
    for (key, value) in webhook.tokens() {
        if key != "\"updated_at\"" && !state_keys.is_state(key, value) {
            canon.text(key);
            canon.text(value);
        }
    }
    canon.finish()
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

/// Serializes canonical content for hashing; every part carries its length, so that no two contents collide.
struct CanonicalWriter(Vec<u8>);

impl CanonicalWriter {
    fn new() -> Self {
        Self(Vec::with_capacity(1024))
    }

    fn finish(self) -> Fingerprint {
        let digest = digest::digest(&SHA256, &self.0);
        Fingerprint(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0
            .extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn string(&mut self, text: &str) {
        self.tag(b'"');
        self.text(text);
    }

    /// A member as its raw token: missing, null and `""` are one; a number or a truth value never equals the text that
    /// spells it.
    fn optional(&mut self, token: Option<&str>) {
        match token {
            None | Some("null" | "\"\"") => self.tag(b'-'),
            Some(token) => self.token(token),
        }
    }

    fn token(&mut self, token: &str) {
        if let Some(text) = unescaped_string(token) {
            return self.string(text);
        }
        match Json::parse(token) {
            Ok(value) => self.value(&value),
            Err(_) => self.raw(token),
        }
    }

    /// What cannot be read as one value, such as half a surrogate pair: equals only the same bytes.
    fn raw(&mut self, token: &str) {
        self.tag(b'!');
        self.text(token);
    }

    fn fields(&mut self, tree: Json<'_>) {
        match tree {
            Json::Array(mut entries) if is_named_list(&entries) => {
                entries.sort_by(|a, b| entry_name(a).cmp(&entry_name(b)));
                self.array(&entries);
            }
            tree => self.value(&tree),
        }
    }

    fn array(&mut self, elements: &[Json<'_>]) {
        self.tag(b'[');
        self.bytes(&(elements.len() as u64).to_le_bytes());
        for element in elements {
            self.value(element);
        }
    }

    fn value(&mut self, value: &Json<'_>) {
        match value {
            Json::Null => self.tag(b'n'),
            Json::Bool(true) => self.tag(b't'),
            Json::Bool(false) => self.tag(b'f'),
            Json::Number(text) => {
                self.tag(b'0');
                self.text(&normalize_decimal(text));
            }
            Json::String(text) => self.string(text),
            Json::Array(elements) => self.array(elements),
            Json::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by(|a, b| a.0.cmp(&b.0));
                self.tag(b'{');
                self.bytes(&(members.len() as u64).to_le_bytes());
                for (key, value) in members {
                    self.text(key);
                    self.value(value);
                }
            }
        }
    }
}

/// Normalizes a number to its one exact decimal notation, without rounding: `1`, `1.0` and `10e-1` become the same.
///
/// A number whose exponent has more than 18 digits keeps its text, so it equals only the same text.
fn normalize_decimal(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') {
        // The fast path: most numbers are integers.
        let significant = text.trim_end_matches('0');
        let zeros = text.len() - significant.len();
        return Cow::Owned([significant, "e", &zeros.to_string()].concat());
    }
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Some(exponent) = parse_exponent(exponent) else {
        return Cow::Borrowed(text);
    };
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Cow::Borrowed("0");
    }
    let significant = digits.trim_end_matches('0');
    let fraction = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    let zeros = i64::try_from(digits.len() - significant.len()).unwrap_or(i64::MAX);
    let sign = if negative { "-" } else { "" };
    Cow::Owned(format!(
        "{sign}{significant}e{}",
        exponent - fraction + zeros
    ))
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
    if digits.len() > 18 {
        return None;
    }
    let value: i64 = if digits.is_empty() {
        0
    } else {
        digits.parse().ok()?
    };
    Some(if text.starts_with('-') { -value } else { value })
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
            left.len() == members.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| is_equal(value, other)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::normalize_decimal;

    #[test]
    fn numbers_compare_as_exact_decimals() {
        let same = [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0", "-0.0e7"),
            ("1.10", "11e-1"),
            ("1e400", "10E+399"),
        ];
        for (left, right) in same {
            assert_eq!(
                normalize_decimal(left),
                normalize_decimal(right),
                "{left} and {right}"
            );
        }
        let different = [
            ("9007199254740993", "9007199254740992"),
            ("1", "-1"),
            ("1e400", "1e401"),
        ];
        for (left, right) in different {
            assert_ne!(
                normalize_decimal(left),
                normalize_decimal(right),
                "{left} and {right}"
            );
        }
    }
}
