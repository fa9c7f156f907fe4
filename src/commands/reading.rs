//! The first steps that most commands share: read one origin, read both sides concurrently, make the plan.

use super::backup::chosen;
use super::counted_webhooks;
use super::history::History;
use super::rewriting::{follow, rewriting};
use crate::coralogix::account::Account;
use crate::coralogix::client::{ClientOptions, Reader};
use crate::coralogix::retry::Patience;
use crate::coralogix::webhook::{self, NotAList};
use crate::error::{Error, ErrorKind};
use crate::pipeline::fetch::{BackedUp, Inventory, fetch};
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::{Known, Plan, plan};
use crate::pipeline::recall::Recall;
use crate::pipeline::rewrite::Rewriting;
use crate::pipeline::strip::strip_knowing;
use crate::render::screen::Screen;
use crate::render::view::Party;
use crate::settings::{Origin, Route, StateFolder};
use crate::store::backup::{Backup, Identities, Opened, open};
use crate::store::disk;
use crate::store::lock::Holder;
use crate::store::runs::Runs;
use jiff::Timestamp;
use std::sync::Arc;

/// Both sides of a route, as read.
pub(super) struct Readings {
    pub(super) source: Inventory,
    pub(super) target: Inventory,
    pub(super) target_reader: Reader,
    pub(super) patience: Arc<Patience>,
}

/// Both sides of a route, and the plan made from them.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) source: Party,
    /// The source's webhooks that the filter selects, as read.
    pub(super) selected: Inventory,
    pub(super) target: Party,
    pub(super) target_inventory: Inventory,
    pub(super) target_reader: Reader,
    pub(super) patience: Arc<Patience>,
    pub(super) known: Known,
}

/// Reads both sides concurrently; fails if two live accounts are one and the same.
pub(super) async fn read_both(route: &Route, screen: &Screen) -> Result<Readings, Error> {
    let patience = Arc::new(Patience::new());
    let target_reader = reader(&route.target, &route.client, &patience, screen)?;
    let (source, target) = tokio::join!(
        read_origin(&route.source, &route.client, &patience, screen),
        read_first(&target_reader, screen),
    );
    let (source, target) = (source?, target?);
    if let Origin::Live(account) = &route.source {
        refuse_same_company(account, &source, &route.target, &target)?;
    }
    Ok(Readings {
        source,
        target,
        target_reader,
        patience,
    })
}

/// Makes the plan from both inventories, the rules, and the knowledge that earlier runs left.
pub(super) async fn planned(
    route: &Route,
    readings: Readings,
    known: Known,
) -> Result<Planned, Error> {
    let rewriting = rewriting_of(route, &readings).await?;
    planned_with(route, readings, known, &rewriting)
}

/// Resolves the rewriting of a route: its rules, the values that they need, and the regions.
pub(super) async fn rewriting_of(route: &Route, readings: &Readings) -> Result<Rewriting, Error> {
    let target = &route.target.endpoint;
    rewriting(&route.rules, &route.source, &readings.source, Some(target)).await
}

/// Makes the plan with a rewriting that is already resolved.
pub(super) fn planned_with(
    route: &Route,
    readings: Readings,
    known: Known,
    rewriting: &Rewriting,
) -> Result<Planned, Error> {
    let source_party = party(&route.source, &readings.source);
    let known = if is_same_account(&readings.source, route, &readings.target) {
        known.with_equal_ids()
    } else {
        known
    };
    let useless = rewriting.rules.useless(&readings.source);
    let selected = select(readings.source, &route.filter)?;
    let portable = follow(&route.rules, rewriting, useless, selected.clone())?;
    let target = strip_knowing(readings.target.clone(), &Recall::of(&portable));
    Ok(Planned {
        plan: plan(portable, &target, route.on_conflict, &known),
        source: source_party,
        selected,
        target: live_party(&route.target, &readings.target),
        target_inventory: readings.target,
        target_reader: readings.target_reader,
        patience: readings.patience,
        known,
    })
}

/// Whether the source is a backup of the target itself, so that an id names the same webhook on both sides.
fn is_same_account(source: &Inventory, route: &Route, target: &Inventory) -> bool {
    route.is_drill
        || source.backed_up.as_ref().is_some_and(|backed_up| {
            let company = target.company();
            backed_up.host == route.target.endpoint.home()
                && (backed_up.company_id == company || target.webhooks.is_empty())
        })
}

