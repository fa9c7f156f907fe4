//! `hookferry run-schedule`, for schedulers: backs up, forgets old backups, checks the rest, then reports the
//! result. The exit code is decided once, and the status file, the metrics and the heartbeat all report that
//! same code.

use super::backup::{Terms, checked, create_all, forget_account, together};
use crate::cli::OutputForm;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::render::json;
use crate::render::schedule_run::{
    AccountRun, ScheduleRun, document, is_metrics, is_status, metrics, text,
};
use crate::render::screen::Screen;
use crate::settings::{Prepared, RunSchedule};
use crate::store::backup::{Identities, Repository};
use crate::store::disk;
use jiff::Timestamp;

/// Runs a schedule and reports the result.
pub(super) async fn run(
    settings: RunSchedule,
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
            _ = interrupt.requested() => {}
            told = heartbeat.start() => tell(told, screen),
        }
    }
    let started = Timestamp::now();
    let outcome = tokio::select! {
        biased;
        signal = interrupt.requested() => Ok(Err(signal.exit_code())),
        outcome = work(&settings, screen) => outcome.map(Ok),
    };
    let (accounts, failure, code) = match outcome {
        Ok(Ok(accounts)) => {
            let codes: Vec<ExitCode> = accounts.iter().map(AccountRun::exit_code).collect();
            (accounts, None, together(&codes))
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
        tell(heartbeat.end(code).await, screen);
    }
    Ok(code)
}

/// Prints a failure to report; it changes nothing else.
fn tell(outcome: Result<(), Error>, screen: &Screen) {
    if let Err(error) = outcome {
        screen.error(&error);
    }
}

/// Writes the result, the status file and the metrics.
fn publish(settings: &RunSchedule, run: &ScheduleRun, screen: &Screen) {
    let status = json::text(&document(run));
    if let Some(path) = &settings.schedule.status_file {
        tell(
            disk::replace_shared(path, &status, "the status file", is_status),
            screen,
        );
    }
    if let Some(path) = &settings.schedule.metrics_file {
        let before = disk::read_text(path, "the metrics file").unwrap_or_default();
        let metrics = metrics(run, &before);
        tell(
            disk::replace_shared(path, &metrics, "the metrics file", is_metrics),
            screen,
        );
    }
    let result = match settings.output {
        OutputForm::Text => text(run, screen.page(Detail::Normal)),
        OutputForm::Json => status,
    };
    tell(screen.result(&result), screen);
}

/// Backs up all accounts concurrently, then forgets old backups and checks the rest, one account at a time.
async fn work(settings: &RunSchedule, screen: &Screen) -> Result<Vec<AccountRun>, Error> {
    let Prepared {
        accounts,
        repository,
        protection,
        client,
    } = settings.prepare().await?;
    let terms = Terms {
        repository: &repository,
        protection: &protection,
        accept_shrink: settings.accept_shrink,
        client: &client,
    };
    let mut runs = Vec::new();
    for taken in create_all(accounts, terms, screen).await? {
        let mut run = AccountRun::of(taken);
        if let Err(error) = look_after(settings, &repository, &mut run).await {
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
async fn look_after(
    settings: &RunSchedule,
    repository: &Repository,
    run: &mut AccountRun,
) -> Result<(), Error> {
    let schedule = &settings.schedule;
    let (account, none) = (run.taken.name.clone(), Identities::default());
    if let (Some(policy), true) = (&schedule.keep, run.taken.outcome.is_ok()) {
        run.forgotten =
            Some(forget_account(repository, account.clone(), policy, &none, false).await?);
    }
    let now = Timestamp::now();
    run.checked = Some(checked(repository, account, schedule.max_age, &none, now).await?);
    Ok(())
}
