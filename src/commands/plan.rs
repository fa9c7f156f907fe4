//! `hookferry plan`: shows what a migration would do. It has no client that could write.

use super::form;
use super::reading::{Planned, read_and_plan};
use super::saved::bound;
use crate::error::{Error, ExitCode};
use crate::render::document::{Depth, PlanDocument, SavedPlan};
use crate::render::json;
use crate::render::screen::Screen;
use crate::render::view::{Detail, PlanView};
use crate::settings::{self, ReportForm};
use crate::store::disk;
use std::path::Path;

/// Prints the plan, and saves it if `--out` names a file.
pub(super) async fn run(settings: settings::Plan, screen: &Screen) -> Result<ExitCode, Error> {
    let (planned, _) = read_and_plan(&settings.route, &settings.state, screen).await?;
    let is_bound = settings.out.is_some() || settings.output != ReportForm::Text;
    let document = if is_bound {
        bound(&planned, &settings.route, settings.valid_for)?
    } else {
        PlanDocument::of(view(&planned), Depth::of(settings.detail))
    };
    if let Some(path) = &settings.out {
        let is_plan = |text: &str| SavedPlan::read(text).is_ok();
        disk::replace_own(path, &|to| json::write(&document, to), "the plan", is_plan)?;
    }
    show(&document, settings.output, settings.detail, screen)?;
    if let Some(path) = &settings.out {
        screen.say(&saved_words(&document, path));
    }
    Ok(exit_code(&planned, settings.detailed_exitcode))
}

fn saved_words(document: &PlanDocument, path: &Path) -> String {
    let path = crate::foreign::shown(&path.display().to_string());
    let until = document.binding.as_ref().map(|binding| binding.valid_until);
    let until = until.map_or_else(String::new, |until| format!(", valid until {until}"));
    if document.would_be_refused {
        format!("\nSaved to {path} for review; it cannot be applied as it is.")
    } else {
        format!("\nSaved to {path}{until}. Once it is approved: hookferry apply {path}")
    }
}

/// Prints the plan as the result of the command.
pub(super) fn show(
    document: &PlanDocument,
    output: ReportForm,
    detail: Detail,
    screen: &Screen,
) -> Result<(), Error> {
    screen.result(&form::plan(document, output, detail, screen))
}

/// The plan as input for the renderers.
pub(super) fn view(planned: &Planned) -> PlanView<'_> {
    PlanView {
        plan: &planned.plan,
        source: &planned.source,
        target: &planned.target,
    }
}

/// The exit code of a dry run: `Refused` if applying would be refused, so that a CI pipeline can stop there.
pub(super) fn exit_code(planned: &Planned, detailed: bool) -> ExitCode {
    if planned.plan.n_refusing() > 0 {
        ExitCode::Refused
    } else if detailed && planned.plan.has_changes() {
        ExitCode::Changes
    } else {
        ExitCode::Done
    }
}
