//! Drift: what has changed since a plan was saved, by account, webhook and field.

use super::{Binding, BoundSide, BoundWebhook, Made};
use crate::coralogix::account::{ApiKey, Side};
use crate::coralogix::mask::Masked;
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::State;
use crate::pipeline::strip::{Stripped, StrippedWebhook};
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet, VecDeque};

/// One change since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
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
    Webhook(MovedWebhook),
}

/// A webhook that changed since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedWebhook {
    /// The side that it is on.
    pub side: Side,
    /// Its id on that side.
    pub id: Option<WebhookId>,
    /// Its current alias; the last known one if it is gone.
    pub alias: SmolStr,
    /// The vendor's number of its type.
    pub type_id: Option<u64>,
    /// The kind of change.
    pub what: What,
}

/// The kind of change to a webhook since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Appeared,
    /// It no longer exists.
    Gone,
    /// Its content differs in these fields.
    Changed(Vec<ChangedField>),
    /// It did not change, but the rules now set different values at these paths.
    OtherValues(Vec<String>),
    /// It did not change, but a new plan decides differently about it.
    OtherStep {
        /// The saved decision.
        then: State,
        /// The current decision.
        now: State,
    },
}

/// One value of a webhook that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedField {
    /// Its path in the notation of rules files.
    pub path: String,
    /// The current value, masked; `None` if it no longer exists.
    pub now: Option<Masked>,
}

/// A step of a saved plan: the id in the source, the state, and the id in the target.
pub type Promise = (Option<WebhookId>, State, Option<WebhookId>);

impl Binding {
    /// Lists the changes since the plan was saved, most important first; empty if the plan still holds.
    ///
    /// Ignores `ours`, the webhooks that an earlier run of this same plan wrote: they are the plan, carried
    /// out in part.
    pub fn moved(
        &self,
        promised: &[Promise],
        now: &Made<'_>,
        sealer: &Sealer,
        ours: &HashSet<WebhookId>,
    ) -> Vec<Moved> {
        let accounts = self.other_accounts(now, sealer);
        if !accounts.is_empty() {
            return accounts;
        }
        let none = HashSet::new();
        let mut webhooks = compared(Side::Source, &self.source, now.source, sealer, &none);
        webhooks.extend(compared(
            Side::Target,
            &self.target,
            now.target,
            sealer,
            ours,
        ));
        let rules = self.other_rules(now, sealer);
        if rules.is_none() {
            let others = self.other_values(now, sealer, &webhooks);
            webhooks.extend(others);
        }
        if rules.is_none() && webhooks.is_empty() {
            webhooks = other_steps(promised, now, ours);
        }
        let webhooks = webhooks.into_iter().map(Moved::Webhook);
        rules.into_iter().chain(webhooks).collect()
    }

    fn other_accounts(&self, now: &Made<'_>, sealer: &Sealer) -> Vec<Moved> {
        let target_key = Some(now.target_key);
        let source = other_account(
            Side::Source,
            &self.source,
            now.source_company.as_deref(),
            now.source_key,
            sealer,
        );
        let target = other_account(
            Side::Target,
            &self.target,
            now.target_company.as_deref(),
            target_key,
            sealer,
        );
        source.into_iter().chain(target).collect()
    }

    fn other_rules(&self, now: &Made<'_>, sealer: &Sealer) -> Option<Moved> {
        match (&self.rules, &now.rules) {
            (None, None) => None,
            (Some(then), Some((_, text))) if then.seal == sealer.fingerprint(*text).to_string() => {
                None
            }
            (_, Some((file, _))) => Some(Moved::Rules(file.clone())),
            (Some(then), None) => Some(Moved::Rules(then.file.clone())),
        }
    }

    /// Webhooks that did not change but have a different desired content, because the values of the rules
    /// changed.
    fn other_values(
        &self,
        now: &Made<'_>,
        sealer: &Sealer,
        moved: &[MovedWebhook],
    ) -> Vec<MovedWebhook> {
        let of_source = moved.iter().filter(|moved| moved.side == Side::Source);
        let changed: HashSet<&WebhookId> =
            of_source.filter_map(|moved| moved.id.as_ref()).collect();
        let mut then = Bound::new(&self.source.webhooks);
        let mut others = Vec::new();
        for (stripped, (wanted, _)) in now.source.webhooks().iter().zip(now.plan.steps()) {
            let Some(then) = then.take(stripped) else {
                continue;
            };
            let seal = sealer.carried(wanted.bare()).to_string();
            let is_changed = stripped.id().is_some_and(|id| changed.contains(id));
            if then.wanted.as_deref() != Some(&*seal) && !is_changed {
                let by_rules = wanted.changes().iter();
                let paths = by_rules.map(|change| change.path.to_string()).collect();
                others.push(moved_webhook(
                    Side::Source,
                    stripped,
                    What::OtherValues(paths),
                ));
            }
        }
        others
    }
}

fn other_account(
    side: Side,
    then: &BoundSide,
    company: Option<&str>,
    key: Option<&ApiKey>,
    sealer: &Sealer,
) -> Option<Moved> {
    match (then.company_id.as_ref().map(WebhookId::as_str), company) {
        (Some(then), Some(now)) if then == now => None,
        (Some(then), Some(now)) => Some(Moved::Company {
            side,
            then: then.to_owned(),
            now: now.to_owned(),
        }),
        _ => {
            let key = key.map(|key| sealer.key(key).to_string());
            (key != then.key).then_some(Moved::Key(side))
        }
    }
}

