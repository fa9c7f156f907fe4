//! Renders the id map, and the result of rewriting alerts with it, in each format.
//! Pure. No cell can run as a formula in a spreadsheet, and no untrusted text reaches a terminal unescaped.

mod applied;
mod applied_text;
mod scripts;

pub use applied::rewritten_json;
pub use applied_text::rewritten_text;
pub use scripts::{id_map_imports, id_map_sed};

use super::columns::{table, truncated};
use super::style::Meaning;
use crate::document::DocumentBody;
use crate::pipeline::idmap::{IdMap, IdPair};
use crate::render::page::Page;
use crate::untrusted::name_cell;
use crate::untrusted::{escape, escape_truncated};
use crate::wording::counted;
use serde::Serialize;
use std::fmt::Write as _;

/// The header line of the CSV format.
const CSV_HEADER: &str = "source_id,target_id,type,alias,source_alias,result\n";
/// Maximum width of an alias in columns.
const MAX_ALIAS_WIDTH: usize = 40;
/// Maximum width of an id in columns.
const MAX_ID_WIDTH: usize = 24;

/// Renders the map as CSV; `store::idmap` parses it.
pub fn id_map_csv(map: &IdMap) -> String {
    let mut out = String::from(CSV_HEADER);
    for row in map.pairs() {
        let ids = [row.source_id.as_str(), row.target_id.as_str()];
        let others = [&row.kind, &row.alias, &row.source_alias, &row.result];
        let cells: Vec<String> = ids
            .into_iter()
            .chain(others.map(AsRef::as_ref))
            .map(csv_cell)
            .collect();
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
    let alias = if row.source_alias.is_empty() || row.source_alias == row.alias {
        name_cell(&row.alias)
    } else {
        format!(
            "{} (was {})",
            name_cell(&row.alias),
            name_cell(&row.source_alias)
        )
    };
    [
        escape_truncated(&row.kind, MAX_ID_WIDTH),
        truncated(&alias, MAX_ALIAS_WIDTH),
        truncated(&row.source_id.to_string(), MAX_ID_WIDTH),
        truncated(&row.target_id.to_string(), MAX_ID_WIDTH),
        escape_truncated(&row.result, MAX_ID_WIDTH),
    ]
}
