//! Renders a plan as plain lines for readable snapshots.
//! Shows only what a user may see, and nothing of a webhook's JSON.

use hookferry::coralogix::kind::type_name;
use hookferry::coralogix::mask::Masked;
use hookferry::pipeline::plan::{
    Difference, OnConflict, Plan, PriorKnowledge, Step, StepState, plan,
};
use hookferry::pipeline::rewrite::PortableWebhook;
use hookferry::pipeline::strip::strip;
use hookferry::untrusted::escape;
use std::fmt::Write as _;

use super::fixture::{account, stripped, unchanged};

/// The plan between two accounts given as JSON.
pub(crate) fn planned(source: &str, target: &str, on_conflict: OnConflict) -> Plan {
    planned_with(source, target, on_conflict, &PriorKnowledge::empty())
}

/// Like [`planned`], with the knowledge of earlier runs.
pub(crate) fn planned_with(
    source: &str,
    target: &str,
    on_conflict: OnConflict,
    known: &PriorKnowledge,
) -> Plan {
    let portable = unchanged(strip(account(source)));
    plan(portable, &stripped(target), on_conflict, known)
}

/// The states of all steps, in the order of the source.
pub(crate) fn states(plan: &Plan) -> Vec<StepState> {
    plan.steps().map(|(_, step)| step.state).collect()
}

/// Every step with its reason, notes and differences, followed by the counts and notices.
pub(crate) fn preview(plan: &Plan) -> String {
    let mut out = String::new();
    for (webhook, step) in plan.steps() {
        write_step(&mut out, webhook, step);
    }
    let counts = plan.counts();
    let counts: Vec<String> = StepState::ALL
        .iter()
        .map(|state| format!("{} {}", counts.get(*state), state.word()))
        .collect();
    let _ = writeln!(
        out,
        "\n{}; {} in the target, {} of them untouched",
        counts.join(", "),
        plan.n_in_target(),
        plan.n_untouched()
    );
    let _ = writeln!(
        out,
        "on conflict {:?}: {} refusing, {}",
        plan.policy().general,
        plan.preventing_apply().total(),
        if plan.has_changes() {
            "something to write"
        } else {
            "nothing to write"
        }
    );
    for notice in plan.notices() {
        let _ = writeln!(out, "notice: {notice:?}");
    }
    out
}

fn write_step(out: &mut String, webhook: &PortableWebhook, step: &Step) {
    let id = |id: Option<String>| id.unwrap_or_else(|| "none".to_owned());
    let _ = writeln!(
        out,
        "{:<9}  \"{}\" ({}), source {} -> target {}",
        step.state.word(),
        escape(webhook.alias()),
        webhook
            .type_id()
            .map_or_else(|| "no type".into(), type_name),
        id(webhook.source_id().map(ToString::to_string)),
        id(step.target_id().map(ToString::to_string)),
    );
    if !step.reason().is_empty() {
        let _ = writeln!(out, "    why: {}", step.reason());
    }
    for note in step.notes() {
        let _ = writeln!(out, "    note: {note}");
    }
    for difference in step.differences() {
        let _ = writeln!(out, "    differs: {}", difference_line(difference));
    }
}

fn difference_line(difference: &Difference) -> String {
    let side = |side: &Option<Masked>| {
        side.as_ref()
            .map_or("nothing".to_owned(), Masked::to_string)
    };
    format!(
        "{}: source {}, target {}{}",
        escape(&difference.path),
        side(&difference.source),
        side(&difference.target),
        if difference.is_hidden() {
            " (both look the same once masked)"
        } else {
            ""
        }
    )
}
