//! Builds the report of a run's outcome: problems first; its table also serves as the id map.
//! Pure. Uses the same sentences as the text output.

use super::{Conclusion, CutOverItem, Fact, Mark, Report, ReportGroup, ReportRow, TargetId, Tone};
use crate::coralogix::webhook::TypeId;
use crate::document::view::kind_name;
use crate::document::{CutOverStep, ItemOutcomeDocument, OutcomeDocument};
use crate::pipeline::outcome::FinalStatus;
use crate::proposal;
use crate::render::outcome::{new_in_target_text, read_back_text, remark, verdict};
use crate::render::side_words::SideWords;
use crate::wording::counted;

pub(super) fn report(outcome: &OutcomeDocument) -> Report<'_> {
    let counts = outcome.counts().into_iter();
    let (warnings, notes) = notices(outcome);
    Report {
        kind: "outcome",
        source: &outcome.source,
        target: &outcome.target,
        tool: &outcome.tool,
        conclusion: conclusion(outcome),
        counts: counts.map(|(status, n)| (status.into(), n)).collect(),
        warnings,
        groups: groups(outcome),
        facts: facts(outcome),
        cut_over: outcome.cut_over.iter().map(cut_over_item).collect(),
        notes,
        side_labels: ["sent", "found"],
        last_heading: "remark",
    }
}

fn conclusion(outcome: &OutcomeDocument) -> Conclusion {
    let (meaning, sentence) = verdict(outcome);
    let stopped = outcome.stopped.as_ref();
    let stopped = stopped.map(|stop| format!("Stopped early: {}. ", stop.text));
    Conclusion {
        tone: Tone::from_meaning(meaning),
        text: format!("{}{sentence}", stopped.unwrap_or_default()),
        next_steps: outcome
            .next_steps
            .iter()
            .map(|step| with_command(step))
            .collect(),
    }
}

fn cut_over_item(step: &CutOverStep) -> CutOverItem {
    let command = step.command.as_ref();
    let command = command.map(|command| format!(": `{command}`"));
    CutOverItem {
        state: step.state,
        text: format!(
            "{}: {}{}",
            step.step.word(),
            step.text,
            command.unwrap_or_default()
        ),
    }
}

/// A next step with the command that ends it as code; a terminal shows it plain, so that it can be copied whole.
fn with_command(step: &str) -> String {
    match proposal::split_at_end(step) {
        Some((what, command)) if !step.contains('`') => format!("{what}`{command}`"),
        _ => step.to_owned(),
    }
}

/// The warnings, and the notes; both empty if the run cannot have written anything.
fn notices(outcome: &OutcomeDocument) -> (Vec<String>, Vec<String>) {
    if !outcome.may_have_written {
        return (Vec::new(), Vec::new());
    }
    let (warnings, notes): (Vec<_>, Vec<_>) =
        outcome.notices.iter().partition(|notice| notice.warning);
    let texts = |notices: Vec<&crate::document::NoticeDocument>| {
        let texts = notices.into_iter().map(|notice| notice.text.clone());
        texts.collect()
    };
    (texts(warnings), texts(notes))
}

fn facts(outcome: &OutcomeDocument) -> Vec<Fact> {
    let fact = |label, text| Fact { label, text };
    let [source, target] = SideWords::of(&outcome.source).labels;
    let mut facts = vec![
        fact(source, outcome.source.identity()),
        fact(target, outcome.target.identity()),
    ];
    if let Some(run) = &outcome.run {
        facts.push(fact("run", run.clone()));
    }
    if !outcome.continues.is_empty() {
        facts.push(fact("continues", outcome.continues.join(", ")));
    }
    facts.push(fact(
        "selected",
        format!("{} of {}", outcome.selection.matched, outcome.selection.of),
    ));
    facts.push(fact("sent", counted(outcome.requests, "write request")));
    if let Some(text) = read_back_text(outcome) {
        let text = text.trim_start_matches("read back: ").to_owned();
        facts.push(fact("read back", text));
    }
    if let Some(text) = new_in_target_text(outcome) {
        facts.push(fact("new in target", text));
    }
    facts
}

/// The groups: what needs attention, what was done, what was left alone, what is unchanged.
fn groups(outcome: &OutcomeDocument) -> Vec<ReportGroup<'_>> {
    let rank = |status: FinalStatus| match status {
        FinalStatus::Updated => 1,
        FinalStatus::Created | FinalStatus::Appeared => 2,
        FinalStatus::Skipped => 3,
        FinalStatus::Unchanged => 4,
        _ => 0,
    };
    let mut counts = outcome.counts();
    counts.sort_by_key(|(status, _)| rank(*status));
    let group = |(status, n): (FinalStatus, usize)| ReportGroup {
        mark: Mark::from(status),
        title: format!("{n} {}", status.heading()),
        is_quiet: matches!(status, FinalStatus::Unchanged | FinalStatus::Skipped),
        reason: None,
        rows: outcome.with_status(status).map(row).collect(),
    };
    counts.into_iter().map(group).collect()
}

fn row(item: &ItemOutcomeDocument) -> ReportRow<'_> {
    let remark = Some(remark(item)).filter(|remark| !remark.is_empty());
    let mut remarks: Vec<String> = remark.map(str::to_owned).into_iter().collect();
    remarks.extend(item.why.clone());
    if !item.altered.is_empty() {
        remarks.push("altered by the server".to_owned());
    }
    ReportRow {
        mark: item.result.into(),
        kind: kind_name(item.type_id.map(TypeId)),
        alias: &item.alias,
        source_id: item.source_id.as_ref(),
        target_id: item
            .target_id
            .as_ref()
            .map_or(TargetId::None, TargetId::Known),
        last_cell: "",
        remarks,
        differences: &item.altered,
        fields: &[],
    }
}
