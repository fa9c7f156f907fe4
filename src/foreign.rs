//! Escapes untrusted text, which comes from servers and webhooks, before a person sees it.
//! Never lets a control or bidirectional character reach a terminal.

use std::fmt::Write as _;

/// Escapes every control, bidirectional and invisible format character as `\u{…}`, or `\n`, `\r`, `\t`.
///
/// So a newline in an alias cannot forge a line of the preview, and an escape sequence cannot control the terminal.
pub fn shown(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_hostile(character) => {
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
    let is_character =
        |c: char| u32::from(c) & 0xfffe != 0xfffe && !matches!(c, '\u{fdd0}'..='\u{fdef}');
    shown(text) == text && text.chars().all(is_character)
}

/// Whether the text is printable ASCII only, which is the usual case.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Trims the text, cuts it to `longest` characters (marked with `…`), and escapes it.
pub fn shortened(text: &str, longest: usize) -> String {
    let mut characters = text.trim().chars();
    let head: String = characters.by_ref().take(longest).collect();
    let mut out = shown(&head);
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// An untrusted name as one cell: escaped, and quoted if its spaces could pass for the end of the cell.
pub(crate) fn name(foreign_text: &str) -> String {
    let escaped = shown(foreign_text);
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
    use super::{is_visible, name, shortened, shown};

    #[test]
    fn control_and_bidi_characters_are_escaped_and_letters_are_not() {
        assert_eq!(shown("über 日本 🚀"), "über 日本 🚀");
        assert_eq!(
            shown("a\u{1b}[31m\nb\u{202e}c"),
            "a\\u{1b}[31m\\nb\\u{202e}c"
        );
    }

    #[test]
    fn what_no_file_can_hold_is_not_visible() {
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
    fn long_text_is_cut_and_says_so() {
        assert_eq!(shortened(" abcdef ", 3), "abc…");
        assert_eq!(shortened("abc", 3), "abc");
    }

    #[test]
    fn a_name_cannot_pass_for_two_cells() {
        assert_eq!(name("on call"), "on call");
        assert_eq!(name("hook    1050 -> new"), "\"hook    1050 -> new\"");
        assert_eq!(name(" hook"), "\" hook\"");
        assert_eq!(name(""), "\"\"");
        assert_eq!(name("a\u{a0}b"), "\"a\u{a0}b\"");
    }
}
