//! How a migration ended, as text: what became of every webhook, what the server altered, and what to do next.
//! Pure. Calls nothing done that was not read back from the target.

use super::columns::{padded, padded_left, width, wrapped};
use super::rows::{Layout, Line, below, differences};
use super::style::Meaning;
use crate::document::{EndDocument, OutcomeDocument, ReadBackDocument};
use crate::foreign::name;
use crate::pipeline::outcome::Ending;
use crate::pipeline::push::Proof;
use crate::render::page::Page;
use crate::wording::counted;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The whole outcome as text; its table is also the map from source ids to target ids.
pub fn outcome(outcome: &OutcomeDocument, page: Page) -> String {
    let mut out = header(outcome, page);
    table(&mut out, outcome, page);
    out.push_str(&altered(outcome, page));
    out.push_str(&tally(outcome, page));
    out.push_str(&balance(outcome, page));
    out.push_str(&conclusion(outcome, page));
    out
}

fn header(outcome: &OutcomeDocument, page: Page) -> String {
    let source = format!("hookferry outcome: source {}", outcome.source.identity());
    let target = format!("target {}", outcome.target.identity());
    let one_line = format!("{source} -> {target}");
    let text = if width(&one_line) <= page.width {
        one_line
    } else {
        format!("{source}\n               -> {target}")
    };
    format!("{}\n\n", page.palette.paint(Meaning::Heading, &text))
}

/// Every webhook by its ending, what went well first, so that the rest stands near the end.
///
/// Each line is made when it is measured and again when it is written: all at once they would be larger than the text.
fn table(out: &mut String, outcome: &OutcomeDocument, page: Page) {
    let n_unchanged = outcome.ended(Ending::Unchanged).count();
    let is_long = page.counts(n_unchanged);
    let is_counted = |ending| is_long && ending == Ending::Unchanged;
    let listed = outcome.webhooks.iter();
    let listed = listed.filter(|end| !is_counted(end.result));
    let layout = Layout::of(listed.map(line), page);
    for (ending, n) in outcome.counts() {
        let heading = wrapped(&format!("{n} {}", ending.heading()), page.width, 4);
        out.push_str(&page.palette.paint(Meaning::Heading, &heading));
        out.push('\n');
        if is_counted(ending) {
            below(out, "(-o json lists them)", page);
            out.push('\n');
            continue;
        }
        for end in outcome.ended(ending) {
            line(end).write(out, layout, page);
            // Why it is left alone was part of the plan, and is told there.
            if let Some(why) = end.why.as_ref().filter(|_| ending != Ending::Skipped) {
                below(out, why, page);
            }
        }
        out.push('\n');
    }
}

fn line(end: &EndDocument) -> Line {
    let ending = end.result;
    Line::new(
        ending.into(),
        ending.symbol(),
        end,
        end.target_id.as_ref(),
        remark(end),
    )
}

/// What stands behind a webhook's ids.
pub(super) fn remark(end: &EndDocument) -> &'static str {
    match (end.result, end.proof) {
        (Ending::Skipped, _) => end.planned.word(),
        (_, Some(Proof::Observed)) => "found in the target, its answer was lost",
        (_, Some(Proof::Acknowledged) | None) => "",
    }
}

/// The webhooks that arrived and look different in the target, with the places that differ.
fn altered(outcome: &OutcomeDocument, page: Page) -> String {
    let altered = outcome.webhooks.iter();
    let altered: Vec<&EndDocument> = altered.filter(|end| !end.altered.is_empty()).collect();
    if altered.is_empty() {
        return String::new();
    }
    let heading = format!("{} of these altered by the server:", altered.len());
    let mut out = format!("{}\n", page.palette.paint(Meaning::Warning, &heading));
    let layout = Layout::of(altered.iter().map(|end| line(end)), page);
    for end in &altered {
        line(end).write(&mut out, layout, page);
        differences(&mut out, &end.altered, page);
    }
    out.push('\n');
    out
}

