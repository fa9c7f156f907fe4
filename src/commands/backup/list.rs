//! `hookferry backup list`: lists the backups of a repository.

use super::accounts;
use crate::cli::OutputFormat;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::render::backup::list::{ListedAccount, document, text};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings::BackupListSettings;
use crate::store::backup::check::last_confirmed;
use jiff::Timestamp;

/// Prints the backups.
pub(super) async fn run(settings: &BackupListSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let repository = &settings.repository;
    let mut listed = Vec::new();
    for account in accounts(repository, settings.account.as_deref()).await? {
        let backups = repository.backups(&account).await?;
        let check = repository.last_check(&account).await?;
        let newest = backups.last();
        listed.push(ListedAccount {
            checked: newest.map(|newest| last_confirmed(newest, check.as_ref())),
            backups: backups
                .into_iter()
                .map(|stored| {
                    let path = repository.path_of(&stored);
                    (stored, path)
                })
                .collect(),
            account,
        });
    }
    let name = repository.to_string();
    screen.print_result(&match settings.output {
        OutputFormat::Text => text(
            &listed,
            &name,
            Timestamp::now(),
            screen.stdout_page(Detail::default()),
        ),
        OutputFormat::Json => json::text(&document(&listed, &name)),
    })?;
    Ok(ExitCode::Done)
}
