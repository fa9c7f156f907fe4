//! Renders the result of rewriting alert definitions as JSON.
//! Pure.

use crate::coralogix::alert::{RewrittenReference, UnresolvedReason, UnresolvedReference};
use crate::coralogix::webhook::WebhookId;
use crate::document::DocumentBody;
use crate::pipeline::idmap::{RepointedFile, RewrittenAlerts, SkippedFile};
use serde::Serialize;
use std::path::Path;

/// The result of rewriting a folder of alert definitions.
#[derive(Serialize)]
struct IdMapAppliedDocument<'a> {
    files: Vec<FileDocument<'a>>,
    left_out: Vec<LeftOutDocument>,
    summary: Summary,
    written_to: Option<String>,
    complete: bool,
}

/// A file with rewritten references.
#[derive(Serialize)]
struct FileDocument<'a> {
    name: String,
    rewritten: &'a [RewrittenReference],
    unresolved: Vec<UnresolvedDocument<'a>>,
}

/// A reference that stays as it was.
#[derive(Serialize)]
struct UnresolvedDocument<'a> {
    path: &'a str,
    id: WebhookId,
    why: UnresolvedReason,
}

/// A file that was not rewritten.
#[derive(Serialize)]
struct LeftOutDocument {
    name: String,
    why: &'static str,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    rewritten: usize,
    unresolved: usize,
    left_out: usize,
}

impl DocumentBody for IdMapAppliedDocument<'_> {
    const KIND: &'static str = "id-map-applied";
}

/// Renders the result of rewriting alert definitions as JSON; `out` is the folder written to, if any.
pub fn rewritten_json(rewritten: &RewrittenAlerts, out: Option<&Path>) -> impl DocumentBody {
    IdMapAppliedDocument {
        files: rewritten.files.iter().map(FileDocument::from).collect(),
        left_out: rewritten
            .skipped
            .iter()
            .map(LeftOutDocument::from)
            .collect(),
        summary: Summary {
            files: rewritten.files.len(),
            rewritten: rewritten.n_rewritten(),
            unresolved: rewritten.n_unresolved(),
            left_out: rewritten.skipped.len(),
        },
        written_to: out.map(|out| out.display().to_string()),
        complete: rewritten.is_complete(),
    }
}

impl<'a> From<&'a RepointedFile> for FileDocument<'a> {
    fn from(file: &'a RepointedFile) -> Self {
        let unresolved = file.repointed.unresolved.iter();
        Self {
            name: file.name.display().to_string(),
            rewritten: &file.repointed.rewritten,
            unresolved: unresolved.map(UnresolvedDocument::from).collect(),
        }
    }
}

impl<'a> From<&'a UnresolvedReference> for UnresolvedDocument<'a> {
    fn from(reference: &'a UnresolvedReference) -> Self {
        Self {
            path: &reference.path,
            id: WebhookId::new(&reference.id),
            why: reference.reason,
        }
    }
}

impl From<&SkippedFile> for LeftOutDocument {
    fn from(file: &SkippedFile) -> Self {
        Self {
            name: file.name.display().to_string(),
            why: file.why,
        }
    }
}
