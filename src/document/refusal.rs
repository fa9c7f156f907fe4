//! The wording of a plan's refusal, shared by every output format.

use super::{PlanDocument, StepDocument};
use crate::pipeline::plan::StepState;
use crate::proposal::quoted;
use crate::wording::counted;

/// The reason why applying a plan would write nothing, and what the user can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRefusal {
    /// The reason, as a clause without a full stop.
    pub why: String,
    /// What the user can do, the most likely remedy first.
    pub remedies: Vec<String>,
}

/// The refusal that applying the plan would meet; `None` if it can be applied.
pub fn plan_refusal(plan: &PlanDocument) -> Option<PlanRefusal> {
    let why = refusal_reason(plan)?;
    let mut remedies = Vec::new();
    if !plan.missing_values.is_empty() {
        remedies.push(
            "missing value: make it readable; `hookferry rules check` shows whether it is"
                .to_owned(),
        );
    }
    let policy = plan.policy();
    let first = |state| {
        let mut steps = plan.steps.iter();
        steps.find(|step| step.state == state && policy.prevents_apply(&step.alias, state))
    };
    if let Some(step) = first(StepState::Conflict) {
        remedies.extend(ways_out_of_a_conflict(step, plan.source.is_backup));
    }
    let ambiguous = first(StepState::Ambiguous).inspect(|_| {
        remedies.push("ambiguous (no certain match in the target): rename or remove the copies in one of the accounts".to_owned());
    });
    let blocked = first(StepState::Blocked).inspect(|_| {
        remedies.push(
            "blocked (cannot be sent as it is): fix it in the source, or write a rule for it"
                .to_owned(),
        );
    });
    if let Some(step) = ambiguous.or(blocked) {
        remedies.push(format!(
            "to leave one of these out: `--name {}`; to leave all of them alone: `--on-conflict skip`",
            quoted(&format!("!{}", step.alias))
        ));
    }
    Some(PlanRefusal { why, remedies })
}

/// The reason why applying the plan would write nothing, as a clause without a full stop; `None` if it can be applied.
pub fn refusal_reason<S>(plan: &PlanDocument<S>) -> Option<String> {
    if !plan.would_be_refused {
        return None;
    }
    let counts = StepState::ALL.map(|state| (state, plan.refused_because_of.count(state)));
    let counts = counts.into_iter().filter(|(_, n)| *n > 0);
    let mut parts: Vec<String> = counts.map(|(state, n)| state_count(state, n)).collect();
    let n_missing = plan.missing_values.len();
    if n_missing > 0 {
        let values = counted(n_missing, "value");
        parts.push(format!("{values} that could not be read"));
    }
    Some(format!(
        "nothing would be written because of {}",
        parts.join(", ")
    ))
}

/// What to add to the command for a webhook in conflict, on the example of the first.
fn ways_out_of_a_conflict(step: &StepDocument, is_restore: bool) -> [String; 4] {
    let (source, target) = if is_restore {
        ("backup", "account")
    } else {
        ("source", "target")
    };
    let decision = |word| quoted(&format!("{}={word}", step.alias));
    let name = serde_json::Value::from(step.alias.as_str());
    [
        format!(
            "conflict, to keep the {target}'s webhook: add `--on-conflict-for {}` to the command (or `--on-conflict skip`, for all of them)",
            decision("skip")
        ),
        format!(
            "to overwrite it with the {source}'s: `--on-conflict-for {}` (or `--on-conflict update`, for all of them)",
            decision("update")
        ),
        format!(
            "to have both: a rule with `match = {{ alias = {name} }}` and `rename = \"{{alias}} (copy)\"`, in a file for `--rules` (see `hookferry help rules`)"
        ),
        format!(
            "to leave it out: `--name {}`",
            quoted(&format!("!{}", step.alias))
        ),
    ]
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
