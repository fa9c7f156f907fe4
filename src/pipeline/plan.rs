//! Fourth stage: decides for each desired webhook what to do so that the target has it exactly once.
//! Pure. Counts copies, never guesses, and never plans a change to a webhook that the source does not have.

mod conflict_policy;
mod difference;
mod matching;
mod prior_knowledge;
mod step;
mod step_ix;

pub use conflict_policy::{ConflictDecision, ConflictPolicy, OnConflict, ResolvedPolicy};
pub use difference::{Difference, differences, undocumented_differences, unkept_differences};
pub use prior_knowledge::{AlteredCopy, PriorKnowledge, RunKnowledge, UnprovenCopy, UnprovenRun};
pub use step::Step;
pub use step_ix::StepIx;

use super::rewrite::{Portable, PortableWebhook, ServiceEnd};
use super::strip::Stripped;
use crate::coralogix::path::Path;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The decision for one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// The target does not have it; hookferry creates it.
    Create,
    /// The target has it with different content; hookferry replaces that content.
    Update,
    /// The target already has it.
    Unchanged,
    /// The target has it with different content, which hookferry leaves alone.
    Conflict,
    /// It is unclear which webhook of the target, if any, corresponds to it.
    Ambiguous,
    /// It cannot be sent; see `strip::Blocked` for the reasons.
    Blocked,
}

impl StepState {
    /// All states, in the order of [`Counts`] and of every summary.
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::Update,
        Self::Unchanged,
        Self::Conflict,
        Self::Ambiguous,
        Self::Blocked,
    ];

    /// Whether the plan sends the webhook.
    pub fn is_sent(self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }

    /// The word for the state in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::Conflict => "conflict",
            Self::Ambiguous => "ambiguous",
            Self::Blocked => "blocked",
        }
    }
}

/// A step for every desired webhook, in the order of the source.
#[derive(Debug)]
pub struct Plan {
    portable: Portable,
    steps: Vec<Step>,
    policy: ConflictPolicy,
    n_in_target: usize,
    n_matched: usize,
    /// Whether the source is a backup of the target itself.
    is_same_account: bool,
}

/// The number of webhooks in each state; the six numbers add up to the selection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([usize; 6]);

impl Counts {
    fn of(states: impl Iterator<Item = StepState>) -> Self {
        let mut counts = Self::default();
        for state in states {
            if let Some(state_ix) = StepState::ALL.iter().position(|each| *each == state) {
                counts.0[state_ix] += 1;
            }
        }
        counts
    }

    /// The number of webhooks in a state.
    pub fn get(&self, state: StepState) -> usize {
        StepState::ALL
            .iter()
            .position(|each| *each == state)
            .map_or(0, |state_ix| self.0[state_ix])
    }

    /// The number of webhooks in all states together.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

/// Something that the reader of a plan must know before confirming it. Unless stated otherwise, the numbers count
/// webhooks that the plan writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The destinations of this many webhooks will be notified.
    WillNotify(usize),
    /// This many webhooks deliver to a service that ends, or has ended.
    EndingService(ServiceEnd, usize),
    /// This many webhooks keep the source's ingest key or host, so their logs flow back to the source account.
    LogsFlowBack(usize),
    /// This many webhooks have a value that is probably wrong.
    DoubtfulValues(usize),
    /// This many unchanged webhooks differ only in the server's own state, or in keys that the user ignores.
    OtherState(usize),
    /// The target assigns new ids, so alerts must be pointed at them.
    AlertsNeedNewIds,
}

/// A value that rules need but hookferry could not read. Nothing is written while one is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingValue {
    /// The source of the value, such as `env SLACK_URL`.
    pub source: String,
    /// Why hookferry could not read it.
    pub reason: String,
    /// Each use of the value: the step, and the path within its webhook.
    pub needed_by: Vec<(StepIx, Path)>,
}

impl Plan {
    /// Each desired webhook with its step, in the order of the source.
    pub fn steps(&self) -> impl Iterator<Item = (&PortableWebhook, &Step)> {
        self.portable.webhooks().iter().zip(&self.steps)
    }

    /// Each desired webhook with its step and the index of that, in the order of the source.
    pub fn numbered_steps(&self) -> impl Iterator<Item = (StepIx, &PortableWebhook, &Step)> {
        let steps = self.steps().enumerate();
        steps.map(|(ix, (webhook, step))| (StepIx::from(ix), webhook, step))
    }

    /// The desired webhook and its step at an index.
    ///
    /// # Panics
    /// If the index is not one of this plan.
    pub fn step(&self, step_ix: StepIx) -> (&PortableWebhook, &Step) {
        let ix = step_ix.get();
        (&self.portable.webhooks()[ix], &self.steps[ix])
    }

    /// Makes the plan for the same desired webhooks anew after a fresh read of the target.
    #[must_use]
    pub fn replan(self, target: &Stripped, known: &PriorKnowledge) -> Self {
        plan(self.portable, target, self.policy, known)
    }

    /// The desired webhooks, in the order of the source.
    pub fn portable(&self) -> &Portable {
        &self.portable
    }

    /// The number of webhooks in each state.
    pub fn counts(&self) -> Counts {
        Counts::of(self.steps.iter().map(|step| step.state))
    }

    /// Whether the source is a backup of the target itself, or is rehearsed.
    pub fn is_same_account(&self) -> bool {
        self.is_same_account
    }

    /// The remarks on a step of this plan for its reader.
    pub fn notes(&self, webhook: &PortableWebhook, step: &Step) -> Vec<String> {
        let mut notes = step.notes().to_vec();
        if !step.state.is_sent() && step.state != StepState::Conflict {
            return notes;
        }
        // The plan's notices name the service, and what to do.
        if let Some(end) = webhook.service_end(self.portable.today()) {
            notes.push(format!("its service {}", end.when()));
        }
        notes
    }

