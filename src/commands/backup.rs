//! `hookferry backup`: creates, lists, shows and checks the backups in a repository, and forgets old ones.

mod check;
mod choose;
mod create;
mod forget;
mod list;

pub(super) use check::checked;
pub(super) use choose::chosen;
pub(super) use create::{Terms, create_all};
pub(super) use forget::forget_account;

use crate::cli::{BackupAction, BackupArgs};
use crate::error::{Error, ErrorKind, ExitCode};
use crate::render::screen::Screen;
use crate::settings::{BackupCheck, BackupCreate, BackupForget, BackupList, BackupShow};
use crate::store::backup::Repository;

/// Runs one `backup` subcommand.
pub(super) async fn run(arguments: BackupArgs, screen: &Screen) -> Result<ExitCode, Error> {
    match arguments.action {
        BackupAction::Create(arguments) => {
            create::run(BackupCreate::resolve(arguments).await?, screen).await
        }
        BackupAction::List(arguments) => list::run(&BackupList::resolve(arguments)?, screen).await,
        BackupAction::Show(arguments) => {
            crate::commands::list::run(BackupShow::resolve(arguments)?.list, screen).await
        }
        BackupAction::Check(arguments) => {
            check::run(&BackupCheck::resolve(arguments)?, screen).await
        }
        BackupAction::Forget(arguments) => {
            forget::run(&BackupForget::resolve(arguments)?, screen).await
        }
    }
}

/// The accounts of a repository: all of them, or `only` that one, which must have a backup.
async fn accounts(repository: &Repository, only: Option<&str>) -> Result<Vec<String>, Error> {
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

/// Combines the exit codes of several accounts: the code they share, else `Partial`.
pub(super) fn together(codes: &[ExitCode]) -> ExitCode {
    match codes {
        [] => ExitCode::Done,
        [first, others @ ..] if others.iter().all(|code| code == first) => *first,
        _ => ExitCode::Partial,
    }
}
