//! One file per command: the only place that connects the stages of the pipeline.

mod account;
mod apply;
mod backup;
mod backup_choice;
mod conclusion;
mod consent;
mod cross_check;
mod deliver_test;
mod demo;
mod diff;
mod export;
mod formatting;
mod history;
mod idmap;
mod list;
mod migrate;
mod plan;
mod planning;
mod reading;
mod record_check;
mod recording;
mod report;
mod restore;
mod rewriting;
mod rollback;
mod rules;
mod run_schedule;
mod runs;
mod sandbox;
mod saved_plan;
mod schedule;
mod unproven;
mod verify;

use crate::cli::Command;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::render::screen::Screen;
use crate::settings;

/// Runs one command and returns the exit code of the process.
pub async fn run(
    command: Command,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    match command {
        Command::Migrate(arguments) => {
            migrate::run(
                settings::MigrateSettings::resolve(arguments).await?,
                screen,
                interrupt,
            )
            .await
        }
        Command::Plan(arguments) => {
            plan::run(settings::PlanSettings::resolve(arguments).await?, screen).await
        }
        Command::Apply(arguments) => {
            let (settings, saved) = settings::ApplySettings::resolve(arguments).await?;
            Box::pin(apply::run(settings, saved, screen, interrupt)).await
        }
        Command::Rules(arguments) => rules::run(arguments, screen).await,
        Command::Verify(arguments) => {
            verify::run(settings::VerifySettings::resolve(arguments).await?, screen).await
        }
        Command::Diff(arguments) => {
            diff::run(settings::DiffSettings::resolve(arguments).await?, screen).await
        }
        Command::Runs(arguments) => runs::run(&settings::RunsSettings::resolve(arguments), screen),
        Command::Report(arguments) => {
            report::run(&settings::ReportSettings::resolve(arguments)?, screen)
        }
        Command::Rollback(arguments) => {
            rollback::run(
                settings::RollbackSettings::resolve(arguments)?,
                screen,
                interrupt,
            )
            .await
        }
        Command::Idmap(arguments) => {
            idmap::run(&settings::IdmapSettings::resolve(arguments), screen)
        }
        Command::DeliverTest(arguments) => {
            let settings = settings::DeliverTestSettings::resolve(arguments).await?;
            deliver_test::run(settings, screen, interrupt).await
        }
        Command::Account(arguments) => account::run(arguments, screen).await,
        Command::List(arguments) => {
            list::run(settings::ListSettings::resolve(arguments).await?, screen).await
        }
        Command::Export(arguments) => {
            export::run(settings::ExportSettings::resolve(arguments).await?, screen).await
        }
        Command::Backup(arguments) => backup::run(arguments, screen).await,
        Command::Restore(arguments) => {
            let settings = settings::RestoreSettings::resolve(arguments).await?;
            restore::run(settings, screen, interrupt).await
        }
        Command::Schedule(arguments) => schedule::run(arguments, screen),
        Command::RunSchedule(arguments) => {
            let settings = settings::RunScheduleSettings::resolve(arguments)?;
            run_schedule::run(settings, screen, interrupt).await
        }
        Command::Demo => demo::run(screen, interrupt).await,
        Command::Sandbox(arguments) => sandbox::run(arguments, screen, interrupt).await,
    }
}
