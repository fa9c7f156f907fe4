//! Checks a recorded run against the account that it wrote to: by the company, else by the API key.

use crate::coralogix::account::Account;
use crate::document::run::RunRecord;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::Inventory;

/// Fails if the account is not known to be the one that the run wrote to.
///
/// An API key that was rotated since is no other account; but only the company shows that.
pub(super) fn refuse_other_account(
    record: &RunRecord,
    inventory: &Inventory,
    account: &Account,
) -> Result<(), Error> {
    let (recorded_company, current_company) = (record.company(), inventory.common_company_id());
    let Some((recorded_company, current_company)) = recorded_company.zip(current_company) else {
        return refuse_other_key(record, account);
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

/// Fails if the account's API key is not the one that the run used.
fn refuse_other_key(record: &RunRecord, account: &Account) -> Result<(), Error> {
    if record.digest_key(&account.key).is_some() {
        return Ok(());
    }
    let origin = &account.key_origin;
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!("run {} used a different target API key", record.id()),
    )
    .with_hint(format!(
        "the account shows no company id, so only that key could tell that it is the one that the run wrote to, and the key {origin} is another; nothing was written"
    )))
}
