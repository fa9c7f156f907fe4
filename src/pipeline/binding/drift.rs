//! Drift: what has changed since a plan was saved, by account, webhook and field.

use super::{Binding, BindingKeys, BoundSide, BoundWebhook, PlanWithInputs};
use crate::coralogix::account::Side;
use crate::coralogix::birth::is_another_birth;
use crate::coralogix::digest::{DigestKey, PlaceDigests};
use crate::coralogix::mask::Masked;
use crate::coralogix::path::Path;
use crate::coralogix::undocumented::is_server_state;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::plan::StepState;
use crate::pipeline::rewrite::PortableWebhook;
use crate::pipeline::strip::StrippedWebhook;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// One change since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// A side belongs to a different company.
    Company {
        /// The affected side.
        side: Side,
        /// The company id when the plan was saved.
        then: String,
        /// The current company id.
        now: String,
    },
    /// The text of the rules file is different; holds its path.
    Rules(String),
    /// A webhook of one of the sides changed.
    Webhook(DriftedWebhook),
}

/// A webhook that changed since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftedWebhook {
    /// The side that it is on.
    pub side: Side,
    /// Its id on that side.
    pub id: Option<WebhookId>,
    /// Its current alias; the last known one if it is gone.
    pub alias: SmolStr,
    /// The vendor's number of its type.
    pub type_id: Option<u64>,
    /// The kind of change.
    pub change: WebhookChange,
}

/// The kind of change to a webhook since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookChange {
    /// It is new.
    Added,
    /// It no longer exists.
    Removed,
    /// Its content differs in these fields.
    Changed(Vec<ChangedField>),
    /// It did not change, but the rules now set different values at these paths.
    DifferentValues(Vec<String>),
    /// It did not change, but a new plan decides differently about it.
    DifferentStep {
        /// The saved decision.
        then: StepState,
        /// The current decision.
        now: StepState,
    },
}

/// One value of a webhook that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedField {
    /// Its path in the notation of rules files.
    pub path: String,
    /// The current value, masked; `None` if it no longer exists.
    #[serde(rename = "now")]
    pub current: Option<Masked>,
    /// The name of the undocumented member that holds it; `None` for a documented value, and for one that no longer
    /// exists unless its path can only be the server's own state.
    #[serde(skip)]
    pub undocumented: Option<String>,
}

/// The names of the undocumented members that changed, if nothing else has drifted.
pub fn undocumented_drift(drift: &[Drift]) -> Option<BTreeSet<&str>> {
    let mut names = BTreeSet::new();
    for each in drift {
        let Drift::Webhook(DriftedWebhook {
            change: WebhookChange::Changed(fields),
            ..
        }) = each
        else {
            return None;
        };
        for field in fields {
            names.insert(field.undocumented.as_deref()?);
        }
    }
    (!names.is_empty()).then_some(names)
}

/// What a step of a saved plan promises; applying the plan must reproduce it exactly.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PlannedStep {
    /// The webhook's id in the source.
    pub source_id: Option<WebhookId>,
    /// What the plan does with it.
    pub state: StepState,
    /// The id of the corresponding webhook in the target.
    pub target_id: Option<WebhookId>,
}

impl Binding {
    /// Lists the changes since the plan was saved, most important first; empty if the plan still holds.
    ///
    /// Ignores `plan_written_ids`, the target's webhooks that earlier runs of this same plan wrote: they are the
    /// plan, applied in part. An account that shows no company id is known by its API key, which made the `keys`.
    pub fn drift(
        &self,
        promised: &[PlannedStep],
        now: &PlanWithInputs<'_>,
        keys: &BindingKeys,
        plan_written_ids: &HashSet<WebhookId>,
    ) -> Vec<Drift> {
        let accounts = self.account_drift(now);
        if !accounts.is_empty() {
            return accounts;
        }
        let rules = self.rules_drift(now, keys.target());
        let mut webhooks = compare_source(&self.source, now, keys, rules.is_none());
        let target = now.target.webhooks().iter().map(|webhook| {
            let change = |then: &BoundWebhook| target_change(then, webhook, keys.target());
            (webhook, change)
        });
        webhooks.extend(compare_side(
            Side::Target,
            &self.target,
            target,
            plan_written_ids,
        ));
        if rules.is_none() && webhooks.is_empty() {
            webhooks = step_drift(promised, now, plan_written_ids);
        }
        let webhooks = webhooks.into_iter().map(Drift::Webhook);
        rules.into_iter().chain(webhooks).collect()
    }

