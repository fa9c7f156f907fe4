//! Whether backups can be relied on: a line for each account, and one for each backup that is not in order.

use super::{age, members, shown};
use crate::error::ExitCode;
use crate::foreign::name;
use crate::render::json;
use crate::render::page::Page;
use crate::render::style::Meaning;
use crate::store::backup::Stored;
use crate::store::backup::check::{Condition, is_future};
use crate::wording::counted;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A backup that was looked at.
#[derive(Debug)]
pub struct CheckedBackup {
    /// What is stored.
    pub stored: Stored,
    /// The path by which a user can name it.
    pub path: String,
    /// What is known of it.
    pub condition: Condition,
}

/// The backups of one account, the oldest first, and whether they are young enough.
#[derive(Debug)]
pub struct CheckedAccount {
    /// The account as the repository names it.
    pub account: String,
    /// Its backups.
    pub backups: Vec<CheckedBackup>,
    /// When it was last known to look as the newest says; `None` without a backup.
    pub checked: Option<Timestamp>,
    /// Whether that is longer ago than is allowed.
    pub is_stale: bool,
}

impl CheckedAccount {
    /// The exit code that it would have alone.
    pub fn exit_code(&self) -> ExitCode {
        let is_any = |is_it: fn(&Condition) -> bool| {
            self.backups.iter().any(|backup| is_it(&backup.condition))
        };
        if self.backups.is_empty() {
            ExitCode::NoBackup
        } else if self.is_stale || is_any(|condition| matches!(condition, Condition::Damaged(_))) {
            ExitCode::Partial
        } else if is_any(|condition| *condition == Condition::NotOpened) {
            ExitCode::CannotDecrypt
        } else {
            ExitCode::Done
        }
    }

    fn count(&self, word: &str) -> usize {
        let conditions = self.backups.iter().map(|backup| backup.condition.word());
        conditions.filter(|other| *other == word).count()
    }
}

/// Every condition in the order in which they are counted, with what it means.
const CONDITIONS: [(&str, &str); 4] = [
    ("verified", "verified"),
    ("intact", "intact, but encrypted and not opened"),
    (
        "not-opened",
        "encrypted to others than the identities given",
    ),
    ("damaged", "damaged"),
];

/// What was found, for people.
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
            name(&account.account),
            counted(account.backups.len(), "backup"),
            if counts.is_empty() {
                String::new()
            } else {
                format!(" ({})", counts.join(", "))
            },
        );
        let _ = writeln!(out, "    {}", freshness(account, now, max_age));
        for backup in &account.backups {
            let why = match &backup.condition {
                Condition::Damaged(why) => why.as_str(),
                Condition::NotOpened => CONDITIONS[2].1,
                Condition::Verified | Condition::Intact => continue,
            };
            let _ = writeln!(out, "    {}: {why}", name(&backup.path));
        }
    }
    out
}

fn freshness(account: &CheckedAccount, now: Timestamp, max_age: Option<SignedDuration>) -> String {
    let Some(checked) = account.checked else {
        return "there is no backup".to_owned();
    };
    let last = format!(
        "last backed up or found unchanged {} ({})",
        shown(checked),
        age(checked, now)
    );
    match max_age {
        Some(_) if account.is_stale && is_future(checked, now) => {
            format!("{last}: a clock is or was wrong, so its age is not known")
        }
        Some(max_age) if account.is_stale => {
            format!("{last}: too old, at most {max_age:#} is allowed")
        }
        _ => last,
    }
}

/// The same for programs.
pub fn document(
    accounts: &[CheckedAccount],
    repository: &str,
    max_age: Option<SignedDuration>,
    code: ExitCode,
) -> Value {
    json::document(
        "backup-check",
        json!({
            "repository": repository,
            "max_age_seconds": max_age.map(|age| age.as_secs()),
            "exit_code": code.code(),
            "accounts": accounts.iter().map(row).collect::<Vec<_>>(),
        }),
    )
}

/// What was found of one account.
pub(crate) fn row(account: &CheckedAccount) -> Value {
    let backup = |backup: &CheckedBackup| {
        let mut row = members(&backup.stored, &backup.path);
        row["condition"] = json!(backup.condition.word());
        row["why"] = match &backup.condition {
            Condition::Damaged(why) => json!(why),
            _ => Value::Null,
        };
        row
    };
    json!({
        "account": account.account,
        "exit_code": account.exit_code().code(),
        "checked": account.checked,
        "stale": account.is_stale,
        "backups": account.backups.iter().map(backup).collect::<Vec<_>>(),
    })
}
