//! The spellings in which an error can repeat what the account was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

use super::switches::EchoAs;

impl EchoAs {
    /// Spells a text as the switch `echo-as` selects.
    pub(super) fn spell(self, text: &str) -> String {
        let each_byte =
            |spell: fn(u8) -> String| text.bytes().map(spell).collect::<Vec<_>>().concat();
        match self {
            Self::Sent => text.to_owned(),
            Self::Upper => text.to_uppercase(),
            Self::Pieces => pieces(text),
            Self::Percent => each_byte(|byte| format!("%{byte:02X}")),
            Self::Json => escape_all(text),
            Self::Html => text
                .chars()
                .map(|character| format!("&#{};", u32::from(character)))
                .collect::<Vec<_>>()
                .concat(),
            Self::Base64 => STANDARD.encode(text),
            Self::Hex => each_byte(|byte| format!("{byte:02x}")),
        }
    }
}

/// The first six characters of each word: no whole value is among them.
fn pieces(text: &str) -> String {
    let words = text.split(|character: char| !character.is_alphanumeric());
    let heads = words.map(|word| word.chars().take(6).collect::<String>());
    let heads: Vec<String> = heads.filter(|head| !head.is_empty()).collect();
    heads.join(" ")
}

/// Every character as a JSON escape.
fn escape_all(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |mut out, unit| {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
        out
    })
}
