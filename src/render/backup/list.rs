//! The backups of a repository.

use super::{age, members, protection, shown, size};
use crate::foreign::name;
use crate::render::columns::table;
use crate::render::json;
use crate::render::page::Page;
use crate::render::style::Meaning;
use crate::store::backup::Stored;
use crate::wording::counted;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The backups of one account, the oldest first.
#[derive(Debug)]
pub struct ListedAccount {
    /// The account as the repository names it.
    pub account: String,
    /// Its backups, each with the path by which a user can name it.
    pub backups: Vec<(Stored, String)>,
    /// When it was last known to look as the newest says; `None` without a backup.
    pub checked: Option<Timestamp>,
}

const HEADINGS: [&str; 6] = ["account", "time", "age", "webhooks", "size", "protection"];

/// The backups as a table, and each account's last look below.
pub fn text(accounts: &[ListedAccount], repository: &str, now: Timestamp, page: Page) -> String {
    let row = |(stored, _): &(Stored, String)| {
        [
            name(&stored.account),
            shown(stored.name.time),
            age(stored.name.time, now),
            stored.name.count.to_string(),
            size(stored.size),
            protection(stored).to_owned(),
        ]
    };
    let backups = accounts.iter().flat_map(|account| &account.backups);
    let rows: Vec<[String; 6]> = backups.map(row).collect();
    if rows.is_empty() {
        return format!("No backup in {repository}.\n");
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
                    shown(checked),
                    age(checked, now)
                )
            } else {
                String::new()
            };
            let _ = writeln!(
                out,
                "{}: newest {}{since}",
                name(&account.account),
                name(path)
            );
        }
    }
    out
}

/// The backups for programs.
pub fn document(accounts: &[ListedAccount], repository: &str) -> Value {
    let row = |account: &ListedAccount| {
        let backups = account.backups.iter();
        json!({
            "account": account.account,
            "checked": account.checked,
            "backups": backups.map(|(stored, path)| members(stored, path)).collect::<Vec<_>>(),
        })
    };
    json::document(
        "backup-list",
        json!({
            "repository": repository,
            "accounts": accounts.iter().map(row).collect::<Vec<_>>(),
        }),
    )
}
