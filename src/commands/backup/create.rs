//! `hookferry backup create`: reads each account once and stores it, unless the newest backup has the same
//! content.

mod refuse;

use super::together;
use crate::cli::OutputForm;
use crate::commands::reading::{read_first_as, reader};
use crate::coralogix::account::Account;
use crate::coralogix::client::ClientOptions;
use crate::coralogix::retry::Patience;
use crate::coralogix::sealed::random_word;
use crate::document::view::Detail;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::pipeline::fetch::Inventory;
use crate::render::backup::create::{Kept, Taken, document, text};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings::{BackupCreate, ToBackUp};
use crate::store::backup::{
    About, Added, LastCheck, Protection, Repository, Stored, account_name, to_the_second,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use refuse::{refuse_masks, refuse_other_account, refuse_past, refuse_shrink, warn_of_clock};
use std::sync::Arc;
use std::time::Duration;

/// The options that all accounts of one backup share.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Terms<'a> {
    pub(in crate::commands) repository: &'a Repository,
    pub(in crate::commands) protection: &'a Protection,
    /// Whether to store an account that has shrunk, is empty, or shows masks instead of secrets.
    pub(in crate::commands) accept_shrink: bool,
    pub(in crate::commands) client: &'a ClientOptions,
}

/// Backs up the accounts and prints the result for each.
pub(super) async fn run(settings: BackupCreate, screen: &Screen) -> Result<ExitCode, Error> {
    let terms = Terms {
        repository: &settings.repository,
        protection: &settings.protection,
        accept_shrink: settings.accept_shrink,
        client: &settings.client,
    };
    let mut taken = create_all(settings.accounts, terms, screen).await?;
    // If there is only one account and it failed, its error is the error of the command.
    if taken.len() == 1
        && let Some(Err(error)) = taken
            .pop_if(|only| only.outcome.is_err())
            .map(|only| only.outcome)
    {
        return Err(error);
    }
    for error in taken.iter().flat_map(Taken::errors) {
        screen.error(error);
    }
    let code = together(&taken.iter().map(Taken::exit_code).collect::<Vec<_>>());
    // A failure to print the result does not change the exit code.
    let told = screen.result(&match settings.output {
        OutputForm::Text => text(&taken, screen.page(Detail::Normal)),
        OutputForm::Json => json::text(&document(&taken, &settings.repository, code)),
    });
    if let Err(error) = told {
        screen.error(&error);
    }
    Ok(code)
}

/// Backs up the accounts concurrently; a failure of one does not stop the others.
pub(in crate::commands) async fn create_all(
    accounts: Vec<ToBackUp>,
    terms: Terms<'_>,
    screen: &Screen,
) -> Result<Vec<Taken>, Error> {
    if terms.repository.prepare().await? {
        screen.warn(&format!(
            "the repository {} did not exist and was created; if it should hold earlier backups, is its disk mounted?",
            terms.repository
        ));
    }
    let each = accounts
        .into_iter()
        .map(async |to_back_up: ToBackUp| Taken {
            outcome: match to_back_up.account {
                Ok(account) => create(&to_back_up.name, &account, terms, screen).await,
                Err(error) => Err(error),
            },
            name: to_back_up.name,
        });
    Ok(join_all(each).await)
}

