//! Reading an account, a backup or a file: the first step of every command.

use super::backup_choice::read_chosen_backup;
use super::cross_check::{cross_check, report_cross_check};
use crate::coralogix::account::Account;
use crate::coralogix::client::{ClientOptions, Reader};
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::{self, JsonFlaw, NotAList};
use crate::document::view::{Party, STDIN_NAME};
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::{BackupOrigin, Inventory, fetch};
use crate::pipeline::filter::Filter;
use crate::render::screen::Screen;
use crate::settings::Origin;
use crate::store::backup::{Backup, Identities, OpenedFile, open};
use crate::store::disk;
use crate::store::input::{self, Limit};
use crate::wording::counted;
use std::sync::Arc;

/// Reduces an inventory to the webhooks that the filter selects.
pub(super) fn select_webhooks(inventory: Inventory, filter: &Filter) -> Result<Inventory, Error> {
    Ok(Inventory {
        webhooks: filter.apply(inventory.webhooks)?,
        ..inventory
    })
}

/// Reads an account, a backup or a file.
pub(super) async fn read_origin(
    origin: &Origin,
    client: &ClientOptions,
    wait_budget: &Arc<WaitBudget>,
    screen: &Screen,
) -> Result<Inventory, Error> {
    let read = read_origin_with_client(origin, client, wait_budget, screen);
    read.await.map(|(inventory, _)| inventory)
}

/// Like [`read_origin`], and returns the client of a live account, for further questions.
pub(super) async fn read_origin_with_client(
    origin: &Origin,
    client: &ClientOptions,
    wait_budget: &Arc<WaitBudget>,
    screen: &Screen,
) -> Result<(Inventory, Option<Reader>), Error> {
    let inventory = match origin {
        Origin::Live(account) => {
            let reader = open_reader(account, client, wait_budget, screen)?;
            let reader = reader.accepting_incomplete(client.accept_incomplete);
            let inventory = read_first(&reader, screen).await?;
            let inventory = cross_check(&reader, inventory, client, screen).await?;
            return Ok((inventory, Some(reader)));
        }
        Origin::File(path, identities) => {
            let bytes = disk::read_bytes(path, "the webhooks file", Limit::Large)?;
            parse_file(bytes, identities, &path.display().to_string())
        }
        Origin::Stdin(identities) => parse_file(input::read_stdin()?, identities, STDIN_NAME),
        Origin::Backup(choice) => read_chosen_backup(choice).await.map(inventory_from_backup),
    };
    inventory.map(|inventory| (inventory, None))
}

/// Reads a live account for the first time; fails if its company is not the one that its profile expects.
///
/// An empty account shows no company; that is a warning, not an error.
pub(super) async fn read_first(reader: &Reader, screen: &Screen) -> Result<Inventory, Error> {
    let stage = format!("read {}", reader.account().side);
    read_first_as(&stage, reader, screen).await
}

/// Like [`read_first`], with the progress line named `stage`, for commands that read several accounts of one
/// side.
pub(super) async fn read_first_as(
    stage: &str,
    reader: &Reader,
    screen: &Screen,
) -> Result<Inventory, Error> {
    let inventory = read_with_progress(stage, reader, screen).await?;
    let account = reader.account();
    if let (Some(expected), true) = (
        expected_company(account),
        inventory.company_ids().is_empty(),
    ) {
        screen.warn(&format!(
            "{account} shows no company id, like every empty account, so hookferry cannot check that it is company {}",
            crate::untrusted::escape_truncated(expected, 40)
        ));
    }
    Ok(inventory)
}

/// Reads a live account, with a progress line; fails if its company is not the one that its profile expects.
pub(super) async fn read_live(reader: &Reader, screen: &Screen) -> Result<Inventory, Error> {
    read_with_progress(&format!("read {}", reader.account().side), reader, screen).await
}

async fn read_with_progress(
    stage: &str,
    reader: &Reader,
    screen: &Screen,
) -> Result<Inventory, Error> {
    let stage = screen.start_stage(stage);
    let inventory = fetch(reader).await?;
    stage.finish(&counted(inventory.webhooks.len(), "webhook"));
    refuse_unexpected_company(reader.account(), &inventory)?;
    Ok(inventory)
}

/// Says how far the list of an account can be trusted, for commands whose result has no notices.
pub(super) fn report_list_doubts(origin: &Origin, inventory: &Inventory, screen: &Screen) {
    let Origin::Live(account) = origin else {
        return;
    };
    if let Some(what) = &inventory.incomplete {
        screen.warn(&format!(
            "{account} may have more webhooks than hookferry read (--accept-incomplete): {what}"
        ));
    }
    report_cross_check(account, inventory, screen);
}

/// A client that can only read the account. Warns if its key is not the one that its profile names.
pub(super) fn open_reader(
    account: &Account,
    client: &ClientOptions,
    wait_budget: &Arc<WaitBudget>,
    screen: &Screen,
) -> Result<Reader, Error> {
    if let Some(why) = &account.key_stands_in_because {
        screen.warn(&format!(
            "{account}: hookferry uses the key {}, because {why}",
            account.key_origin
        ));
    }
    Reader::new(
        account.clone(),
        client,
        Arc::clone(wait_budget),
        Arc::new(screen.clone()),
    )
}

