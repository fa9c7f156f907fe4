//! Saved plans: binds a plan to everything that it was made from, and checks that for drift before anything
//! is written.

use super::planning::Planned;
use crate::coralogix::account::{Account, Side};
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::WebhookId;
use crate::document::{Depth, PlanDocument, SavedPlan, refusal, seal};
use crate::error::{Error, ErrorKind};
use crate::pipeline::binding::{
    Binding, BoundPlace, BoundSelection, Decided, Made, Moved, Promise,
};
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::OnConflict;
use crate::pipeline::strip::{Stripped, strip};
use crate::render::json;
use crate::render::moved::{document as moved_document, lines, summary};
use crate::render::screen::Screen;
use crate::settings::{Apply, Origin, ReportForm, Retargeting, Route};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use wildmatch::WildMatch;

/// Both sides of a plan, stripped.
struct Sides {
    source: Stripped,
    target: Stripped,
}

impl Sides {
    fn of(planned: &Planned) -> Self {
        Self {
            source: strip(planned.selected.clone()),
            target: strip(planned.target_inventory.clone()),
        }
    }

    fn made<'m>(&'m self, planned: &'m Planned, route: &'m Route) -> Made<'m> {
        Made {
            source: &self.source,
            source_company: planned.source.company.clone(),
            source_key: match &route.source {
                Origin::Live(account) => Some(&account.key),
                Origin::File(..) | Origin::Stdin(_) | Origin::Backup(_) => None,
            },
            target: &self.target,
            target_company: planned.target.company.clone(),
            target_key: &route.target.key,
            plan: &planned.plan,
            rules: route.rules.name.clone().zip(route.rules.text),
        }
    }
}

/// The document of a plan, bound to everything that the plan was made from.
pub(super) fn bound(
    planned: &Planned,
    route: &Route,
    valid_for: SignedDuration,
) -> Result<PlanDocument, Error> {
    let sides = Sides::of(planned);
    let made = sides.made(planned, route);
    let sealer = Sealer::new(made.sealed_with().1)
        .ok_or_else(|| Error::failed("the operating system provides no random numbers"))?;
    let now = to_the_second(Timestamp::now());
    let decided = Decided {
        created: now,
        valid_until: now.saturating_add(valid_for).unwrap_or(Timestamp::MAX),
        source: place(&route.source),
        target: place_of(&route.target),
        selection: selection(&route.filter),
        unmatched_secret: route.rules.unmatched,
        retarget: match route.rules.retarget {
            Retargeting::No => None,
            Retargeting::ToTarget => Some("target".to_owned()),
            Retargeting::To(region) => Some(region.code().to_owned()),
        },
    };
    let mut document = PlanDocument::of(planned.view(), Depth::Fields);
    document.binding = Some(Binding::of(&made, decided, &sealer));
    seal(&mut document, &sealer);
    Ok(document)
}

/// Drops the fraction of a second: nobody approves a plan to that precision.
fn to_the_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn place_of(account: &Account) -> (BoundPlace, Option<String>) {
    let profile = account.profile.as_ref();
    let url = account.endpoint.base().to_string();
    (
        BoundPlace::Url(url),
        profile.map(|profile| profile.name.clone()),
    )
}

fn place(origin: &Origin) -> (BoundPlace, Option<String>) {
    match origin {
        Origin::Live(account) => place_of(account),
        Origin::File(path, _) => (BoundPlace::File(path.display().to_string()), None),
        // Only `restore` takes a backup as its origin, and it saves no plan.
        Origin::Backup(choice) => (BoundPlace::File(choice.repository.to_string()), None),
        Origin::Stdin(_) => (BoundPlace::Stdin(true), None),
    }
}

fn selection(filter: &Filter) -> BoundSelection {
    let wanted = filter.names.iter().map(WildMatch::pattern);
    let left_out = filter.without_names.iter();
    BoundSelection {
        types: filter.types.iter().map(|type_id| type_id.0).collect(),
        names: wanted
            .chain(left_out.map(|name| format!("!{}", name.pattern())))
            .collect(),
        ids: filter.ids.iter().map(|id| id.as_str().to_owned()).collect(),
    }
}

/// The saved plan being applied; every read of the accounts is checked against it.
pub(super) struct Approved<'a> {
    apply: &'a Apply,
    promised: Vec<Promise>,
    sealer: Sealer,
}

impl<'a> Approved<'a> {
    /// Stops before anything is read where a saved plan cannot be applied.
    pub(super) fn new(apply: &'a Apply, saved: &SavedPlan) -> Result<Self, Error> {
        let sealer = open(apply, saved)?;
        Ok(Self {
            apply,
            promised: saved.promised(),
            sealer,
        })
    }