    /// The policy for conflicts under which this plan was made.
    pub fn policy(&self) -> &ConflictPolicy {
        &self.policy
    }

    /// The number of webhooks in the target.
    pub fn n_in_target(&self) -> usize {
        self.n_in_target
    }

    /// The number of the target's webhooks without a counterpart in the source; hookferry never touches them.
    pub fn n_untouched(&self) -> usize {
        self.n_in_target - self.n_matched
    }

    /// Whether applying the plan would write anything.
    pub fn has_changes(&self) -> bool {
        let counts = self.counts();
        counts.get(StepState::Create) + counts.get(StepState::Update) > 0
    }

    /// The number of webhooks in each state that prevent the plan from being applied under its conflict policy.
    pub fn preventing_apply(&self) -> Counts {
        let policy = resolve_policy(&self.policy, &self.portable);
        let prevents_apply = |(webhook, step): &(&PortableWebhook, &Step)| {
            policy.prevents_apply(webhook.alias(), step.state)
        };
        let preventing = self.steps().filter(prevents_apply);
        Counts::of(preventing.map(|(_, step)| step.state))
    }

    /// Whether the plan can be applied; unless it can, nothing is written.
    pub fn is_appliable(&self) -> bool {
        let mut steps = self.steps();
        self.preventing_apply().total() == 0
            && steps.all(|(webhook, _)| webhook.unread_values().is_empty())
    }

    /// The values that rules need but hookferry could not read, each once, with all its uses.
    pub fn missing_values(&self) -> Vec<MissingValue> {
        let mut missing: Vec<MissingValue> = Vec::new();
        for (step_ix, webhook, _) in self.numbered_steps() {
            for unread in webhook.unread_values() {
                let use_of_value = (step_ix, unread.path.clone());
                match missing
                    .iter_mut()
                    .find(|value| value.source == unread.source)
                {
                    Some(value) => value.needed_by.push(use_of_value),
                    None => missing.push(MissingValue {
                        source: unread.source.clone(),
                        reason: unread.reason.clone(),
                        needed_by: vec![use_of_value],
                    }),
                }
            }
        }
        missing
    }

    /// Everything that the reader must know before confirming the plan.
    pub fn notices(&self) -> Vec<Notice> {
        let written_webhooks: Vec<&PortableWebhook> = self
            .steps()
            .filter(|(_, step)| matches!(step.state, StepState::Create | StepState::Update))
            .map(|(webhook, _)| webhook)
            .collect();
        let count_written = |predicate: &dyn Fn(&PortableWebhook) -> bool| {
            written_webhooks
                .iter()
                .filter(|webhook| predicate(webhook))
                .count()
        };
        let flows_back = |webhook: &PortableWebhook| {
            let flow = webhook.log_backflow();
            !self.is_same_account && flow.is_some()
        };
        let notices = [
            Notice::WillNotify(written_webhooks.len()),
            Notice::LogsFlowBack(count_written(&flows_back)),
            Notice::DoubtfulValues(count_written(&|webhook| {
                !webhook.value_warnings().is_empty()
            })),
            Notice::OtherState(
                self.steps
                    .iter()
                    .filter(|step| step.has_other_state)
                    .count(),
            ),
        ];
        let mut notices: Vec<Notice> = notices.into_iter().filter(Notice::concerns_any).collect();
        notices.extend(service_ends(&written_webhooks, self.portable.today()));
        if self.counts().get(StepState::Create) > 0 {
            notices.push(Notice::AlertsNeedNewIds);
        }
        notices
    }
}

/// The services that end, each with the number of webhooks that deliver to it.
fn service_ends(webhooks: &[&PortableWebhook], today: Date) -> Vec<Notice> {
    let mut found: Vec<(ServiceEnd, usize)> = Vec::new();
    for ending in webhooks
        .iter()
        .filter_map(|webhook| webhook.service_end(today))
    {
        match found.iter_mut().find(|(other, _)| *other == ending) {
            Some((_, n)) => *n += 1,
            None => found.push((ending, 1)),
        }
    }
    let notices = found.into_iter();
    notices
        .map(|(ending, n)| Notice::EndingService(ending, n))
        .collect()
}

impl Notice {
    fn concerns_any(&self) -> bool {
        match self {
            Self::WillNotify(n)
            | Self::LogsFlowBack(n)
            | Self::DoubtfulValues(n)
            | Self::OtherState(n)
            | Self::EndingService(_, n) => *n > 0,
            Self::AlertsNeedNewIds => true,
        }
    }
}

/// The policy for the desired webhooks.
pub fn resolve_policy<'p>(policy: &ConflictPolicy, portable: &'p Portable) -> ResolvedPolicy<'p> {
    let webhooks = portable.webhooks().iter();
    policy.resolve(webhooks.map(|webhook| webhook.alias().as_str()))
}

/// Compares the desired webhooks with those of the target and with what is known from earlier runs, and
/// decides each one.
pub fn plan(
    portable: Portable,
    target: &Stripped,
    policy: impl Into<ConflictPolicy>,
    known: &PriorKnowledge,
) -> Plan {
    let policy = policy.into();
    let resolved = resolve_policy(&policy, &portable);
    let (steps, n_matched) = matching::decide(&portable, target.webhooks(), &resolved, known);
    Plan {
        portable,
        steps,
        policy,
        n_in_target: target.webhooks().len(),
        n_matched,
        is_same_account: known.has_shared_ids,
    }
}
