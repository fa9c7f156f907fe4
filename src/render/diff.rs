//! Renders `diff`: a comparison of two accounts or files, as text and as JSON.
//! Pure. Masks the values of every difference.

use super::columns::wrapped;
use super::groups::{Row, groups};
use super::json;
use super::rows::{Called, Line, Sides, differences_of};
use super::style::Meaning;
use crate::document::DifferenceDocument;
use crate::document::view::{Party, kind_name};
use crate::pipeline::diff::{Comparison, Entry};
use crate::pipeline::plan::State;
use crate::pipeline::strip::{Stripped, StrippedWebhook};
use crate::render::page::Page;
use crate::wording::counted;
use serde_json::{Map, Value, json};

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
    pub entries: &'a [Entry],
}

/// The headings of the groups in display order, with identical webhooks last.
const WORDS: [&str; 5] = ["different", "only left", "only right", "ambiguous", "same"];

/// Symbol, heading, and style of a comparison.
fn look(kind: &Comparison) -> (&'static str, &'static str, Meaning) {
    match kind {
        Comparison::Different(_) => ("~", "different", Meaning::State(State::Update)),
        Comparison::OnlyLeft => ("<", "only left", Meaning::State(State::Blocked)),
        Comparison::OnlyRight => (">", "only right", Meaning::State(State::Create)),
        Comparison::Ambiguous => ("?", "ambiguous", Meaning::State(State::Ambiguous)),
        Comparison::Same => ("=", "same", Meaning::Faint),
    }
}

impl DiffView<'_> {
    /// Whether both sides have the same webhooks.
    pub fn is_same(&self) -> bool {
        self.entries
            .iter()
            .all(|entry| entry.kind == Comparison::Same)
    }

    fn count(&self, word: &str) -> usize {
        let of_word = |entry: &&Entry| look(&entry.kind).1 == word;
        self.entries.iter().filter(of_word).count()
    }

    /// The webhook that represents an entry: the left one, else the right one.
    fn webhook(&self, entry: &Entry) -> Option<&StrippedWebhook> {
        let left = entry.left.map(|at| &self.left_webhooks.webhooks()[at]);
        left.or_else(|| entry.right.map(|at| &self.right_webhooks.webhooks()[at]))
    }
}

/// Renders the comparison as text.
pub fn text(view: &DiffView<'_>, page: Page) -> String {
    let heading = format!(
        "hookferry diff: left {} | right {}",
        view.left.described(),
        view.right.described()
    );
    let heading = wrapped(&heading, page.width, 4);
    let mut out = format!("{}\n\n", page.palette.paint(Meaning::Heading, &heading));
    let rows: Vec<Row<'_, Entry>> = view
        .entries
        .iter()
        .filter_map(|entry| {
            Some(Row {
                word: look(&entry.kind).1,
                line: line(view, entry)?,
                of: entry,
            })
        })
        .collect();
    let details = |out: &mut String, entry: &Entry| {
        if let Comparison::Different(found) = &entry.kind {
            differences_of(
                out,
                &DifferenceDocument::all(found),
                Sides::LEFT_AND_RIGHT,
                page,
            );
        }
    };
    groups(&mut out, &WORDS, "same", &rows, details, page);
    out.push_str(&last_words(view, page));
    out
}

fn line(view: &DiffView<'_>, entry: &Entry) -> Option<Line> {
    let (symbol, _, meaning) = look(&entry.kind);
    let webhook = view.webhook(entry)?;
    let (left, right) = entry.ids(view.left_webhooks, view.right_webhooks);
    let called = Called {
        type_id: webhook.type_id(),
        alias: webhook.alias(),
        source_id: left,
    };
    Some(Line::new(meaning, symbol, called, right, ""))
}

fn last_words(view: &DiffView<'_>, page: Page) -> String {
    let counts: Vec<String> = WORDS
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

/// Renders the comparison as JSON.
pub fn document(view: &DiffView<'_>) -> Value {
    let code = |word: &str| word.replace(' ', "_");
    let mut summary: Map<String, Value> = WORDS
        .iter()
        .map(|word| (code(word), view.count(word).into()))
        .collect();
    summary.insert("total".to_owned(), view.entries.len().into());
    let row = |entry: &Entry| {
        let (left, right) = entry.ids(view.left_webhooks, view.right_webhooks);
        let webhook = view.webhook(entry)?;
        let differences = match &entry.kind {
            Comparison::Different(found) => found.as_slice(),
            _ => &[],
        };
        Some(json!({
            "comparison": code(look(&entry.kind).1),
            "alias": webhook.alias(),
            "type": kind_name(webhook.type_id()),
            "type_id": json::type_number(webhook.type_id()),
            "left_id": json::id(left),
            "right_id": json::id(right),
            "differences": json::differences(differences),
        }))
    };
    json::document(
        "diff",
        json!({
            "left": json::party(view.left),
            "right": json::party(view.right),
            "webhooks": view.entries.iter().filter_map(row).collect::<Vec<_>>(),
            "summary": summary,
            "same": view.is_same(),
        }),
    )
}
