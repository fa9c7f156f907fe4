//! Renders `rules check`: what each rule changes, which secrets no rule covers, and which values can be read.
//! Pure. Shows no value, and of a changed one only whether it equals the previous one.

mod document;
mod draft;

pub use document::document;
pub use draft::{RulesDraft, draft};

use super::changes::{change_text, leftover_text};
use super::columns::wrapped;
use super::rows::{Layout, Line, push_remark};
use super::style::Meaning;
use crate::coralogix::path::Path;
use crate::document::view::Party;
use crate::document::{ChangeDocument, LeftoverDocument};
use crate::pipeline::rewrite::rule::{Rule, UnmatchedSecretPolicy};
use crate::pipeline::rewrite::{
    Change, ChangeKind, Portable, PortableWebhook, Rewriting, ValueReading,
};
use crate::pipeline::strip::Blocked;
use crate::render::page::Page;
use crate::untrusted::name_cell;
use crate::wording::counted;
use serde::Serialize;
use std::fmt::Write as _;

/// Rules, the webhooks that they apply to, and the result.
pub struct RulesCheckView<'a> {
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

impl RulesCheckView<'_> {
    /// Whether nothing in these rules or their values would cause a migration to be refused.
    pub fn is_complete(&self) -> bool {
        let would_be_refused = |webhook: &PortableWebhook| {
            let blocked = webhook.blocked();
            !webhook.unread_values().is_empty()
                || matches!(
                    blocked,
                    Some(Blocked::UnmatchedSecret | Blocked::UnreadableFields)
                )
        };
        !self.portable.webhooks().iter().any(would_be_refused)
    }

    fn rules(&self) -> impl Iterator<Item = (&Rule, &Vec<usize>)> {
        self.rewriting.rules.rules.iter().zip(self.matched)
    }

    /// The changes that the rule at `line` makes to a webhook; those of `retarget` for `None`.
    fn changes_by(&self, line: Option<usize>, webhook_ix: usize) -> Vec<&Change> {
        let changes = self.portable.webhooks()[webhook_ix].changes().iter();
        changes.filter(|change| change.rule_line == line).collect()
    }

    /// Warnings about the values that a rule sets, each once.
    fn value_warnings(&self, rule: &Rule, matched: &[usize]) -> Vec<String> {
        let webhooks = matched.iter().map(|ix| &self.portable.webhooks()[*ix]);
        let mut warnings: Vec<String> = webhooks
            .flat_map(PortableWebhook::value_warnings)
            .filter(|warning| warning.rule_line == Some(rule.line))
            .map(ToString::to_string)
            .collect();
        warnings.sort();
        warnings.dedup();
        warnings
    }

    /// Warnings about parts of a rule that have no effect.
    fn ineffective(&self, rule: &Rule, matched: &[usize]) -> Vec<String> {
        let mut idle: Vec<String> = rule
            .keep
            .iter()
            .filter(|path| !matched.is_empty() && !self.has_secret(matched, path))
            .map(|path| format!("`keep` has no effect on {path}: it contains no secret"))
            .collect();
        let replaces = |webhook_ix: &usize| {
            let changes = self.changes_by(Some(rule.line), *webhook_ix);
            changes
                .iter()
                .any(|change| change.kind == ChangeKind::Replaced)
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
    fn has_secret(&self, webhook_ixs: &[usize], path: &Path) -> bool {
        webhook_ixs.iter().any(|ix| {
            let places = self.portable.webhooks()[*ix].bare().places();
            let mut within = places.iter().filter(|place| place.path.is_within(path));
            within.any(|place| place.secret_kind().is_some())
        })
    }
}

/// Renders the check as text.
pub fn text(view: &RulesCheckView<'_>, page: Page) -> String {
    let mut out = String::new();
    let rules = view.name.map_or_else(|| "no rules".to_owned(), name_cell);
    let heading = format!(
        "hookferry rules check: {rules} for {}",
        view.account.description()
    );
    let heading = wrapped(&heading, page.width, 4);
    let _ = writeln!(out, "{}\n", page.palette.paint(Meaning::Heading, &heading));
    for (rule, matched) in view.rules() {
        push_rule(&mut out, view, rule, matched, page);
    }
    push_retargeted(&mut out, view, page);
    push_values(&mut out, view, page);
    push_leftover(&mut out, view, page);
    out.push_str(&summary_text(view, page));
    out
}

fn push_heading(out: &mut String, text: &str, page: Page) {
    let text = wrapped(text, page.width, 4);
    let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &text));
}

