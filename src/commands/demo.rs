//! `hookferry demo`: a whole migration between two embedded accounts, by the same code that serves real ones.

use super::{list, migrate, plan};
use crate::cli::OutputForm;
use crate::coralogix::account::{Account, ApiKey, Side};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::endpoint::Endpoint;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::OnConflict;
use crate::pipeline::push::PushOptions;
use crate::render::screen::Screen;
use crate::render::style::Meaning;
use crate::sandbox::{self, Options, Sandbox, seeds};
use crate::settings::{
    Consent, List, Migrate, Origin, Plan, ReportForm, Route, RulesFile, StateFolder,
};
use crate::store::disk::TemporaryFolder;
use jiff::SignedDuration;
use std::time::Duration;

/// Shows list, plan, migration and a second run, each with the command that it stands for.
pub(super) async fn run(screen: &Screen, interrupt: &Interrupt) -> Result<ExitCode, Error> {
    let sandbox = Sandbox::start(Options::from(seeds::demo()))
        .await
        .map_err(|error| Error::failed("cannot serve on 127.0.0.1").with_source(error))?;
    let state = TemporaryFolder::new()?;
    screen.result(
        "Two Coralogix accounts, embedded in this program and served on this machine only.\n\
         Everything below is real HTTP, and the commands work the same between real accounts.\n",
    )?;
    step(
        screen,
        "What is there, with every secret masked:",
        "list --from SOURCE",
    )?;
    list::run(list_settings(&sandbox)?, screen).await?;
    step(
        screen,
        "What a migration would do; nothing is written:",
        "plan --from SOURCE --to TARGET",
    )?;
    plan::run(plan_settings(&sandbox, &state)?, screen).await?;
    step(
        screen,
        "The migration: created, read back, compared, and the id map for your alerts:",
        "migrate --from SOURCE --to TARGET --yes",
    )?;
    let first = migrate::run(migrate_settings(&sandbox, &state)?, screen, interrupt).await?;
    step(
        screen,
        "The same again changes nothing:",
        "migrate --from SOURCE --to TARGET --yes",
    )?;
    let second = migrate::run(migrate_settings(&sandbox, &state)?, screen, interrupt).await?;
    screen.result(
        "\nYour turn:\n  \
         export HOOKFERRY_SOURCE_API_KEY=…   # a key that may read: preset OUTBOUNDWEBHOOKS\n  \
         export HOOKFERRY_TARGET_API_KEY=…   # a key that may write, of the other account\n  \
         hookferry plan --from eu1 --to us2\n",
    )?;
    Ok(if first == ExitCode::Done {
        second
    } else {
        first
    })
}

fn step(screen: &Screen, what: &str, command: &str) -> Result<(), Error> {
    let palette = screen.page(Detail::Normal).palette;
    let command = palette.paint(Meaning::Heading, &format!("$ hookferry {command}"));
    screen.result(&format!("\n{what}\n{command}\n\n"))
}

/// An embedded account as the commands take accounts.
pub(super) fn stand_in_account(side: Side, stand_in: &sandbox::Account) -> Result<Account, Error> {
    let endpoint =
        Endpoint::parse(&stand_in.url()).map_err(|error| Error::failed(error.to_string()))?;
    let key = ApiKey::new(stand_in.key())
        .ok_or_else(|| Error::failed("the sandbox has no usable key"))?;
    Ok(Account::new(side, endpoint, key))
}

fn client() -> ClientOptions {
    ClientOptions {
        timeout: Duration::from_secs(10),
        rate: 10,
        ca: None,
    }
}

fn route(sandbox: &Sandbox) -> Result<Route, Error> {
    Route::new(
        Origin::Live(Box::new(stand_in_account(Side::Source, sandbox.source())?)),
        stand_in_account(Side::Target, sandbox.target())?,
        Filter::default(),
        OnConflict::Fail,
        RulesFile::none(),
        client(),
    )
}

fn list_settings(sandbox: &Sandbox) -> Result<List, Error> {
    Ok(List {
        source: Origin::Live(Box::new(stand_in_account(Side::Source, sandbox.source())?)),
        filter: Filter::default(),
        client: client(),
        output: OutputForm::Text,
    })
}

fn plan_settings(sandbox: &Sandbox, state: &TemporaryFolder) -> Result<Plan, Error> {
    Ok(Plan {
        route: route(sandbox)?,
        state: StateFolder::at(state.path()),
        detailed_exitcode: false,
        out: None,
        valid_for: SignedDuration::from_hours(24),
        detail: Detail::Normal,
        output: ReportForm::Text,
    })
}

fn migrate_settings(sandbox: &Sandbox, state: &TemporaryFolder) -> Result<Migrate, Error> {
    Ok(Migrate {
        command: "demo",
        route: route(sandbox)?,
        state: StateFolder::at(state.path()),
        flags: String::new(),
        consent: Consent::Given,
        detail: Detail::Normal,
        max_changes: None,
        push: PushOptions {
            settle: Duration::from_secs(5),
            batch_size: 500,
        },
        output: ReportForm::Text,
    })
}
