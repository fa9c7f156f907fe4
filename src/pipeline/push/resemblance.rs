//! Resemblance: whether an alias or a url that the target shows is the one that was sent, as a server may respell it.
//! Pure. Weaker than equal content: apart from an alias that differs in HTML escapes alone, it never makes a webhook
//! ours, and only its absence tells one apart.

use crate::coralogix::content::Fingerprint;
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::webhook::Webhook;
use crate::http::spelling::unescape_html;
use crate::pipeline::strip::normalized_alias;

/// Whether both aliases are one, apart from case, surrounding spaces, Unicode normalization and HTML escapes.
pub(super) fn is_respelled_alias(sent: &str, shown: &str) -> bool {
    sent == shown || respelled_alias(sent) == respelled_alias(shown)
}

/// The alias in the one spelling that all its respellings share.
pub(super) fn respelled_alias(alias: &str) -> String {
    normalized_alias(&unescape_html(alias))
}

/// A fingerprint of a url that is the same however its HTML escapes are spelled.
pub(super) fn url_fingerprint(url: &str) -> Fingerprint {
    Fingerprint::of_text(&unescape_html(url.trim()))
}

/// Like [`url_fingerprint`], of a webhook's url; one that is no text equals only the same value.
pub(super) fn fingerprint_url_of(webhook: &Webhook) -> Fingerprint {
    match webhook.raw(KnownKey::Url) {
        Some(token) if !token.starts_with('"') && token != "null" => Fingerprint::of_token(token),
        _ => url_fingerprint(&webhook.url()),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_respelled_alias, url_fingerprint};

    #[test]
    fn a_respelled_alias_and_an_escaped_url_are_recognized() {
        assert!(is_respelled_alias(
            "R&D \"on-call\"",
            "r&amp;d &#34;on-call&#34; "
        ));
        assert!(!is_respelled_alias("R&D", "RD"));
        let sent = "https://hooks.example.net/?a=1&b=2";
        let shown = "https://hooks.example.net/?a=1&amp;b=2";
        assert_eq!(url_fingerprint(sent), url_fingerprint(shown));
        assert_ne!(
            url_fingerprint(sent),
            url_fingerprint("https://hooks.example.net/")
        );
    }
}
