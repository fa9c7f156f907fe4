//! Why a push ended early: the code, the sentence and the exit code of each reason, for every output alike.

use crate::coralogix::account::Account;
use crate::coralogix::failure::ASKED_TO_WAIT_HINT;
use crate::error::{Error, ErrorKind};
use crate::http::failure::{Failure, Refusal, RequestedWait};
use serde::{Deserialize, Serialize};

/// What to do after most reasons.
pub const RERUN_HINT: &str =
    "run the same command again: it reads the target first and sends only what is still missing";

/// Why a push ended before everything was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// The target could not be reached; holds the reason.
    Unreachable(String),
    /// The target refused a request for a reason that applies to every request, such as the API key.
    Refused(Refusal),
    /// The target refused this many webhooks in a row, so the rest were not tried.
    TooManyRefused(usize),
    /// A new webhook in the target may or may not be ours; sending more could create duplicates.
    Unresolved,
    /// Several rounds made no progress; holds the reason that the last one gave.
    NoProgress(String),
    /// The server asked for a longer wait than the wait budget covers.
    AskedToWait(RequestedWait),
    /// The run used up its wait budget.
    WaitBudgetSpent,
    /// The journal could not be written, so nothing more was sent; holds the reason.
    NotRecorded(String),
    /// The answer to a write showed another company than the target's; holds what it showed.
    WrongAccount(String),
    /// The user interrupted the run.
    Interrupted,
    /// The target could not be read, so it is unknown what the last request did; holds the reason.
    TargetUnreadable(String),
}

impl StopReason {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Refused(_) => "refused",
            Self::TooManyRefused(_) => "too-many-refused",
            Self::Unresolved => "unresolved",
            Self::NoProgress(_) => "no-progress",
            Self::AskedToWait(_) => "asked-to-wait",
            Self::WaitBudgetSpent => "out-of-patience",
            Self::NotRecorded(_) => "not-recorded",
            Self::WrongAccount(_) => "wrong-account",
            Self::Interrupted => "interrupted",
            Self::TargetUnreadable(_) => "blind",
        }
    }

    /// The reason in words; `target` is how the sentence names the target, such as `the target`.
    pub fn sentence(&self, target: &str) -> String {
        match self {
            Self::Unreachable(why) => format!("{target} cannot be reached: {why}"),
            Self::Refused(refusal) => format!("{target} {}", refusal.answer()),
            Self::TooManyRefused(n) => format!("{target} refused {n} webhooks in a row"),
            Self::Unresolved => format!(
                "a new webhook in {target} may or may not come from this run, and sending more could create a duplicate"
            ),
            Self::NoProgress(why) => format!("several rounds made no progress: {why}"),
            Self::AskedToWait(wait) => {
                format!("{target} asks to wait {wait}, longer than this run may still wait")
            }
            Self::WaitBudgetSpent => {
                format!("the run waited for {target} as long as --max-wait allows")
            }
            Self::NotRecorded(why) => format!("the run record could not be written: {why}"),
            Self::WrongAccount(why) => {
                format!("the answer to a write is another account's: {target} {why}")
            }
            Self::Interrupted => {
                "it was interrupted; the run record lists what was sent".to_owned()
            }
            Self::TargetUnreadable(why) => format!("{target} cannot be read: {why}"),
        }
    }

    /// The error with which a run ends; `what` is what it needed permission for, such as `create webhooks`.
    ///
    /// The exit code follows from its kind: whoever has written something turns it into [`ErrorKind::Partial`].
    pub fn to_error(&self, target: &Account, what: &str) -> Error {
        if let Self::Refused(refusal) = self {
            return Failure::Refused(refusal.clone()).explain(target, what);
        }
        let kind = match self {
            Self::Unresolved | Self::WrongAccount(_) | Self::TargetUnreadable(_) => {
                ErrorKind::Partial
            }
            _ => ErrorKind::Failed,
        };
        let error = Error::new(kind, self.sentence(&target.to_string()));
        match self.hint() {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// What to do about it; `None` if there is nothing to do, or if the refusal itself says it.
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreachable(_) | Self::NoProgress(_) | Self::TargetUnreadable(_) => {
                RERUN_HINT.to_owned()
            }
            Self::TooManyRefused(_) => "the report shows the server's reason next to each refused webhook; select others with --name, --type, --id".to_owned(),
            Self::Unresolved => "look up the ids listed above in the Coralogix UI, then run the same command again".to_owned(),
            Self::AskedToWait(_) => ASKED_TO_WAIT_HINT.to_owned(),
            Self::WaitBudgetSpent => format!("pass a longer --max-wait, or {RERUN_HINT}"),
            Self::NotRecorded(_) => "free disk space or fix the state folder, or pass another folder with --state-dir; then run the same command again".to_owned(),
            Self::WrongAccount(_) => "an API key belongs to one company: check for a proxy or gateway that mixes accounts, and both accounts for webhooks that do not belong there".to_owned(),
            Self::Refused(_) | Self::Interrupted => return None,
        })
    }
}
