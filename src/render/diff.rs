//! Renders `diff`: a comparison of two accounts or files, as text and as JSON.
//! Pure. Masks the values of every difference.

use super::columns::wrapped;
use super::differences::{SideLabels, push_differences_between};
use super::groups::{GroupRow, push_groups};
use super::json;
use super::rows::{Line, WebhookLabel};
use super::style::Meaning;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::view::{Party, kind_name};
use crate::document::{DifferenceDocument, DocumentBody, PartyDocument};
use crate::pipeline::diff::{Comparison, DiffEntry};
use crate::pipeline::plan::StepState;
use crate::pipeline::strip::{Stripped, StrippedWebhook};
use crate::render::page::Page;
use crate::wording::counted;
use serde::Serialize;
use smol_str::SmolStr;

/// Two sides and their comparison.
pub struct DiffView<'a> {
    /// The left account or file.
    pub left: &'a Party,
    /// The right account or file.
    pub right: &'a Party,
    /// The webhooks of the left side.
    pub left_webhooks: &'a Stripped,
    /// The webhooks of the right side.
    pub right_webhooks: &'a Stripped,
    /// One entry for each pair of webhooks, and for each webhook without a counterpart.
    pub entries: &'a [DiffEntry],
}

/// The headings of the groups in display order, with identical webhooks last.
const HEADINGS: [&str; 5] = ["different", "only left", "only right", "ambiguous", "same"];

/// Symbol, heading, and style of a comparison.
fn appearance(kind: &Comparison) -> (&'static str, &'static str, Meaning) {
    match kind {
        Comparison::Different(_) => ("~", "different", Meaning::State(StepState::Update)),
        Comparison::OnlyLeft => ("<", "only left", Meaning::State(StepState::Blocked)),
        Comparison::OnlyRight => (">", "only right", Meaning::State(StepState::Create)),
        Comparison::Ambiguous => ("?", "ambiguous", Meaning::State(StepState::Ambiguous)),
        Comparison::Same => ("=", "same", Meaning::Faint),
    }
}

/// The code of a comparison, from its heading.
fn code(heading: &str) -> String {
    heading.replace(' ', "_")
}

impl DiffView<'_> {
    /// Whether both sides have the same webhooks.
    pub fn is_same(&self) -> bool {
        self.entries
            .iter()
            .all(|entry| entry.kind == Comparison::Same)
    }

    fn count(&self, word: &str) -> usize {
        let has_heading = |entry: &&DiffEntry| appearance(&entry.kind).1 == word;
        self.entries.iter().filter(has_heading).count()
    }

    /// How many webhooks have each result, and all of them.
    fn summary(&self) -> Vec<(String, usize)> {
        let counts = HEADINGS.map(|heading| (code(heading), self.count(heading)));
        let total = ("total".to_owned(), self.entries.len());
        counts.into_iter().chain([total]).collect()
    }

    /// The webhook that represents an entry: the left one, else the right one.
    fn webhook(&self, entry: &DiffEntry) -> Option<&StrippedWebhook> {
        let left = entry.left.map(|ix| &self.left_webhooks.webhooks()[ix]);
        left.or_else(|| entry.right.map(|ix| &self.right_webhooks.webhooks()[ix]))
    }
}

/// Renders the comparison as text.
pub fn text(view: &DiffView<'_>, page: Page) -> String {
    let heading = format!(
        "hookferry diff: left {} | right {}",
        view.left.description(),
        view.right.description()
    );
    let heading = wrapped(&heading, page.width, 4);
    let mut out = format!("{}\n\n", page.palette.paint(Meaning::Heading, &heading));
    let rows: Vec<GroupRow<'_, DiffEntry>> = view
        .entries
        .iter()
        .filter_map(|entry| {
            Some(GroupRow {
                group: appearance(&entry.kind).1,
                line: to_line(view, entry)?,
                item: entry,
            })
        })
        .collect();
    let details = |out: &mut String, entry: &DiffEntry| {
        if let Comparison::Different(found) = &entry.kind {
            push_differences_between(
                out,
                &DifferenceDocument::from_differences(found),
                SideLabels::LEFT_AND_RIGHT,
                page,
            );
        }
    };
    push_groups(&mut out, &HEADINGS, "same", &rows, details, page);
    out.push_str(&summary_text(view, page));
    out
}

fn to_line(view: &DiffView<'_>, entry: &DiffEntry) -> Option<Line> {
    let (symbol, _, meaning) = appearance(&entry.kind);
    let webhook = view.webhook(entry)?;
    let (left, right) = entry.ids(view.left_webhooks, view.right_webhooks);
    let called = WebhookLabel {
        type_id: webhook.type_id(),
        alias: webhook.alias(),
        source_id: left,
    };
    Some(Line::new(meaning, symbol, called, right, ""))
}

fn summary_text(view: &DiffView<'_>, page: Page) -> String {
    let counts: Vec<String> = HEADINGS
        .iter()
        .map(|word| format!("{} {word}", view.count(word)))
        .collect();
    let sum = format!(
        "{}: {}",
        counted(view.entries.len(), "webhook"),
        counts.join(", ")
    );
    let (meaning, last) = if view.is_same() {
        (Meaning::Success, "Both sides have the same webhooks.")
    } else {
        (Meaning::Warning, "The two sides differ.")
    };
    let sum = wrapped(&sum, page.width, 2);
    format!(
        "{}\n{}\n",
        page.palette.paint(Meaning::Heading, &sum),
        page.palette.paint(meaning, last)
    )
}

/// The comparison as JSON.
#[derive(Serialize)]
struct DiffDocument<'a> {
    left: PartyDocument,
    right: PartyDocument,
    webhooks: Vec<ComparedDocument<'a>>,
    #[serde(serialize_with = "json::map")]
    summary: Vec<(String, usize)>,
    same: bool,
}

/// A webhook of either side, or of both.
#[derive(Serialize)]
struct ComparedDocument<'a> {
    comparison: String,
    alias: &'a str,
    #[serde(rename = "type")]
    kind: SmolStr,
    type_id: Option<TypeId>,
    left_id: Option<&'a WebhookId>,
    right_id: Option<&'a WebhookId>,
    differences: Vec<DifferenceDocument>,
}

impl DocumentBody for DiffDocument<'_> {
    const KIND: &'static str = "diff";
}

/// Renders the comparison as JSON.
pub fn document(view: &DiffView<'_>) -> impl DocumentBody {
    let entries = view.entries.iter();
    DiffDocument {
        left: view.left.into(),
        right: view.right.into(),
        webhooks: entries.filter_map(|entry| compared(view, entry)).collect(),
        summary: view.summary(),
        same: view.is_same(),
    }
}

fn compared<'a>(view: &'a DiffView<'_>, entry: &DiffEntry) -> Option<ComparedDocument<'a>> {
    let (left_id, right_id) = entry.ids(view.left_webhooks, view.right_webhooks);
    let webhook = view.webhook(entry)?;
    Some(ComparedDocument {
        comparison: code(appearance(&entry.kind).1),
        alias: webhook.alias(),
        kind: kind_name(webhook.type_id()),
        type_id: webhook.type_id(),
        left_id,
        right_id,
        differences: match &entry.kind {
            Comparison::Different(found) => DifferenceDocument::from_differences(found),
            _ => Vec::new(),
        },
    })
}
