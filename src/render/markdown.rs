//! Renders a report as markdown, for a pull request comment or the summary of a CI step.
//! Never exceeds the given size; untrusted text never becomes a link, mention, image, element or cell.

mod budget;
mod text;

use super::report::{Report, ReportGroup, ReportRow, Tone};
use crate::coralogix::mask::Masked;
use crate::untrusted::name_cell;
use budget::Budget;
use std::fmt::Write as _;
use text::{code, marker_part, sentence};

/// Bytes kept free for a line that counts what was left out.
const ROOM_FOR_OMITTED: usize = 140;
/// The length in characters at which an untrusted text is cut.
const MAX_TEXT_CHARS: usize = 300;

/// The whole report in at most `max_bytes` bytes; counts the rows and details that do not fit.
pub fn markdown(report: &Report<'_>, max_bytes: usize) -> String {
    let mut budget = Budget::new(max_bytes);
    let mut out = String::new();
    let has_room = budget.reserve(2 * ROOM_FOR_OMITTED);
    for block in opening_blocks(report) {
        budget.push(&mut out, &block);
    }
    // The closing blocks matter more than the rows, so they reserve their room first.
    let mut foot = String::new();
    for block in closing_blocks(report) {
        budget.push(&mut foot, &block);
    }
    if has_room {
        let n_listed = push_tables(&mut out, report, &mut budget);
        push_omitted(
            &mut out,
            report.rows().count() - n_listed,
            "of these webhooks",
        );
        let (n_shown, n_detailed) = push_details(&mut out, report, &mut budget);
        push_omitted(&mut out, n_detailed - n_shown, "with fields or differences");
    }
    out + &foot
}

/// Appends a line that counts what was left out; nothing if `n` is 0.
fn push_omitted(out: &mut String, n: usize, what: &str) {
    if n > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "*and {n} more {what} (the HTML report lists them: <code>&#45;o html</code>)*\n"
        );
    }
}

/// The blocks with the highest priority: counts, conclusion, warnings, next steps.
fn opening_blocks(report: &Report<'_>) -> Vec<String> {
    let parties = [report.source, report.target];
    let [source, target] = parties.map(|party| marker_part(&party.name));
    let [from, to] = parties.map(|party| code(&name_cell(&party.name), MAX_TEXT_CHARS));
    let mut blocks = vec![
        format!("<!-- hookferry:{}:{source}:{target} -->\n", report.kind),
        format!(
            "### hookferry {}: {from} → {to}: {}\n\n",
            report.kind,
            report.counts_text()
        ),
        format!(
            "{} **{}**\n\n",
            symbol(report.conclusion.tone),
            sentence(&report.conclusion.text, 2 * MAX_TEXT_CHARS)
        ),
    ];
    let warnings = report.warnings.iter();
    blocks.extend(
        warnings.map(|text| format!("- ⚠ **warning:** {}\n", sentence(text, 2 * MAX_TEXT_CHARS))),
    );
    blocks.extend(
        report
            .conclusion
            .next_steps
            .iter()
            .map(|text| format!("- → {}\n", sentence(text, 2 * MAX_TEXT_CHARS))),
    );
    blocks.push("\n".to_owned());
    blocks
}

fn symbol(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✔",
        Tone::Change | Tone::Quiet => "=",
        Tone::Bad => "✖",
        Tone::Unclear => "?",
    }
}

/// Appends one table per group; returns the number of rows that had room.
fn push_tables(out: &mut String, report: &Report<'_>, budget: &mut Budget) -> usize {
    let mut n_listed = 0;
    for group in &report.groups {
        let (open, close) = group_frame(group, report.last_heading);
        let mut rows = group.rows.iter().map(table_row);
        let Some(first) = rows.next() else {
            continue;
        };
        if !budget.reserve(open.len() + first.len() + close.len()) {
            break;
        }
        out.push_str(&open);
        out.push_str(&first);
        n_listed += 1;
        let n_before = n_listed;
        for row in rows {
            if !budget.reserve(row.len()) {
                break;
            }
            out.push_str(&row);
            n_listed += 1;
        }
        out.push_str(&close);
        if n_listed - n_before + 1 < group.rows.len() {
            break;
        }
    }
    n_listed
}

