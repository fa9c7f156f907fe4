//! The wording of a plan's refusal, shared by every output format.

use super::PlanDocument;
use crate::pipeline::plan::StepState;
use crate::wording::counted;

/// The reason why applying a plan would write nothing, and what the user can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRefusal {
    /// The reason, as a clause without a full stop.
    pub why: String,
    /// What the user can do, the most likely remedy first.
    pub remedies: Vec<&'static str>,
}

/// The refusal that applying the plan would meet; `None` if it can be applied.
pub fn plan_refusal<S>(plan: &PlanDocument<S>) -> Option<PlanRefusal> {
    if !plan.would_be_refused {
        return None;
    }
    let count = |state| plan.summary.count(state);
    let causes_refusal = |state| plan.on_conflict.prevents_apply(state) && count(state) > 0;
    let mut parts: Vec<String> = StepState::ALL
        .into_iter()
        .filter(|state| causes_refusal(*state))
        .map(|state| state_count(state, count(state)))
        .collect();
    let mut remedies = Vec::new();
    let n_missing = plan.missing_values.len();
    if n_missing > 0 {
        parts.push(format!(
            "{} that could not be read",
            counted(n_missing, "value")
        ));
        remedies
            .push("missing value: make it readable; `hookferry rules check` shows whether it is");
    }
    if parts.len() == usize::from(n_missing > 0) {
        let why = format!("nothing would be written because of {}", parts.join(", "));
        return Some(PlanRefusal { why, remedies });
    }
    if causes_refusal(StepState::Conflict) {
        remedies.push(
            "conflict: pass `--on-conflict update` to overwrite the target's webhook with the source's content",
        );
    }
    if count(StepState::Ambiguous) > 0 {
        remedies.push("ambiguous (no certain match in the target): rename or remove the copies in one of the accounts");
    }
    if count(StepState::Blocked) > 0 {
        remedies.push(
            "blocked (cannot be sent as it is): fix it in the source, or write a rule for it",
        );
    }
    remedies.push("to exclude any of these: pass `--name '!ALIAS'`; to leave all of them alone: pass `--on-conflict skip`");
    let why = format!("nothing would be written because of {}", parts.join(", "));
    Some(PlanRefusal { why, remedies })
}

/// The number of webhooks in a state, in words: `2 to create`, `1 conflict`.
pub(crate) fn state_count(state: StepState, n: usize) -> String {
    match state {
        StepState::Create | StepState::Update => format!("{n} to {}", state.word()),
        StepState::Conflict => counted(n, state.word()),
        StepState::Unchanged | StepState::Ambiguous | StepState::Blocked => {
            format!("{n} {}", state.word())
        }
    }
}
