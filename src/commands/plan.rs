//! `hookferry plan`: what a migration would do; it has no client that could write.

use super::form;
use super::reading::{Planned, read_and_plan};
use crate::error::{Error, ExitCode};
use crate::render::document::{Depth, PlanDocument};
use crate::render::screen::Screen;
use crate::render::view::{Detail, PlanView};
use crate::settings::{self, ReportForm};

/// Shows the plan.
pub(super) async fn run(settings: settings::Plan, screen: &Screen) -> Result<ExitCode, Error> {
    let planned = read_and_plan(&settings.route, &settings.state, screen).await?;
    show(&planned, settings.output, settings.detail, screen)?;
    Ok(exit_code(&planned, settings.detailed_exitcode))
}

/// Prints the plan as the result of the run.
pub(super) fn show(
    planned: &Planned,
    output: ReportForm,
    detail: Detail,
    screen: &Screen,
) -> Result<(), Error> {
    let document = PlanDocument::of(view(planned), Depth::Fields);
    screen.result(&form::plan(&document, output, detail, screen))
}

/// The plan as the renderers take it.
pub(super) fn view(planned: &Planned) -> PlanView<'_> {
    PlanView {
        plan: &planned.plan,
        source: &planned.source,
        target: &planned.target,
    }
}

/// A plan that would be refused says so in the code, so that a pipeline can stop there.
pub(super) fn exit_code(planned: &Planned, detailed: bool) -> ExitCode {
    if planned.plan.n_refusing() > 0 {
        ExitCode::Refused
    } else if detailed && planned.plan.has_changes() {
        ExitCode::Changes
    } else {
        ExitCode::Done
    }
}
