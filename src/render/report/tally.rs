//! States and endings as one kind of mark, and how many of each there are.
//! Pure. A mark has a word and a symbol, so that its colour only repeats them.

use super::Row;
use crate::pipeline::outcome::Ending;
use crate::pipeline::plan::State;
use crate::render::style::{Meaning, symbol};

/// What a colour repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum Tone {
    /// It arrives, or all went well.
    Good,
    /// It is changed.
    Change,
    /// It stays.
    Quiet,
    /// Something is in the way, or went wrong.
    Bad,
    /// Nobody can tell.
    Unclear,
}

impl Tone {
    /// The name of its style.
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

/// A state or an ending as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) struct Mark {
    pub(in crate::render) word: &'static str,
    /// The word for programs.
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

/// How many rows have each mark, in the order in which marks first appear.
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

/// The rows of each type, the most frequent type first.
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
