//! Renders where a cut-over stands, as text.
//! Pure.

use super::status_lines::{push_command, push_status_line};
use super::style::Meaning;
use crate::document::{CutOverState, CutOverStep};
use crate::render::page::Page;

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
    out.push_str(&heading);
    out.push('\n');
    for step in steps {
        let state = (step.state.word(), step.state.meaning());
        push_status_line(out, state, step.step.word(), &step.text, page);
        if let Some(command) = &step.command {
            push_command(out, command, page);
        }
    }
    out.push('\n');
}
