//! Recognizes what stands where a secret belongs and is none: a mask that a server shows instead, or nothing at all.
//! A mask is a value that *is* one, in a slot that holds a secret; a text that merely has stars in it is text.

use super::content::{entry_name, is_named_list};
use super::fields::ParsedFields;
use super::json::Json;
use super::kind::{Field, Slot, WebhookType};
use super::mask::{MaskRule, Masked};
use super::webhook::{Fields, Webhook};
use crate::http::spelling::decode_percent;
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;
use url::Url;

/// What masks without a word contain, in the spellings that JSON and urls have for it.
const MARKS: &[&str] = &[
    "***",
    "%2A%2A",
    "%2a%2a",
    "•••",
    "u2022",
    "%E2%80%A2",
    "%e2%80%a2",
    "●●●",
    "u25cf",
    "u25CF",
    "++++",
    "xxxx",
    "XXXX",
];

/// The words that servers write instead of a secret, in brackets or between stars.
const WORDS: &[&str] = &[
    "redacted",
    "filtered",
    "masked",
    "hidden",
    "secret",
    "secret value",
    "sensitive",
    "sensitive value",
];

impl Webhook {
    /// Whether a secret slot holds a server's mask, such as `****`, instead of the secret.
    ///
    /// A copy would look right and deliver nothing.
    pub fn has_masked_secret(&self) -> bool {
        // The cheap text search spares nearly every webhook the parsing.
        self.values().any(contains_mark)
            && (is_masked_url(&self.url())
                || self.has_masked_field()
                || self.has_masked_unknown_key())
    }

    fn has_masked_field(&self) -> bool {
        let fields = self.fields();
        match (&fields, fields.tree()) {
            (_, Some(Json::Array(entries))) if is_named_list(&entries) => {
                let kind = self.documented_type();
                entries.iter().any(|entry| entry_holds_mask(kind, entry))
            }
            (_, Some(tree)) => holds_mask(MaskRule::UNKNOWN_FIELD, &tree),
            (Fields::Text(text), None) => is_mask(text),
            _ => false,
        }
    }

    fn has_masked_unknown_key(&self) -> bool {
        self.unknown_tokens().any(|(_, value)| {
            Json::parse(value).is_ok_and(|tree| holds_mask(MaskRule::UNKNOWN_FIELD, &tree))
        })
    }

    /// The name of a field that its type needs for delivery, such as `serviceKey`, and that is empty or missing here.
    pub fn empty_secret(&self) -> Option<&'static str> {
        let is_secret = |field: &&Field| matches!(field.slot, Slot::Secret(_));
        let mut needed = self
            .documented_type()?
            .fields
            .iter()
            .filter(is_secret)
            .peekable();
        needed.peek()?;
        let text = self.fields_text().unwrap_or_default();
        let tree = match ParsedFields::parse(&text) {
            ParsedFields::Tree(tree) => Some(tree),
            ParsedFields::Empty => None,
            ParsedFields::Text | ParsedFields::DuplicateKey => return None,
        };
        let is_filled = |name: &str| {
            let value = tree.as_ref().and_then(|tree| field_value(tree, name));
            value.is_some_and(|value| match value {
                Json::Null => false,
                Json::String(text) => !text.trim().is_empty(),
                _ => true,
            })
        };
        needed
            .find(|field| !is_filled(field.name))
            .map(|field| field.name)
    }
}

/// The value of a field, in either form that fields have.
fn field_value<'t>(tree: &'t Json<'t>, name: &str) -> Option<&'t Json<'t>> {
    match tree {
        Json::Array(entries) => {
            let mut entries = entries.iter();
            entries
                .find(|entry| entry_name(entry) == Some(name))?
                .get("value")
        }
        other => other.get(name),
    }
}

/// Whether a text contains a part of any mask, or a word of one in an ordinary spelling.
fn contains_mark(text: &str) -> bool {
    // One search for all of them, because every value of every webhook is searched.
    static SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let words = WORDS.iter().flat_map(|word| {
            let (first, rest) = word.split_at(1);
            let capitalized = first.to_uppercase() + rest;
            [(*word).to_owned(), word.to_uppercase(), capitalized]
        });
        let marks = MARKS.iter().map(|mark| (*mark).to_owned());
        // Only a leftmost search with fixed case can use vector instructions.
        let mut search = AhoCorasick::builder();
        let search = search.match_kind(MatchKind::LeftmostFirst);
        search.build(marks.chain(words)).expect("a few short words")
    });
    SEARCH.is_match(text)
}

fn entry_holds_mask(kind: Option<&WebhookType>, entry: &Json<'_>) -> bool {
    let name = entry_name(entry).unwrap_or_default();
    let Json::Object(members) = entry else {
        return holds_mask(MaskRule::UNKNOWN_FIELD, entry);
    };
    let mut members = members.iter().filter(|(key, _)| key != "name");
    members.any(|(key, value)| holds_mask(MaskRule::of_entry_member(kind, name, key), value))
}

