//! Scrubs server messages: removes every secret of the request that a server may repeat in its response.
//! Never trusts a server to keep a secret that it was sent.

use super::json::Json;
use super::mask::Masked;
use super::webhook::{Fields, Webhook};
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;
use url::Url;

/// The stand-ins that servers show for a secret; words count in brackets, `redacted` and `REDACTED` also without.
const STAND_INS: &[&str] = &[
    "****", "redacted", "REDACTED", "Redacted", "masked", "MASKED", "hidden", "HIDDEN", "secret",
    "SECRET",
];

impl Webhook {
    /// Whether a secret slot holds a server's stand-in, such as `****`, instead of the secret.
    ///
    /// A copy would look right and deliver nothing.
    pub fn has_masked_secret(&self) -> bool {
        // The cheap text search spares nearly every webhook the parsing.
        self.tokens().any(|(_, value)| contains_stand_in(value))
            && self.secrets().iter().any(|secret| is_stand_in(secret))
    }

    /// Every string of this webhook that its masked form hides.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = secret_url_parts(&self.url());
        let fields = self.fields();
        if let Fields::Text(text) = &fields {
            secrets.push(text.to_string());
        }
        if let (Some(tree), Some(masked)) = (fields.tree(), self.masked_fields()) {
            collect_hidden(&tree, &masked, &mut secrets);
        }
        for (_, value) in self.unknown_tokens() {
            if let Ok(tree) = Json::parse(value) {
                collect_strings(&tree, &mut secrets);
            }
        }
        secrets
    }
}

/// The whole URL and each of its secret parts.
fn secret_url_parts(text: &str) -> Vec<String> {
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
fn contains_stand_in(text: &str) -> bool {
    // One search for all of them, because every value of every webhook is searched.
    static SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
        // Only a leftmost search can use vector instructions.
        let mut search = AhoCorasick::builder();
        let search = search.match_kind(MatchKind::LeftmostFirst).build(STAND_INS);
        search.expect("a few short words")
    });
    SEARCH.is_match(text)
}

fn is_stand_in(text: &str) -> bool {
    let unbracketed = text.trim_matches(['<', '>', '[', ']', '(', ')']);
    let is_bracketed = unbracketed.len() + 2 == text.len();
    text.contains("****")
        || (is_bracketed && STAND_INS.contains(&unbracketed))
        || matches!(text, "redacted" | "REDACTED")
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

fn collect_strings(tree: &Json<'_>, out: &mut Vec<String>) {
    match tree {
        Json::Array(elements) => elements
            .iter()
            .for_each(|element| collect_strings(element, out)),
        Json::Object(members) => members
            .iter()
            .for_each(|(_, value)| collect_strings(value, out)),
        Json::String(text) => out.push(text.to_string()),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
