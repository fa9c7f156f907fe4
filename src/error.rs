//! The error type that users read, and the one table of exit codes.
//! Never contains a key, a request body or a URL with its query.

use serde::{Serialize, Serializer};
use std::fmt;

/// The exit code of the process: the one table, which the README prints and a test compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Done, or nothing to do.
    Done = 0,
    /// Failed; nothing was written to the target.
    Failed = 1,
    /// Changes are present; only with `--detailed-exitcode`.
    Changes = 2,
    /// The result is incomplete or could not be confirmed, or a backup is damaged or too old.
    Partial = 3,
    /// The server refused the API key, or the key lacks a permission.
    Authentication = 4,
    /// The plan is stale, or an account or key is not the expected one.
    WrongAccount = 5,
    /// Refused before anything was written.
    Refused = 6,
    /// The repository or backup does not exist.
    NoBackup = 10,
    /// Another run holds the lock of the target.
    Locked = 11,
    /// Only another key could tell or decrypt it: none of the identities opens the backup, or the run used another API
    /// key.
    KeyNeeded = 12,
    /// The command line is wrong.
    Usage = 64,
    /// Ended by Ctrl-C.
    Interrupted = 130,
    /// Ended by a request to terminate.
    Terminated = 143,
}

impl ExitCode {
    /// Every code with its meaning, in ascending order, as the README prints it.
    pub const TABLE: &'static [(Self, &'static str)] = &[
        (Self::Done, "done, or nothing to do"),
        (Self::Failed, "failed; nothing was written"),
        (
            Self::Changes,
            "changes are present (only with --detailed-exitcode)",
        ),
        (
            Self::Partial,
            "partial or unresolved: not everything is where it should be, or it could not be confirmed; a backup is damaged or too old",
        ),
        (
            Self::Authentication,
            "the API key was refused or lacks a permission",
        ),
        (
            Self::WrongAccount,
            "the plan is stale, or an account or key is wrong: source and target are the same, or differ from those of the plan, the run, the profile or the backup",
        ),
        (
            Self::Refused,
            "refused, nothing was written: no confirmation, a conflict, or a webhook that cannot be sent",
        ),
        (Self::NoBackup, "no such repository or backup"),
        (
            Self::Locked,
            "another run holds the lock of the target; nothing was written",
        ),
        (
            Self::KeyNeeded,
            "another key is needed: none of the given identities decrypts the backup, or the run used another API key, so nothing proves what it wrote",
        ),
        (Self::Usage, "usage error"),
        (Self::Interrupted, "interrupted (Ctrl-C)"),
        (Self::Terminated, "terminated (SIGTERM, SIGHUP)"),
    ];

    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What the code means, in the words of the table.
    pub fn meaning(self) -> &'static str {
        let row = Self::TABLE.iter().find(|(code, _)| *code == self);
        row.map_or("", |(_, meaning)| *meaning)
    }
}

impl Serialize for ExitCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(self.code())
    }
}

/// The category of a failure, for callers that branch on it; determines the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line or a file of the user's is invalid.
    Usage,
    /// The server refused an account's key, or the key lacks the permission.
    Authentication,
    /// Source and target are the same account, or an account is not the expected one.
    WrongAccount,
    /// A saved plan no longer matches the accounts.
    Stale,
    /// The work was refused before anything was written.
    Refused,
    /// The repository or backup does not exist.
    NoBackup,
    /// Another run holds the lock of the target.
    Locked,
    /// A backup is encrypted, and none of the available identities can decrypt it.
    CannotDecrypt,
    /// Something was sent, and the run could not confirm that everything arrived.
    Partial,
    /// Everything else: network, server, files.
    Failed,
}

impl ErrorKind {
    /// The exit code of a run that ended with this error.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Self::Usage => ExitCode::Usage,
            Self::Authentication => ExitCode::Authentication,
            Self::WrongAccount | Self::Stale => ExitCode::WrongAccount,
            Self::Refused => ExitCode::Refused,
            Self::NoBackup => ExitCode::NoBackup,
            Self::Locked => ExitCode::Locked,
            Self::CannotDecrypt => ExitCode::KeyNeeded,
            Self::Partial => ExitCode::Partial,
            Self::Failed => ExitCode::Failed,
        }
    }
}

/// One failure as the user reads it: what happened to which subject, the cause, and what to do next.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    hint: Option<String>,
    http_status: Option<u16>,
}

impl Error {
    /// Creates a failure from one sentence that names its subject: lower case, without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
            hint: None,
            http_status: None,
        }
    }

    /// Creates a usage error (exit code 64).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Creates a failure without a more specific kind (exit code 1).
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, message)
    }

    /// Adds the next step, shown on a `hint:` line.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause, shown after the sentence.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// Adds the HTTP status with which a server refused.
    #[must_use]
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.http_status = Some(status);
        self
    }

    /// Changes the kind to `Partial`: something was sent to the target, so it must not mean "nothing was written".
    #[must_use]
    pub fn into_partial(mut self) -> Self {
        self.kind = ErrorKind::Partial;
        self
    }

    /// One error for two things that are missing, so that nobody learns of the second only after the first.
    ///
    /// The kind is that of the first; each keeps its own next step.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        const BOTH: &str = "several things are missing, and nothing was read or written";
        let line = |error: &Self| match error.hint() {
            Some(hint) => format!("\n  - {error}\n    hint: {hint}"),
            None => format!("\n  - {error}"),
        };
        // What is already a list keeps its lines.
        let lines = |error: &Self| match error.message.strip_prefix(BOTH) {
            Some(lines) => lines.to_owned(),
            None => line(error),
        };
        Self::new(self.kind, format!("{BOTH}{}{}", lines(&self), lines(other)))
    }

    /// The category, for code that branches on it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The HTTP status with which a server refused; `None` for any other failure.
    pub fn http_status(&self) -> Option<u16> {
        self.http_status
    }

    /// The next step for the user, if one is known.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// Writes the sentence and its chain of causes on one line: `what: cause: cause`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
