//! How a migration ended: what became of every webhook, what the server altered, and what to do next.
//! Pure. Calls nothing done that was not read back from the target.

mod document;
mod ending;

pub use document::outcome_json;
pub use ending::Ending;

use super::columns::{counted, width, wrapped};
use super::rows::{Layout, Line, below, differences};
use super::style::Meaning;
use super::view::{Detail, Page, PlanView, notices};
use crate::coralogix::account::Side;
use crate::pipeline::idmap::Row;
use crate::pipeline::push::{Applied, Proof, Stop};
use crate::pipeline::verify::{Finding, Verdict};
use ending::{End, ends};
use std::collections::BTreeMap;

/// Beyond this many, unchanged webhooks are counted instead of listed.
const MOST_UNCHANGED: usize = 50;

/// A plan that was carried out, and what was found afterwards.
#[derive(Debug, Clone, Copy)]
pub struct OutcomeView<'a> {
    /// The plan and its two sides.
    pub plan: PlanView<'a>,
    /// What was done.
    pub applied: &'a Applied,
    /// What was found; `None` where the target could not be read at the end.
    pub verdict: Option<&'a Verdict>,
    /// The id of the run record; none where there was nothing to record.
    pub run: Option<&'a str>,
    /// Earlier runs that were cut off, and for which this one has accounted.
    pub continues: &'a [String],
    /// What a command has to say to find the record: nothing, or ` --state-dir DIR`.
    pub state_flag: &'a str,
}

impl OutcomeView<'_> {
    /// Why the run stopped early, as a word for programs.
    pub fn stop_word(&self) -> Option<&'static str> {
        self.applied.stop.as_ref().map(|stop| stop_words(stop).0)
    }

    /// Whether everything that was to be written was found in the target, exactly once.
    pub fn is_complete(&self) -> bool {
        let is_found = self.verdict.is_some_and(Verdict::is_complete);
        self.applied.is_complete() && (is_found || self.applied.fates.is_empty())
    }
}

/// The ids of every webhook that both accounts have now.
pub fn id_map(view: OutcomeView<'_>) -> Vec<Row> {
    document::rows(&ends(view))
}

/// How many webhooks ended in each way, by the words of the report.
pub fn summary(view: OutcomeView<'_>) -> BTreeMap<String, usize> {
    ending::summary(&ends(view))
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(ending, n)| (ending.code().to_owned(), n))
        .collect()
}

/// The whole outcome as text; its table is also the map from source ids to target ids.
pub fn outcome(view: OutcomeView<'_>, page: Page) -> String {
    let ends = ends(view);
    let mut out = header(view, page);
    out.push_str(&table(&ends, page));
    out.push_str(&altered(&ends, page));
    out.push_str(&balance(view, &ends, page));
    out.push_str(&conclusion(view, &ends, page));
    out
}

fn header(view: OutcomeView<'_>, page: Page) -> String {
    let PlanView { source, target, .. } = view.plan;
    let source = format!("hookferry outcome: source {}", source.identity());
    let target = format!("target {}", target.identity());
    let one_line = format!("{source} -> {target}");
    let text = if width(&one_line) <= page.width {
        one_line
    } else {
        format!("{source}\n               -> {target}")
    };
    format!("{}\n\n", page.palette.paint(Meaning::Heading, &text))
}

