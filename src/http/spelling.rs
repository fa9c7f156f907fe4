//! The spellings in which one text can come back from a server: percent-encoded, escaped for JSON or HTML, in base64 or
//! in hexadecimal digits, and each of them within another.
//! Pure.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;
use std::collections::HashSet;

/// How many encodings within one another are undone.
const MAX_DEPTH: usize = 4;
/// The most spellings of one text; more would be an attempt to keep us busy.
const MAX_SPELLINGS: usize = 64;
/// The fewest characters of base64 or hexadecimal digits that are decoded: three bytes.
const MIN_CODE_CHARS: usize = 4;
/// The longest reference that is decoded, such as `&#x1F600;`.
const MAX_REFERENCE_CHARS: usize = 10;

/// Cut-off and unpadded base64 is decoded as far as it goes.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// A text as it came, and everything that it may be an encoding of.
pub(crate) struct Spellings {
    pub(crate) texts: Vec<String>,
    /// Whether nothing is left to decode; a text that is encoded too often, or in too many ways, is not followed.
    pub(crate) is_complete: bool,
}

/// Undoes every encoding of a text, and every encoding within another.
pub(crate) fn spellings(text: &str) -> Spellings {
    let mut texts = vec![text.to_owned()];
    let mut known: HashSet<String> = texts.iter().cloned().collect();
    let mut next = 0;
    for _ in 0..MAX_DEPTH {
        let end = texts.len();
        while next < end {
            let decoded = decode_all(&texts[next]).into_iter();
            texts.extend(decoded.filter(|decoded| known.insert(decoded.clone())));
            next += 1;
            if texts.len() > MAX_SPELLINGS {
                return Spellings {
                    texts,
                    is_complete: false,
                };
            }
        }
    }
    Spellings {
        is_complete: next == texts.len(),
        texts,
    }
}

/// What a text is with each encoding undone once.
fn decode_all(text: &str) -> Vec<String> {
    let replaced = [decode_form(text), unescape_json(text), unescape_html(text)];
    let replaced = replaced.into_iter().filter_map(|decoded| match decoded {
        Cow::Owned(decoded) => Some(decoded),
        Cow::Borrowed(_) => None,
    });
    let mut all: Vec<String> = replaced.collect();
    all.extend(decode_codes(text, is_base64, base64_bytes));
    all.extend(decode_codes(
        text,
        |byte| byte.is_ascii_hexdigit(),
        hex_bytes,
    ));
    all
}

/// Undoes `%41`, and `+` for a space, as in forms and queries.
fn decode_form(text: &str) -> Cow<'_, str> {
    if text.contains(['%', '+']) {
        Cow::Owned(decode_percent(&text.replace('+', " ")))
    } else {
        Cow::Borrowed(text)
    }
}

/// Undoes `%41`.
pub(crate) fn decode_percent(text: &str) -> String {
    // The library splits at separators, reads `+` as a space, and decodes what is between them; there are none left here.
    let masked = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    url::form_urlencoded::parse(masked.as_bytes())
        .map(|(name, _)| name.into_owned())
        .collect()
}

/// Replaces what a text writes for a character, from a marker on; `decode` gets what follows the marker, and returns the
/// character and how many bytes after the marker stand for it.
fn replace_escapes(
    text: &str,
    marker: char,
    decode: impl Fn(&str) -> Option<(char, usize)>,
) -> Cow<'_, str> {
    if !text.contains(marker) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(marker) {
        out.push_str(&rest[..at]);
        rest = &rest[at + marker.len_utf8()..];
        match decode(rest) {
            Some((character, length)) => {
                out.push(character);
                rest = &rest[length..];
            }
            None => out.push(marker),
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Undoes one level of the escapes of a JSON string, wherever they stand in a text.
fn unescape_json(text: &str) -> Cow<'_, str> {
    replace_escapes(text, '\\', |rest| {
        let escaped = rest.chars().next()?;
        escaped_unicode(rest).or(Some(match escaped {
            'n' => ('\n', 1),
            't' => ('\t', 1),
            'r' => ('\r', 1),
            'b' => ('\u{8}', 1),
            'f' => ('\u{c}', 1),
            other => (other, other.len_utf8()),
        }))
    })
}

/// The character that `u0041`, or a pair of surrogates, stands for, and the length of the escape.
fn escaped_unicode(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix('u')?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(0)?;
    if let Some(character) = char::from_u32(first.into()) {
        return Some((character, 5));
    }
    let second = unit(6).filter(|_| text.as_bytes()[5] == b'\\')?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, 11))
}

