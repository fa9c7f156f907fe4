//! What is not any more as it was when a saved plan was made: which account, which webhook, which field.

use super::{Binding, BoundSide, BoundWebhook, Made};
use crate::coralogix::account::{ApiKey, Side};
use crate::coralogix::mask::Masked;
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::State;
use crate::pipeline::strip::{Stripped, StrippedWebhook};
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet, VecDeque};

/// Something that moved since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// A side is another company than it was.
    Company {
        /// Which side.
        side: Side,
        /// The company then.
        then: String,
        /// The company now.
        now: String,
    },
    /// A side shows no company id, and its API key is another one: it cannot be told whether it is the same account.
    Key(Side),
    /// The rules file has another text.
    Rules(String),
    /// A webhook of one of the sides.
    Webhook(MovedWebhook),
}

/// A webhook that moved since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedWebhook {
    /// Which side it is on.
    pub side: Side,
    /// Its id there.
    pub id: Option<WebhookId>,
    /// Its name there, as it is now, or was.
    pub alias: SmolStr,
    /// Its type as the vendor numbers it.
    pub type_id: Option<u64>,
    /// What happened to it.
    pub what: What,
}

/// What happened to a webhook since a plan was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It was not there.
    Appeared,
    /// It is not there any more.
    Gone,
    /// It has other content, at these places.
    Changed(Vec<ChangedField>),
    /// It is as it was, and the rules give it other values, at these paths.
    OtherValues(Vec<String>),
    /// Nothing of it changed, and yet something else would be done with it.
    OtherStep {
        /// What was planned.
        then: State,
        /// What would be done now.
        now: State,
    },
}

/// One place of a webhook that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedField {
    /// The place as rules write it.
    pub path: String,
    /// What is there now, masked; `None` where nothing is any more.
    pub now: Option<Masked>,
}

/// A step as a saved plan promised it: the source's id, the state, and the target's id.
pub type Promise = (Option<WebhookId>, State, Option<WebhookId>);

impl Binding {
    /// Everything that moved since, in the order of importance; nothing where the plan still holds.
    ///
    /// What an earlier run of this very plan wrote, `ours`, is not counted: it is the plan, carried out in part.
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

    /// Webhooks that are as they were and for which something else is wanted: the values of the rules are others.
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
    match (then.company_id.as_deref(), company) {
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

/// An id tells which webhook it is; without one alias and type do.
type BoundKey<'b> = (Option<&'b str>, &'b str, Option<u64>);

fn key<'k>(id: Option<&'k str>, alias: &'k str, type_id: Option<u64>) -> BoundKey<'k> {
    match id {
        Some(id) => (Some(id), "", None),
        None => (None, alias, type_id),
    }
}

/// The webhooks that a side had, each to be found once.
struct Bound<'b>(HashMap<BoundKey<'b>, VecDeque<(usize, &'b BoundWebhook)>>);

impl<'b> Bound<'b> {
    fn new(webhooks: &'b [BoundWebhook]) -> Self {
        let mut bound: HashMap<BoundKey<'b>, VecDeque<_>> = HashMap::new();
        for (at, webhook) in webhooks.iter().enumerate() {
            let key = key(webhook.id.as_deref(), &webhook.alias, webhook.type_id);
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

    /// Those that were not found, in their order.
    fn left(self) -> Vec<&'b BoundWebhook> {
        let mut left: Vec<(usize, &BoundWebhook)> = self.0.into_values().flatten().collect();
        left.sort_by_key(|(at, _)| *at);
        left.into_iter().map(|(_, webhook)| webhook).collect()
    }
}

/// What moved on one side.
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
        id: webhook.id.as_deref().map(WebhookId::new),
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

/// Steps that would be others although nothing moved: what run records teach is different, here or now.
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
