//! Checks a recorded run against the account that it wrote to: same API key, same company, no surplus copies.

use crate::coralogix::account::Account;
use crate::coralogix::sealed::Sealer;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::Inventory;
use crate::store::runs::Record;

/// The digest key of a record; fails if the account's API key is not the one that the run used.
pub(super) fn sealer_of(record: &Record, account: &Account) -> Result<Sealer, Error> {
    record.sealer(&account.key).ok_or_else(|| {
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
    record: &Record,
    inventory: &Inventory,
    account: &Account,
) -> Result<(), Error> {
    let (Some(then), Some(now)) = (record.company(), inventory.company()) else {
        return Ok(());
    };
    if then == now {
        return Ok(());
    }
    let (then, now) = (
        crate::foreign::shortened(then, 40),
        crate::foreign::shortened(&now, 40),
    );
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!(
            "{account} is company {now}, but run {} wrote to company {then}",
            record.id()
        ),
    )
    .with_hint("nothing was written; use the key of the account that the run wrote to"))
}
