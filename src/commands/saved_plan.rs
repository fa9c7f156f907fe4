//! Saved plans: binds a plan to everything that determined it, and checks for drift before a run writes
//! anything.

use super::planning::PlannedMigration;
use crate::coralogix::account::Account;
use crate::coralogix::kind::WebhookType;
use crate::coralogix::undocumented::shown_key_name;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::{Depth, PlanDocument, SavedPlan, StreamedSteps, refusal_reason, sign_plan};
use crate::error::{Error, ErrorKind};
use crate::pipeline::binding::{
    Binding, BindingKeys, BindingOptions, BoundLocation, BoundSelection, Drift, PlanWithInputs,
    PlannedStep, undocumented_drift,
};
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::OnConflict;
use crate::pipeline::strip::{Stripped, strip_with_cache};
use crate::proposal::{Proposal, Words};
use crate::render::drift::{document as drift_document, lines, summary};
use crate::render::screen::Screen;
use crate::settings::{ApplySettings, Origin, ReportFormat, Retargeting, Route};
use crate::wording::counted;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use wildmatch::WildMatch;

/// How long a plan is valid unless `--valid-for` says otherwise.
const DEFAULT_VALIDITY: SignedDuration = SignedDuration::from_hours(24);

/// Both sides of a plan, stripped.
struct StrippedSides {
    source: Stripped,
    target: Stripped,
}

impl StrippedSides {
    fn from_planned(planned: &PlannedMigration) -> Self {
        let cache = planned.plan.portable().content_cache();
        Self {
            source: strip_with_cache(planned.selected.clone(), &cache),
            target: strip_with_cache(planned.target_inventory.clone(), &cache),
        }
    }

    fn binding_inputs<'m>(
        &'m self,
        planned: &'m PlannedMigration,
        route: &Route,
    ) -> PlanWithInputs<'m> {
        PlanWithInputs {
            source: &self.source,
            source_company: planned.source.company_id.clone(),
            target: &self.target,
            target_company: planned.target.company_id.clone(),
            plan: &planned.plan,
            rules: route.rules.name.clone().zip(route.rules.text),
        }
    }
}

/// The document of a plan, bound to everything that determined the plan; for writing only.
pub(super) fn bind_plan<'p>(
    planned: &'p PlannedMigration,
    route: &Route,
    valid_for: SignedDuration,
    max_changes: Option<usize>,
) -> Result<PlanDocument<StreamedSteps<'p>>, Error> {
    let sides = StrippedSides::from_planned(planned);
    let inputs = sides.binding_inputs(planned, route);
    let keys = BindingKeys::new(route.source.key(), &route.target.key, &route.state_keys)
        .ok_or_else(|| Error::failed("the operating system provides no random numbers"))?;
    let now = truncate_to_second(Timestamp::now());
    let decisions = BindingOptions {
        created: now,
        valid_until: now.saturating_add(valid_for).unwrap_or(Timestamp::MAX),
        source: bound_origin(&route.source),
        target: bound_account(&route.target),
        selection: bound_selection(&route.filter),
        unmatched_secret: route.rules.unmatched,
        retarget: match route.rules.retarget {
            Retargeting::No => None,
            Retargeting::ToTarget => Some("target".to_owned()),
            Retargeting::To(region) => Some(region.code().to_owned()),
        },
        max_changes,
    };
    let mut document = PlanDocument::streamed(planned.view(), Depth::Fields);
    document.binding = Some(Binding::new(&inputs, decisions, &keys));
    sign_plan(&mut document, keys.target());
    Ok(document)
}

/// Drops the fraction of a second: nobody approves a plan to that precision.
fn truncate_to_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn bound_account(account: &Account) -> (BoundLocation, Option<String>) {
    let profile = account.profile.as_ref();
    let url = account.endpoint.base().to_string();
    (
        BoundLocation::Url(url),
        profile.map(|profile| profile.name.clone()),
    )
}

