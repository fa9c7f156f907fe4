//! What all commands that make a plan share: they read both sides concurrently, then make the plan.

use super::cross_check::cross_check;
use super::history::History;
use super::reading::{
    expected_company, live_party, open_reader, party, read_first, read_origin, select_webhooks,
};
use super::rewriting::{apply_rules, resolve_rewriting};
use crate::coralogix::account::Account;
use crate::coralogix::client::Reader;
use crate::coralogix::retry::WaitBudget;
use crate::document::view::{Party, PlanView};
use crate::error::{Error, ErrorKind, ExitCode};
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::{ConflictPolicy, Plan, PriorKnowledge, plan, resolve_policy};
use crate::pipeline::rewrite::{Portable, Rewriting};
use crate::pipeline::strip::strip_with_cache;
use crate::render::screen::Screen;
use crate::settings::{Origin, Route, StateFolder};
use crate::untrusted;
use std::sync::Arc;

/// Both sides of a route, as read.
pub(super) struct RouteReadings {
    pub(super) source: Inventory,
    pub(super) target: Inventory,
    pub(super) target_reader: Reader,
    pub(super) wait_budget: Arc<WaitBudget>,
}

impl RouteReadings {
    /// Holds the target's list against the newer API, if that was asked for; the source's was when it was read.
    ///
    /// Called for the last reading of the target before the plan; `confirm` does the same for the one after it.
    pub(super) async fn cross_checked(self, route: &Route, screen: &Screen) -> Result<Self, Error> {
        let target = cross_check(&self.target_reader, self.target, &route.client, screen).await?;
        Ok(Self { target, ..self })
    }
}

/// Both sides of a route, and the plan made from them.
pub(super) struct PlannedMigration {
    pub(super) plan: Plan,
    pub(super) source: Party,
    /// The source's webhooks that the filter selects, as read.
    pub(super) selected: Inventory,
    pub(super) target: Party,
    pub(super) target_inventory: Inventory,
    pub(super) target_reader: Reader,
    pub(super) wait_budget: Arc<WaitBudget>,
    pub(super) known: PriorKnowledge,
}

impl PlannedMigration {
    /// The plan as input for documents.
    pub(super) fn view(&self) -> PlanView<'_> {
        PlanView {
            plan: &self.plan,
            source: &self.source,
            target: &self.target,
        }
    }

    /// The exit code of a dry run: `Refused` if a real run would refuse the plan, so that a CI pipeline can stop there.
    pub(super) fn preview_exit_code(&self, detailed_exitcode: bool) -> ExitCode {
        if !self.plan.is_appliable() {
            ExitCode::Refused
        } else if detailed_exitcode && self.plan.has_changes() {
            ExitCode::Changes
        } else {
            ExitCode::Done
        }
    }
}

/// Reads both sides concurrently; fails if source and target are the same live account.
pub(super) async fn read_both(route: &Route, screen: &Screen) -> Result<RouteReadings, Error> {
    let wait_budget = Arc::new(WaitBudget::new(route.client.max_wait));
    let target_reader = open_reader(&route.target, &route.client, &wait_budget, screen)?;
    let (source, target) = tokio::join!(
        read_origin(&route.source, &route.client, &wait_budget, screen),
        read_first(&target_reader, screen),
    );
    let (source, target) = (source?, target?);
    if let Origin::Live(account) = &route.source {
        refuse_same_company(account, &source, &route.target, &target)?;
    }
    if route.restores_own_account {
        refuse_other_account(&source, &route.target, &target, screen)?;
    }
    Ok(RouteReadings {
        source,
        target,
        target_reader,
        wait_budget,
    })
}

/// Makes the plan from both inventories, the rules, and the prior knowledge from earlier runs.
pub(super) async fn make_plan(
    route: &Route,
    readings: RouteReadings,
    known: PriorKnowledge,
) -> Result<PlannedMigration, Error> {
    let rewriting = resolve_route_rewriting(route, &readings).await?;
    make_plan_with_rewriting(route, readings, known, &rewriting)
}

/// Resolves the rewriting of a route: its rules, the values that these need, and the regions.
pub(super) async fn resolve_route_rewriting(
    route: &Route,
    readings: &RouteReadings,
) -> Result<Rewriting, Error> {
    let target = &route.target.endpoint;
    let rewriting =
        resolve_rewriting(&route.rules, &route.source, &readings.source, Some(target)).await?;
    Ok(Rewriting {
        state_keys: route.state_keys.clone(),
        ..rewriting
    })
}

/// Makes the plan with a rewriting that is already resolved.
pub(super) fn make_plan_with_rewriting(
    route: &Route,
    readings: RouteReadings,
    known: PriorKnowledge,
    rewriting: &Rewriting,
) -> Result<PlannedMigration, Error> {
    let source_party = Party {
        is_backup: route.is_restore,
        ..party(&route.source, &readings.source)
    };
    let known = if has_shared_ids(&readings.source, route, &readings.target) {
        known.with_shared_ids()
    } else {
        known
    };
    let ineffective_rules = rewriting.rules.ineffective_rules(&readings.source);
    let selected = select_webhooks(readings.source, &route.filter)?;
    let portable = apply_rules(&route.rules, rewriting, ineffective_rules, selected.clone())?;
    refuse_unmatched_decision(&route.on_conflict, &portable)?;
    let target = strip_with_cache(readings.target.clone(), &portable.content_cache());
    Ok(PlannedMigration {
        plan: plan(portable, &target, route.on_conflict.clone(), &known),
        source: source_party,
        selected,
        target: live_party(&route.target, &readings.target),
        target_inventory: readings.target,
        target_reader: readings.target_reader,
        wait_budget: readings.wait_budget,
        known,
    })
}

