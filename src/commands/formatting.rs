//! Prints a plan or an outcome in the requested format: the one place that knows every format.

use crate::document::view::Detail;
use crate::document::{Depth, OutcomeDocument, PlanDocument, StreamedSteps};
use crate::error::Error;
use crate::render::screen::Screen;
use crate::render::{html, markdown, outcome as outcome_text, plan as plan_text};
use crate::settings::ReportFormat;

/// Prints a plan that has just been made as the result of a command; only JSON does without all its steps in memory.
pub(super) fn print_new_plan(
    plan: PlanDocument<StreamedSteps<'_>>,
    format: ReportFormat,
    detail: Detail,
    screen: &Screen,
) -> Result<(), Error> {
    let depth = match format {
        ReportFormat::Json => return screen.print_json(&plan),
        ReportFormat::Text => Depth::from_detail(detail),
        ReportFormat::Markdown(_) | ReportFormat::Html => Depth::Fields,
    };
    print_plan(&plan.collected(depth), format, detail, screen)
}

/// Prints a plan as the result of a command.
pub(super) fn print_plan(
    plan: &PlanDocument,
    format: ReportFormat,
    detail: Detail,
    screen: &Screen,
) -> Result<(), Error> {
    screen.print_result(&match format {
        ReportFormat::Text => plan_text::plan(plan, screen.stdout_page(detail)),
        ReportFormat::Json => return screen.print_json(plan),
        ReportFormat::Markdown(most) => markdown::markdown(&plan.into(), most),
        ReportFormat::Html => html::html(&plan.into()),
    })
}

/// Prints an outcome as the result of a command.
pub(super) fn print_outcome(
    outcome: &OutcomeDocument,
    format: ReportFormat,
    detail: Detail,
    screen: &Screen,
) -> Result<(), Error> {
    screen.print_result(&match format {
        ReportFormat::Text => outcome_text::outcome(outcome, screen.stdout_page(detail)),
        ReportFormat::Json => return screen.print_json(outcome),
        ReportFormat::Markdown(most) => markdown::markdown(&outcome.into(), most),
        ReportFormat::Html => html::html(&outcome.into()),
    })
}
