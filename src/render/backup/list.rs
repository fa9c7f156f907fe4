//! Renders `backup list`: the backups of a repository.

use super::{BackupDocument, format_age, format_size, format_time, protection_word, webhooks_cell};
use crate::document::DocumentBody;
use crate::render::columns::table;
use crate::render::page::Page;
use crate::render::style::Meaning;
use crate::store::backup::StoredBackup;
use crate::untrusted::name_cell;
use crate::wording::counted;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;

/// The backups of one account.
#[derive(Debug)]
pub struct ListedAccount {
    /// The account's folder name in the repository.
    pub account: String,
    /// Its backups, oldest first, each with the path by which a user can name it.
    pub backups: Vec<(StoredBackup, String)>,
    /// When the account was last known to match its newest backup; `None` without a backup.
    pub checked: Option<Timestamp>,
}

const HEADINGS: [&str; 6] = ["account", "time", "age", "webhooks", "size", "protection"];

/// Renders the backups as a table, followed by each account's newest backup and last check.
pub fn text(accounts: &[ListedAccount], repository: &str, now: Timestamp, page: Page) -> String {
    let row = |(stored, _): &(StoredBackup, String)| {
        [
            name_cell(&stored.account),
            format_time(stored.name.time),
            format_age(stored.name.time, now),
            webhooks_cell(stored),
            format_size(stored.size),
            protection_word(stored).to_owned(),
        ]
    };
    let backups = accounts.iter().flat_map(|account| &account.backups);
    let rows: Vec<[String; 6]> = backups.map(row).collect();
    if rows.is_empty() {
        return format!("No backups in {repository}.\n");
    }
    let mut out = table(HEADINGS, &rows, page);
    out.push('\n');
    let total = format!(
        "{} of {} in {repository}",
        counted(rows.len(), "backup"),
        counted(accounts.len(), "account"),
    );
    let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &total));
    for account in accounts {
        if let (Some((newest, path)), Some(checked)) = (account.backups.last(), account.checked) {
            let since = if checked > newest.name.time {
                format!(
                    ", found unchanged {} ({})",
                    format_time(checked),
                    format_age(checked, now)
                )
            } else {
                String::new()
            };
            let _ = writeln!(
                out,
                "{}: newest {}{since}",
                name_cell(&account.account),
                name_cell(path)
            );
        }
    }
    out
}

/// The backups as JSON.
#[derive(Serialize)]
struct BackupListDocument<'a> {
    repository: &'a str,
    accounts: Vec<ListedAccountDocument<'a>>,
}

/// The backups of one account as JSON.
#[derive(Serialize)]
struct ListedAccountDocument<'a> {
    account: &'a str,
    checked: Option<Timestamp>,
    backups: Vec<BackupDocument<'a>>,
}

impl DocumentBody for BackupListDocument<'_> {
    const KIND: &'static str = "backup-list";
}

/// Renders the backups as JSON.
pub fn document<'a>(accounts: &'a [ListedAccount], repository: &'a str) -> impl DocumentBody {
    BackupListDocument {
        repository,
        accounts: accounts.iter().map(ListedAccountDocument::from).collect(),
    }
}

impl<'a> From<&'a ListedAccount> for ListedAccountDocument<'a> {
    fn from(account: &'a ListedAccount) -> Self {
        let backups = account.backups.iter();
        Self {
            account: &account.account,
            checked: account.checked,
            backups: backups
                .map(|(stored, path)| BackupDocument::new(stored, path))
                .collect(),
        }
    }
}
