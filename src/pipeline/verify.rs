//! Sixth stage: compares what the target holds now with the desired webhooks of the plan.
//! Pure. Trusts no response, only what was read back.

use super::plan::{Difference, Plan, Step, StepIx, StepState, differences, unkept_differences};
use super::push::{Observation, PushResult, SeenWebhook};
use super::rewrite::PortableWebhook;
use super::strip::{Stripped, StrippedWebhook};
use crate::coralogix::content::Fingerprint;
use crate::coralogix::webhook::{Webhook, WebhookId};
use foldhash::{HashMap, HashSet};
use std::cell::OnceCell;

/// The verdict on one webhook that should be in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemVerdict {
    /// The target has it, exactly once, with the desired content.
    Verified,
    /// The target has it, but with other content; holds the fields that differ, masked.
    Altered(Vec<Difference>),
    /// The target does not have it.
    Missing,
    /// The target has more copies than desired. After a push, holds the ids of the surplus copies that others
    /// created during the run; in a comparison of two sides, the ids of all copies.
    Duplicated(Vec<WebhookId>),
    /// The comparison is inconclusive; holds the reason.
    Unclear(String),
}

/// The result of a verification.
#[derive(Debug)]
pub struct Verdict {
    /// The verdict on each webhook that should be in the target, with its plan step index, in plan order.
    pub item_verdicts: Vec<(StepIx, ItemVerdict)>,
}

impl Verdict {
    /// Number of webhooks whose verdict satisfies the predicate.
    pub fn count(&self, predicate: impl Fn(&ItemVerdict) -> bool) -> usize {
        self.item_verdicts
            .iter()
            .filter(|(_, verdict)| predicate(verdict))
            .count()
    }

    /// Whether the target has every webhook exactly once, altered or not.
    pub fn is_complete(&self) -> bool {
        self.item_verdicts
            .iter()
            .all(|(_, verdict)| matches!(verdict, ItemVerdict::Verified | ItemVerdict::Altered(_)))
    }
}

/// Checks each webhook that a push reports as written against a fresh reading of the target.
pub fn verify(plan: &Plan, result: &PushResult, observation: &Observation) -> Verdict {
    let by_id = observation.by_id();
    let surplus_ids = surplus_by_content(result, observation, plan);
    let desired_by_content = DesiredByContent::new(plan);
    let verdict_of = |(step_ix, status): &(StepIx, super::push::ItemStatus)| {
        let id = status.target_id()?;
        let desired = plan.step(*step_ix).0;
        let is_replaced = result.replaced.contains(step_ix);
        let item_verdict = match by_id.get(id).filter(|_| !is_replaced) {
            None => ItemVerdict::Missing,
            Some(found) => match desired
                .content()
                .and_then(|content| surplus_ids.get(&content.whole))
            {
                Some(ids) => ItemVerdict::Duplicated(ids.clone()),
                None => compare_written(desired, found, &desired_by_content),
            },
        };
        Some((*step_ix, item_verdict))
    };
    Verdict {
        item_verdicts: result.statuses.iter().filter_map(verdict_of).collect(),
    }
}

/// Compares a webhook as it was sent with what the target shows of it: every key that was sent counts.
fn compare_written(
    desired: &PortableWebhook,
    found: &SeenWebhook,
    desired_by_content: &DesiredByContent<'_>,
) -> ItemVerdict {
    let state_keys = desired_by_content.plan.portable().state_keys();
    let has_same_content = found.content() == desired.content();
    let has_undocumented = || desired.bare().undocumented_members().next().is_some();
    if has_same_content && !has_undocumented() {
        return ItemVerdict::Verified;
    }
    let body = found.differing_body();
    let body = body.or_else(|| desired_by_content.body(found));
    let mut altered = Vec::new();
    if let Some(body) = body {
        if !has_same_content {
            altered = differences(desired.bare(), body);
        }
        altered.extend(unkept_differences(desired.bare(), body, state_keys));
    }
    if has_same_content && altered.is_empty() {
        ItemVerdict::Verified
    } else {
        ItemVerdict::Altered(altered)
    }
}

