//! Renders where a cut-over stands, as text.
//! Pure.

use super::columns::{padded, wrapped};
use super::style::Meaning;
use crate::document::{CutOverState, CutOverStep};
use crate::render::page::Page;
use std::fmt::Write as _;

/// Columns before the text of a step: the two words and the space around them.
const INDENT: usize = 19;

impl CutOverState {
    /// Its style, as every output has it.
    pub(super) fn meaning(self) -> Meaning {
        match self {
            Self::Done => Meaning::Success,
            Self::Open => Meaning::Warning,
            Self::Attention => Meaning::Error,
        }
    }
}

/// Appends the steps with their commands; nothing if there are none.
pub(super) fn push_cut_over(out: &mut String, steps: &[CutOverStep], page: Page) {
    if steps.is_empty() {
        return;
    }
    let heading = page.palette.paint(Meaning::Heading, "cut-over");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{heading}");
    for step in steps {
        let word = padded(step.state.word(), 5);
        let word = page.palette.paint(step.state.meaning(), &word);
        let text = wrapped(&step.text, page.width.saturating_sub(INDENT), 0)
            .replace('\n', &format!("\n{}", " ".repeat(INDENT)));
        let _ = writeln!(out, "  {word}  {}  {text}", padded(step.step.word(), 8));
        if let Some(command) = &step.command {
            let command = page.palette.paint(Meaning::Hint, command);
            let _ = writeln!(out, "         {command}");
        }
    }
    out.push('\n');
}
