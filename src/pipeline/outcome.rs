//! Decides how a run ended: the final status of every selected webhook, whether the run is complete, and its exit code.
//! Pure. Where the push and the read-back disagree, the read-back wins.

use super::plan::{StepIx, StepState};
use super::push::{DuplicatedWebhook, ItemStatus, MissingWebhook, PushResult};
use super::verify::{ItemVerdict, Verdict};
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use crate::error::ExitCode;
use crate::http::failure::Refusal;
use serde::{Deserialize, Serialize};

/// The final status of one selected webhook in a run, in one word: what its step in the plan and its [`ItemStatus`] say
/// together.
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

    /// The final status of a webhook with this step and status.
    pub fn new(planned: StepState, status: &ItemStatus) -> Self {
        match (planned, status) {
            (StepState::Unchanged, _) => Self::Unchanged,
            (StepState::Conflict | StepState::Ambiguous | StepState::Blocked, _) => Self::Skipped,
            (_, ItemStatus::Created { .. }) => Self::Created,
            (_, ItemStatus::Updated { .. }) => Self::Updated,
            (_, ItemStatus::CreatedByOthers(_)) => Self::Appeared,
            (_, ItemStatus::Refused(_) | ItemStatus::TypeRefused(_)) => Self::Refused,
            (_, ItemStatus::Ignored) => Self::Ignored,
            // No plan deletes, so only the first can occur.
            (
                _,
                ItemStatus::Vanished(_) | ItemStatus::Deleted(_) | ItemStatus::DeleteConfirmed(_),
            ) => Self::Vanished,
            (_, ItemStatus::Missing(_)) => Self::Missing,
            (_, ItemStatus::Duplicated(_)) => Self::Duplicated,
            (_, ItemStatus::Unresolved(_) | ItemStatus::Open) => Self::Unresolved,
            (_, ItemStatus::NotSeen) => Self::NotSeen,
            (_, ItemStatus::NotSent) => Self::NotSent,
        }
    }

    /// Whether both accounts have a webhook with this status.
    pub(crate) fn is_in_both_accounts(self) -> bool {
        matches!(
            self,
            Self::Unchanged | Self::Created | Self::Updated | Self::Appeared
        )
    }

    /// Whether nothing is left to do or to find out about it.
    pub(crate) fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Unchanged | Self::Created | Self::Updated | Self::Appeared | Self::Skipped
        )
    }
}

impl ItemStatus {
    /// Why it is so, or what the server said; `None` if the status says it all.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => Some(refusal_reason(refusal)),
            Self::TypeRefused(refusal) => Some(format!(
                "the target takes no webhook of this type: it {}",
                refusal.answer()
            )),
            Self::Unresolved(why) => Some(why.clone()),
            Self::Open => {
                Some("it was sent, and the run was cut off before it knew the result".to_owned())
            }
            Self::Missing(missing) => missing.why.clone(),
            Self::Duplicated(duplicated) => {
                let copies = duplicated.copies.iter();
                let ids: Vec<String> = copies.map(ToString::to_string).collect();
                Some(format!("also in the target as {}", ids.join(", ")))
            }
            _ => None,
        }
    }

    /// The id of the webhook that it concerns in the target, whoever wrote it, and even if it is gone.
    pub(crate) fn any_target_id(&self) -> Option<&WebhookId> {
        match self {
            Self::Vanished(id) | Self::Deleted(id) | Self::DeleteConfirmed(id) => Some(id),
            Self::Missing(missing) => Some(&missing.id),
            Self::Duplicated(duplicated) => Some(&duplicated.id),
            _ => self.target_id(),
        }
    }
}

/// The final status of each webhook that a push concerned, with its plan step index, in plan order: what the push
/// learned, and what the read-back changed about that.
pub(crate) fn final_statuses<'r>(
    push_result: &'r PushResult,
    verdict: Option<&'r Verdict>,
) -> impl Iterator<Item = (StepIx, ItemStatus)> + 'r {
    let item_verdicts = verdict
        .into_iter()
        .flat_map(|verdict| &verdict.item_verdicts);
    // Both lists are in plan order; the verdicts lack what is not in the target.
    let mut item_verdicts = item_verdicts.peekable();
    push_result.statuses.iter().map(move |(step_ix, status)| {
        let item_verdict = item_verdicts.next_if(|(ix, _)| ix == step_ix);
        let contradiction = item_verdict
            .and_then(|(_, verdict)| contradict(status, verdict, &push_result.unlisted));
        (*step_ix, contradiction.unwrap_or_else(|| status.clone()))
    })
}

/// The status of a webhook if the read-back contradicts what the push learned of it.
fn contradict(
    status: &ItemStatus,
    item_verdict: &ItemVerdict,
    unlisted: &[(WebhookId, Presence)],
) -> Option<ItemStatus> {
    let id = status.target_id()?.clone();
    let proof = status.written().map(|(_, proof)| proof);
    match item_verdict {
        ItemVerdict::Verified | ItemVerdict::Altered(_) | ItemVerdict::Unclear(_) => None,
        ItemVerdict::Missing => {
            let asked = unlisted.iter().find(|(asked, _)| *asked == id);
            let why = asked.map(|(_, presence)| missing_reason(presence));
            let missing = MissingWebhook { id, proof, why };
            Some(ItemStatus::Missing(missing.into()))
        }
        ItemVerdict::Duplicated(copies) => {
            let duplicated = DuplicatedWebhook {
                id,
                proof,
                copies: copies.clone(),
            };
            Some(ItemStatus::Duplicated(duplicated.into()))
        }
    }
}

/// Whether a run did all that it was to do: the target has every webhook that the plan creates or updates, exactly
/// once, and the run has read it back.
///
/// Takes each webhook's step and status.
pub(crate) fn is_complete<'i>(
    items: impl Iterator<Item = (StepState, &'i ItemStatus)>,
    is_read_back: bool,
) -> bool {
    let is_written =
        |(planned, _): &(StepState, _)| matches!(planned, StepState::Create | StepState::Update);
    let mut written = items.filter(is_written).peekable();
    written.peek().is_none()
        || is_read_back && written.all(|(_, status)| status.target_id().is_some())
}

/// The exit code of a run that ended by itself.
pub(crate) fn exit_code(is_complete: bool, may_have_written: bool) -> ExitCode {
    match (is_complete, may_have_written) {
        (true, _) => ExitCode::Done,
        (false, true) => ExitCode::Partial,
        (false, false) => ExitCode::Failed,
    }
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
