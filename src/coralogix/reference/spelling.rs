//! How a file spells the id or alias at a reference, so that the new one is spelled alike.

use super::super::json;
use std::fmt::Write as _;

/// The spelling of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// A number, which JSON, Terraform and YAML write alike.
    Number,
    /// A number with a fraction of zeros, such as `1050.0`: so many of them.
    Float(usize),
    /// A string in JSON.
    JsonString,
    /// A quoted string in Terraform.
    TerraformString,
    /// A YAML scalar without quotes.
    YamlPlain,
    /// A YAML scalar in single quotes.
    YamlSingleQuoted,
    /// A YAML scalar in double quotes.
    YamlDoubleQuoted,
}

impl Spelling {
    /// The spelling of a number's token.
    pub(super) fn of_number(token: &str) -> Self {
        match token.split_once('.') {
            Some((_, zeros)) if zeros.bytes().all(|byte| byte == b'0') => Self::Float(zeros.len()),
            _ => Self::Number,
        }
    }

    /// Spells a text alike; in quotes where it could not be read back without them.
    pub fn spell(self, text: &str) -> String {
        match self {
            Self::Number | Self::Float(_) if !is_number(text) => json::encode_string(text),
            Self::Number => text.to_owned(),
            Self::Float(n_zeros) => format!("{text}.{}", "0".repeat(n_zeros)),
            Self::TerraformString => terraform_string(text),
            Self::YamlPlain if is_plain(text) => text.to_owned(),
            Self::YamlSingleQuoted if text.chars().all(is_printable) => {
                format!("'{}'", text.replace('\'', "''"))
            }
            Self::JsonString
            | Self::YamlDoubleQuoted
            | Self::YamlPlain
            | Self::YamlSingleQuoted => json::encode_string(text),
        }
    }
}

/// Whether the text is a whole number that is not negative, as each of the three languages reads it.
fn is_number(text: &str) -> bool {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits && (text == "0" || !text.starts_with('0'))
}

/// A string in which nothing is a template.
fn terraform_string(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether YAML reads the text without quotes as itself, and as text.
///
/// Stricter than YAML: what any reader might take for a number, a date, a word with a meaning or a mark gets quotes.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_safe = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '/');
    text.starts_with(char::is_alphabetic)
        && text.chars().all(is_safe)
        && !text.ends_with(' ')
        && !WORDS.contains(&text.to_lowercase().as_str())
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{85}')
}
