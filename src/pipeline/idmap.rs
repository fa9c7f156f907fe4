//! The id map from source ids to target ids, and the rewriting of alert definitions to the target's ids.
//! Pure. Never maps one source id to two target ids.

use crate::coralogix::alert::{NotJson, RepointResult, repoint};
use crate::coralogix::webhook::WebhookId;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::HashMap;
use std::path::PathBuf;

/// The source id and target id of one webhook that both accounts have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdPair {
    /// Its id in the source account.
    pub source_id: WebhookId,
    /// Its id in the target account.
    pub target_id: WebhookId,
    /// The name of its type; empty if unknown.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// Its alias; empty if unknown.
    pub alias: SmolStr,
    /// Its final status in the migration, in one word; empty if unknown.
    pub result: SmolStr,
}

/// The target id of every webhook that a migration wrote or found unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMap {
    pairs: Vec<IdPair>,
    targets: HashMap<WebhookId, WebhookId>,
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
            let old = targets.insert(pair.source_id.clone(), pair.target_id.clone());
            if let Some(old) = old.filter(|old| *old != pair.target_id) {
                return Err(Error::failed(format!(
                    "the id map gives webhook {} two target ids, {old} and {}",
                    pair.source_id, pair.target_id
                ))
                .with_hint("use the id map of a single run, which `hookferry idmap show RUN -o json` prints"));
            }
        }
        Ok(Self { pairs, targets })
    }

    /// The pairs, in the order of the migration.
    pub fn pairs(&self) -> &[IdPair] {
        &self.pairs
    }

    /// The target id of a webhook; `None` if the map does not have it.
    pub fn target_id(&self, source_id: &WebhookId) -> Option<&WebhookId> {
        self.targets.get(source_id)
    }

    /// Rewrites the webhook references of every file to the target's ids.
    pub fn rewrite_alerts(&self, alerts: AlertFolder) -> RewrittenAlerts {
        let mut rewritten = RewrittenAlerts {
            files: Vec::new(),
            skipped: alerts.skipped,
        };
        for AlertFile { name, text } in alerts.files {
            match repoint(&text, |id| self.target_id(id).cloned()) {
                Ok(repointed) => rewritten.files.push(RepointedFile { name, repointed }),
                Err(NotJson) => rewritten.skipped.push(SkippedFile {
                    name,
                    why: "not JSON",
                    may_hold_alerts: true,
                }),
            }
        }
        rewritten.skipped.sort_by(|a, b| a.name.cmp(&b.name));
        rewritten
    }
}

/// A file of alert definitions.
#[derive(Debug, Clone)]
pub struct AlertFile {
    /// Its path relative to the folder that was read.
    pub name: PathBuf,
    /// Its whole content.
    pub text: String,
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

/// The contents of a folder of alert definitions.
#[derive(Debug, Clone, Default)]
pub struct AlertFolder {
    /// The files to rewrite, sorted by name.
    pub files: Vec<AlertFile>,
    /// The other files in the folder.
    pub skipped: Vec<SkippedFile>,
}

/// A file of alert definitions with rewritten references.
#[derive(Debug, Clone)]
pub struct RepointedFile {
    /// Its path relative to the folder that was read.
    pub name: PathBuf,
    /// Its new content, with the references that were rewritten and those that were not.
    pub repointed: RepointResult,
}

/// A folder of alert definitions with rewritten references.
#[derive(Debug, Clone)]
pub struct RewrittenAlerts {
    /// The files with their new content, sorted by name.
    pub files: Vec<RepointedFile>,
    /// The files that were skipped, sorted by name.
    pub skipped: Vec<SkippedFile>,
}

impl RewrittenAlerts {
    /// Number of references that now have an id of the target.
    pub fn n_rewritten(&self) -> usize {
        let n = |file: &RepointedFile| file.repointed.rewritten.len();
        self.files.iter().map(n).sum()
    }

    /// Number of references that stay unchanged because they could not be resolved.
    pub fn n_unresolved(&self) -> usize {
        let n = |file: &RepointedFile| file.repointed.unresolved.len();
        self.files.iter().map(n).sum()
    }

    /// Whether every reference was rewritten and no file that may hold alerts was skipped.
    pub fn is_complete(&self) -> bool {
        self.n_unresolved() == 0 && !self.skipped.iter().any(|file| file.may_hold_alerts)
    }
}
