//! Removes from a server's message whatever it may repeat of the request.
//! Never trusts a server to keep the secrets that a request contained.

use crate::secret::url_outline;

/// Shorter secrets are not searched for, because they would match everywhere.
const MIN_SECRET_LEN: usize = 4;

/// Removes what a server's message may repeat of our request: the given secrets, the secret parts of URLs, and
/// anything that looks like a credential.
///
/// Drops a message completely if it quotes the fields of a webhook, because secrets cannot be told apart in it.
pub(crate) fn scrub_message(message: &str, secrets: &[&str]) -> String {
    const SIGNS_OF_QUOTED_REQUEST: &[&str] = &["integration_type_fields", "\\\"", "\"value\""];
    if SIGNS_OF_QUOTED_REQUEST
        .iter()
        .any(|sign| message.contains(sign))
    {
        return "(not shown: the response repeats the request)".to_owned();
    }
    let mut scrubbed = message.to_owned();
    // Longest first, because a short secret may be a prefix of a longer one.
    let mut secrets: Vec<&str> = secrets
        .iter()
        .copied()
        .filter(|secret| secret.len() >= MIN_SECRET_LEN)
        .collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        scrubbed = scrubbed.replace(secret, "(hidden)");
    }
    let shown: Vec<String> = scrubbed.split(' ').map(scrub_word).collect();
    shown.join(" ")
}

fn scrub_word(word: &str) -> String {
    const PUNCTUATION: &[char] = &[
        '"', '\'', '`', '(', ')', '<', '>', '[', ']', '{', '}', ',', ';',
    ];
    const MAX_WORD_LEN: usize = 24;
    let bare = word.trim_matches(PUNCTUATION).trim_end_matches(['.', ':']);
    if let Some(at) = bare.find("://") {
        let scheme = bare[..at]
            .rfind(|c: char| !c.is_ascii_alphanumeric())
            .map_or(0, |before| before + 1);
        return word.replace(
            bare,
            &format!(
                "{}{}",
                scrub_word(&bare[..scheme]),
                url_outline(&bare[scheme..]).unwrap_or_else(|| "(url)".to_owned())
            ),
        );
    }
    let has_digit = bare.bytes().any(|byte| byte.is_ascii_digit());
    let is_credential = bare.len() > MAX_WORD_LEN && (has_digit || bare.len() > 2 * MAX_WORD_LEN);
    let is_vendor_key = bare.starts_with("cxtp_") || bare.starts_with("cxup_");
    if is_credential || is_vendor_key {
        word.replace(bare, "(hidden)")
    } else {
        word.to_owned()
    }
}
