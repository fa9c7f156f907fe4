//! Renders `verify`: whether the target has each desired webhook, as text and as JSON.
//! Pure. Masks the values of every difference.

use super::columns::wrapped;
use super::groups::{Row, groups};
use super::json;
use super::rows::{Called, Line, below, differences};
use super::style::Meaning;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::DifferenceDocument;
use crate::document::view::{Party, kind_name};
use crate::pipeline::plan::State;
use crate::pipeline::verify::Finding;
use crate::render::page::Page;
use crate::wording::counted;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The result of comparing a target with the desired webhooks.
#[derive(Debug)]
pub struct VerifyView {
    /// The name of the reference: an account, a file, or a run.
    pub wanted: String,
    /// The account that was compared.
    pub target: Party,
    /// One row for each desired webhook.
    pub rows: Vec<VerifyRow>,
}

/// A desired webhook and the verdict on it.
#[derive(Debug)]
pub struct VerifyRow {
    /// The type id; `None` if the webhook has none.
    pub type_id: Option<TypeId>,
    /// The desired alias.
    pub alias: SmolStr,
    /// The id in the source, if known.
    pub source_id: Option<WebhookId>,
    /// The id of the corresponding webhook in the target, if there is one.
    pub target_id: Option<WebhookId>,
    /// The result of the comparison.
    pub finding: Finding,
    /// An additional remark for the user.
    pub why: Option<String>,
}

impl VerifyView {
    /// Whether the target has every desired webhook exactly once, with the desired content.
    pub fn is_verified(&self) -> bool {
        let is_verified = |row: &VerifyRow| row.finding == Finding::Verified;
        self.rows.iter().all(is_verified)
    }

    fn count(&self, word: &str) -> usize {
        let of_word = |row: &&VerifyRow| look(&row.finding).1 == word;
        self.rows.iter().filter(of_word).count()
    }
}

const WORDS: [&str; 5] = ["verified", "altered", "missing", "duplicated", "unclear"];

/// Symbol, code, and style of a verdict.
fn look(finding: &Finding) -> (&'static str, &'static str, Meaning) {
    match finding {
        Finding::Verified => ("=", "verified", Meaning::Faint),
        Finding::Altered(_) => ("~", "altered", Meaning::State(State::Update)),
        Finding::Missing => ("-", "missing", Meaning::State(State::Blocked)),
        Finding::Duplicated(_) => ("!", "duplicated", Meaning::State(State::Blocked)),
        Finding::Unclear(_) => ("?", "unclear", Meaning::State(State::Ambiguous)),
    }
}

/// Renders the comparison as text.
pub fn text(view: &VerifyView, page: Page) -> String {
    let heading = format!(
        "hookferry verify: target {} against {}",
        view.target.identity(),
        view.wanted
    );
    let heading = wrapped(&heading, page.width, 2);
    let mut out = format!("{}\n\n", page.palette.paint(Meaning::Heading, &heading));
    let rows: Vec<Row<'_, VerifyRow>> = view
        .rows
        .iter()
        .map(|row| Row {
            word: look(&row.finding).1,
            line: line(row),
            of: row,
        })
        .collect();
    let details = |out: &mut String, row: &VerifyRow| details(out, row, page);
    groups(&mut out, &WORDS, "verified", &rows, details, page);
    out.push_str(&last_words(view, page));
    out
}

fn line(row: &VerifyRow) -> Line {
    let (symbol, _, meaning) = look(&row.finding);
    let called = Called {
        type_id: row.type_id,
        alias: &row.alias,
        source_id: row.source_id.as_ref(),
    };
    Line::new(meaning, symbol, called, row.target_id.as_ref(), "")
}

fn details(out: &mut String, row: &VerifyRow, page: Page) {
    match &row.finding {
        Finding::Altered(found) => differences(out, &DifferenceDocument::all(found), page),
        Finding::Duplicated(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            below(
                out,
                &format!("the target has it with the ids {}", ids.join(", ")),
                page,
            );
        }
        Finding::Unclear(why) => below(out, why, page),
        Finding::Verified | Finding::Missing => {}
    }
    if let Some(why) = &row.why {
        below(out, why, page);
    }
}

fn last_words(view: &VerifyView, page: Page) -> String {
    let counts: Vec<String> = WORDS
        .iter()
        .map(|word| format!("{} {word}", view.count(word)))
        .collect();
    let total = counted(view.rows.len(), "webhook");
    let sum = format!("{total} expected: {}", counts.join(", "));
    let (meaning, last) = if view.is_verified() {
        (
            Meaning::Success,
            "The target has every expected webhook exactly once.",
        )
    } else {
        (Meaning::Error, "The target differs from what is expected.")
    };
    format!(
        "{}\n{}\n",
        page.palette
            .paint(Meaning::Heading, &wrapped(&sum, page.width, 2)),
        page.palette.paint(meaning, last)
    )
}

/// Renders the comparison as JSON.
pub fn document(view: &VerifyView) -> Value {
    let mut summary: serde_json::Map<String, Value> = WORDS
        .iter()
        .map(|word| ((*word).to_owned(), view.count(word).into()))
        .collect();
    summary.insert("total".to_owned(), view.rows.len().into());
    json::document(
        "verify",
        json!({
            "wanted": view.wanted,
            "target": json::party(&view.target),
            "webhooks": view.rows.iter().map(row_json).collect::<Vec<_>>(),
            "summary": summary,
            "verified": view.is_verified(),
        }),
    )
}

fn row_json(row: &VerifyRow) -> Value {
    let (found, surplus, unclear): (&[_], &[WebhookId], Option<&String>) = match &row.finding {
        Finding::Altered(found) => (found, &[], None),
        Finding::Duplicated(ids) => (&[], ids, None),
        Finding::Unclear(why) => (&[], &[], Some(why)),
        Finding::Verified | Finding::Missing => (&[], &[], None),
    };
    json!({
        "finding": look(&row.finding).1,
        "alias": row.alias,
        "type": kind_name(row.type_id),
        "type_id": json::type_number(row.type_id),
        "source_id": json::id(row.source_id.as_ref()),
        "target_id": json::id(row.target_id.as_ref()),
        "copies": surplus.iter().map(|id| json::id(Some(id))).collect::<Vec<_>>(),
        "why": unclear.or(row.why.as_ref()),
        "altered": json::differences(found),
    })
}
