//! The preview of a plan as text: what would happen to every webhook, for the user who approves or declines.
//! Pure. Shows what needs a decision first, and states what it does not know.

use super::changes::{changes_text, leftover_text, missing_value_text};
use super::columns::{from_to, width, wrapped};
use super::differences::push_differences;
use super::rows::{Layout, Line, push_fields, push_remark};
use super::side_words::SideWords;
use super::style::{Meaning, symbol};
use crate::document::{
    Invariants, PlanDocument, StepDocument, UpdatedDocument, plan_refusal, state_count,
};
use crate::pipeline::binding::Binding;
use crate::pipeline::plan::StepState;
use crate::render::page::Page;
use crate::wording::counted;
use jiff::Timestamp;
use std::fmt::Write as _;

/// The display order of groups: what needs a decision, what would be written, what stays.
pub(super) const GROUP_ORDER: [StepState; 6] = [
    StepState::Conflict,
    StepState::Ambiguous,
    StepState::Blocked,
    // What an update overwrites needs a look more than what is only added.
    StepState::Update,
    StepState::Create,
    StepState::Unchanged,
];

/// The whole preview as text.
pub fn plan(plan: &PlanDocument, page: Page) -> String {
    let mut out = header(plan, page);
    out.push_str(&legend(page));
    out.push_str(&groups(plan, page));
    out.push_str(&summary(plan, page));
    out.push_str(&missing_section(plan, page));
    out.push_str(&notes_and_warnings(plan, page));
    out.push_str(&conclusion(plan, page));
    out
}

fn header(plan: &PlanDocument, page: Page) -> String {
    let words = SideWords::of(&plan.source);
    let source = words.label_source(&plan.source.description());
    let target = format!("{} {}", words.labels[1], plan.target.description());
    let text = from_to("hookferry plan: ", &source, &target, page);
    let heading = page.palette.paint(Meaning::Heading, &text);
    let Some(binding) = &plan.binding else {
        return format!("{heading}\n\n");
    };
    let Binding {
        fingerprint,
        created,
        valid_until,
        ..
    } = binding;
    let facts = format!("fingerprint {fingerprint}, made {created}, valid until {valid_until}");
    format!("{heading}\n{}\n\n", wrapped(&facts, page.width, 2))
}

fn legend(page: Page) -> String {
    const GAP: &str = "   ";
    let mut out = String::new();
    let mut column = 0;
    for state in StepState::ALL {
        let text = format!("{} {}", symbol(state), state.word());
        let needed = GAP.len() + width(&text);
        if column > 0 && column + needed > page.width {
            out.push('\n');
            column = 0;
        }
        out.push_str(if column == 0 { "  " } else { GAP });
        out.push_str(&page.palette.paint(Meaning::State(state), &text));
        column += needed;
    }
    format!("{out}\n\n")
}

/// A step of the plan with its line.
struct PlanLine<'p> {
    line: Line,
    step: &'p StepDocument,
    words: SideWords,
}

/// The webhooks grouped by state, in source order within each group.
fn groups(plan: &PlanDocument, page: Page) -> String {
    let words = SideWords::of(&plan.source);
    let entries: Vec<PlanLine<'_>> = plan
        .steps
        .iter()
        .filter(|step| !page.folds_quiet() || needs_attention(step))
        .map(|step| PlanLine {
            line: line(step),
            step,
            words,
        })
        .collect();
    let layout = Layout::fit(entries.iter().map(|entry| &entry.line), page);
    let mut out = String::new();
    for state in GROUP_ORDER {
        let n = plan.summary.count(state);
        if n == 0 {
            continue;
        }
        let group: Vec<&PlanLine<'_>> = entries
            .iter()
            .filter(|entry| entry.step.state == state)
            .collect();
        let reason = shared_reason(group.iter().map(|entry| entry.step));
        let title = group_title(plan, state, n);
        let title = match (n.saturating_sub(group.len()), group.len()) {
            (0, _) => title,
            (_, 0) => format!("{title} (--all lists them)"),
            (n_folded, _) => format!("{title} (--all lists the other {n_folded})"),
        };
        out.push_str(&group_heading(&title, reason, page));
        for entry in &group {
            entry.line.write(&mut out, layout, page);
            push_details(&mut out, entry, reason.is_none(), page);
        }
        out.push('\n');
    }
    out
}

/// Whether there is more to say of a webhook than that it stays as it is.
fn needs_attention(step: &StepDocument) -> bool {
    let is_plain =
        remarks(step, true, SideWords::SOURCE_AND_TARGET).is_empty() && step.differences.is_empty();
    step.state != StepState::Unchanged || !is_plain
}

fn line(step: &StepDocument) -> Line {
    let meaning = Meaning::State(step.state);
    let symbol = symbol(step.state);
    if step.state == StepState::Create {
        return Line::new(meaning, symbol, step, None, &step.destination).with_new_id();
    }
    let target_id = step.target_id.as_ref();
    Line::new(meaning, symbol, step, target_id, "")
}

