//! Renders `backup check`: a line for each account, and one for each backup with a problem.

use super::{BackupDocument, format_age, format_time};
use crate::document::DocumentBody;
use crate::error::ExitCode;
use crate::render::page::Page;
use crate::render::style::Meaning;
use crate::store::backup::StoredBackup;
use crate::store::backup::check::{BackupCondition, is_future};
use crate::untrusted::name_cell;
use crate::wording::counted;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::fmt::Write as _;

/// A backup with the result of its check.
#[derive(Debug)]
pub struct CheckedBackup {
    /// The backup as the repository lists it.
    pub stored: StoredBackup,
    /// The path by which a user can name it.
    pub path: String,
    /// The result of checking its bytes.
    pub condition: BackupCondition,
}

/// The checked backups of one account, and whether they are recent enough.
#[derive(Debug)]
pub struct CheckedAccount {
    /// The account's folder name in the repository.
    pub account: String,
    /// Its backups, oldest first.
    pub backups: Vec<CheckedBackup>,
    /// When the account was last known to match its newest backup; `None` without a backup.
    pub checked: Option<Timestamp>,
    /// Whether `checked` is older than `--max-age` allows.
    pub is_stale: bool,
}

impl CheckedAccount {
    /// The exit code if this account were the only one.
    pub fn exit_code(&self) -> ExitCode {
        let has_condition = |matches: fn(&BackupCondition) -> bool| {
            self.backups.iter().any(|backup| matches(&backup.condition))
        };
        if self.backups.is_empty() {
            ExitCode::NoBackup
        } else if self.is_stale
            || has_condition(|condition| matches!(condition, BackupCondition::Damaged(_)))
        {
            ExitCode::Partial
        } else if has_condition(|condition| *condition == BackupCondition::NotOpened) {
            ExitCode::KeyNeeded
        } else {
            ExitCode::Done
        }
    }

    fn count(&self, word: &str) -> usize {
        let conditions = self.backups.iter().map(|backup| backup.condition.code());
        conditions.filter(|other| *other == word).count()
    }
}

/// The code of each condition with its description, in the order of the counts.
const CONDITIONS: [(&str, &str); 4] = [
    ("verified", "verified"),
    ("intact", "intact, but encrypted and not opened"),
    (
        "not-opened",
        "encrypted, and none of the identities passed can decrypt it",
    ),
    ("damaged", "damaged"),
];

/// Renders the result as text.
pub fn text(
    accounts: &[CheckedAccount],
    now: Timestamp,
    max_age: Option<SignedDuration>,
    page: Page,
) -> String {
    let mut out = String::new();
    for account in accounts {
        let (word, meaning) = match account.exit_code() {
            ExitCode::Done => ("ok", Meaning::Success),
            _ => ("NOT OK", Meaning::Error),
        };
        let counts = CONDITIONS.iter().filter_map(|(word, meaning)| {
            let n = account.count(word);
            (n > 0).then(|| format!("{n} {meaning}"))
        });
        let counts: Vec<String> = counts.collect();
        let _ = writeln!(
            out,
            "{}  {}: {}{}",
            page.palette.paint(meaning, word),
            name_cell(&account.account),
            counted(account.backups.len(), "backup"),
            if counts.is_empty() {
                String::new()
            } else {
                format!(" ({})", counts.join(", "))
            },
        );
        let _ = writeln!(out, "    {}", freshness_text(account, now, max_age));
        for backup in &account.backups {
            let why = match &backup.condition {
                BackupCondition::Damaged(why) => why.as_str(),
                BackupCondition::NotOpened => CONDITIONS[2].1,
                BackupCondition::Verified | BackupCondition::Intact => continue,
            };
            let _ = writeln!(out, "    {}: {why}", name_cell(&backup.path));
        }
    }
    out
}

fn freshness_text(
    account: &CheckedAccount,
    now: Timestamp,
    max_age: Option<SignedDuration>,
) -> String {
    let Some(checked) = account.checked else {
        return "there is no backup".to_owned();
    };
    let last = format!(
        "last backed up or found unchanged {} ({})",
        format_time(checked),
        format_age(checked, now)
    );
    match max_age {
        Some(_) if account.is_stale && is_future(checked, now) => {
            format!("{last}: a clock is or was wrong, so the age is unknown")
        }
        Some(max_age) if account.is_stale => {
            format!("{last}: too old; the maximum age is {max_age:#}")
        }
        _ => last,
    }
}

/// The result as JSON.
#[derive(Serialize)]
struct BackupCheckDocument<'a> {
    repository: &'a str,
    max_age_seconds: Option<i64>,
    exit_code: ExitCode,
    accounts: Vec<CheckedAccountDocument<'a>>,
}

/// The result for one account as JSON.
#[derive(Serialize)]
pub(in crate::render) struct CheckedAccountDocument<'a> {
    account: &'a str,
    exit_code: ExitCode,
    checked: Option<Timestamp>,
    stale: bool,
    backups: Vec<CheckedBackupDocument<'a>>,
}

/// The result for one backup as JSON.
#[derive(Serialize)]
struct CheckedBackupDocument<'a> {
    #[serde(flatten)]
    backup: BackupDocument<'a>,
    condition: &'static str,
    why: Option<&'a str>,
}

impl DocumentBody for BackupCheckDocument<'_> {
    const KIND: &'static str = "backup-check";
}

/// Renders the result as JSON.
pub fn document<'a>(
    accounts: &'a [CheckedAccount],
    repository: &'a str,
    max_age: Option<SignedDuration>,
    code: ExitCode,
) -> impl DocumentBody {
    BackupCheckDocument {
        repository,
        max_age_seconds: max_age.map(|age| age.as_secs()),
        exit_code: code,
        accounts: accounts.iter().map(CheckedAccountDocument::from).collect(),
    }
}

impl<'a> From<&'a CheckedAccount> for CheckedAccountDocument<'a> {
    fn from(account: &'a CheckedAccount) -> Self {
        Self {
            account: &account.account,
            exit_code: account.exit_code(),
            checked: account.checked,
            stale: account.is_stale,
            backups: account
                .backups
                .iter()
                .map(CheckedBackupDocument::from)
                .collect(),
        }
    }
}

impl<'a> From<&'a CheckedBackup> for CheckedBackupDocument<'a> {
    fn from(checked: &'a CheckedBackup) -> Self {
        Self {
            backup: BackupDocument::new(&checked.stored, &checked.path),
            condition: checked.condition.code(),
            why: match &checked.condition {
                BackupCondition::Damaged(why) => Some(why),
                _ => None,
            },
        }
    }
}
