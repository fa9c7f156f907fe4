//! Lists webhooks in groups under headings; only counts a long group that needs no attention.
//! Pure.

use super::rows::{Layout, Line};
use super::style::Meaning;
use crate::render::page::Page;

/// One webhook: the word of its group, its line, and the item that the line shows.
pub(super) struct GroupRow<'r, T> {
    pub(super) group: &'static str,
    pub(super) line: Line,
    pub(super) item: &'r T,
}

/// Appends the rows group by group, in the order of `words`; `quiet` is the group that needs no attention.
pub(super) fn push_groups<T>(
    out: &mut String,
    words: &[&str],
    quiet: &str,
    rows: &[GroupRow<'_, T>],
    details: impl Fn(&mut String, &T),
    page: Page,
) {
    let count = |word: &str| rows.iter().filter(|row| row.group == word).count();
    let is_counted = |word: &str| page.folds_quiet() && word == quiet;
    let listed = || rows.iter().filter(|row| !is_counted(row.group));
    let layout = Layout::fit(listed().map(|row| &row.line), page);
    for word in words {
        let n = count(word);
        if n == 0 {
            continue;
        }
        let folded = if is_counted(word) {
            " (--all lists them)"
        } else {
            ""
        };
        let heading = format!("{n} {word}{folded}");
        out.push_str(&page.palette.paint(Meaning::Heading, &heading));
        out.push('\n');
        for row in listed().filter(|row| row.group == *word) {
            row.line.write(out, layout, page);
            details(out, row.item);
        }
        out.push('\n');
    }
}
