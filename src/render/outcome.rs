//! The outcome of a migration as text: every webhook's final status, server alterations and next steps.
//! Pure. Reports nothing as done that was not read back from the target.

use super::columns::{from_to, padded, padded_left, width, wrapped};
use super::cut_over::push_cut_over;
use super::differences::push_differences;
use super::rows::{Layout, Line, push_remark};
use super::side_words::SideWords;
use super::style::Meaning;
use crate::document::{ItemOutcomeDocument, OutcomeDocument, ReadBackDocument};
use crate::pipeline::outcome::FinalStatus;
use crate::pipeline::push::Proof;
use crate::render::page::Page;
use crate::untrusted::name_cell;
use crate::wording::counted;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The whole outcome as text; its table also serves as the map from source ids to target ids.
pub fn outcome(outcome: &OutcomeDocument, page: Page) -> String {
    let mut out = header(outcome, page);
    push_table(&mut out, outcome, page);
    out.push_str(&altered_section(outcome, page));
    out.push_str(&counts_table(outcome, page));
    out.push_str(&totals(outcome, page));
    push_cut_over(&mut out, &outcome.cut_over, page);
    out.push_str(&conclusion(outcome, page));
    out
}

fn header(outcome: &OutcomeDocument, page: Page) -> String {
    let words = SideWords::of(&outcome.source);
    let source = words.label_source(&outcome.source.identity());
    let target = format!("{} {}", words.target, outcome.target.identity());
    let text = from_to("hookferry outcome: ", &source, &target, page);
    format!("{}\n\n", page.palette.paint(Meaning::Heading, &text))
}

/// Every webhook, grouped by final status: successes first, so that problems appear near the end.
///
/// Builds each line twice, once to measure it and once to write it: all lines in memory would take more space than
/// the text.
fn push_table(out: &mut String, outcome: &OutcomeDocument, page: Page) {
    let counts = outcome.counts();
    let counted = counts.iter().filter(|(status, n)| match status {
        FinalStatus::Unchanged => page.folds_quiet(),
        FinalStatus::Created | FinalStatus::Updated => page.counts_written(*n),
        _ => false,
    });
    let counted: Vec<FinalStatus> = counted.map(|(status, _)| *status).collect();
    let is_counted = |status| counted.contains(&status);
    let is_listed =
        |item: &&ItemOutcomeDocument| !is_counted(item.result) || !remark(item).is_empty();
    let listed = outcome.webhooks.iter();
    let layout = Layout::fit(listed.filter(is_listed).map(line), page);
    for (status, n) in counts {
        let mut heading = format!("{n} {}", status.heading());
        if is_counted(status) {
            heading.push(' ');
            heading.push_str(counted_remark(status));
        }
        let heading = wrapped(&heading, page.width, 4);
        out.push_str(&page.palette.paint(Meaning::Heading, &heading));
        out.push('\n');
        for item in outcome.with_status(status).filter(is_listed) {
            line(item).write(out, layout, page);
            // The plan already showed why a webhook is left alone.
            if let Some(why) = item.why.as_ref().filter(|_| status != FinalStatus::Skipped) {
                push_remark(out, why, page);
            }
        }
        out.push('\n');
    }
}

/// Where the webhooks are listed that a group only counts.
fn counted_remark(status: FinalStatus) -> &'static str {
    match status {
        FinalStatus::Unchanged => "(--all lists them)",
        _ => "(`idmap show` and --all list them)",
    }
}

fn line(item: &ItemOutcomeDocument) -> Line {
    let status = item.result;
    Line::new(
        status.into(),
        status.symbol(),
        item,
        item.target_id.as_ref(),
        remark(item),
    )
}

/// The remark after a webhook's ids.
pub(super) fn remark(item: &ItemOutcomeDocument) -> &'static str {
    match (item.result, item.proof) {
        (FinalStatus::Skipped, _) => item.planned.word(),
        (_, Some(Proof::Observed)) => "found in the target; the response was lost",
        (_, Some(Proof::Acknowledged) | None) => "",
    }
}

/// The webhooks that the server altered, with the places that differ.
fn altered_section(outcome: &OutcomeDocument, page: Page) -> String {
    let altered = outcome.webhooks.iter();
    let altered: Vec<&ItemOutcomeDocument> =
        altered.filter(|item| !item.altered.is_empty()).collect();
    if altered.is_empty() {
        return String::new();
    }
    let heading = format!("{} of these altered by the server:", altered.len());
    let mut out = format!("{}\n", page.palette.paint(Meaning::Warning, &heading));
    let layout = Layout::fit(altered.iter().map(|item| line(item)), page);
    for item in &altered {
        line(item).write(&mut out, layout, page);
        let words = SideWords::of(&outcome.source);
        push_differences(&mut out, &item.altered, words, page);
    }
    out.push('\n');
    out
}

