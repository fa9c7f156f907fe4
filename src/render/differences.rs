//! The differences between two webhooks, place by place.
//! Pure. Two values that differ never look the same, except where masking hides both, which the line then says.

use super::columns::{padded, truncated_to_differ, width};
use super::page::Page;
use super::rows::{INDENT, push_remark};
use super::side_words::SideWords;
use crate::coralogix::mask::Masked;
use crate::document::DifferenceDocument;
use crate::untrusted::name_cell;
use std::fmt::Write as _;

/// The number of differences listed for one webhook; the rest is only counted.
const MAX_LISTED: usize = 12;
/// Columns that a value gets at least.
const MIN_ROOM: usize = 20;
/// Indentation of a side below its path.
const SIDE_INDENT: usize = INDENT + 2;

/// The labels of the two sides of a difference.
#[derive(Clone, Copy)]
pub(super) struct SideLabels(&'static str, &'static str);

impl SideLabels {
    pub(super) const LEFT_AND_RIGHT: Self = Self("left", "right");
}

/// A place where two webhooks differ, as it is shown.
struct Row {
    path: String,
    one: String,
    other: String,
}

/// Appends the differences between the source's and the target's webhook.
pub(super) fn push_differences(
    out: &mut String,
    differences: &[DifferenceDocument],
    words: SideWords,
    page: Page,
) {
    let [source, target] = words.labels;
    push_differences_between(out, differences, SideLabels(source, target), page);
}

/// Appends the differences between two webhooks: a line each, or three where one is too narrow.
pub(super) fn push_differences_between(
    out: &mut String,
    differences: &[DifferenceDocument],
    labels: SideLabels,
    page: Page,
) {
    let max_listed = if page.detail.shows_values {
        differences.len()
    } else {
        MAX_LISTED
    };
    let listed = &differences[..differences.len().min(max_listed)];
    let rows: Vec<Row> = listed.iter().map(Row::new).collect();
    let path = rows.iter().map(|row| width(&row.path)).max();
    let sides = rows.iter().filter(|row| !row.looks_equal());
    let one = sides.map(|row| width(&row.one)).max();
    for row in &rows {
        let line = row.on_one_line(labels, path.unwrap_or(0), one.unwrap_or(0));
        // Writing to a string cannot fail.
        let _ = if row.looks_equal() || width(&line) <= page.width {
            writeln!(out, "{line}")
        } else {
            writeln!(out, "{}", row.on_three_lines(labels, page))
        };
    }
    let n_more = differences.len() - listed.len();
    if n_more > 0 {
        push_remark(
            out,
            &format!("and {n_more} more (-o json lists them)"),
            page,
        );
    }
}

impl Row {
    fn new(difference: &DifferenceDocument) -> Self {
        let side = |value: Option<&Masked>| value.map_or("nothing".to_owned(), Masked::to_string);
        Self {
            path: name_cell(&difference.path),
            one: side(difference.source.as_ref()),
            other: side(difference.target.as_ref()),
        }
    }

    /// Whether masking hides what differs.
    fn looks_equal(&self) -> bool {
        self.one == self.other
    }

    fn on_one_line(&self, labels: SideLabels, path_width: usize, one_width: usize) -> String {
        let path = padded(&self.path, path_width);
        let sides = if self.looks_equal() {
            format!("both {}, different", self.one)
        } else {
            let one = padded(&self.one, one_width);
            format!("{} {one}  {} {}", labels.0, labels.1, self.other)
        };
        format!("{}{path}  {sides}", " ".repeat(INDENT))
    }

    /// The path, and each side on a line of its own; cut to the page's width, unless all detail is wanted.
    fn on_three_lines(&self, labels: SideLabels, page: Page) -> String {
        let label_width = labels.0.len().max(labels.1.len());
        let room = page.width.saturating_sub(SIDE_INDENT + label_width + 2);
        let [one, other] = if page.detail.shows_values {
            [self.one.clone(), self.other.clone()]
        } else {
            truncated_to_differ([&self.one, &self.other], room.max(MIN_ROOM))
        };
        let path = format!("{}{}", " ".repeat(INDENT), self.path);
        let side = |label, text| {
            let indent = " ".repeat(SIDE_INDENT);
            format!("{indent}{}  {text}", padded(label, label_width))
        };
        [path, side(labels.0, one), side(labels.1, other)].join("\n")
    }
}
