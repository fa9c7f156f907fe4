//! Finds the chosen backup in a repository and reads it.

use crate::error::{Error, ErrorKind};
use crate::settings::{BackupChoice, Which};
use crate::store::backup::check::contradiction;
use crate::store::backup::{Backup, Repository, Stored, damaged, open_backup};

/// Reads the chosen backup; fails if its bytes are damaged or contradict its name.
pub(super) async fn chosen(choice: &BackupChoice) -> Result<Backup, Error> {
    let stored = find(choice).await?;
    let bytes = choice.repository.read(&stored).await?;
    let path = choice.repository.path_of(&stored);
    let unusable = |why: &str| damaged(&crate::foreign::shown(&path), why);
    if !stored.name.fits(&bytes) {
        return Err(unusable("its bytes differ from those that were stored"));
    }
    let backup = open_backup(bytes, &choice.identities, &path)?;
    match contradiction(&stored.name, &backup.about) {
        Some(why) => Err(unusable(why)),
        None => Ok(backup),
    }
}

async fn find(choice: &BackupChoice) -> Result<Stored, Error> {
    let repository = &choice.repository;
    let account = account(choice).await?;
    let mut backups = repository.backups(&account).await?;
    let none =
        |what: String, hint: String| Err(Error::new(ErrorKind::NoBackup, what).with_hint(hint));
    match &choice.which {
        Which::Named(name) => {
            let named = backups
                .into_iter()
                .find(|stored| stored.name.to_string() == *name);
            named.ok_or_else(|| repository.missing(&account, name))
        }
        Which::Latest => match backups.pop() {
            Some(newest) => Ok(newest),
            None => none(
                format!("there is no backup of {account} in {repository}"),
                "`hookferry backup create` makes one".to_owned(),
            ),
        },
        Which::At(time) => {
            let oldest = backups.first().map(|stored| stored.name.time);
            backups.retain(|stored| stored.name.time <= *time);
            match (backups.pop(), oldest) {
                (Some(newest), _) => Ok(newest),
                (None, Some(oldest)) => none(
                    format!("there is no backup of {account} from {time:.0} or before"),
                    format!("the oldest is from {oldest}"),
                ),
                (None, None) => none(
                    format!("there is no backup of {account} in {repository}"),
                    "`hookferry backup create` makes one".to_owned(),
                ),
            }
        }
    }
}

async fn account(choice: &BackupChoice) -> Result<String, Error> {
    let mut there = accounts(&choice.repository, choice.account.as_deref()).await?;
    match (there.pop(), there.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Error::new(
            ErrorKind::NoBackup,
            format!("there is no backup in {}", choice.repository),
        )
        .with_hint("`hookferry backup create` makes one")),
        (Some(last), false) => {
            there.push(last);
            Err(Error::usage(format!(
                "{} holds backups of several accounts",
                choice.repository
            ))
            .with_hint(format!(
                "choose one: --account {}",
                there.join(" or --account ")
            )))
        }
    }
}

/// The accounts of a repository: all of them, or `only` that one, which must have a backup.
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
    let only = crate::foreign::shortened(only, 80);
    Err(Error::new(
        ErrorKind::NoBackup,
        format!("there is no backup of {only} in {repository}"),
    )
    .with_hint(those_there(&accounts)))
}

fn those_there(accounts: &[String]) -> String {
    if accounts.is_empty() {
        "the repository holds no backups yet".to_owned()
    } else {
        format!("the repository holds backups of {}", accounts.join(", "))
    }
}
