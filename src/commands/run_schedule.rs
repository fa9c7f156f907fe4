//! `hookferry run-schedule`, for schedulers: backs up, forgets old backups, checks the rest, then reports the
//! result. The exit code is decided once, and the status file, the metrics and the heartbeat all report that
//! same code.

use super::backup::{CreateOptions, check_account, combined_exit_code, create_all, forget_account};
use crate::cli::OutputFormat;
use crate::coralogix::undocumented::StateKeys;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::render::json;
use crate::render::schedule_run::{
    AccountScheduleRun, ScheduleRun, document, is_metrics, is_status, metrics, text,
};
use crate::render::screen::Screen;
use crate::settings::{PreparedBackups, RunScheduleSettings};
use crate::store::backup::{Identities, Repository};
use crate::store::disk;
use crate::store::input::Limit;
use jiff::Timestamp;

/// Runs a schedule and reports the result.
pub(super) async fn run(
    settings: RunScheduleSettings,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let _hold = interrupt.hold("stopping, then reporting to the schedule's heartbeat and files");
    let heartbeat = settings.heartbeat().unwrap_or_else(|error| {
        screen.error(&error);
        None
    });
    if let Some(heartbeat) = &heartbeat {
        tokio::select! {
            biased;
            // The signal is seen again below, where it decides the exit code.
            _ = interrupt.wait_for_signal() => {}
            sent = heartbeat.start() => print_failure(sent, screen),
        }
    }
    let started = Timestamp::now();
    let outcome = tokio::select! {
        biased;
        signal = interrupt.wait_for_signal() => Ok(Err(signal.exit_code())),
        outcome = run_accounts(&settings, screen) => outcome.map(Ok),
    };
    let (accounts, failure, code) = match outcome {
        Ok(Ok(accounts)) => {
            let codes: Vec<ExitCode> = accounts.iter().map(AccountScheduleRun::exit_code).collect();
            (accounts, None, combined_exit_code(&codes))
        }
        Ok(Err(code)) => (Vec::new(), None, code),
        Err(error) => {
            screen.error(&error);
            let code = error.kind().exit_code();
            (Vec::new(), Some(error), code)
        }
    };
    let run = ScheduleRun {
        schedule: settings.schedule.name.clone(),
        started,
        ended: Timestamp::now(),
        accounts,
        failure,
        exit_code: code,
    };
    publish(&settings, &run, screen);
    if let Some(heartbeat) = &heartbeat {
        print_failure(heartbeat.end(code).await, screen);
    }
    Ok(code)
}

/// Prints a failure to report; it changes nothing else.
fn print_failure(outcome: Result<(), Error>, screen: &Screen) {
    if let Err(error) = outcome {
        screen.error(&error);
    }
}

/// Writes the result, the status file and the metrics.
fn publish(settings: &RunScheduleSettings, run: &ScheduleRun, screen: &Screen) {
    let status = json::text(&document(run));
    if let Some(path) = &settings.schedule.status_file {
        print_failure(
            disk::replace_shared(path, &status, "the status file", is_status),
            screen,
        );
    }
    if let Some(path) = &settings.schedule.metrics_file {
        let previous_metrics =
            disk::read_text(path, "the metrics file", Limit::Medium).unwrap_or_default();
        let metrics = metrics(run, &previous_metrics);
        print_failure(
            disk::replace_shared(path, &metrics, "the metrics file", is_metrics),
            screen,
        );
    }
    let result = match settings.output {
        OutputFormat::Text => text(run, screen.stdout_page(Detail::default())),
        OutputFormat::Json => status,
    };
    screen.print_report(&result);
}

/// Backs up all accounts concurrently, then forgets old backups and checks the rest, one account at a time.
async fn run_accounts(
    settings: &RunScheduleSettings,
    screen: &Screen,
) -> Result<Vec<AccountScheduleRun>, Error> {
    let PreparedBackups {
        accounts,
        repository,
        protection,
        client,
    } = settings.prepare().await?;
    let options = CreateOptions {
        repository: &repository,
        protection: &protection,
        accept_shrink: settings.accept_shrink,
        client: &client,
        ignore_keys: &StateKeys::default(),
    };
    let mut runs = Vec::new();
    for backup in create_all(accounts, options, screen).await? {
        let mut run = AccountScheduleRun::new(backup);
        if let Err(error) = forget_and_check(settings, &repository, &mut run).await {
            run.failures.push(error);
        }
        for error in run.errors() {
            screen.error(error);
        }
        runs.push(run);
    }
    Ok(runs)
}

/// Forgets old backups, only if the account was backed up just now, and checks the backups that stay.
async fn forget_and_check(
    settings: &RunScheduleSettings,
    repository: &Repository,
    run: &mut AccountScheduleRun,
) -> Result<(), Error> {
    let schedule = &settings.schedule;
    let (account, no_identities) = (run.created.name.clone(), Identities::default());
    if let (Some(policy), true) = (&schedule.keep, run.created.outcome.is_ok()) {
        run.forgotten =
            Some(forget_account(repository, account.clone(), policy, &no_identities, false).await?);
    }
    let now = Timestamp::now();
    run.checked =
        Some(check_account(repository, account, schedule.max_age, &no_identities, now).await?);
    Ok(())
}
