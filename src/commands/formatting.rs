//! Renders a plan or an outcome in the requested format: the one place that knows every format.

use crate::document::view::Detail;
use crate::document::{OutcomeDocument, PlanDocument};
use crate::render::screen::Screen;
use crate::render::{html, json, markdown, outcome as outcome_text, plan as plan_text};
use crate::settings::ReportForm;

/// Renders a plan as the result of a command.
pub(super) fn plan(
    plan: &PlanDocument,
    form: ReportForm,
    detail: Detail,
    screen: &Screen,
) -> String {
    match form {
        ReportForm::Text => plan_text::plan(plan, screen.page(detail)),
        ReportForm::Json => json::text(plan),
        ReportForm::Markdown(most) => markdown::markdown(&plan.into(), most),
        ReportForm::Html => html::html(&plan.into()),
    }
}

/// Renders an outcome as the result of a command.
pub(super) fn outcome(
    outcome: &OutcomeDocument,
    form: ReportForm,
    detail: Detail,
    screen: &Screen,
) -> String {
    match form {
        ReportForm::Text => outcome_text::outcome(outcome, screen.page(detail)),
        ReportForm::Json => json::text(outcome),
        ReportForm::Markdown(most) => markdown::markdown(&outcome.into(), most),
        ReportForm::Html => html::html(&outcome.into()),
    }
}
