//! `hookferry report`: renders a run or a saved plan again. Reads no account.

use super::formatting;
use super::runs::read_deliveries;
use crate::document::run::RunRecord;
use crate::document::{Document, OutcomeDocument, UnreadableDocument};
use crate::error::{Error, ExitCode};
use crate::render::screen::Screen;
use crate::settings::{ReportSettings, ReportSubject};
use crate::store::disk;
use crate::store::input::{self, Limit};

/// Prints the document in the requested format.
pub(super) fn run(settings: &ReportSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let document = match &settings.subject {
        ReportSubject::File(path) => {
            read_document(&disk::read_text(path, "the document", Limit::Large)?)?
        }
        ReportSubject::Stdin => read_document(&input::read_stdin_text()?)?,
        ReportSubject::Run(run) => {
            let record = open(run, settings)?;
            let deliveries = read_deliveries(settings.state.path()?, screen);
            let outcome = OutcomeDocument::new(&record).with_cut_over(&record, &deliveries);
            Document::Outcome(outcome.into())
        }
        ReportSubject::PlanOfRun(run) => {
            Document::Plan(open(run, settings)?.plan_document().into())
        }
    };
    let (output, detail) = (settings.output, settings.detail);
    match document {
        Document::Plan(plan) => formatting::print_plan(&plan, output, detail, screen)?,
        Document::Outcome(outcome) => {
            formatting::print_outcome(&outcome, output, detail, screen)?;
        }
    }
    Ok(ExitCode::Done)
}

fn open(run: &str, settings: &ReportSettings) -> Result<RunRecord, Error> {
    let runs = settings.state.recorded_runs()?;
    runs.open(&runs.find(run)?)
}

fn read_document(text: &str) -> Result<Document, Error> {
    Document::read(text).map_err(|unreadable| unreadable_document(&unreadable))
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
