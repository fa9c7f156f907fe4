//! Refuses to store an account that was read: it is another account, the clock is wrong, it has shrunk, or
//! its secrets are masked.

use crate::coralogix::account::Account;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::Inventory;
use crate::render::screen::Screen;
use crate::store::backup::{BackupMetadata, LastCheck, StoredBackup, count_masked};
use crate::wording::counted;
use jiff::{SignedDuration, Timestamp};

/// A larger difference from the server's clock is worth a warning.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

/// Refuses another account than the one whose backups have this name.
pub(super) fn refuse_other_account(
    about: &BackupMetadata,
    inventory: &Inventory,
    check: Option<&LastCheck>,
) -> Result<(), Error> {
    let Some(check) = check else { return Ok(()) };
    let company_ids = inventory.company_ids();
    let known_company = check.company_id.as_ref();
    let is_other_company =
        known_company.is_some_and(|known| company_ids.iter().any(|company| company != known));
    if check.host == about.host && !is_other_company {
        return Ok(());
    }
    let describe = |host: &str, companies: Vec<&str>| {
        let company = match companies.as_slice() {
            [] => "unknown".to_owned(),
            some => crate::untrusted::escape_truncated(&some.join(" and "), 60),
        };
        format!(
            "company {company} at {}",
            crate::untrusted::escape_truncated(host, 80)
        )
    };
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!(
            "the backups of {} belong to {}, but this account is {}",
            about.account,
            describe(&check.host, known_company.map(String::as_str).into_iter().collect()),
            describe(&about.host, company_ids.iter().map(String::as_str).collect()),
        ),
    )
    .with_hint("use a profile with another name, or another repository, for the other account; nothing was stored"))
}

/// Refuses a backup older than the newest one: `latest` would never find it.
pub(super) fn refuse_past_time(
    about: &BackupMetadata,
    newest: Option<&StoredBackup>,
) -> Result<(), Error> {
    let Some(newest) = newest.filter(|newest| newest.name.time > about.time) else {
        return Ok(());
    };
    Err(Error::failed(format!(
        "the newest backup of {} is from {}, but the clock of this machine says {}",
        about.account, newest.name.time, about.time
    ))
    .with_hint("set the clock, or if the time of that backup is wrong, move the backup out of the repository; nothing was stored"))
}

pub(super) fn warn_about_clock(
    account: &Account,
    about: &BackupMetadata,
    inventory: &Inventory,
    screen: &Screen,
) {
    let server = inventory.server_time.map(Timestamp::try_from);
    let Some(Ok(server)) = server else { return };
    let difference = about.time.duration_since(server);
    if difference.abs() > CLOCK_TOLERANCE {
        screen.warn(&format!(
            "the clock of this machine says {}, but that of {account} says {server:.0}; the names of backups follow this machine's clock",
            about.time
        ));
    }
}

/// Refuses an account that is empty or lost more than half of its webhooks: more likely a mistake than a real
/// change.
pub(super) fn refuse_shrink(
    account: &Account,
    about: &BackupMetadata,
    newest: Option<&StoredBackup>,
    accept: bool,
) -> Result<(), Error> {
    let previous_count = newest.map(|newest| newest.name.count);
    let has_shrunk = previous_count.is_some_and(|before| about.count * 2 < before);
    let was_empty = previous_count == Some(0);
    if accept || (!has_shrunk && (about.count > 0 || was_empty)) {
        return Ok(());
    }
    let comparison = previous_count.map_or_else(String::new, |before| {
        format!(", but its newest backup holds {before}")
    });
    Err(Error::new(
        ErrorKind::Refused,
        format!("{account} shows {}{comparison}", counted(about.count, "webhook")),
    )
    .with_hint("check whether the API key sees all webhooks of the account; if the number is right, pass --accept-shrink once; nothing was stored"))
}

/// Refuses an account that shows masks: its backup could not be restored, and would in time replace those
/// that can.
///
/// Masks in at most as many webhooks as before are accepted: somebody has accepted them already.
pub(super) fn refuse_masks(
    account: &Account,
    inventory: &Inventory,
    newest: Option<&StoredBackup>,
    accept: bool,
) -> Result<(), Error> {
    let n_masked = count_masked(&inventory.webhooks);
    if accept || n_masked <= newest.map_or(0, |newest| newest.name.masked) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Refused,
        format!(
            "{account} shows a mask such as **** instead of a secret in {n_masked} of {}, so a backup of them could not be restored",
            counted(inventory.webhooks.len(), "webhook")
        ),
    )
    .with_hint("use an API key with the permission to see secrets; if there is none, pass --accept-shrink once; nothing was stored"))
}
