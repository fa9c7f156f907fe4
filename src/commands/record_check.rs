//! Checks a recorded run against the account that it wrote to: same API key, same company, no surplus copies.

use crate::coralogix::account::Account;
use crate::coralogix::digest::DigestKey;
use crate::document::run::RunRecord;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::Inventory;

/// The digest key of a record; fails if the account's API key is not the one that the run used.
pub(super) fn require_digest_key(
    record: &RunRecord,
    account: &Account,
) -> Result<DigestKey, Error> {
    record.digest_key(&account.key).ok_or_else(|| {
        let variable = account.side.key_variable();
        Error::new(
            ErrorKind::WrongAccount,
            format!("run {} used a different target API key", record.id()),
        )
        .with_hint(format!(
            "hookferry recognizes what the run wrote only with the key that the run used: set {variable} to it; nothing was read or written"
        ))
    })
}

/// Fails if the account belongs to another company than the one that the run wrote to.
pub(super) fn refuse_other_company(
    record: &RunRecord,
    inventory: &Inventory,
    account: &Account,
) -> Result<(), Error> {
    let (Some(recorded_company), Some(current_company)) =
        (record.company(), inventory.common_company_id())
    else {
        return Ok(());
    };
    if recorded_company == current_company {
        return Ok(());
    }
    let (recorded_company, current_company) = (
        crate::untrusted::escape_truncated(recorded_company, 40),
        crate::untrusted::escape_truncated(&current_company, 40),
    );
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!(
            "{account} is company {current_company}, but run {} wrote to company {recorded_company}",
            record.id()
        ),
    )
    .with_hint("nothing was written; use the key of the account that the run wrote to"))
}