/// Every webhook by its ending, what went well first, so that the rest stands near the end.
fn table(ends: &[End<'_>], page: Page) -> String {
    let counts = ending::summary(ends);
    let n_unchanged = ends
        .iter()
        .filter(|end| end.ending == Ending::Unchanged)
        .count();
    let is_long = n_unchanged > MOST_UNCHANGED && page.detail == Detail::Normal;
    let is_counted = |ending| is_long && ending == Ending::Unchanged;
    let lines: Vec<(Line, &End<'_>)> = ends
        .iter()
        .filter(|end| !is_counted(end.ending))
        .map(|end| (line(end), end))
        .collect();
    let layout = Layout::of(lines.iter().map(|(line, _)| line), page);
    let mut out = String::new();
    for (ending, n) in counts.into_iter().filter(|(_, n)| *n > 0) {
        let heading = wrapped(&format!("{n} {}", ending.heading()), page.width, 4);
        out.push_str(&page.palette.paint(Meaning::Heading, &heading));
        out.push('\n');
        if is_counted(ending) {
            below(&mut out, "(-o json lists them)", page);
        }
        for (line, end) in lines.iter().filter(|(_, end)| end.ending == ending) {
            line.write(&mut out, layout, page);
            // Why it is left alone was part of the plan, and is told there.
            if let Some(why) = end.why.as_ref().filter(|_| ending != Ending::Skipped) {
                below(&mut out, why, page);
            }
        }
        out.push('\n');
    }
    out
}

fn line(end: &End<'_>) -> Line {
    let ending = end.ending;
    let tail = match (ending, end.proof) {
        (Ending::Skipped, _) => end.planned.word(),
        (_, Some(Proof::Observed)) => "found in the target, its answer was lost",
        (_, Some(Proof::Acknowledged) | None) => "",
    };
    Line::new(
        ending.meaning(),
        ending.symbol(),
        end.webhook,
        end.target_id,
        tail.to_owned(),
    )
}

/// The webhooks that arrived and look different in the target, with the places that differ.
fn altered(ends: &[End<'_>], page: Page) -> String {
    let altered: Vec<(Line, &End<'_>)> = ends
        .iter()
        .filter(|end| !end.altered.is_empty())
        .map(|end| (line(end), end))
        .collect();
    if altered.is_empty() {
        return String::new();
    }
    let heading = format!("{} of these altered by the server:", altered.len());
    let mut out = format!("{}\n", page.palette.paint(Meaning::Warning, &heading));
    let layout = Layout::of(altered.iter().map(|(line, _)| line), page);
    for (line, end) in &altered {
        line.write(&mut out, layout, page);
        differences(&mut out, end.altered, page);
    }
    out.push('\n');
    out
}

/// The endings, which add up to the selection, and what reading back has shown.
fn balance(view: OutcomeView<'_>, ends: &[End<'_>], page: Page) -> String {
    let parts: Vec<String> = ending::summary(ends)
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(ending, n)| format!("{n} {}", ending.word()))
        .collect();
    let total = counted(ends.len(), "webhook");
    let sum = if parts.is_empty() {
        format!("{total} selected")
    } else {
        format!("{total} selected: {}", parts.join(", "))
    };
    let mut out = page
        .palette
        .paint(Meaning::Heading, &wrapped(&sum, page.width, 2));
    out.push('\n');
    if !view.applied.fates.is_empty() {
        out.push_str(&wrapped(&read_back(view.verdict), page.width, 2));
        out.push('\n');
    }
    if !view.applied.appeared.is_empty() {
        out.push_str(&appeared(view.applied, page));
    }
    out
}

fn read_back(verdict: Option<&Verdict>) -> String {
    let Some(verdict) = verdict else {
        return "not verified: the target was not read at the end".to_owned();
    };
    format!(
        "read back: {} as wanted, {} altered by the server, {} missing, {} duplicated",
        verdict.count(|finding| *finding == Finding::Verified),
        verdict.count(|finding| matches!(finding, Finding::Altered(_))),
        verdict.count(|finding| *finding == Finding::Missing),
        verdict.count(|finding| matches!(finding, Finding::Duplicated(_))),
    )
}

fn appeared(applied: &Applied, page: Page) -> String {
    const MOST: usize = 20;
    let ids: Vec<String> = applied
        .appeared
        .iter()
        .take(MOST)
        .map(ToString::to_string)
        .collect();
    let more = if applied.appeared.len() > MOST {
        ", …"
    } else {
        ""
    };
    let text = format!(
        "{} appeared in the target meanwhile, not from this run: {}{more}",
        counted(applied.appeared.len(), "webhook"),
        ids.join(", ")
    );
    format!("{}\n", wrapped(&text, page.width, 2))
}

/// Whether all is done, why the run stopped if it did, and the next steps.
fn conclusion(view: OutcomeView<'_>, ends: &[End<'_>], page: Page) -> String {
    let mut out = String::from("\n");
    let mut push = |meaning, text: &str, indent| {
        let text = wrapped(text, page.width, indent);
        out.push_str(&page.palette.paint(meaning, &text));
        out.push('\n');
    };
    if let Some(stop) = &view.applied.stop {
        push(
            Meaning::Error,
            &format!("Stopped early: {}.", stop_words(stop).1),
            2,
        );
    }
    let (meaning, text) = last_word(view, ends);
    push(meaning, &text, 2);
    if view.applied.may_have_written {
        for told in notices(view.plan.plan)
            .into_iter()
            .filter(|told| told.is_warning)
        {
            push(Meaning::Warning, &format!("warning: {}", told.text), 2);
        }
    }
    for step in next_steps(view, ends) {
        push(Meaning::Hint, &format!("next: {step}"), 6);
    }
    out
}

/// The one sentence that says how it went.
fn last_word(view: OutcomeView<'_>, ends: &[End<'_>]) -> (Meaning, String) {
    let n_open = ends.iter().filter(|end| !end.ending.is_settled()).count();
    let n_skipped = ends
        .iter()
        .filter(|end| end.ending == Ending::Skipped)
        .count();
    let left_alone = match n_skipped {
        0 => String::new(),
        n => format!("; {} left alone, as planned", counted(n, "webhook")),
    };
    if view.applied.fates.is_empty() && n_open == 0 {
        (
            Meaning::Success,
            format!("Done: nothing had to be written{left_alone}."),
        )
    } else if view.is_complete() && n_open == 0 {
        let done = "Done: the target has everything that was to be written";
        (Meaning::Success, format!("{done}{left_alone}."))
    } else if !view.applied.may_have_written {
        (Meaning::Error, "Not done: nothing was written.".to_owned())
    } else if n_open == 0 {
        (Meaning::Error, "Written, but not verified.".to_owned())
    } else {
        let open = counted(n_open, "webhook");
        let text = format!("Not finished: {open} not known to be in the target exactly once.");
        (Meaning::Error, text)
    }
}

