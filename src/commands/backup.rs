//! `hookferry backup`: accounts kept in a repository, listed, shown, checked, and forgotten when they are old.

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

/// Does with backups what the command line says.
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

/// How several pieces of work end together: each has its code, and some that went well make it a part.
pub(super) fn together(codes: &[ExitCode]) -> ExitCode {
    match codes {
        [] => ExitCode::Done,
        [first, others @ ..] if others.iter().all(|code| code == first) => *first,
        _ => ExitCode::Partial,
    }
}
