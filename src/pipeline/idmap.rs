//! The id map between source and target, and the rewriting of alerts with it, in either direction.
//! Pure. Never maps one source id to two target ids, and never chooses among several webhooks.

use super::outcome::FinalStatus;
use crate::coralogix::reference::{
    Correspondence, FileKind, Found, Malformed, Repointed, UnresolvedReason, WebhookName, repoint,
};
use crate::coralogix::webhook::WebhookId;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::path::PathBuf;

/// The ids of one webhook that both accounts have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdPair {
    /// Its id in the source account.
    pub source_id: WebhookId,
    /// Its id in the target account.
    pub target_id: WebhookId,
    /// The name of its type; empty if unknown.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// Its alias in the target; empty if unknown.
    pub alias: SmolStr,
    /// Its alias in the source, which differs if a rule renamed it; empty if unknown.
    #[serde(default)]
    pub source_alias: SmolStr,
    /// Its final status in the migration, in one word; empty if unknown. `skipped` is a conflict: both accounts have it,
    /// with different content.
    pub result: SmolStr,
}

/// Which account's names alerts get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Alerts that refer to the source's webhooks get the target's.
    ToTarget,
    /// The way back.
    ToSource,
}

impl Direction {
    /// The side that alerts refer to before, and the one that they refer to afterwards.
    pub fn sides(self) -> (&'static str, &'static str) {
        match self {
            Self::ToTarget => ("source", "target"),
            Self::ToSource => ("target", "source"),
        }
    }
}

/// The target id of every webhook of a migration that both accounts have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMap {
    pairs: Vec<IdPair>,
    to_target: Names,
    to_source: Names,
}

/// What each name of one account is in the other; `None` for a name that is several there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Names {
    ids: HashMap<WebhookId, Option<WebhookId>>,
    aliases: HashMap<SmolStr, Option<SmolStr>>,
}

/// Returns whether no source id has two different target ids.
pub fn has_unique_targets<'i>(pairs: impl Iterator<Item = (&'i WebhookId, &'i WebhookId)>) -> bool {
    let mut targets = HashMap::new();
    let mut pairs = pairs;
    pairs.all(|(source, target)| *targets.entry(source).or_insert(target) == target)
}

impl IdMap {
    /// Builds the map from its pairs.
    ///
    /// # Errors
    ///
    /// Fails if one source id has two different target ids.
    pub fn new(pairs: Vec<IdPair>) -> Result<Self, Error> {
        let mut targets = HashMap::with_capacity(pairs.len());
        for pair in &pairs {
            let old = targets.insert(&pair.source_id, &pair.target_id);
            if let Some(old) = old.filter(|old| **old != pair.target_id) {
                return Err(Error::failed(format!(
                    "the id map gives webhook {} two target ids, {old} and {}",
                    pair.source_id, pair.target_id
                ))
                .with_hint("use the id map of a single run, which `hookferry idmap show RUN -o json` prints"));
            }
        }
        Ok(Self::of_pairs(pairs))
    }

    fn of_pairs(pairs: Vec<IdPair>) -> Self {
        let (mut to_target, mut to_source) = (Names::default(), Names::default());
        for pair in &pairs {
            add(&mut to_target.ids, &pair.source_id, &pair.target_id);
            add(&mut to_source.ids, &pair.target_id, &pair.source_id);
            let aliases = [&pair.alias, &pair.source_alias];
            // CSV spells out what a terminal would not show, so one with a backslash may not be the alias itself.
            if aliases
                .iter()
                .all(|alias| !alias.is_empty() && !alias.contains('\\'))
            {
                add(&mut to_target.aliases, &pair.source_alias, &pair.alias);
                add(&mut to_source.aliases, &pair.alias, &pair.source_alias);
            }
        }
        Self {
            pairs,
            to_target,
            to_source,
        }
    }

    /// The map of only those webhooks that the run created.
    #[must_use]
    pub fn only_created(self) -> Self {
        let created = |pair: &IdPair| pair.result == FinalStatus::Created.code();
        Self::of_pairs(self.pairs.into_iter().filter(created).collect())
    }

    /// The pairs, in the order of the migration.
    pub fn pairs(&self) -> &[IdPair] {
        &self.pairs
    }

    /// The target id of a webhook; `None` if the map does not have it.
    pub fn target_id(&self, source_id: &WebhookId) -> Option<&WebhookId> {
        self.to_target.ids.get(source_id)?.as_ref()
    }

    /// The names that the other account has in that direction.
    pub fn toward(&self, direction: Direction) -> &impl Correspondence {
        self.names(direction)
    }

    fn names(&self, direction: Direction) -> &Names {
        match direction {
            Direction::ToTarget => &self.to_target,
            Direction::ToSource => &self.to_source,
        }
    }

    /// Rewrites the references of every file in that direction.
    ///
    /// # Errors
    /// The files that are not what their names say: then nothing may be written.
    pub fn rewrite_alerts(
        &self,
        alerts: AlertFolder,
        direction: Direction,
    ) -> Result<RewrittenAlerts, Vec<MalformedFile>> {
        let mut rewritten = RewrittenAlerts {
            files: Vec::new(),
            skipped: alerts.skipped,
            seems_rewritten: false,
        };
        let mut malformed = Vec::new();
        for AlertFile { name, kind, text } in alerts.files {
            match repoint(kind, &text, self.toward(direction)) {
                Ok(repointed) => rewritten.files.push(RewrittenFile { name, repointed }),
                Err(why) => malformed.push(MalformedFile { name, kind, why }),
            }
        }
        if !malformed.is_empty() {
            return Err(malformed);
        }
        rewritten.skipped.sort_by(|a, b| a.name.cmp(&b.name));
        rewritten.seems_rewritten = self.seem_rewritten(&rewritten, direction);
        Ok(rewritten)
    }

