//! Escapes untrusted text, which comes from servers and webhooks, before a person sees it.
//! Never lets a control or bidirectional character reach a terminal.

use std::fmt::Write as _;

/// Escapes every control, bidirectional and invisible format character as `\u{…}`, or `\n`, `\r`, `\t`.
///
/// So a newline in an alias cannot forge a line of the preview, and an escape sequence cannot control the terminal.
pub fn escape(text: &str) -> String {
    if is_printable_ascii(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if needs_escape(character) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

/// Whether the text needs no escaping and has no Unicode noncharacters, so any file can hold it as is, on one line.
pub fn is_visible(text: &str) -> bool {
    let is_assignable =
        |c: char| u32::from(c) & 0xfffe != 0xfffe && !matches!(c, '\u{fdd0}'..='\u{fdef}');
    escape(text) == text && text.chars().all(is_assignable)
}

/// Whether the text is printable ASCII only, which is the usual case.
pub(crate) fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Trims the text, cuts it to `max_chars` characters (marked with `…`), and escapes it.
pub fn escape_truncated(text: &str, max_chars: usize) -> String {
    let mut characters = text.trim().chars();
    let head: String = characters.by_ref().take(max_chars).collect();
    let mut out = escape(&head);
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

fn needs_escape(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// An untrusted name as one cell: escaped, and quoted if its spaces could pass for the end of the cell.
pub(crate) fn name_cell(untrusted_text: &str) -> String {
    let escaped = escape(untrusted_text);
    let is_plain = !escaped.is_empty()
        && escaped.trim() == escaped
        && !escaped.starts_with('"')
        && !escaped
            .as_bytes()
            .windows(2)
            .any(|pair| pair[0] == b' ' && pair[1] == b' ')
        && escaped.chars().all(|c| c == ' ' || !c.is_whitespace());
    if is_plain {
        escaped
    } else {
        format!("\"{escaped}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::{escape, escape_truncated, is_visible, name_cell};

    #[test]
    fn escapes_control_and_bidi_characters_but_not_letters() {
        assert_eq!(escape("über 日本 🚀"), "über 日本 🚀");
        assert_eq!(
            escape("a\u{1b}[31m\nb\u{202e}c"),
            "a\\u{1b}[31m\\nb\\u{202e}c"
        );
    }

    #[test]
    fn control_characters_and_noncharacters_are_not_visible() {
        for text in ["/var/über 日本/🚀 \"'\\%$", ""] {
            assert!(is_visible(text), "{text}");
        }
        for text in [
            "a\nb",
            "a\u{7f}",
            "a\u{202e}b",
            "a\u{fffe}",
            "\u{1ffff}",
            "\u{fdd0}",
        ] {
            assert!(!is_visible(text), "{text:?}");
        }
    }

    #[test]
    fn long_text_is_truncated_with_an_ellipsis() {
        assert_eq!(escape_truncated(" abcdef ", 3), "abc…");
        assert_eq!(escape_truncated("abc", 3), "abc");
    }

    #[test]
    fn a_name_cannot_pass_for_two_cells() {
        assert_eq!(name_cell("on call"), "on call");
        assert_eq!(name_cell("hook    1050 -> new"), "\"hook    1050 -> new\"");
        assert_eq!(name_cell(" hook"), "\" hook\"");
        assert_eq!(name_cell(""), "\"\"");
        assert_eq!(name_cell("a\u{a0}b"), "\"a\u{a0}b\"");
    }
}
