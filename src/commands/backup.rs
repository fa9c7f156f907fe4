//! `hookferry backup`: creates, lists, shows and checks the backups in a repository, and forgets old ones.

mod check;
mod create;
mod forget;
mod list;

pub(super) use check::checked;
pub(super) use create::{Terms, create_all};
pub(super) use forget::forget_account;

use super::backup_choice::accounts;
use crate::cli::{BackupAction, BackupArgs};
use crate::error::{Error, ExitCode};
use crate::render::screen::Screen;
use crate::settings::{BackupCheck, BackupCreate, BackupForget, BackupList, BackupShow};

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

/// Combines the exit codes of several accounts: the code they share, else `Partial`.
pub(super) fn together(codes: &[ExitCode]) -> ExitCode {
    match codes {
        [] => ExitCode::Done,
        [first, others @ ..] if others.iter().all(|code| code == first) => *first,
        _ => ExitCode::Partial,
    }
}
