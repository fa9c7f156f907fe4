//! The one ending of every selected webhook, from the plan, the push and what was read back.
//! Pure. Where the push and the reading disagree, the reading counts.

use super::plan::{Difference, Plan, State, Step};
use super::push::{Applied, Fate, Proof};
use super::rewrite::PortableWebhook;
use super::verify::{Finding, Verdict};
use crate::coralogix::webhook::WebhookId;
use serde::{Deserialize, Serialize};

/// How one webhook ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The target had it already.
    Unchanged,
    /// It was created.
    Created,
    /// The target's was given its content.
    Updated,
    /// Somebody else created it meanwhile.
    Appeared,
    /// It was left alone, as the plan said.
    Skipped,
    /// The server refused it.
    Refused,
    /// The server accepted it and does not have it.
    Ignored,
    /// The target's webhook that was to be updated is gone.
    Vanished,
    /// It had arrived, and is not there any more.
    Missing,
    /// It is there more than once.
    Duplicated,
    /// Nobody can tell whether it arrived.
    Unresolved,
    /// It was sent and not seen.
    NotSeen,
    /// It was not sent.
    NotSent,
}

impl Ending {
    /// All endings in the order in which they are shown: what went well first.
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

    /// The word for it in every output.
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

    /// The word for programs: the same without spaces.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotSeen => "not_seen",
            Self::NotSent => "not_sent",
            other => other.word(),
        }
    }

    /// Whether nothing remains to be done or found out about it.
    pub(crate) fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Unchanged | Self::Created | Self::Updated | Self::Appeared | Self::Skipped
        )
    }
}

/// One webhook and how it ended.
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
    /// Whether source id and target id now stand for the same webhook.
    pub(crate) fn is_mapped(&self) -> bool {
        use Ending::{Appeared, Created, Unchanged, Updated};
        let is_there = matches!(self.ending, Unchanged | Created | Updated | Appeared);
        is_there && self.target_id.is_some() && self.webhook.source_id().is_some()
    }
}

/// The ending of every selected webhook, in the plan's order.
pub(crate) fn ends<'a>(
    plan: &'a Plan,
    applied: &'a Applied,
    verdict: Option<&'a Verdict>,
) -> Vec<End<'a>> {
    let steps = plan.steps();
    let findings = verdict.iter().flat_map(|verdict| &verdict.findings);
    // Both are in the plan's order, and say nothing of some of its webhooks.
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

/// How many webhooks ended in each way.
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
        // A change without a fate was never handed to the push.
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
            end.why = Some(format!("also there as {}", ids.join(", ")));
        }
    }
    end
}