/// How many webhooks of each type ended in each way; one type alone needs no table.
fn tally(outcome: &OutcomeDocument, page: Page) -> String {
    let endings: Vec<Ending> = outcome
        .counts()
        .into_iter()
        .map(|(ending, _)| ending)
        .collect();
    let mut types: BTreeMap<(Option<u64>, &str), Vec<&EndDocument>> = BTreeMap::new();
    for end in &outcome.webhooks {
        types.entry((end.type_id, &end.kind)).or_default().push(end);
    }
    if types.len() < 2 {
        return String::new();
    }
    let all: Vec<&EndDocument> = outcome.webhooks.iter().collect();
    let rows = types.iter().map(|((_, kind), ends)| (name(kind), ends));
    let rows: Vec<_> = rows.chain([("all types".to_owned(), &all)]).collect();
    let widest = rows.iter().map(|(kind, _)| width(kind)).max().unwrap_or(0);
    let heading = endings.iter().map(|ending| format!("  {}", ending.word()));
    let heading = format!("  {}{}", padded("", widest), heading.collect::<String>());
    let mut out = format!("{}\n", page.palette.paint(Meaning::Faint, &heading));
    for (kind, ends) in rows {
        let cell = |ending: &Ending| {
            let n = ends.iter().filter(|end| end.result == *ending).count();
            let n = if n == 0 {
                "·".to_owned()
            } else {
                n.to_string()
            };
            format!("  {}", padded_left(&n, ending.word().len()))
        };
        let cells: String = endings.iter().map(cell).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {}{cells}", padded(&kind, widest));
    }
    out.push('\n');
    out
}

/// The endings, which add up to the selection, and what reading back has shown.
fn balance(outcome: &OutcomeDocument, page: Page) -> String {
    let mut out = page
        .palette
        .paint(Meaning::Heading, &wrapped(&sum(outcome), page.width, 2));
    out.push('\n');
    for text in [read_back(outcome), appeared(outcome)]
        .into_iter()
        .flatten()
    {
        out.push_str(&wrapped(&text, page.width, 2));
        out.push('\n');
    }
    out
}

/// The endings in a sentence.
pub(super) fn sum(outcome: &OutcomeDocument) -> String {
    let parts: Vec<String> = outcome
        .counts()
        .into_iter()
        .map(|(ending, n)| format!("{n} {}", ending.word()))
        .collect();
    let total = counted(outcome.webhooks.len(), "webhook");
    if parts.is_empty() {
        format!("{total} selected")
    } else {
        format!("{total} selected: {}", parts.join(", "))
    }
}

/// What reading back has shown; `None` where nothing was to be written.
pub(super) fn read_back(outcome: &OutcomeDocument) -> Option<String> {
    if outcome.had_nothing_to_write() {
        return None;
    }
    Some(match outcome.read_back {
        None => "not verified: the target was not read at the end".to_owned(),
        Some(ReadBackDocument {
            verified,
            altered,
            missing,
            duplicated,
        }) => format!(
            "read back: {verified} as wanted, {altered} altered by the server, {missing} missing, {duplicated} duplicated"
        ),
    })
}

/// What came into the target meanwhile; `None` where nothing did.
pub(super) fn appeared(outcome: &OutcomeDocument) -> Option<String> {
    const MOST: usize = 20;
    let appeared = &outcome.appeared_in_target;
    if appeared.is_empty() {
        return None;
    }
    let ids: Vec<String> = appeared
        .iter()
        .take(MOST)
        .map(ToString::to_string)
        .collect();
    let more = if appeared.len() > MOST { ", …" } else { "" };
    Some(format!(
        "{} appeared in the target meanwhile, not from this run: {}{more}",
        counted(appeared.len(), "webhook"),
        ids.join(", ")
    ))
}

/// Whether all is done, why the run stopped if it did, and the next steps.
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
    let (meaning, text) = last_word(outcome);
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

/// The one sentence that says how it went.
pub(super) fn last_word(outcome: &OutcomeDocument) -> (Meaning, String) {
    let ends = &outcome.webhooks;
    let n_open = ends.iter().filter(|end| !end.result.is_settled()).count();
    let left_alone = match outcome.ended(Ending::Skipped).count() {
        0 => String::new(),
        n => format!("; {} left alone, as planned", counted(n, "webhook")),
    };
    if outcome.had_nothing_to_write() && n_open == 0 {
        (
            Meaning::Success,
            format!("Done: nothing had to be written{left_alone}."),
        )
    } else if outcome.complete && n_open == 0 {
        let done = "Done: the target has everything that was to be written";
        (Meaning::Success, format!("{done}{left_alone}."))
    } else if !outcome.may_have_written {
        (Meaning::Error, "Not done: nothing was written.".to_owned())
    } else if n_open == 0 {
        (Meaning::Error, "Written, but not verified.".to_owned())
    } else {
        let open = counted(n_open, "webhook");
        let text = format!("Not finished: {open} not known to be in the target exactly once.");
        (Meaning::Error, text)
    }
}
