//! Resemblance: whether an alias or a url that the target shows is the one that was sent, as a server may respell it.
//! Pure. Weaker than equal content: apart from an alias that differs in HTML escapes alone, it never makes a webhook
//! ours, and only its absence tells one apart.

use crate::coralogix::content::Fingerprint;
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::webhook::Webhook;
use crate::pipeline::strip::normalized_alias;
use std::borrow::Cow;

/// The longest reference that is decoded, such as `&#x1F600;`.
const MAX_REFERENCE_CHARS: usize = 10;

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

/// Decodes the character references that servers write when they escape HTML.
pub(super) fn unescape_html(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(';').filter(|end| *end <= MAX_REFERENCE_CHARS);
        match end.and_then(|end| Some((referenced_char(&rest[..end])?, end))) {
            Some((character, end)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn referenced_char(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return Some(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        });
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::{is_respelled_alias, unescape_html, url_fingerprint};

    #[test]
    fn html_escapes_are_decoded_once() {
        for (escaped, plain) in [
            ("a &amp; b", "a & b"),
            ("&lt;b&gt;&quot;&#39;&#x27;&apos;", "<b>\"'''"),
            ("&amp;amp;", "&amp;"),
            ("&", "&"),
            ("a&b;c", "a&b;c"),
            ("&#xD800;&#99999999;&;", "&#xD800;&#99999999;&;"),
            ("é&é;é", "é&é;é"),
        ] {
            assert_eq!(unescape_html(escaped), plain);
        }
    }

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
