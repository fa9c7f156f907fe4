//! Renders `backup forget`: which backups a policy removes, and why it keeps the others.

use super::{BackupDocument, FailureDocument, format_time};
use crate::document::DocumentBody;
use crate::error::{Error, ExitCode};
use crate::render::columns::table;
use crate::render::page::Page;
use crate::render::style::Meaning;
use crate::store::backup::StoredBackup;
use crate::store::backup::retention::Reason;
use crate::untrusted::name_cell;
use crate::wording::counted;
use serde::Serialize;
use std::fmt::Write as _;

/// A backup with the policy's decision.
#[derive(Debug)]
pub struct RetentionDecision {
    /// The backup as the repository lists it, or listed it before its removal.
    pub stored: StoredBackup,
    /// The path by which a user can name it.
    pub path: String,
    /// The reasons to keep it; empty if the policy removes it.
    pub reasons: Vec<Reason>,
}

/// The result of applying a policy to the backups of one account.
#[derive(Debug)]
pub struct ForgetResult {
    /// The account's folder name in the repository.
    pub account: String,
    /// Its backups, oldest first.
    pub backups: Vec<RetentionDecision>,
    /// Why not all backups were removed that the policy does not keep.
    pub failure: Option<Error>,
}

impl ForgetResult {
    /// The exit code if this account were the only one.
    pub fn exit_code(&self) -> ExitCode {
        self.failure
            .as_ref()
            .map_or(ExitCode::Done, |error| error.kind().exit_code())
    }

    /// The number of backups that the policy does not keep.
    pub fn n_removed(&self) -> usize {
        let removed = self
            .backups
            .iter()
            .filter(|judged| judged.reasons.is_empty());
        removed.count()
    }
}

/// Renders a table for each account.
pub fn text(accounts: &[ForgetResult], dry_run: bool, page: Page) -> String {
    let mut out = String::new();
    for account in accounts {
        let verb = match (&account.failure, dry_run) {
            (Some(_), _) => "to be removed, but not all removals succeeded",
            (None, true) => "would be removed",
            (None, false) => "removed",
        };
        let heading = format!(
            "{}: {} of {} {verb}",
            name_cell(&account.account),
            account.n_removed(),
            counted(account.backups.len(), "backup"),
        );
        let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &heading));
        let row = |judged: &RetentionDecision| {
            let reasons: Vec<&str> = judged.reasons.iter().map(|reason| reason.code()).collect();
            [
                if reasons.is_empty() { "remove" } else { "keep" }.to_owned(),
                format_time(judged.stored.name.time),
                counted(judged.stored.name.count, "webhook"),
                reasons.join(", "),
            ]
        };
        let rows: Vec<[String; 4]> = account.backups.iter().map(row).collect();
        out.push_str(&table(["", "time", "", "reasons"], &rows, page));
    }
    out
}

/// The decisions as JSON.
#[derive(Serialize)]
struct BackupForgetDocument<'a> {
    repository: &'a str,
    dry_run: bool,
    exit_code: ExitCode,
    accounts: Vec<ForgetResultDocument<'a>>,
}

/// The decisions about one account's backups as JSON.
#[derive(Serialize)]
pub(in crate::render) struct ForgetResultDocument<'a> {
    account: &'a str,
    exit_code: ExitCode,
    backups: Vec<RetentionDecisionDocument<'a>>,
    failure: Option<FailureDocument<'a>>,
}

/// The decision about one backup as JSON.
#[derive(Serialize)]
struct RetentionDecisionDocument<'a> {
    #[serde(flatten)]
    backup: BackupDocument<'a>,
    keep: bool,
    reasons: &'a [Reason],
}

impl DocumentBody for BackupForgetDocument<'_> {
    const KIND: &'static str = "backup-forget";
}

/// Renders the decisions as JSON.
pub fn document<'a>(
    accounts: &'a [ForgetResult],
    repository: &'a str,
    dry_run: bool,
    code: ExitCode,
) -> impl DocumentBody {
    BackupForgetDocument {
        repository,
        dry_run,
        exit_code: code,
        accounts: accounts.iter().map(ForgetResultDocument::from).collect(),
    }
}

impl<'a> From<&'a ForgetResult> for ForgetResultDocument<'a> {
    fn from(account: &'a ForgetResult) -> Self {
        let backups = account.backups.iter();
        Self {
            account: &account.account,
            exit_code: account.exit_code(),
            backups: backups.map(RetentionDecisionDocument::from).collect(),
            failure: account.failure.as_ref().map(FailureDocument::from),
        }
    }
}

impl<'a> From<&'a RetentionDecision> for RetentionDecisionDocument<'a> {
    fn from(judged: &'a RetentionDecision) -> Self {
        Self {
            backup: BackupDocument::new(&judged.stored, &judged.path),
            keep: !judged.reasons.is_empty(),
            reasons: &judged.reasons,
        }
    }
}
