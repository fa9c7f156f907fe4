//! Renders `backup forget`: which backups a policy removes, and why it keeps the others.

use super::{backup_members, error_json, format_time};
use crate::error::{Error, ExitCode};
use crate::render::columns::table;
use crate::render::json;
use crate::render::page::Page;
use crate::render::style::Meaning;
use crate::store::backup::StoredBackup;
use crate::store::backup::retention::Reason;
use crate::untrusted::name_cell;
use crate::wording::counted;
use serde_json::{Value, json};
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

/// Renders the decisions as JSON.
pub fn document(
    accounts: &[ForgetResult],
    repository: &str,
    dry_run: bool,
    code: ExitCode,
) -> Value {
    json::document(
        "backup-forget",
        json!({
            "repository": repository,
            "dry_run": dry_run,
            "exit_code": code.code(),
            "accounts": accounts.iter().map(account_json).collect::<Vec<_>>(),
        }),
    )
}

/// The JSON object for one account.
pub(crate) fn account_json(account: &ForgetResult) -> Value {
    let backup = |judged: &RetentionDecision| {
        let mut row = backup_members(&judged.stored, &judged.path);
        let reasons = judged.reasons.iter().map(|reason| reason.code());
        row["keep"] = json!(!judged.reasons.is_empty());
        row["reasons"] = json!(reasons.collect::<Vec<_>>());
        row
    };
    json!({
        "account": account.account,
        "exit_code": account.exit_code().code(),
        "backups": account.backups.iter().map(backup).collect::<Vec<_>>(),
        "failure": account.failure.as_ref().map(error_json),
    })
}
