//! Which backups are removed by a policy, and why each of the others stays.

use super::{failure, members, shown};
use crate::error::{Error, ExitCode};
use crate::foreign::name;
use crate::render::columns::table;
use crate::render::json;
use crate::render::page::Page;
use crate::render::style::Meaning;
use crate::store::backup::Stored;
use crate::store::backup::retention::Reason;
use crate::wording::counted;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A backup and what keeps it.
#[derive(Debug)]
pub struct Judged {
    /// What is stored, or was.
    pub stored: Stored,
    /// The path by which a user can name it.
    pub path: String,
    /// Why it stays; none where it is removed.
    pub reasons: Vec<Reason>,
}

/// The backups of one account, the oldest first; an error where none could be removed or not all that should.
#[derive(Debug)]
pub struct Forgotten {
    /// The account as the repository names it.
    pub account: String,
    /// Its backups.
    pub backups: Vec<Judged>,
    /// What stood in the way.
    pub failure: Option<Error>,
}

impl Forgotten {
    /// The exit code that it would have alone.
    pub fn exit_code(&self) -> ExitCode {
        self.failure
            .as_ref()
            .map_or(ExitCode::Done, |error| error.kind().exit_code())
    }

    /// How many backups the policy does not keep.
    pub fn n_removed(&self) -> usize {
        let removed = self
            .backups
            .iter()
            .filter(|judged| judged.reasons.is_empty());
        removed.count()
    }
}

/// A table for each account.
pub fn text(accounts: &[Forgotten], dry_run: bool, page: Page) -> String {
    let mut out = String::new();
    for account in accounts {
        let verb = match (&account.failure, dry_run) {
            (Some(_), _) => "should be removed, and were not all",
            (None, true) => "would be removed",
            (None, false) => "removed",
        };
        let heading = format!(
            "{}: {} of {} {verb}",
            name(&account.account),
            account.n_removed(),
            counted(account.backups.len(), "backup"),
        );
        let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &heading));
        let row = |judged: &Judged| {
            let reasons: Vec<&str> = judged.reasons.iter().map(|reason| reason.word()).collect();
            [
                if reasons.is_empty() { "remove" } else { "keep" }.to_owned(),
                shown(judged.stored.name.time),
                counted(judged.stored.name.count, "webhook"),
                reasons.join(", "),
            ]
        };
        let rows: Vec<[String; 4]> = account.backups.iter().map(row).collect();
        out.push_str(&table(["", "time", "", "reasons"], &rows, page));
    }
    out
}

/// The same for programs.
pub fn document(accounts: &[Forgotten], repository: &str, dry_run: bool, code: ExitCode) -> Value {
    json::document(
        "backup-forget",
        json!({
            "repository": repository,
            "dry_run": dry_run,
            "exit_code": code.code(),
            "accounts": accounts.iter().map(row).collect::<Vec<_>>(),
        }),
    )
}

/// What was decided about one account.
pub(crate) fn row(account: &Forgotten) -> Value {
    let backup = |judged: &Judged| {
        let mut row = members(&judged.stored, &judged.path);
        let reasons = judged.reasons.iter().map(|reason| reason.word());
        row["keep"] = json!(!judged.reasons.is_empty());
        row["reasons"] = json!(reasons.collect::<Vec<_>>());
        row
    };
    json!({
        "account": account.account,
        "exit_code": account.exit_code().code(),
        "backups": account.backups.iter().map(backup).collect::<Vec<_>>(),
        "failure": account.failure.as_ref().map(failure),
    })
}
