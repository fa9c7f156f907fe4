//! Renders a plan or an outcome in the requested format: the one place that knows every format.

use crate::document::view::Detail;
use crate::document::{OutcomeDocument, PlanDocument};
use crate::render::screen::Screen;
use crate::render::{html, json, markdown, outcome as outcome_text, plan as plan_text};
use crate::settings::ReportFormat;

/// Renders a plan as the result of a command.
pub(super) fn render_plan(
    plan: &PlanDocument,
    format: ReportFormat,
    detail: Detail,
    screen: &Screen,
) -> String {
    match format {
        ReportFormat::Text => plan_text::plan(plan, screen.stdout_page(detail)),
        ReportFormat::Json => json::text(plan),
        ReportFormat::Markdown(most) => markdown::markdown(&plan.into(), most),
        ReportFormat::Html => html::html(&plan.into()),
    }
}

/// Renders an outcome as the result of a command.
pub(super) fn render_outcome(
    outcome: &OutcomeDocument,
    format: ReportFormat,
    detail: Detail,
    screen: &Screen,
) -> String {
    match format {
        ReportFormat::Text => outcome_text::outcome(outcome, screen.stdout_page(detail)),
        ReportFormat::Json => json::text(outcome),
        ReportFormat::Markdown(most) => markdown::markdown(&outcome.into(), most),
        ReportFormat::Html => html::html(&outcome.into()),
    }
}
