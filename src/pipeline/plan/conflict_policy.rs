//! What to do with webhooks that both accounts have, but with different content: one policy for all of them, and
//! decisions for single ones.

use super::StepState;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;
use wildmatch::WildMatch;

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
    const ALL: [Self; 3] = [Self::Fail, Self::Skip, Self::Update];

    /// The value of `--on-conflict` on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Update => "update",
        }
    }

    /// Whether a webhook in this state prevents the plan from being applied.
    fn prevents_apply(self, state: StepState) -> bool {
        match state {
            StepState::Conflict => self == Self::Fail,
            StepState::Ambiguous | StepState::Blocked => self != Self::Skip,
            StepState::Create | StepState::Update | StepState::Unchanged => false,
        }
    }
}

/// The policy for webhooks with a certain alias, which counts instead of the general one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictDecision {
    /// A case-sensitive pattern for aliases as the plan shows them, with the wildcards `*` and `?`.
    pub alias: String,
    /// The policy for them.
    pub on_conflict: OnConflict,
}

impl ConflictDecision {
    /// Takes `ALIAS=POLICY`; the last `=` counts, because an alias may have some of its own. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (alias, word) = text.rsplit_once('=')?;
        let mut policies = OnConflict::ALL.into_iter();
        let on_conflict = policies.find(|policy| policy.word() == word.trim())?;
        (!alias.is_empty()).then(|| Self {
            alias: alias.to_owned(),
            on_conflict,
        })
    }

    fn decides(&self, alias: &str) -> bool {
        // An alias that is typed as it stands means itself, whatever wildcards it has.
        self.alias == alias || WildMatch::new(&self.alias).matches(alias)
    }
}

/// Writes it as `--on-conflict-for` takes it.
impl fmt::Display for ConflictDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.alias, self.on_conflict.word())
    }
}

/// The policy for conflicts: one for all, and decisions for some, of which the last that matches an alias counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictPolicy {
    /// The policy for every webhook without a decision.
    pub general: OnConflict,
    /// The decisions for single webhooks, in the order in which the user made them.
    pub decisions: Vec<ConflictDecision>,
}

impl From<OnConflict> for ConflictPolicy {
    fn from(general: OnConflict) -> Self {
        Self {
            general,
            decisions: Vec::new(),
        }
    }
}

impl ConflictPolicy {
    /// The policy for webhooks with an alias.
    pub fn for_alias(&self, alias: &str) -> OnConflict {
        let mut latest_first = self.decisions.iter().rev();
        latest_first
            .find(|decision| decision.decides(alias))
            .map_or(self.general, |decision| decision.on_conflict)
    }

    /// Whether a webhook with this alias and in this state prevents the plan from being applied.
    pub fn prevents_apply(&self, alias: &str, state: StepState) -> bool {
        self.for_alias(alias).prevents_apply(state)
    }

    /// The first decision that is about none of the aliases; a typo must not look like a decision.
    pub fn first_unmatched(&self, aliases: &[SmolStr]) -> Option<&ConflictDecision> {
        let mut decisions = self.decisions.iter();
        decisions.find(|decision| !aliases.iter().any(|alias| decision.decides(alias)))
    }

    /// The policy in words: `fail`, or `fail; ops pager=update`.
    pub fn description(&self) -> String {
        let decisions = self
            .decisions
            .iter()
            .map(|decision| format!("; {}", crate::untrusted::escape(&decision.to_string())));
        std::iter::once(self.general.word().to_owned())
            .chain(decisions)
            .collect()
    }
}
