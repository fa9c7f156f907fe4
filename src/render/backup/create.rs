//! Renders `backup create`: the result for each account.

use super::{failure, members, protection, shown, size};
use crate::error::{Error, ExitCode};
use crate::foreign::name;
use crate::render::columns::table;
use crate::render::json;
use crate::render::page::Page;
use crate::store::backup::{Repository, Stored};
use crate::wording::counted;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The result of backing up one account.
#[derive(Debug)]
pub struct Taken {
    /// The account's name as the user passed it.
    pub name: String,
    /// The backup that holds the account's webhooks, or why nothing was stored.
    pub outcome: Result<Kept, Error>,
}

/// The backup that holds an account's current webhooks.
#[derive(Debug)]
pub struct Kept {
    /// The backup as the repository lists it.
    pub stored: Stored,
    /// The path by which a user can name it.
    pub path: String,
    /// When the account was read.
    pub checked: Timestamp,
    /// `true` if this run stored it, `false` if the account is unchanged since an earlier backup.
    pub is_new: bool,
    /// Other errors: the backup itself is safe, but the repository needs attention.
    pub troubles: Vec<Error>,
}

impl Taken {
    /// The exit code if this account were the only one.
    pub fn exit_code(&self) -> ExitCode {
        match &self.outcome {
            Ok(kept) if kept.troubles.is_empty() => ExitCode::Done,
            Ok(_) => ExitCode::Partial,
            Err(error) => error.kind().exit_code(),
        }
    }

    /// All errors for this account.
    pub fn errors(&self) -> &[Error] {
        match &self.outcome {
            Ok(kept) => &kept.troubles,
            Err(error) => std::slice::from_ref(error),
        }
    }

    fn word(&self) -> &'static str {
        match &self.outcome {
            Ok(kept) if kept.is_new => "stored",
            Ok(_) => "unchanged",
            Err(_) => "failed",
        }
    }
}

/// Renders a table with one row for each account.
pub fn text(taken: &[Taken], page: Page) -> String {
    let row = |taken: &Taken| {
        let what = match &taken.outcome {
            Ok(kept) => kept_words(kept),
            Err(_) => "nothing was stored; see above".to_owned(),
        };
        [name(&taken.name), taken.word().to_owned(), what]
    };
    let rows: Vec<[String; 3]> = taken.iter().map(row).collect();
    table(["account", "backup", ""], &rows, page)
}

fn kept_words(kept: &Kept) -> String {
    let stored = &kept.stored;
    let webhooks = counted(stored.name.count, "webhook");
    if kept.is_new {
        let (size, protection) = (size(stored.size), protection(stored));
        format!("{webhooks}, {size}, {protection}: {}", name(&kept.path))
    } else {
        let since = shown(stored.name.time);
        format!("{webhooks}, as stored on {since}: {}", name(&kept.path))
    }
}

/// Renders the results as JSON.
pub fn document(taken: &[Taken], repository: &Repository, code: ExitCode) -> Value {
    json::document(
        "backup-create",
        json!({
            "repository": repository.to_string(),
            "exit_code": code.code(),
            "accounts": rows(taken),
        }),
    )
}

/// The JSON objects, one for each account.
pub(crate) fn rows(taken: &[Taken]) -> Vec<Value> {
    let row = |taken: &Taken| {
        let (backup, checked, error) = match &taken.outcome {
            Ok(kept) => (
                members(&kept.stored, &kept.path),
                json!(kept.checked),
                kept.troubles.first().map_or(Value::Null, failure),
            ),
            Err(error) => (Value::Null, Value::Null, failure(error)),
        };
        json!({
            "name": taken.name,
            "outcome": taken.word(),
            "checked": checked,
            "backup": backup,
            "failure": error,
        })
    };
    taken.iter().map(row).collect()
}