    /// Whether most ids that the alerts refer to are ids of the account to which they are to be rewritten, and not of the
    /// one that they are said to come from.
    fn seem_rewritten(&self, alerts: &RewrittenAlerts, direction: Direction) -> bool {
        let there = match direction {
            Direction::ToTarget => &self.to_source.ids,
            Direction::ToSource => &self.to_target.ids,
        };
        let here = &self.names(direction).ids;
        let (mut n_of_own, mut n_of_other) = (0, 0);
        for file in alerts.files.iter().map(|file| &file.repointed) {
            let replaced = file.rewritten.iter();
            n_of_own += replaced
                .filter(|reference| matches!(reference.from, WebhookName::Id(_)))
                .count();
            for unresolved in &file.unresolved {
                let id = WebhookId::new(&unresolved.value);
                n_of_own += usize::from(here.contains_key(&id));
                n_of_other += usize::from(!here.contains_key(&id) && there.contains_key(&id));
            }
        }
        n_of_other > n_of_own
    }
}

fn add<T: Clone + Eq + Hash>(to: &mut HashMap<T, Option<T>>, from: &T, name: &T) {
    match to.entry(from.clone()) {
        Entry::Vacant(entry) => {
            entry.insert(Some(name.clone()));
        }
        Entry::Occupied(mut entry) => {
            if entry.get().as_ref() != Some(name) {
                entry.insert(None);
            }
        }
    }
}

impl Correspondence for Names {
    fn id(&self, id: &WebhookId) -> Found<WebhookId> {
        found(self.ids.get(id))
    }

    fn alias(&self, alias: &str) -> Found<SmolStr> {
        found(self.aliases.get(alias))
    }
}

fn found<T: Clone>(name: Option<&Option<T>>) -> Found<T> {
    match name {
        Some(Some(name)) => Found::One(name.clone()),
        Some(None) => Found::Several,
        None => Found::Nothing,
    }
}

/// A file with alerts.
#[derive(Debug, Clone)]
pub struct AlertFile {
    /// Its path relative to the folder that was read.
    pub name: PathBuf,
    /// What it is written in.
    pub kind: FileKind,
    /// Its whole content.
    pub text: String,
}

/// A file that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedFile {
    /// Its path relative to the folder that was read.
    pub name: PathBuf,
    /// What it should be written in.
    pub kind: FileKind,
    /// Where, and why.
    pub why: Malformed,
}

/// A file that was skipped: its references, if any, are not rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedFile {
    /// Its path relative to the folder that was read.
    pub name: PathBuf,
    /// The reason in a few words.
    pub why: &'static str,
    /// Whether it may hold alerts all the same, so that skipping it makes the result incomplete.
    pub may_hold_alerts: bool,
}

/// The contents of a folder of alerts.
#[derive(Debug, Clone, Default)]
pub struct AlertFolder {
    /// The files to rewrite, sorted by name.
    pub files: Vec<AlertFile>,
    /// The other files in the folder.
    pub skipped: Vec<SkippedFile>,
}

/// A file of alerts with rewritten references.
#[derive(Debug, Clone)]
pub struct RewrittenFile {
    /// Its path relative to the folder that was read.
    pub name: PathBuf,
    /// Its new content, with the references that were rewritten and those that were not.
    pub repointed: Repointed,
}

/// A folder of alerts with rewritten references.
#[derive(Debug, Clone)]
pub struct RewrittenAlerts {
    /// The files with their new content, sorted by name.
    pub files: Vec<RewrittenFile>,
    /// The files that were skipped, sorted by name.
    pub skipped: Vec<SkippedFile>,
    /// Whether most references already are to the account that they were to be rewritten to.
    pub seems_rewritten: bool,
}

impl RewrittenAlerts {
    /// Number of references that now name the other account's webhook.
    pub fn n_rewritten(&self) -> usize {
        self.sum(|file| file.rewritten.len())
    }

    /// Number of references that stay unchanged because they could not be resolved.
    pub fn n_unresolved(&self) -> usize {
        self.sum(|file| file.unresolved.len())
    }

    /// Number of references to resources, which follow the webhook by themselves.
    pub fn n_by_resource(&self) -> usize {
        self.sum(|file| file.n_by_resource)
    }

    /// Number of references that are the same in both accounts.
    pub fn n_same(&self) -> usize {
        self.sum(|file| file.n_same)
    }

    fn sum(&self, count: impl Fn(&Repointed) -> usize) -> usize {
        self.files.iter().map(|file| count(&file.repointed)).sum()
    }

    /// Whether there are references, and the id map has none of them.
    pub fn is_all_unknown(&self) -> bool {
        let files = self.files.iter();
        let mut unresolved = files.flat_map(|file| &file.repointed.unresolved).peekable();
        self.n_rewritten() + self.n_same() == 0
            && unresolved.peek().is_some()
            && unresolved.all(|reference| reference.reason == UnresolvedReason::NotMapped)
    }

    /// Whether no reference is unresolved and no file that may hold alerts was skipped.
    pub fn is_complete(&self) -> bool {
        self.n_unresolved() == 0 && !self.skipped.iter().any(|file| file.may_hold_alerts)
    }
}
