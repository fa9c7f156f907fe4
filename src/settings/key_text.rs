//! Reads an API key out of what a person put into a variable or a file, and names the usual slips of pasting.
//! Never repeats any of it.

use crate::coralogix::account::ApiKey;
use crate::secret::resembles_vendor_key;
use secrecy::{ExposeSecret, SecretString};

/// The key without the line break at the end of a file.
///
/// # Errors
/// What is wrong with the text, as a sentence about `it`.
pub(super) fn parse_key(text: &SecretString) -> Result<ApiKey, &'static str> {
    let text = text.expose_secret();
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    match find_mistake(text) {
        Some(mistake) => Err(mistake),
        None => ApiKey::new(text).ok_or("it contains a character that no key has"),
    }
}

/// The first mistake that applies: one that explains more comes before one that it implies.
fn find_mistake(text: &str) -> Option<&'static str> {
    let trimmed = text.trim();
    let starts_with_word = |word: &str| {
        let start = trimmed.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    if trimmed.trim_start_matches('\u{feff}').is_empty() {
        Some("it is empty")
    } else if text.starts_with('\u{feff}') {
        Some("it starts with a byte order mark; save the file as UTF-8 without BOM")
    } else if trimmed.contains(['\n', '\r']) {
        Some("it has several lines; only the key itself may be there")
    } else if starts_with_word("authorization:") || starts_with_word("bearer ") {
        Some("it starts with `Bearer` or `Authorization:`; only the key itself may be there")
    } else if is_assignment(trimmed) {
        Some("it looks like NAME=value; only the value may be there")
    } else if trimmed.starts_with(QUOTES) || trimmed.ends_with(QUOTES) {
        Some("it is in quotes; only the key itself may be there")
    } else if text != trimmed {
        Some("there is white space before or after it")
    } else if text.contains(char::is_whitespace) {
        Some("it contains white space")
    } else if text.contains(char::is_control) {
        Some("it contains a control character")
    } else if !text.is_ascii() {
        Some(
            "it contains a character that no key has, such as a dash or a quote that an editor replaced",
        )
    } else {
        None
    }
}

const QUOTES: [char; 7] = ['"', '\'', '`', '“', '”', '‘', '’'];

/// Whether a text is a line of a shell, of an `.env` file, or of TOML or YAML.
fn is_assignment(text: &str) -> bool {
    let text = text.strip_prefix("export ").unwrap_or(text);
    let Some((name, value)) = text.split_once(['=', ':']) else {
        return false;
    };
    let name = name.trim();
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name && !resembles_vendor_key(name) && !value.trim_matches(['=', ' ']).is_empty()
}

#[cfg(test)]
mod tests {
    use super::parse_key;
    use secrecy::SecretString;

    #[test]
    fn each_slip_of_pasting_has_its_own_sentence() {
        for (text, words) in [
            ("", "empty"),
            (" \n", "empty"),
            ("\u{feff}\n", "empty"),
            ("\u{feff}cxtp_a", "byte order mark"),
            ("cxtp_a\ncxtp_b\n", "several lines"),
            ("cxtp_a\r\n\r\ncxtp_b", "several lines"),
            ("Bearer cxtp_a", "Bearer"),
            ("bearer  cxtp_a\n", "Bearer"),
            ("Authorization: Bearer cxtp_a", "Authorization"),
            ("HOOKFERRY_SOURCE_API_KEY=cxtp_a", "NAME=value"),
            ("export KEY='cxtp_a'", "NAME=value"),
            ("api_key = \"cxtp_a\"", "NAME=value"),
            ("api_key: cxtp_a", "NAME=value"),
            ("\"cxtp_a\"\n", "quotes"),
            ("'cxtp_a'", "quotes"),
            ("“cxtp_a”", "quotes"),
            (" cxtp_a", "before or after"),
            ("cxtp_a\n\n", "before or after"),
            ("cxtp_a b", "white space"),
            ("cxtp_\u{7}a", "control"),
            ("cxtp_a–b", "an editor replaced"),
            ("cxtp_a\u{200b}b", "an editor replaced"),
        ] {
            let mistake = parse_key(&SecretString::from(text)).expect_err(text);
            assert!(mistake.contains(words), "{text:?}: {mistake}");
        }
    }

    #[test]
    fn a_key_is_taken_as_it_is() {
        for text in [
            "cxtp_a",
            "cxtp_a\n",
            "cxtp_a\r\n",
            "a=",
            "YWJj==",
            "cxtp_a=b",
            "a-b.c/d+e",
            "9f=3c",
        ] {
            assert!(parse_key(&SecretString::from(text)).is_ok(), "{text:?}");
        }
    }
}
