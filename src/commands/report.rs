//! `hookferry report`: a run or a saved plan shown again; reads no account.

use super::form;
use crate::error::{Error, ExitCode};
use crate::render::document::Document;
use crate::render::screen::Screen;
use crate::settings::{Report, Reported, StateFolder};
use crate::store::disk;
use crate::store::runs::Runs;

/// Shows it.
pub(super) fn run(settings: &Report, screen: &Screen) -> Result<ExitCode, Error> {
    let text = match &settings.of {
        Reported::File(path) => disk::read_text(path, "the document")?,
        Reported::Stdin => disk::read_stdin()?,
        Reported::Run(run) => of_run(run, &settings.state)?,
    };
    let (output, detail) = (settings.output, settings.detail);
    screen.result(&match Document::read(&text)? {
        Document::Plan(plan) => form::plan(&plan, output, detail, screen),
        Document::Outcome(outcome) => form::outcome(&outcome, output, detail, screen),
    })?;
    Ok(ExitCode::Done)
}

/// The outcome that a run kept; one that was cut off kept none.
fn of_run(run: &str, state: &StateFolder) -> Result<String, Error> {
    let runs = Runs::new(state.path()?);
    let id = runs.find(run)?;
    // A damaged record is an error even where its report can be read.
    runs.open(&id)?;
    runs.kept(&id, "report.json")?.ok_or_else(|| {
        Error::failed(format!(
            "run {id} has no report: it is still at work, or was cut off"
        ))
        .with_hint(format!(
            "`hookferry runs show {id}{flag}` tells what is known of it; its plan: `hookferry report {plan}`",
            flag = state.flag(),
            plan = runs.path(&id).join("plan.json").display(),
        ))
    })
}
