//! Decides the final status of every selected webhook from the plan, the push and the final read-back.
//! Pure. Where the push and the read-back disagree, the read-back wins.

use super::plan::{Difference, Plan, State, Step};
use super::push::{Applied, Fate, Proof};
use super::rewrite::PortableWebhook;
use super::verify::{Finding, Verdict};
use crate::coralogix::webhook::WebhookId;
use serde::{Deserialize, Serialize};

/// The final status of one selected webhook in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The target already had it.
    Unchanged,
    /// This run, or one that it resumed, created it.
    Created,
    /// This run, or one that it resumed, overwrote the target's webhook with its content.
    Updated,
    /// Someone else created it in the target during the run.
    Appeared,
    /// The plan left it alone: it is a conflict, ambiguous or blocked.
    Skipped,
    /// The target refused it.
    Refused,
    /// The target accepted it but did not store it.
    Ignored,
    /// The target's webhook was gone before the update.
    Vanished,
    /// It arrived, but the final read-back does not show it.
    Missing,
    /// The target has it more than once.
    Duplicated,
    /// Whether the target has it cannot be determined.
    Unresolved,
    /// It was sent, but the target did not show it before the run ended.
    NotSeen,
    /// The run ended before it was sent.
    NotSent,
}

impl Ending {
    /// All statuses in display order: successful ones first.
    pub const ALL: [Self; 13] = [
        Self::Unchanged,
        Self::Created,
        Self::Updated,
        Self::Appeared,
        Self::Skipped,
        Self::Refused,
        Self::Ignored,
        Self::Vanished,
        Self::Missing,
        Self::Duplicated,
        Self::Unresolved,
        Self::NotSeen,
        Self::NotSent,
    ];

    /// The word that every output uses for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Appeared => "appeared",
            Self::Skipped => "skipped",
            Self::Refused => "refused",
            Self::Ignored => "ignored",
            Self::Vanished => "vanished",
            Self::Missing => "missing",
            Self::Duplicated => "duplicated",
            Self::Unresolved => "unresolved",
            Self::NotSeen => "not seen",
            Self::NotSent => "not sent",
        }
    }

    /// The code for programs: the word with `_` in place of spaces.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotSeen => "not_seen",
            Self::NotSent => "not_sent",
            other => other.word(),
        }
    }

    /// Whether nothing is left to do or to find out about it.
    pub(crate) fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Unchanged | Self::Created | Self::Updated | Self::Appeared | Self::Skipped
        )
    }
}

/// A selected webhook with its final status.
pub(crate) struct End<'a> {
    pub(crate) ending: Ending,
    pub(crate) webhook: &'a PortableWebhook,
    pub(crate) planned: State,
    pub(crate) target_id: Option<&'a WebhookId>,
    pub(crate) proof: Option<Proof>,
    pub(crate) why: Option<String>,
    pub(crate) altered: &'a [Difference],
}

impl End<'_> {
    /// Whether both accounts now have this webhook and both of its ids are known.
    pub(crate) fn is_mapped(&self) -> bool {
        use Ending::{Appeared, Created, Unchanged, Updated};
        let is_there = matches!(self.ending, Unchanged | Created | Updated | Appeared);
        is_there && self.target_id.is_some() && self.webhook.source_id().is_some()
    }
}

/// The outcome of every selected webhook, in plan order.
pub(crate) fn ends<'a>(
    plan: &'a Plan,
    applied: &'a Applied,
    verdict: Option<&'a Verdict>,
) -> Vec<End<'a>> {
    let steps = plan.steps();
    let findings = verdict.iter().flat_map(|verdict| &verdict.findings);
    // Both lists are in plan order; either may lack entries for some steps.
    let mut fates = applied.fates.iter().peekable();
    let mut findings = findings.peekable();
    let end = |(place, (webhook, step))| {
        let end = match fates.next_if(|(at, _)| *at == place) {
            Some((_, fate)) => of_fate(webhook, step, fate),
            None => of_step(webhook, step),
        };
        let finding = findings.next_if(|(at, _)| *at == place);
        corrected(end, finding.map(|(_, finding)| finding))
    };
    steps.enumerate().map(end).collect()
}

/// Number of webhooks in each status, zero included.
pub(crate) fn summary(ends: &[End<'_>]) -> [(Ending, usize); 13] {
    Ending::ALL.map(|ending| {
        (
            ending,
            ends.iter().filter(|end| end.ending == ending).count(),
        )
    })
}

fn of_step<'a>(webhook: &'a PortableWebhook, step: &'a Step) -> End<'a> {
    let (ending, why) = match step.state {
        State::Unchanged => (Ending::Unchanged, None),
        // A change without an `ItemStatus` was never handed to the push.
        State::Create | State::Update => (Ending::NotSent, None),
        State::Conflict | State::Ambiguous | State::Blocked => {
            (Ending::Skipped, Some(step.reason.clone()))
        }
    };
    End {
        ending,
        webhook,
        planned: step.state,
        target_id: step.target_id(),
        proof: None,
        why,
        altered: &[],
    }
}

fn of_fate<'a>(webhook: &'a PortableWebhook, step: &'a Step, fate: &'a Fate) -> End<'a> {
    let (ending, target_id, proof, why) = match fate {
        Fate::Created { id, proof } => (Ending::Created, Some(id), Some(*proof), None),
        Fate::Updated { id, proof } => (Ending::Updated, Some(id), Some(*proof), None),
        Fate::Appeared(id) => (Ending::Appeared, Some(id), None, None),
        Fate::Refused(refusal) => (Ending::Refused, None, None, Some(refusal.answer())),
        Fate::Ignored => (Ending::Ignored, None, None, None),
        Fate::Vanished(id) => (Ending::Vanished, Some(id), None, None),
        Fate::Unresolved(why) => (Ending::Unresolved, None, None, Some(why.clone())),
        Fate::NotSeen => (Ending::NotSeen, None, None, None),
        Fate::NotSent => (Ending::NotSent, None, None, None),
    };
    End {
        ending,
        webhook,
        planned: step.state,
        target_id,
        proof,
        why,
        altered: &[],
    }
}

fn corrected<'a>(mut end: End<'a>, finding: Option<&'a Finding>) -> End<'a> {
    match finding {
        None | Some(Finding::Verified | Finding::Unclear(_)) => {}
        Some(Finding::Altered(differences)) => end.altered = differences,
        Some(Finding::Missing) => end.ending = Ending::Missing,
        Some(Finding::Duplicated(ids)) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            end.ending = Ending::Duplicated;
            end.why = Some(format!("also in the target as {}", ids.join(", ")));
        }
    }
    end
}
