//! Writes HCL as `terraform fmt` leaves it: the equal signs of neighbouring lines are aligned, and an attribute that takes
//! several lines aligns with none.

use crate::render::quoted::push_escaped;
use std::fmt::Write as _;

/// An expression.
#[derive(Debug)]
pub(super) enum Expression {
    Text(String),
    /// A number, a word or a reference, as it is written.
    Word(String),
    List(Vec<Self>),
    /// The keys as they are written.
    Object(Vec<(String, Self)>),
    /// The JSON of a value.
    Json(Box<Self>),
}

/// Words that mean something else than a key at the start of an object.
const KEYWORDS: [&str; 6] = ["for", "in", "if", "true", "false", "null"];

/// A block with its attributes and a closing newline.
pub(super) fn block(header: &str, attributes: &[(String, Expression)]) -> String {
    let mut out = format!("{header} {{\n");
    push_attributes(&mut out, attributes, 1);
    out.push_str("}\n");
    out
}

/// A text in quotes.
pub(super) fn text(text: &str) -> String {
    let mut out = String::from("\"");
    // These start a template.
    push_escaped(&mut out, &text.replace("${", "$${").replace("%{", "%%{"));
    out.push('"');
    out
}

/// A key of an object: a bare word where that is one.
pub(super) fn key(key: &str) -> String {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_word = key.starts_with(is_start)
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&key);
    if is_word {
        key.to_owned()
    } else {
        quoted_key(key)
    }
}

/// A key in quotes, in ASCII, so that its width is the number of its characters, whoever counts.
pub(super) fn quoted_key(key: &str) -> String {
    let mut out = String::new();
    for character in text(key).chars() {
        let code = u32::from(character);
        // Writing to a string cannot fail.
        let _ = match code {
            0..0x80 => write!(out, "{character}"),
            0x80..0x1_0000 => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08X}"),
        };
    }
    out
}

/// Writes attributes, each on a line of its own.
fn push_attributes(out: &mut String, attributes: &[(String, Expression)], depth: usize) {
    let written: Vec<(&String, String)> = attributes
        .iter()
        .map(|(key, value)| (key, value.written(depth)))
        .collect();
    let is_one_line = |(_, value): &(&String, String)| !value.contains('\n');
    for neighbours in written.chunk_by(|a, b| is_one_line(a) && is_one_line(b)) {
        let width = neighbours.iter().map(|(key, _)| key.len()).max();
        let width = width.unwrap_or_default();
        for (key, value) in neighbours {
            let _ = writeln!(out, "{}{key:width$} = {value}", indent(depth));
        }
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

impl Expression {
    /// The expression, whose first line starts at that depth.
    fn written(&self, depth: usize) -> String {
        match self {
            Self::Text(value) => text(value),
            Self::Word(word) => word.clone(),
            Self::Json(value) => format!("jsonencode({})", value.written(depth)),
            Self::List(elements) if elements.is_empty() => "[]".to_owned(),
            Self::Object(members) if members.is_empty() => "{}".to_owned(),
            Self::List(elements) => {
                let mut out = String::from("[\n");
                for element in elements {
                    let element = element.written(depth + 1);
                    let _ = writeln!(out, "{}{element},", indent(depth + 1));
                }
                let _ = write!(out, "{}]", indent(depth));
                out
            }
            Self::Object(members) => {
                let mut out = String::from("{\n");
                push_attributes(&mut out, members, depth + 1);
                let _ = write!(out, "{}}}", indent(depth));
                out
            }
        }
    }
}
