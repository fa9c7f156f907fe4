//! Untrusted text in markdown, so that neither markdown, HTML nor the hosting site interprets it, and people can read
//! it in the source too.
//!
//! Sites act on words: they link `@names`, `#1`, hashes and addresses, and replace `:names:`, but not inside code. So
//! a word that could act is code, as everything that is not a sentence. What stays are letters, short numbers and the
//! punctuation between words, which mean nothing after a word of ours; and every sentence comes after one.

use crate::render::escape::{Html, Markdown};
use crate::render::report::split_code;
use crate::untrusted;
use askama::filters::Escaper;

/// The length in characters at which code is cut, and a sentence.
pub(super) const MAX_CODE_CHARS: usize = 300;
const MAX_SENTENCE_CHARS: usize = 600;
/// The number of hexadecimal digits from which a word may be taken for a commit hash.
const MIN_HASH_CHARS: usize = 7;

/// An untrusted text as code.
pub(in crate::render) fn code(text: &str) -> String {
    let mut out = String::new();
    let text = untrusted::escape_truncated(text, MAX_CODE_CHARS);
    push_code(&mut out, &text);
    out
}

/// A sentence that may hold untrusted text.
pub(in crate::render) fn sentence(text: &str) -> String {
    with_code(text, push_code)
}

/// An untrusted text as code in a block of HTML, in which markdown means nothing.
pub(in crate::render) fn code_html(text: &str) -> String {
    let mut out = String::new();
    let text = untrusted::escape_truncated(text, MAX_CODE_CHARS);
    push_element(&mut out, &text, Html);
    out
}

/// A sentence in a block of HTML.
pub(in crate::render) fn sentence_html(text: &str) -> String {
    with_code(text, |out, text| push_element(out, text, Html))
}

/// Text between backticks, where nothing has a meaning but backticks, and bars in a table: with these, or right behind
/// other code, it is an element instead.
fn push_code(out: &mut String, text: &str) {
    let is_span = !text.is_empty() && !text.contains(['`', '|']) && !out.ends_with('`');
    if is_span {
        out.extend(["`", text, "`"]);
    } else {
        push_element(out, text, Markdown);
    }
}

fn push_element(out: &mut String, text: &str, escaper: impl Escaper) {
    out.push_str("<code>");
    // Writing to a string cannot fail.
    let _ = escaper.write_escaped_str(&mut *out, text);
    out.push_str("</code>");
}

fn with_code(text: &str, push_code: impl Fn(&mut String, &str)) -> String {
    let text = untrusted::escape_truncated(text, MAX_SENTENCE_CHARS);
    let mut out = String::with_capacity(text.len());
    for (piece, is_code) in split_code(&text) {
        if is_code {
            push_code(&mut out, piece);
        } else {
            push_words(&mut out, piece, &push_code);
        }
    }
    out
}

fn push_words(out: &mut String, text: &str, push_code: impl Fn(&mut String, &str)) {
    for (ix, word) in text.split(' ').enumerate() {
        if ix > 0 {
            out.push(' ');
        }
        let inner = word
            .trim_start_matches('(')
            .trim_end_matches([',', '.', ';', ':', ')', '\'']);
        // Trimming both ends of `(((` leaves nothing, so there is nothing that a site could act on.
        if inner.is_empty() || is_inert(inner) {
            out.push_str(word);
        } else {
            let start = word.len() - word.trim_start_matches('(').len();
            let end = start + inner.len();
            out.push_str(&word[..start]);
            push_code(out, inner);
            out.push_str(&word[end..]);
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

/// A name for the marker comment: letters, digits, dots and single hyphens, so it cannot end the comment.
pub(in crate::render) fn marker_part(name: &str) -> String {
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
    use super::{code, code_html, marker_part, sentence, sentence_html};

    #[test]
    fn what_could_act_is_code_and_words_stay_words() {
        let text = "set payload.key with a rule, and pass --retarget (or `-n`).";
        assert_eq!(
            sentence(text),
            "set `payload.key` with a rule, and pass `--retarget` (or `-n`)."
        );
        assert_eq!(
            sentence_html("pass `-n`, <b>: don't"),
            "pass <code>-n</code>, <code>&lt;b&gt;</code>: don't"
        );
        assert_eq!(
            sentence("#1 deadbeef don't 17 fixes"),
            "`#1` `deadbeef` don't 17 fixes"
        );
        assert_eq!(code("a\nb"), r"`a\nb`");
        assert_eq!(code_html("a.b|`c`"), "<code>a.b|`c`</code>");
    }

    #[test]
    fn what_means_something_inside_backticks_is_an_element() {
        assert_eq!(code("a@b|c"), "<code>a<!-- -->&#64;b&#124;c</code>");
        assert_eq!(code("a`b"), "<code>a&#96;b</code>");
        assert_eq!(code(""), "<code></code>");
        assert_eq!(sentence("`a``b`"), "`a`<code>b</code>");
    }

    #[test]
    fn a_name_cannot_end_the_marker() {
        assert_eq!(marker_part("api.eu1-x.com:8080"), "api.eu1-x.com_8080");
        assert_eq!(marker_part("a-->b"), "a-__b");
    }
}
