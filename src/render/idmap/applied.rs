//! Renders the result of rewriting alerts as JSON.
//! Pure.

use crate::coralogix::reference::{RewrittenReference, UnresolvedReason, UnresolvedReference};
use crate::coralogix::webhook::WebhookId;
use crate::document::DocumentBody;
use crate::pipeline::idmap::{Direction, RewrittenAlerts, RewrittenFile, SkippedFile};
use serde::Serialize;
use std::path::Path;

/// The result of rewriting a folder of alerts.
#[derive(Serialize)]
struct IdMapAppliedDocument<'a> {
    rewritten_for: &'static str,
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
    by_resource: usize,
    same: usize,
}

/// A reference that stays as it was.
#[derive(Serialize)]
struct UnresolvedDocument<'a> {
    path: &'a str,
    line: usize,
    value: WebhookId,
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
    by_resource: usize,
    same: usize,
    left_out: usize,
}

impl DocumentBody for IdMapAppliedDocument<'_> {
    const KIND: &'static str = "id-map-applied";
}

/// Renders the result of rewriting alerts as JSON; `out` is the file or folder written to, if any.
pub fn rewritten_json(
    rewritten: &RewrittenAlerts,
    direction: Direction,
    out: Option<&Path>,
) -> impl DocumentBody {
    IdMapAppliedDocument {
        rewritten_for: direction.sides().1,
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
            by_resource: rewritten.n_by_resource(),
            same: rewritten.n_same(),
            left_out: rewritten.skipped.len(),
        },
        written_to: out.map(|out| out.display().to_string()),
        complete: rewritten.is_complete(),
    }
}

impl<'a> From<&'a RewrittenFile> for FileDocument<'a> {
    fn from(file: &'a RewrittenFile) -> Self {
        let result = &file.repointed;
        let unresolved = result.unresolved.iter();
        Self {
            name: file.name.display().to_string(),
            rewritten: &result.rewritten,
            unresolved: unresolved.map(UnresolvedDocument::from).collect(),
            by_resource: result.n_by_resource,
            same: result.n_same,
        }
    }
}

impl<'a> From<&'a UnresolvedReference> for UnresolvedDocument<'a> {
    fn from(reference: &'a UnresolvedReference) -> Self {
        Self {
            path: &reference.path,
            line: reference.line,
            value: WebhookId::new(&reference.value),
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
