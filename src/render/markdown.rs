//! Renders a report as markdown, for a pull request comment or the summary of a CI step.
//! Never exceeds the given size; untrusted text never becomes a link, mention, image, element or cell.

mod budget;
mod text;

use super::report::{Group, Report, Row, Tone};
use crate::coralogix::mask::Masked;
use crate::foreign::name;
use budget::Budget;
use std::fmt::Write as _;
use text::{code, marker_part, sentence};

/// Bytes kept free for a line that counts what was left out.
const ROOM_FOR_REST: usize = 140;
/// The length in characters at which an untrusted text is cut.
const LONGEST: usize = 300;

/// The whole report in at most `max_bytes` bytes; counts the rows and details that do not fit.
pub fn markdown(report: &Report<'_>, max_bytes: usize) -> String {
    let mut budget = Budget::new(max_bytes);
    let mut out = String::new();
    let has_room = budget.take(2 * ROOM_FOR_REST);
    for block in head(report) {
        budget.push(&mut out, &block);
    }
    // The closing blocks matter more than the rows, so they reserve their room first.
    let mut foot = String::new();
    for block in closing(report) {
        budget.push(&mut foot, &block);
    }
    if has_room {
        let n_listed = table(&mut out, report, &mut budget);
        rest(
            &mut out,
            report.rows().count() - n_listed,
            "of these webhooks",
        );
        let (n_told, n_detailed) = details(&mut out, report, &mut budget);
        rest(&mut out, n_detailed - n_told, "with fields or differences");
    }
    out + &foot
}

/// Appends a line that counts what was left out; nothing if `n` is 0.
fn rest(out: &mut String, n: usize, what: &str) {
    if n > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "*and {n} more {what} (the HTML report lists them: <code>&#45;o html</code>)*\n"
        );
    }
}

/// The blocks with the highest priority: counts, conclusion, warnings, next steps.
fn head(report: &Report<'_>) -> Vec<String> {
    let parties = [report.source, report.target];
    let [source, target] = parties.map(|party| marker_part(&party.name));
    let [from, to] = parties.map(|party| code(&name(&party.name), LONGEST));
    let mut blocks = vec![
        format!("<!-- hookferry:{}:{source}:{target} -->\n", report.kind),
        format!(
            "### hookferry {}: {from} → {to}: {}\n\n",
            report.kind,
            report.sum()
        ),
        format!(
            "{} **{}**\n\n",
            symbol(report.conclusion.tone),
            sentence(&report.conclusion.text, 2 * LONGEST)
        ),
    ];
    let warnings = report.warnings.iter();
    blocks
        .extend(warnings.map(|text| format!("- ⚠ **warning:** {}\n", sentence(text, 2 * LONGEST))));
    blocks.extend(
        report
            .conclusion
            .next
            .iter()
            .map(|text| format!("- → {}\n", sentence(text, 2 * LONGEST))),
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
fn table(out: &mut String, report: &Report<'_>, budget: &mut Budget) -> usize {
    let mut n_listed = 0;
    for group in &report.groups {
        let (open, close) = frame(group, report.tail);
        let mut rows = group.rows.iter().map(line);
        let Some(first) = rows.next() else {
            continue;
        };
        if !budget.take(open.len() + first.len() + close.len()) {
            break;
        }
        out.push_str(&open);
        out.push_str(&first);
        n_listed += 1;
        let n_before = n_listed;
        for row in rows {
            if !budget.take(row.len()) {
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
fn frame(group: &Group<'_>, tail: &str) -> (String, String) {
    let reason = group.reason.map_or_else(String::new, |reason| {
        format!(": {}", sentence(reason, LONGEST))
    });
    let header =
        format!("| | type | alias | source id | target id | {tail} |\n|---|---|---|---|---|---|\n");
    if group.stays {
        let title = sentence(&group.title, LONGEST);
        let open = format!("<details><summary>{title}{reason}</summary>\n\n{header}");
        (open, "\n</details>\n\n".to_owned())
    } else {
        let title = sentence(&group.title, LONGEST);
        (format!("#### {title}{reason}\n\n{header}"), "\n".to_owned())
    }
}

fn line(row: &Row<'_>) -> String {
    let [source, target] = row.ids().map(|id| sentence(&id, 40));
    let mut last = Vec::new();
    if !row.tail.is_empty() {
        last.push(code(row.tail, LONGEST));
    }
    last.extend(row.remarks.iter().map(|text| sentence(text, LONGEST)));
    format!(
        "| {} | {} | {} | {source} | {target} | {} |\n",
        mark(row),
        code(&row.kind, 40),
        code(&name(row.alias), LONGEST),
        last.join("<br>"),
    )
}

fn mark(row: &Row<'_>) -> String {
    format!("{} {}", code(row.mark.symbol, 4), row.mark.word)
}

/// Appends fields and differences, one block per webhook; returns the number that had room and the total.
fn details(out: &mut String, report: &Report<'_>, budget: &mut Budget) -> (usize, usize) {
    let mut has_room = true;
    let (mut n_told, mut n) = (0, 0);
    for row in report.rows().filter(|row| row.has_details()) {
        n += 1;
        has_room = has_room && {
            let text = detail(row, report.sides);
            let fits = budget.take(text.len());
            if fits {
                out.push_str(&text);
                n_told += 1;
            }
            fits
        };
    }
    (n_told, n)
}

fn detail(row: &Row<'_>, [one, other]: [&str; 2]) -> String {
    let mut text = format!(
        "<details><summary>{}, {}, {}</summary>\n\n",
        mark(row),
        code(&row.kind, 40),
        code(&name(row.alias), LONGEST)
    );
    for difference in row.differences {
        let side = |value: &Option<Masked>| match value {
            Some(value) => code(&value.to_string(), LONGEST),
            None => "nothing".to_owned(),
        };
        let (source, target) = (side(&difference.source), side(&difference.target));
        let verdict = if source == target { " (different)" } else { "" };
        let path = code(&name(&difference.path), LONGEST);
        let _ = writeln!(text, "- {path}: {one} {source}, {other} {target}{verdict}");
    }
    for field in row.fields {
        let path = code(&name(&field.path), LONGEST);
        let value = code(&field.value.to_string(), LONGEST);
        let _ = writeln!(text, "- {path}: {value}");
    }
    text.push_str("\n</details>\n\n");
    text
}

/// The closing blocks: notes, facts, and the program that made the report.
fn closing(report: &Report<'_>) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for note in &report.notes {
        blocks.push(format!("- note: {}\n", sentence(note, 2 * LONGEST)));
    }
    for fact in &report.facts {
        let text = sentence(&fact.text, 2 * LONGEST);
        blocks.push(format!("- {}: {text}\n", fact.label));
    }
    blocks.push(format!("\n<sub>{}</sub>\n", sentence(report.tool, 80)));
    blocks
}
