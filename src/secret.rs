//! Recognizes secrets by their looks alone, and finds the part of a URL that is not secret.

use url::Url;

/// Prefixes of the vendor's API keys; a text that contains one is hidden wherever it occurs.
pub const VENDOR_KEY_PREFIXES: &[&str] = &["cxtp_", "cxup_"];

/// URL paths that name an endpoint rather than a credential.
pub const SAFE_PATHS: &[&str] = &["", "/", "/api/v1/logs", "/logs/v1/singles"];

/// Whether a text contains the prefix of one of the vendor's API keys (personal or team key).
pub fn resembles_vendor_key(text: &str) -> bool {
    VENDOR_KEY_PREFIXES
        .iter()
        .any(|prefix| text.contains(prefix))
}

/// Whether a text contains an age identity, as `age-keygen` creates it: the secret that decrypts backups.
pub(crate) fn resembles_age_identity(text: &str) -> bool {
    text.to_ascii_uppercase().contains("AGE-SECRET-KEY-")
}

/// The part of a URL that is safe to show: scheme, host, port and a path of [`SAFE_PATHS`]; placeholders replace the
/// rest.
///
/// `None` if the text is not an `http` or `https` URL.
pub(crate) fn url_outline(text: &str) -> Option<String> {
    match host_of_usual_url(text) {
        Some(host) => Some(format!("https://{host}/(path)")),
        None => outline_of_parsed_url(text),
    }
}

fn outline_of_parsed_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = url
        .host_str()
        .filter(|_| matches!(url.scheme(), "http" | "https"))?;
    let mut outline = format!("{}://", url.scheme());
    if !url.username().is_empty() || url.password().is_some() {
        outline.push_str("(user)@");
    }
    outline.push_str(host);
    if let Some(port) = url.port() {
        outline = format!("{outline}:{port}");
    }
    if SAFE_PATHS.contains(&url.path()) {
        outline.push_str(url.path());
    } else {
        outline.push_str("/(path)");
    }
    if url.query().is_some() {
        outline.push_str("?(query)");
    }
    if url.fragment().is_some() {
        outline.push_str("#(fragment)");
    }
    Some(outline)
}

/// The host of a url such as nearly all webhooks have: `https`, a host name in small letters, and a path of plain
/// characters that is not of [`SAFE_PATHS`]; `None` for any other text.
///
/// Parsing these takes as long as everything else that a run record needs of a webhook.
fn host_of_usual_url(text: &str) -> Option<&str> {
    let (host, path) = text.strip_prefix("https://")?.split_once('/')?;
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let is_plain_host = host.bytes().all(|byte| is_plain(byte) || byte == b'.')
        // An address in numbers and a name in Punycode have other spellings.
        && host.rsplit('.').next()?.bytes().all(|byte| byte.is_ascii_lowercase())
        && host.split('.').all(|label| !label.is_empty() && !label.starts_with("xn--"));
    let is_plain_path = path
        .bytes()
        .all(|byte| is_plain(byte) || matches!(byte, b'A'..=b'Z' | b'_' | b'/'));
    let is_safe = SAFE_PATHS
        .iter()
        .any(|safe| safe.strip_prefix('/') == Some(path));
    (is_plain_host && is_plain_path && !is_safe).then_some(host)
}

/// Whether an outline, as [`url_outline`] returns it, hides a part of the URL.
pub(crate) fn hides_part_of_url(shown: &str) -> bool {
    ["(user)@", "/(path)", "?(query)", "#(fragment)"]
        .iter()
        .any(|marker| shown.contains(marker))
}

#[cfg(test)]
mod tests {
    use super::{host_of_usual_url, outline_of_parsed_url, url_outline};
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn usual_urls_are_not_parsed() {
        let usual = "https://hooks.slack.com/services/T0/B0_x/Zz";
        assert_eq!(host_of_usual_url(usual), Some("hooks.slack.com"));
        for other in [
            "https://hooks.slack.com",
            "https://hooks.slack.com/",
            "https://api.eu1.coralogix.com/api/v1/logs",
            "https://user@hooks.slack.com/a",
            "https://hooks.slack.com:443/a",
            "https://10.0.0.1/a",
            "https://a.0x7f/a",
            "https://xn--bcher-kva.example/a",
            "https://Hooks.slack.com/a",
            "https://hooks.slack.com/a?b",
            "https://hooks.slack.com/../a",
            "http://hooks.slack.com/a",
        ] {
            assert_eq!(host_of_usual_url(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_url_has_one_outline_however_it_is_found(
            host in "([a-z0-9-]{0,5}[.]){0,3}(com|0x1|xn--a|[a-z0-9.:@-]{0,6})",
            path in "/?(api/v1/logs|logs/v1/singles|[a-zA-Z0-9_/-]{0,12}|[ -~]{0,8})",
        ) {
            let url = format!("https://{host}{path}");
            prop_assert_eq!(url_outline(&url), outline_of_parsed_url(&url), "{}", url);
        }
    }
}
