//! The end of a migration: its last messages on stderr, and its exit code.
//! Runs after the report is written, so that a failure to write the report cannot change the exit code.

use super::recording::FinalObservationSummary;
use crate::coralogix::account::Account;
use crate::coralogix::failure::asked_to_wait_hint;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::http::failure::Failure;
use crate::interrupt::Signal;
use crate::pipeline::push::{PushResult, StopReason};
use crate::pipeline::verify::Verdict;
use crate::render::screen::Screen;
use crate::store::runs::Recorder;

/// The result of a migration, with everything that its report and its exit code need.
pub(super) struct FinishedMigration {
    pub(super) push_result: PushResult,
    pub(super) verdict: Option<Verdict>,
    /// Ids of earlier runs whose open sends this run has reconciled.
    pub(super) continued_runs: Vec<String>,
    /// The flags that a follow-up command needs to find the run record and the target's key.
    pub(super) follow_up_flags: String,
    /// Whether the target is the account embedded in this program (`restore --rehearse`).
    pub(super) is_rehearsal: bool,
    /// The run record and what it keeps of the final observation; `None` if there was nothing to do.
    pub(super) recorder: Option<(Recorder, FinalObservationSummary)>,
}

impl FinishedMigration {
    /// The run's id; `None` if the run has no record.
    pub(super) fn run_id(&self) -> Option<&str> {
        self.recorder
            .as_ref()
            .map(|(recorder, _)| recorder.run_id())
    }
}

/// What a migration needs permission for, as messages about a refusal put it.
const CREATE: &str = "create webhooks";

const RERUN_HINT: &str =
    "run the same command again: it reads the target first and sends only what is still missing";

/// The exit code of a migration, or the error that stopped it early.
pub(super) fn decide_exit_code(
    finished: &FinishedMigration,
    target: &Account,
    signal: Option<Signal>,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let push_result = &finished.push_result;
    match (&push_result.stop, signal) {
        (Some(StopReason::Interrupted), Some(signal)) => {
            screen.error(&interruption_error(finished, signal));
            return Ok(signal.exit_code());
        }
        (Some(stop), _) if push_result.may_have_written => {
            return Err(stop_error(stop, target, CREATE).into_partial());
        }
        (Some(stop), _) => return Err(stop_error(stop, target, CREATE)),
        (None, _) => {}
    }
    if let Some(why) = &push_result.read_back_failure {
        let what = format!("the target could not be read back: {why}");
        screen.error(&Error::failed(what).with_hint(RERUN_HINT));
    }
    let is_verified = finished.verdict.as_ref().is_some_and(Verdict::is_complete);
    let has_everything =
        push_result.is_complete() && (is_verified || push_result.statuses.is_empty());
    Ok(match (has_everything, push_result.may_have_written) {
        (true, _) => ExitCode::Done,
        (false, true) => ExitCode::Partial,
        (false, false) => ExitCode::Failed,
    })
}

/// The message after a signal: whether anything was sent, and the commands to resume and to undo the run.
fn interruption_error(finished: &FinishedMigration, signal: Signal) -> Error {
    let signal = signal.name();
    match finished
        .run_id()
        .filter(|_| finished.push_result.may_have_written)
    {
        None => Error::failed(format!("{signal}: stopped before anything was sent"))
            .with_hint("to resume, run the same command again"),
        Some(run) => Error::failed(format!(
            "{signal}: stopped cleanly; run {run} has recorded everything that was sent"
        ))
        .with_hint(format!(
            "to resume, run the same command again; to undo this run: hookferry rollback {run}{}",
            finished.follow_up_flags
        )),
    }
}

/// The error of a run that stopped early; `what` is what it needed permission for, such as `create webhooks`.
pub(super) fn stop_error(stop: &StopReason, target: &Account, what: &str) -> Error {
    match stop {
        StopReason::Unreachable(why) => Error::failed(format!("cannot reach {target}: {why}")).with_hint(RERUN_HINT),
        StopReason::Refused(refusal) => Failure::Refused(refusal.clone())
            .explain(target, what),
        StopReason::TooManyRefused(n) => Error::failed(format!(
            "{target} refused {n} webhooks in a row; the rest were not sent"
        ))
        .with_hint("the report shows the server's reason next to each refused webhook; select others with --name, --type, --id"),
        StopReason::Unresolved => Error::new(
            ErrorKind::Partial,
            format!("{target} lists webhooks that may be from this run or from somebody else; the run stopped, because sending more could create duplicates"),
        )
        .with_hint("look up the ids listed above in the Coralogix UI: delete the copies, or run `hookferry runs close RUN` once you know that they are somebody else's; then run the same command again"),
        StopReason::NoProgress(why) => {
            Error::failed(format!("{target} made no progress in several attempts: {why}")).with_hint(RERUN_HINT)
        }
        StopReason::AskedToWait(wait) => {
            Error::failed(format!("{target} accepts no requests at the moment")).with_hint(asked_to_wait_hint(*wait))
        }
        StopReason::WaitBudgetSpent => {
            Error::failed(format!("the run waited for {target} as long as --max-wait allows")).with_hint(format!("pass a longer --max-wait, or {RERUN_HINT}"))
        }
        StopReason::NotRecorded(why) => Error::failed(format!("the run stopped sending, because it could not write its run record: {why}"))
            .with_hint("free disk space or fix the state folder, or pass another folder with --state-dir; then run the same command again"),
        StopReason::WrongAccount(why) => Error::new(
            ErrorKind::Partial,
            format!("the answer to a write is another account's, so the run stopped sending: {target} {why}"),
        )
        .with_hint("an API key belongs to one company: check for a proxy or gateway that mixes accounts, and both accounts for webhooks that do not belong there"),
        StopReason::Interrupted => Error::failed("interrupted"),
        StopReason::TargetUnreadable(why) => Error::new(
            ErrorKind::Partial,
            format!("{target} could not be read back, so it is unknown which webhooks arrived: {why}"),
        )
        .with_hint(RERUN_HINT),
    }
}
