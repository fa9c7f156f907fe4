//! A command that the program proposes: the one place that writes them, so that each works when it is pasted into a
//! shell.

use crate::untrusted;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The commands that are proposed with what they need: each is the first word of a proposal.
const PROPOSED: [&str; 9] = [
    "apply",
    "deliver-test",
    "idmap",
    "plan",
    "report",
    "rollback",
    "rules",
    "runs",
    "verify",
];

/// What comes before the command at the end of a text, and that command; `None` if the text ends otherwise.
pub fn split_at_end(text: &str) -> Option<(&str, &str)> {
    let (before, arguments) = text.rsplit_once(": hookferry ")?;
    let name = arguments.split(' ').next()?;
    let start = before.len() + ": ".len();
    PROPOSED
        .contains(&name)
        .then(|| (&text[..start], &text[start..]))
}

/// A command line of this program, as a person pastes it into a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    text: String,
}

/// Words of a command line, each as the program gets it: without quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(Vec<String>);

impl Proposal {
    /// The command of this name, such as `runs close`, without arguments.
    pub fn new(command: &str) -> Self {
        debug_assert!(
            command
                .split(' ')
                .next()
                .is_some_and(|name| PROPOSED.contains(&name))
        );
        Self {
            text: format!("hookferry {command}"),
        }
    }

    /// Adds one word, quoted as a shell needs it.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        self.text.push(' ');
        self.text.push_str(&quoted(word));
        self
    }

    /// Adds an option with its value.
    #[must_use]
    pub fn option(self, name: &str, value: &str) -> Self {
        let mut words = Words::default();
        words.push_option(name, value);
        self.words(&words)
    }

    /// Adds an option with its value, if there is one.
    #[must_use]
    pub fn maybe_option(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }

    /// Adds words.
    #[must_use]
    pub fn words(self, words: &Words) -> Self {
        words
            .0
            .iter()
            .fold(self, |command, word| command.word(word))
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Words {
    /// Adds one word.
    pub fn push(&mut self, word: impl Into<String>) {
        self.0.push(word.into());
    }

    /// Adds an option with its value.
    ///
    /// Both are one word where the value would pass for an option of its own.
    pub fn push_option(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if value.starts_with('-') && value != "-" {
            return self.push(format!("{name}={value}"));
        }
        self.push(name);
        self.push(value);
    }

    /// Adds words.
    pub fn extend(&mut self, words: &Self) {
        self.0.extend_from_slice(&words.0);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes them as they are typed.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|word| quoted(word)).collect();
        f.write_str(&words.join(" "))
    }
}

/// The word as a shell reads it: in quotes if it means anything else without them.
///
/// What a terminal would not show as it is, is spelled out, because no word may forge a line of the output.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    let shown = untrusted::escape(word);
    // Some shells look for a program behind a leading `=`.
    if !shown.is_empty() && !shown.starts_with('=') && shown.chars().all(is_plain) {
        shown
    } else {
        format!("'{}'", shown.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Proposal, split_at_end};

    #[test]
    fn a_command_at_the_end_is_told_from_prose() {
        let text = "to undo: this run: hookferry rollback latest --to 'a: b'";
        let split = split_at_end(text);
        assert_eq!(
            split,
            Some((
                "to undo: this run: ",
                "hookferry rollback latest --to 'a: b'"
            ))
        );
        for text in [
            "undo it",
            "pass it: hookferry sends a key",
            "hookferry runs",
        ] {
            assert_eq!(split_at_end(text), None, "{text}");
        }
    }

    #[test]
    fn a_word_stays_one_word_in_a_shell() {
        for (word, text) in [
            ("prod-eu", "prod-eu"),
            ("https://eu1.example:8080/a", "https://eu1.example:8080/a"),
            ("", "''"),
            ("my folder", "'my folder'"),
            ("!prod-*", "'!prod-*'"),
            ("it's", r"'it'\''s'"),
            ("`touch x`; $(y)", "'`touch x`; $(y)'"),
            ("a\nb\u{1b}[2J", r"'a\nb\u{1b}[2J'"),
        ] {
            let command = Proposal::new("rollback").word(word);
            assert_eq!(command.to_string(), format!("hookferry rollback {text}"));
        }
    }
}