    fn account_drift(&self, now: &PlanWithInputs<'_>) -> Vec<Drift> {
        let source = company_drift(Side::Source, &self.source, now.source_company.as_deref());
        let target = company_drift(Side::Target, &self.target, now.target_company.as_deref());
        source.into_iter().chain(target).collect()
    }

    fn rules_drift(&self, now: &PlanWithInputs<'_>, digest_key: &DigestKey) -> Option<Drift> {
        match (&self.rules, &now.rules) {
            (None, None) => None,
            (Some(then), Some((_, text)))
                if then.seal == digest_key.digest_rules(*text).to_string() =>
            {
                None
            }
            (_, Some((file, _))) => Some(Drift::Rules(file.clone())),
            (Some(then), None) => Some(Drift::Rules(then.file.clone())),
        }
    }
}

fn company_drift(side: Side, then: &BoundSide, company: Option<&str>) -> Option<Drift> {
    let then = then.company_id.as_ref().map(WebhookId::as_str);
    let (then, now) = then.zip(company).filter(|(then, now)| then != now)?;
    Some(Drift::Company {
        side,
        then: then.to_owned(),
        now: now.to_owned(),
    })
}

fn drifted_webhook(side: Side, webhook: &StrippedWebhook, change: WebhookChange) -> DriftedWebhook {
    DriftedWebhook {
        side,
        id: webhook.id().cloned(),
        alias: webhook.alias().clone(),
        type_id: webhook.type_id().map(|type_id| type_id.0),
        change,
    }
}

/// Identifies a webhook by its id, or by alias and type if it has none.
type BoundWebhookKey<'b> = (Option<&'b str>, &'b str, Option<u64>);

fn bound_webhook_key<'k>(
    id: Option<&'k str>,
    alias: &'k str,
    type_id: Option<u64>,
) -> BoundWebhookKey<'k> {
    match id {
        Some(id) => (Some(id), "", None),
        None => (None, alias, type_id),
    }
}

