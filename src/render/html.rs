//! A report as one HTML file that needs nothing else: no request, no script but its own, readable without any.
//! The template escapes whatever it writes, and writes no text of a document into a style or a script.

mod chart;

use super::escape::fill_file;
use super::filters;
use super::report::{Report, ReportRow, Tone, rows_by_kind, split_code};
use crate::coralogix::mask::Masked;
use crate::document::DifferenceDocument;
use crate::wording::counted;
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chart::Chart;
use ring::digest::{SHA256, digest};

/// Looks; colours only repeat what words and symbols say.
const STYLE: &str = include_str!("html/report.css");
/// Search, filters and the choice of a theme; without it the page has no controls and lacks nothing else.
const SCRIPT: &str = include_str!("html/report.js");
/// So that no browser asks a server for one.
const ICON: &str = include_str!("html/icon.txt").trim_ascii_end();
/// The most rows of one table.
const MAX_TABLE_ROWS: usize = 200;

#[derive(Template)]
#[template(path = "html/report.html")]
struct ReportPage<'r> {
    report: &'r Report<'r>,
    chart: Chart<'r>,
    policy: String,
}

/// The whole page.
pub fn html(report: &Report<'_>) -> String {
    fill_file(&ReportPage {
        report,
        chart: Chart::new(report),
        policy: policy(),
    })
}

/// Allows this very style, this very script and pictures inside the page; nothing else, from nowhere.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// `2 differences, 1 field`.
fn details_text(row: &ReportRow<'_>) -> String {
    let counts = [
        (row.differences.len(), "difference"),
        (row.fields.len(), "field"),
    ];
    let some = counts.iter().filter(|(n, _)| *n > 0);
    let words: Vec<String> = some.map(|(n, noun)| counted(*n, noun)).collect();
    words.join(", ")
}

/// Whether the page shows the same on both sides.
fn looks_alike(difference: &DifferenceDocument) -> bool {
    let pieces = |side: &Option<Masked>| side.as_ref().map(masked_pieces);
    pieces(&difference.source) == pieces(&difference.target)
}

/// A value on one line, in pieces; the flag says whether a piece stands for what is hidden.
fn masked_pieces(value: &Masked) -> Vec<(String, bool)> {
    let mut pieces = Vec::new();
    push_pieces(&mut pieces, value);
    pieces
}

fn push_pieces(pieces: &mut Vec<(String, bool)>, value: &Masked) {
    let mut push = |text: &str| pieces.push((text.to_owned(), false));
    match value {
        Masked::Array(elements) => {
            push("[");
            for (ix, element) in elements.iter().enumerate() {
                if ix > 0 {
                    pieces.push((", ".to_owned(), false));
                }
                push_pieces(pieces, element);
            }
            pieces.push(("]".to_owned(), false));
        }
        Masked::Object(members) => {
            push("{");
            for (ix, (key, value)) in members.iter().enumerate() {
                let comma = if ix > 0 { ", " } else { "" };
                pieces.push((format!("{comma}{key}: "), false));
                push_pieces(pieces, value);
            }
            pieces.push(("}".to_owned(), false));
        }
        plain => pieces.push((plain.to_string(), matches!(plain, Masked::Hidden(_)))),
    }
}

#[cfg(test)]
mod tests {
    use super::masked_pieces;
    use crate::coralogix::mask::Masked;

    #[test]
    fn what_is_hidden_cannot_be_imitated() {
        let members = vec![
            ("k".to_owned(), Masked::Text("(key)".to_owned())),
            ("h".to_owned(), Masked::hidden("key")),
        ];
        let pieces = masked_pieces(&Masked::Array(vec![Masked::Object(members)]));
        let hidden: Vec<&str> = pieces
            .iter()
            .filter(|(_, is_hidden)| *is_hidden)
            .map(|(piece, _)| piece.as_str())
            .collect();
        let text: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
        assert_eq!(text, "[{k: \"(key)\", h: (key)}]");
        assert_eq!(hidden, ["(key)"]);
        assert_eq!(pieces.len(), 8);
    }
}
