//! Lines that each say how one subject stands: a word for the state, the subject, and a text, in columns.
//! Pure.

use super::columns::{padded, wrapped};
use super::style::Meaning;
use crate::render::page::Page;
use std::fmt::Write as _;

/// Width of the word for the state.
const STATE_WIDTH: usize = 7;
/// Width of the subject.
const SUBJECT_WIDTH: usize = 8;
/// Columns before the text: two cells and the space around them.
const INDENT: usize = "  ".len() + STATE_WIDTH + "  ".len() + SUBJECT_WIDTH + "  ".len();

/// Appends one line; a text that is too long goes on below itself.
pub(super) fn push_status_line(
    out: &mut String,
    (state, meaning): (&str, Meaning),
    subject: &str,
    text: &str,
    page: Page,
) {
    let state = page.palette.paint(meaning, &padded(state, STATE_WIDTH));
    let text = wrapped(text, page.width.saturating_sub(INDENT), 0)
        .replace('\n', &format!("\n{}", " ".repeat(INDENT)));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  {state}  {}  {text}", padded(subject, SUBJECT_WIDTH));
}

/// Appends a command below a line, where it can be copied whole.
pub(super) fn push_command(out: &mut String, command: &str, page: Page) {
    let indent = " ".repeat("  ".len() + STATE_WIDTH + "  ".len());
    let command = page.palette.paint(Meaning::Hint, command);
    let _ = writeln!(out, "{indent}{command}");
}