/// Reads both sides and makes the plan as a preview: writes neither to the target nor to the run records.
pub(super) async fn read_and_plan(
    route: &Route,
    state: &StateFolder,
    screen: &Screen,
) -> Result<(Planned, History), Error> {
    let readings = read_both(route, screen).await?;
    let company = readings.target.company();
    let history = match state.path() {
        Ok(folder) => History::of(&Runs::new(folder), &route.target, company.as_deref()),
        Err(error) => Err(error),
    };
    let history = history.unwrap_or_else(|error| {
        screen.warn(&format!("planning without the run records: {error}"));
        History::none()
    });
    for run in history.open_runs() {
        screen.warn(&format!(
            "run {run} is still in progress, or ended without knowing whether all that it sent arrived; the plan may change when `migrate` has checked the target"
        ));
    }
    let known = history.knowledge(&route.target, &readings.target).0;
    Ok((planned(route, readings, known).await?, history))
}

/// Reduces an inventory to the webhooks that the filter selects.
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
            let bytes = disk::read_bytes(path, "the webhooks file")?;
            parse_file(bytes, identities, &path.display().to_string())
        }
        Origin::Stdin(identities) => parse_file(disk::read_stdin()?, identities, "standard input"),
        Origin::Backup(choice) => chosen(choice).await.map(of_backup),
    }
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
    let inventory = read_as(stage, reader, screen).await?;
    let account = reader.account();
    if let (Some(expected), true) = (expected(account), inventory.company_ids().is_empty()) {
        screen.warn(&format!(
            "{account} shows no company id, like every empty account, so hookferry cannot check that it is company {}",
            crate::foreign::shortened(expected, 40)
        ));
    }
    Ok(inventory)
}

/// Reads a live account, with a progress line; fails if its company is not the one that its profile expects.
pub(super) async fn read_live(reader: &Reader, screen: &Screen) -> Result<Inventory, Error> {
    read_as(&format!("read {}", reader.account().side), reader, screen).await
}

async fn read_as(stage: &str, reader: &Reader, screen: &Screen) -> Result<Inventory, Error> {
    let stage = screen.stage(stage);
    let inventory = fetch(reader).await?;
    stage.finish(&counted_webhooks(inventory.webhooks.len()));
    refuse_unexpected_company(reader.account(), &inventory)?;
    Ok(inventory)
}

/// A client that can only read the account.
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

/// Parses the content of a file: a backup, or a JSON array of webhooks.
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
                NotAList::Element(at) => format!("its element {at} is not an object"),
            };
            Err(
                Error::failed(format!("`{name}` is not a list of webhooks: {what}")).with_hint(
                    "--from takes a backup, or the JSON array that `hookferry export` or the API's GET returns",
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

/// The company id that the account's profile expects.
fn expected(account: &Account) -> Option<&str> {
    account.profile.as_ref()?.company_id.as_deref()
}

/// Fails if an account belongs to another company than its profile expects.
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
            "{account} is company {}, but its profile expects company {}",
            found.join(" and "),
            crate::foreign::shortened(expected, 40)
        ),
    )
    .with_hint(format!(
        "the API key {} belongs to another account; nothing was written",
        account.key_from
    )))
}

/// Fails if both live accounts belong to one company, and so are one account: copying it into itself would
/// duplicate every webhook.
fn refuse_same_company(
    source: &Account,
    source_inventory: &Inventory,
    target: &Account,
    target_inventory: &Inventory,
) -> Result<(), Error> {
    let ours = source_inventory.company_ids();
    let theirs = target_inventory.company_ids();
    let Some(company) = ours.intersection(&theirs).next() else {
        return Ok(());
    };
    let company = crate::foreign::shortened(company, 40);
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!("{source} and {target} are the same account: both belong to company {company}"),
    )
    .with_hint("one of the two API keys is the wrong one; nothing was written"))
}

/// One side as outputs name it.
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

/// Describes this process as the holder of a lock.
pub(super) fn holder(command: &str) -> Holder {
    let now = Timestamp::now();
    Holder {
        command: command.to_owned(),
        token: format!("{}-{}", std::process::id(), now.as_nanosecond()),
        pid: std::process::id(),
        since: now,
    }
}
