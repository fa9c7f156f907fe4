//! Renders `rules check`: what each rule changes, which secrets no rule covers, and which values can be read.
//! Pure. Shows no value, and of a changed one only whether it equals the previous one.

mod document;
mod draft;

pub use document::document;
pub use draft::{Draft, draft};

use super::changes::{change_words, leftover_words};
use super::columns::wrapped;
use super::rows::{Layout, Line, below};
use super::style::Meaning;
use crate::coralogix::path::Path;
use crate::document::view::Party;
use crate::document::{ChangeDocument, LeftoverDocument};
use crate::foreign::name;
use crate::pipeline::rewrite::rule::{Rule, Unmatched};
use crate::pipeline::rewrite::{Change, How, Portable, PortableWebhook, Reading, Rewriting};
use crate::pipeline::strip::Blocked;
use crate::render::page::Page;
use crate::wording::counted;
use std::fmt::Write as _;

/// Rules, the webhooks that they apply to, and the result.
pub struct CheckView<'a> {
    /// The name of the rules file; `None` if there is none.
    pub name: Option<&'a str>,
    /// The account or file that the webhooks come from.
    pub account: &'a Party,
    /// The rules and their values.
    pub rewriting: &'a Rewriting,
    /// For each rule, the indexes of the webhooks that it matches.
    pub matched: &'a [Vec<usize>],
    /// The webhooks after rewriting.
    pub portable: &'a Portable,
}

impl CheckView<'_> {
    /// Whether nothing in these rules or their values would cause a migration to be refused.
    pub fn is_complete(&self) -> bool {
        let is_in_the_way = |webhook: &PortableWebhook| {
            let blocked = webhook.blocked();
            !webhook.unread().is_empty()
                || matches!(
                    blocked,
                    Some(Blocked::UnmatchedSecret | Blocked::UnreadableFields)
                )
        };
        !self.portable.webhooks().iter().any(is_in_the_way)
    }

    fn rules(&self) -> impl Iterator<Item = (&Rule, &Vec<usize>)> {
        self.rewriting.rules.rules.iter().zip(self.matched)
    }

    /// The changes that the rule at `line` makes to a webhook; those of `retarget` for `None`.
    fn changes_by(&self, line: Option<usize>, place: usize) -> Vec<&Change> {
        let changes = self.portable.webhooks()[place].changes().iter();
        changes.filter(|change| change.line == line).collect()
    }

    /// Warnings about parts of a rule that have no effect.
    fn idle(&self, rule: &Rule, matched: &[usize]) -> Vec<String> {
        let mut idle: Vec<String> = rule
            .keep
            .iter()
            .filter(|path| !matched.is_empty() && !self.hides(matched, path))
            .map(|path| format!("`keep` has no effect on {path}: it contains no secret"))
            .collect();
        let replaces = |place: &usize| {
            let changes = self.changes_by(Some(rule.line), *place);
            changes.iter().any(|change| change.how == How::Replaced)
        };
        if !rule.replace.is_empty() && !matched.is_empty() && !matched.iter().any(replaces) {
            idle.push(
                "`replace` has no effect: its text does not occur in the matched webhooks"
                    .to_owned(),
            );
        }
        idle
    }

    /// Whether any of these webhooks has a secret at the path or below it.
    fn hides(&self, places: &[usize], path: &Path) -> bool {
        places.iter().any(|place| {
            let places = self.portable.webhooks()[*place].bare().places();
            let mut within = places.iter().filter(|place| place.path.is_within(path));
            within.any(|place| place.secret().is_some())
        })
    }
}

/// Renders the check as text.
pub fn text(view: &CheckView<'_>, page: Page) -> String {
    let mut out = String::new();
    let rules = view.name.map_or_else(|| "no rules".to_owned(), name);
    let heading = format!(
        "hookferry rules check: {rules} for {}",
        view.account.described()
    );
    let heading = wrapped(&heading, page.width, 4);
    let _ = writeln!(out, "{}\n", page.palette.paint(Meaning::Heading, &heading));
    for (rule, matched) in view.rules() {
        one_rule(&mut out, view, rule, matched, page);
    }
    retargeted(&mut out, view, page);
    values(&mut out, view, page);
    leftover(&mut out, view, page);
    out.push_str(&summary(view, page));
    out
}

fn heading(out: &mut String, text: &str, page: Page) {
    let text = wrapped(text, page.width, 4);
    let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &text));
}

fn one_rule(out: &mut String, view: &CheckView<'_>, rule: &Rule, matched: &[usize], page: Page) {
    let means = match (matched.len(), rule.is_optional) {
        (0, true) => "matches no webhook, which is allowed because it is optional".to_owned(),
        (0, false) => "matches none of the selected webhooks".to_owned(),
        (n, _) => format!("matches {}", counted(n, "webhook")),
    };
    heading(out, &format!("rule at line {} {means}", rule.line), page);
    let changed: Vec<(usize, Vec<&Change>)> = matched
        .iter()
        .map(|place| (*place, view.changes_by(Some(rule.line), *place)))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    changed_lines(out, view, &changed, page);
    if !rule.keep.is_empty() && !matched.is_empty() {
        let paths: Vec<String> = rule.keep.iter().map(ToString::to_string).collect();
        below(out, &format!("keeps {}", paths.join(", ")), page);
    }
    for idle in view.idle(rule, matched) {
        let mut remark = String::new();
        below(&mut remark, &format!("warning: {idle}"), page);
        out.push_str(&page.palette.paint(Meaning::Warning, remark.trim_end()));
        out.push('\n');
    }
    out.push('\n');
}

