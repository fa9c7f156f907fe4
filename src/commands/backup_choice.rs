//! Finds the chosen backup in a repository and reads it.

use crate::error::{Error, ErrorKind};
use crate::settings::{BackupSelector, RepositoryBackup};
use crate::store::backup::check::name_mismatch;
use crate::store::backup::{Backup, Repository, StoredBackup, damaged_error, open_backup};

/// Reads the chosen backup; fails if its bytes are damaged or do not match its name.
pub(super) async fn read_chosen_backup(choice: &RepositoryBackup) -> Result<Backup, Error> {
    let stored = find_backup(choice).await?;
    let bytes = choice.repository.read(&stored).await?;
    let path = choice.repository.path_of(&stored);
    let unusable_backup = |why: &str| damaged_error(&crate::untrusted::escape(&path), why);
    if !stored.name.matches(&bytes) {
        return Err(unusable_backup(
            "its bytes differ from those that were stored",
        ));
    }
    let backup = open_backup(bytes, &choice.identities, &path)?;
    match name_mismatch(&stored.name, &backup.metadata) {
        Some(why) => Err(unusable_backup(why)),
        None => Ok(backup),
    }
}

async fn find_backup(choice: &RepositoryBackup) -> Result<StoredBackup, Error> {
    let repository = &choice.repository;
    let account = choose_account(choice).await?;
    let backups = repository.backups(&account).await?;
    if let Some(chosen) = choice.selector.pick(&backups) {
        return Ok(chosen.clone());
    }
    let no_backup =
        |what: String, hint: String| Err(Error::new(ErrorKind::NoBackup, what).with_hint(hint));
    match (&choice.selector, backups.first()) {
        (BackupSelector::Named(name), _) => Err(repository.missing_backup(&account, name)),
        (BackupSelector::AsOf(time), Some(oldest)) => no_backup(
            format!("there is no backup of {account} from {time:.0} or before"),
            format!("the oldest is from {}", oldest.name.time),
        ),
        (BackupSelector::Latest | BackupSelector::AsOf(_), _) => no_backup(
            format!("there is no backup of {account} in {repository}"),
            "`hookferry backup create` makes one".to_owned(),
        ),
    }
}

async fn choose_account(choice: &RepositoryBackup) -> Result<String, Error> {
    let candidates = accounts(&choice.repository, choice.account.as_deref()).await?;
    if let Some(account) = choice.likely_among(&candidates) {
        return Ok(account.clone());
    }
    if candidates.is_empty() {
        let what = format!("there is no backup in {}", choice.repository);
        return Err(
            Error::new(ErrorKind::NoBackup, what).with_hint("`hookferry backup create` makes one")
        );
    }
    Err(Error::usage(format!(
        "{} holds backups of several accounts",
        choice.repository
    ))
    .with_hint(format!(
        "choose one: --account {}",
        candidates.join(" or --account ")
    )))
}

/// The accounts of a repository, or just `only`; fails if the repository has no backup of `only`.
pub(super) async fn accounts(
    repository: &Repository,
    only: Option<&str>,
) -> Result<Vec<String>, Error> {
    let accounts = repository.accounts().await?;
    let Some(only) = only else {
        return Ok(accounts);
    };
    if accounts.iter().any(|account| account == only) {
        return Ok(vec![only.to_owned()]);
    }
    let only = crate::untrusted::escape_truncated(only, 80);
    Err(Error::new(
        ErrorKind::NoBackup,
        format!("there is no backup of {only} in {repository}"),
    )
    .with_hint(holdings_hint(&accounts)))
}

fn holdings_hint(accounts: &[String]) -> String {
    if accounts.is_empty() {
        "the repository holds no backups yet".to_owned()
    } else {
        format!("the repository holds backups of {}", accounts.join(", "))
    }
}
