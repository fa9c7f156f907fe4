//! `hookferry backup check`: reads every backup to its last byte, and checks that the newest is recent
//! enough.

use super::{accounts, combined_exit_code};
use crate::cli::OutputFormat;
use crate::document::view::Detail;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::render::backup::check::{CheckedAccount, CheckedBackup, document, text};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings::BackupCheckSettings;
use crate::store::backup::check::{BackupCondition, inspect, is_future, last_confirmed};
use crate::store::backup::{Identities, Repository};
use jiff::{SignedDuration, Timestamp};

/// Checks the backups and prints the findings.
pub(super) async fn run(
    settings: &BackupCheckSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let repository = &settings.repository;
    let now = Timestamp::now();
    let mut checked_accounts = Vec::new();
    for account in accounts(repository, settings.account.as_deref()).await? {
        let identities = &settings.identities;
        checked_accounts
            .push(check_account(repository, account, settings.max_age, identities, now).await?);
    }
    if checked_accounts.is_empty() {
        return Err(Error::new(
            ErrorKind::NoBackup,
            format!("there is no backup in {repository}"),
        )
        .with_hint("`hookferry backup create` makes one"));
    }
    let code = combined_exit_code(
        &checked_accounts
            .iter()
            .map(CheckedAccount::exit_code)
            .collect::<Vec<_>>(),
    );
    screen.print_result(&match settings.output {
        OutputFormat::Text => text(
            &checked_accounts,
            now,
            settings.max_age,
            screen.stdout_page(Detail::default()),
        ),
        OutputFormat::Json => json::text(&document(
            &checked_accounts,
            &repository.to_string(),
            settings.max_age,
            code,
        )),
    })?;
    Ok(code)
}

/// Checks every backup of an account.
pub(in crate::commands) async fn check_account(
    repository: &Repository,
    account: String,
    max_age: Option<SignedDuration>,
    identities: &Identities,
    now: Timestamp,
) -> Result<CheckedAccount, Error> {
    let stored = repository.backups(&account).await?;
    let check = repository.last_check(&account).await?;
    let last_confirmed = stored
        .last()
        .map(|newest| last_confirmed(newest, check.as_ref()));
    // A time in the future counts as too old: it would otherwise pass as fresh until that time comes.
    let is_too_old = |time: Timestamp| {
        max_age.is_some_and(|max_age| now.duration_since(time) > max_age || is_future(time, now))
    };
    let mut backups = Vec::with_capacity(stored.len());
    for stored in stored {
        let condition = match repository.try_read(&stored).await {
            Ok(Some(bytes)) => inspect(&stored, bytes, identities)?,
            Ok(None) => continue,
            // A backup that cannot be read now cannot be restored now; the others are checked all the same.
            Err(error) => BackupCondition::Damaged(error.to_string()),
        };
        backups.push(CheckedBackup {
            condition,
            path: repository.path_of(&stored),
            stored,
        });
    }
    Ok(CheckedAccount {
        account,
        backups,
        is_stale: last_confirmed.is_none_or(is_too_old),
        checked: last_confirmed,
    })
}
