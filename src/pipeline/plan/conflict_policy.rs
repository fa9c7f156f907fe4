//! What to do with webhooks that both accounts have, but with different content: one policy for all of them, and
//! decisions for single ones.

use super::StepState;
use crate::untrusted;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
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
    pub fn prevents_apply(self, state: StepState) -> bool {
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
    /// An alias as the plan shows it; where no webhook has it, a case-sensitive pattern with the wildcards `*` and `?`.
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
}

impl ConflictDecision {
    /// The aliases that it is about: the one that it spells, as it is or as a plan shows it; else those that match.
    fn decided<'a>(&self, aliases: &BTreeSet<&'a str>) -> Vec<&'a str> {
        if let Some(alias) = aliases.get(self.alias.as_str()) {
            return vec![*alias];
        }
        let shown = |alias: &&&str| untrusted::escape(alias) == self.alias;
        let pattern = WildMatch::new(&self.alias);
        if let Some(alias) = aliases.iter().find(shown) {
            return vec![*alias];
        }
        let matching = aliases.iter().filter(|alias| pattern.matches(alias));
        matching.copied().collect()
    }
}

/// A policy for conflicts, resolved for a set of webhooks.
#[derive(Debug)]
pub struct ResolvedPolicy<'a> {
    general: OnConflict,
    by_alias: HashMap<&'a str, OnConflict>,
    /// The decisions about none of the webhooks; a typo must not look like a decision.
    pub unmatched: Vec<ConflictDecision>,
}

impl ResolvedPolicy<'_> {
    /// The policy for webhooks with an alias.
    pub fn for_alias(&self, alias: &str) -> OnConflict {
        self.by_alias.get(alias).copied().unwrap_or(self.general)
    }

    /// Whether a webhook with this alias and in this state prevents the plan from being applied.
    pub fn prevents_apply(&self, alias: &str, state: StepState) -> bool {
        // Most webhooks are in a state that prevents it under no policy.
        OnConflict::Fail.prevents_apply(state) && self.for_alias(alias).prevents_apply(state)
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
    /// The policy for a set of webhooks, given by their aliases in the target.
    pub fn resolve<'a>(&self, aliases: impl Iterator<Item = &'a str>) -> ResolvedPolicy<'a> {
        let mut by_alias: HashMap<&'a str, OnConflict> = HashMap::new();
        let mut unmatched = Vec::new();
        if !self.decisions.is_empty() {
            let aliases: BTreeSet<&'a str> = aliases.collect();
            for decision in &self.decisions {
                let decided = decision.decided(&aliases);
                if decided.is_empty() {
                    unmatched.push(decision.clone());
                }
                by_alias.extend(
                    decided
                        .into_iter()
                        .map(|alias| (alias, decision.on_conflict)),
                );
            }
        }
        ResolvedPolicy {
            general: self.general,
            by_alias,
            unmatched,
        }
    }

    /// The policy in words: `fail`, or `fail; ops pager=update`.
    pub fn description(&self) -> String {
        let decisions = self
            .decisions
            .iter()
            .map(|decision| format!("; {}", untrusted::escape(&decision.to_string())));
        std::iter::once(self.general.word().to_owned())
            .chain(decisions)
            .collect()
    }
}
