//! Counts by type and state as stacked bars: the numbers of a picture whose lengths are per cent, so that text keeps
//! its size.

use crate::render::report::{Mark, Report, ReportRow, count_marks, rows_by_kind};

/// Types beyond these share a bar.
const MAX_BARS: usize = 12;
/// The height of a bar with its label.
const ROW_HEIGHT: usize = 36;
/// The narrowest piece, in per cent, in which a symbol has room.
const MIN_PIECE_PERCENT: f64 = 3.0;

/// The picture; without bars where there is no webhook.
pub(super) struct Chart<'r> {
    pub(super) bars: Vec<Bar<'r>>,
    pub(super) height: usize,
    /// `slack: 2 create, 1 unchanged; jira: 1 create`.
    pub(super) description: String,
}

/// A type and how many of its webhooks are in each state.
pub(super) struct Bar<'r> {
    pub(super) label: &'r str,
    pub(super) total: usize,
    pub(super) top: usize,
    pub(super) pieces: Vec<Piece>,
}

/// The webhooks of one state; lengths are texts of per cent.
pub(super) struct Piece {
    pub(super) symbol: &'static str,
    pub(super) class: &'static str,
    pub(super) x: String,
    pub(super) middle: String,
    pub(super) width: String,
}

type Counts = Vec<(Mark, usize)>;

impl<'r> Chart<'r> {
    pub(super) fn new(report: &'r Report<'_>) -> Self {
        let counts = counts_by_kind(report);
        let total = |counts: &Counts| counts.iter().map(|(_, n)| n).sum();
        let longest = counts.iter().map(|(_, counts)| total(counts)).max();
        let words: Vec<String> = counts.iter().map(description).collect();
        let tops = (0..).step_by(ROW_HEIGHT);
        let bars = counts.into_iter().zip(tops).map(|((label, counts), top)| {
            let total = total(&counts);
            Bar {
                label,
                total,
                top,
                pieces: pieces(&counts, total.max(1), longest.unwrap_or(1).max(1)),
            }
        });
        Self {
            height: words.len() * ROW_HEIGHT,
            description: words.join("; "),
            bars: bars.collect(),
        }
    }
}

fn counts_by_kind<'r>(report: &'r Report<'_>) -> Vec<(&'r str, Counts)> {
    let mut kinds = rows_by_kind(report.rows());
    let others: Vec<&ReportRow<'_>> = if kinds.len() > MAX_BARS {
        let others = kinds.split_off(MAX_BARS - 1);
        others.into_iter().flat_map(|(_, rows)| rows).collect()
    } else {
        Vec::new()
    };
    if !others.is_empty() {
        kinds.push(("other types", others));
    }
    let count =
        |(label, rows): (&'r str, Vec<&'r ReportRow<'r>>)| (label, count_marks(rows.into_iter()));
    kinds.into_iter().map(count).collect()
}

fn description((label, counts): &(&str, Counts)) -> String {
    let words = counts.iter().map(|(mark, n)| format!("{n} {}", mark.word));
    format!("{label}: {}", words.collect::<Vec<String>>().join(", "))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the length of a bar is not counted in webhooks"
)]
fn pieces(counts: &Counts, total: usize, longest: usize) -> Vec<Piece> {
    let least = MIN_PIECE_PERCENT * counts.len() as f64;
    // Widened where symbols would not have room; the numbers are beside it.
    let whole = (100.0 * total as f64 / longest as f64).max(least);
    let percent = |number: f64| format!("{number:.2}");
    let mut x = 0.0;
    let piece = |(mark, n): &(Mark, usize)| {
        let width = MIN_PIECE_PERCENT + (whole - least) * *n as f64 / total as f64;
        let piece = Piece {
            symbol: mark.symbol,
            class: mark.tone.css_class(),
            x: percent(x),
            middle: percent(x + width / 2.0),
            width: percent(width),
        };
        x += width;
        piece
    };
    counts.iter().map(piece).collect()
}