    /// The keyed digest of the plan document, by which run records identify the plan.
    pub(super) fn seal(&self) -> &str {
        &self.apply.binding.seal
    }

    /// Fails if the accounts or the rules have drifted since the plan was made, and lists the drift.
    ///
    /// `ours` holds the ids that earlier runs of the same plan wrote; these do not count as drift.
    pub(super) fn check(
        &self,
        planned: &Planned,
        ours: &HashSet<WebhookId>,
        screen: &Screen,
    ) -> Result<(), Error> {
        let moved = moved(self.apply, &self.promised, &self.sealer, planned, ours);
        if moved.is_empty() {
            return Ok(());
        }
        if self.apply.migrate.output == ReportForm::Json {
            screen.result(&json::text(&moved_document(&moved)))?;
        }
        Err(stale(self.apply, &moved))
    }
}

/// Refuses a saved plan that cannot be applied, before any account is read; returns the key of the plan's
/// digests.
fn open(apply: &Apply, saved: &SavedPlan) -> Result<Sealer, Error> {
    let (binding, name) = (&apply.binding, &apply.name);
    let key = match (binding.sealed_with, &apply.migrate.route.source) {
        (Side::Source, Origin::Live(account)) => &account.key,
        _ => &apply.migrate.route.target.key,
    };
    let sealer = Sealer::again(key, &binding.salt, &binding.check).ok_or_else(|| {
        Error::new(
            ErrorKind::Stale,
            format!(
                "`{name}` was made with a different {} API key",
                binding.sealed_with
            ),
        )
        .with_hint("a plan can be checked only with the key that it was made with: use that key, or make a new plan; nothing was read or written")
    })?;
    if !saved.is_intact(&sealer) {
        return Err(Error::new(
            ErrorKind::Stale,
            format!("somebody changed `{name}` after it was saved"),
        )
        .with_hint("make a new plan; nothing was read or written"));
    }
    if Timestamp::now() > binding.valid_until {
        return Err(Error::new(
            ErrorKind::Stale,
            format!("`{name}` was valid until {}", binding.valid_until),
        )
        .with_hint(format!(
            "make a new plan, with a longer --valid-for if approval takes long: {}",
            again(apply)
        )));
    }
    if let Some(refusal) = refusal(&saved.document) {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("`{name}` cannot be applied: {}", refusal.why),
        )
        .with_hint(format!(
            "`hookferry report {name}` shows the plan and what to do about it"
        )));
    }
    Ok(sealer)
}

/// The drift since the plan was saved; empty if the plan still holds.
fn moved(
    apply: &Apply,
    promised: &[Promise],
    sealer: &Sealer,
    planned: &Planned,
    ours: &HashSet<WebhookId>,
) -> Vec<Moved> {
    let sides = Sides::of(planned);
    let made = sides.made(planned, &apply.migrate.route);
    apply.binding.moved(promised, &made, sealer, ours)
}

/// The error for a plan that no longer holds, with all of its drift.
fn stale(apply: &Apply, moved: &[Moved]) -> Error {
    let name = &apply.name;
    Error::new(
        ErrorKind::Stale,
        format!(
            "`{name}` is stale: {}; nothing was written\n{}",
            summary(moved),
            lines(moved).join("\n")
        ),
    )
    .with_hint(format!(
        "make a new plan and have it approved: {}",
        again(apply)
    ))
}

/// The command that makes a new plan.
fn again(apply: &Apply) -> String {
    let of = |account: &Account| {
        let base = account.endpoint.base().as_str().trim_end_matches('/');
        let profile = account.profile.as_ref();
        profile.map_or_else(
            || base.to_owned(),
            |profile| crate::foreign::shown(&profile.name),
        )
    };
    let named = |origin: &Origin| match origin {
        Origin::Live(account) => of(account),
        Origin::File(path, _) => crate::foreign::shown(&path.display().to_string()),
        Origin::Backup(choice) => choice.repository.to_string(),
        Origin::Stdin(_) => "-".to_owned(),
    };
    let route = &apply.migrate.route;
    let binding = &apply.binding;
    let has_options = binding.rules.is_some()
        || binding.retarget.is_some()
        || !route.filter.is_empty()
        || route.on_conflict != OnConflict::Fail;
    format!(
        "hookferry plan --from {} --to {} --out {}{}",
        named(&route.source),
        of(&route.target),
        apply.name,
        if has_options {
            ", with the same options as for this plan"
        } else {
            ""
        }
    )
}
