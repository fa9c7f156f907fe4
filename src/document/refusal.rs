//! The wording of a plan's refusal, shared by every output format.

use super::PlanDocument;
use crate::pipeline::plan::State;
use crate::wording::counted;

/// The reason why applying a plan would write nothing, and what the user can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, as a clause without a full stop.
    pub why: String,
    /// What the user can do, the most likely remedy first.
    pub ways_out: Vec<&'static str>,
}

/// The refusal that applying the plan would meet; `None` if it can be applied.
pub fn refusal(plan: &PlanDocument) -> Option<Refusal> {
    if !plan.would_be_refused {
        return None;
    }
    let count = |state| plan.summary.count(state);
    let is_in_the_way = |state| plan.on_conflict.refuses(state) && count(state) > 0;
    let mut parts: Vec<String> = State::ALL
        .into_iter()
        .filter(|state| is_in_the_way(*state))
        .map(|state| state_count(state, count(state)))
        .collect();
    let mut ways_out = Vec::new();
    let n_missing = plan.missing_values.len();
    if n_missing > 0 {
        parts.push(format!(
            "{} that could not be read",
            counted(n_missing, "value")
        ));
        ways_out
            .push("missing value: make it readable; `hookferry rules check` shows whether it is");
    }
    if parts.len() == usize::from(n_missing > 0) {
        let why = format!("nothing would be written because of {}", parts.join(", "));
        return Some(Refusal { why, ways_out });
    }
    if is_in_the_way(State::Conflict) {
        ways_out.push(
            "conflict: pass `--on-conflict update` to overwrite the target's webhook with the source's content",
        );
    }
    if count(State::Ambiguous) > 0 {
        ways_out.push("ambiguous (no certain match in the target): rename or remove the copies in one of the accounts");
    }
    if count(State::Blocked) > 0 {
        ways_out.push(
            "blocked (cannot be sent as it is): fix it in the source, or write a rule for it",
        );
    }
    ways_out.push("to exclude any of these: pass `--name '!ALIAS'`; to leave all of them alone: pass `--on-conflict skip`");
    let why = format!("nothing would be written because of {}", parts.join(", "));
    Some(Refusal { why, ways_out })
}

/// The number of webhooks in a state, in words: `2 to create`, `1 conflict`.
pub(crate) fn state_count(state: State, n: usize) -> String {
    match state {
        State::Create | State::Update => format!("{n} to {}", state.word()),
        State::Conflict => counted(n, state.word()),
        State::Unchanged | State::Ambiguous | State::Blocked => format!("{n} {}", state.word()),
    }
}
