//! How a migration concludes: the last words on stderr, and the exit code.
//! Called after the report is written, so that nothing about the report can change the code.

use super::recording::LastLook;
use crate::coralogix::account::Account;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::http::failure::Failure;
use crate::interrupt::Signal;
use crate::pipeline::push::{Applied, Stop};
use crate::pipeline::verify::Verdict;
use crate::render::screen::Screen;
use crate::store::runs::Recorder;

/// What was done, and what is known of it.
pub(super) struct Done {
    pub(super) applied: Applied,
    pub(super) verdict: Option<Verdict>,
    /// Earlier runs for which this one has accounted.
    pub(super) continues: Vec<String>,
    /// What a command has to say to find the record and the target's key.
    pub(super) state_flag: String,
    /// Whether the target is embedded in this program.
    pub(super) is_rehearsal: bool,
    /// The record of the run, and what it keeps of the last look; none where there was nothing to do.
    pub(super) recorder: Option<(Recorder, LastLook)>,
}

impl Done {
    /// The run's id, where it is on record.
    pub(super) fn run(&self) -> Option<&str> {
        self.recorder.as_ref().map(|(recorder, _)| recorder.run())
    }
}

/// The exit code of what was done to a target; why it stopped early, if it did.
pub(super) fn conclude(
    done: &Done,
    target: &Account,
    signal: Option<Signal>,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let applied = &done.applied;
    match (&applied.stop, signal) {
        (Some(Stop::Interrupted), Some(signal)) => {
            screen.error(&interrupted(done, signal));
            return Ok(signal.exit_code());
        }
        (Some(stop), _) if applied.may_have_written => {
            return Err(explain(stop, target).after_sending());
        }
        (Some(stop), _) => return Err(explain(stop, target)),
        (None, _) => {}
    }
    let is_verified = done.verdict.as_ref().is_some_and(Verdict::is_complete);
    let has_everything = applied.is_complete() && (is_verified || applied.fates.is_empty());
    Ok(match (has_everything, applied.may_have_written) {
        (true, _) => ExitCode::Done,
        (false, true) => ExitCode::Partial,
        (false, false) => ExitCode::Failed,
    })
}

/// What stands on the screen after a signal: what was done, and the two commands to go on with.
fn interrupted(done: &Done, signal: Signal) -> Error {
    let signal = signal.name();
    match done.run().filter(|_| done.applied.may_have_written) {
        None => Error::failed(format!("{signal}: stopped before anything was sent"))
            .with_hint("run the same command again to go on"),
        Some(run) => Error::failed(format!(
            "{signal}: stopped in good order; run {run} has on record what was sent"
        ))
        .with_hint(format!(
            "to go on, run the same command again; to undo what was done: hookferry rollback {run}{}", done.state_flag
        )),
    }
}

fn explain(stop: &Stop, target: &Account) -> Error {
    let again = "run the same command again: it reads the target first and sends only what is still missing";
    match stop {
        Stop::Unreachable(why) => Error::failed(format!("cannot reach {target}: {why}")).with_hint(again),
        Stop::Refused(refusal) => Failure::Refused(refusal.clone())
            .explain(target, "create webhooks"),
        Stop::TooManyRefused(n) => Error::failed(format!(
            "{target} refused {n} webhooks in a row; the rest was not tried"
        ))
        .with_hint("the server's words stand beside each refused webhook; select others with --name, --type, --id"),
        Stop::Unresolved => Error::new(
            ErrorKind::Partial,
            format!("{target} shows webhooks that may be ours or somebody else's; nothing more is sent, because that could make duplicates"),
        )
        .with_hint("compare the ids named above in the Coralogix UI: delete what is a copy, or say `hookferry runs close RUN` once you have seen that it is somebody else's; then run the same command again"),
        Stop::NoProgress(why) => {
            Error::failed(format!("{target} made no progress in several attempts: {why}")).with_hint(again)
        }
        Stop::OutOfPatience => {
            Error::failed(format!("{target} kept this run waiting for 15 minutes")).with_hint(again)
        }
        Stop::NotRecorded(why) => Error::failed(format!("nothing more was sent, because it could not be put on record: {why}"))
            .with_hint("free space or repair the state folder, or name another with --state-dir; then run the same command again"),
        Stop::Interrupted => Error::failed("interrupted"),
        Stop::Blind(why) => Error::new(
            ErrorKind::Partial,
            format!("{target} could not be read, so it is not known what arrived: {why}"),
        )
        .with_hint(again),
    }
}
