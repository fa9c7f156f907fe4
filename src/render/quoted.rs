//! Strings in double quotes, in the escapes that TOML, YAML and HCL have in common: nothing is lost, and every character
//! that could mislead a reader is spelled out.

use crate::untrusted;
use std::fmt::Write as _;

/// The text as a string of TOML or YAML.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    push_escaped(&mut out, text);
    out.push('"');
    out
}

/// Appends the text without quotes around it.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    escape_into(out, text, |out, character| {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\U{:08X}", u32::from(character));
    });
}

/// The text as a JSON string, with such characters as `\u….`.
pub(super) fn json_string(text: &str) -> String {
    let mut out = String::from("\"");
    escape_into(&mut out, text, |out, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    });
    out.push('"');
    out
}

/// Appends the text with the escapes that both forms share; `push_other` writes a character that is not visible.
fn escape_into(out: &mut String, text: &str, push_other: impl Fn(&mut String, char)) {
    let mut buffer = [0; 4];
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if untrusted::is_visible(character.encode_utf8(&mut buffer)) => out.push(character),
            _ => push_other(out, character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{json_string, quoted};

    const ODD: &str = "a\"b\\c\n\u{202e}é\u{1fffe}🚀";

    #[test]
    fn nothing_invisible_and_no_quote_passes() {
        assert_eq!(quoted(ODD), "\"a\\\"b\\\\c\\n\\U0000202Eé\\U0001FFFE🚀\"");
    }

    #[test]
    fn a_json_string_loses_nothing() {
        let written = json_string(ODD);
        assert_eq!(written, "\"a\\\"b\\\\c\\n\\u202eé\\ud83f\\udffe🚀\"");
        assert_eq!(
            serde_json::from_str::<String>(&written).ok().as_deref(),
            Some(ODD)
        );
    }
}
