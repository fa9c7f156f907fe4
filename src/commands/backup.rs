//! `hookferry backup`: creates, lists, shows and checks the backups in a repository, and forgets old ones.

mod check;
mod create;
mod forget;
mod list;

pub(super) use check::check_account;
pub(super) use create::{CreateOptions, create_all};
pub(super) use forget::forget_account;

use super::backup_choice::accounts;
use crate::cli::{BackupAction, BackupArgs};
use crate::error::{Error, ExitCode};
use crate::render::screen::Screen;
use crate::settings::{
    BackupCheckSettings, BackupCreateSettings, BackupForgetSettings, BackupListSettings,
    BackupShowSettings,
};

/// Runs one `backup` subcommand.
pub(super) async fn run(arguments: BackupArgs, screen: &Screen) -> Result<ExitCode, Error> {
    match arguments.action {
        BackupAction::Create(arguments) => {
            create::run(BackupCreateSettings::resolve(arguments).await?, screen).await
        }
        BackupAction::List(arguments) => {
            list::run(&BackupListSettings::resolve(arguments)?, screen).await
        }
        BackupAction::Show(arguments) => {
            crate::commands::list::run(BackupShowSettings::resolve(arguments)?.list, screen).await
        }
        BackupAction::Check(arguments) => {
            check::run(&BackupCheckSettings::resolve(arguments)?, screen).await
        }
        BackupAction::Forget(arguments) => {
            forget::run(&BackupForgetSettings::resolve(arguments)?, screen).await
        }
    }
}

/// Combines the exit codes of several accounts: the code they share, else `Partial`.
pub(super) fn combined_exit_code(codes: &[ExitCode]) -> ExitCode {
    match codes {
        [] => ExitCode::Done,
        [first, others @ ..] if others.iter().all(|code| code == first) => *first,
        _ => ExitCode::Partial,
    }
}
