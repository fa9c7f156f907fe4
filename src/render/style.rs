//! Text styles, named by meaning; each only repeats what a word or symbol already says.
//! Never conveys meaning by color alone, and never decides whether a stream gets color.

use crate::pipeline::outcome::Ending;
use crate::pipeline::plan::State;
use anstyle::{AnsiColor, Style};

/// The meaning of a piece of text, which determines its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The state of a plan step.
    State(State),
    /// A line that the eye should find first.
    Heading,
    /// A next step.
    Hint,
    /// Something to read before confirming.
    Warning,
    /// A failure.
    Error,
    /// A success.
    Success,
    /// The least important part of its line.
    Faint,
}

impl Meaning {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| colour.on_default();
        match self {
            Self::State(State::Create) | Self::Success => colour(AnsiColor::Green),
            Self::State(State::Update) => colour(AnsiColor::Yellow),
            Self::State(State::Unchanged) | Self::Faint => Style::new().dimmed(),
            Self::State(State::Conflict | State::Blocked) => colour(AnsiColor::Red),
            Self::State(State::Ambiguous) => colour(AnsiColor::Magenta),
            Self::Heading => Style::new().bold(),
            Self::Hint => colour(AnsiColor::Cyan),
            Self::Warning => colour(AnsiColor::Yellow).bold(),
            Self::Error => colour(AnsiColor::Red).bold(),
        }
    }
}

impl From<Ending> for Meaning {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Created => Self::State(State::Create),
            Ending::Updated => Self::State(State::Update),
            Ending::Unchanged | Ending::Appeared | Ending::Skipped | Ending::NotSent => Self::Faint,
            Ending::Refused
            | Ending::Ignored
            | Ending::Vanished
            | Ending::Missing
            | Ending::Duplicated => Self::State(State::Blocked),
            Ending::Unresolved | Ending::NotSeen => Self::State(State::Ambiguous),
        }
    }
}

/// The character that marks a state at the start of a line.
pub fn symbol(state: State) -> &'static str {
    match state {
        State::Create => "+",
        State::Update => "~",
        State::Unchanged => "=",
        State::Conflict => "!",
        State::Ambiguous => "?",
        State::Blocked => "x",
    }
}

/// Whether a renderer's text carries ANSI codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// Text without ANSI codes.
    Plain,
    /// Text with ANSI codes.
    Coloured,
}

impl Palette {
    /// The text in the style of its meaning. Pad it before painting: ANSI codes would distort its length.
    pub fn paint(self, meaning: Meaning, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured if text.is_empty() => String::new(),
            Self::Coloured => {
                let style = meaning.style();
                format!("{style}{text}{style:#}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, Palette, symbol};
    use crate::pipeline::plan::State;

    #[test]
    fn the_plain_palette_adds_nothing() {
        assert_eq!(Palette::Plain.paint(Meaning::Error, "gone"), "gone");
        assert_eq!(
            Palette::Coloured.paint(Meaning::Heading, "plan"),
            "\u{1b}[1mplan\u{1b}[0m"
        );
    }

    #[test]
    fn every_state_has_a_symbol_of_its_own() {
        let symbols: std::collections::BTreeSet<&str> =
            State::ALL.iter().map(|state| symbol(*state)).collect();
        assert_eq!(symbols.len(), State::ALL.len());
    }
}
