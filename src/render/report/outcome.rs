//! Builds the report of a run's outcome: problems first; its table also serves as the id map.
//! Pure. Uses the same sentences as the text output.

use super::{Conclusion, Fact, Group, Mark, Report, Row, TargetId, Tone};
use crate::coralogix::webhook::TypeId;
use crate::document::view::kind_name;
use crate::document::{EndDocument, OutcomeDocument};
use crate::pipeline::outcome::Ending;
use crate::render::outcome::{appeared, last_word, read_back, remark};
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
        counts: counts.map(|(ending, n)| (ending.into(), n)).collect(),
        warnings,
        groups: groups(outcome),
        facts: facts(outcome),
        notes,
        sides: ["sent", "found"],
        tail: "remark",
    }
}

fn conclusion(outcome: &OutcomeDocument) -> Conclusion {
    let (meaning, word) = last_word(outcome);
    let stopped = outcome.stopped.as_ref();
    let stopped = stopped.map(|stop| format!("Stopped early: {}. ", stop.text));
    Conclusion {
        tone: Tone::of(meaning),
        text: format!("{}{word}", stopped.unwrap_or_default()),
        next: outcome.next_steps.clone(),
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
    let mut facts = vec![
        fact("source", outcome.source.identity()),
        fact("target", outcome.target.identity()),
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
    if let Some(text) = read_back(outcome) {
        let text = text.trim_start_matches("read back: ").to_owned();
        facts.push(fact("read back", text));
    }
    if let Some(text) = appeared(outcome) {
        facts.push(fact("new in target", text));
    }
    facts
}

/// The groups: what needs attention, what was done, what was left alone, what is unchanged.
fn groups(outcome: &OutcomeDocument) -> Vec<Group<'_>> {
    let rank = |ending: Ending| match ending {
        Ending::Created | Ending::Updated | Ending::Appeared => 1,
        Ending::Skipped => 2,
        Ending::Unchanged => 3,
        _ => 0,
    };
    let mut endings = outcome.counts();
    endings.sort_by_key(|(ending, _)| rank(*ending));
    let group = |(ending, n): (Ending, usize)| Group {
        mark: Mark::from(ending),
        title: format!("{n} {}", ending.heading()),
        stays: matches!(ending, Ending::Unchanged | Ending::Skipped),
        reason: None,
        rows: outcome.ended(ending).map(row).collect(),
    };
    endings.into_iter().map(group).collect()
}

fn row(end: &EndDocument) -> Row<'_> {
    let remark = Some(remark(end)).filter(|remark| !remark.is_empty());
    let mut remarks: Vec<String> = remark.map(str::to_owned).into_iter().collect();
    remarks.extend(end.why.clone());
    if !end.altered.is_empty() {
        remarks.push("altered by the server".to_owned());
    }
    Row {
        mark: end.result.into(),
        kind: kind_name(end.type_id.map(TypeId)),
        alias: &end.alias,
        source_id: end.source_id.as_ref(),
        target_id: end
            .target_id
            .as_ref()
            .map_or(TargetId::None, TargetId::Known),
        tail: "",
        remarks,
        differences: &end.altered,
        fields: &[],
    }
}
