//! Renders `verify`: whether the target has each desired webhook, as text and as JSON.
//! Pure. Masks the values of every difference.

use super::columns::wrapped;
use super::differences::push_differences;
use super::groups::{GroupRow, push_groups};
use super::json;
use super::rows::{Line, WebhookLabel, push_remark};
use super::side_words::SideWords;
use super::style::Meaning;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::view::{Party, kind_name};
use crate::document::{DifferenceDocument, DocumentBody, PartyDocument};
use crate::pipeline::plan::StepState;
use crate::pipeline::verify::ItemVerdict;
use crate::render::page::Page;
use crate::wording::counted;
use serde::Serialize;
use smol_str::SmolStr;

/// The result of comparing a target with the desired webhooks.
#[derive(Debug)]
pub struct VerifyView {
    /// The name of the reference: an account, a file, or a run.
    pub reference: String,
    /// The account that was compared.
    pub target: Party,
    /// What a rollback made of the run that is the reference; `None` if none did anything.
    pub rolled_back: Option<String>,
    /// Whether the reference is a run with another API key, so that no content can be compared with what it wrote.
    pub is_unproven: bool,
    /// The rules of the last run between these two, if the comparison was made without them.
    pub unused_rules: Option<UnusedRules>,
    /// One row for each desired webhook.
    pub rows: Vec<VerifyRow>,
}

/// Rules with which a run wrote webhooks, and without which they were compared.
#[derive(Debug, Serialize)]
pub struct UnusedRules {
    /// The run.
    pub run: String,
    /// Its options, as they are typed.
    pub options: String,
    /// The command that makes the same comparison with these rules.
    pub command: String,
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
    pub verdict: ItemVerdict,
    /// An additional remark for the user.
    pub remark: Option<String>,
}

impl VerifyView {
    /// Whether the target has every desired webhook exactly once, with the desired content.
    pub fn is_verified(&self) -> bool {
        let is_verified = |row: &VerifyRow| row.verdict == ItemVerdict::Verified;
        self.rows.iter().all(is_verified)
    }

    /// Whether nothing is known to be wrong, and only the API key of the run could tell that all is well.
    pub fn is_only_unproven(&self) -> bool {
        let is_clear = |row: &VerifyRow| {
            matches!(row.verdict, ItemVerdict::Verified | ItemVerdict::Unclear(_))
        };
        self.is_unproven && self.rows.iter().all(is_clear)
    }

    fn count(&self, word: &str) -> usize {
        let has_code = |row: &&VerifyRow| appearance(&row.verdict).1 == word;
        self.rows.iter().filter(has_code).count()
    }

    /// How many webhooks have each code, and all of them.
    fn summary(&self) -> Vec<(String, usize)> {
        let counts = CODES.map(|code| (code.to_owned(), self.count(code)));
        let total = ("total".to_owned(), self.rows.len());
        counts.into_iter().chain([total]).collect()
    }
}

const CODES: [&str; 5] = ["verified", "altered", "missing", "duplicated", "unclear"];

/// Symbol, code, and style of a verdict.
fn appearance(verdict: &ItemVerdict) -> (&'static str, &'static str, Meaning) {
    match verdict {
        ItemVerdict::Verified => ("=", "verified", Meaning::Faint),
        ItemVerdict::Altered(_) => ("~", "altered", Meaning::State(StepState::Update)),
        ItemVerdict::Missing => ("-", "missing", Meaning::State(StepState::Blocked)),
        ItemVerdict::Duplicated(_) => ("!", "duplicated", Meaning::State(StepState::Blocked)),
        ItemVerdict::Unclear(_) => ("?", "unclear", Meaning::State(StepState::Ambiguous)),
    }
}

/// Renders the comparison as text.
pub fn text(view: &VerifyView, page: Page) -> String {
    let heading = format!(
        "hookferry verify: target {} against {}",
        view.target.identity(),
        view.reference
    );
    let heading = wrapped(&heading, page.width, 2);
    let mut out = format!("{}\n\n", page.palette.paint(Meaning::Heading, &heading));
    if let Some(rolled_back) = &view.rolled_back {
        let note = wrapped(&format!("note: {rolled_back}"), page.width, 2);
        out.push_str(&page.palette.paint(Meaning::Warning, &note));
        out.push_str("\n\n");
    }
    let rows: Vec<GroupRow<'_, VerifyRow>> = view
        .rows
        .iter()
        .map(|row| GroupRow {
            group: appearance(&row.verdict).1,
            line: to_line(row),
            item: row,
        })
        .collect();
    let details = |out: &mut String, row: &VerifyRow| details(out, row, page);
    push_groups(&mut out, &CODES, "verified", &rows, details, page);
    out.push_str(&summary_text(view, page));
    out
}

