//! `hookferry restore`: migrates a backup into an account, or as a rehearsal into an embedded one.

use super::demo::stand_in_account;
use super::migrate;
use crate::coralogix::account::Side;
use crate::coralogix::client::ClientOptions;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::plan::OnConflict;
use crate::pipeline::push::PushOptions;
use crate::render::screen::Screen;
use crate::sandbox::{Options, Sandbox};
use crate::settings::{Consent, Migrate, Rehearsal, Restore, Route, StateFolder};
use crate::store::disk::TemporaryFolder;
use std::time::Duration;

/// Restores a backup, or rehearses that.
pub(super) async fn run(
    settings: Restore,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    match settings {
        Restore::Into(migrate) => migrate::run(*migrate, screen, interrupt).await,
        Restore::Rehearse(rehearsal) => rehearse(*rehearsal, screen, interrupt).await,
    }
}

/// Restores into an empty embedded account: with the same code, over real HTTP, and with the read-back.
async fn rehearse(
    rehearsal: Rehearsal,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let sandbox = Sandbox::start(Options::default())
        .await
        .map_err(|error| Error::failed("cannot listen on 127.0.0.1").with_source(error))?;
    let state = TemporaryFolder::new()?;
    let settings = Migrate {
        command: "restore",
        route: Route {
            is_drill: true,
            ..Route::new(
                rehearsal.source,
                stand_in_account(Side::Target, sandbox.target())?,
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
        state: StateFolder::at(state.path()),
        flags: String::new(),
        detail: Detail::Normal,
        output: rehearsal.output,
    };
    screen.say(
        "Rehearsal: the target is an account embedded in this program; no real account is changed.",
    );
    migrate::run(settings, screen, interrupt).await
}
