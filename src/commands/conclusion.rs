//! The end of a migration: its last messages on stderr, and its exit code.
//! Runs after the report is written, so that a failure to write the report cannot change the exit code.

use crate::coralogix::account::Account;
use crate::document::run::RunRecord;
use crate::error::{Error, ExitCode};
use crate::interrupt::Signal;
use crate::pipeline::outcome::exit_code;
use crate::pipeline::push::{RERUN_HINT, StopReason};
use crate::render::screen::Screen;

/// A migration that has ended.
pub(super) struct FinishedMigration {
    /// Its record, of which the report and the exit code are made.
    pub(super) record: RunRecord,
    /// Why the target could not be read at the end; `None` if it was read, or if the run stopped for a reason of its own.
    pub(super) read_back_failure: Option<String>,
}

/// What a migration needs permission for, as messages about a refusal put it.
const CREATE: &str = "create webhooks";

/// The exit code of a migration, or the error that stopped it early.
pub(super) fn decide_exit_code(
    finished: &FinishedMigration,
    target: &Account,
    signal: Option<Signal>,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let record = &finished.record;
    match (record.stop(), signal) {
        (Some(StopReason::Interrupted), Some(signal)) => {
            screen.error(&interruption_error(record, signal));
            return Ok(signal.exit_code());
        }
        (Some(stop), _) if record.may_have_written() => {
            return Err(stop_error(record, stop, target).into_partial());
        }
        (Some(stop), _) => return Err(stop_error(record, stop, target)),
        (None, _) => {}
    }
    if let Some(why) = &finished.read_back_failure {
        let what = format!("the target could not be read back: {why}");
        screen.error(&Error::failed(what).with_hint(RERUN_HINT));
    }
    Ok(exit_code(record.is_complete(), record.may_have_written()))
}

/// Why the run stopped early, and what to do about it.
fn stop_error(record: &RunRecord, stop: &StopReason, target: &Account) -> Error {
    let error = stop.to_error(target, CREATE);
    match stop {
        StopReason::Unresolved => error.with_hint(format!(
            "look up the ids listed above in the Coralogix UI: delete the copies, or run `{}` once you know that they are somebody else's; then run the same command again",
            record.close_command()
        )),
        _ => error,
    }
}

/// The message after a signal: whether anything was sent, and the commands to resume and to undo the run.
fn interruption_error(record: &RunRecord, signal: Signal) -> Error {
    let signal = signal.name();
    if !record.may_have_written() {
        return Error::failed(format!("{signal}: stopped before anything was sent"))
            .with_hint("to resume, run the same command again");
    }
    let run = record.id();
    Error::failed(format!(
        "{signal}: stopped cleanly; run {run} has recorded everything that was sent"
    ))
    .with_hint(format!(
        "to resume, run the same command again; to undo {}: {}",
        record.rollback_extent(),
        record.rollback_command()
    ))
}
