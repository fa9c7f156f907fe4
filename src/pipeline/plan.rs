//! Fourth stage: what has to happen to each wanted webhook so that the target has it exactly once.
//! Pure. Counts copies, guesses nothing, and never plans a change to a webhook that the source does not have.

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

/// What to do where both accounts have a webhook of the same alias and type with different content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Write nothing at all.
    Fail,
    /// Leave it alone and go on.
    Skip,
    /// Bring the target's webhook to the source's content.
    Update,
}

impl OnConflict {
    /// The word for it on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Update => "update",
        }
    }

    /// Whether webhooks in that state stand in the way of applying.
    pub fn refuses(self, state: State) -> bool {
        match state {
            State::Conflict => self == Self::Fail,
            State::Ambiguous | State::Blocked => self != Self::Skip,
            State::Create | State::Update | State::Unchanged => false,
        }
    }
}

/// What has to happen to one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The target lacks it.
    Create,
    /// The target has it with other content, which is replaced.
    Update,
    /// The target has it already.
    Unchanged,
    /// The target has it with other content, which is left alone.
    Conflict,
    /// Which of several webhooks corresponds to it cannot be told.
    Ambiguous,
    /// It cannot be sent.
    Blocked,
}

impl State {
    /// All states in the order in which they are counted.
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::Update,
        Self::Unchanged,
        Self::Conflict,
        Self::Ambiguous,
        Self::Blocked,
    ];

    /// The word for it in every output.
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
    /// What has to happen.
    pub state: State,
    /// The target's webhook that it corresponds to.
    pub counterpart: Option<Box<StrippedWebhook>>,
    /// Why, where the state alone does not say it.
    pub reason: String,
    /// What differs from the counterpart, masked.
    pub differences: Vec<Difference>,
    /// What else the reader should know about this webhook.
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

    /// The target's id of the counterpart.
    pub fn target_id(&self) -> Option<&WebhookId> {
        self.counterpart.as_ref().and_then(|webhook| webhook.id())
    }
}

/// What has to happen to every wanted webhook, in the source's order.
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

/// How many webhooks are in each state; the six add up to the selection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([usize; 6]);

impl Counts {
    /// How many are in that state.
    pub fn of(&self, state: State) -> usize {
        State::ALL
            .iter()
            .position(|each| *each == state)
            .map_or(0, |at| self.0[at])
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

/// Something that the reader of a plan must know before saying yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The source stays active, so so many webhooks will be notified by both accounts.
    BothNotify(usize),
    /// So many Microsoft Teams connectors will not deliver: Microsoft has retired them.
    DeadOnArrival(usize),
    /// So many `SendLog` webhooks keep the source's ingest key or host: their logs flow back to the source account.
    LogsFlowBack(usize),
    /// So many `SendLog` webhooks send to an endpoint that the vendor is switching off.
    OldLogEndpoint(usize),
    /// New ids are given, so alerts must be pointed at them.
    AlertsNeedNewIds,
}

/// A value that rules ask for and that could not be read; nothing is written without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingValue {
    /// Where it should come from, such as `env SLACK_URL`.
    pub source: String,
    /// Why it could not be read.
    pub why: String,
    /// The webhooks that need it, by their place in the plan, and where in them.
    pub needed_by: Vec<(usize, Path)>,
}

impl Plan {
    /// Each wanted webhook with its step, in the source's order.
    pub fn steps(&self) -> impl Iterator<Item = (&PortableWebhook, &Step)> {
        self.portable.webhooks().iter().zip(&self.steps)
    }

    /// The wanted webhook and step at a place, counted from 0 in the source's order.
    pub fn step(&self, place: usize) -> (&PortableWebhook, &Step) {
        (&self.portable.webhooks()[place], &self.steps[place])
    }

    /// The plan for the same wanted webhooks after the target was read again.
    #[must_use]
    pub fn again(self, target: &Stripped, on_conflict: OnConflict, known: &Known) -> Self {
        plan(self.portable, target, on_conflict, known)
    }

    /// The wanted webhooks, in the source's order.
    pub fn portable(&self) -> &Portable {
        &self.portable
    }

    /// How many webhooks are in each state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            if let Some(at) = State::ALL.iter().position(|each| *each == step.state) {
                counts.0[at] += 1;
            }
        }
        counts
    }

    /// What happens to conflicts.
    pub fn on_conflict(&self) -> OnConflict {
        self.on_conflict
    }

    /// How many webhooks the target has.
    pub fn n_target(&self) -> usize {
        self.n_target
    }

    /// How many of the target's webhooks correspond to none of the source's; they are never touched.
    pub fn n_untouched(&self) -> usize {
        self.n_target - self.n_matched
    }

    /// Whether applying would write anything.
    pub fn has_changes(&self) -> bool {
        let counts = self.counts();
        counts.of(State::Create) + counts.of(State::Update) > 0
    }

    /// How many webhooks stand in the way of applying under the chosen policy; nothing is written while there are any.
    pub fn n_refusing(&self) -> usize {
        let is_in_the_way = |(webhook, step): &(&PortableWebhook, &Step)| {
            self.on_conflict.refuses(step.state) || !webhook.unread().is_empty()
        };
        self.steps().filter(is_in_the_way).count()
    }

    /// The values that rules ask for and that could not be read, each once, with the places that need it.
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

    /// What the reader must know before saying yes.
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

/// Compares what is wanted with what the target has and what earlier runs have taught, and decides each webhook.
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
