//! Renders the result of `run-schedule` as text, as the status document, and as metrics, all from one value.
//! Pure. Shows nothing of a backup's content.

use super::backup::FailureDocument;
use super::backup::check::{self, CheckedAccount, CheckedAccountDocument};
use super::backup::create::{self, CreateResult, CreateResultDocument};
use super::backup::forget::{ForgetResult, ForgetResultDocument};
use super::style::Meaning;
use crate::document::DocumentBody;
use crate::error::{Error, ExitCode};
use crate::render::page::Page;
use crate::untrusted::name_cell;
use crate::wording::counted;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;

/// The result of one run of a schedule.
#[derive(Debug)]
pub struct ScheduleRun {
    /// The name of the schedule.
    pub schedule: String,
    /// When the run started.
    pub started: Timestamp,
    /// When the run ended.
    pub ended: Timestamp,
    /// The result for each account; empty if the run failed before the first one.
    pub accounts: Vec<AccountScheduleRun>,
    /// Why the run as a whole failed; `None` if it did not.
    pub failure: Option<Error>,
    /// The exit code of the process.
    pub exit_code: ExitCode,
}

/// The result of a schedule's steps for one account.
#[derive(Debug)]
pub struct AccountScheduleRun {
    /// The result of `backup create`.
    pub created: CreateResult,
    /// The result of `backup forget`; `None` if that step did not run.
    pub forgotten: Option<ForgetResult>,
    /// The result of `backup check`; `None` if that step did not run.
    pub checked: Option<CheckedAccount>,
    /// Errors outside these results.
    pub failures: Vec<Error>,
}

impl AccountScheduleRun {
    /// The result of an account after its first step, the backup.
    pub fn new(created: CreateResult) -> Self {
        Self {
            created,
            forgotten: None,
            checked: None,
            failures: Vec::new(),
        }
    }

    /// The exit code if this account were the only one: that of the first step that failed.
    pub fn exit_code(&self) -> ExitCode {
        let forgotten = self.forgotten.as_ref().map(ForgetResult::exit_code);
        let failures = self.failures.iter().map(|error| error.kind().exit_code());
        let checked = self.checked.as_ref().map(CheckedAccount::exit_code);
        let mut codes = std::iter::once(self.created.exit_code())
            .chain(forgotten)
            .chain(failures)
            .chain(checked);
        codes
            .find(|code| *code != ExitCode::Done)
            .unwrap_or(ExitCode::Done)
    }

    /// All errors for this account.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        let forgotten = self
            .forgotten
            .iter()
            .filter_map(|forgotten| forgotten.failure.as_ref());
        self.created
            .errors()
            .iter()
            .chain(forgotten)
            .chain(&self.failures)
    }
}

/// Renders the result as text.
pub fn text(run: &ScheduleRun, page: Page) -> String {
    let mut out = String::new();
    for account in &run.accounts {
        let kept = create::text(std::slice::from_ref(&account.created), page);
        // Only the row, without the table's headings.
        out.push_str(kept.lines().nth(1).unwrap_or_default());
        out.push('\n');
        if let Some(forgotten) = &account.forgotten
            && forgotten.n_removed() > 0
        {
            let n = counted(forgotten.n_removed(), "old backup");
            let _ = writeln!(
                out,
                "    {n} removed, {} kept",
                forgotten.backups.len() - forgotten.n_removed()
            );
        }
        if let Some(checked) = account
            .checked
            .as_ref()
            .filter(|checked| checked.exit_code() != ExitCode::Done)
        {
            out.push_str(&check::text(
                std::slice::from_ref(checked),
                run.ended,
                None,
                page,
            ));
        }
    }
    let (word, meaning) = match run.exit_code {
        ExitCode::Done => ("done".to_owned(), Meaning::Success),
        code => (
            format!("FAILED, exit code {}: {}", code.code(), meaning(run)),
            Meaning::Error,
        ),
    };
    let last = format!("schedule {}: {word}", name_cell(&run.schedule));
    let _ = writeln!(out, "{}", page.palette.paint(meaning, &last));
    out
}

/// What the exit code means in this run: which accounts failed and why, where it is about accounts.
fn meaning(run: &ScheduleRun) -> String {
    let is_failed = |account: &&AccountScheduleRun| account.exit_code() != ExitCode::Done;
    let failed: Vec<String> = run
        .accounts
        .iter()
        .filter(is_failed)
        .map(|account| format!("{} ({})", account.created.name, failure_word(account)))
        .collect();
    if failed.is_empty() {
        return run.exit_code.meaning().to_owned();
    }
    let all = counted(run.accounts.len(), "account");
    format!("{} of {all} failed: {}", failed.len(), failed.join(", "))
}

/// Why an account failed, in a word: the status with which a server refused, what the check found, or the exit code.
fn failure_word(account: &AccountScheduleRun) -> String {
    if let Some(status) = account.errors().find_map(Error::http_status) {
        return status.to_string();
    }
    let is_stale = account.checked.as_ref().is_some_and(|it| it.is_stale);
    match (account.errors().next(), account.exit_code()) {
        (None, ExitCode::Partial) if is_stale => "the newest backup is too old".to_owned(),
        (None, ExitCode::Partial) => "a backup is damaged".to_owned(),
        (_, code) => format!("exit code {}", code.code()),
    }
}

