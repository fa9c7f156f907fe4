//! Scrubs server messages: removes every secret of the request that a server may repeat in its response.
//! Never trusts a server to keep a secret that it was sent.

use super::json::Json;
use super::mask::{Masked, masked_url};
use super::webhook::{Fields, SERVER_OWNED, UNDERSTOOD, Webhook};
use url::Url;

/// Shorter secrets are not searched for, because they would match everywhere.
const SHORTEST: usize = 4;

/// The stand-ins that servers show for a secret; words count in brackets, `redacted` and `REDACTED` also without.
const STAND_INS: &[&str] = &[
    "****", "redacted", "REDACTED", "Redacted", "masked", "MASKED", "hidden", "HIDDEN", "secret",
    "SECRET",
];

impl Webhook {
    /// Removes this webhook's secrets from a server's message about it.
    pub fn scrub(&self, words: &str) -> String {
        let secrets = self.secrets();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        scrubbed(words, &secrets)
    }

    /// Whether a secret slot holds a server's stand-in, such as `****`, instead of the secret.
    ///
    /// A copy would look right and deliver nothing.
    pub fn has_masked_secret(&self) -> bool {
        // The cheap text search spares nearly every webhook the parsing.
        self.tokens().any(|(_, value)| may_hold_stand_in(value))
            && self.secrets().iter().any(|secret| is_stand_in(secret))
    }

    /// Every string of this webhook that its masked form hides.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = parts_of_url(&self.url());
        let fields = self.fields();
        if let Fields::Text(text) = &fields {
            secrets.push(text.to_string());
        }
        if let (Some(tree), Some(masked)) = (fields.tree(), self.masked_fields()) {
            collect_hidden(&tree, &masked, &mut secrets);
        }
        for (key, (_, value)) in self.keys().zip(self.tokens()) {
            let is_known =
                UNDERSTOOD.contains(&key.as_ref()) || SERVER_OWNED.contains(&key.as_ref());
            if let (false, Ok(tree)) = (is_known, Json::parse(value)) {
                collect_texts(&tree, &mut secrets);
            }
        }
        secrets
    }
}

/// The whole URL and each of its secret parts.
fn parts_of_url(text: &str) -> Vec<String> {
    let mut parts = vec![text.to_owned()];
    let Ok(url) = Url::parse(text) else {
        return parts;
    };
    parts.push(url.path().to_owned());
    parts.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
    parts.extend(url.query().map(str::to_owned));
    parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    parts.extend(url.fragment().map(str::to_owned));
    parts.push(url.username().to_owned());
    parts.extend(url.password().map(str::to_owned));
    parts
}

/// Whether a text contains any of the stand-ins.
fn may_hold_stand_in(text: &str) -> bool {
    STAND_INS.iter().any(|sign| text.contains(sign))
}

fn is_stand_in(text: &str) -> bool {
    let bare = text.trim_matches(['<', '>', '[', ']', '(', ')']);
    let is_bracketed = bare.len() + 2 == text.len();
    text.contains("****")
        || (is_bracketed && STAND_INS.contains(&bare))
        || matches!(text, "redacted" | "REDACTED")
}

/// Removes what a server's message may repeat of our request: the given secrets, the secret parts of URLs, and
/// anything that looks like a credential.
///
/// Drops a message completely if it quotes the fields of a webhook, because secrets cannot be told apart in it.
pub(crate) fn scrubbed(words: &str, secrets: &[&str]) -> String {
    const QUOTES_THE_REQUEST: &[&str] = &["integration_type_fields", "\\\"", "\"value\""];
    if QUOTES_THE_REQUEST.iter().any(|sign| words.contains(sign)) {
        return "(not shown: the response repeats the request)".to_owned();
    }
    let mut words = words.to_owned();
    // Longest first, because a short secret may be a prefix of a longer one.
    let mut secrets: Vec<&str> = secrets
        .iter()
        .copied()
        .filter(|secret| secret.len() >= SHORTEST)
        .collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        words = words.replace(secret, "(hidden)");
    }
    let shown: Vec<String> = words.split(' ').map(scrubbed_word).collect();
    shown.join(" ")
}

fn scrubbed_word(word: &str) -> String {
    const QUOTES: &[char] = &[
        '"', '\'', '`', '(', ')', '<', '>', '[', ']', '{', '}', ',', ';',
    ];
    const LONGEST: usize = 24;
    let bare = word.trim_matches(QUOTES).trim_end_matches(['.', ':']);
    if let Some(at) = bare.find("://") {
        let scheme = bare[..at]
            .rfind(|c: char| !c.is_ascii_alphanumeric())
            .map_or(0, |before| before + 1);
        return word.replace(
            bare,
            &format!(
                "{}{}",
                scrubbed_word(&bare[..scheme]),
                masked_url(&bare[scheme..])
            ),
        );
    }
    let has_digit = bare.bytes().any(|byte| byte.is_ascii_digit());
    let is_credential = bare.len() > LONGEST && (has_digit || bare.len() > 2 * LONGEST);
    let is_vendor_key = bare.starts_with("cxtp_") || bare.starts_with("cxup_");
    if is_credential || is_vendor_key {
        word.replace(bare, "(hidden)")
    } else {
        word.to_owned()
    }
}

/// Collects the strings of a tree that its masked form hides.
fn collect_hidden(tree: &Json<'_>, masked: &Masked, out: &mut Vec<String>) {
    match (tree, masked) {
        (Json::Array(elements), Masked::Array(shown)) => {
            for (element, shown) in elements.iter().zip(shown) {
                collect_hidden(element, shown, out);
            }
        }
        (Json::Object(members), Masked::Object(shown)) => {
            for ((_, value), (_, shown)) in members.iter().zip(shown) {
                collect_hidden(value, shown, out);
            }
        }
        (Json::String(text), Masked::Hidden(_) | Masked::Part(_)) => out.push(text.to_string()),
        _ => {}
    }
}

fn collect_texts(tree: &Json<'_>, out: &mut Vec<String>) {
    match tree {
        Json::Array(elements) => elements
            .iter()
            .for_each(|element| collect_texts(element, out)),
        Json::Object(members) => members
            .iter()
            .for_each(|(_, value)| collect_texts(value, out)),
        Json::String(text) => out.push(text.to_string()),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
