//! Renders the result of rewriting alerts as text.
//! Pure. No untrusted text reaches a terminal unescaped.

use super::MAX_ID_WIDTH;
use crate::coralogix::reference::{UnresolvedReason, UnresolvedReference};
use crate::pipeline::idmap::{Direction, RewrittenAlerts, RewrittenFile};
use crate::render::columns::{padded, width};
use crate::render::page::Page;
use crate::render::style::Meaning;
use crate::untrusted::{escape, escape_truncated, name_cell};
use crate::wording::counted;
use std::fmt::Write as _;
use std::path::Path;

/// Maximum number of unresolved references of a file, or of files left out, to list; the rest is only counted.
const MAX_LISTED: usize = 12;

/// Renders the result of rewriting alerts: each file, then totals; `out` is the file or folder written to, if any.
pub fn rewritten_text(
    rewritten: &RewrittenAlerts,
    direction: Direction,
    out: Option<&Path>,
    page: Page,
) -> String {
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
        push_file(&mut text, file, name, widest, page);
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
    let (_, to) = direction.sides();
    let total = format!(
        "{}: {} rewritten for the {to}, {} unresolved{}, {} left out",
        counted(rewritten.files.len(), "file"),
        counted(rewritten.n_rewritten(), "reference"),
        rewritten.n_unresolved(),
        unchanged_text(rewritten.n_by_resource(), rewritten.n_same()),
        rewritten.skipped.len(),
    );
    let _ = writeln!(text, "{}", page.palette.paint(Meaning::Heading, &total));
    if let Some(out) = out {
        let _ = writeln!(text, "written to {}", escape_path(out));
    }
    text
}

/// What needs no change, if anything.
fn unchanged_text(n_by_resource: usize, n_same: usize) -> String {
    let mut text = String::new();
    if n_by_resource > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, ", {n_by_resource} by resource");
    }
    if n_same > 0 {
        let _ = write!(text, ", {n_same} the same in both accounts");
    }
    text
}

fn push_file(text: &mut String, file: &RewrittenFile, name: &str, widest: usize, page: Page) {
    let result = &file.repointed;
    let (n_rewritten, n_unresolved) = (result.rewritten.len(), result.unresolved.len());
    let (meaning, symbol) = match (n_rewritten, n_unresolved) {
        (_, 1..) => (Meaning::Warning, "?"),
        (1.., 0) => (Meaning::Success, "~"),
        (0, 0) => (Meaning::Faint, "="),
    };
    let unchanged = unchanged_text(result.n_by_resource, result.n_same);
    let what = match (n_rewritten, n_unresolved) {
        (0, 0) if unchanged.is_empty() => "no reference to a webhook".to_owned(),
        (n, 0) => format!("{n} rewritten{unchanged}"),
        (n, left) => format!("{n} rewritten, {left} unresolved{unchanged}"),
    };
    let symbol = page.palette.paint(meaning, symbol);
    let padded_name = padded(name, widest);
    let _ = writeln!(text, "  {symbol} {padded_name}  {what}");
    let lines: Vec<String> = result
        .unresolved
        .iter()
        .map(|reference| unresolved_line(name, reference))
        .collect();
    push_lines(text, &lines, page);
}

fn unresolved_line(name: &str, reference: &UnresolvedReference) -> String {
    let (value, path) = (
        escape_truncated(&reference.value, MAX_ID_WIDTH),
        escape(&reference.path),
    );
    let line = reference.line;
    let why = reason_text(reference.reason);
    format!("        {name}:{line}: {value} {why}: {path}")
}

fn reason_text(reason: UnresolvedReason) -> &'static str {
    match reason {
        UnresolvedReason::NotMapped => "is not in the id map",
        UnresolvedReason::Ambiguous => "is several webhooks in the id map",
        UnresolvedReason::NotAnId => "is not a webhook id or alias",
        UnresolvedReason::Expression => "is an expression, whose value only Terraform knows",
        UnresolvedReason::NotPlain => "is not a plain number or text on one line",
        UnresolvedReason::Anchor => "depends on a YAML anchor, which other places share",
        UnresolvedReason::DuplicateKey => "is under a key that comes twice",
        UnresolvedReason::InsideText => "seems to hold a reference",
        UnresolvedReason::OutsideAlert => "is in the id map, but not known to belong to an alert",
        UnresolvedReason::NewerApiId => "is an id of the newer API, which the id map does not have",
    }
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
