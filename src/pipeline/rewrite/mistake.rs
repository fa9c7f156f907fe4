//! Rules that cannot be applied. Each problem is reported once, with all the webhooks that it affects.

use super::PortableWebhook;
use super::change::ChangeKind;
use super::rule::{Rule, Rules, TextReplacement};
use crate::coralogix::path::Path;
use crate::coralogix::webhook::Webhook;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::strip::{Key, StrippedWebhook};
use crate::untrusted;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::fmt;

/// A rule that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The line on which the rule starts.
    pub line: usize,
    /// What is wrong with it, and in which webhooks.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule at line {}: {}", self.line, self.message)
    }
}

/// Why a rule cannot be applied to a webhook.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RuleProblem {
    /// The webhook has no value at this path; the second path differs only in case and does have one.
    NoSuchPath(Path, Option<Path>),
    /// The rule that starts on this line changes the same value.
    ConflictingRules(Path, usize),
    /// The new value is of another JSON type (the last element) than the current one (the second).
    ShapeMismatch(Path, &'static str, &'static str),
    /// The rule that starts on this line renames the webhook too.
    ConflictingRenames(usize),
}

/// Collects mistakes, and groups the affected webhooks by mistake.
#[derive(Default)]
pub(super) struct Mistakes {
    by_problem: BTreeMap<(usize, RuleProblem), Vec<String>>,
    collisions: Vec<Mistake>,
}

impl Mistakes {
    pub(super) fn add(&mut self, line: usize, problem: RuleProblem, webhook: &StrippedWebhook) {
        let id = webhook
            .id()
            .map_or_else(|| "without id".to_owned(), ToString::to_string);
        let name = format!(
            "{id} `{}`",
            untrusted::escape_truncated(webhook.alias(), 40)
        );
        self.by_problem
            .entry((line, problem))
            .or_default()
            .push(name);
    }

    /// Adds a mistake for webhooks of the same type that would share an alias in the target because of a rename.
    pub(super) fn add_alias_collisions(&mut self, webhooks: &[PortableWebhook]) {
        let rename_line = |webhook: &PortableWebhook| {
            let mut changes = webhook.changes().iter();
            changes.find_map(|change| match change.kind {
                ChangeKind::Renamed(_) => change.rule_line,
                _ => None,
            })
        };
        if !webhooks
            .iter()
            .any(|webhook| rename_line(webhook).is_some())
        {
            return;
        }
        let mut by_key: BTreeMap<Key, Vec<&PortableWebhook>> = BTreeMap::new();
        for webhook in webhooks {
            if let Some(key) = webhook.key() {
                by_key.entry(key).or_default().push(webhook);
            }
        }
        for (key, webhooks) in by_key {
            let line = webhooks.iter().find_map(|webhook| rename_line(webhook));
            let (Some(line), true) = (line, webhooks.len() > 1) else {
                continue;
            };
            let ids: Vec<String> = webhooks
                .iter()
                .filter_map(|webhook| Some(webhook.source_id()?.to_string()))
                .collect();
            let alias = untrusted::escape_truncated(&key.alias, 40);
            let what = format!(
                "{} webhooks of the same type would get the alias `{alias}` in the target: {}",
                webhooks.len(),
                list_names(&ids)
            );
            self.collisions.push(Mistake {
                line,
                message: what,
            });
        }
    }

    /// Returns `value` if there are no mistakes, else the mistakes in the order of the file.
    pub(super) fn into_result<T>(self, value: T) -> Result<T, Vec<Mistake>> {
        let to_mistake = |((line, wrong), webhooks): ((usize, RuleProblem), Vec<String>)| Mistake {
            line,
            message: problem_message(&wrong, &list_names(&webhooks)),
        };
        let mut mistakes = self.collisions;
        mistakes.extend(self.by_problem.into_iter().map(to_mistake));
        mistakes.sort();
        if mistakes.is_empty() {
            Ok(value)
        } else {
            Err(mistakes)
        }
    }
}

fn problem_message(problem: &RuleProblem, webhooks: &str) -> String {
    match problem {
        RuleProblem::NoSuchPath(path, near) => {
            let near = near
                .as_ref()
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            format!("there is no `{path}` in {webhooks}{near}")
        }
        RuleProblem::ConflictingRules(path, line) => {
            format!("the rule at line {line} also changes `{path}`, in {webhooks}")
        }
        RuleProblem::ShapeMismatch(path, is, given) => {
            format!("`{path}` is {is} and cannot become {given}, in {webhooks}")
        }
        RuleProblem::ConflictingRenames(line) => {
            format!("the rule at line {line} also renames {webhooks}")
        }
    }
}

/// Lists the first few names and counts the rest.
fn list_names(names: &[String]) -> String {
    const MAX_NAMES: usize = 5;
    let first = names[..names.len().min(MAX_NAMES)].join(", ");
    match names.len().saturating_sub(MAX_NAMES) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

impl Rules {
    /// Mistakes for rules that match no webhook although they are not optional, and for texts to replace that
    /// no matched webhook contains.
    pub fn ineffective_rules(&self, inventory: &Inventory) -> Vec<Mistake> {
        let mut ineffective = Vec::new();
        for rule in self.rules.iter().filter(|rule| !rule.is_optional) {
            let line = rule.line;
            let matched: Vec<&Webhook> = inventory
                .webhooks
                .iter()
                .filter(|webhook| rule.conditions.selects(webhook, webhook.id().as_ref()))
                .collect();
            if matched.is_empty() {
                let n = inventory.webhooks.len();
                let what = format!("it matches no webhook of the source ({n} checked)");
                ineffective.push(Mistake {
                    line,
                    message: what,
                });
                continue;
            }
            let found = rule.find_replaced_texts(&matched);
            let not_found = rule.replace.iter().zip(found).filter(|(_, found)| !found);
            ineffective.extend(not_found.map(|(replace, _)| Mistake {
                line,
                message: text_not_found_message(replace),
            }));
        }
        ineffective
    }
}

fn text_not_found_message(replace: &TextReplacement) -> String {
    let paths: Vec<String> = replace
        .within
        .iter()
        .map(|path| format!("`{path}`"))
        .collect();
    format!(
        "no webhook that it matches contains the text to replace in {}",
        paths.join(", ")
    )
}

impl Rule {
    /// For each text to replace, whether any of the webhooks contains it after the preceding replacements.
    fn find_replaced_texts(&self, webhooks: &[&Webhook]) -> Vec<bool> {
        let mut found = vec![false; self.replace.len()];
        for webhook in webhooks {
            for place in webhook.places() {
                if found.iter().all(|found| *found) {
                    return found;
                }
                if let Some(text) = place.text() {
                    self.mark_found_texts(&place.path, text.into_owned(), &mut found);
                }
            }
        }
        found
    }

    fn mark_found_texts(&self, path: &Path, mut text: String, found: &mut [bool]) {
        for (replace, found) in self.replace.iter().zip(found) {
            let from = replace.from.0.expose_secret();
            let is_within = replace.within.iter().any(|within| path.is_within(within));
            if is_within && text.contains(from) {
                *found = true;
                text = text.replace(from, replace.to.0.expose_secret());
            }
        }
    }
}