/// The desired webhooks by content.
///
/// An observation keeps no body of a webhook that equals a desired one, so that one's body is used instead.
struct DesiredByContent<'p> {
    plan: &'p Plan,
    /// Built on first use, because hardly any run needs it.
    bodies: OnceCell<HashMap<Fingerprint, &'p Webhook>>,
}

impl<'p> DesiredByContent<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            bodies: OnceCell::new(),
        }
    }

    fn body(&self, found: &SeenWebhook) -> Option<&'p Webhook> {
        let whole = |(webhook, _): (&'p PortableWebhook, _)| {
            Some((webhook.content()?.whole, webhook.bare()))
        };
        let bodies = || self.plan.steps().filter_map(whole).collect();
        let bodies = self.bodies.get_or_init(bodies);
        bodies.get(&found.content()?.whole).copied()
    }
}

/// Compares each webhook of a plan with a reading of the target, without a push.
///
/// `source` holds every webhook of the source, selected or not, in the form desired in the target: a webhook
/// is duplicated only if the target has more copies of it than `source`.
pub fn compare(plan: &Plan, source: &[PortableWebhook], target: &Stripped) -> Verdict {
    let fingerprint_of = |webhook: &StrippedWebhook| webhook.content().map(|content| content.whole);
    let mut n_desired: HashMap<Fingerprint, usize> = HashMap::default();
    for content in source.iter().filter_map(PortableWebhook::content) {
        *n_desired.entry(content.whole).or_default() += 1;
    }
    let mut copies: HashMap<Fingerprint, Vec<WebhookId>> = HashMap::default();
    for webhook in target.webhooks() {
        if let (Some(fingerprint), Some(id)) = (fingerprint_of(webhook), webhook.id()) {
            copies.entry(fingerprint).or_default().push(id.clone());
        }
    }
    let all_differences = |webhook: &PortableWebhook, step: &Step| {
        let mut found = step.differences().to_vec();
        if let Some(counterpart) = &step.counterpart {
            let state_keys = plan.portable().state_keys();
            found.extend(unkept_differences(
                webhook.bare(),
                counterpart.bare(),
                state_keys,
            ));
        }
        found
    };
    let surplus_ids = |webhook: &PortableWebhook| {
        let fingerprint = webhook.content()?.whole;
        let ids = copies.get(&fingerprint)?;
        (Some(ids.len()) > n_desired.get(&fingerprint).copied()).then(|| ids.clone())
    };
    let verdict_of = |webhook: &PortableWebhook, step: &Step| match step.state {
        StepState::Create => ItemVerdict::Missing,
        StepState::Conflict | StepState::Update => {
            ItemVerdict::Altered(all_differences(webhook, step))
        }
        StepState::Ambiguous | StepState::Blocked => ItemVerdict::Unclear(step.reason().to_owned()),
        StepState::Unchanged => match surplus_ids(webhook) {
            Some(ids) => ItemVerdict::Duplicated(ids),
            None => match all_differences(webhook, step) {
                none if none.is_empty() => ItemVerdict::Verified,
                found => ItemVerdict::Altered(found),
            },
        },
    };
    let item_verdicts = plan.numbered_steps();
    Verdict {
        item_verdicts: item_verdicts
            .map(|(step_ix, webhook, step)| (step_ix, verdict_of(webhook, step)))
            .collect(),
    }
}

/// Ids of webhooks that others created during the run and whose content equals that of one that the plan
/// creates, by that content.
fn surplus_by_content(
    result: &PushResult,
    observation: &Observation,
    plan: &Plan,
) -> HashMap<Fingerprint, Vec<WebhookId>> {
    let created: HashSet<Fingerprint> = result
        .statuses
        .iter()
        .map(|(step_ix, _)| plan.step(*step_ix))
        .filter(|(_, step)| step.state == StepState::Create)
        .filter_map(|(webhook, _)| webhook.content().map(|content| content.whole))
        .collect();
    let mut copies: HashMap<Fingerprint, Vec<WebhookId>> = HashMap::default();
    for seen in observation.webhooks() {
        let (id, Some(content)) = (seen.id(), seen.content()) else {
            continue;
        };
        if result.new_in_target.contains(id) && created.contains(&content.whole) {
            copies.entry(content.whole).or_default().push(id.clone());
        }
    }
    copies
}
