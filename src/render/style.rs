//! The few styles, named by what they mean; every one of them only repeats what a word or a symbol says already.
//! Never carries meaning by colour alone, and never decides whether a stream gets colour.

use crate::pipeline::outcome::Ending;
use crate::pipeline::plan::State;
use anstyle::{AnsiColor, Style};

/// What a piece of text means to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Something that a plan does to a webhook, or does not.
    State(State),
    /// The line that the eye should find first.
    Heading,
    /// The next step.
    Hint,
    /// Something that should be read before saying yes.
    Warning,
    /// Something that went wrong.
    Error,
    /// Something that went well.
    Success,
    /// What matters least on its line.
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

/// The character that stands for a state at the start of a line.
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
    /// Text alone.
    Plain,
    /// Text with ANSI codes.
    Coloured,
}

impl Palette {
    /// The text in the style of its meaning; alignment has to be done before, codes have no width.
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
