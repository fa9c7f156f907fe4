//! `hookferry backup create`: each account read once and kept, unless the newest backup holds the same already.

use super::together;
use crate::cli::OutputForm;
use crate::commands::reading::{read_first_as, reader};
use crate::coralogix::account::Account;
use crate::coralogix::client::ClientOptions;
use crate::coralogix::retry::Patience;
use crate::coralogix::sealed::random_word;
use crate::error::{Error, ErrorKind, ExitCode};
use crate::pipeline::fetch::Inventory;
use crate::render::backup::create::{Kept, Taken, document, text};
use crate::render::json;
use crate::render::screen::Screen;
use crate::render::view::Detail;
use crate::settings::{BackupCreate, ToBackUp};
use crate::store::backup::{
    About, Added, LastCheck, Protection, Repository, Stored, account_name, to_the_second,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A clock that is further off the server's than this is worth a word.
const CLOCK_OFF: SignedDuration = SignedDuration::from_mins(10);

/// How accounts are backed up.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Terms<'a> {
    pub(in crate::commands) repository: &'a Repository,
    pub(in crate::commands) protection: &'a Protection,
    /// Whether an account may have shrunk, or be empty.
    pub(in crate::commands) accept_shrink: bool,
    pub(in crate::commands) client: &'a ClientOptions,
}

/// Backs accounts up and says what became of each.
pub(super) async fn run(settings: BackupCreate, screen: &Screen) -> Result<ExitCode, Error> {
    let terms = Terms {
        repository: &settings.repository,
        protection: &settings.protection,
        accept_shrink: settings.accept_shrink,
        client: &settings.client,
    };
    let mut taken = create_all(settings.accounts, terms, screen).await?;
    // One account that failed is the failure of the command.
    if taken.len() == 1
        && let Some(Err(error)) = taken
            .pop_if(|only| only.outcome.is_err())
            .map(|only| only.outcome)
    {
        return Err(error);
    }
    for failed in taken
        .iter()
        .filter_map(|taken| taken.outcome.as_ref().err())
    {
        screen.error(failed);
    }
    let code = together(&taken.iter().map(Taken::exit_code).collect::<Vec<_>>());
    screen.result(&match settings.output {
        OutputForm::Text => text(&taken, screen.page(Detail::Normal)),
        OutputForm::Json => json::text(&document(&taken, &settings.repository, code)),
    })?;
    Ok(code)
}

/// Backs accounts up, all at once; what goes wrong with one does not stop the others.
pub(in crate::commands) async fn create_all(
    accounts: Vec<ToBackUp>,
    terms: Terms<'_>,
    screen: &Screen,
) -> Result<Vec<Taken>, Error> {
    terms.repository.prepare().await?;
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

/// Backs one account up; the name is what the user calls it.
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
    refuse_other_account(&about, check.as_ref())?;
    refuse_past(&about, newest.as_ref())?;
    refuse_shrink(account, &about, newest.as_ref(), terms.accept_shrink)?;
    if let Some((newest, check)) = newest.zip(check)
        && holds(&newest, &check, account, &inventory, terms, screen).await?
    {
        let checked = check.again(about.time);
        repository.put_last_check(&about.account, &checked).await?;
        return Ok(kept(newest, &about, repository, false));
    }
    let salt = random_word().ok_or_else(no_random)?;
    let added = repository
        .add(&about, &inventory.webhooks, &salt, terms.protection)
        .await?;
    let check = last_check(account, &about, &inventory, &added, terms.protection)?;
    // The backup is safe; without its check the next run stores it once more.
    if let Err(error) = repository.put_last_check(&about.account, &check).await {
        screen.error(&error);
    }
    Ok(kept(added.stored, &about, repository, true))
}

fn kept(stored: Stored, about: &About, repository: &Repository, is_new: bool) -> Kept {
    Kept {
        path: repository.path_of(&stored),
        stored,
        checked: about.time,
        is_new,
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
    Error::failed("the system gives no random numbers")
}

/// What the backup will say of itself.
fn about(account: &Account, inventory: &Inventory) -> Result<About, Error> {
    let profile = account.profile.as_ref().map(|profile| profile.name.clone());
    let (host, company_id) = (account.endpoint.home(), inventory.company());
    let name = profile
        .clone()
        .or_else(|| account_name(&host, company_id.as_deref()));
    let name = name.ok_or_else(|| {
        Error::new(
            ErrorKind::Refused,
            format!("{account} shows no single company id, so it cannot be told which account it is"),
        )
        .with_hint("an empty account shows none: back it up by a profile of the config file, whose name its backups then have")
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

/// Whether the newest backup is whole, protected as it is wanted now, and of the same content.
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
            "the newest backup {path} is damaged; the account is stored anew"
        ));
    }
    Ok(is_whole)
}

/// Backups of one name are of one account.
fn refuse_other_account(about: &About, check: Option<&LastCheck>) -> Result<(), Error> {
    let Some(check) = check else { return Ok(()) };
    let is_other_company = about.company_id.is_some()
        && check.company_id.is_some()
        && about.company_id != check.company_id;
    if check.host == about.host && !is_other_company {
        return Ok(());
    }
    let named = |host: &str, company: Option<&str>| {
        let company = crate::foreign::shortened(company.unwrap_or("unknown"), 40);
        format!(
            "company {company} at {}",
            crate::foreign::shortened(host, 80)
        )
    };
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!(
            "the backups of {} are of {}, and this account is {}",
            about.account,
            named(&check.host, check.company_id.as_deref()),
            named(&about.host, about.company_id.as_deref()),
        ),
    )
    .with_hint("give the other account a profile of another name, or another repository; nothing was stored"))
}

/// A backup of the past would not be the newest, and so never be found as `latest`.
fn refuse_past(about: &About, newest: Option<&Stored>) -> Result<(), Error> {
    let Some(newest) = newest.filter(|newest| newest.name.time > about.time) else {
        return Ok(());
    };
    Err(Error::failed(format!(
        "the newest backup of {} is of {}, and the clock of this machine says {}",
        about.account, newest.name.time, about.time
    ))
    .with_hint("set the clock; or, where that backup's time is wrong, move the backup out of the repository. Nothing was stored"))
}

fn warn_of_clock(account: &Account, about: &About, inventory: &Inventory, screen: &Screen) {
    let server = inventory.server_time.map(Timestamp::try_from);
    let Some(Ok(server)) = server else { return };
    let off = about.time.duration_since(server);
    if off.abs() > CLOCK_OFF {
        screen.warn(&format!(
            "the clock of this machine says {}, and that of {account} {server:.0}; backups are named by the former",
            about.time
        ));
    }
}

/// An account that lost most of what it had is more probably a mistake than the new truth.
fn refuse_shrink(
    account: &Account,
    about: &About,
    newest: Option<&Stored>,
    accept: bool,
) -> Result<(), Error> {
    let before = newest.map(|newest| newest.name.count);
    let has_shrunk = before.is_some_and(|before| about.count * 2 < before);
    if accept || (about.count > 0 && !has_shrunk) {
        return Ok(());
    }
    let than = before.map_or_else(String::new, |before| {
        format!(", and its newest backup holds {before}")
    });
    Err(Error::new(
        ErrorKind::Refused,
        format!("{account} shows {} webhooks{than}", about.count),
    )
    .with_hint("look into the account: does the key see everything? Where it is right, say --accept-shrink once. Nothing was stored"))
}
