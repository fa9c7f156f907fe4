//! How a run of a schedule went: for people, as the status document, and as metrics; all of one value.
//! Pure. Shows nothing of a backup's content.

use super::backup::check::{self, CheckedAccount};
use super::backup::create::{self, Taken};
use super::backup::failure;
use super::backup::forget::{self, Forgotten};
use super::json;
use super::style::Meaning;
use crate::error::{Error, ExitCode};
use crate::foreign::name;
use crate::render::page::Page;
use crate::wording::counted;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One run of a schedule.
#[derive(Debug)]
pub struct ScheduleRun {
    /// Its schedule.
    pub schedule: String,
    /// When it began.
    pub started: Timestamp,
    /// When it was over.
    pub ended: Timestamp,
    /// What became of each account; none where the run failed before any.
    pub accounts: Vec<AccountRun>,
    /// Why the whole run failed.
    pub failure: Option<Error>,
    /// How the process ends.
    pub exit_code: ExitCode,
}

/// What became of one account.
#[derive(Debug)]
pub struct AccountRun {
    /// The backup.
    pub taken: Taken,
    /// What was removed.
    pub forgotten: Option<Forgotten>,
    /// What there is now, and in which condition.
    pub checked: Option<CheckedAccount>,
    /// What went wrong besides.
    pub failures: Vec<Error>,
}

impl AccountRun {
    /// An account that was backed up, or was to be.
    pub fn of(taken: Taken) -> Self {
        Self {
            taken,
            forgotten: None,
            checked: None,
            failures: Vec::new(),
        }
    }

    /// The exit code that it would have alone: that of the first step that did not go well.
    pub fn exit_code(&self) -> ExitCode {
        let forgotten = self.forgotten.as_ref().map(Forgotten::exit_code);
        let failures = self.failures.iter().map(|error| error.kind().exit_code());
        let checked = self.checked.as_ref().map(CheckedAccount::exit_code);
        let mut codes = std::iter::once(self.taken.exit_code())
            .chain(forgotten)
            .chain(failures)
            .chain(checked);
        codes
            .find(|code| *code != ExitCode::Done)
            .unwrap_or(ExitCode::Done)
    }

    /// Everything that went wrong.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        let forgotten = self
            .forgotten
            .iter()
            .filter_map(|forgotten| forgotten.failure.as_ref());
        self.taken
            .errors()
            .iter()
            .chain(forgotten)
            .chain(&self.failures)
    }
}

/// What happened, for people.
pub fn text(run: &ScheduleRun, page: Page) -> String {
    let mut out = String::new();
    for account in &run.accounts {
        let kept = create::text(std::slice::from_ref(&account.taken), page);
        // Without the headings: it is one line.
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
            format!("NOT done, exit code {}: {}", code.code(), meaning_of(code)),
            Meaning::Error,
        ),
    };
    let last = format!("schedule {}: {word}", name(&run.schedule));
    let _ = writeln!(out, "{}", page.palette.paint(meaning, &last));
    out
}

fn meaning_of(code: ExitCode) -> &'static str {
    let known = ExitCode::TABLE.iter().find(|(known, _)| *known == code);
    known.map_or("", |(_, meaning)| *meaning)
}

/// The status document.
pub fn document(run: &ScheduleRun) -> Value {
    let account = |account: &AccountRun| {
        let failures: Vec<Value> = account.failures.iter().map(failure).collect();
        json!({
            "name": account.taken.name,
            "exit_code": account.exit_code().code(),
            "create": create::rows(std::slice::from_ref(&account.taken)).pop(),
            "forget": account.forgotten.as_ref().map(forget::row),
            "check": account.checked.as_ref().map(check::row),
            "failures": failures,
        })
    };
    json::document(
        "schedule-run",
        json!({
            "schedule": run.schedule,
            "started": run.started,
            "ended": run.ended,
            "exit_code": run.exit_code.code(),
            "meaning": meaning_of(run.exit_code),
            "failure": run.failure.as_ref().map(failure),
            "accounts": run.accounts.iter().map(account).collect::<Vec<_>>(),
        }),
    )
}

/// Whether a text is a status document, so that it may be replaced by a newer one.
pub fn is_status(text: &str) -> bool {
    text.contains("\"kind\": \"schedule-run\"")
}

/// Whether a text holds our metrics, so that it may be replaced by newer ones.
pub fn is_metrics(text: &str) -> bool {
    text.starts_with("# HELP hookferry_schedule_")
}

/// The metric that only a good run sets; the text of the run before keeps it alive.
const LAST_SUCCESS: &str = "hookferry_schedule_last_success_timestamp_seconds";

/// The metrics in Prometheus' text form, for a collector that reads files; `before` is what the file holds now.
pub fn metrics(run: &ScheduleRun, before: &str) -> String {
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
    let one = |value: String| vec![(schedule.clone(), value)];
    gauge(
        "hookferry_schedule_exit_code",
        "Exit code of the last run; 0 is success.",
        one(run.exit_code.code().to_string()),
    );
    gauge(
        "hookferry_schedule_last_run_timestamp_seconds",
        "When the last run ended.",
        one(run.ended.as_second().to_string()),
    );
    gauge(
        "hookferry_schedule_duration_seconds",
        "How long the last run took.",
        one(format!(
            "{:.3}",
            run.ended.duration_since(run.started).as_secs_f64()
        )),
    );
    let success = match run.exit_code {
        ExitCode::Done => Some(run.ended.as_second().to_string()),
        _ => last_success(before),
    };
    gauge(
        LAST_SUCCESS,
        "When the last run without any failure ended.",
        success.map(one).unwrap_or_default(),
    );
    let each = |value: &dyn Fn(&AccountRun) -> Option<String>| -> Vec<(String, String)> {
        let row = |account: &AccountRun| {
            let labels = format!("{schedule},profile=\"{}\"", account.taken.name);
            Some((labels, value(account)?))
        };
        run.accounts.iter().filter_map(row).collect()
    };
    gauge(
        "hookferry_backup_exit_code",
        "How the last run ended for this account; 0 is success.",
        each(&|account| Some(account.exit_code().code().to_string())),
    );
    gauge(
        "hookferry_backup_checked_timestamp_seconds",
        "When the account was last backed up or found unchanged.",
        each(&|account| Some(account.checked.as_ref()?.checked?.as_second().to_string())),
    );
    let newest = |account: &AccountRun| {
        let backups = &account.checked.as_ref()?.backups;
        backups.last().map(|newest| newest.stored.clone())
    };
    gauge(
        "hookferry_backup_webhooks",
        "Webhooks in the newest backup.",
        each(&|account| Some(newest(account)?.name.count.to_string())),
    );
    gauge(
        "hookferry_backup_size_bytes",
        "Size of the newest backup as it is stored.",
        each(&|account| Some(newest(account)?.size.to_string())),
    );
    gauge(
        "hookferry_backup_kept",
        "Backups in the repository.",
        each(&|account| Some(account.checked.as_ref()?.backups.len().to_string())),
    );
    out
}

/// The value that an earlier file gives the last success.
fn last_success(before: &str) -> Option<String> {
    let line = before.lines().find(|line| line.starts_with(LAST_SUCCESS))?;
    let value = line.rsplit(' ').next()?;
    value.parse::<i64>().ok().map(|seconds| seconds.to_string())
}
