//! Counts by type and state as stacked bars: an inline SVG whose lengths are per cent, so that text keeps its size.
//! Says everything in words too, and marks every piece with its symbol, so that no colour is needed.

use super::escape::EscapedText;
use crate::render::report::{Mark, Report, ReportRow, count_marks, rows_by_kind};
use std::fmt::Write as _;

/// Types beyond these share a bar.
const MAX_BARS: usize = 12;
/// The height of a bar with its label, and of the bar alone.
const ROW_HEIGHT: usize = 36;
const BAR_HEIGHT: usize = 15;
/// The narrowest piece, in per cent, in which a symbol has room.
const MIN_PIECE_PERCENT: f64 = 3.0;

/// A type and how many of its webhooks are in each state.
struct Bar<'r> {
    label: &'r str,
    pieces: Vec<(Mark, usize)>,
}

impl Bar<'_> {
    fn total(&self) -> usize {
        self.pieces.iter().map(|(_, n)| n).sum()
    }

    /// `slack: 2 create, 1 unchanged`.
    fn description(&self) -> String {
        let words: Vec<String> = self
            .pieces
            .iter()
            .map(|(mark, n)| format!("{n} {}", mark.word))
            .collect();
        format!("{}: {}", self.label, words.join(", "))
    }
}

/// The picture with its caption; nothing where there is no webhook.
pub(super) fn push_figure(out: &mut String, report: &Report<'_>) {
    let bars = bars(report);
    if bars.is_empty() {
        return;
    }
    let height = bars.len() * ROW_HEIGHT;
    let words: Vec<String> = bars.iter().map(Bar::description).collect();
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        out,
        "<figure><figcaption><h2>By type</h2></figcaption>\n\
         <svg role=\"img\" aria-labelledby=\"chart-title chart-desc\" width=\"100%\" height=\"{height}\">\n\
         <title id=\"chart-title\">Webhooks by type and state</title>\n<desc id=\"chart-desc\">{}.</desc>\n",
        EscapedText(&words.join("; "))
    );
    let longest = bars.iter().map(Bar::total).max().unwrap_or(1);
    for (ix, bar) in bars.iter().enumerate() {
        push_bar(out, bar, ix * ROW_HEIGHT, longest);
    }
    out.push_str("</svg>\n<ul class=\"legend\" aria-hidden=\"true\">");
    for (mark, n) in report.counts.iter().filter(|(_, n)| *n > 0) {
        let Mark {
            word, symbol, tone, ..
        } = *mark;
        let _ = write!(
            out,
            "<li><span class=\"mark {}\">{symbol}</span> {word} {n}</li>",
            tone.css_class()
        );
    }
    out.push_str("</ul></figure>\n");
}

fn bars<'r>(report: &'r Report<'_>) -> Vec<Bar<'r>> {
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
    let bar = |(label, rows): (&'r str, Vec<&'r ReportRow<'r>>)| Bar {
        label,
        pieces: count_marks(rows.into_iter()),
    };
    kinds.into_iter().map(bar).collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the length of a bar is not counted in webhooks"
)]
fn push_bar(out: &mut String, bar: &Bar<'_>, top: usize, longest: usize) {
    let total = bar.total().max(1);
    let n_pieces = bar.pieces.len() as f64;
    let least = MIN_PIECE_PERCENT * n_pieces;
    // Widened where symbols would not have room; the numbers are beside it.
    let whole = (100.0 * total as f64 / longest.max(1) as f64).max(least);
    let _ = writeln!(
        out,
        "<text x=\"0\" y=\"{}\">{}</text><text x=\"100%\" y=\"{}\" class=\"n\">{}</text>",
        top + 12,
        EscapedText(bar.label),
        top + 12,
        bar.total()
    );
    let mut x = 0.0;
    for (mark, n) in &bar.pieces {
        let width = MIN_PIECE_PERCENT + (whole - least) * *n as f64 / total as f64;
        let class = mark.tone.css_class();
        let top = top + 17;
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x:.2}%\" y=\"{top}\" width=\"{width:.2}%\" height=\"{BAR_HEIGHT}\"/>\
             <text class=\"s {class}\" x=\"{:.2}%\" y=\"{}\">{}</text>",
            x + width / 2.0,
            top + 11,
            EscapedText(mark.symbol)
        );
        x += width;
    }
}