fn bound_origin(origin: &Origin) -> (BoundLocation, Option<String>) {
    match origin {
        Origin::Live(account) => bound_account(account),
        Origin::File(path, _) => (BoundLocation::File(path.display().to_string()), None),
        // Only `restore` takes a backup as its origin, and it saves no plan.
        Origin::Backup(choice) => (BoundLocation::File(choice.repository.to_string()), None),
        Origin::Stdin(_) => (BoundLocation::Stdin(true), None),
    }
}

fn bound_selection(filter: &Filter) -> BoundSelection {
    let included = filter.names.iter().map(WildMatch::pattern);
    let excluded = filter.without_names.iter();
    BoundSelection {
        types: filter.types.iter().map(|type_id| type_id.0).collect(),
        names: included
            .chain(excluded.map(|name| format!("!{}", name.pattern())))
            .collect(),
        ids: filter.ids.iter().map(|id| id.as_str().to_owned()).collect(),
    }
}

/// The saved plan being applied; every read of the accounts is checked against it.
pub(super) struct ApprovedPlan<'a> {
    apply: &'a ApplySettings,
    promises: Vec<PlannedStep>,
}

impl<'a> ApprovedPlan<'a> {
    /// Fails if the saved plan cannot be applied; reads nothing before that.
    ///
    /// The user has approved the document; from here on only what it promises and its binding are needed.
    pub(super) fn new(apply: &'a ApplySettings, saved: SavedPlan) -> Result<Self, Error> {
        verify_saved_plan(apply, &saved)?;
        Ok(Self {
            apply,
            promises: saved.document.steps,
        })
    }

    /// Says that the plan holds, and which it is, so that the reader of a comment on it knows that it is the same.
    ///
    /// `plan_written_ids` holds the ids that earlier runs of the same plan wrote.
    pub(super) fn still_holds(&self, plan_written_ids: &HashSet<WebhookId>) -> String {
        let Binding {
            fingerprint,
            created,
            ..
        } = &self.apply.binding;
        let name = &self.apply.plan_name;
        let but = match plan_written_ids.len() {
            0 => String::new(),
            n => format!(
                " but {} that this plan wrote already",
                counted(n, "webhook")
            ),
        };
        format!(
            "{name} still holds: nothing has changed since {created}{but} (fingerprint {fingerprint})"
        )
    }

    /// The keyed digest of the plan document, by which run records identify the plan.
    pub(super) fn plan_digest(&self) -> &str {
        &self.apply.binding.seal
    }

    /// Fails if the accounts or the rules have drifted since the plan was made, and lists the drift.
    ///
    /// `plan_written_ids` holds the ids that earlier runs of the same plan wrote; these do not count as drift.
    pub(super) fn check_drift(
        &self,
        planned: &PlannedMigration,
        plan_written_ids: &HashSet<WebhookId>,
        screen: &Screen,
    ) -> Result<(), Error> {
        let drift = find_drift(self.apply, &self.promises, planned, plan_written_ids);
        if drift.is_empty() {
            return Ok(());
        }
        if self.apply.migrate.output == ReportFormat::Json {
            screen.print_json(&drift_document(&drift))?;
        }
        Err(stale(self.apply, &drift))
    }
}

/// Refuses a saved plan that cannot be applied, before hookferry reads any account. The settings have checked that nobody
/// changed it.
fn verify_saved_plan(apply: &ApplySettings, saved: &SavedPlan) -> Result<(), Error> {
    let (binding, name) = (&apply.binding, &apply.plan_name);
    if Timestamp::now() > binding.valid_until {
        return Err(Error::new(
            ErrorKind::Stale,
            format!("`{name}` was valid until {}", binding.valid_until),
        )
        .with_hint(format!(
            "make a new plan, with a longer --valid-for if approval takes long: {}",
            replan_words(apply).option("--out", &apply.plan_path)
        )));
    }
    if let Some(why) = refusal_reason(&saved.document) {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("`{name}` cannot be applied: {why}"),
        )
        .with_hint(format!(
            "`{}` shows the plan and what to do about it",
            Proposal::new("report").word(&apply.plan_path)
        )));
    }
    Ok(())
}

