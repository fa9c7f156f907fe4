//! Checks a recorded run against the account that it wrote to: same API key, same company, no surplus copies.

use crate::coralogix::account::Account;
use crate::coralogix::sealed::{Sealed, Sealer};
use crate::coralogix::webhook::WebhookId;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::Inventory;
use crate::pipeline::strip::Stripped;
use crate::store::runs::Record;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};

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

/// Surplus copies, by content digest: webhooks with the content of one that the run created, but whose ids
/// are neither in the run's baseline nor attributed to it.
pub(super) fn surplus(
    record: &Record,
    target: &Stripped,
    sealer: &Sealer,
) -> HashMap<Sealed, Vec<WebhookId>> {
    let before: HashSet<&str> = record.begin.baseline.iter().map(SmolStr::as_str).collect();
    let arrived: HashSet<&WebhookId> = record.arrived().map(|(_, arrived)| &arrived.id).collect();
    let created: HashSet<Sealed> = record
        .arrived()
        .filter_map(|(place, _)| Some(record.sent(place)?.1))
        .collect();
    let mut surplus: HashMap<Sealed, Vec<WebhookId>> = HashMap::new();
    for webhook in target.webhooks() {
        let (Some(id), Some(content)) = (webhook.id(), webhook.content()) else {
            continue;
        };
        let content = sealer.content(content);
        if !before.contains(id.as_str()) && !arrived.contains(id) && created.contains(&content) {
            surplus.entry(content).or_default().push(id.clone());
        }
    }
    surplus
}