/// Fails if a decision of `--on-conflict-for` is about no webhook: a typo must not look like a decision.
fn refuse_unmatched_decision(policy: &ConflictPolicy, portable: &Portable) -> Result<(), Error> {
    let resolved = resolve_policy(policy, portable);
    let Some(decision) = resolved.unmatched.first() else {
        return Ok(());
    };
    let alias = untrusted::escape_truncated(&decision.alias, 60);
    Err(Error::usage(format!(
        "--on-conflict-for: no selected webhook has the alias '{alias}' ({} checked)",
        portable.webhooks().len()
    ))
    .with_hint("give the alias as the plan shows it, after any renaming; patterns are case-sensitive, with `*` and `?` as wildcards"))
}

/// Whether an id identifies the same webhook on both sides: in a rehearsal, and if the source is a backup of the
/// target itself.
fn has_shared_ids(source: &Inventory, route: &Route, target: &Inventory) -> bool {
    route.is_rehearsal
        || source.backup_origin.as_ref().is_some_and(|backed_up| {
            let company = known_company(&route.target, target);
            backed_up.host == route.target.endpoint.canonical_host()
                && match (&backed_up.company_id, company) {
                    (Some(theirs), Some(ours)) => *theirs == ours,
                    // An account that shows no company is the backup's own, unless the user has said otherwise.
                    _ => route.restores_own_account,
                }
        })
}

/// Reads both sides and makes the plan as a preview: writes neither to the target nor to the run records.
pub(super) async fn read_and_plan(
    route: &Route,
    state: &StateFolder,
    screen: &Screen,
) -> Result<(PlannedMigration, History), Error> {
    let readings = read_both(route, screen)
        .await?
        .cross_checked(route, screen)
        .await?;
    let company = readings.target.common_company_id();
    let history = state
        .runs()
        .and_then(|runs| History::load(&runs, &route.target, company.as_deref()));
    let mut history = history.unwrap_or_else(|error| {
        screen.warn(&format!("planning without the run records: {error}"));
        History::empty()
    });
    for run in history.open_run_ids() {
        screen.warn(&format!(
            "run {run} is still in progress, or ended without knowing whether all that it sent arrived; the plan may change when `migrate` has checked the target"
        ));
    }
    history.read_back(&route.target, &readings.target);
    history
        .require_complete_list(&readings.target_reader, &readings.target)
        .await?;
    let known = history.knowledge(&route.target, &readings.target).0;
    Ok((make_plan(route, readings, known).await?, history))
}

/// The company of an account: as its webhooks show it, else as its profile states it.
fn known_company(account: &Account, inventory: &Inventory) -> Option<String> {
    let shown = inventory.common_company_id();
    shown.or_else(|| expected_company(account).map(str::to_owned))
}

/// Fails if a backup, or a file, is to be restored into another account than the one that it is of: secrets, pagers and
/// logs of one account would silently be those of another.
fn refuse_other_account(
    source: &Inventory,
    target: &Account,
    target_inventory: &Inventory,
    screen: &Screen,
) -> Result<(), Error> {
    let backed_up = source.backup_origin.as_ref();
    let host = backed_up.map(|backed_up| backed_up.host.as_str());
    let company = match backed_up {
        Some(backed_up) => backed_up.company_id.clone(),
        None => source.common_company_id(),
    };
    let (ours, theirs) = (known_company(target, target_inventory), company);
    let is_other_host = host.is_some_and(|host| host != target.endpoint.canonical_host());
    let is_other_company = ours.is_some() && theirs.is_some() && ours != theirs;
    let shown = |company: Option<&str>| match company {
        Some(company) => format!("company {}", untrusted::escape_truncated(company, 40)),
        None => "an unknown company".to_owned(),
    };
    let theirs = shown(theirs.as_deref());
    let host = host.map(|host| format!("{}, ", untrusted::escape_truncated(host, 80)));
    let what = if backed_up.is_some() {
        "backup"
    } else {
        "file"
    };
    let of = format!("the {what} is of {}{theirs}", host.unwrap_or_default());
    if is_other_host || is_other_company {
        let ours = shown(ours.as_deref());
        let what = format!("{of}, but {target} is {ours}");
        return Err(Error::new(ErrorKind::WrongAccount, what).with_hint(
            "nothing was written; to restore into this account all the same, pass --into-other-account",
        ));
    }
    if ours.is_none() {
        screen.warn(&format!(
            "{of}, and {target} shows no company, so nothing proves that it is the same account; a company_id in a profile would"
        ));
    }
    Ok(())
}

/// Fails if both live accounts belong to the same company and so are the same account: copying an account into
/// itself would duplicate every webhook.
fn refuse_same_company(
    source: &Account,
    source_inventory: &Inventory,
    target: &Account,
    target_inventory: &Inventory,
) -> Result<(), Error> {
    let source_companies = source_inventory.company_ids();
    let target_companies = target_inventory.company_ids();
    let Some(company) = source_companies.intersection(target_companies).next() else {
        return Ok(());
    };
    let company = untrusted::escape_truncated(company, 40);
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!("{source} and {target} are the same account: both belong to company {company}"),
    )
    .with_hint("one of the two API keys is the wrong one; nothing was written"))
}