/// Whether a string that the masked form hides, at any depth, is a mask.
fn holds_mask(rule: MaskRule<'_>, value: &Json<'_>) -> bool {
    match value {
        Json::Array(elements) => elements
            .iter()
            .any(|element| holds_mask(rule.element(), element)),
        Json::Object(members) => members
            .iter()
            .any(|(key, value)| holds_mask(rule.member(key), value)),
        Json::String(text) => {
            let is_secret = matches!(rule.mask(value), Masked::Hidden(_) | Masked::Part(_));
            is_secret && (is_mask_in_slot(rule, text) || holds_mask_as_json(rule, text))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// JSON inside a string, as in a payload that somebody wrote as text.
fn holds_mask_as_json(rule: MaskRule<'_>, text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && Json::parse(text).is_ok_and(|tree| holds_mask(rule, &tree))
}

fn is_mask_in_slot(rule: MaskRule<'_>, text: &str) -> bool {
    match rule {
        // The text of a message may have ornaments, such as `****URGENT`.
        MaskRule::Payload(key) if key != Some("privateKey") => {
            is_whole_mask(text) || is_partial_mask(text, 1)
        }
        MaskRule::Headers | MaskRule::HEADER => is_mask(credential_of(text)),
        MaskRule::Email => {
            let mut addresses = text.split([',', ';', ' ']);
            addresses.any(|address| is_mask(address.split('@').next().unwrap_or_default()))
        }
        _ => is_mask(text),
    }
}

/// The credential in a header such as `Bearer …` or `token=…`; any other header is its own.
fn credential_of(header: &str) -> &str {
    let is_scheme = |word: &str| {
        word.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let header = header.trim();
    let parameters = match header.split_once(' ') {
        Some((scheme, rest)) if is_scheme(scheme) => rest.trim(),
        _ => header,
    };
    let value = parameters.split_once(['=', ':']);
    let value = value
        .filter(|(name, _)| is_scheme(name))
        .map(|(_, value)| value);
    value.unwrap_or(parameters).trim_matches('"')
}

/// Whether any part of a url that can be secret, or its host, is a mask.
fn is_masked_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return is_mask(text);
    };
    let is_encoded_mask = |part: &str| is_mask(&decode_percent(part));
    let parts = [url.username(), url.password().unwrap_or_default()];
    parts.into_iter().any(is_encoded_mask)
        || url.fragment().is_some_and(is_encoded_mask)
        || url.query_pairs().any(|(_, value)| is_mask(&value))
        || url
            .path_segments()
            .into_iter()
            .flatten()
            .any(is_encoded_mask)
        || url
            .host_str()
            .is_some_and(|host| host.split('.').any(is_whole_mask))
}

/// Whether a text is nothing but a mask.
pub(super) fn is_mask(text: &str) -> bool {
    is_whole_mask(text) || is_partial_mask(text, 0)
}

/// Whether a text is a mask that shows nothing of the secret: `****`, `••••`, `xxxx…`, `[REDACTED]`.
fn is_whole_mask(text: &str) -> bool {
    let text = text.trim();
    let is_all = |characters: &[char], least: usize| {
        text.chars().count() >= least
            && text
                .chars()
                .all(|character| characters.contains(&character))
    };
    let crosses = text.trim_end_matches(['…', '.']);
    let n_crosses = crosses
        .chars()
        .filter(|character| matches!(character, 'x' | 'X'))
        .count();
    let only_crosses = crosses
        .chars()
        .all(|character| matches!(character, 'x' | 'X' | '-'));
    is_all(&['*'], 3)
        || is_all(&['•', '●'], 3)
        || is_all(&['+'], 4)
        || (n_crosses >= 4 && only_crosses)
        || is_mask_word(text)
}

/// Whether a text is a word such as `redacted`, alone, in brackets or between stars.
fn is_mask_word(text: &str) -> bool {
    let is_word = |inner: &str| WORDS.contains(&inner.trim().to_lowercase().as_str());
    let bracketed = [("[", "]"), ("<", ">"), ("(", ")"), ("**", "**")];
    let is_bracketed = bracketed.iter().any(|(open, close)| {
        let inner = text
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(|inner| is_word(inner.trim_matches('*')))
    });
    is_bracketed || text.eq_ignore_ascii_case("redacted")
}

/// Whether a text is a mask that shows the first and last characters of the secret: four stars or more, with `least`
/// to eight characters on either side.
fn is_partial_mask(text: &str, least: usize) -> bool {
    const MAX_SHOWN: usize = 8;
    const MIN_HIDDEN: usize = 4;
    let text = text.trim();
    let is_hidden = |character: char| matches!(character, '*' | '•' | '●');
    let Some(start) = text.find(is_hidden) else {
        return false;
    };
    let end = text
        .trim_end_matches(|character| !is_hidden(character))
        .len();
    let (before, hidden, after) = (&text[..start], &text[start..end], &text[end..]);
    let is_shown = |part: &str| {
        (least..=MAX_SHOWN).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    hidden.chars().count() >= MIN_HIDDEN
        && hidden.chars().all(is_hidden)
        && is_shown(before)
        && is_shown(after)
}
