//! Renders `backup create`: the result for each account.

use super::{BackupDocument, FailureDocument, format_size, format_time, protection_word};
use crate::document::DocumentBody;
use crate::error::{Error, ExitCode};
use crate::render::columns::table;
use crate::render::page::Page;
use crate::store::backup::{Repository, StoredBackup};
use crate::untrusted::name_cell;
use crate::wording::counted;
use jiff::Timestamp;
use serde::Serialize;

/// The result of backing up one account.
#[derive(Debug)]
pub struct CreateResult {
    /// The account's name as the user passed it.
    pub name: String,
    /// The backup that holds the account's webhooks, or why nothing was stored.
    pub outcome: Result<CurrentBackup, Error>,
}

/// The backup that holds an account's current webhooks.
#[derive(Debug)]
pub struct CurrentBackup {
    /// The backup as the repository lists it.
    pub stored: StoredBackup,
    /// The path by which a user can name it.
    pub path: String,
    /// When the account was read.
    pub checked: Timestamp,
    /// `true` if this run stored it, `false` if the account is unchanged since an earlier backup.
    pub is_new: bool,
    /// Other errors: the backup itself is safe, but the repository needs attention.
    pub other_errors: Vec<Error>,
}

impl CreateResult {
    /// The exit code if this account were the only one.
    pub fn exit_code(&self) -> ExitCode {
        match &self.outcome {
            Ok(kept) if kept.other_errors.is_empty() => ExitCode::Done,
            Ok(_) => ExitCode::Partial,
            Err(error) => error.kind().exit_code(),
        }
    }

    /// All errors for this account.
    pub fn errors(&self) -> &[Error] {
        match &self.outcome {
            Ok(kept) => &kept.other_errors,
            Err(error) => std::slice::from_ref(error),
        }
    }

    fn code(&self) -> &'static str {
        match &self.outcome {
            Ok(kept) if kept.is_new => "stored",
            Ok(_) => "unchanged",
            Err(_) => "failed",
        }
    }
}

/// Renders a table with one row for each account.
pub fn text(taken: &[CreateResult], page: Page) -> String {
    let row = |taken: &CreateResult| {
        let what = match &taken.outcome {
            Ok(kept) => describe(kept),
            Err(_) => "nothing was stored; see above".to_owned(),
        };
        [name_cell(&taken.name), taken.code().to_owned(), what]
    };
    let rows: Vec<[String; 3]> = taken.iter().map(row).collect();
    table(["account", "backup", ""], &rows, page)
}

fn describe(kept: &CurrentBackup) -> String {
    let stored = &kept.stored;
    let webhooks = counted(stored.name.count, "webhook");
    if kept.is_new {
        let (size, protection) = (format_size(stored.size), protection_word(stored));
        format!(
            "{webhooks}, {size}, {protection}: {}",
            name_cell(&kept.path)
        )
    } else {
        let since = format_time(stored.name.time);
        format!(
            "{webhooks}, as stored on {since}: {}",
            name_cell(&kept.path)
        )
    }
}

/// The results as JSON.
#[derive(Serialize)]
struct BackupCreateDocument<'a> {
    repository: String,
    exit_code: ExitCode,
    accounts: Vec<CreateResultDocument<'a>>,
}

/// The result for one account as JSON.
#[derive(Serialize)]
pub(in crate::render) struct CreateResultDocument<'a> {
    name: &'a str,
    outcome: &'static str,
    checked: Option<Timestamp>,
    backup: Option<BackupDocument<'a>>,
    failure: Option<FailureDocument<'a>>,
}

impl DocumentBody for BackupCreateDocument<'_> {
    const KIND: &'static str = "backup-create";
}

/// Renders the results as JSON.
pub fn document(
    taken: &[CreateResult],
    repository: &Repository,
    code: ExitCode,
) -> impl DocumentBody {
    BackupCreateDocument {
        repository: repository.to_string(),
        exit_code: code,
        accounts: taken.iter().map(CreateResultDocument::from).collect(),
    }
}

impl<'a> From<&'a CreateResult> for CreateResultDocument<'a> {
    fn from(taken: &'a CreateResult) -> Self {
        let kept = taken.outcome.as_ref().ok();
        Self {
            name: &taken.name,
            outcome: taken.code(),
            checked: kept.map(|kept| kept.checked),
            backup: kept.map(|kept| BackupDocument::new(&kept.stored, &kept.path)),
            failure: taken.errors().first().map(FailureDocument::from),
        }
    }
}