/// What a file should be that holds something else.
const NO_LIST_HINT: &str =
    "--from takes a backup, or the JSON array that `hookferry export` or the API's GET returns";

/// Parses the content of a file: a backup, or a JSON array of webhooks.
fn parse_file(bytes: Vec<u8>, identities: &Identities, name: &str) -> Result<Inventory, Error> {
    let text = match open(bytes, identities, name)? {
        OpenedFile::Backup(backup) => return Ok(inventory_from_backup(*backup)),
        OpenedFile::Text(text) => text,
    };
    let name = crate::untrusted::escape(name);
    match webhook::parse_list(text) {
        Ok(webhooks) => Ok(webhooks.into()),
        Err(problem) => {
            let reason = match problem {
                NotAList::NotJson(flaw) => return Err(not_json(flaw, &name)),
                NotAList::OtherValue(value) => format!("it is {value}, where a list belongs"),
                NotAList::Element(ix) => format!("its element {ix} is not an object"),
                NotAList::TooLong => "it has more than 1,000,000 elements".to_owned(),
                NotAList::TooManyMembers(ix) => {
                    format!("its element {ix} has more than 100,000 members")
                }
            };
            let what = format!("`{name}` is not a list of webhooks: {reason}");
            Err(Error::failed(what).with_hint(NO_LIST_HINT))
        }
    }
}

/// The error for a file that is not JSON; `name` is escaped.
fn not_json(flaw: JsonFlaw, name: &str) -> Error {
    let what = "is not a list of webhooks";
    let error = |why: String| Error::failed(format!("`{name}` {what}: {why}"));
    let fetch_again = "fetch it again: `hookferry export --from ACCOUNT --out FILE` writes a file whole or not at all";
    match flaw {
        JsonFlaw::Empty => error("it is empty".to_owned()).with_hint(fetch_again),
        JsonFlaw::Html => error("it is an HTML page".to_owned()).with_hint(
            "something other than the webhooks API answered, perhaps a proxy or a login page",
        ),
        JsonFlaw::Text => error("it is text, not JSON".to_owned()).with_hint(NO_LIST_HINT),
        JsonFlaw::Sequence => error("it is one JSON value after another, not one list".to_owned())
            .with_hint("make a list of them with `jq -s .`"),
        JsonFlaw::CutOff(at) => {
            error(format!("it ends in the middle, at {at}")).with_hint(fetch_again)
        }
        JsonFlaw::Malformed(at) => error(format!("it is not JSON at {at}")).with_hint(NO_LIST_HINT),
    }
}

fn inventory_from_backup(backup: Backup) -> Inventory {
    let about = backup.metadata;
    Inventory {
        backup_origin: Some(BackupOrigin {
            account: about.account,
            host: about.host,
            company_id: about.company_id,
            time: about.time,
        }),
        ..backup.webhooks.into()
    }
}

/// The company id that the account's profile expects.
pub(super) fn expected_company(account: &Account) -> Option<&str> {
    account.profile.as_ref()?.company_id.as_deref()
}

/// Fails if an account belongs to another company than its profile expects.
pub(super) fn refuse_unexpected_company(
    account: &Account,
    inventory: &Inventory,
) -> Result<(), Error> {
    let found = inventory.company_ids();
    let Some(expected) = expected_company(account) else {
        return Ok(());
    };
    if found.iter().all(|company| company == expected) {
        return Ok(());
    }
    let found: Vec<String> = found
        .iter()
        .map(|company| crate::untrusted::escape_truncated(company, 40))
        .collect();
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!(
            "{account} is company {}, but its profile expects company {}",
            found.join(" and "),
            crate::untrusted::escape_truncated(expected, 40)
        ),
    )
    .with_hint(format!(
        "the API key {} belongs to another account; nothing was written",
        account.key_origin
    )))
}

/// One side as outputs name it.
pub(super) fn party(origin: &Origin, inventory: &Inventory) -> Party {
    let name = match (origin, &inventory.backup_origin) {
        (Origin::Live(account), _) => return live_party(account, inventory),
        (_, Some(backed_up)) => format!(
            "backup of {}, {}",
            backed_up.account,
            backed_up.time.strftime("%Y-%m-%d %H:%M UTC")
        ),
        (Origin::File(path, _), None) => path.display().to_string(),
        (Origin::Stdin(_), None) => STDIN_NAME.to_owned(),
        (Origin::Backup(choice), None) => choice.repository.to_string(),
    };
    Party {
        name,
        company_id: inventory.common_company_id(),
        n_webhooks: inventory.webhooks.len(),
        profile: None,
        is_live: false,
        is_backup: false,
        incomplete: inventory.incomplete.clone(),
        cross_check: inventory.cross_check.clone(),
    }
}

pub(super) fn live_party(account: &Account, inventory: &Inventory) -> Party {
    Party {
        name: account.endpoint.host().to_owned(),
        company_id: inventory.common_company_id(),
        n_webhooks: inventory.webhooks.len(),
        profile: account.profile.clone(),
        is_live: true,
        is_backup: false,
        incomplete: inventory.incomplete.clone(),
        cross_check: inventory.cross_check.clone(),
    }
}
