//! `hookferry report`: renders a run or a saved plan again. Reads no account.

use super::formatting;
use crate::document::{Document, UnreadableDocument};
use crate::error::{Error, ExitCode};
use crate::render::screen::Screen;
use crate::settings::{ReportSettings, ReportSubject, StateFolder};
use crate::stdin;
use crate::store::disk;
use crate::store::runs::Runs;

/// Prints the document in the requested format.
pub(super) fn run(settings: &ReportSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let text = match &settings.subject {
        ReportSubject::File(path) => disk::read_text(path, "the document")?,
        ReportSubject::Stdin => stdin::read_text()?,
        ReportSubject::Run(run) => load_report(run, &settings.state)?,
    };
    let (output, detail) = (settings.output, settings.detail);
    let document = Document::read(&text).map_err(|unreadable| unreadable_document(&unreadable))?;
    screen.print_result(&match document {
        Document::Plan(plan) => formatting::render_plan(&plan, output, detail, screen),
        Document::Outcome(outcome) => formatting::render_outcome(&outcome, output, detail, screen),
    })?;
    Ok(ExitCode::Done)
}

fn unreadable_document(unreadable: &UnreadableDocument) -> Error {
    let hint = if unreadable.is_of_other_version {
        "use the hookferry version that wrote it, or a newer one"
    } else {
        "`hookferry report` takes the output of `plan -o json` or `migrate -o json`, or the id of a recorded run"
    };
    let why = &unreadable.why;
    Error::failed(format!("cannot make a report from this: {why}")).with_hint(hint)
}

/// The report that a run saved; fails for a run that was cut off before that.
fn load_report(run: &str, state: &StateFolder) -> Result<String, Error> {
    let runs = Runs::new(state.path()?);
    let id = runs.find(run)?;
    // A damaged record is an error even where its report can be read.
    runs.open(&id)?;
    runs.read_file(&id, "report.json")?.ok_or_else(|| {
        Error::failed(format!(
            "run {id} has no report: it is still working, or was cut off"
        ))
        .with_hint(format!(
            "to see its status: `hookferry runs show {id}{flag}`; to see its plan: `hookferry report {plan}`",
            flag = state.follow_up_flag(),
            plan = runs.path(&id).join("plan.json").display(),
        ))
    })
}
