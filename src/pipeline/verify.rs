//! Sixth stage: compares what the target holds now with what the plan wants there.
//! Pure. Trusts no response, only what was read back.

use super::plan::{Difference, Plan, State, Step, difference};
use super::push::{Applied, Observation, Seen};
use super::rewrite::PortableWebhook;
use super::strip::{Stripped, StrippedWebhook};
use crate::coralogix::content::Fingerprint;
use crate::coralogix::webhook::{Webhook, WebhookId};
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// The verdict on one webhook that should be in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
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
    pub findings: Vec<(usize, Finding)>,
}

impl Verdict {
    /// Number of webhooks whose verdict satisfies the predicate.
    pub fn count(&self, is_it: impl Fn(&Finding) -> bool) -> usize {
        self.findings
            .iter()
            .filter(|(_, finding)| is_it(finding))
            .count()
    }

    /// Whether the target has every webhook exactly once, altered or not.
    pub fn is_complete(&self) -> bool {
        self.findings
            .iter()
            .all(|(_, finding)| matches!(finding, Finding::Verified | Finding::Altered(_)))
    }
}

/// Checks each webhook that a push reports as written against a fresh reading of the target.
pub fn verify(plan: &Plan, applied: &Applied, after: &Observation) -> Verdict {
    let seen = after.seen().iter();
    let by_id: HashMap<&WebhookId, &Seen> = seen.map(|seen| (seen.id(), seen)).collect();
    let surplus = surplus(applied, after, plan);
    let by_content = ByContent::of(plan);
    let finding = |(place, fate): &(usize, super::push::Fate)| {
        let id = fate.arrived()?;
        let wanted = plan.step(*place).0;
        let finding = match by_id.get(id) {
            None => Finding::Missing,
            Some(found) => match wanted
                .content()
                .and_then(|content| surplus.get(&content.whole))
            {
                Some(ids) => Finding::Duplicated(ids.clone()),
                None if found.content() == wanted.content() => Finding::Verified,
                None => {
                    let body = found.differing().or_else(|| by_content.body(found));
                    Finding::Altered(
                        body.map_or_else(Vec::new, |body| difference(wanted.bare(), body)),
                    )
                }
            },
        };
        Some((*place, finding))
    };
    Verdict {
        findings: applied.fates.iter().filter_map(finding).collect(),
    }
}

/// The desired webhooks by content.
///
/// An observation keeps no body of a webhook that equals a desired one, so that one's body is used instead.
struct ByContent<'p> {
    plan: &'p Plan,
    /// Built on first use, because hardly any run needs it.
    bodies: OnceCell<HashMap<Fingerprint, &'p Webhook>>,
}

impl<'p> ByContent<'p> {
    fn of(plan: &'p Plan) -> Self {
        Self {
            plan,
            bodies: OnceCell::new(),
        }
    }

    fn body(&self, found: &Seen) -> Option<&'p Webhook> {
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
    let whole = |webhook: &StrippedWebhook| webhook.content().map(|content| content.whole);
    let mut wanted: HashMap<Fingerprint, usize> = HashMap::new();
    for content in source.iter().filter_map(PortableWebhook::content) {
        *wanted.entry(content.whole).or_default() += 1;
    }
    let mut copies: HashMap<Fingerprint, Vec<WebhookId>> = HashMap::new();
    for webhook in target.webhooks() {
        if let (Some(fingerprint), Some(id)) = (whole(webhook), webhook.id()) {
            copies.entry(fingerprint).or_default().push(id.clone());
        }
    }
    let surplus = |webhook: &PortableWebhook| {
        let fingerprint = webhook.content()?.whole;
        let ids = copies.get(&fingerprint)?;
        (Some(ids.len()) > wanted.get(&fingerprint).copied()).then(|| ids.clone())
    };
    let finding = |(webhook, step): (&PortableWebhook, &Step)| match step.state {
        State::Create => Finding::Missing,
        State::Conflict | State::Update => Finding::Altered(step.differences.clone()),
        State::Ambiguous | State::Blocked => Finding::Unclear(step.reason.clone()),
        State::Unchanged => match surplus(webhook) {
            Some(ids) => Finding::Duplicated(ids),
            None if step.differences.is_empty() => Finding::Verified,
            None => Finding::Altered(step.differences.clone()),
        },
    };
    Verdict {
        findings: plan.steps().map(finding).enumerate().collect(),
    }
}

/// Ids of webhooks that others created during the run and whose content equals that of one that the plan
/// creates, by that content.
fn surplus(
    applied: &Applied,
    after: &Observation,
    plan: &Plan,
) -> HashMap<Fingerprint, Vec<WebhookId>> {
    let created: HashSet<Fingerprint> = applied
        .fates
        .iter()
        .map(|(place, _)| plan.step(*place))
        .filter(|(_, step)| step.state == State::Create)
        .filter_map(|(webhook, _)| webhook.content().map(|content| content.whole))
        .collect();
    let mut surplus: HashMap<Fingerprint, Vec<WebhookId>> = HashMap::new();
    for seen in after.seen() {
        let (id, Some(content)) = (seen.id(), seen.content()) else {
            continue;
        };
        if applied.appeared.contains(id) && created.contains(&content.whole) {
            surplus.entry(content.whole).or_default().push(id.clone());
        }
    }
    surplus
}
