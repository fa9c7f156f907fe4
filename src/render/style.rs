//! Text styles, named by meaning; each only repeats what a word or symbol already says.
//! Never conveys meaning by color alone, and never decides whether a stream gets color.

use crate::pipeline::outcome::FinalStatus;
use crate::pipeline::plan::StepState;
use anstyle::{AnsiColor, Style};

/// The meaning of a piece of text, which determines its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The state of a plan step.
    State(StepState),
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
        let foreground = |color: AnsiColor| color.on_default();
        match self {
            Self::State(StepState::Create) | Self::Success => foreground(AnsiColor::Green),
            Self::State(StepState::Update) => foreground(AnsiColor::Yellow),
            Self::State(StepState::Unchanged) | Self::Faint => Style::new().dimmed(),
            Self::State(StepState::Conflict | StepState::Blocked) => foreground(AnsiColor::Red),
            Self::State(StepState::Ambiguous) => foreground(AnsiColor::Magenta),
            Self::Heading => Style::new().bold(),
            Self::Hint => foreground(AnsiColor::Cyan),
            Self::Warning => foreground(AnsiColor::Yellow).bold(),
            Self::Error => foreground(AnsiColor::Red).bold(),
        }
    }
}

impl From<FinalStatus> for Meaning {
    fn from(status: FinalStatus) -> Self {
        match status {
            FinalStatus::Created => Self::State(StepState::Create),
            FinalStatus::Updated => Self::State(StepState::Update),
            FinalStatus::Unchanged
            | FinalStatus::Appeared
            | FinalStatus::Skipped
            | FinalStatus::NotSent => Self::Faint,
            FinalStatus::Refused
            | FinalStatus::Ignored
            | FinalStatus::Vanished
            | FinalStatus::Missing
            | FinalStatus::Duplicated => Self::State(StepState::Blocked),
            FinalStatus::Unresolved | FinalStatus::NotSeen => Self::State(StepState::Ambiguous),
        }
    }
}

/// The character that marks a state at the start of a line.
pub fn symbol(state: StepState) -> &'static str {
    match state {
        StepState::Create => "+",
        StepState::Update => "~",
        StepState::Unchanged => "=",
        StepState::Conflict => "!",
        StepState::Ambiguous => "?",
        StepState::Blocked => "x",
    }
}

/// Whether a renderer's text carries ANSI codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// Text without ANSI codes.
    Plain,
    /// Text with ANSI codes.
    Colored,
}

impl Palette {
    /// The text in the style of its meaning. Pad it before painting: ANSI codes would distort its length.
    pub fn paint(self, meaning: Meaning, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colored if text.is_empty() => String::new(),
            Self::Colored => {
                let style = meaning.style();
                format!("{style}{text}{style:#}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, Palette, symbol};
    use crate::pipeline::plan::StepState;

    #[test]
    fn the_plain_palette_adds_nothing() {
        assert_eq!(Palette::Plain.paint(Meaning::Error, "gone"), "gone");
        assert_eq!(
            Palette::Colored.paint(Meaning::Heading, "plan"),
            "\u{1b}[1mplan\u{1b}[0m"
        );
    }

    #[test]
    fn every_state_has_a_symbol_of_its_own() {
        let symbols: std::collections::BTreeSet<&str> =
            StepState::ALL.iter().map(|state| symbol(*state)).collect();
        assert_eq!(symbols.len(), StepState::ALL.len());
    }
}
