//! When an account is not backed up although it was read: it is another one, the clock is wrong, or it has shrunk.

use crate::coralogix::account::Account;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::Inventory;
use crate::render::screen::Screen;
use crate::store::backup::{About, LastCheck, Stored};
use jiff::{SignedDuration, Timestamp};

/// A clock that is further off the server's than this is worth a word.
const CLOCK_OFF: SignedDuration = SignedDuration::from_mins(10);

/// Backups of one name are of one account.
pub(super) fn refuse_other_account(
    about: &About,
    inventory: &Inventory,
    check: Option<&LastCheck>,
) -> Result<(), Error> {
    let Some(check) = check else { return Ok(()) };
    let shown = inventory.company_ids();
    let known = check.company_id.as_ref();
    let is_other_company = known.is_some_and(|known| shown.iter().any(|company| company != known));
    if check.host == about.host && !is_other_company {
        return Ok(());
    }
    let named = |host: &str, companies: Vec<&str>| {
        let company = match companies.as_slice() {
            [] => "unknown".to_owned(),
            some => crate::foreign::shortened(&some.join(" and "), 60),
        };
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
            named(&check.host, known.map(String::as_str).into_iter().collect()),
            named(&about.host, shown.iter().map(String::as_str).collect()),
        ),
    )
    .with_hint("give the other account a profile of another name, or another repository; nothing was stored"))
}

/// A backup of the past would not be the newest, and so never be found as `latest`.
pub(super) fn refuse_past(about: &About, newest: Option<&Stored>) -> Result<(), Error> {
    let Some(newest) = newest.filter(|newest| newest.name.time > about.time) else {
        return Ok(());
    };
    Err(Error::failed(format!(
        "the newest backup of {} is of {}, and the clock of this machine says {}",
        about.account, newest.name.time, about.time
    ))
    .with_hint("set the clock; or, where that backup's time is wrong, move the backup out of the repository. Nothing was stored"))
}

pub(super) fn warn_of_clock(
    account: &Account,
    about: &About,
    inventory: &Inventory,
    screen: &Screen,
) {
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
pub(super) fn refuse_shrink(
    account: &Account,
    about: &About,
    newest: Option<&Stored>,
    accept: bool,
) -> Result<(), Error> {
    let before = newest.map(|newest| newest.name.count);
    let has_shrunk = before.is_some_and(|before| about.count * 2 < before);
    let was_empty = before == Some(0);
    if accept || (!has_shrunk && (about.count > 0 || was_empty)) {
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

/// A backup of masks could not be restored, and would in time take the place of those that can.
pub(super) fn refuse_masks(
    account: &Account,
    inventory: &Inventory,
    accept: bool,
) -> Result<(), Error> {
    let webhooks = inventory.webhooks.iter();
    let n_masked = webhooks
        .filter(|webhook| webhook.has_masked_secret())
        .count();
    if accept || n_masked == 0 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Refused,
        format!(
            "{account} shows a mask such as **** instead of a secret in {n_masked} of {} webhooks, so a backup of them could not be restored",
            inventory.webhooks.len()
        ),
    )
    .with_hint("does the key lack a permission? Use one that sees the secrets; where there is none, --accept-shrink stores it all the same. Nothing was stored"))
}