fn push_rule(
    out: &mut String,
    view: &RulesCheckView<'_>,
    rule: &Rule,
    matched: &[usize],
    page: Page,
) {
    let match_text = match (matched.len(), rule.is_optional) {
        (0, true) => "matches no webhook, which is allowed because it is optional".to_owned(),
        (0, false) => "matches none of the selected webhooks".to_owned(),
        (n, _) => format!("matches {}", counted(n, "webhook")),
    };
    push_heading(
        out,
        &format!("rule at line {} {match_text}", rule.line),
        page,
    );
    let changed: Vec<(usize, Vec<&Change>)> = matched
        .iter()
        .map(|webhook_ix| (*webhook_ix, view.changes_by(Some(rule.line), *webhook_ix)))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    push_changes(out, view, &changed, page);
    if !rule.keep.is_empty() && !matched.is_empty() {
        let paths: Vec<String> = rule.keep.iter().map(ToString::to_string).collect();
        push_remark(out, &format!("keeps {}", paths.join(", ")), page);
    }
    let warnings = view.value_warnings(rule, matched).into_iter();
    for warning in warnings.chain(view.ineffective(rule, matched)) {
        let mut remark = String::new();
        push_remark(&mut remark, &format!("warning: {warning}"), page);
        out.push_str(&page.palette.paint(Meaning::Warning, remark.trim_end()));
        out.push('\n');
    }
    out.push('\n');
}

fn push_changes(
    out: &mut String,
    view: &RulesCheckView<'_>,
    changed: &[(usize, Vec<&Change>)],
    page: Page,
) {
    let line = |(webhook_ix, changes): &(usize, Vec<&Change>)| {
        let webhook = &view.portable.webhooks()[*webhook_ix];
        let words: Vec<String> = changes
            .iter()
            .map(|change| change_text(&ChangeDocument::from(*change)))
            .collect();
        (
            Line::source_only(Meaning::Heading, "~", webhook),
            words.join("; "),
        )
    };
    let lines: Vec<(Line, String)> = changed.iter().map(line).collect();
    let layout = Layout::fit(lines.iter().map(|(line, _)| line), page);
    for (line, words) in &lines {
        line.write(out, layout, page);
        push_remark(out, words, page);
    }
}

/// The webhooks whose Coralogix hosts `retarget` replaced.
fn push_retargeted(out: &mut String, view: &RulesCheckView<'_>, page: Page) {
    let Some(retarget) = view.rewriting.retarget else {
        return;
    };
    let webhook_ixs = 0..view.portable.webhooks().len();
    let changed: Vec<(usize, Vec<&Change>)> = webhook_ixs
        .map(|webhook_ix| (webhook_ix, view.changes_by(None, webhook_ix)))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    let n = counted(changed.len(), "webhook");
    push_heading(
        out,
        &format!(
            "retarget from {} to {} changes {n}",
            retarget.from, retarget.to
        ),
        page,
    );
    push_changes(out, view, &changed, page);
    out.push('\n');
}

fn push_values(out: &mut String, view: &RulesCheckView<'_>, page: Page) {
    let all = view.rewriting.values.readings();
    if all.is_empty() {
        return;
    }
    push_heading(out, &counted(all.len(), "value"), page);
    for (source, reading) in all {
        let (meaning, symbol, words) = match reading {
            ValueReading::Read(_) => (Meaning::Success, "+", "can be read".to_owned()),
            ValueReading::Unread(why) => (Meaning::Error, "x", format!("cannot be read: {why}")),
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

fn push_leftover(out: &mut String, view: &RulesCheckView<'_>, page: Page) {
    let left: Vec<&PortableWebhook> = view
        .portable
        .webhooks()
        .iter()
        .filter(|webhook| !webhook.unmatched_secrets().is_empty())
        .collect();
    if left.is_empty() {
        return;
    }
    let (meaning, what) = match view.rewriting.unmatched_policy {
        UnmatchedSecretPolicy::Keep => (
            Meaning::Heading,
            "copied unchanged (unmatched_secret = \"keep\")",
        ),
        UnmatchedSecretPolicy::Refuse => {
            (Meaning::Error, "not sent (unmatched_secret = \"refuse\")")
        }
    };
    let n = counted(left.len(), "webhook");
    push_heading(
        out,
        &format!("{n} with secrets that no rule covers, {what}"),
        page,
    );
    let lines: Vec<Line> = left
        .iter()
        .map(|webhook| Line::source_only(meaning, "?", *webhook))
        .collect();
    let layout = Layout::fit(lines.iter(), page);
    for (line, webhook) in lines.iter().zip(&left) {
        line.write(out, layout, page);
        let leftover: Vec<LeftoverDocument> =
            webhook.unmatched_secrets().iter().map(Into::into).collect();
        push_remark(out, &leftover_text(&leftover, true), page);
    }
    out.push('\n');
}

/// The totals, counted once for both outputs.
#[derive(Serialize)]
struct RulesCounts {
    webhooks: usize,
    changed: usize,
    leftover: usize,
    values: usize,
    #[serde(rename = "unreadable")]
    unread: usize,
}

fn count(view: &RulesCheckView<'_>) -> RulesCounts {
    let webhooks = view.portable.webhooks();
    let values = view.rewriting.values.readings();
    RulesCounts {
        webhooks: webhooks.len(),
        changed: webhooks
            .iter()
            .filter(|webhook| !webhook.changes().is_empty())
            .count(),
        leftover: webhooks
            .iter()
            .map(|webhook| webhook.unmatched_secrets().len())
            .sum(),
        values: values.len(),
        unread: values
            .iter()
            .filter(|(_, reading)| matches!(reading, ValueReading::Unread(_)))
            .count(),
    }
}

fn summary_text(view: &RulesCheckView<'_>, page: Page) -> String {
    let counts = count(view);
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
    push_heading(&mut out, &text, page);
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
