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

/// Whether an outline, as [`url_outline`] returns it, hides a part of the URL.
pub(crate) fn hides_part_of_url(shown: &str) -> bool {
    ["(user)@", "/(path)", "?(query)", "#(fragment)"]
        .iter()
        .any(|marker| shown.contains(marker))
}