/// The text before and after a group's rows; a group of unchanged webhooks is collapsed.
fn group_frame(group: &ReportGroup<'_>, tail: &str) -> (String, String) {
    let reason = group.reason.map_or_else(String::new, |reason| {
        format!(": {}", sentence(reason, MAX_TEXT_CHARS))
    });
    let header =
        format!("| | type | alias | source id | target id | {tail} |\n|---|---|---|---|---|---|\n");
    if group.is_quiet {
        let title = sentence(&group.title, MAX_TEXT_CHARS);
        let open = format!("<details><summary>{title}{reason}</summary>\n\n{header}");
        (open, "\n</details>\n\n".to_owned())
    } else {
        let title = sentence(&group.title, MAX_TEXT_CHARS);
        (format!("#### {title}{reason}\n\n{header}"), "\n".to_owned())
    }
}

fn table_row(row: &ReportRow<'_>) -> String {
    let [source, target] = row.ids().map(|id| sentence(&id, 40));
    let mut last = Vec::new();
    if !row.last_cell.is_empty() {
        last.push(code(row.last_cell, MAX_TEXT_CHARS));
    }
    last.extend(
        row.remarks
            .iter()
            .map(|text| sentence(text, MAX_TEXT_CHARS)),
    );
    format!(
        "| {} | {} | {} | {source} | {target} | {} |\n",
        mark_cell(row),
        code(&row.kind, 40),
        code(&name_cell(row.alias), MAX_TEXT_CHARS),
        last.join("<br>"),
    )
}

fn mark_cell(row: &ReportRow<'_>) -> String {
    format!("{} {}", code(row.mark.symbol, 4), row.mark.word)
}

/// Appends fields and differences, one block per webhook; returns the number that had room and the total.
fn push_details(out: &mut String, report: &Report<'_>, budget: &mut Budget) -> (usize, usize) {
    let mut has_room = true;
    let (mut n_shown, mut n) = (0, 0);
    for row in report.rows().filter(|row| row.has_details()) {
        n += 1;
        has_room = has_room && {
            let text = detail_block(row, report.side_labels);
            let fits = budget.reserve(text.len());
            if fits {
                out.push_str(&text);
                n_shown += 1;
            }
            fits
        };
    }
    (n_shown, n)
}

fn detail_block(row: &ReportRow<'_>, [one, other]: [&str; 2]) -> String {
    let mut text = format!(
        "<details><summary>{}, {}, {}</summary>\n\n",
        mark_cell(row),
        code(&row.kind, 40),
        code(&name_cell(row.alias), MAX_TEXT_CHARS)
    );
    for difference in row.differences {
        let side = |value: &Option<Masked>| match value {
            Some(value) => code(&value.to_string(), MAX_TEXT_CHARS),
            None => "nothing".to_owned(),
        };
        let (source, target) = (side(&difference.source), side(&difference.target));
        let verdict = if source == target { " (different)" } else { "" };
        let path = code(&name_cell(&difference.path), MAX_TEXT_CHARS);
        let _ = writeln!(text, "- {path}: {one} {source}, {other} {target}{verdict}");
    }
    for field in row.fields {
        let path = code(&name_cell(&field.path), MAX_TEXT_CHARS);
        let value = code(&field.value.to_string(), MAX_TEXT_CHARS);
        let _ = writeln!(text, "- {path}: {value}");
    }
    text.push_str("\n</details>\n\n");
    text
}

/// The closing blocks: notes, facts, and the program that made the report.
fn closing_blocks(report: &Report<'_>) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for note in &report.notes {
        blocks.push(format!("- note: {}\n", sentence(note, 2 * MAX_TEXT_CHARS)));
    }
    for fact in &report.facts {
        let text = sentence(&fact.text, 2 * MAX_TEXT_CHARS);
        blocks.push(format!("- {}: {text}\n", fact.label));
    }
    blocks.push(format!("\n<sub>{}</sub>\n", sentence(report.tool, 80)));
    blocks
}
