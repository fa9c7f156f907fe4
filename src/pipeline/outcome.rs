//! Decides the final status of every selected webhook from the plan, the push and the final read-back.
//! Pure. Where the push and the read-back disagree, the read-back wins.

use super::plan::{Difference, Plan, Step, StepState};
use super::push::{ItemStatus, Proof, PushResult};
use super::rewrite::PortableWebhook;
use super::verify::{ItemVerdict, Verdict};
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use crate::http::failure::Refusal;
use serde::{Deserialize, Serialize};

/// The final status of one selected webhook in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalStatus {
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

impl FinalStatus {
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
pub(crate) struct ItemOutcome<'a> {
    pub(crate) status: FinalStatus,
    pub(crate) webhook: &'a PortableWebhook,
    pub(crate) planned: StepState,
    pub(crate) target_id: Option<&'a WebhookId>,
    pub(crate) proof: Option<Proof>,
    pub(crate) why: Option<String>,
    pub(crate) altered: &'a [Difference],
}

impl ItemOutcome<'_> {
    /// Whether both accounts now have this webhook and both of its ids are known.
    pub(crate) fn is_in_both_accounts(&self) -> bool {
        use FinalStatus::{Appeared, Created, Unchanged, Updated};
        let is_in_target = matches!(self.status, Unchanged | Created | Updated | Appeared);
        is_in_target && self.target_id.is_some() && self.webhook.source_id().is_some()
    }
}

/// The outcome of every selected webhook, in plan order.
pub(crate) fn item_outcomes<'a>(
    plan: &'a Plan,
    push_result: &'a PushResult,
    verdict: Option<&'a Verdict>,
) -> Vec<ItemOutcome<'a>> {
    let item_verdicts = verdict.iter().flat_map(|verdict| &verdict.item_verdicts);
    // Both lists are in plan order; either may lack entries for some steps.
    let mut statuses = push_result.statuses.iter().peekable();
    let mut item_verdicts = item_verdicts.peekable();
    let to_outcome = |(step_ix, webhook, step)| {
        let outcome = match statuses.next_if(|(ix, _)| *ix == step_ix) {
            Some((_, status)) => {
                let words = push_result.server_words.get(&step_ix);
                outcome_of_push(webhook, step, status, words)
            }
            None => outcome_without_push(webhook, step),
        };
        let item_verdict = item_verdicts.next_if(|(ix, _)| *ix == step_ix);
        let item_verdict = item_verdict.map(|(_, verdict)| verdict);
        apply_verdict(outcome, item_verdict, &push_result.unlisted)
    };
    plan.numbered_steps().map(to_outcome).collect()
}

/// Number of webhooks in each status, zero included.
pub(crate) fn count_by_status(outcomes: &[ItemOutcome<'_>]) -> [(FinalStatus, usize); 13] {
    FinalStatus::ALL.map(|status| {
        (
            status,
            outcomes
                .iter()
                .filter(|outcome| outcome.status == status)
                .count(),
        )
    })
}

fn outcome_without_push<'a>(webhook: &'a PortableWebhook, step: &'a Step) -> ItemOutcome<'a> {
    let (status, why) = match step.state {
        StepState::Unchanged => (FinalStatus::Unchanged, None),
        // A change without an `ItemStatus` was never handed to the push.
        StepState::Create | StepState::Update => (FinalStatus::NotSent, None),
        StepState::Conflict | StepState::Ambiguous | StepState::Blocked => {
            (FinalStatus::Skipped, Some(step.reason.clone()))
        }
    };
    ItemOutcome {
        status,
        webhook,
        planned: step.state,
        target_id: step.target_id(),
        proof: None,
        why,
        altered: &[],
    }
}

fn outcome_of_push<'a>(
    webhook: &'a PortableWebhook,
    step: &'a Step,
    item_status: &'a ItemStatus,
    server_words: Option<&String>,
) -> ItemOutcome<'a> {
    let (status, target_id, proof, why) = match item_status {
        ItemStatus::Created { id, proof } => (FinalStatus::Created, Some(id), Some(*proof), None),
        ItemStatus::Updated { id, proof, .. } => {
            (FinalStatus::Updated, Some(id), Some(*proof), None)
        }
        ItemStatus::CreatedByOthers(id) => (FinalStatus::Appeared, Some(id), None, None),
        ItemStatus::Refused(refusal) => (
            FinalStatus::Refused,
            None,
            None,
            Some(refusal_reason(refusal)),
        ),
        ItemStatus::TypeRefused(refusal) => (
            FinalStatus::Refused,
            None,
            None,
            Some(format!(
                "the target takes no webhook of this type: it {}",
                refusal.answer()
            )),
        ),
        ItemStatus::Ignored => (FinalStatus::Ignored, None, None, server_words.cloned()),
        // No plan deletes, so only the first can occur.
        ItemStatus::Vanished(id) | ItemStatus::Deleted(id) | ItemStatus::DeleteConfirmed(id) => {
            (FinalStatus::Vanished, Some(id), None, None)
        }
        ItemStatus::Unresolved(why) => (FinalStatus::Unresolved, None, None, Some(why.clone())),
        ItemStatus::NotSeen => (FinalStatus::NotSeen, None, None, server_words.cloned()),
        ItemStatus::NotSent => (FinalStatus::NotSent, None, None, None),
    };
    ItemOutcome {
        status,
        webhook,
        planned: step.state,
        target_id,
        proof,
        why,
        altered: &[],
    }
}

fn apply_verdict<'a>(
    mut outcome: ItemOutcome<'a>,
    item_verdict: Option<&'a ItemVerdict>,
    unlisted: &[(WebhookId, Presence)],
) -> ItemOutcome<'a> {
    match item_verdict {
        None | Some(ItemVerdict::Verified | ItemVerdict::Unclear(_)) => {}
        Some(ItemVerdict::Altered(differences)) => outcome.altered = differences,
        Some(ItemVerdict::Missing) => {
            outcome.status = FinalStatus::Missing;
            let asked = unlisted
                .iter()
                .find(|(id, _)| Some(id) == outcome.target_id);
            outcome.why = asked.map(|(_, presence)| missing_reason(presence));
        }
        Some(ItemVerdict::Duplicated(ids)) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            outcome.status = FinalStatus::Duplicated;
            outcome.why = Some(format!("also in the target as {}", ids.join(", ")));
        }
    }
    outcome
}

/// Why the final read-back does not show a webhook, as far as its id tells.
fn missing_reason(presence: &Presence) -> String {
    match presence {
        Presence::There => {
            "the target still has it, and does not list it: its list is incomplete".to_owned()
        }
        Presence::Gone => "it is gone: somebody deleted it during the run".to_owned(),
        Presence::Unknown(why) => format!("it is unknown whether the target still has it: {why}"),
    }
}

/// The reason for a refused webhook. A 403 for some webhooks alone is not about the API key.
fn refusal_reason(refusal: &Refusal) -> String {
    let answer = refusal.answer();
    if refusal.status == 403 {
        format!("{answer} (perhaps a firewall in front of the API)")
    } else {
        answer
    }
}
