//! Which id a webhook has in the target, and alert definitions pointed at it.
//! Pure. Never lets one source id stand for two webhooks.

use crate::coralogix::alert::{NotJson, Repointed, repoint};
use crate::coralogix::webhook::WebhookId;
use crate::error::Error;
use smol_str::SmolStr;
use std::collections::HashMap;
use std::path::PathBuf;

/// One webhook that both accounts have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id in the source.
    pub source_id: WebhookId,
    /// Its id in the target.
    pub target_id: WebhookId,
    /// The name of its type; empty where it is not known.
    pub kind: SmolStr,
    /// Its alias; empty where it is not known.
    pub alias: SmolStr,
    /// How the migration ended for it, in one word; empty where it is not known.
    pub result: SmolStr,
}

/// The new id of every webhook that a migration has brought over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMap {
    rows: Vec<Row>,
    targets: HashMap<WebhookId, WebhookId>,
}

/// Whether no source id has two target ids.
pub fn is_map<'i>(pairs: impl Iterator<Item = (&'i WebhookId, &'i WebhookId)>) -> bool {
    let mut targets = HashMap::new();
    let mut pairs = pairs;
    pairs.all(|(source, target)| *targets.entry(source).or_insert(target) == target)
}

impl IdMap {
    /// The map of these rows; an error where one source id has two target ids.
    pub fn new(rows: Vec<Row>) -> Result<Self, Error> {
        let mut targets = HashMap::with_capacity(rows.len());
        for row in &rows {
            let old = targets.insert(row.source_id.clone(), row.target_id.clone());
            if let Some(old) = old.filter(|old| *old != row.target_id) {
                return Err(Error::failed(format!(
                    "the id map gives webhook {} two new ids, {old} and {}",
                    row.source_id, row.target_id
                ))
                .with_hint("use the map of one migration, not of several put together"));
            }
        }
        Ok(Self { rows, targets })
    }

    /// The rows, in the order of the migration.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The id in the target; `None` where the map does not have the webhook.
    pub fn target_of(&self, source_id: &WebhookId) -> Option<&WebhookId> {
        self.targets.get(source_id)
    }

    /// Points the alerts of every file at the target's webhooks.
    pub fn apply(&self, alerts: Alerts) -> Applied {
        let mut applied = Applied {
            files: Vec::new(),
            left_out: alerts.left_out,
        };
        for AlertFile { name, text } in alerts.files {
            match repoint(&text, |id| self.target_of(id).cloned()) {
                Ok(repointed) => applied.files.push(RepointedFile { name, repointed }),
                Err(NotJson) => applied.left_out.push(LeftOut {
                    name,
                    why: "not JSON",
                    is_trouble: true,
                }),
            }
        }
        applied.left_out.sort_by(|a, b| a.name.cmp(&b.name));
        applied
    }
}

/// A file of alert definitions.
#[derive(Debug, Clone)]
pub struct AlertFile {
    /// Its name below the folder that was read.
    pub name: PathBuf,
    /// Its content.
    pub text: String,
}

/// A file that was not looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name below the folder that was read.
    pub name: PathBuf,
    /// The reason in a few words.
    pub why: &'static str,
    /// Whether it may hold alerts all the same.
    pub is_trouble: bool,
}

/// What a folder of alert definitions holds.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    /// The files to point at the target, by name.
    pub files: Vec<AlertFile>,
    /// What else lies there.
    pub left_out: Vec<LeftOut>,
}

/// A file of alert definitions after its references were replaced.
#[derive(Debug, Clone)]
pub struct RepointedFile {
    /// Its name below the folder that was read.
    pub name: PathBuf,
    /// Its new content, and what became of each reference.
    pub repointed: Repointed,
}

/// What became of a folder of alert definitions.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The files as they are to be written, by name.
    pub files: Vec<RepointedFile>,
    /// What was not looked into, by name.
    pub left_out: Vec<LeftOut>,
}

impl Applied {
    /// How many references lead to the target now.
    pub fn n_rewritten(&self) -> usize {
        let n = |file: &RepointedFile| file.repointed.rewritten.len();
        self.files.iter().map(n).sum()
    }

    /// How many references were left as they were.
    pub fn n_unresolved(&self) -> usize {
        let n = |file: &RepointedFile| file.repointed.unresolved.len();
        self.files.iter().map(n).sum()
    }

    /// Whether no reference was left, and no file that may have some.
    pub fn is_complete(&self) -> bool {
        self.n_unresolved() == 0 && !self.left_out.iter().any(|file| file.is_trouble)
    }
}
