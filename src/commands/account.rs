//! `hookferry account`: lists the configured profiles, and checks one account. Writes nothing.

use super::reading::{open_reader, refuse_unexpected_company};
use crate::cli::{AccountAction, AccountArgs, OutputFormat};
use crate::coralogix::account::Account;
use crate::coralogix::retry::WaitBudget;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::pipeline::cross_check::CrossCheck;
use crate::pipeline::fetch::Inventory;
use crate::render::account_check::{self, AccountCheckView, AccountReading};
use crate::render::accounts::{self, AccountRow, AccountsView};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings::{AccountCheckSettings, AccountListSettings};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// Lists profiles, or checks an account.
pub(super) async fn run(arguments: AccountArgs, screen: &Screen) -> Result<ExitCode, Error> {
    match arguments.action {
        AccountAction::List(arguments) => list(&AccountListSettings::resolve(&arguments)?, screen),
        AccountAction::Check(arguments) => {
            check(AccountCheckSettings::resolve(arguments).await?, screen).await
        }
    }
}

fn list(settings: &AccountListSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let config = &settings.config;
    let path = config.location.path.as_deref();
    let row = |profile: &crate::settings::profiles::Profile| {
        let key_from = profile.key.as_ref().map(ToString::to_string);
        AccountRow::new(&profile.account, &profile.endpoint, key_from)
    };
    let view = AccountsView {
        file: path.map(|path| path.display().to_string()),
        exists: config.exists,
        rows: config.profiles.iter().map(row).collect(),
    };
    screen.print_result(&match settings.output {
        OutputFormat::Text => accounts::text(&view, screen.stdout_page(Detail::default())),
        OutputFormat::Json => json::text(&view),
    })?;
    Ok(ExitCode::Done)
}

/// Prints the report first; the findings decide the exit code afterwards.
async fn check(settings: AccountCheckSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let observed = match &settings.account {
        Ok(account) => Some(read_once(account, &settings, screen).await?),
        Err(_) => None,
    };
    let view = AccountCheckView {
        endpoint: &settings.endpoint,
        profile: settings.profile.as_ref(),
        account: settings.account.as_ref(),
        unused_variables: settings.unused_variables.as_deref(),
        ca_file: settings.ca_file.as_deref(),
        reading: observed.as_ref(),
    };
    screen.print_result(&match settings.output {
        OutputFormat::Text => account_check::text(&view, screen.stdout_page(Detail::default())),
        OutputFormat::Json => json::text(&account_check::document(&view)),
    })?;
    let account = settings.account?;
    match observed.map(|seen| seen.outcome) {
        Some(Err(failure)) => Err(failure.explain(&account, "list its webhooks")),
        Some(Ok(inventory)) => {
            refuse_unexpected_company(&account, &inventory)?;
            Ok(ExitCode::Done)
        }
        None => Ok(ExitCode::Failed),
    }
}

/// Reads the account exactly once, and the newer API's summaries of it, without a retry: a check reports what these
/// requests returned.
async fn read_once(
    account: &Account,
    settings: &AccountCheckSettings,
    screen: &Screen,
) -> Result<AccountReading, Error> {
    let wait_budget = Arc::new(WaitBudget::empty());
    let reader = open_reader(account, &settings.client, &wait_budget, screen)?;
    let started = Instant::now();
    let outcome = reader.list().await.map(Inventory::from);
    let (duration, received) = (started.elapsed(), SystemTime::now());
    let cross_check = match &outcome {
        Ok(inventory) => Some(CrossCheck::compare(inventory, reader.summaries().await)),
        Err(_) => None,
    };
    Ok(AccountReading {
        outcome,
        duration,
        received,
        cross_check,
    })
}
