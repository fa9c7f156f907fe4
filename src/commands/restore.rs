//! `hookferry restore`: migrates a backup into an account, or as a rehearsal into an embedded one.

use super::demo::sandbox_account;
use super::migrate;
use crate::coralogix::account::Side;
use crate::coralogix::client::ClientOptions;
use crate::document::run::FollowUp;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::plan::OnConflict;
use crate::pipeline::push::PushOptions;
use crate::render::screen::Screen;
use crate::sandbox::{Options, Sandbox};
use crate::settings::{
    Consent, MigrateSettings, RehearsalSettings, RestoreSettings, Route, StateFolder,
};
use crate::store::disk::TemporaryFolder;
use std::time::Duration;

/// Restores a backup, or rehearses that.
pub(super) async fn run(
    settings: RestoreSettings,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    match settings {
        RestoreSettings::ToAccount(migrate) => migrate::run(*migrate, screen, interrupt).await,
        RestoreSettings::Rehearsal(rehearsal) => rehearse(*rehearsal, screen, interrupt).await,
    }
}

/// Restores into an empty embedded account: with the same code, over real HTTP, and with the read-back.
async fn rehearse(
    rehearsal: RehearsalSettings,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let sandbox = Sandbox::start(Options::default())
        .await
        .map_err(|error| Error::failed("cannot listen on 127.0.0.1").with_source(error))?;
    let state = TemporaryFolder::new()?;
    let settings = MigrateSettings {
        command: "restore",
        route: Route {
            is_rehearsal: true,
            is_restore: true,
            state_keys: rehearsal.ignore_keys,
            ..Route::new(
                rehearsal.source,
                sandbox_account(Side::Target, sandbox.target())?,
                rehearsal.filter,
                OnConflict::Fail,
                rehearsal.rules,
                ClientOptions {
                    rate: 1000,
                    ..ClientOptions::default()
                },
            )?
        },
        consent: Consent::Given,
        max_changes: None,
        push: PushOptions {
            settle: Duration::from_secs(5),
            batch_size: 500,
        },
        state: StateFolder::from_path(state.path()),
        follow_up: FollowUp::default(),
        detail: Detail::default(),
        output: rehearsal.output,
    };
    screen.print_message(
        "Rehearsal: the account is one that is embedded in this program; no real account is changed.",
    );
    migrate::run(settings, screen, interrupt).await
}
