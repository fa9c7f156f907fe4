//! The frame of the page: the skip link, the heading with both sides, the choice of a theme, and the footer.

use super::escape::Text;
use crate::document::PartyDocument;
use crate::foreign;
use crate::foreign::name;
use crate::render::report::Report;
use crate::wording::counted;
use std::fmt::Write as _;

pub(super) fn top(out: &mut String, report: &Report<'_>) {
    let heading = match report.kind {
        "plan" => "Plan of a webhook migration",
        _ => "Outcome of a webhook migration",
    };
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        out,
        "<a class=\"skip\" href=\"#webhooks\">Skip to the webhooks</a>\n\
         <header>\n<div class=\"bar\"><h1>{heading}</h1>\n{THEME}</div>\n\
         <div class=\"route\">\n{}<span class=\"arrow\" aria-hidden=\"true\">→</span>\n{}</div>\n</header>\n",
        party("from", report.source),
        party("to", report.target),
    );
}

/// Shown by the script, because without it nothing can be chosen.
const THEME: &str = "<fieldset id=\"theme\" hidden><legend>Theme</legend>\
<label><input type=\"radio\" name=\"theme\" value=\"auto\" checked><span>auto</span></label>\
<label><input type=\"radio\" name=\"theme\" value=\"light\"><span>light</span></label>\
<label><input type=\"radio\" name=\"theme\" value=\"dark\"><span>dark</span></label></fieldset>\n";

fn party(side: &str, party: &PartyDocument) -> String {
    let webhooks = counted(party.webhooks, "webhook");
    let company = party.company_id.as_ref().map_or_else(String::new, |id| {
        format!("company {}, ", foreign::shown(id.as_str()))
    });
    format!(
        "<p><span class=\"side\">{side}</span> <strong>{}</strong> <span class=\"more\">{}{webhooks}</span></p>\n",
        Text(&name(&party.name)),
        Text(&company),
    )
}

pub(super) fn bottom(out: &mut String, report: &Report<'_>) {
    let _ = write!(
        out,
        "<footer>\n<p>Made by {}. This page is one file: it asks for nothing from any network, and stores nothing. \
         Secrets are masked: what is <i>(in parentheses)</i> is not in this file.</p>\n</footer>\n",
        Text(report.tool)
    );
}
