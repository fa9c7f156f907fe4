//! JSON values, and the many texts with the same meaning: other key orders, spacing, escapes and number notations.
//! Shares no code with the program, so that both cannot be wrong in the same way.

use std::fmt::Write as _;

/// A JSON value without duplicate keys; numbers keep their text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Tree {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// How JSON is written: plainly, or with variations drawn from a seed.
pub(crate) struct Spelling(Option<u64>);

impl Spelling {
    /// Keys in order, no spaces, escapes only where JSON requires them.
    pub(crate) fn plain() -> Self {
        Self(None)
    }

    /// Draws every choice from the seed.
    pub(crate) fn varied(seed: u64) -> Self {
        Self(Some(seed | 1))
    }

    /// A number below `n`; 0 where the spelling is plain.
    pub(crate) fn pick(&mut self, n: usize) -> usize {
        let Some(state) = &mut self.0 else {
            return 0;
        };
        // Marsaglia's xorshift: small, and good enough to vary a text.
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state >> 33).unwrap() % n
    }

    /// Shuffles the items unless the spelling is plain.
    pub(crate) fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        if self.0.is_some() {
            for end in (1..items.len()).rev() {
                let other = self.pick(end + 1);
                items.swap(end, other);
            }
        }
        items
    }

    fn space(&mut self) -> &'static str {
        ["", "", " ", "\n  ", "\t", "\r\n"][self.pick(6)]
    }

    /// The value as JSON.
    pub(crate) fn value(&mut self, tree: &Tree) -> String {
        match tree {
            Tree::Null => "null".to_owned(),
            Tree::Bool(value) => value.to_string(),
            Tree::Number(text) => self.number(text),
            Tree::Text(text) => self.string(text),
            Tree::List(elements) => {
                let elements: Vec<String> = elements.iter().map(|one| self.value(one)).collect();
                self.bracketed('[', &elements, ']')
            }
            Tree::Object(members) => {
                let members = members
                    .iter()
                    .map(|(key, value)| (key.as_str(), self.value(value)))
                    .collect();
                self.object(members)
            }
        }
    }

    /// An object whose values are already JSON.
    pub(crate) fn object(&mut self, members: Vec<(&str, String)>) -> String {
        let members: Vec<String> = self
            .shuffled(members)
            .into_iter()
            .map(|(key, value)| {
                let (key, before, after) = (self.string(key), self.space(), self.space());
                format!("{key}{before}:{after}{value}")
            })
            .collect();
        self.bracketed('{', &members, '}')
    }

    fn bracketed(&mut self, open: char, items: &[String], close: char) -> String {
        let mut out = String::from(open);
        for (index, item) in items.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let (before, after) = (self.space(), self.space());
            let _ = write!(out, "{comma}{before}{item}{after}");
        }
        out.push(close);
        out
    }

    /// A JSON string; a varied spelling also escapes characters that need no escape.
    pub(crate) fn string(&mut self, text: &str) -> String {
        let mut out = String::from('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => {
                    out.push('\\');
                    out.push(character);
                }
                '/' if self.pick(3) == 1 => out.push_str("\\/"),
                _ if character.is_control() || self.pick(8) == 1 => escape(&mut out, character),
                _ => out.push(character),
            }
        }
        out.push('"');
        out
    }

    /// A notation of the same decimal number.
    fn number(&mut self, text: &str) -> String {
        if text.contains(['e', 'E']) {
            return text.to_owned();
        }
        let zeros = "0".repeat(self.pick(4));
        let with_zeros = match (text.contains('.'), zeros.is_empty()) {
            (_, true) => text.to_owned(),
            (true, false) => format!("{text}{zeros}"),
            (false, false) => format!("{text}.{zeros}"),
        };
        let exponent = ["", "", "e0", "E+00", "e-0"][self.pick(5)];
        match self.pick(6) {
            1 if !text.contains('.') => format!("{text}{zeros}e-{}", zeros.len()),
            _ => format!("{with_zeros}{exponent}"),
        }
    }
}

fn escape(out: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}
