//! Marks: one display form for plan states and final statuses, and counts of them.
//! Pure. A mark has a word and a symbol, so its color only repeats them.

use super::Row;
use crate::pipeline::outcome::Ending;
use crate::pipeline::plan::State;
use crate::render::style::{Meaning, symbol};

/// The tone of a mark or a conclusion; colors only repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum Tone {
    /// A create, or success.
    Good,
    /// An update, or something to note.
    Change,
    /// No change.
    Quiet,
    /// A conflict, a block or an error.
    Bad,
    /// Ambiguous or unknown.
    Unclear,
}

impl Tone {
    /// The CSS class of the tone.
    pub(in crate::render) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Change => "change",
            Self::Quiet => "quiet",
            Self::Bad => "bad",
            Self::Unclear => "unclear",
        }
    }

    pub(super) fn of(meaning: Meaning) -> Self {
        match meaning {
            Meaning::State(State::Create) | Meaning::Success => Self::Good,
            Meaning::State(State::Update) | Meaning::Warning | Meaning::Hint => Self::Change,
            Meaning::State(State::Unchanged) | Meaning::Faint | Meaning::Heading => Self::Quiet,
            Meaning::State(State::Conflict | State::Blocked) | Meaning::Error => Self::Bad,
            Meaning::State(State::Ambiguous) => Self::Unclear,
        }
    }
}

/// The display form of a plan state or a final status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) struct Mark {
    pub(in crate::render) word: &'static str,
    /// The code for programs; names the group in ids and filters of the HTML page.
    pub(in crate::render) code: &'static str,
    pub(in crate::render) symbol: &'static str,
    pub(in crate::render) tone: Tone,
}

impl From<State> for Mark {
    fn from(state: State) -> Self {
        Self {
            word: state.word(),
            code: state.word(),
            symbol: symbol(state),
            tone: Tone::of(Meaning::State(state)),
        }
    }
}

impl From<Ending> for Mark {
    fn from(ending: Ending) -> Self {
        Self {
            word: ending.word(),
            code: ending.code(),
            symbol: ending.symbol(),
            tone: Tone::of(ending.into()),
        }
    }
}

/// Number of rows by mark, in the order in which the marks first occur.
pub(in crate::render) fn tally<'r>(rows: impl Iterator<Item = &'r Row<'r>>) -> Vec<(Mark, usize)> {
    let mut counts: Vec<(Mark, usize)> = Vec::new();
    for row in rows {
        match counts.iter_mut().find(|(mark, _)| *mark == row.mark) {
            Some((_, n)) => *n += 1,
            None => counts.push((row.mark, 1)),
        }
    }
    counts
}

/// The rows by type, the most frequent type first.
pub(in crate::render) fn by_kind<'r>(
    rows: impl Iterator<Item = &'r Row<'r>>,
) -> Vec<(&'r str, Vec<&'r Row<'r>>)> {
    let mut kinds: std::collections::BTreeMap<&str, Vec<&Row<'_>>> =
        std::collections::BTreeMap::new();
    for row in rows {
        kinds.entry(&row.kind).or_default().push(row);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    kinds
}
