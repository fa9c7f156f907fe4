//! Rules that cannot be applied. Each problem is reported once, with all the webhooks that it affects.

use super::PortableWebhook;
use super::change::How;
use super::rule::{Replace, Rule, Rules};
use crate::coralogix::path::Path;
use crate::coralogix::webhook::Webhook;
use crate::foreign;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::strip::{Key, StrippedWebhook};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::fmt;

/// A rule that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The line on which the rule starts.
    pub line: usize,
    /// What is wrong with it, and in which webhooks.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule at line {}: {}", self.line, self.what)
    }
}

/// Why a rule cannot be applied to a webhook.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wrong {
    /// The webhook has no value at this path; the second path differs only in case and does have one.
    NoSuchPath(Path, Option<Path>),
    /// The rule that starts on this line changes the same value.
    TwoRules(Path, usize),
    /// The new value is of another JSON type (the last element) than the current one (the second).
    OtherShape(Path, &'static str, &'static str),
    /// The rule that starts on this line renames the webhook too.
    TwoNames(usize),
}

/// Collects mistakes, and groups the affected webhooks by mistake.
#[derive(Default)]
pub(super) struct Mistakes {
    found: BTreeMap<(usize, Wrong), Vec<String>>,
    single: Vec<Mistake>,
}

impl Mistakes {
    pub(super) fn add(&mut self, line: usize, wrong: Wrong, webhook: &StrippedWebhook) {
        let id = webhook
            .id()
            .map_or_else(|| "without id".to_owned(), ToString::to_string);
        let name = format!("{id} `{}`", foreign::shortened(webhook.alias(), 40));
        self.found.entry((line, wrong)).or_default().push(name);
    }

    /// Adds a mistake for webhooks of the same type that would share an alias in the target because of a rename.
    pub(super) fn collisions(&mut self, webhooks: &[PortableWebhook]) {
        let renamed_at = |webhook: &PortableWebhook| {
            let mut changes = webhook.changes().iter();
            changes.find_map(|change| match change.how {
                How::Renamed(_) => change.line,
                _ => None,
            })
        };
        if !webhooks.iter().any(|webhook| renamed_at(webhook).is_some()) {
            return;
        }
        let mut by_key: BTreeMap<Key, Vec<&PortableWebhook>> = BTreeMap::new();
        for webhook in webhooks {
            if let Some(key) = webhook.key() {
                by_key.entry(key).or_default().push(webhook);
            }
        }
        for (key, webhooks) in by_key {
            let line = webhooks.iter().find_map(|webhook| renamed_at(webhook));
            let (Some(line), true) = (line, webhooks.len() > 1) else {
                continue;
            };
            let ids: Vec<String> = webhooks
                .iter()
                .filter_map(|webhook| Some(webhook.source_id()?.to_string()))
                .collect();
            let alias = foreign::shortened(&key.alias, 40);
            let what = format!(
                "{} webhooks of the same type would get the alias `{alias}` in the target: {}",
                webhooks.len(),
                listed(&ids)
            );
            self.single.push(Mistake { line, what });
        }
    }

    /// Returns `made` if there are no mistakes, else the mistakes in the order of the file.
    pub(super) fn none_or<T>(self, made: T) -> Result<T, Vec<Mistake>> {
        let told = |((line, wrong), webhooks): ((usize, Wrong), Vec<String>)| Mistake {
            line,
            what: said(&wrong, &listed(&webhooks)),
        };
        let mut mistakes = self.single;
        mistakes.extend(self.found.into_iter().map(told));
        mistakes.sort();
        if mistakes.is_empty() {
            Ok(made)
        } else {
            Err(mistakes)
        }
    }
}

fn said(wrong: &Wrong, webhooks: &str) -> String {
    match wrong {
        Wrong::NoSuchPath(path, near) => {
            let near = near
                .as_ref()
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            format!("there is no `{path}` in {webhooks}{near}")
        }
        Wrong::TwoRules(path, line) => {
            format!("the rule at line {line} also changes `{path}`, in {webhooks}")
        }
        Wrong::OtherShape(path, is, given) => {
            format!("`{path}` is {is} and cannot become {given}, in {webhooks}")
        }
        Wrong::TwoNames(line) => {
            format!("the rule at line {line} also renames {webhooks}")
        }
    }
}

/// Lists the first few names and counts the rest.
fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let first = names[..names.len().min(MOST)].join(", ");
    match names.len().saturating_sub(MOST) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

impl Rules {
    /// Mistakes for rules that match no webhook although they are not optional, and for texts to replace that
    /// no matched webhook contains.
    pub fn useless(&self, inventory: &Inventory) -> Vec<Mistake> {
        let mut useless = Vec::new();
        for rule in self.rules.iter().filter(|rule| !rule.is_optional) {
            let line = rule.line;
            let meant: Vec<&Webhook> = inventory
                .webhooks
                .iter()
                .filter(|webhook| rule.matches.selects(webhook, webhook.id().as_ref()))
                .collect();
            if meant.is_empty() {
                let n = inventory.webhooks.len();
                let what = format!("it matches no webhook of the source ({n} checked)");
                useless.push(Mistake { line, what });
                continue;
            }
            let found = rule.found(&meant);
            let nowhere = rule.replace.iter().zip(found).filter(|(_, found)| !found);
            useless.extend(nowhere.map(|(replace, _)| Mistake {
                line,
                what: found_nowhere(replace),
            }));
        }
        useless
    }
}

fn found_nowhere(replace: &Replace) -> String {
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
    fn found(&self, webhooks: &[&Webhook]) -> Vec<bool> {
        let mut found = vec![false; self.replace.len()];
        for webhook in webhooks {
            for place in webhook.places() {
                if found.iter().all(|found| *found) {
                    return found;
                }
                if let Some(text) = place.text() {
                    self.find(&place.path, text.into_owned(), &mut found);
                }
            }
        }
        found
    }

    fn find(&self, path: &Path, mut text: String, found: &mut [bool]) {
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