fn moved_webhook(side: Side, of: &StrippedWebhook, what: What) -> MovedWebhook {
    MovedWebhook {
        side,
        id: of.id().cloned(),
        alias: of.alias().clone(),
        type_id: of.type_id().map(|type_id| type_id.0),
        what,
    }
}

/// Identifies a webhook by its id, or by alias and type if it has none.
type BoundKey<'b> = (Option<&'b str>, &'b str, Option<u64>);

fn key<'k>(id: Option<&'k str>, alias: &'k str, type_id: Option<u64>) -> BoundKey<'k> {
    match id {
        Some(id) => (Some(id), "", None),
        None => (None, alias, type_id),
    }
}

/// The webhooks that a side had when the plan was saved, each to be looked up once.
struct Bound<'b>(HashMap<BoundKey<'b>, VecDeque<(usize, &'b BoundWebhook)>>);

impl<'b> Bound<'b> {
    fn new(webhooks: &'b [BoundWebhook]) -> Self {
        let mut bound: HashMap<BoundKey<'b>, VecDeque<_>> = HashMap::new();
        for (at, webhook) in webhooks.iter().enumerate() {
            let key = key(
                webhook.id.as_ref().map(WebhookId::as_str),
                &webhook.alias,
                webhook.type_id,
            );
            bound.entry(key).or_default().push_back((at, webhook));
        }
        Self(bound)
    }

    fn take(&mut self, webhook: &'b StrippedWebhook) -> Option<&'b BoundWebhook> {
        let id = webhook.id().map(WebhookId::as_str);
        let type_id = webhook.type_id().map(|type_id| type_id.0);
        let bound = self.0.get_mut(&key(id, webhook.alias(), type_id))?;
        bound.pop_front().map(|(_, webhook)| webhook)
    }

    /// The webhooks that no lookup found, in their original order.
    fn left(self) -> Vec<&'b BoundWebhook> {
        let mut left: Vec<(usize, &BoundWebhook)> = self.0.into_values().flatten().collect();
        left.sort_by_key(|(at, _)| *at);
        left.into_iter().map(|(_, webhook)| webhook).collect()
    }
}

/// Lists the webhooks of one side that are new, changed or gone.
fn compared(
    side: Side,
    then: &BoundSide,
    now: &Stripped,
    sealer: &Sealer,
    ours: &HashSet<WebhookId>,
) -> Vec<MovedWebhook> {
    let mut bound = Bound::new(&then.webhooks);
    let mut moved = Vec::new();
    for stripped in now.webhooks() {
        let what = match bound.take(stripped) {
            None => What::Appeared,
            Some(then) if then.seal == sealer.carried(stripped.bare()).to_string() => continue,
            Some(then) => What::Changed(changed_fields(then, stripped, sealer)),
        };
        if !stripped.id().is_some_and(|id| ours.contains(id)) {
            moved.push(moved_webhook(side, stripped, what));
        }
    }
    let gone = |webhook: &BoundWebhook| MovedWebhook {
        side,
        id: webhook.id.clone(),
        alias: webhook.alias.clone(),
        type_id: webhook.type_id,
        what: What::Gone,
    };
    moved.extend(bound.left().into_iter().map(gone));
    moved
}

fn changed_fields(
    then: &BoundWebhook,
    now: &StrippedWebhook,
    sealer: &Sealer,
) -> Vec<ChangedField> {
    let mut changed = Vec::new();
    let type_id = now.type_id().map(|type_id| type_id.0);
    if then.alias != *now.alias() {
        changed.push(ChangedField {
            path: "alias".to_owned(),
            now: Some(Masked::Text(now.alias().to_string())),
        });
    }
    if then.type_id != type_id {
        changed.push(ChangedField {
            path: "integration_type.id".to_owned(),
            now: type_id.map(|type_id| Masked::Number(type_id.to_string())),
        });
    }
    let seals = sealer.places(now.bare());
    for place in now.bare().places() {
        let path = place.path.to_string();
        let is_leaf = !place.shape.is_container();
        if is_leaf && then.fields.get(path.as_str()) != seals.get(path.as_str()) {
            let now = Some(place.masked);
            changed.push(ChangedField { path, now });
        }
    }
    let gone = then.fields.keys().filter(|path| !seals.contains_key(*path));
    changed.extend(gone.map(|path| ChangedField {
        path: path.to_string(),
        now: None,
    }));
    changed
}

/// Steps that differ although the inputs did not change: this machine has other run records, or newer ones,
/// than the plan was made with.
fn other_steps(
    promised: &[Promise],
    now: &Made<'_>,
    ours: &HashSet<WebhookId>,
) -> Vec<MovedWebhook> {
    let mut left: HashMap<Option<&WebhookId>, VecDeque<&Promise>> = HashMap::new();
    for promise in promised {
        left.entry(promise.0.as_ref())
            .or_default()
            .push_back(promise);
    }
    let mut moved = Vec::new();
    for (wanted, step) in now.plan.steps() {
        let promise = left
            .get_mut(&wanted.source_id())
            .and_then(VecDeque::pop_front);
        let Some((_, then, target_id)) = promise else {
            continue;
        };
        let is_same = *then == step.state && target_id.as_ref() == step.target_id();
        let is_done = matches!(then, State::Create | State::Update)
            && step.state == State::Unchanged
            && step.target_id().is_some_and(|id| ours.contains(id));
        if !is_same && !is_done {
            moved.push(MovedWebhook {
                side: Side::Source,
                id: wanted.source_id().cloned(),
                alias: wanted.alias().clone(),
                type_id: wanted.type_id().map(|type_id| type_id.0),
                what: What::OtherStep {
                    then: *then,
                    now: step.state,
                },
            });
        }
    }
    moved
}