/// A table of counts by type and final status; empty if there is only one type.
fn counts_table(outcome: &OutcomeDocument, page: Page) -> String {
    let statuses: Vec<FinalStatus> = outcome
        .counts()
        .into_iter()
        .map(|(status, _)| status)
        .collect();
    let mut types: BTreeMap<(Option<u64>, &str), Vec<&ItemOutcomeDocument>> = BTreeMap::new();
    for item in &outcome.webhooks {
        let webhook_type = (item.type_id, item.kind.as_str());
        types.entry(webhook_type).or_default().push(item);
    }
    if types.len() < 2 {
        return String::new();
    }
    let all: Vec<&ItemOutcomeDocument> = outcome.webhooks.iter().collect();
    let rows = types
        .iter()
        .map(|((_, kind), items)| (name_cell(kind), items));
    let rows: Vec<_> = rows.chain([("all types".to_owned(), &all)]).collect();
    let widest = rows.iter().map(|(kind, _)| width(kind)).max().unwrap_or(0);
    let heading = statuses.iter().map(|status| format!("  {}", status.word()));
    let heading = format!("  {}{}", padded("", widest), heading.collect::<String>());
    let mut out = format!("{}\n", page.palette.paint(Meaning::Faint, &heading));
    for (kind, items) in rows {
        let cell = |status: &FinalStatus| {
            let n = items.iter().filter(|item| item.result == *status).count();
            let n = if n == 0 {
                "·".to_owned()
            } else {
                n.to_string()
            };
            format!("  {}", padded_left(&n, status.word().len()))
        };
        let cells: String = statuses.iter().map(cell).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {}{cells}", padded(&kind, widest));
    }
    out.push('\n');
    out
}

/// The counts by status, which add up to the selection, and the result of the read-back.
fn totals(outcome: &OutcomeDocument, page: Page) -> String {
    let mut out = page.palette.paint(
        Meaning::Heading,
        &wrapped(&counts_sentence(outcome), page.width, 2),
    );
    out.push('\n');
    for text in [read_back_text(outcome), new_in_target_text(outcome)]
        .into_iter()
        .flatten()
    {
        out.push_str(&wrapped(&text, page.width, 2));
        out.push('\n');
    }
    out
}

/// The counts by status in a sentence.
pub(super) fn counts_sentence(outcome: &OutcomeDocument) -> String {
    let parts: Vec<String> = outcome
        .counts()
        .into_iter()
        .map(|(status, n)| format!("{n} {}", status.word()))
        .collect();
    let total = counted(outcome.webhooks.len(), "webhook");
    if parts.is_empty() {
        format!("{total} selected")
    } else {
        format!("{total} selected: {}", parts.join(", "))
    }
}

/// The result of the read-back in words; `None` if the plan had nothing to write.
pub(super) fn read_back_text(outcome: &OutcomeDocument) -> Option<String> {
    if outcome.had_nothing_to_write() {
        return None;
    }
    Some(match outcome.read_back {
        None => "not verified: the target was not read back at the end".to_owned(),
        Some(ReadBackDocument {
            verified,
            altered,
            missing,
            duplicated,
        }) => format!(
            "read back: {verified} verified, {altered} altered by the server, {missing} missing, {duplicated} duplicated"
        ),
    })
}

/// The webhooks that are new in the target and not from this run; `None` if there are none.
pub(super) fn new_in_target_text(outcome: &OutcomeDocument) -> Option<String> {
    const MAX_LISTED: usize = 20;
    let new_ids = &outcome.appeared_in_target;
    if new_ids.is_empty() {
        return None;
    }
    let ids: Vec<String> = new_ids
        .iter()
        .take(MAX_LISTED)
        .map(ToString::to_string)
        .collect();
    let more = if new_ids.len() > MAX_LISTED {
        ", …"
    } else {
        ""
    };
    Some(format!(
        "{} in the target that this run did not create: {}{more}",
        counted(new_ids.len(), "new webhook"),
        ids.join(", ")
    ))
}

/// Why the run stopped early, if it did; the verdict; warnings; and the next steps.
fn conclusion(outcome: &OutcomeDocument, page: Page) -> String {
    let mut out = String::from("\n");
    let mut push = |meaning, text: &str, indent| {
        let text = wrapped(text, page.width, indent);
        out.push_str(&page.palette.paint(meaning, &text));
        out.push('\n');
    };
    if let Some(stop) = &outcome.stopped {
        push(Meaning::Error, &format!("Stopped early: {}.", stop.text), 2);
    }
    let (meaning, text) = verdict(outcome);
    push(meaning, &text, 2);
    if outcome.may_have_written {
        for notice in outcome.notices.iter().filter(|notice| notice.warning) {
            push(Meaning::Warning, &format!("warning: {}", notice.text), 2);
        }
    }
    for step in &outcome.next_steps {
        push(Meaning::Hint, &format!("next: {step}"), 6);
    }
    out
}

/// The verdict on the run, in one sentence.
pub(super) fn verdict(outcome: &OutcomeDocument) -> (Meaning, String) {
    let items = outcome.webhooks.iter();
    let n_open = items.filter(|item| !item.result.is_settled()).count();
    let left_alone = match outcome.with_status(FinalStatus::Skipped).count() {
        0 => String::new(),
        n => format!("; {} left alone, as planned", counted(n, "webhook")),
    };
    if outcome.had_nothing_to_write() && n_open == 0 {
        (
            Meaning::Success,
            format!("Done: nothing had to be written{left_alone}."),
        )
    } else if outcome.complete && n_open == 0 {
        let target = SideWords::of(&outcome.source).target;
        let done = format!("Done: the {target} has every planned change{left_alone}.");
        (Meaning::Success, done)
    } else if !outcome.may_have_written {
        (Meaning::Error, "Not done: nothing was written.".to_owned())
    } else if n_open == 0 {
        (Meaning::Error, "Written, but not verified.".to_owned())
    } else {
        let open: Vec<String> = outcome
            .counts()
            .into_iter()
            .filter(|(status, _)| !status.is_settled())
            .map(|(status, n)| format!("{n} {}", status.word()))
            .collect();
        (
            Meaning::Error,
            format!("Not finished: {}.", open.join(", ")),
        )
    }
}
