//! Builds the report of a plan: first what needs a decision, then what would be written, then what stays.
//! Pure. Uses the same sentences as the text preview.

use super::{Conclusion, Fact, Report, ReportGroup, ReportRow, TargetId, Tone};
use crate::coralogix::webhook::TypeId;
use crate::document::view::kind_name;
use crate::document::{PlanDocument, StepDocument, plan_refusal};
use crate::pipeline::plan::StepState;
use crate::render::changes::missing_value_text;
use crate::render::plan::{
    GROUP_ORDER, group_title, invariants_text, not_checked_text, nothing_to_do_text, remarks,
    shared_reason, untouched_text,
};
use crate::render::side_words::SideWords;
use crate::wording::counted;

pub(super) fn report(plan: &PlanDocument) -> Report<'_> {
    // Counts the steps that are shown: the counts of a document from a file cannot be trusted.
    let count = |state| plan.steps.iter().filter(|step| step.state == state).count();
    Report {
        kind: "plan",
        source: &plan.source,
        target: &plan.target,
        tool: &plan.tool,
        conclusion: conclusion(plan),
        counts: StepState::ALL
            .map(|state| (state.into(), count(state)))
            .into(),
        warnings: warnings(plan),
        groups: GROUP_ORDER
            .into_iter()
            .filter_map(|state| group(plan, state))
            .collect(),
        facts: facts(plan),
        cut_over: Vec::new(),
        notes: plan
            .notices
            .iter()
            .filter(|notice| !notice.warning)
            .map(|notice| notice.text.clone())
            .collect(),
        side_labels: SideWords::of(&plan.source).labels,
        last_heading: "destination",
    }
}

fn conclusion(plan: &PlanDocument) -> Conclusion {
    if let Some(refusal) = plan_refusal(plan) {
        return Conclusion {
            tone: Tone::Bad,
            text: format!("Would be refused: {}.", refusal.why),
            next_steps: refusal.remedies,
        };
    }
    if let Some(text) = nothing_to_do_text(plan) {
        return Conclusion {
            tone: Tone::Quiet,
            text,
            next_steps: Vec::new(),
        };
    }
    let n = plan.summary.create.saturating_add(plan.summary.update);
    Conclusion {
        tone: Tone::Good,
        text: format!(
            "Ready to apply: {} would be written.",
            counted(n, "webhook")
        ),
        next_steps: vec![
            "to apply exactly this plan: `hookferry apply FILE` with the file that `plan --out FILE` saved; it first checks that nothing has changed since"
                .to_owned(),
            "or run `hookferry migrate` with the same options: it reads both accounts again, shows the plan and asks before it writes"
                .to_owned(),
        ],
    }
}

fn warnings(plan: &PlanDocument) -> Vec<String> {
    let mut warnings: Vec<String> = plan
        .missing_values
        .iter()
        .map(|value| {
            format!(
                "a value that the rules need could not be read: {}",
                missing_value_text(value)
            )
        })
        .collect();
    let invariants = plan.invariants;
    if !invariants.all_hold() {
        warnings.push(format!(
            "not every request body has the expected form: {}",
            invariants_text(invariants, 0)
        ));
    }
    let notices = plan.notices.iter().filter(|notice| notice.warning);
    warnings.extend(notices.map(|notice| notice.text.clone()));
    warnings
}

fn facts(plan: &PlanDocument) -> Vec<Fact> {
    let [source, target] = SideWords::of(&plan.source).labels;
    let fact = |label, text| Fact { label, text };
    let mut facts = vec![
        fact(source, plan.source.description()),
        fact(target, plan.target.description()),
        fact(
            "selected",
            format!(
                "{} of {}; {}",
                plan.selection.matched,
                plan.selection.of,
                untouched_text(plan)
            ),
        ),
        fact("on conflict", plan.policy().description()),
    ];
    if plan.invariants.of > 0 {
        facts.push(fact(
            "checked",
            invariants_text(plan.invariants, plan.summary.update),
        ));
    }
    if let Some(binding) = &plan.binding {
        facts.push(fact("fingerprint", binding.fingerprint.clone()));
        facts.push(fact("made", binding.created.to_string()));
        facts.push(fact("valid until", binding.valid_until.to_string()));
    }
    if let Some(text) = not_checked_text(plan) {
        let text = text.trim_start_matches("Not checked: ");
        facts.push(fact("not checked", text.trim_end_matches('.').to_owned()));
    }
    facts
}

fn group(plan: &PlanDocument, state: StepState) -> Option<ReportGroup<'_>> {
    let steps: Vec<&StepDocument> = plan
        .steps
        .iter()
        .filter(|step| step.state == state)
        .collect();
    if steps.is_empty() {
        return None;
    }
    let reason = shared_reason(steps.iter().copied());
    Some(ReportGroup {
        mark: state.into(),
        title: group_title(plan, state, steps.len()),
        is_quiet: state == StepState::Unchanged,
        reason,
        rows: steps
            .into_iter()
            .map(|step| row(step, reason.is_none(), SideWords::of(&plan.source)))
            .collect(),
    })
}

fn row(step: &StepDocument, shows_reason: bool, words: SideWords) -> ReportRow<'_> {
    let target_id = match (&step.target_id, step.state) {
        (Some(id), _) => TargetId::Known(id),
        (None, StepState::Create) => TargetId::New,
        (None, _) => TargetId::None,
    };
    ReportRow {
        mark: step.state.into(),
        kind: kind_name(step.type_id.map(TypeId)),
        alias: &step.alias,
        source_id: step.source_id.as_ref(),
        target_id,
        last_cell: &step.destination,
        remarks: remarks(step, shows_reason, words),
        differences: &step.differences,
        fields: &step.fields,
    }
}