/// Decodes the character references that servers write when they escape HTML.
pub(crate) fn unescape_html(text: &str) -> Cow<'_, str> {
    replace_escapes(text, '&', |rest| {
        let end = rest.find(';').filter(|end| *end <= MAX_REFERENCE_CHARS)?;
        Some((referenced_char(&rest[..end])?, end + 1))
    })
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

/// Decodes every run of code characters, from each position at which a group of them can start.
///
/// A server may cut a code off, or put it behind another word without a space.
fn decode_codes(
    text: &str,
    is_code: impl Fn(u8) -> bool,
    decode: impl Fn(&str) -> Option<Vec<u8>>,
) -> Vec<String> {
    let runs = text.split(|character: char| !u8::try_from(character).is_ok_and(&is_code));
    let runs: Vec<&str> = runs.filter(|run| run.len() >= MIN_CODE_CHARS).collect();
    let decoded_at = |offset: usize| {
        let decoded = runs.iter().filter_map(|run| decode(run.get(offset..)?));
        let texts: Vec<String> = decoded.filter_map(|bytes| printable(&bytes)).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    };
    (0..MIN_CODE_CHARS).filter_map(decoded_at).collect()
}

/// The printable parts of decoded bytes, on lines of their own; `None` if there are only the splinters that most words
/// decode to.
fn printable(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    // A line break is a part of many a secret.
    let is_splinter = |character: char| {
        character.is_control() && !character.is_whitespace()
            || character == char::REPLACEMENT_CHARACTER
    };
    let parts = text.split(is_splinter);
    let is_kept = |part: &&str| {
        let is_whole = part.len() == text.len();
        part.chars().count() >= if is_whole { 3 } else { MIN_CODE_CHARS }
    };
    let parts: Vec<&str> = parts.filter(is_kept).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn base64_bytes(run: &str) -> Option<Vec<u8>> {
    // One character more than whole groups encodes nothing.
    let run = if run.len() % 4 == 1 {
        &run[..run.len() - 1]
    } else {
        run
    };
    STANDARD
        .decode(run)
        .or_else(|_| URL_SAFE.decode(run))
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

fn hex_bytes(run: &str) -> Option<Vec<u8>> {
    let pairs = run.as_bytes().chunks_exact(2);
    let bytes = pairs.map(|pair| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok()
    });
    bytes
        .collect::<Option<Vec<u8>>>()
        .filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{spellings, unescape_html};

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
    fn every_encoding_is_undone() {
        for encoded in [
            "at 50%25 (ab%2Bcd%20ef) =&",
            r"said \u0061b+cd ef",
            r#"{\"a\":\"ab+cd ef\"}"#,
            r#"{\\\"a\\\":\\\"ab+cd ef\\\"}"#,
            "ab&#43;cd&#x20;ef",
            "Basic dXNlcjphYitjZCBlZg==",
            "xBasicdXNlcjphYitjZCBlZgx",
            "61622b6364206566",
            "YWIlMkJjZCUyMGVm",
        ] {
            let found = spellings(encoded).texts;
            assert!(
                found.iter().any(|text| text.contains("ab+cd ef")),
                "{encoded}: {found:?}"
            );
        }
    }

    #[test]
    fn a_character_outside_the_basic_plane_has_two_escapes() {
        let texts = spellings(r"\ud83d\ude80 \ud83d \uzzzz \ud83dx").texts;
        assert!(texts[1].starts_with('🚀'), "{texts:?}");
    }

    #[test]
    fn text_that_encodes_nothing_has_few_spellings() {
        let plain = spellings("the url of this webhook is not valid, see item 12 of the request");
        assert!(
            plain.is_complete && plain.texts.len() < 12,
            "{:?}",
            plain.texts
        );
        assert_eq!(spellings("").texts, [""]);
    }

    #[test]
    fn a_text_that_is_encoded_too_often_is_not_followed() {
        let mut often = "%hunter2".to_owned();
        for _ in 0..9 {
            often = often.replace('%', "%25");
        }
        assert!(!spellings(&often).is_complete);
        let many = "%2525\\\\&amp;&#37;41 dXNlcjphYmM= ".repeat(500);
        assert!(spellings(&many).texts.len() <= super::MAX_SPELLINGS + 12);
    }
}
