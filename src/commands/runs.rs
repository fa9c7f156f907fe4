//! `hookferry runs`: what is on record, one run with all that is known of it, and the end of records.

use crate::cli::OutputForm;
use crate::error::{Error, ExitCode};
use crate::render::screen::Screen;
use crate::render::view::Detail;
use crate::render::{json, runs as view};
use crate::settings::{RunsSettings, RunsWork};
use crate::store::runs::Runs;
use crate::store::runs::entry::Entry;
use jiff::Timestamp;
use serde_json::Value;

/// Lists, shows, closes or prunes.
pub(super) fn run(settings: &RunsSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let runs = Runs::new(settings.state.path()?);
    match &settings.work {
        RunsWork::List(output) => {
            let all = runs.all();
            screen.result(&match output {
                OutputForm::Text => view::list(&all, screen.page(Detail::Normal)),
                OutputForm::Json => json::text(&view::list_document(&all)),
            })?;
        }
        RunsWork::Show(run, output) => show(&runs, run, *output, screen)?,
        RunsWork::Close(run) => close(&runs, run, screen)?,
        RunsWork::Prune(keep_within) => {
            screen.result(&view::pruned(&runs.prune(*keep_within)?))?;
        }
    }
    Ok(ExitCode::Done)
}

fn show(runs: &Runs, run: &str, output: OutputForm, screen: &Screen) -> Result<(), Error> {
    let id = runs.find(run)?;
    let record = runs.open(&id)?;
    let folder = runs.path(&id).display().to_string();
    let text = match output {
        OutputForm::Text => view::one(&record, &folder, screen.page(Detail::Normal)),
        OutputForm::Json => {
            let report = runs.kept(&id, "report.json")?;
            let report: Option<Value> = report.and_then(|text| serde_json::from_str(&text).ok());
            json::text(&view::one_document(&record, &folder, report.as_ref()))
        }
    };
    screen.result(&text)
}

fn close(runs: &Runs, run: &str, screen: &Screen) -> Result<(), Error> {
    let id = runs.find(run)?;
    let n_open = runs.open(&id)?.open().len();
    if n_open == 0 {
        return screen.result(&format!("Run {id} has nothing open.\n"));
    }
    runs.add(
        &id,
        &Entry::Closed {
            at: Timestamp::now(),
        },
    )?;
    screen.result(&format!(
        "Run {id} is closed: the {n_open} webhooks that it left open are not looked for any more.\n"
    ))
}
