//! One webhook as the vendor's API gave it, carried without losing a byte of any value.
//! Has no `Serialize`, and a `Debug` without content: it leaves the process by `to_wire` and `masked` only.

pub(crate) use super::fields::Fields;
use super::json::{self, Json, Members, Unreadable};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The top-level keys that the server owns: what a create must not carry.
///
/// `id` on a create would turn it into an update of whatever owns that number in the target.
pub const SERVER_OWNED: &[&str] = &[
    "id",
    "company_id",
    "companyId",
    "created_at",
    "updated_at",
    "integrationTypeId",
];

/// The top-level keys that this program understands; any other key is carried as it is.
pub const UNDERSTOOD: &[&str] = &[
    "alias",
    "url",
    "integration_type",
    "integration_type_id",
    "integration_type_fields",
];

/// A webhook's number in one account, as opaque text: servers are seen to give numbers and numeric strings.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookId(Box<str>);

impl WebhookId {
    /// The id that a user typed or a file holds.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The id as text, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as a JSON token: a number where it is one, else a string.
    pub fn to_json(&self) -> String {
        match self.0.parse::<u64>() {
            Ok(number) => number.to_string(),
            Err(_) => json::quoted(&self.0),
        }
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::foreign::shown(&self.0))
    }
}

impl fmt::Debug for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A webhook's type as the vendor numbers it (Table A of its page).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u64);

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Why a webhook's type is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeProblem {
    /// No key of the webhook gives a type.
    Missing,
    /// Its keys give different types.
    Disagree,
}

/// A lossless JSON object: the order of keys and the text of every value are those of the answer.
///
/// Webhooks of one answer share its text; a member is a pair of slices of it.
#[derive(Clone)]
pub struct Webhook {
    text: Arc<str>,
    members: Vec<Member>,
}

#[derive(Clone)]
struct Member {
    key: Span,
    value: Span,
}

/// A slice of the shared text; answers are limited to 1 GiB, so 32 bits suffice.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Where `part`, a slice of `whole`, lies in it.
    fn of(part: &str, whole: &str) -> Self {
        let start = part.as_ptr() as usize - whole.as_ptr() as usize;
        let offset = |at: usize| u32::try_from(at).expect("a text of at most 1 GiB");
        Self {
            start: offset(start),
            end: offset(start + part.len()),
        }
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Why an answer is not a list of webhooks.
#[derive(Debug, PartialEq, Eq)]
pub enum NotAList {
    /// It is not JSON at all.
    NotJson,
    /// It is JSON, but not an array; the text names what it is.
    OtherValue(&'static str),
    /// The element at that place, counted from 1, is not an object.
    Element(usize),
}

/// Reads the answer of a list request; every webhook shares `text`.
pub fn parse_list(text: &Arc<str>) -> Result<Vec<Webhook>, NotAList> {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    let elements: Vec<&RawValue> =
        serde_json::from_str(body).map_err(|_| match serde_json::from_str::<&RawValue>(body) {
            Ok(raw) => NotAList::OtherValue(value_name(raw.get())),
            Err(_) => NotAList::NotJson,
        })?;
    let element = |(at, raw): (usize, &RawValue)| {
        Webhook::from_slice(text, raw.get()).ok_or(NotAList::Element(at + 1))
    };
    elements.into_iter().enumerate().map(element).collect()
}

/// Writes webhooks as one array, a webhook a line, so that a diff of two of them reads well.
pub fn list_to_wire(webhooks: &[Webhook], out: &mut String) {
    out.push('[');
    for (n, webhook) in webhooks.iter().enumerate() {
        out.push_str(if n > 0 { ",\n" } else { "\n" });
        webhook.to_wire(out);
    }
    out.push_str(if webhooks.is_empty() { "]\n" } else { "\n]\n" });
}

fn value_name(token: &str) -> &'static str {
    match token.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'"') => "a string",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        _ => "a number",
    }
}

impl Webhook {
    /// Reads one object; `None` where the text is not one.
    pub fn parse(text: impl Into<Arc<str>>) -> Option<Self> {
        let text = text.into();
        Self::from_slice(&text, &text)
    }

    fn from_slice(whole: &Arc<str>, object: &str) -> Option<Self> {
        let members = Members::parse(object).ok()?.0;
        let span = |(key, value): (&str, &str)| Member {
            key: Span::of(key, whole),
            value: Span::of(value, whole),
        };
        Some(Self {
            members: members.into_iter().map(span).collect(),
            text: Arc::clone(whole),
        })
    }

    /// Writes the object as JSON: the door to the wire, to backups and to `export`.
    pub fn to_wire(&self, out: &mut String) {
        out.push('{');
        for (at, (key, value)) in self.tokens().enumerate() {
            if at > 0 {
                out.push(',');
            }
            out.push_str(key);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
    }

    /// How many bytes `to_wire` writes.
    pub(crate) fn wire_len(&self) -> usize {
        let members: usize = self
            .tokens()
            .map(|(key, value)| key.len() + value.len() + 2)
            .sum();
        members + 1 + usize::from(self.members.is_empty())
    }

    /// The exact text of the first member of that name.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.tokens()
            .find(|(key, _)| is_key(key, name))
            .map(|(_, value)| value)
    }

