//! Webhooks in groups under a heading each: what is as it should be is counted where there is much of it.
//! Pure.

use super::rows::{Layout, Line, below};
use super::style::Meaning;
use crate::render::page::Page;

/// One webhook: the group that it belongs to, its line, and what the line stands for.
pub(super) struct Row<'r, T> {
    pub(super) word: &'static str,
    pub(super) line: Line,
    pub(super) of: &'r T,
}

/// Appends the rows by their groups, in the order of the words; `quiet` is the word of those that need no look.
pub(super) fn groups<T>(
    out: &mut String,
    words: &[&str],
    quiet: &str,
    rows: &[Row<'_, T>],
    details: impl Fn(&mut String, &T),
    page: Page,
) {
    let count = |word: &str| rows.iter().filter(|row| row.word == word).count();
    let counts_quiet = page.counts(count(quiet));
    let is_counted = |word: &str| counts_quiet && word == quiet;
    let listed = || rows.iter().filter(|row| !is_counted(row.word));
    let layout = Layout::of(listed().map(|row| &row.line), page);
    for word in words {
        let n = count(word);
        if n == 0 {
            continue;
        }
        out.push_str(&page.palette.paint(Meaning::Heading, &format!("{n} {word}")));
        out.push('\n');
        if is_counted(word) {
            below(out, "(-o json lists them)", page);
        }
        for row in listed().filter(|row| row.word == *word) {
            row.line.write(out, layout, page);
            details(out, row.of);
        }
        out.push('\n');
    }
}
