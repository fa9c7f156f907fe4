//! A run on record beside the account that it wrote to: whether both belong together, and what it left there too often.

use crate::coralogix::account::Account;
use crate::coralogix::sealed::Sealer;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::Inventory;
use crate::store::runs::Record;

/// What made the seals of a record; another API key than the run's is an error.
pub(super) fn sealer_of(record: &Record, account: &Account) -> Result<Sealer, Error> {
    record.sealer(&account.key).ok_or_else(|| {
        let variable = account.side.key_variable();
        Error::new(
            ErrorKind::WrongAccount,
            format!("run {} was made with another target API key than the one at hand", record.id()),
        )
        .with_hint(format!(
            "what it wrote can be recognised with its own key only: set {variable} to that one. Nothing was read or written"
        ))
    })
}

/// Refuses an account that is not the company that the run wrote to.
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
            "{account} is company {now}, and run {} wrote to company {then}",
            record.id()
        ),
    )
    .with_hint("nothing was written; use the key of the account that the run wrote to"))
}
