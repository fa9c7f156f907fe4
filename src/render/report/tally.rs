//! Marks: one display form for plan states and final statuses, and counts of them.
//! Pure. A mark has a word and a symbol, so its color only repeats them.

use super::ReportRow;
use crate::pipeline::outcome::FinalStatus;
use crate::pipeline::plan::StepState;
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
    pub(in crate::render) fn css_class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Change => "change",
            Self::Quiet => "quiet",
            Self::Bad => "bad",
            Self::Unclear => "unclear",
        }
    }

    pub(super) fn from_meaning(meaning: Meaning) -> Self {
        match meaning {
            Meaning::State(StepState::Create) | Meaning::Success => Self::Good,
            Meaning::State(StepState::Update) | Meaning::Warning | Meaning::Hint => Self::Change,
            Meaning::State(StepState::Unchanged) | Meaning::Faint | Meaning::Heading => Self::Quiet,
            Meaning::State(StepState::Conflict | StepState::Blocked) | Meaning::Error => Self::Bad,
            Meaning::State(StepState::Ambiguous) => Self::Unclear,
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

impl From<StepState> for Mark {
    fn from(state: StepState) -> Self {
        Self {
            word: state.word(),
            code: state.word(),
            symbol: symbol(state),
            tone: Tone::from_meaning(Meaning::State(state)),
        }
    }
}

impl From<FinalStatus> for Mark {
    fn from(status: FinalStatus) -> Self {
        Self {
            word: status.word(),
            code: status.code(),
            symbol: status.symbol(),
            tone: Tone::from_meaning(status.into()),
        }
    }
}

/// Number of rows by mark, in the order in which the marks first occur.
pub(in crate::render) fn count_marks<'r>(
    rows: impl Iterator<Item = &'r ReportRow<'r>>,
) -> Vec<(Mark, usize)> {
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
pub(in crate::render) fn rows_by_kind<'r>(
    rows: impl Iterator<Item = &'r ReportRow<'r>>,
) -> Vec<(&'r str, Vec<&'r ReportRow<'r>>)> {
    let mut kinds: std::collections::BTreeMap<&str, Vec<&ReportRow<'_>>> =
        std::collections::BTreeMap::new();
    for row in rows {
        kinds.entry(&row.kind).or_default().push(row);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    kinds
}
