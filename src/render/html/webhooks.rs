//! The webhooks: the controls that filter them, and a table for each group.

use super::escape::{EscapedText, MaskedHtml, SentenceHtml};
use crate::coralogix::mask::Masked;
use crate::document::{DifferenceDocument, FieldDocument};
use crate::render::report::{Report, ReportGroup, ReportRow, rows_by_kind};
use crate::untrusted::name_cell;
use crate::wording::counted;
use std::fmt::Write as _;

/// Longer groups are several tables, so that a browser lays out only those that are seen.
const MAX_TABLE_ROWS: usize = 200;

pub(super) fn webhooks(out: &mut String, report: &Report<'_>) {
    let n = report.rows().count();
    // Writing to a string cannot fail, here and below.
    out.push_str("<section id=\"webhooks\" aria-labelledby=\"webhooks-heading\" tabindex=\"-1\">\n<h2 id=\"webhooks-heading\">Webhooks</h2>\n");
    if n == 0 {
        out.push_str("<p>No webhooks are selected.</p>\n");
    } else {
        controls(out, report);
        for group in &report.groups {
            for first_row in (0..group.rows.len()).step_by(MAX_TABLE_ROWS) {
                table(out, group, first_row, report);
            }
        }
        out.push_str("<p id=\"none\" hidden>No webhooks match.</p>\n");
    }
    out.push_str("</section>\n");
}

/// Shown by the script, because without it they would do nothing.
fn controls(out: &mut String, report: &Report<'_>) {
    out.push_str(
        "<form id=\"filters\" role=\"search\" aria-label=\"Webhooks\" hidden>\n\
         <label class=\"q\">Search <input type=\"search\" id=\"q\" autocomplete=\"off\" spellcheck=\"false\" aria-keyshortcuts=\"/\" placeholder=\"alias, type, id, host, reason\"><kbd aria-hidden=\"true\">/</kbd></label>\n\
         <label>Type <select id=\"type\"><option value=\"\">all</option>",
    );
    for (kind, rows) in rows_by_kind(report.rows()) {
        let kind = EscapedText(kind);
        let _ = write!(
            out,
            "<option value=\"{kind}\">{kind} ({})</option>",
            rows.len()
        );
    }
    out.push_str("</select></label>\n<fieldset><legend>State</legend>");
    for group in &report.groups {
        let mark = group.mark;
        let _ = write!(
            out,
            "<label class=\"{}\"><input type=\"checkbox\" name=\"state\" value=\"{}\"><span><span aria-hidden=\"true\">{}</span> {} {}</span></label>",
            mark.tone.css_class(),
            mark.code,
            mark.symbol,
            mark.word,
            group.rows.len()
        );
    }
    out.push_str("</fieldset>\n<span class=\"buttons\">");
    if report.rows().any(ReportRow::has_details) {
        out.push_str("<button type=\"button\" id=\"expand\">Open all details</button><button type=\"button\" id=\"collapse\">Close all</button>");
    }
    out.push_str(
        "<button type=\"button\" id=\"clear\">Clear filters</button></span>\n\
         <p id=\"shown\" role=\"status\" aria-live=\"polite\"></p>\n</form>\n",
    );
}

/// The rows of a group from that one on, as many as a table has.
fn table(out: &mut String, group: &ReportGroup<'_>, first_row: usize, report: &Report<'_>) {
    let code = group.mark.code;
    let n = group.rows.len();
    let end = n.min(first_row + MAX_TABLE_ROWS);
    let (class, part) = if n > MAX_TABLE_ROWS {
        ("group long", format!(" ({} to {end})", first_row + 1))
    } else {
        ("group", String::new())
    };
    // The counts link to the first table of a group.
    let id = if first_row == 0 {
        format!(" id=\"group-{code}\"")
    } else {
        String::new()
    };
    let reason = group.reason.map_or_else(String::new, |reason| {
        format!("<p>{}</p>", SentenceHtml(reason))
    });
    let _ = write!(
        out,
        "<section class=\"{class}\"{id} data-state=\"{code}\">\n<table>\n\
         <caption><h3>{}{part}</h3>{reason}</caption>\n\
         <colgroup><col class=\"c-state\"><col class=\"c-type\"><col class=\"c-alias\"><col class=\"c-id\"><col class=\"c-id\"><col></colgroup>\n\
         <thead><tr><th scope=\"col\">State</th><th scope=\"col\">Type</th><th scope=\"col\">Alias</th>\
         <th scope=\"col\">Source id</th><th scope=\"col\">Target id</th><th scope=\"col\">{}</th></tr></thead>\n<tbody>\n",
        SentenceHtml(&group.title),
        capitalized(report.last_heading),
    );
    for row in &group.rows[first_row..end] {
        line(out, row, report.side_labels);
    }
    out.push_str("</tbody>\n</table>\n</section>\n");
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn line(out: &mut String, row: &ReportRow<'_>, sides: [&str; 2]) {
    let [source, target] = row.ids();
    let _ = write!(
        out,
        "<tr><td><span class=\"mark {}\">{} {}</span></td><td>{}</td><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>",
        row.mark.tone.css_class(),
        EscapedText(row.mark.symbol),
        row.mark.word,
        EscapedText(&row.kind),
        EscapedText(&name_cell(row.alias)),
        EscapedText(&source),
        EscapedText(&target),
    );
    if !row.last_cell.is_empty() {
        let _ = write!(out, "<div>{}</div>", EscapedText(row.last_cell));
    }
    for remark in &row.remarks {
        let _ = write!(out, "<p>{}</p>", SentenceHtml(remark));
    }
    if row.has_details() {
        details(out, row, sides);
    }
    out.push_str("</td></tr>\n");
}

fn details(out: &mut String, row: &ReportRow<'_>, sides: [&str; 2]) {
    let counts = [
        (row.differences.len(), "difference"),
        (row.fields.len(), "field"),
    ];
    let some = counts.iter().filter(|(n, _)| *n > 0);
    let words: Vec<String> = some.map(|(n, noun)| counted(*n, noun)).collect();
    let _ = write!(
        out,
        "<details><summary>{}<span class=\"vh\"> of {}</span></summary>",
        words.join(", "),
        EscapedText(&name_cell(row.alias))
    );
    if !row.differences.is_empty() {
        differences(out, row.differences, sides);
    }
    if !row.fields.is_empty() {
        fields(out, row.fields);
    }
    out.push_str("</details>");
}

fn differences(out: &mut String, differences: &[DifferenceDocument], [one, other]: [&str; 2]) {
    let _ = write!(
        out,
        "<table class=\"diff\"><thead><tr><th scope=\"col\">Path</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
        capitalized(one),
        capitalized(other)
    );
    let side = |value: &Option<Masked>| match value {
        Some(value) => format!("{}", MaskedHtml(value)),
        None => "<span class=\"none\">nothing</span>".to_owned(),
    };
    for difference in differences {
        let (source, target) = (side(&difference.source), side(&difference.target));
        // Without this, two sides that look the same once masked would look like a bug.
        let verdict = if source == target {
            " <span class=\"none\">differs in the masked part</span>"
        } else {
            ""
        };
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{source}</td><td>{target}{verdict}</td></tr>",
            EscapedText(&name_cell(&difference.path))
        );
    }
    out.push_str("</tbody></table>");
}

fn fields(out: &mut String, fields: &[FieldDocument]) {
    out.push_str("<dl>");
    for field in fields {
        let _ = write!(
            out,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            EscapedText(&name_cell(&field.path)),
            MaskedHtml(&field.value)
        );
    }
    out.push_str("</dl>");
}