/// Backs up one account; `name` is what the user calls it.
async fn create(
    name: &str,
    account: &Account,
    terms: Terms<'_>,
    screen: &Screen,
) -> Result<Kept, Error> {
    let patience = Arc::new(Patience::new());
    let reader = reader(account, terms.client, &patience, screen)?;
    let inventory = read_first_as(&format!("read {name}"), &reader, screen).await?;
    let about = about(account, &inventory)?;
    warn_of_clock(account, &about, &inventory, screen);
    let repository = terms.repository;
    let newest = repository.backups(&about.account).await?.pop();
    let check = repository.last_check(&about.account).await?;
    refuse_other_account(&about, &inventory, check.as_ref())?;
    refuse_past(&about, newest.as_ref())?;
    refuse_shrink(account, &about, newest.as_ref(), terms.accept_shrink)?;
    refuse_masks(account, &inventory, check.as_ref(), terms.accept_shrink)?;
    // Before anything is written, because leftovers may fill the disk; the backup does not depend on its
    // success.
    let swept = repository.sweep(&about.account);
    if let (Some(newest), Some(check)) = (&newest, &check)
        && holds(newest, check, account, &inventory, terms, screen).await?
    {
        let checked = check.clone().again(about.time);
        repository.put_last_check(&about.account, &checked).await?;
        return Ok(kept(
            newest.clone(),
            &about,
            repository,
            false,
            [swept, Ok(())],
        ));
    }
    let about = after(newest.as_ref(), about).await;
    let salt = random_word().ok_or_else(no_random)?;
    let added = repository
        .add(&about, &inventory.webhooks, &salt, terms.protection)
        .await?;
    let known = check.and_then(|check| check.company_id);
    let check = last_check(account, &about, &inventory, &added, terms.protection)?.or_of(known);
    // The backup is safe. Without its check file, the next run stores the same content again and cannot
    // detect another account.
    let noted = repository.put_last_check(&about.account, &check).await;
    Ok(kept(added.stored, &about, repository, true, [swept, noted]))
}

fn kept(
    stored: Stored,
    about: &About,
    repository: &Repository,
    is_new: bool,
    besides: [Result<(), Error>; 2],
) -> Kept {
    Kept {
        path: repository.path_of(&stored),
        stored,
        checked: about.time,
        is_new,
        troubles: besides.into_iter().filter_map(Result::err).collect(),
    }
}

fn last_check(
    account: &Account,
    about: &About,
    inventory: &Inventory,
    added: &Added,
    protection: &Protection,
) -> Result<LastCheck, Error> {
    LastCheck::of(&account.key, about, &inventory.webhooks, added, protection).ok_or_else(no_random)
}

fn no_random() -> Error {
    Error::failed("the operating system provides no random numbers")
}

/// The metadata of the new backup.
fn about(account: &Account, inventory: &Inventory) -> Result<About, Error> {
    let profile = account.profile.as_ref().map(|profile| profile.name.clone());
    let (host, company_id) = (account.endpoint.home(), inventory.company());
    let name = profile
        .clone()
        .or_else(|| account_name(&host, company_id.as_deref()));
    let name = name.ok_or_else(|| {
        Error::new(
            ErrorKind::Refused,
            format!("{account} does not show exactly one company id, so it is unknown which account it is"),
        )
        .with_hint("an empty account shows none: back it up by a profile of the config file; its backups then have the profile's name")
    })?;
    Ok(About {
        tool: concat!("hookferry ", env!("CARGO_PKG_VERSION")).to_owned(),
        account: name,
        profile,
        host,
        company_id,
        time: to_the_second(Timestamp::now()),
        count: inventory.webhooks.len(),
    })
}

/// Waits until the backup's time is a later second than that of the newest one. Two backups of the same
/// second sort by their digests, so `latest` could be the older one, or one that is damaged.
async fn after(newest: Option<&Stored>, mut about: About) -> About {
    while newest.is_some_and(|newest| newest.name.time == about.time) {
        let next = about.time + SignedDuration::from_secs(1);
        let left = next.duration_since(Timestamp::now()).unsigned_abs();
        tokio::time::sleep(left.min(Duration::from_secs(1))).await;
        about.time = to_the_second(Timestamp::now());
    }
    about
}

/// Whether the newest backup is intact, protected as requested now, and of the same content.
async fn holds(
    newest: &Stored,
    check: &LastCheck,
    account: &Account,
    inventory: &Inventory,
    terms: Terms<'_>,
    screen: &Screen,
) -> Result<bool, Error> {
    let is_same = check.backup == newest.name.to_string()
        && check.protection == terms.protection.mark()
        && check.holds(&account.key, &inventory.webhooks);
    if !is_same {
        return Ok(false);
    }
    let is_whole = check.fits(&terms.repository.read(newest).await?);
    if !is_whole {
        let path = crate::foreign::shown(&terms.repository.path_of(newest));
        screen.warn(&format!(
            "the newest backup {path} is damaged; storing the account again"
        ));
    }
    Ok(is_whole)
}
