//! The wording of a plan's refusal, shared by every output format.

use super::{PlanDocument, StepDocument};
use crate::pipeline::plan::StepState;
use crate::proposal::{Words, quoted};
use crate::untrusted;
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
    let policy = policy.resolve(plan.steps.iter().map(|step| step.alias.as_str()));
    let first = |state| {
        let mut steps = plan.steps.iter();
        steps.find(|step| step.state == state && policy.prevents_apply(&step.alias, state))
    };
    if let Some(step) = first(StepState::Conflict) {
        remedies.extend(ways_out_of_a_conflict(step, plan.source.is_backup));
        if plan.refused_because_of.conflict > 1 {
            remedies.push("each of the other conflicts has the same ways out; these options can be given several times".to_owned());
        }
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
        let leave_out = leave_out_option(step).map_or_else(String::new, |option| {
            format!("to leave one of these out: `{option}`; ")
        });
        remedies.push(format!(
            "{leave_out}to leave all of them alone: `--on-conflict skip`"
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
fn ways_out_of_a_conflict(step: &StepDocument, is_restore: bool) -> Vec<String> {
    let (source, target) = if is_restore {
        ("backup", "account")
    } else {
        ("source", "target")
    };
    let decision = |word| {
        let mut words = Words::default();
        words.push_option("--on-conflict-for", format!("{}={word}", step.alias));
        words
    };
    let mut ways = vec![
        format!(
            "conflict, to keep the {target}'s webhook: add `{}` to the command (`--on-conflict skip` for all of them)",
            decision("skip")
        ),
        format!(
            "to overwrite it with the {source}'s: `{}` (`--on-conflict update` for all of them)",
            decision("update")
        ),
    ];
    // A restore finds its webhooks by their ids, so another alias makes no second webhook.
    let condition = rule_condition(step).filter(|_| !is_restore);
    ways.extend(condition.map(|condition| {
        format!(
            "to have both: a rule with `match = {{ {condition} }}` and `rename = \"{{alias}} (copy)\"`, in a file for `--rules` (see `hookferry help rules`)"
        )
    }));
    ways.extend(leave_out_option(step).map(|option| format!("to leave it out: `{option}`")));
    ways
}

/// The condition of a rule that matches this webhook and no other; `None` if its alias cannot be one, and it has no id.
fn rule_condition(step: &StepDocument) -> Option<String> {
    if names_one(step) {
        let alias = serde_json::Value::from(step.alias.as_str());
        return Some(format!("alias = {alias}"));
    }
    let id = step.source_id.as_ref()?;
    Some(format!("id = {}", id.to_json()))
}

/// The option that leaves this webhook out and no other; `None` if none can.
fn leave_out_option(step: &StepDocument) -> Option<String> {
    names_one(step).then(|| format!("--name {}", quoted(&format!("!{}", step.alias))))
}

/// Whether the alias that is shown means this webhook alone where a pattern for aliases of the source is expected: it has
/// no wildcards, is shown as it is, and no rule has changed it.
fn names_one(step: &StepDocument) -> bool {
    let is_renamed = step.changes.iter().any(|change| change.path == "alias");
    let is_typed_as_shown = untrusted::escape(&step.alias) == step.alias;
    is_typed_as_shown && !is_renamed && !step.alias.contains(['*', '?'])
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
