//! Renders the id map, and the result of rewriting alert definitions with it: text, CSV, and JSON.
//! Pure. No cell can run as a formula in a spreadsheet, and no untrusted text reaches a terminal unescaped.

mod applied;

pub use applied::rewritten_json;

use super::columns::{padded, table, truncated, width};
use super::style::Meaning;
use crate::coralogix::alert::{UnresolvedReason, UnresolvedReference};
use crate::document::DocumentBody;
use crate::pipeline::idmap::{IdMap, IdPair, RepointedFile, RewrittenAlerts};
use crate::render::page::Page;
use crate::untrusted::name_cell;
use crate::untrusted::{escape, escape_truncated};
use crate::wording::counted;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// The header line of the CSV format.
const CSV_HEADER: &str = "source_id,target_id,type,alias,result\n";
/// Maximum width of an alias in columns.
const MAX_ALIAS_WIDTH: usize = 40;
/// Maximum width of an id in columns.
const MAX_ID_WIDTH: usize = 24;
/// Maximum number of unresolved references of a file, or of files left out, to list; the rest is only counted.
const MAX_LISTED: usize = 12;

/// Renders the map as CSV; `store::idmap` parses it.
pub fn id_map_csv(map: &IdMap) -> String {
    let mut out = String::from(CSV_HEADER);
    for row in map.pairs() {
        let ids = [row.source_id.as_str(), row.target_id.as_str()];
        let others = [row.kind.as_str(), &row.alias, &row.result];
        let cells: Vec<String> = ids.into_iter().chain(others).map(csv_cell).collect();
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}

/// Encodes a cell so that a spreadsheet treats it as text. A leading apostrophe in the text gets another one, so
/// that it can be distinguished from ours.
fn csv_cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']);
    let text = escape(text);
    let is_plain = !is_formula && text.trim() == text && !text.contains([',', '"', ';']);
    if is_plain {
        return text;
    }
    let apostrophe = if is_formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
}

/// The map as JSON.
#[derive(Serialize)]
struct IdMapDocument<'a> {
    id_map: &'a [IdPair],
}

impl DocumentBody for IdMapDocument<'_> {
    const KIND: &'static str = "id-map";
}

/// Renders the map as JSON.
pub fn id_map_json(map: &IdMap) -> impl DocumentBody {
    IdMapDocument {
        id_map: map.pairs(),
    }
}

/// Renders the map as a table.
pub fn id_map_text(map: &IdMap, page: Page) -> String {
    const HEADINGS: [&str; 5] = ["type", "alias", "source id", "target id", "result"];
    let rows: Vec<[String; 5]> = map.pairs().iter().map(table_cells).collect();
    let mut out = String::new();
    if !rows.is_empty() {
        out.push_str(&table(HEADINGS, &rows, page));
        out.push('\n');
    }
    let total = format!("{} in the id map", counted(rows.len(), "webhook"));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &total));
    out
}

fn table_cells(row: &IdPair) -> [String; 5] {
    [
        escape_truncated(&row.kind, MAX_ID_WIDTH),
        truncated(&name_cell(&row.alias), MAX_ALIAS_WIDTH),
        truncated(&row.source_id.to_string(), MAX_ID_WIDTH),
        truncated(&row.target_id.to_string(), MAX_ID_WIDTH),
        escape_truncated(&row.result, MAX_ID_WIDTH),
    ]
}

/// Renders the result of rewriting alert definitions: each file, then totals; `out` is the folder written to, if any.
pub fn rewritten_text(rewritten: &RewrittenAlerts, out: Option<&Path>, page: Page) -> String {
    let mut text = String::new();
    let names: Vec<String> = rewritten
        .files
        .iter()
        .map(|file| escape_path(&file.name))
        .collect();
    let others = rewritten.skipped.iter().map(|file| escape_path(&file.name));
    let others: Vec<String> = others.collect();
    let all = names.iter().chain(&others);
    let widest = all.map(|name| width(name)).max().unwrap_or(0);
    for (file, name) in rewritten.files.iter().zip(&names) {
        push_file(&mut text, file, &padded(name, widest), page);
    }
    let left_out: Vec<String> = rewritten
        .skipped
        .iter()
        .zip(&others)
        .map(|(file, name)| format!("  - {}  left out: {}", padded(name, widest), file.why))
        .collect();
    push_lines(&mut text, &left_out, page);
    if !text.is_empty() {
        text.push('\n');
    }
    let total = format!(
        "{}: {} rewritten, {} unresolved, {} left out",
        counted(rewritten.files.len(), "file"),
        counted(rewritten.n_rewritten(), "reference"),
        rewritten.n_unresolved(),
        rewritten.skipped.len(),
    );
    let _ = writeln!(text, "{}", page.palette.paint(Meaning::Heading, &total));
    if let Some(out) = out {
        let _ = writeln!(text, "written to {}", escape_path(out));
    }
    text
}

fn push_file(text: &mut String, file: &RepointedFile, name: &str, page: Page) {
    let n_rewritten = file.repointed.rewritten.len();
    let unresolved = &file.repointed.unresolved;
    let (meaning, symbol) = match (n_rewritten, unresolved.len()) {
        (_, 1..) => (Meaning::Warning, "?"),
        (1.., 0) => (Meaning::Success, "~"),
        (0, 0) => (Meaning::Faint, "="),
    };
    let what = match (n_rewritten, unresolved.len()) {
        (0, 0) => "no reference to a webhook".to_owned(),
        (n, 0) => format!("{n} rewritten"),
        (n, left) => format!("{n} rewritten, {left} unresolved"),
    };
    let symbol = page.palette.paint(meaning, symbol);
    let _ = writeln!(text, "  {symbol} {name}  {what}");
    let lines: Vec<String> = unresolved.iter().map(unresolved_line).collect();
    push_lines(text, &lines, page);
}

fn unresolved_line(reference: &UnresolvedReference) -> String {
    let (id, path) = (
        escape_truncated(&reference.id, MAX_ID_WIDTH),
        escape(&reference.path),
    );
    let why = match reference.reason {
        UnresolvedReason::NotMapped => "is not in the id map",
        UnresolvedReason::NotAnId => "is not a webhook id",
    };
    format!("        {id} {why}: {path}")
}

fn push_lines(text: &mut String, lines: &[String], page: Page) {
    let limit = if page.detail.lists_all {
        lines.len()
    } else {
        MAX_LISTED
    };
    for line in lines.iter().take(limit) {
        text.push_str(line);
        text.push('\n');
    }
    let n_more = lines.len().saturating_sub(limit);
    if n_more > 0 {
        let _ = writeln!(text, "        and {n_more} more (-o json lists them)");
    }
}

fn escape_path(path: &Path) -> String {
    name_cell(&path.display().to_string())
}
