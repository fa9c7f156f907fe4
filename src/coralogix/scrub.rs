//! Scrubs server messages: removes every secret of the request that a server may repeat in its response.
//! Never trusts a server to keep a secret that it was sent.

use super::json::Json;
use super::mask::Masked;
use super::webhook::{Fields, Webhook};
use crate::http::scrub::scrub_message;
use url::Url;

impl Webhook {
    /// Removes this webhook's secrets from a server's message about it.
    pub fn scrub(&self, message: &str) -> String {
        let secrets = self.secrets();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        scrub_message(message, &secrets)
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
