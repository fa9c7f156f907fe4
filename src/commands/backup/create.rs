//! `hookferry backup create`: reads each account once and stores it, unless the newest backup has the same
//! content.

mod refuse;

use super::combined_exit_code;
use crate::cli::OutputFormat;
use crate::commands::cross_check::{cross_check, report_cross_check};
use crate::commands::reading::{open_reader, read_first_as};
use crate::coralogix::account::Account;
use crate::coralogix::client::ClientOptions;
use crate::coralogix::digest::random_hex;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::undocumented::StateKeys;
use crate::document::view::Detail;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::pipeline::fetch::Inventory;
use crate::render::backup::create::{CreateResult, CurrentBackup, document, text};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings::{BackupAccount, BackupCreateSettings};
use crate::store::backup::{
    AddedBackup, BackupMetadata, LastCheck, Protection, Repository, StoredBackup,
    account_folder_name, truncate_to_second,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use refuse::{
    refuse_masks, refuse_other_account, refuse_past_time, refuse_shrink, warn_about_clock,
};
use std::sync::Arc;
use std::time::Duration;

/// The options that all accounts of one backup share.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct CreateOptions<'a> {
    pub(in crate::commands) repository: &'a Repository,
    pub(in crate::commands) protection: &'a Protection,
    /// Whether to store an account that has shrunk, is empty, or shows masks instead of secrets.
    pub(in crate::commands) accept_shrink: bool,
    pub(in crate::commands) client: &'a ClientOptions,
    /// The undocumented keys that do not count, in addition to those of the accounts' profiles.
    pub(in crate::commands) ignore_keys: &'a StateKeys,
}

impl CreateOptions<'_> {
    /// The undocumented keys whose change alone is no reason to store a backup of the account.
    fn state_keys(&self, account: &Account) -> StateKeys {
        self.ignore_keys.with(account.ignore_keys())
    }
}

/// Backs up the accounts and prints the result for each.
pub(super) async fn run(
    settings: BackupCreateSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let options = CreateOptions {
        repository: &settings.repository,
        protection: &settings.protection,
        accept_shrink: settings.accept_shrink,
        client: &settings.client,
        ignore_keys: &settings.ignore_keys,
    };
    let mut results = create_all(settings.accounts, options, screen).await?;
    // If there is only one account and it failed, its error is the error of the command.
    if results.len() == 1
        && let Some(Err(error)) = results
            .pop_if(|only| only.outcome.is_err())
            .map(|only| only.outcome)
    {
        return Err(error);
    }
    for error in results.iter().flat_map(CreateResult::errors) {
        screen.error(error);
    }
    let code = combined_exit_code(
        &results
            .iter()
            .map(CreateResult::exit_code)
            .collect::<Vec<_>>(),
    );
    screen.print_report(&match settings.output {
        OutputFormat::Text => text(&results, screen.stdout_page(Detail::default())),
        OutputFormat::Json => json::text(&document(&results, &settings.repository, code)),
    });
    Ok(code)
}

/// Backs up the accounts concurrently; a failure of one does not stop the others.
pub(in crate::commands) async fn create_all(
    accounts: Vec<BackupAccount>,
    options: CreateOptions<'_>,
    screen: &Screen,
) -> Result<Vec<CreateResult>, Error> {
    if options.repository.prepare().await? {
        screen.warn(&format!(
            "the repository {} did not exist and was created; if it should hold earlier backups, is its disk mounted?",
            options.repository
        ));
    }
    let backups = accounts
        .into_iter()
        .map(async |to_back_up: BackupAccount| CreateResult {
            outcome: match to_back_up.account {
                Ok(account) => create_one(&to_back_up.name, &account, options, screen).await,
                Err(error) => Err(error),
            },
            name: to_back_up.name,
        });
    Ok(join_all(backups).await)
}

