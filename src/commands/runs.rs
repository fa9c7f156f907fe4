//! `hookferry runs`: lists the run records, shows one run, closes one, or prunes old records.

use super::history::settle_time_left;

use crate::cli::OutputFormat;
use crate::document::run::entry::JournalEntry;
use crate::document::view::Detail;
use crate::document::{DeliveryEntry, OutcomeDocument};
use crate::error::{Error, ErrorKind, ExitCode};
use crate::render::screen::Screen;
use crate::render::{json, runs as view};
use crate::settings::{RunsSettings, RunsTask};
use crate::store::deliveries::Deliveries;
use crate::store::lock::{LockHolder, Locks};
use crate::store::runs::Runs;
use crate::wording::counted;
use jiff::Timestamp;
use std::path::Path;

/// Runs one `runs` subcommand.
pub(super) fn run(settings: &RunsSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let runs = settings.state.recorded_runs()?;
    match &settings.task {
        RunsTask::List(output) => {
            let all = runs.all()?;
            screen.print_result(&match output {
                OutputFormat::Text => view::list_text(&all, screen.stdout_page(Detail::default())),
                OutputFormat::Json => json::text(&view::list_document(&all)),
            })?;
        }
        RunsTask::Show(run, output) => {
            let deliveries = read_deliveries(settings.state.path()?, screen);
            show_run(&runs, run, &deliveries, *output, screen)?;
        }
        RunsTask::Close(run) => close_run(&runs, settings.state.path()?, run, screen)?,
        RunsTask::Prune(keep_within) => {
            screen.print_report(&view::pruned_text(&runs.prune(*keep_within)?));
        }
    }
    Ok(ExitCode::Done)
}

fn show_run(
    runs: &Runs,
    run: &str,
    deliveries: &[DeliveryEntry],
    output: OutputFormat,
    screen: &Screen,
) -> Result<(), Error> {
    let id = runs.find(run)?;
    let record = runs.open(&id)?;
    let folder = runs.path(&id).display().to_string();
    let report = OutcomeDocument::new(&record).with_cut_over(&record, deliveries);
    let text = match output {
        OutputFormat::Text => {
            let page = screen.stdout_page(Detail::default());
            view::run_text(&record, &report.cut_over, &folder, page)
        }
        OutputFormat::Json => json::text(&view::run_document(&record, report, &folder)),
    };
    screen.print_result(&text)
}

/// The test deliveries on record; a record that cannot be read is only a warning, because that of the run is sound.
pub(super) fn read_deliveries(state: &Path, screen: &Screen) -> Vec<DeliveryEntry> {
    match Deliveries::new(state).all() {
        Ok((entries, 0)) => entries,
        Ok((entries, n)) => {
            screen.warn(&format!(
                "{} of the record of test deliveries cannot be read, so webhooks may have been tested that are not shown as such",
                counted(n, "line")
            ));
            entries
        }
        Err(error) => {
            screen.warn(&format!("which webhooks were tested is unknown: {error}"));
            Vec::new()
        }
    }
}

fn close_run(runs: &Runs, state: &Path, run: &str, screen: &Screen) -> Result<(), Error> {
    let id = runs.find(run)?;
    let record = runs.open(&id)?;
    let (n_open, n_written) = (record.open_sends().len(), record.written().count());
    if n_open + n_written == 0 {
        return screen.print_result(&format!("Run {id} has no open webhooks.\n"));
    }
    // The holder of the lock may be this very run, still working.
    let (host, locks) = (record.canonical_host(), Locks::new(state)?);
    let _lock = locks.acquire(
        &host,
        record.company(),
        &LockHolder::this_process("runs close"),
        &locks.snapshot(&host)?,
    )?;
    let remaining = settle_time_left(&record);
    if !remaining.is_zero() {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("the target may still be processing what run {id} sent"),
        )
        .with_hint(format!(
            "nothing was changed; check the target, and close the run in {} s",
            remaining.as_secs() + 1
        )));
    }
    runs.append(
        &id,
        &JournalEntry::Closed {
            at: Timestamp::now(),
        },
    )?;
    let what = if n_open > 0 {
        format!("the {} that it left open", counted(n_open, "webhook"))
    } else {
        format!(
            "those of its {} that the target does not list",
            counted(n_written, "webhook")
        )
    };
    screen.print_report(&format!(
        "Run {id} is closed: later runs do not look for {what}.\n"
    ));
    Ok(())
}
