//! Drift: what has changed since a plan was saved, by account, webhook and field.

use super::{Binding, BoundSide, BoundWebhook, PlanWithInputs};
use crate::coralogix::account::{ApiKey, Side};
use crate::coralogix::birth::is_another_birth;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::mask::Masked;
use crate::coralogix::path::Path;
use crate::coralogix::undocumented::{is_documented, is_server_state};
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::plan::StepState;
use crate::pipeline::strip::{Stripped, StrippedWebhook};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

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
    /// A side shows no company id and has a different API key, so it is unknown whether it is still the same
    /// account.
    Key(Side),
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedField {
    /// Its path in the notation of rules files.
    pub path: String,
    /// The current value, masked; `None` if it no longer exists.
    pub current: Option<Masked>,
    /// The name of the undocumented member that holds it; `None` for a documented value, and for one that no longer
    /// exists unless its path can only be the server's own state.
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

/// A step of a saved plan: the id in the source, the state, and the id in the target.
pub type PlannedStep = (Option<WebhookId>, StepState, Option<WebhookId>);

impl Binding {
    /// Lists the changes since the plan was saved, most important first; empty if the plan still holds.
    ///
    /// Ignores `plan_written_ids`, the target's webhooks that earlier runs of this same plan wrote: they are the
    /// plan, applied in part.
    pub fn drift(
        &self,
        promised: &[PlannedStep],
        now: &PlanWithInputs<'_>,
        digest_key: &DigestKey,
        plan_written_ids: &HashSet<WebhookId>,
    ) -> Vec<Drift> {
        let accounts = self.account_drift(now, digest_key);
        if !accounts.is_empty() {
            return accounts;
        }
        let no_ids = HashSet::new();
        let mut webhooks =
            compare_side(Side::Source, &self.source, now.source, digest_key, &no_ids);
        webhooks.extend(compare_side(
            Side::Target,
            &self.target,
            now.target,
            digest_key,
            plan_written_ids,
        ));
        let rules = self.rules_drift(now, digest_key);
        if rules.is_none() {
            let others = self.value_drift(now, digest_key, &webhooks);
            webhooks.extend(others);
        }
        if rules.is_none() && webhooks.is_empty() {
            webhooks = step_drift(promised, now, plan_written_ids);
        }
        let webhooks = webhooks.into_iter().map(Drift::Webhook);
        rules.into_iter().chain(webhooks).collect()
    }

    fn account_drift(&self, now: &PlanWithInputs<'_>, digest_key: &DigestKey) -> Vec<Drift> {
        let target_key = Some(now.target_key);
        let source = side_account_drift(
            Side::Source,
            &self.source,
            now.source_company.as_deref(),
            now.source_key,
            digest_key,
        );
        let target = side_account_drift(
            Side::Target,
            &self.target,
            now.target_company.as_deref(),
            target_key,
            digest_key,
        );
        source.into_iter().chain(target).collect()
    }

    fn rules_drift(&self, now: &PlanWithInputs<'_>, digest_key: &DigestKey) -> Option<Drift> {
        match (&self.rules, &now.rules) {
            (None, None) => None,
            (Some(then), Some((_, text)))
                if then.seal == digest_key.digest_fingerprint(*text).to_string() =>
            {
                None
            }
            (_, Some((file, _))) => Some(Drift::Rules(file.clone())),
            (Some(then), None) => Some(Drift::Rules(then.file.clone())),
        }
    }

    /// Webhooks that did not change but have a different desired content, because the values of the rules
    /// changed.
    fn value_drift(
        &self,
        now: &PlanWithInputs<'_>,
        digest_key: &DigestKey,
        drifted: &[DriftedWebhook],
    ) -> Vec<DriftedWebhook> {
        let of_source = drifted
            .iter()
            .filter(|drifted| drifted.side == Side::Source);
        let changed: HashSet<&WebhookId> = of_source
            .filter_map(|drifted| drifted.id.as_ref())
            .collect();
        let mut then = UnclaimedWebhooks::new(&self.source.webhooks);
        let mut others = Vec::new();
        for (stripped, (desired, _)) in now.source.webhooks().iter().zip(now.plan.steps()) {
            let Some(then) = then.take(stripped) else {
                continue;
            };
            let digest = digest_key.digest_carried(desired.bare()).to_string();
            let is_changed = stripped.id().is_some_and(|id| changed.contains(id));
            if then.wanted.as_deref() != Some(&*digest) && !is_changed {
                let by_rules = desired.changes().iter();
                let paths = by_rules.map(|change| change.path.to_string()).collect();
                others.push(drifted_webhook(
                    Side::Source,
                    stripped,
                    WebhookChange::DifferentValues(paths),
                ));
            }
        }
        others
    }
}

fn side_account_drift(
    side: Side,
    then: &BoundSide,
    company: Option<&str>,
    key: Option<&ApiKey>,
    digest_key: &DigestKey,
) -> Option<Drift> {
    match (then.company_id.as_ref().map(WebhookId::as_str), company) {
        (Some(then), Some(now)) if then == now => None,
        (Some(then), Some(now)) => Some(Drift::Company {
            side,
            then: then.to_owned(),
            now: now.to_owned(),
        }),
        _ => {
            let key = key.map(|key| digest_key.digest_api_key(key).to_string());
            (key != then.key).then_some(Drift::Key(side))
        }
    }
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

/// Lists the webhooks of one side that are new, changed or gone.
fn compare_side(
    side: Side,
    then: &BoundSide,
    now: &Stripped,
    digest_key: &DigestKey,
    plan_written_ids: &HashSet<WebhookId>,
) -> Vec<DriftedWebhook> {
    let mut bound = UnclaimedWebhooks::new(&then.webhooks);
    let (mut drifted, mut replaced) = (Vec::new(), Vec::new());
    for stripped in now.webhooks() {
        let is_of_plan = stripped
            .id()
            .is_some_and(|id| plan_written_ids.contains(id));
        let what = match bound.take(stripped) {
            None => WebhookChange::Added,
            // It has only the number of the webhook that the plan updates; a server may date what we updated anew.
            Some(then) if !is_of_plan && is_reborn(then, stripped) => {
                replaced.push(then);
                WebhookChange::Added
            }
            Some(then) if then.seal == digest_key.digest_carried(stripped.bare()).to_string() => {
                continue;
            }
            Some(then) => WebhookChange::Changed(changed_fields(then, stripped, digest_key)),
        };
        if !is_of_plan {
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

fn changed_fields(
    then: &BoundWebhook,
    now: &StrippedWebhook,
    digest_key: &DigestKey,
) -> Vec<ChangedField> {
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
    let digests = digest_key.digest_places(now.bare());
    for place in now.bare().places() {
        let path = place.path.to_string();
        let is_leaf = !place.json_type.is_container();
        if is_leaf && then.fields.get(path.as_str()) != digests.get(path.as_str()) {
            changed.push(ChangedField {
                path,
                current: Some(place.masked),
                undocumented: undocumented_key(&place.path, now.bare()),
            });
        }
    }
    changed.extend(changed_type_members(then, now, &digests));
    let gone = then
        .fields
        .keys()
        .filter(|path| !digests.contains_key(*path));
    changed.extend(gone.map(|path| ChangedField {
        path: path.to_string(),
        current: None,
        undocumented: removed_state_key(path),
    }));
    changed
}

/// The undocumented top-level key that holds a value; `None` for a documented value.
fn undocumented_key(path: &Path, webhook: &Webhook) -> Option<String> {
    let key = path.parts().first()?;
    let is_undocumented = !is_documented(key) && webhook.raw(key).is_some();
    is_undocumented.then(|| key.clone())
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
    now: &StrippedWebhook,
    digests: &BTreeMap<SmolStr, SmolStr>,
) -> Vec<ChangedField> {
    let members = now.bare().undocumented_members();
    let changed = members.filter(|member| {
        let path = member.path().to_string();
        member.is_in_type && then.fields.get(path.as_str()) != digests.get(path.as_str())
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
            .entry(promise.0.as_ref())
            .or_default()
            .push_back(promise);
    }
    let mut drifted = Vec::new();
    for (desired, step) in now.plan.steps() {
        let planned = planned_by_source_id
            .get_mut(&desired.source_id())
            .and_then(VecDeque::pop_front);
        let Some((_, then, target_id)) = planned else {
            continue;
        };
        let is_same = *then == step.state && target_id.as_ref() == step.target_id();
        let is_applied = matches!(then, StepState::Create | StepState::Update)
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
                    then: *then,
                    now: step.state,
                },
            });
        }
    }
    drifted
}
