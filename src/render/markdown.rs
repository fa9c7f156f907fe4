//! Renders a report as markdown, for a pull request comment or the summary of a CI step.
//! Never exceeds the given size; untrusted text never becomes a link, mention, image, element or cell.

#![expect(
    unused_qualifications,
    clippy::ref_binding_to_reference,
    reason = "in what the derive macro makes of the enum of parts"
)]

mod budget;
pub(super) mod text;

use super::columns::truncated_to_differ;
use super::escape::fill;
use super::filters;
use super::report::{Conclusion, CutOverItem, Fact, Report, ReportGroup, ReportRow, Tone};
use crate::coralogix::mask::Masked;
use crate::document::{CutOverState, DifferenceDocument};
use askama::Template;
use budget::Budget;
use text::MAX_CODE_CHARS;

/// Bytes kept free for a line that counts what was left out.
const ROOM_FOR_OMITTED: usize = 140;

/// A part of the report: a block of the template.
#[derive(Template)]
#[template(path = "markdown/report.md")]
enum Part<'r> {
    #[template(block = "marker")]
    Marker { report: &'r Report<'r> },
    #[template(block = "heading")]
    Heading { report: &'r Report<'r> },
    #[template(block = "conclusion")]
    Conclusion { conclusion: &'r Conclusion },
    #[template(block = "warning")]
    Warning { text: &'r str },
    #[template(block = "next_step")]
    NextStep { text: &'r str },
    #[template(block = "cut_over_item")]
    CutOverItem { item: &'r CutOverItem },
    #[template(block = "table_head")]
    TableHead {
        group: &'r ReportGroup<'r>,
        last_heading: &'static str,
    },
    #[template(block = "table_row")]
    TableRow {
        row: &'r ReportRow<'r>,
        ids: [String; 2],
    },
    #[template(block = "table_end")]
    TableEnd { group: &'r ReportGroup<'r> },
    #[template(block = "details")]
    Details {
        row: &'r ReportRow<'r>,
        side_labels: [&'static str; 2],
    },
    #[template(block = "omitted")]
    Omitted { n: usize, what: &'static str },
    #[template(block = "note")]
    Note { text: &'r str },
    #[template(block = "fact")]
    Fact { fact: &'r Fact },
    #[template(block = "tool")]
    Tool { report: &'r Report<'r> },
}

/// The whole report in at most `max_bytes` bytes; counts the rows and details that do not fit.
pub fn markdown(report: &Report<'_>, max_bytes: usize) -> String {
    let mut budget = Budget::new(max_bytes);
    let mut out = String::new();
    let has_room = budget.reserve(2 * ROOM_FOR_OMITTED);
    push_opening(&mut out, report, &mut budget);
    // The closing parts matter more than the rows, so they reserve their room first.
    let foot = closing(report, &mut budget);
    if has_room {
        push_webhooks(&mut out, report, &mut budget);
    }
    out + &foot
}

/// Both sides of a difference, cut where they begin to differ; alike only if masking hides what differs.
fn sides(difference: &DifferenceDocument) -> [Option<String>; 2] {
    let sides = [&difference.source, &difference.target];
    match sides.map(|side| side.as_ref().map(Masked::to_string)) {
        [Some(one), Some(other)] => truncated_to_differ([&one, &other], MAX_CODE_CHARS).map(Some),
        sides => sides,
    }
}

/// The parts with the highest priority: counts, conclusion, warnings, next steps.
fn push_opening(out: &mut String, report: &Report<'_>, budget: &mut Budget) {
    let conclusion = &report.conclusion;
    let head = [
        Part::Marker { report },
        Part::Heading { report },
        Part::Conclusion { conclusion },
    ];
    let warnings = report.warnings.iter().map(|text| Part::Warning { text });
    let steps = conclusion.next_steps.iter();
    let steps = steps.map(|text| Part::NextStep { text });
    for part in head.into_iter().chain(warnings).chain(steps) {
        budget.push(out, &fill(&part));
    }
    if !report.warnings.is_empty() || !conclusion.next_steps.is_empty() {
        budget.push(out, "\n");
    }
    let mut has_room = true;
    for item in &report.cut_over {
        has_room = has_room && budget.push(out, &fill(&Part::CutOverItem { item }));
    }
    if !report.cut_over.is_empty() {
        budget.push(out, "\n");
    }
}

/// Notes, facts, and the program that made the report.
fn closing(report: &Report<'_>, budget: &mut Budget) -> String {
    let mut out = String::new();
    let notes = report.notes.iter().map(|text| Part::Note { text });
    let facts = report.facts.iter().map(|fact| Part::Fact { fact });
    for part in notes.chain(facts).chain([Part::Tool { report }]) {
        budget.push(&mut out, &fill(&part));
    }
    out
}

/// Each group with its differences, then the fields of the others; the first that has no room is the last.
fn push_webhooks(out: &mut String, report: &Report<'_>, budget: &mut Budget) {
    let rows = || report.rows().filter(|row| row.has_details());
    let (mut n_listed, mut n_detailed) = (0, 0);
    let mut has_room = true;
    for group in &report.groups {
        n_listed += push_table(out, group, report.last_heading, budget, &mut has_room);
        let changed = group.rows.iter().filter(|row| !row.differences.is_empty());
        n_detailed += push_details(out, changed, report, budget, &mut has_room);
    }
    push_omitted(out, report.rows().count() - n_listed, "of these webhooks");
    let others = rows().filter(|row| row.differences.is_empty());
    n_detailed += push_details(out, others, report, budget, &mut has_room);
    push_omitted(
        out,
        rows().count() - n_detailed,
        "with fields or differences",
    );
}

/// Appends a line that counts what was left out; nothing if `n` is 0.
fn push_omitted(out: &mut String, n: usize, what: &'static str) {
    if n > 0 {
        out.push_str(&fill(&Part::Omitted { n, what }));
    }
}

/// Appends the table of a group; returns the number of rows that had room.
fn push_table(
    out: &mut String,
    group: &ReportGroup<'_>,
    last_heading: &'static str,
    budget: &mut Budget,
    has_room: &mut bool,
) -> usize {
    let mut n_listed = 0;
    let head = fill(&Part::TableHead {
        group,
        last_heading,
    });
    let end = fill(&Part::TableEnd { group });
    for row in &group.rows {
        let ids = row.ids();
        let line = fill(&Part::TableRow { row, ids });
        let frame = if n_listed == 0 {
            head.len() + end.len()
        } else {
            0
        };
        *has_room = *has_room && budget.reserve(frame + line.len());
        if !*has_room {
            break;
        }
        if n_listed == 0 {
            out.push_str(&head);
        }
        out.push_str(&line);
        n_listed += 1;
    }
    if n_listed > 0 {
        out.push_str(&end);
    }
    n_listed
}

/// Appends fields and differences, one block per webhook; returns the number that had room.
fn push_details<'r>(
    out: &mut String,
    rows: impl Iterator<Item = &'r ReportRow<'r>>,
    report: &Report<'_>,
    budget: &mut Budget,
    has_room: &mut bool,
) -> usize {
    let mut n_shown = 0;
    for row in rows {
        let side_labels = report.side_labels;
        *has_room = *has_room && budget.push(out, &fill(&Part::Details { row, side_labels }));
        if !*has_room {
            break;
        }
        n_shown += 1;
    }
    n_shown
}

#[cfg(test)]
mod tests {
    use super::sides;
    use crate::coralogix::mask::Masked;
    use crate::document::DifferenceDocument;

    #[test]
    fn two_long_values_are_not_cut_to_the_same() {
        let value = |end: &str| Some(Masked::Text(format!("{}{end}", "x".repeat(500))));
        let difference = DifferenceDocument {
            path: "payload".to_owned(),
            source: value("one"),
            target: value("another"),
            equal: false,
        };
        let [one, other] = sides(&difference);
        assert_ne!(one, other);
        assert!(one.is_some_and(|one| one.ends_with("xone\"")));
    }
}
