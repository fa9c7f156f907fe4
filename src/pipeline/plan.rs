//! Fourth stage: decides for each desired webhook what to do so that the target has it exactly once.
//! Pure. Counts copies, never guesses, and never plans a change to a webhook that the source does not have.

mod difference;
mod known;
mod matching;

pub use difference::{Difference, difference, unknown_difference};
pub use known::{Known, Memory};

use super::rewrite::{Portable, PortableWebhook};
use super::strip::{Stripped, StrippedWebhook};
use crate::coralogix::kind::Kind;
use crate::coralogix::path::Path;
use crate::coralogix::webhook::WebhookId;
use serde::{Deserialize, Serialize};

/// What to do if both accounts have a webhook with the same alias and type but different content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Refuse to apply the plan; nothing is written.
    Fail,
    /// Leave the webhook alone and apply the rest of the plan.
    Skip,
    /// Replace the content of the target's webhook with that of the source.
    Update,
}

impl OnConflict {
    /// The value of `--on-conflict` on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Update => "update",
        }
    }

    /// Whether a webhook in this state prevents the plan from being applied.
    pub fn refuses(self, state: State) -> bool {
        match state {
            State::Conflict => self == Self::Fail,
            State::Ambiguous | State::Blocked => self != Self::Skip,
            State::Create | State::Update | State::Unchanged => false,
        }
    }
}

/// The decision for one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
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

impl State {
    /// All states, in the order of [`Counts`] and of every summary.
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::Update,
        Self::Unchanged,
        Self::Conflict,
        Self::Ambiguous,
        Self::Blocked,
    ];

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

/// The plan for one webhook.
#[derive(Debug, Clone)]
pub struct Step {
    /// The decision.
    pub state: State,
    /// The corresponding webhook of the target; `None` for a create and for an ambiguous or blocked webhook.
    pub counterpart: Option<Box<StrippedWebhook>>,
    /// Why the step has this state; empty if the state explains itself.
    pub reason: String,
    /// The masked differences from the counterpart.
    pub differences: Vec<Difference>,
    /// Further remarks for the reader of the plan.
    pub notes: Vec<String>,
}

impl Step {
    fn new(state: State, reason: impl Into<String>) -> Self {
        Self {
            state,
            counterpart: None,
            reason: reason.into(),
            differences: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The counterpart's id in the target.
    pub fn target_id(&self) -> Option<&WebhookId> {
        self.counterpart.as_ref().and_then(|webhook| webhook.id())
    }
}

/// A step for every desired webhook, in the order of the source.
#[derive(Debug)]
pub struct Plan {
    portable: Portable,
    steps: Vec<Step>,
    on_conflict: OnConflict,
    n_target: usize,
    n_matched: usize,
    /// Whether the source is a backup of the target itself.
    is_one_account: bool,
}

/// The number of webhooks in each state; the six numbers add up to the selection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([usize; 6]);

impl Counts {
    /// The number of webhooks in a state.
    pub fn of(&self, state: State) -> usize {
        State::ALL
            .iter()
            .position(|each| *each == state)
            .map_or(0, |at| self.0[at])
    }

    /// The number of webhooks in all states together.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

/// Something that the reader of a plan must know before confirming it. The numbers count webhooks that the
/// plan writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The source stays active, so both accounts will notify the destinations of this many webhooks.
    BothNotify(usize),
    /// This many Microsoft Teams connectors will not deliver, because Microsoft has retired them.
    DeadOnArrival(usize),
    /// This many `SendLog` webhooks keep the source's ingest key or host, so their logs flow back to the
    /// source account.
    LogsFlowBack(usize),
    /// This many `SendLog` webhooks send to an endpoint that the vendor is switching off.
    OldLogEndpoint(usize),
    /// The target assigns new ids, so alerts must be pointed at them.
    AlertsNeedNewIds,
}

/// A value that rules need but hookferry could not read. Nothing is written while one is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingValue {
    /// The source of the value, such as `env SLACK_URL`.
    pub source: String,
    /// Why hookferry could not read it.
    pub why: String,
    /// Each use of the value: the index of the step in the plan, and the path within that webhook.
    pub needed_by: Vec<(usize, Path)>,
}

impl Plan {
    /// Each desired webhook with its step, in the order of the source.
    pub fn steps(&self) -> impl Iterator<Item = (&PortableWebhook, &Step)> {
        self.portable.webhooks().iter().zip(&self.steps)
    }

    /// The desired webhook and its step at an index, counted from 0 in the order of the source.
    ///
    /// # Panics
    /// If the index is not below the number of steps.
    pub fn step(&self, place: usize) -> (&PortableWebhook, &Step) {
        (&self.portable.webhooks()[place], &self.steps[place])
    }

