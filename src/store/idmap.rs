//! Reads an id map from a file: a hookferry document, its rows alone, or CSV, recognized by content.
//! A file that cannot be read completely is an error; no part of it is used.

use super::disk;
use super::input::Limit;
use crate::coralogix::json::Json;
use crate::coralogix::webhook::{WebhookId, whole_number};
use crate::error::Error;
use crate::pipeline::idmap::{IdMap, IdPair};
use crate::untrusted;
use smol_str::SmolStr;
use std::path::Path;

/// Reads an id map from a file.
///
/// # Errors
/// Where the file cannot be read or is not a complete id map.
pub fn read(path: &Path) -> Result<IdMap, Error> {
    parse(&disk::read_text(path, "the id map", Limit::Large)?)
}

/// Parses an id map; a leading byte order mark is ignored.
///
/// # Errors
/// Where any row is malformed, or one source id has two target ids.
pub fn parse(text: &str) -> Result<IdMap, Error> {
    let text = text.trim_start_matches('\u{feff}');
    let rows = if text.trim_start().starts_with(['{', '[']) {
        parse_json(text)?
    } else {
        parse_csv(text)?
    };
    IdMap::new(rows)
}

fn parse_error(what: impl AsRef<str>) -> Error {
    Error::failed(format!("cannot read the id map: {}", what.as_ref()))
        .with_hint("pass the output of `migrate -o json` or `idmap show`, as JSON or CSV")
}

fn parse_json(text: &str) -> Result<Vec<IdPair>, Error> {
    let tree = Json::parse_document(text).map_err(|error| parse_error(error.to_string()))?;
    let rows = match &tree {
        Json::Array(rows) => rows,
        other => match other.get("id_map") {
            Some(Json::Array(rows)) => rows,
            _ => return Err(parse_error("it has no `id_map` array")),
        },
    };
    let parse_row = |(row_ix, row): (usize, &Json<'_>)| {
        let id = |key: &str| match row.get(key) {
            Some(Json::Number(text)) => parse_id(text, key, row_ix + 1),
            Some(Json::String(text)) => {
                parse_id(text, key, row_ix + 1)?;
                Ok(WebhookId::from_text(text))
            }
            _ => Err(parse_error(format!("row {} has no `{key}`", row_ix + 1))),
        };
        let text = |key: &str| {
            let text = row.get(key).and_then(Json::as_str);
            SmolStr::new(text.unwrap_or_default())
        };
        Ok(IdPair {
            source_id: id("source_id")?,
            target_id: id("target_id")?,
            kind: text("type"),
            alias: text("alias"),
            source_alias: text("source_alias"),
            result: text("result"),
        })
    };
    rows.iter().enumerate().map(parse_row).collect()
}

/// Parses an id. Rejects a number that a spreadsheet rounded, and characters that no id contains.
fn parse_id(text: &str, key: &str, row: usize) -> Result<WebhookId, Error> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_id = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    // A uuid may start with a digit. A number with a decimal point or an exponent is one that a program kept as a float.
    let is_float = is_number && !is_whole && text.parse::<f64>().is_ok();
    if text.is_empty() {
        Err(parse_error(format!("row {row} has no `{key}`")))
    } else if let Some(digits) = whole_number(text).filter(|_| is_float) {
        Ok(WebhookId::new(digits))
    } else if is_float {
        let text = untrusted::escape_truncated(text, 40);
        Err(parse_error(format!(
            "row {row}: `{key}` is `{text}`, which a program may have rounded"
        )))
    } else if !text.chars().all(is_id) {
        let text = untrusted::escape_truncated(text, 40);
        Err(parse_error(format!(
            "row {row}: `{key}` is `{text}`, which is not a webhook id"
        )))
    } else {
        Ok(WebhookId::new(text))
    }
}

fn parse_csv(text: &str) -> Result<Vec<IdPair>, Error> {
    let first = text.lines().next().unwrap_or_default();
    // In some locales, spreadsheets separate cells with a semicolon.
    let separator = if first.contains(';') { ';' } else { ',' };
    let mut lines = parse_records(text, separator)?.into_iter();
    let header = lines.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|cell| cell.trim() == name);
    let (Some(source_id), Some(target_id)) = (column("source_id"), column("target_id")) else {
        return Err(parse_error(
            "it is not JSON, and its first line lacks the columns `source_id` and `target_id`",
        ));
    };
    let (kind, alias, result) = (column("type"), column("alias"), column("result"));
    let source_alias = column("source_alias");
    let mut rows = Vec::new();
    for (row_ix, line) in lines.enumerate() {
        if line.len() != header.len() {
            return Err(parse_error(format!(
                "row {} does not have {} cells like the first line",
                row_ix + 1,
                header.len()
            )));
        }
        let text = |column: Option<usize>| {
            let cell = column.and_then(|column| line.get(column));
            cell.map_or_else(SmolStr::default, |cell| {
                SmolStr::new(strip_formula_guard(cell))
            })
        };
        rows.push(IdPair {
            source_id: parse_id(text(Some(source_id)).trim(), "source_id", row_ix + 1)?,
            target_id: parse_id(text(Some(target_id)).trim(), "target_id", row_ix + 1)?,
            kind: text(kind),
            alias: text(alias),
            source_alias: text(source_alias),
            result: text(result),
        });
    }
    Ok(rows)
}

/// Removes the apostrophe that keeps a spreadsheet from evaluating the cell as a formula.
fn strip_formula_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\\', '\'']) => rest,
        _ => cell,
    }
}

/// Splits a CSV text into records of cells; skips empty lines.
fn parse_records(text: &str, separator: char) -> Result<Vec<Vec<String>>, Error> {
    let mut records = Vec::new();
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if cell.is_empty() => is_quoted = true,
            _ if is_quoted => cell.push(character),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' => {
                cells.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut cells));
            }
            _ if character == separator => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(character),
        }
    }
    if is_quoted {
        return Err(parse_error("a quoted cell is not closed"));
    }
    cells.push(cell);
    records.push(cells);
    records.retain(|cells| cells.iter().any(|cell| !cell.is_empty()));
    Ok(records)
}