/// Backs up one account; `name` is what the user calls it.
async fn create_one(
    name: &str,
    account: &Account,
    options: CreateOptions<'_>,
    screen: &Screen,
) -> Result<CurrentBackup, Error> {
    let wait_budget = Arc::new(WaitBudget::new(options.client.max_wait));
    let reader = open_reader(account, options.client, &wait_budget, screen)?;
    let inventory = read_first_as(&format!("read {name}"), &reader, screen).await?;
    let inventory = cross_check(&reader, inventory, options.client, screen).await?;
    report_cross_check(account, &inventory, screen);
    let about = backup_metadata(account, &inventory)?;
    warn_about_clock(account, &about, &inventory, screen);
    let repository = options.repository;
    let newest = repository.backups(&about.account).await?.pop();
    let check = repository.last_check(&about.account).await?;
    refuse_other_account(&about, &inventory, check.as_ref())?;
    refuse_past_time(&about, newest.as_ref())?;
    refuse_shrink(account, &about, newest.as_ref(), options.accept_shrink)?;
    refuse_masks(account, &inventory, newest.as_ref(), options.accept_shrink)?;
    // Before anything is written, because leftovers may fill the disk; the backup does not depend on its
    // success.
    let sweep_result = repository.remove_temporary_files(&about.account);
    if let (Some(newest), Some(check)) = (&newest, &check)
        && is_up_to_date(newest, check, account, &inventory, options, screen).await?
    {
        let checked = check.clone().at_time(about.time);
        repository
            .write_last_check(&about.account, &checked)
            .await?;
        return Ok(kept_backup(
            newest.clone(),
            &about,
            repository,
            false,
            [sweep_result, Ok(())],
        ));
    }
    let about = wait_for_later_second(newest.as_ref(), about).await;
    let salt = random_hex().ok_or_else(no_random_numbers)?;
    let added = repository
        .add(&about, &inventory.webhooks, &salt, options.protection)
        .await?;
    let known_company = check.and_then(|check| check.company_id);
    let check =
        make_last_check(account, &about, &inventory, &added, options)?.or_company_id(known_company);
    // The backup is safe. Without its check file, the next run stores the same content again and cannot
    // detect another account.
    let check_result = repository.write_last_check(&about.account, &check).await;
    Ok(kept_backup(
        added.stored,
        &about,
        repository,
        true,
        [sweep_result, check_result],
    ))
}

fn kept_backup(
    stored: StoredBackup,
    about: &BackupMetadata,
    repository: &Repository,
    is_new: bool,
    side_results: [Result<(), Error>; 2],
) -> CurrentBackup {
    CurrentBackup {
        path: repository.path_of(&stored),
        stored,
        checked: about.time,
        is_new,
        other_errors: side_results.into_iter().filter_map(Result::err).collect(),
    }
}

fn make_last_check(
    account: &Account,
    about: &BackupMetadata,
    inventory: &Inventory,
    added: &AddedBackup,
    options: CreateOptions<'_>,
) -> Result<LastCheck, Error> {
    LastCheck::new(
        &account.key,
        about,
        &inventory.webhooks,
        added,
        options.protection,
        &options.state_keys(account),
    )
    .ok_or_else(no_random_numbers)
}

fn no_random_numbers() -> Error {
    Error::failed("the operating system provides no random numbers")
}

/// The metadata of the new backup.
fn backup_metadata(account: &Account, inventory: &Inventory) -> Result<BackupMetadata, Error> {
    let profile = account.profile.as_ref().map(|profile| profile.name.clone());
    let (host, company_id) = (
        account.endpoint.canonical_host(),
        inventory.common_company_id(),
    );
    let name = profile
        .clone()
        .or_else(|| account_folder_name(&host, company_id.as_deref()));
    let name = name.ok_or_else(|| {
        Error::new(
            ErrorKind::Refused,
            format!("{account} does not show exactly one company id, so it is unknown which account it is"),
        )
        .with_hint("an empty account shows none: back it up by a profile of the config file; its backups then have the profile's name")
    })?;
    Ok(BackupMetadata {
        tool: concat!("hookferry ", env!("CARGO_PKG_VERSION")).to_owned(),
        account: name,
        profile,
        host,
        company_id,
        time: truncate_to_second(Timestamp::now()),
        count: inventory.webhooks.len(),
    })
}

/// Waits until the backup's time is a later second than that of the newest one. Two backups of the same
/// second sort by their digests, so `latest` could be the older one, or one that is damaged.
async fn wait_for_later_second(
    newest: Option<&StoredBackup>,
    mut about: BackupMetadata,
) -> BackupMetadata {
    while newest.is_some_and(|newest| newest.name.time == about.time) {
        let next = about.time + SignedDuration::from_secs(1);
        let remaining = next.duration_since(Timestamp::now()).unsigned_abs();
        tokio::time::sleep(remaining.min(Duration::from_secs(1))).await;
        about.time = truncate_to_second(Timestamp::now());
    }
    about
}

/// Whether the newest backup is intact, protected as requested now, and of the same content.
async fn is_up_to_date(
    newest: &StoredBackup,
    check: &LastCheck,
    account: &Account,
    inventory: &Inventory,
    options: CreateOptions<'_>,
    screen: &Screen,
) -> Result<bool, Error> {
    let is_same = check.backup == newest.name.to_string()
        && check.protection == options.protection.fingerprint()
        && check.has_same_webhooks(
            &account.key,
            &inventory.webhooks,
            &options.state_keys(account),
        );
    if !is_same {
        return Ok(false);
    }
    let is_intact = check.matches_backup(&options.repository.read(newest).await?);
    if !is_intact {
        let path = crate::untrusted::escape(&options.repository.path_of(newest));
        screen.warn(&format!(
            "the newest backup {path} is damaged; storing the account again"
        ));
    }
    Ok(is_intact)
}
