//! Untrusted text in markdown, escaped so that neither markdown, HTML nor the hosting site interprets it.
//!
//! ASCII punctuation characters become numeric entities, which markdown never takes for its own syntax.
//! Sites still act on words: they link `@names`, `#1`, hashes and addresses, but not inside `<code>`.

use crate::render::report::split_code;
use crate::untrusted;
use std::fmt::Write as _;

/// The number of hexadecimal digits from which a word may be taken for a commit hash.
const MIN_HASH_CHARS: usize = 7;

/// An untrusted text as code, cut after `max_chars` characters.
pub(super) fn code(text: &str, max_chars: usize) -> String {
    format!(
        "<code>{}</code>",
        escape_punctuation(&untrusted::escape_truncated(text, max_chars))
    )
}

/// A sentence that may hold untrusted text: plain words stay; anything a site could act on becomes code.
pub(super) fn sentence(text: &str, max_chars: usize) -> String {
    let text = untrusted::escape_truncated(text, max_chars);
    let mut out = String::with_capacity(text.len() * 2);
    for (piece, is_code) in split_code(&text) {
        if is_code {
            let _ = write!(out, "<code>{}</code>", escape_punctuation(piece));
        } else {
            push_words(&mut out, piece);
        }
    }
    out
}

fn push_words(out: &mut String, text: &str) {
    for (ix, word) in text.split(' ').enumerate() {
        if ix > 0 {
            out.push(' ');
        }
        let inner = word
            .trim_start_matches('(')
            .trim_end_matches([',', '.', ';', ':', ')', '\'']);
        let start = word.len() - word.trim_start_matches('(').len();
        let end = start + inner.len();
        // Trimming both ends of `(((` leaves nothing, so there is nothing that a site could act on.
        if inner.is_empty() || is_inert(inner) {
            out.push_str(&escape_punctuation(word));
        } else {
            out.push_str(&escape_punctuation(&word[..start]));
            let _ = write!(
                out,
                "<code>{}</code>",
                escape_punctuation(&word[start..end])
            );
            out.push_str(&escape_punctuation(&word[end..]));
        }
    }
}

/// Whether no site acts on the word: letters, with `-` or `'` between them, or a short number.
fn is_inert(word: &str) -> bool {
    let is_number = word.chars().all(|c| c.is_ascii_digit());
    let is_hash = word.len() >= MIN_HASH_CHARS && word.chars().all(|c| c.is_ascii_hexdigit());
    let is_word = word
        .split(['-', '\''])
        .all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic));
    word == "–" || (!is_hash && (is_number || is_word))
}

/// Escapes ASCII punctuation characters as entities, and breaks up anything like an email address.
fn escape_punctuation(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        if character == '@' {
            // Some parsers decode entities before they look for addresses; a comment interrupts the match.
            out.push_str("<!-- -->");
        }
        if character.is_ascii_punctuation() {
            let _ = write!(out, "&#{};", u32::from(character));
        } else {
            out.push(character);
        }
    }
    out
}

/// A name for the marker comment: letters, digits, dots and single hyphens, so it cannot end the comment.
pub(super) fn marker_part(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars().take(100) {
        let is_safe = character.is_ascii_alphanumeric()
            || character == '.'
            || (character == '-' && !out.ends_with('-'));
        out.push(if is_safe { character } else { '_' });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{code, marker_part, sentence};

    #[test]
    fn what_could_act_is_code_and_words_stay_words() {
        assert_eq!(
            sentence(
                "set payload.key with a rule, and pass --retarget (or `-n`).",
                99
            ),
            "set <code>payload&#46;key</code> with a rule&#44; and pass <code>&#45;&#45;retarget</code> &#40;or <code>&#45;n</code>&#41;&#46;"
        );
        assert_eq!(
            sentence("#1 deadbeef don't 17 fixes", 99),
            "<code>&#35;1</code> <code>deadbeef</code> don&#39;t 17 fixes"
        );
        assert_eq!(code("a@b|c", 99), "<code>a<!-- -->&#64;b&#124;c</code>");
        assert_eq!(code("a\nb", 99), "<code>a&#92;nb</code>");
    }

    #[test]
    fn a_name_cannot_end_the_marker() {
        assert_eq!(marker_part("api.eu1-x.com:8080"), "api.eu1-x.com_8080");
        assert_eq!(marker_part("a-->b"), "a-__b");
    }
}