fn to_line(row: &VerifyRow) -> Line {
    let (symbol, _, meaning) = appearance(&row.verdict);
    let called = WebhookLabel {
        type_id: row.type_id,
        alias: &row.alias,
        source_id: row.source_id.as_ref(),
    };
    Line::new(meaning, symbol, called, row.target_id.as_ref(), "")
}

fn details(out: &mut String, row: &VerifyRow, page: Page) {
    match &row.verdict {
        ItemVerdict::Altered(found) => {
            let found = DifferenceDocument::from_differences(found);
            push_differences(out, &found, SideWords::SOURCE_AND_TARGET, page);
        }
        ItemVerdict::Duplicated(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            push_remark(
                out,
                &format!("the target has it with the ids {}", ids.join(", ")),
                page,
            );
        }
        ItemVerdict::Unclear(why) => push_remark(out, why, page),
        ItemVerdict::Verified | ItemVerdict::Missing => {}
    }
    if let Some(why) = &row.remark {
        push_remark(out, why, page);
    }
}

fn summary_text(view: &VerifyView, page: Page) -> String {
    let counts: Vec<String> = CODES
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
    } else if view.is_only_unproven() {
        (
            Meaning::Warning,
            "Nothing is missing; whether anything changed, only the API key that the run used can tell.",
        )
    } else if view.rolled_back.is_some() {
        (
            Meaning::Error,
            "The target differs from what the run wrote, which a rollback has undone since.",
        )
    } else {
        (Meaning::Error, "The target differs from what is expected.")
    };
    let mut out = format!(
        "{}\n{}\n",
        page.palette
            .paint(Meaning::Heading, &wrapped(&sum, page.width, 2)),
        page.palette.paint(meaning, last)
    );
    if let Some(unused) = &view.unused_rules {
        push_unused_rules(&mut out, unused, page);
    }
    out
}

fn push_unused_rules(out: &mut String, unused: &UnusedRules, page: Page) {
    let UnusedRules {
        run,
        options,
        command,
    } = unused;
    let warning = format!(
        "warning: compared without the rules of run {run}, the last one between these two: it used `{options}`, so what they change counts as altered here"
    );
    let next = format!("next: compare with these rules: {command}");
    for (meaning, text) in [(Meaning::Warning, warning), (Meaning::Hint, next)] {
        out.push_str(&page.palette.paint(meaning, &wrapped(&text, page.width, 2)));
        out.push('\n');
    }
}

/// The comparison as JSON.
#[derive(Serialize)]
struct VerifyDocument<'a> {
    wanted: &'a str,
    rolled_back: Option<&'a str>,
    target: PartyDocument,
    unused_rules: Option<&'a UnusedRules>,
    webhooks: Vec<VerifiedDocument<'a>>,
    #[serde(serialize_with = "json::map")]
    summary: Vec<(String, usize)>,
    verified: bool,
}

/// A desired webhook with what was found of it.
#[derive(Serialize)]
struct VerifiedDocument<'a> {
    finding: &'static str,
    alias: &'a str,
    #[serde(rename = "type")]
    kind: SmolStr,
    type_id: Option<TypeId>,
    source_id: Option<&'a WebhookId>,
    target_id: Option<&'a WebhookId>,
    copies: &'a [WebhookId],
    why: Option<&'a str>,
    altered: Vec<DifferenceDocument>,
}

impl DocumentBody for VerifyDocument<'_> {
    const KIND: &'static str = "verify";
}

/// Renders the comparison as JSON.
pub fn document(view: &VerifyView) -> impl DocumentBody {
    VerifyDocument {
        wanted: &view.reference,
        rolled_back: view.rolled_back.as_deref(),
        target: (&view.target).into(),
        unused_rules: view.unused_rules.as_ref(),
        webhooks: view.rows.iter().map(VerifiedDocument::from).collect(),
        summary: view.summary(),
        verified: view.is_verified(),
    }
}

impl<'a> From<&'a VerifyRow> for VerifiedDocument<'a> {
    fn from(row: &'a VerifyRow) -> Self {
        let (differences, copies, uncertainty): (&[_], &[WebhookId], _) = match &row.verdict {
            ItemVerdict::Altered(found) => (found, &[], None),
            ItemVerdict::Duplicated(ids) => (&[], ids, None),
            ItemVerdict::Unclear(why) => (&[], &[], Some(why)),
            ItemVerdict::Verified | ItemVerdict::Missing => (&[], &[], None),
        };
        Self {
            finding: appearance(&row.verdict).1,
            alias: &row.alias,
            kind: kind_name(row.type_id),
            type_id: row.type_id,
            source_id: row.source_id.as_ref(),
            target_id: row.target_id.as_ref(),
            copies,
            why: uncertainty.or(row.remark.as_ref()).map(String::as_str),
            altered: DifferenceDocument::from_differences(differences),
        }
    }
}