/// The status document.
#[derive(Serialize)]
struct ScheduleRunDocument<'a> {
    schedule: &'a str,
    started: Timestamp,
    ended: Timestamp,
    exit_code: ExitCode,
    meaning: String,
    failure: Option<FailureDocument<'a>>,
    accounts: Vec<AccountScheduleRunDocument<'a>>,
}

/// The result for one account as JSON.
#[derive(Serialize)]
struct AccountScheduleRunDocument<'a> {
    name: &'a str,
    exit_code: ExitCode,
    create: CreateResultDocument<'a>,
    forget: Option<ForgetResultDocument<'a>>,
    check: Option<CheckedAccountDocument<'a>>,
    failures: Vec<FailureDocument<'a>>,
}

impl DocumentBody for ScheduleRunDocument<'_> {
    const KIND: &'static str = "schedule-run";
}

/// Renders the status document (JSON).
pub fn document(run: &ScheduleRun) -> impl DocumentBody {
    ScheduleRunDocument {
        schedule: &run.schedule,
        started: run.started,
        ended: run.ended,
        exit_code: run.exit_code,
        meaning: meaning(run),
        failure: run.failure.as_ref().map(FailureDocument::from),
        accounts: run
            .accounts
            .iter()
            .map(AccountScheduleRunDocument::from)
            .collect(),
    }
}

impl<'a> From<&'a AccountScheduleRun> for AccountScheduleRunDocument<'a> {
    fn from(account: &'a AccountScheduleRun) -> Self {
        Self {
            name: &account.created.name,
            exit_code: account.exit_code(),
            create: (&account.created).into(),
            forget: account.forgotten.as_ref().map(Into::into),
            check: account.checked.as_ref().map(Into::into),
            failures: account.failures.iter().map(Into::into).collect(),
        }
    }
}

/// Whether a text is one of our status documents, which may be overwritten.
pub fn is_status(text: &str) -> bool {
    text.contains("\"kind\": \"schedule-run\"")
}

/// Whether a text contains our metrics, which may be overwritten.
pub fn is_metrics(text: &str) -> bool {
    text.starts_with("# HELP hookferry_schedule_")
}

/// The metric that only a successful run updates; a failed run copies its value from the existing file.
const LAST_SUCCESS: &str = "hookferry_schedule_last_success_timestamp_seconds";

/// Renders the metrics in the Prometheus text format, for a collector that reads files; `previous_text` is the
/// existing file's content.
pub fn metrics(run: &ScheduleRun, previous_text: &str) -> String {
    let mut out = String::new();
    let schedule = format!("schedule=\"{}\"", run.schedule);
    let mut gauge = |name: &str, help: &str, rows: Vec<(String, String)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in rows {
            let _ = writeln!(out, "{name}{{{labels}}} {value}");
        }
    };
    let per_schedule = |value: String| vec![(schedule.clone(), value)];
    gauge(
        "hookferry_schedule_exit_code",
        "Exit code of the last run; 0 is success.",
        per_schedule(run.exit_code.code().to_string()),
    );
    gauge(
        "hookferry_schedule_last_run_timestamp_seconds",
        "When the last run ended.",
        per_schedule(run.ended.as_second().to_string()),
    );
    gauge(
        "hookferry_schedule_duration_seconds",
        "How long the last run took.",
        per_schedule(format!(
            "{:.3}",
            run.ended.duration_since(run.started).as_secs_f64()
        )),
    );
    let success = match run.exit_code {
        ExitCode::Done => Some(run.ended.as_second().to_string()),
        _ => previous_success(previous_text),
    };
    gauge(
        LAST_SUCCESS,
        "When the last run without any failure ended.",
        success.map(per_schedule).unwrap_or_default(),
    );
    let per_account =
        |value: &dyn Fn(&AccountScheduleRun) -> Option<String>| -> Vec<(String, String)> {
            let row = |account: &AccountScheduleRun| {
                let labels = format!("{schedule},profile=\"{}\"", account.created.name);
                Some((labels, value(account)?))
            };
            run.accounts.iter().filter_map(row).collect()
        };
    gauge(
        "hookferry_backup_exit_code",
        "Exit code of the last run for this account; 0 is success.",
        per_account(&|account| Some(account.exit_code().code().to_string())),
    );
    gauge(
        "hookferry_backup_checked_timestamp_seconds",
        "When the account was last backed up or found unchanged.",
        per_account(&|account| Some(account.checked.as_ref()?.checked?.as_second().to_string())),
    );
    let newest = |account: &AccountScheduleRun| {
        let backups = &account.checked.as_ref()?.backups;
        backups.last().map(|newest| newest.stored.clone())
    };
    gauge(
        "hookferry_backup_webhooks",
        "Webhooks in the newest backup.",
        per_account(&|account| Some(newest(account)?.name.count.to_string())),
    );
    gauge(
        "hookferry_backup_size_bytes",
        "Size of the newest backup as it is stored.",
        per_account(&|account| Some(newest(account)?.size.to_string())),
    );
    gauge(
        "hookferry_backup_kept",
        "Backups in the repository.",
        per_account(&|account| Some(account.checked.as_ref()?.backups.len().to_string())),
    );
    out
}

/// The time of the last success, from the metrics of an earlier run.
fn previous_success(previous_text: &str) -> Option<String> {
    let line = previous_text
        .lines()
        .find(|line| line.starts_with(LAST_SUCCESS))?;
    let value = line.rsplit(' ').next()?;
    value.parse::<i64>().ok().map(|seconds| seconds.to_string())
}