/// Appends the remarks, fields and differences below a webhook's line.
fn push_details(out: &mut String, entry: &PlanLine<'_>, shows_reason: bool, page: Page) {
    let step = entry.step;
    for remark in remarks(step, shows_reason, entry.words) {
        push_remark(out, &remark, page);
    }
    if step.state == StepState::Create && page.detail.shows_values {
        push_fields(out, &step.fields, page);
    }
    // Whoever decides a conflict needs all of it.
    let shows_values = page.detail.shows_values || step.state == StepState::Conflict;
    let page = page.with_values(shows_values);
    push_differences(out, &step.differences, entry.words, page);
}

/// The remarks on one webhook, in words.
pub(super) fn remarks(step: &StepDocument, shows_reason: bool, words: SideWords) -> Vec<String> {
    let mut remarks = Vec::new();
    if shows_reason && !step.reason.is_empty() {
        remarks.push(step.reason.clone());
    }
    let last_changed = step.updated_at.and_then(|at| last_changed_text(at, words));
    remarks.extend(last_changed);
    // For an unchanged webhook, an earlier plan showed what the rules do: the one that wrote it.
    let changes = changes_text(step);
    if !changes.is_empty() && step.state != StepState::Unchanged {
        remarks.push(format!("rules: {changes}"));
    }
    if step.state == StepState::Blocked && !step.leftover.is_empty() {
        remarks.push(format!(
            "secrets that no rule covers: {}",
            leftover_text(&step.leftover, false)
        ));
    }
    remarks.extend(step.notes.iter().map(|note| format!("note: {note}")));
    remarks
}

/// When each side was last changed, and which of them later: what decides most conflicts.
fn last_changed_text(updated_at: UpdatedDocument, words: SideWords) -> Option<String> {
    let shown = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let UpdatedDocument { source, target } = updated_at;
    let [one, other] = words.labels;
    let parts = [(one, source, target), (other, target, source)];
    let parts: Vec<String> = parts
        .into_iter()
        .filter_map(|(side, at, other)| {
            let is_later = other.is_some_and(|other| at > Some(other));
            let later = if is_later { " (later)" } else { "" };
            Some(format!("{side} {}{later}", shown(at?)))
        })
        .collect();
    (!parts.is_empty()).then(|| format!("last changed: {}", parts.join(", ")))
}

/// The reason, if all steps of the group share it, so that it is shown once.
pub(super) fn shared_reason<'s>(
    mut group: impl Iterator<Item = &'s StepDocument>,
) -> Option<&'s str> {
    let first = group.next()?.reason.as_str();
    let is_shared = !first.is_empty() && group.all(|step| step.reason == first);
    is_shared.then_some(first)
}

fn group_heading(title: &str, reason: Option<&str>, page: Page) -> String {
    let mut text = title.to_owned();
    if let Some(reason) = reason {
        text.push_str(": ");
        text.push_str(reason);
    }
    let text = wrapped(&text, page.width, 4);
    format!("{}\n", page.palette.paint(Meaning::Heading, &text))
}

/// The title of a group: the count in that state, and whether the plan leaves them alone.
pub(super) fn group_title(plan: &PlanDocument, state: StepState, n: usize) -> String {
    let needs_decision = matches!(
        state,
        StepState::Conflict | StepState::Ambiguous | StepState::Blocked
    );
    let count = state_count(state, n);
    let n_preventing = plan.refused_because_of.count(state);
    match n.saturating_sub(n_preventing) {
        0 => count,
        _ if !needs_decision => count,
        _ if n_preventing == 0 => format!("{count}, left alone"),
        n_left_alone => format!("{count}, {n_left_alone} of them left alone"),
    }
}

/// The six counts, which add up to the selection.
fn summary(plan: &PlanDocument, page: Page) -> String {
    let text = wrapped(&counts_sentence(plan), page.width, 2);
    format!("{}\n", page.palette.paint(Meaning::Heading, &text))
}

/// The six counts in a sentence.
pub(super) fn counts_sentence(plan: &PlanDocument) -> String {
    let parts: Vec<String> = StepState::ALL
        .into_iter()
        .map(|state| state_count(state, plan.summary.count(state)))
        .collect();
    let others = untouched_text(plan);
    format!(
        "{} selected (matched {} of {}): {}; {others}",
        plan.summary.total,
        plan.selection.matched,
        plan.selection.of,
        parts.join(", "),
    )
}

/// Says that the target's other webhooks are never touched.
pub(super) fn untouched_text(plan: &PlanDocument) -> String {
    let target = SideWords::of(&plan.source).target;
    match plan.untouched_in_target {
        0 => format!("the {target} has no others"),
        1 => format!("1 other in the {target} is never touched"),
        n => format!("{n} others in the {target} are never touched"),
    }
}