fn next_steps(view: OutcomeView<'_>, ends: &[End<'_>]) -> Vec<String> {
    let has = |wanted: &[Ending]| ends.iter().any(|end| wanted.contains(&end.ending));
    let mut steps = Vec::new();
    if let Some(Stop::Refused(refusal)) = &view.applied.stop {
        steps.extend(refusal.hint(Side::Target));
    }
    if has(&[Ending::Refused, Ending::Ignored]) {
        steps.push(
            "repair in the source what the target refuses, or leave it out with `--name '!ALIAS'`"
                .to_owned(),
        );
    }
    if has(&[Ending::Unresolved, Ending::NotSeen, Ending::Duplicated]) {
        steps.push(
            "look at these in the target; a webhook that is there twice has to be removed by hand"
                .to_owned(),
        );
    }
    if !view.is_complete() {
        steps.push("run the same command again: it looks first, and sends only what the target still lacks".to_owned());
    }
    if let Some(run) = view.run.filter(|_| view.applied.may_have_written) {
        steps.push(format!(
            "undo exactly this run, if you have to: hookferry rollback {run}{}",
            view.state_flag
        ));
    }
    for run in view.continues {
        steps.push(format!(
            "this run went on where run {run} had left something open; to undo that one too: hookferry rollback {run}{}",
            view.state_flag
        ));
    }
    // Until all is there, other steps come first.
    if has(&[Ending::Created]) && view.is_complete() {
        steps.push("point the alerts at the new ids, the pairs `old -> new` above: export them and run `hookferry idmap apply`".to_owned());
        steps.push(
            "the source stays active: turn its webhooks off once the target's are proven"
                .to_owned(),
        );
    }
    steps
}

/// Why a run stopped: a word for programs, and the words for people.
pub(crate) fn stop_words(stop: &Stop) -> (&'static str, String) {
    match stop {
        Stop::Unreachable(why) => ("unreachable", format!("the target cannot be reached: {why}")),
        Stop::Refused(refusal) => ("refused", format!("the target {}", ending::answer(refusal))),
        Stop::TooManyRefused(n) => ("too-many-refused", format!("{n} in a row were refused")),
        Stop::Unresolved => (
            "unresolved",
            "what appeared in the target could be from this run or not, and sending on could make a second one".to_owned(),
        ),
        Stop::NoProgress(why) => ("no-progress", format!("several rounds brought no progress: {why}")),
        Stop::OutOfPatience => ("out-of-patience", "the run has waited for as long as it may".to_owned()),
        Stop::NotRecorded(why) => ("not-recorded", format!("the run record cannot be written: {why}")),
        Stop::Interrupted => ("interrupted", "it was interrupted; what was sent is on record".to_owned()),
        Stop::Blind(why) => ("blind", format!("the target cannot be read: {why}")),
    }
}
