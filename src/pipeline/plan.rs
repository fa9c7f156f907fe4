//! Fourth stage: what has to happen to each wanted webhook so that the target has it exactly once.
//! Pure. Counts copies, guesses nothing, and never plans a change to a webhook that the source does not have.

mod difference;
mod known;
mod matching;

pub use difference::{Difference, difference};
pub use known::{Known, Memory};

use super::rewrite::{Portable, PortableWebhook};
use super::strip::{Stripped, StrippedWebhook};
use crate::coralogix::kind::Kind;
use crate::coralogix::webhook::{TypeId, WebhookId};

/// What to do where both accounts have a webhook of the same alias and type with different content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Write nothing at all.
    Fail,
    /// Leave it alone and go on.
    Skip,
    /// Bring the target's webhook to the source's content.
    Update,
}

/// What has to happen to one webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    pub counterpart: Option<StrippedWebhook>,
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
        self.counterpart.as_ref().and_then(StrippedWebhook::id)
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
    /// So many `SendLog` webhooks keep the source's ingest key: their logs flow back to the source account.
    LogsFlowBack(usize),
    /// New ids are given, so alerts must be pointed at them.
    AlertsNeedNewIds,
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
        let counts = self.counts();
        let unclear = counts.of(State::Ambiguous) + counts.of(State::Blocked);
        match self.on_conflict {
            OnConflict::Fail => counts.of(State::Conflict) + unclear,
            OnConflict::Update => unclear,
            OnConflict::Skip => 0,
        }
    }

    /// What the reader must know before saying yes.
    pub fn notices(&self) -> Vec<Notice> {
        let created = |type_id: Option<TypeId>| {
            let is_it =
                |webhook: &PortableWebhook| type_id.is_none() || webhook.type_id() == type_id;
            self.steps()
                .filter(|(webhook, step)| {
                    matches!(step.state, State::Create | State::Update) && is_it(webhook)
                })
                .count()
        };
        let of = |name| created(Kind::named(name).map(|kind| kind.id));
        let mut notices = Vec::new();
        if created(None) > 0 {
            notices.push(Notice::BothNotify(created(None)));
        }
        if of("sendlog") > 0 {
            notices.push(Notice::LogsFlowBack(of("sendlog")));
        }
        if of("microsoft_teams") > 0 {
            notices.push(Notice::DeadOnArrival(of("microsoft_teams")));
        }
        if self.counts().of(State::Create) > 0 {
            notices.push(Notice::AlertsNeedNewIds);
        }
        notices
    }
}

/// Compares what is wanted with what the target has and what earlier runs have taught, and decides each webhook.
pub fn plan(portable: Portable, target: &Stripped, on_conflict: OnConflict, known: &Known) -> Plan {
    let (steps, n_matched) = matching::decide(
        portable.webhooks(),
        target.webhooks(),
        on_conflict,
        known.lookup(),
    );
    Plan {
        portable,
        steps,
        on_conflict,
        n_target: target.webhooks().len(),
        n_matched,
    }
}