/// The webhooks that a side had when the plan was saved, each to be looked up once.
struct UnclaimedWebhooks<'b>(HashMap<BoundWebhookKey<'b>, VecDeque<(usize, &'b BoundWebhook)>>);

impl<'b> UnclaimedWebhooks<'b> {
    fn new(webhooks: &'b [BoundWebhook]) -> Self {
        let mut bound: HashMap<BoundWebhookKey<'b>, VecDeque<_>> = HashMap::new();
        for (ix, webhook) in webhooks.iter().enumerate() {
            let key = bound_webhook_key(
                webhook.id.as_ref().map(WebhookId::as_str),
                &webhook.alias,
                webhook.type_id,
            );
            bound.entry(key).or_default().push_back((ix, webhook));
        }
        Self(bound)
    }

    fn take(&mut self, webhook: &'b StrippedWebhook) -> Option<&'b BoundWebhook> {
        let id = webhook.id().map(WebhookId::as_str);
        let type_id = webhook.type_id().map(|type_id| type_id.0);
        let bound = self
            .0
            .get_mut(&bound_webhook_key(id, webhook.alias(), type_id))?;
        bound.pop_front().map(|(_, webhook)| webhook)
    }

    /// The webhooks that no lookup found, in their original order.
    fn into_remaining(self) -> Vec<&'b BoundWebhook> {
        let mut remaining: Vec<(usize, &BoundWebhook)> = self.0.into_values().flatten().collect();
        remaining.sort_by_key(|(ix, _)| *ix);
        remaining.into_iter().map(|(_, webhook)| webhook).collect()
    }
}

/// Lists the webhooks of the source that are new, changed or gone, or that get other values than planned.
fn compare_source(
    then: &BoundSide,
    now: &PlanWithInputs<'_>,
    keys: &BindingKeys,
    has_same_rules: bool,
) -> Vec<DriftedWebhook> {
    let webhooks = now.source.webhooks().iter().zip(now.plan.steps());
    let webhooks = webhooks.map(|(webhook, (desired, _))| {
        let change = move |then: &BoundWebhook| {
            let change = source_change(then, webhook, desired, keys);
            // Other rules give other values; the drift of the rules says so already.
            change.filter(|change| {
                has_same_rules || !matches!(change, WebhookChange::DifferentValues(_))
            })
        };
        (webhook, change)
    });
    compare_side(Side::Source, then, webhooks, &HashSet::new())
}

/// What has changed about a webhook of the source; without a key of the source, only what the plan sends is known.
fn source_change(
    then: &BoundWebhook,
    webhook: &StrippedWebhook,
    desired: &PortableWebhook,
    keys: &BindingKeys,
) -> Option<WebhookChange> {
    if let Some(key) = keys.source()
        && !has_same_content(then, webhook, key)
    {
        let fields = changed_fields(then, webhook, webhook.bare(), key);
        return Some(WebhookChange::Changed(fields));
    }
    let wanted = || {
        keys.target()
            .digest_carried(desired.bare(), desired.content())
    };
    let has_other_values = then.wanted.is_some_and(|then| then != wanted());
    let by_rules: Vec<String> = desired
        .changes()
        .iter()
        .map(|change| change.path.to_string())
        .collect();
    if keys.source().is_some() {
        return has_other_values.then_some(WebhookChange::DifferentValues(by_rules));
    }
    let fields = if has_other_values {
        changed_fields(then, webhook, desired.bare(), keys.target())
    } else {
        changed_names(then, webhook)
    };
    let is_by_rules = |field: &ChangedField| by_rules.contains(&field.path);
    if has_other_values && fields.iter().all(is_by_rules) {
        return Some(WebhookChange::DifferentValues(by_rules));
    }
    (!fields.is_empty()).then_some(WebhookChange::Changed(fields))
}

/// What has changed about a webhook of the target.
fn target_change(
    then: &BoundWebhook,
    webhook: &StrippedWebhook,
    key: &DigestKey,
) -> Option<WebhookChange> {
    let is_same = has_same_content(then, webhook, key);
    (!is_same).then(|| WebhookChange::Changed(changed_fields(then, webhook, webhook.bare(), key)))
}

fn has_same_content(then: &BoundWebhook, now: &StrippedWebhook, key: &DigestKey) -> bool {
    then.seal == Some(key.digest_carried(now.bare(), now.content()))
}

/// Lists the webhooks of one side that are new, changed or gone; each comes with what tells its change.
fn compare_side<'s, F>(
    side: Side,
    then: &'s BoundSide,
    now: impl Iterator<Item = (&'s StrippedWebhook, F)>,
    plan_written_ids: &HashSet<WebhookId>,
) -> Vec<DriftedWebhook>
where
    F: Fn(&BoundWebhook) -> Option<WebhookChange>,
{
    let mut bound = UnclaimedWebhooks::new(&then.webhooks);
    let (mut drifted, mut replaced) = (Vec::new(), Vec::new());
    for (stripped, change) in now {
        let is_of_plan = stripped
            .id()
            .is_some_and(|id| plan_written_ids.contains(id));
        let what = match bound.take(stripped) {
            None => Some(WebhookChange::Added),
            // It has only the number of the webhook that the plan updates; a server may date what we updated anew.
            Some(then) if !is_of_plan && is_reborn(then, stripped) => {
                replaced.push(then);
                Some(WebhookChange::Added)
            }
            Some(then) => change(then),
        };
        if let Some(what) = what.filter(|_| !is_of_plan) {
            drifted.push(drifted_webhook(side, stripped, what));
        }
    }
    let gone = |webhook: &BoundWebhook| DriftedWebhook {
        side,
        id: webhook.id.clone(),
        alias: webhook.alias.clone(),
        type_id: webhook.type_id,
        change: WebhookChange::Removed,
    };
    drifted.extend(replaced.into_iter().map(gone));
    drifted.extend(bound.into_remaining().into_iter().map(gone));
    drifted
}

fn is_reborn(then: &BoundWebhook, now: &StrippedWebhook) -> bool {
    is_another_birth(then.created_at, now.original().birth())
}

/// The alias and the type, where they changed: those need no digest.
fn changed_names(then: &BoundWebhook, now: &StrippedWebhook) -> Vec<ChangedField> {
    let mut changed = Vec::new();
    let type_id = now.type_id().map(|type_id| type_id.0);
    if then.alias != *now.alias() {
        changed.push(ChangedField {
            undocumented: None,
            path: "alias".to_owned(),
            current: Some(Masked::Text(now.alias().to_string())),
        });
    }
    if then.type_id != type_id {
        changed.push(ChangedField {
            undocumented: None,
            path: "integration_type.id".to_owned(),
            current: type_id.map(|type_id| Masked::Number(type_id.to_string())),
        });
    }
    changed
}

/// The values that changed in `object`, of which the plan holds the digests: the webhook, or what the plan sends of it.
fn changed_fields(
    then: &BoundWebhook,
    now: &StrippedWebhook,
    object: &Webhook,
    digest_key: &DigestKey,
) -> Vec<ChangedField> {
    let mut changed = changed_names(then, now);
    let digests = digest_key.digest_places(object);
    let undocumented: HashSet<Cow<'_, str>> = object.unknown_tokens().map(|(key, _)| key).collect();
    for place in object.places() {
        let path = place.path.to_string();
        let is_leaf = !place.json_type.is_container();
        if is_leaf && then.fields.get(&path) != digests.get(&path) {
            changed.push(ChangedField {
                path,
                current: Some(place.masked),
                undocumented: undocumented_key(&place.path, &undocumented),
            });
        }
    }
    changed.extend(changed_type_members(then, object, &digests));
    let gone = then
        .fields
        .paths()
        .filter(|path| digests.get(path).is_none());
    changed.extend(gone.map(|path| ChangedField {
        path: path.to_string(),
        current: None,
        undocumented: removed_state_key(path),
    }));
    changed
}

/// The undocumented top-level key that holds a value, of all that the webhook has; `None` for a documented value.
fn undocumented_key(path: &Path, all: &HashSet<Cow<'_, str>>) -> Option<String> {
    let key = path.parts().first()?;
    all.contains(key.as_str()).then(|| key.clone())
}

/// The key of a value that is gone, if it looks like the server's own state; any other may have been one of the fields.
fn removed_state_key(path: &str) -> Option<String> {
    let path = Path::parse(path).ok()?;
    let key = path.parts().first()?;
    is_server_state(key, "null").then(|| key.clone())
}

/// The changed undocumented members of `integration_type`, which have no place.
fn changed_type_members(
    then: &BoundWebhook,
    now: &Webhook,
    digests: &PlaceDigests,
) -> Vec<ChangedField> {
    let members = now.undocumented_members();
    let changed = members.filter(|member| {
        let path = member.path().to_string();
        member.is_in_type && then.fields.get(&path) != digests.get(&path)
    });
    changed
        .map(|member| ChangedField {
            path: member.path().to_string(),
            current: Some(Masked::hidden("unknown key")),
            undocumented: Some(member.name().into_owned()),
        })
        .collect()
}

/// Steps that differ although the inputs did not change: this machine has other run records, or newer ones,
/// than the plan was made with.
fn step_drift(
    promised: &[PlannedStep],
    now: &PlanWithInputs<'_>,
    plan_written_ids: &HashSet<WebhookId>,
) -> Vec<DriftedWebhook> {
    let mut planned_by_source_id: HashMap<Option<&WebhookId>, VecDeque<&PlannedStep>> =
        HashMap::new();
    for promise in promised {
        planned_by_source_id
            .entry(promise.source_id.as_ref())
            .or_default()
            .push_back(promise);
    }
    let mut drifted = Vec::new();
    for (desired, step) in now.plan.steps() {
        let planned = planned_by_source_id
            .get_mut(&desired.source_id())
            .and_then(VecDeque::pop_front);
        let Some(then) = planned else {
            continue;
        };
        let is_same = then.state == step.state && then.target_id.as_ref() == step.target_id();
        let is_applied = matches!(then.state, StepState::Create | StepState::Update)
            && step.state == StepState::Unchanged
            && step
                .target_id()
                .is_some_and(|id| plan_written_ids.contains(id));
        if !is_same && !is_applied {
            drifted.push(DriftedWebhook {
                side: Side::Source,
                id: desired.source_id().cloned(),
                alias: desired.alias().clone(),
                type_id: desired.type_id().map(|type_id| type_id.0),
                change: WebhookChange::DifferentStep {
                    then: then.state,
                    now: step.state,
                },
            });
        }
    }
    drifted
}
