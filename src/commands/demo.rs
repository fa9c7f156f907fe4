//! `hookferry demo`: a whole migration between two embedded accounts, run by the same code as between real
//! ones.

use super::{list, migrate, plan};
use crate::cli::OutputFormat;
use crate::coralogix::account::{Account, ApiKey, Side};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::endpoint::Endpoint;
use crate::document::run::FollowUp;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::OnConflict;
use crate::pipeline::push::PushOptions;
use crate::proposal::Words;
use crate::render::screen::Screen;
use crate::render::style::Meaning;
use crate::sandbox::{self, Options, Sandbox, seeds};
use crate::settings::{
    Consent, ListSettings, MigrateSettings, Origin, PlanSettings, ReportFormat, Route, RulesFile,
    StateFolder,
};
use crate::store::disk::TemporaryFolder;
use jiff::SignedDuration;
use std::time::Duration;

/// Runs list, plan, migrate and a second migrate, and prints the command line before each output.
pub(super) async fn run(screen: &Screen, interrupt: &Interrupt) -> Result<ExitCode, Error> {
    let sandbox = Sandbox::start(Options::from(seeds::demo()))
        .await
        .map_err(|error| Error::failed("cannot listen on 127.0.0.1").with_source(error))?;
    let state = TemporaryFolder::new()?;
    screen.print_result(
        "Two Coralogix accounts, embedded in this program and reachable from this machine only.\n\
         Everything below is real HTTP; the commands work the same way between real accounts.\n",
    )?;
    print_step(
        screen,
        "The webhooks of the source, with every secret masked:",
        "list --from SOURCE",
    )?;
    list::run(list_settings(&sandbox)?, screen).await?;
    print_step(
        screen,
        "The plan of a migration; this writes nothing:",
        "plan --from SOURCE --to TARGET",
    )?;
    plan::run(plan_settings(&sandbox, &state)?, screen).await?;
    print_step(
        screen,
        "The migration: created, read back, compared, and the id map for your alerts:",
        "migrate --from SOURCE --to TARGET --yes",
    )?;
    let first = migrate::run(migrate_settings(&sandbox, &state)?, screen, interrupt).await?;
    print_step(
        screen,
        "Running the same command again changes nothing:",
        "migrate --from SOURCE --to TARGET --yes",
    )?;
    let second = migrate::run(migrate_settings(&sandbox, &state)?, screen, interrupt).await?;
    screen.print_result(
        "\nYour turn:\n  \
         export HOOKFERRY_SOURCE_API_KEY=…   # a key that can read: preset OUTBOUNDWEBHOOKS\n  \
         export HOOKFERRY_TARGET_API_KEY=…   # a key of the other account that can write\n  \
         hookferry plan --from eu1 --to us2\n",
    )?;
    Ok(if first == ExitCode::Done {
        second
    } else {
        first
    })
}

fn print_step(screen: &Screen, description: &str, command: &str) -> Result<(), Error> {
    let palette = screen.stdout_page(Detail::default()).palette;
    let command = palette.paint(Meaning::Heading, &format!("$ hookferry {command}"));
    screen.print_result(&format!("\n{description}\n{command}\n\n"))
}

/// An account of the sandbox as the `Account` that commands work with.
pub(super) fn sandbox_account(side: Side, account: &sandbox::Account) -> Result<Account, Error> {
    let endpoint =
        Endpoint::parse(&account.url()).map_err(|error| Error::failed(error.to_string()))?;
    let key =
        ApiKey::new(account.key()).ok_or_else(|| Error::failed("the sandbox has no usable key"))?;
    Ok(Account::new(side, endpoint, key))
}

fn client_options() -> ClientOptions {
    ClientOptions {
        timeout: Duration::from_secs(10),
        ..ClientOptions::default()
    }
}

fn demo_route(sandbox: &Sandbox) -> Result<Route, Error> {
    Route::new(
        Origin::Live(Box::new(sandbox_account(Side::Source, sandbox.source())?)),
        sandbox_account(Side::Target, sandbox.target())?,
        Filter::default(),
        OnConflict::Fail,
        RulesFile::none(),
        client_options(),
    )
}

fn list_settings(sandbox: &Sandbox) -> Result<ListSettings, Error> {
    Ok(ListSettings {
        source: Origin::Live(Box::new(sandbox_account(Side::Source, sandbox.source())?)),
        filter: Filter::default(),
        client: client_options(),
        output: OutputFormat::Text,
    })
}

fn plan_settings(sandbox: &Sandbox, state: &TemporaryFolder) -> Result<PlanSettings, Error> {
    Ok(PlanSettings {
        apply_options: Words::default(),
        route: demo_route(sandbox)?,
        state: StateFolder::from_path(state.path()),
        max_changes: None,
        detailed_exitcode: false,
        out: None,
        valid_for: SignedDuration::from_hours(24),
        detail: Detail::default(),
        output: ReportFormat::Text,
    })
}

fn migrate_settings(sandbox: &Sandbox, state: &TemporaryFolder) -> Result<MigrateSettings, Error> {
    Ok(MigrateSettings {
        command: "demo",
        route: demo_route(sandbox)?,
        state: StateFolder::from_path(state.path()),
        follow_up: FollowUp::default(),
        consent: Consent::Given,
        detail: Detail::default(),
        max_changes: None,
        push: PushOptions {
            settle: Duration::from_secs(5),
            batch_size: 500,
        },
        output: ReportFormat::Text,
    })
}
