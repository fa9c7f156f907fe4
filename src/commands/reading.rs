//! Reading an account, a backup or a file: the first step of every command.

use super::backup_choice::chosen;
use crate::coralogix::account::Account;
use crate::coralogix::client::{ClientOptions, Reader};
use crate::coralogix::retry::Patience;
use crate::coralogix::webhook::{self, NotAList};
use crate::document::view::Party;
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::{BackedUp, Inventory, fetch};
use crate::pipeline::filter::Filter;
use crate::render::screen::Screen;
use crate::settings::Origin;
use crate::stdin;
use crate::store::backup::{Backup, Identities, Opened, open};
use crate::store::disk;
use std::sync::Arc;

/// The webhooks of an inventory that a filter means.
pub(super) fn select(inventory: Inventory, filter: &Filter) -> Result<Inventory, Error> {
    Ok(Inventory {
        webhooks: filter.apply(inventory.webhooks)?,
        ..inventory
    })
}

/// Reads an account, a backup or a file.
pub(super) async fn read_origin(
    origin: &Origin,
    client: &ClientOptions,
    patience: &Arc<Patience>,
    screen: &Screen,
) -> Result<Inventory, Error> {
    match origin {
        Origin::Live(account) => {
            read_first(&reader(account, client, patience, screen)?, screen).await
        }
        Origin::File(path, identities) => {
            let bytes = disk::read_bytes(path, "the file of webhooks")?;
            parse_file(bytes, identities, &path.display().to_string())
        }
        Origin::Stdin(identities) => parse_file(stdin::read()?, identities, "standard input"),
        Origin::Backup(choice) => chosen(choice).await.map(of_backup),
    }
}

/// Reads a live account for the first time: another company than its profile expects is an error.
///
/// An empty account shows none, which is said and not refused.
pub(super) async fn read_first(reader: &Reader, screen: &Screen) -> Result<Inventory, Error> {
    let stage = format!("read {}", reader.account().side);
    read_first_as(&stage, reader, screen).await
}

/// The same under another name of the stage, for several accounts of one side.
pub(super) async fn read_first_as(
    stage: &str,
    reader: &Reader,
    screen: &Screen,
) -> Result<Inventory, Error> {
    let inventory = read_as(stage, reader, screen).await?;
    let account = reader.account();
    if let (Some(expected), true) = (expected(account), inventory.company_ids().is_empty()) {
        screen.warn(&format!(
            "{account} shows no company id, as every empty account, so it cannot be checked that it is company {}",
            crate::foreign::shortened(expected, 40)
        ));
    }
    Ok(inventory)
}

/// Reads a live account, with a line of progress; another company than its profile expects is an error.
pub(super) async fn read_live(reader: &Reader, screen: &Screen) -> Result<Inventory, Error> {
    read_as(&format!("read {}", reader.account().side), reader, screen).await
}

async fn read_as(stage: &str, reader: &Reader, screen: &Screen) -> Result<Inventory, Error> {
    let stage = screen.stage(stage);
    let inventory = fetch(reader).await?;
    stage.finish(&format!("{} webhooks", inventory.webhooks.len()));
    refuse_unexpected_company(reader.account(), &inventory)?;
    Ok(inventory)
}

/// A client that can read an account and nothing else.
pub(super) fn reader(
    account: &Account,
    client: &ClientOptions,
    patience: &Arc<Patience>,
    screen: &Screen,
) -> Result<Reader, Error> {
    Reader::new(
        account.clone(),
        client,
        Arc::clone(patience),
        Arc::new(screen.clone()),
    )
}

/// What a file holds: a backup, or a list of webhooks.
fn parse_file(bytes: Vec<u8>, identities: &Identities, name: &str) -> Result<Inventory, Error> {
    let text = match open(bytes, identities, name)? {
        Opened::Backup(backup) => return Ok(of_backup(*backup)),
        Opened::Text(text) => text,
    };
    let name = crate::foreign::shown(name);
    match webhook::parse_list(text) {
        Ok(webhooks) => Ok(webhooks.into()),
        Err(problem) => {
            let what = match problem {
                NotAList::NotJson => "it is not JSON".to_owned(),
                NotAList::OtherValue(value) => format!("it is {value}"),
                NotAList::Element(at) => format!("its element {at} is no object"),
            };
            Err(
                Error::failed(format!("`{name}` is no list of webhooks: {what}")).with_hint(
                    "--from takes a backup, or the array that `hookferry export` or the API's GET gives",
                ),
            )
        }
    }
}

fn of_backup(backup: Backup) -> Inventory {
    let about = backup.about;
    Inventory {
        backed_up: Some(BackedUp {
            account: about.account,
            host: about.host,
            company_id: about.company_id,
            time: about.time,
        }),
        ..backup.webhooks.into()
    }
}

/// The company that the user expects.
fn expected(account: &Account) -> Option<&str> {
    account.profile.as_ref()?.company_id.as_deref()
}

/// An account of another company than its profile names is not the one that was meant.
pub(super) fn refuse_unexpected_company(
    account: &Account,
    inventory: &Inventory,
) -> Result<(), Error> {
    let found = inventory.company_ids();
    let Some(expected) = expected(account) else {
        return Ok(());
    };
    if found.iter().all(|company| company == expected) {
        return Ok(());
    }
    let found: Vec<String> = found
        .iter()
        .map(|company| crate::foreign::shortened(company, 40))
        .collect();
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!(
            "{account} is company {}, and its profile expects company {}",
            found.join(" and "),
            crate::foreign::shortened(expected, 40)
        ),
    )
    .with_hint(format!(
        "the key {} is of another account than the profile names; nothing was written",
        account.key_from
    )))
}

/// How a side is named to the reader.
pub(super) fn party(origin: &Origin, inventory: &Inventory) -> Party {
    let name = match (origin, &inventory.backed_up) {
        (Origin::Live(account), _) => return live_party(account, inventory),
        (_, Some(backed_up)) => format!(
            "backup of {}, {}",
            backed_up.account,
            backed_up.time.strftime("%Y-%m-%d %H:%M UTC")
        ),
        (Origin::File(path, _), None) => path.display().to_string(),
        (Origin::Stdin(_), None) => "standard input".to_owned(),
        (Origin::Backup(choice), None) => choice.repository.to_string(),
    };
    Party {
        name,
        company: inventory.company(),
        count: inventory.webhooks.len(),
        profile: None,
        is_backup: inventory.backed_up.is_some(),
    }
}

pub(super) fn live_party(account: &Account, inventory: &Inventory) -> Party {
    Party {
        name: account.endpoint.host().to_owned(),
        company: inventory.company(),
        count: inventory.webhooks.len(),
        profile: account.profile.clone(),
        is_backup: false,
    }
}