fn changed_lines(
    out: &mut String,
    view: &CheckView<'_>,
    changed: &[(usize, Vec<&Change>)],
    page: Page,
) {
    let line = |(place, changes): &(usize, Vec<&Change>)| {
        let webhook = &view.portable.webhooks()[*place];
        let words: Vec<String> = changes
            .iter()
            .map(|change| change_words(&ChangeDocument::from(*change)))
            .collect();
        (
            Line::of_source(Meaning::Heading, "~", webhook),
            words.join("; "),
        )
    };
    let lines: Vec<(Line, String)> = changed.iter().map(line).collect();
    let layout = Layout::of(lines.iter().map(|(line, _)| line), page);
    for (line, words) in &lines {
        line.write(out, layout, page);
        below(out, words, page);
    }
}

/// The webhooks whose Coralogix hosts `retarget` replaced.
fn retargeted(out: &mut String, view: &CheckView<'_>, page: Page) {
    let Some(retarget) = view.rewriting.retarget else {
        return;
    };
    let places = 0..view.portable.webhooks().len();
    let changed: Vec<(usize, Vec<&Change>)> = places
        .map(|place| (place, view.changes_by(None, place)))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    let n = counted(changed.len(), "webhook");
    heading(
        out,
        &format!(
            "retarget from {} to {} changes {n}",
            retarget.from, retarget.to
        ),
        page,
    );
    changed_lines(out, view, &changed, page);
    out.push('\n');
}

fn values(out: &mut String, view: &CheckView<'_>, page: Page) {
    let all = view.rewriting.values.all();
    if all.is_empty() {
        return;
    }
    heading(out, &counted(all.len(), "value"), page);
    for (source, reading) in all {
        let (meaning, symbol, words) = match reading {
            Reading::Read(_) => (Meaning::Success, "+", "can be read".to_owned()),
            Reading::Unread(why) => (Meaning::Error, "x", format!("cannot be read: {why}")),
        };
        let text = wrapped(
            &format!("{source}: {words}"),
            page.width.saturating_sub(4),
            8,
        );
        let _ = writeln!(out, "  {} {text}", page.palette.paint(meaning, symbol));
    }
    out.push('\n');
}

fn leftover(out: &mut String, view: &CheckView<'_>, page: Page) {
    let left: Vec<&PortableWebhook> = view
        .portable
        .webhooks()
        .iter()
        .filter(|webhook| !webhook.leftover().is_empty())
        .collect();
    if left.is_empty() {
        return;
    }
    let (meaning, what) = match view.rewriting.unmatched {
        Unmatched::Keep => (
            Meaning::Heading,
            "copied unchanged (unmatched_secret = \"keep\")",
        ),
        Unmatched::Refuse => (Meaning::Error, "not sent (unmatched_secret = \"refuse\")"),
    };
    let n = counted(left.len(), "webhook");
    heading(
        out,
        &format!("{n} with secrets that no rule covers, {what}"),
        page,
    );
    let lines: Vec<Line> = left
        .iter()
        .map(|webhook| Line::of_source(meaning, "?", *webhook))
        .collect();
    let layout = Layout::of(lines.iter(), page);
    for (line, webhook) in lines.iter().zip(&left) {
        line.write(out, layout, page);
        let leftover: Vec<LeftoverDocument> = webhook.leftover().iter().map(Into::into).collect();
        below(out, &leftover_words(&leftover, true), page);
    }
    out.push('\n');
}

/// The totals, counted once for both outputs.
struct Counts {
    webhooks: usize,
    changed: usize,
    leftover: usize,
    values: usize,
    unread: usize,
}

fn counts(view: &CheckView<'_>) -> Counts {
    let webhooks = view.portable.webhooks();
    let values = view.rewriting.values.all();
    Counts {
        webhooks: webhooks.len(),
        changed: webhooks
            .iter()
            .filter(|webhook| !webhook.changes().is_empty())
            .count(),
        leftover: webhooks
            .iter()
            .map(|webhook| webhook.leftover().len())
            .sum(),
        values: values.len(),
        unread: values
            .iter()
            .filter(|(_, reading)| matches!(reading, Reading::Unread(_)))
            .count(),
    }
}

fn summary(view: &CheckView<'_>, page: Page) -> String {
    let counts = counts(view);
    let values = match (counts.values, counts.unread) {
        (0, _) => "no values needed".to_owned(),
        (all, unread) => format!("{} of {} readable", all - unread, counted(all, "value")),
    };
    let text = format!(
        "{}: {} changed, {} unchanged; {} without a rule; {values}",
        counted(counts.webhooks, "webhook"),
        counts.changed,
        counts.webhooks - counts.changed,
        counted(counts.leftover, "secret"),
    );
    let mut out = String::new();
    heading(&mut out, &text, page);
    let (meaning, last) = if view.is_complete() {
        (
            Meaning::Success,
            "A migration with these rules has everything it needs.",
        )
    } else {
        (
            Meaning::Error,
            "A migration with these rules would be refused.",
        )
    };
    let _ = writeln!(out, "{}", page.palette.paint(meaning, last));
    out
}