/// The drift since the plan was saved; empty if the plan still holds.
fn find_drift(
    apply: &ApplySettings,
    promises: &[PlannedStep],
    planned: &PlannedMigration,
    plan_written_ids: &HashSet<WebhookId>,
) -> Vec<Drift> {
    let sides = StrippedSides::from_planned(planned);
    let inputs = sides.binding_inputs(planned, &apply.migrate.route);
    apply
        .binding
        .drift(promises, &inputs, &apply.binding_keys, plan_written_ids)
}

/// The error for a plan that no longer holds, with all of its drift.
fn stale(apply: &ApplySettings, drift: &[Drift]) -> Error {
    let name = &apply.plan_name;
    Error::new(
        ErrorKind::Stale,
        format!(
            "`{name}` is stale: {}; nothing was written\n{}",
            summary(drift),
            lines(drift).join("\n")
        ),
    )
    .with_hint(match undocumented_drift(drift) {
        Some(names) => {
            let ignoring = names.into_iter().fold(replan_command(apply), |command, name| {
                command.option("--ignore-key", shown_key_name(name))
            });
            format!(
                "only undocumented keys changed; if the server sets them by itself, make a new plan that ignores them: {ignoring}"
            )
        }
        None => format!(
            "make a new plan and have it approved: {}",
            replan_command(apply)
        ),
    })
}

/// The command that makes the next plan, with all that decided this one.
fn replan_command(apply: &ApplySettings) -> Proposal {
    let binding = &apply.binding;
    let valid_for = binding.valid_until.duration_since(binding.created);
    let valid_for = (valid_for != DEFAULT_VALIDITY).then(|| format!("{valid_for:#}"));
    replan_words(apply)
        .maybe_option("--valid-for", valid_for.as_deref())
        .option("--out", &apply.plan_path)
}

/// The same without how long it is valid, and where it is saved.
fn replan_words(apply: &ApplySettings) -> Proposal {
    let route = &apply.migrate.route;
    let follow_up = &apply.migrate.follow_up;
    Proposal::new("plan")
        .option("--from", &origin_argument(&route.source))
        .option("--to", &account_argument(&route.target))
        .words(&decision_words(apply))
        .words(&follow_up.rewriting.words())
        .words(&apply.reading)
        .maybe_option("--state-dir", follow_up.state_dir.as_deref())
}

fn account_argument(account: &Account) -> String {
    let profile = account.profile.as_ref();
    profile.map_or_else(
        || account.endpoint.shown_address(),
        |profile| profile.name.clone(),
    )
}

fn origin_argument(origin: &Origin) -> String {
    match origin {
        Origin::Live(account) => account_argument(account),
        Origin::File(path, _) => path.display().to_string(),
        Origin::Backup(choice) => choice.repository.to_string(),
        Origin::Stdin(_) => "-".to_owned(),
    }
}

/// The options that decide what a plan selects and what it does with it.
fn decision_words(apply: &ApplySettings) -> Words {
    let selection = &apply.binding.selection;
    let policy = &apply.migrate.route.on_conflict;
    let mut words = Words::default();
    for type_id in &selection.types {
        let kind = WebhookType::from_id(TypeId(*type_id));
        let name = kind.map_or_else(|| type_id.to_string(), |kind| kind.name.to_owned());
        words.push_option("--type", name);
    }
    for name in &selection.names {
        words.push_option("--name", name);
    }
    for id in &selection.ids {
        words.push_option("--id", id);
    }
    if policy.general != OnConflict::Fail {
        words.push_option("--on-conflict", policy.general.word());
    }
    for decision in &policy.decisions {
        words.push_option("--on-conflict-for", decision.to_string());
    }
    if let Some(limit) = apply.binding.max_changes {
        words.push_option("--max-changes", limit.to_string());
    }
    for key in &apply.binding.ignore_keys {
        words.push_option("--ignore-key", shown_key_name(key));
    }
    words
}