    /// Makes the plan for the same desired webhooks anew after a fresh read of the target.
    #[must_use]
    pub fn again(self, target: &Stripped, on_conflict: OnConflict, known: &Known) -> Self {
        plan(self.portable, target, on_conflict, known)
    }

    /// The desired webhooks, in the order of the source.
    pub fn portable(&self) -> &Portable {
        &self.portable
    }

    /// The number of webhooks in each state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            if let Some(at) = State::ALL.iter().position(|each| *each == step.state) {
                counts.0[at] += 1;
            }
        }
        counts
    }

    /// The policy for conflicts under which this plan was made.
    pub fn on_conflict(&self) -> OnConflict {
        self.on_conflict
    }

    /// The number of webhooks in the target.
    pub fn n_target(&self) -> usize {
        self.n_target
    }

    /// The number of the target's webhooks without a counterpart in the source; hookferry never touches them.
    pub fn n_untouched(&self) -> usize {
        self.n_target - self.n_matched
    }

    /// Whether applying the plan would write anything.
    pub fn has_changes(&self) -> bool {
        let counts = self.counts();
        counts.of(State::Create) + counts.of(State::Update) > 0
    }

    /// The number of webhooks that prevent the plan from being applied under its conflict policy, or for lack
    /// of a value.
    /// Unless it is 0, nothing is written.
    pub fn n_refusing(&self) -> usize {
        let is_in_the_way = |(webhook, step): &(&PortableWebhook, &Step)| {
            self.on_conflict.refuses(step.state) || !webhook.unread().is_empty()
        };
        self.steps().filter(is_in_the_way).count()
    }

    /// The values that rules need but hookferry could not read, each once, with all its uses.
    pub fn missing_values(&self) -> Vec<MissingValue> {
        let mut missing: Vec<MissingValue> = Vec::new();
        for (place, webhook) in self.portable.webhooks().iter().enumerate() {
            for unread in webhook.unread() {
                let needed = (place, unread.path.clone());
                match missing
                    .iter_mut()
                    .find(|value| value.source == unread.source)
                {
                    Some(value) => value.needed_by.push(needed),
                    None => missing.push(MissingValue {
                        source: unread.source.clone(),
                        why: unread.why.clone(),
                        needed_by: vec![needed],
                    }),
                }
            }
        }
        missing
    }

    /// Everything that the reader must know before confirming the plan.
    pub fn notices(&self) -> Vec<Notice> {
        let written: Vec<&PortableWebhook> = self
            .steps()
            .filter(|(_, step)| matches!(step.state, State::Create | State::Update))
            .map(|(webhook, _)| webhook)
            .collect();
        let count = |is_it: &dyn Fn(&PortableWebhook) -> bool| {
            written.iter().filter(|webhook| is_it(webhook)).count()
        };
        let teams = Kind::named("microsoft_teams").map(|kind| kind.id);
        let flows_back = |webhook: &PortableWebhook| {
            let flow = webhook.flows_back();
            !self.is_one_account && flow.is_some_and(|flow| flow.keeps_key || flow.host.is_some())
        };
        let is_old = |webhook: &PortableWebhook| {
            webhook
                .flows_back()
                .is_some_and(|flow| flow.is_old_endpoint)
        };
        let notices = [
            Notice::BothNotify(written.len()),
            Notice::LogsFlowBack(count(&flows_back)),
            Notice::OldLogEndpoint(count(&is_old)),
            Notice::DeadOnArrival(count(&|webhook| webhook.type_id() == teams)),
        ];
        let mut notices: Vec<Notice> = notices.into_iter().filter(Notice::is_about_any).collect();
        if self.counts().of(State::Create) > 0 {
            notices.push(Notice::AlertsNeedNewIds);
        }
        notices
    }
}

impl Notice {
    fn is_about_any(&self) -> bool {
        match self {
            Self::BothNotify(n)
            | Self::LogsFlowBack(n)
            | Self::OldLogEndpoint(n)
            | Self::DeadOnArrival(n) => *n > 0,
            Self::AlertsNeedNewIds => true,
        }
    }
}

/// Compares the desired webhooks with those of the target and with what is known from earlier runs, and
/// decides each one.
pub fn plan(portable: Portable, target: &Stripped, on_conflict: OnConflict, known: &Known) -> Plan {
    let (steps, n_matched) =
        matching::decide(portable.webhooks(), target.webhooks(), on_conflict, known);
    Plan {
        portable,
        steps,
        on_conflict,
        n_target: target.webhooks().len(),
        n_matched,
        is_one_account: known.has_equal_ids,
    }
}