    /// The decoded text of a member that is a string; `None` also for `null`.
    pub(crate) fn text_of(&self, name: &str) -> Option<Cow<'_, str>> {
        self.raw(name).and_then(|token| json::string(token).ok())
    }

    /// The members as raw key and value tokens, in the order of the answer.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|member| {
            (
                &self.text[member.key.range()],
                &self.text[member.value.range()],
            )
        })
    }

    /// The keys, decoded, in the order of the answer.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.tokens()
            .map(|(key, _)| json::string(key).unwrap_or(Cow::Borrowed(key)))
    }

    /// Whether an object in it has the same key twice, at the top or deeper, so that nobody can tell which one counts.
    pub(crate) fn has_duplicate_key(&self) -> bool {
        let keys: Vec<Cow<'_, str>> = self.keys().collect();
        let is_duplicate =
            |value: &str| matches!(Json::parse(value), Err(Unreadable::DuplicateKey));
        json::has_duplicate(keys.iter().map(AsRef::as_ref))
            || self
                .tokens()
                .any(|(_, value)| value.starts_with(['{', '[']) && is_duplicate(value))
            || matches!(self.fields(), Fields::Duplicate)
    }

    /// The same webhook without the named members; the rest keeps its order and text.
    #[must_use]
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        let text = Arc::clone(&self.text);
        self.members.retain(|member| {
            let key = &text[member.key.range()];
            !names.iter().any(|name| is_key(key, name))
        });
        self
    }

    /// The same webhook with one member set to a JSON token: in place where it exists, else at the end.
    #[must_use]
    pub(crate) fn with(&self, name: &str, token: &str) -> Self {
        let mut out = String::from("{");
        let mut found = false;
        for (key, value) in self.tokens() {
            let replaced = is_key(key, name);
            found |= replaced;
            push_member(&mut out, key, if replaced { token } else { value });
        }
        if !found {
            push_member(&mut out, &json::quoted(name), token);
        }
        out.push('}');
        Self::parse(out).expect("members of an object make an object")
    }

    /// The number that the account's server gave this webhook; `None` where the answer has none.
    pub fn id(&self) -> Option<WebhookId> {
        let token = self.raw("id")?;
        match token.as_bytes().first() {
            Some(b'"') => json::string(token)
                .ok()
                .map(|text| WebhookId(text.trim().into())),
            Some(b'0'..=b'9') => Some(WebhookId(token.into())),
            _ => None,
        }
    }

    /// The webhook's name; `None` where it is missing, null or not a string.
    pub fn alias(&self) -> Option<Cow<'_, str>> {
        self.text_of("alias")
    }

    /// The URL; missing, null and empty are one class on this API, and one that is no text stands for its JSON.
    pub(crate) fn url(&self) -> Cow<'_, str> {
        match self.raw("url") {
            None | Some("null") => Cow::Borrowed(""),
            Some(token) => json::string(token).unwrap_or(Cow::Borrowed(token)),
        }
    }

    /// The account's company id as text, under either of the names that the API uses.
    pub fn company_id(&self) -> Option<String> {
        let token = self.raw("company_id").filter(|token| *token != "null");
        let token = token.or_else(|| self.raw("companyId"))?;
        match token.as_bytes().first() {
            Some(b'"') => json::string(token).ok().map(Cow::into_owned),
            Some(b'0'..=b'9') => Some(token.to_owned()),
            _ => None,
        }
    }

    /// The type: `integration_type_id`, else `integrationTypeId`, else `integration_type.id`; all that are there must agree.
    pub fn type_id(&self) -> Result<TypeId, TypeProblem> {
        let nested = self.raw("integration_type").and_then(nested_id);
        let given = [
            self.raw("integration_type_id"),
            self.raw("integrationTypeId"),
            nested,
        ];
        let mut ids = given
            .into_iter()
            .flatten()
            .filter(|token| !matches!(*token, "null" | "\"\""));
        let first = ids.next().ok_or(TypeProblem::Missing)?;
        let first = type_number(first).ok_or(TypeProblem::Missing)?;
        if ids.all(|token| type_number(token) == Some(first)) {
            Ok(TypeId(first))
        } else {
            Err(TypeProblem::Disagree)
        }
    }

    /// Whether `integration_type` is an object that has the `id` which must be kept.
    pub(crate) fn has_complete_type(&self) -> bool {
        self.raw("integration_type")
            .and_then(nested_id)
            .and_then(type_number)
            .is_some()
    }

    /// The content of `integration_type_fields`: nothing, a tree, or text that is no JSON.
    pub(crate) fn fields(&self) -> Fields<'_> {
        let Some(token) = self.raw("integration_type_fields") else {
            return Fields::Empty;
        };
        if !token.starts_with('"') {
            return Fields::read(Cow::Borrowed(token));
        }
        match json::string(token) {
            Ok(text) => Fields::read(text),
            Err(_) => Fields::Text(Cow::Borrowed(token)),
        }
    }
}

fn is_key(token: &str, name: &str) -> bool {
    let inner = &token[1..token.len() - 1];
    inner == name || (inner.contains('\\') && json::string(token).is_ok_and(|key| key == name))
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
fn nested_id(object: &str) -> Option<&str> {
    let members = Members::parse(object).ok()?.0;
    let id = members.into_iter().find(|(key, _)| is_key(key, "id"))?.1;
    (id != "null").then_some(id)
}

fn type_number(token: &str) -> Option<u64> {
    token.trim_matches('"').parse().ok()
}

/// Shows nothing of the content, so that no log can.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({} members)", self.members.len())
    }
}