/// The list of all values that rules need and that could not be read.
fn missing_section(plan: &PlanDocument, page: Page) -> String {
    let missing = &plan.missing_values;
    if missing.is_empty() {
        return String::new();
    }
    let n = counted(missing.len(), "value");
    let heading = format!("{n} that the rules need could not be read:");
    let mut out = format!("{}\n", page.palette.paint(Meaning::Error, &heading));
    for value in missing {
        let text = wrapped(&missing_value_text(value), page.width.saturating_sub(4), 8);
        let symbol = page.palette.paint(Meaning::Error, "x");
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {symbol} {text}");
    }
    out
}

/// The invariants of the bodies, the notes and warnings, and what cannot be known in advance.
fn notes_and_warnings(plan: &PlanDocument, page: Page) -> String {
    let mut out = String::new();
    let invariants = plan.invariants;
    if invariants.of > 0 {
        out.push_str(&invariants_line(invariants, plan.summary.update, page));
    }
    for notice in &plan.notices {
        let (word, meaning) = if notice.warning {
            ("warning", Meaning::Warning)
        } else {
            ("note", Meaning::Heading)
        };
        let text = wrapped(&format!("{word}: {}", notice.text), page.width, 2);
        // A note is styled in its first word only, a warning as a whole.
        let painted = if notice.warning {
            page.palette.paint(meaning, &text)
        } else {
            text.replacen(word, &page.palette.paint(meaning, word), 1)
        };
        out.push_str(&painted);
        out.push('\n');
    }
    if let Some(text) = not_checked_text(plan) {
        out.push_str(&wrapped(&text, page.width, 2));
        out.push('\n');
    }
    out
}

fn invariants_line(invariants: Invariants, n_updates: usize, page: Page) -> String {
    let text = wrapped(&invariants_text(invariants, n_updates), page.width, 2);
    let text = if invariants.all_hold() {
        text
    } else {
        page.palette.paint(Meaning::Error, &text)
    };
    format!("{text}\n")
}

/// The invariants that were counted on the bodies, in words.
pub(super) fn invariants_text(invariants: Invariants, n_updates: usize) -> String {
    let Invariants {
        of,
        top_level_id_removed: removed,
        integration_type_id_kept: kept,
    } = invariants;
    let update = if n_updates > 0 {
        "; an update carries the id of the target's own webhook"
    } else {
        ""
    };
    format!("top-level id removed {removed}/{of}, integration_type.id kept {kept}/{of}{update}")
}

/// What is unknown until the target responds, in words; `None` if nothing would be sent.
pub(super) fn not_checked_text(plan: &PlanDocument) -> Option<String> {
    (plan.invariants.of > 0).then(|| format!("Not checked: {}.", plan.not_checked.join(", and ")))
}

/// The last lines: the refusal with its hints, or that there is nothing to do; empty otherwise.
fn conclusion(plan: &PlanDocument, page: Page) -> String {
    if let Some(refusal) = plan_refusal(plan) {
        let why = wrapped(
            &format!("Would be refused: {}.", refusal.why),
            page.width,
            2,
        );
        let mut out = format!("\n{}\n", page.palette.paint(Meaning::Error, &why));
        for way in refusal.remedies {
            let text = wrapped(&format!("hint: {way}"), page.width, 6);
            out.push_str(&page.palette.paint(Meaning::Hint, &text));
            out.push('\n');
        }
        return out;
    }
    let Some(text) = nothing_to_do_text(plan) else {
        return String::new();
    };
    let text = wrapped(&text, page.width, 2);
    format!("\n{}\n", page.palette.paint(Meaning::Success, &text))
}

/// Says that there is nothing to do, and why; `None` if the plan has changes.
pub(super) fn nothing_to_do_text(plan: &PlanDocument) -> Option<String> {
    if plan.has_changes {
        return None;
    }
    let (words, total) = (SideWords::of(&plan.source), plan.summary.total);
    // The counts of a document from a file may not add up.
    let left_alone = total.saturating_sub(plan.summary.unchanged);
    Some(if total == 0 {
        format!("Nothing to do: the {} has no webhooks.", words.labels[0])
    } else if left_alone == 0 {
        format!(
            "Nothing to do: the {} already has {}.",
            words.target,
            all_selected(total)
        )
    } else {
        let states = [
            StepState::Conflict,
            StepState::Ambiguous,
            StepState::Blocked,
        ];
        let counts = states.map(|state| (state, plan.summary.count(state)));
        let counts = counts.into_iter().filter(|(_, n)| *n > 0);
        let counts: Vec<String> = counts.map(|(state, n)| state_count(state, n)).collect();
        format!(
            "Nothing to do: {} left alone (on conflict: {}).",
            counts.join(", "),
            plan.policy().description()
        )
    })
}

fn all_selected(n: usize) -> String {
    match n {
        1 => "the selected webhook".to_owned(),
        n => format!("all {n} selected webhooks"),
    }
}
