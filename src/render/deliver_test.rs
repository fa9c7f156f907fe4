//! Renders `deliver-test`: what would be sent, with what each type does, and what became of it, as text and as JSON.
//! Pure. Shows destinations only masked.

use super::columns::wrapped;
use super::groups::{GroupRow, push_groups};
use super::json;
use super::rows::{Layout, Line, WebhookLabel, push_remark};
use super::style::Meaning;
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use crate::document::view::{Party, destination, kind_name, url};
use crate::document::{DocumentBody, PartyDocument};
use crate::pipeline::delivery::{DeliveryStatus, effect};
use crate::pipeline::plan::StepState;
use crate::render::page::Page;
use crate::wording::{counted, one_or_many};
use serde::Serialize;
use smol_str::SmolStr;
use std::fmt::Write as _;

/// The tests of one command, before or after they are sent.
#[derive(Debug)]
pub struct DeliverTestView {
    /// The account whose webhooks are tested.
    pub target: Party,
    /// The run that wrote them; `None` if they are any webhooks of the account.
    pub run: Option<String>,
    /// Whether this is the result.
    pub is_done: bool,
    /// One row for each webhook.
    pub rows: Vec<DeliveryRow>,
}

/// One webhook and what became of its test.
#[derive(Debug)]
pub struct DeliveryRow {
    /// Its id in the account.
    pub id: Option<WebhookId>,
    /// Its alias.
    pub alias: SmolStr,
    /// Its type.
    pub type_id: Option<TypeId>,
    /// Where it delivers to, masked.
    pub destination: String,
    /// What is known of its test; `None` if it has yet to be sent.
    pub status: Option<DeliveryStatus>,
    /// What else there is to say.
    pub remark: Option<String>,
}

impl DeliveryRow {
    /// The row of a webhook as the account lists it.
    pub fn new(webhook: &Webhook, status: Option<DeliveryStatus>, remark: Option<String>) -> Self {
        Self {
            id: webhook.id(),
            alias: webhook.alias().unwrap_or_default().into(),
            type_id: webhook.type_id().ok(),
            destination: destination(webhook, url(webhook).as_ref()),
            status,
            remark,
        }
    }

    /// The reason for its status, or what else there is to say.
    fn why(&self) -> Option<&str> {
        let why = self.status.as_ref().and_then(DeliveryStatus::why);
        why.or(self.remark.as_deref())
    }

    fn line(&self, symbol: &'static str, meaning: Meaning) -> Line {
        let label = WebhookLabel {
            type_id: self.type_id,
            alias: &self.alias,
            source_id: self.id.as_ref(),
        };
        Line::source_only(meaning, symbol, label).with_tail(&self.destination)
    }
}

impl DeliverTestView {
    /// Whether every test was delivered.
    pub fn is_delivered(&self) -> bool {
        let is_delivered = |row: &DeliveryRow| row.status == Some(DeliveryStatus::Delivered);
        self.rows.iter().all(is_delivered)
    }

    fn count(&self, code: &str) -> usize {
        let statuses = self.rows.iter().filter_map(|row| row.status.as_ref());
        statuses.filter(|status| status.code() == code).count()
    }
}

/// Symbol and style of a status.
fn appearance(status: &DeliveryStatus) -> (&'static str, Meaning) {
    match status {
        DeliveryStatus::Delivered => ("+", Meaning::State(StepState::Create)),
        DeliveryStatus::Failed { .. } => ("!", Meaning::State(StepState::Blocked)),
        DeliveryStatus::Unknown { .. } => ("?", Meaning::State(StepState::Ambiguous)),
        DeliveryStatus::NotSent { .. } => ("-", Meaning::Faint),
    }
}

/// Renders the tests as text.
pub fn text(view: &DeliverTestView, page: Page) -> String {
    let of = match &view.run {
        Some(run) => format!(", webhooks of run {run}"),
        None => String::new(),
    };
    let heading = format!("hookferry deliver-test: {}{of}", view.target.identity());
    let heading = wrapped(&heading, page.width, 2);
    let mut out = format!("{}\n\n", page.palette.paint(Meaning::Heading, &heading));
    if view.is_done {
        push_results(&mut out, view, page);
    } else {
        push_preview(&mut out, view, page);
    }
    out
}

/// What would be sent, type by type.
fn push_preview(out: &mut String, view: &DeliverTestView, page: Page) {
    let lines: Vec<(Option<TypeId>, Line, &DeliveryRow)> = view
        .rows
        .iter()
        .map(|row| {
            let (symbol, meaning) = row
                .status
                .as_ref()
                .map_or((">", Meaning::Warning), appearance);
            (row.type_id, row.line(symbol, meaning), row)
        })
        .collect();
    let layout = Layout::fit(lines.iter().map(|(_, line, _)| line), page);
    let mut types: Vec<Option<TypeId>> = view.rows.iter().map(|row| row.type_id).collect();
    types.sort_unstable();
    types.dedup();
    for type_id in types {
        let of_type = lines.iter().filter(|(other, ..)| *other == type_id);
        let n = of_type.clone().count();
        let each = one_or_many(n, "it", "each");
        let heading = format!("{n} {}: {each} {}", kind_name(type_id), effect(type_id));
        let heading = wrapped(&heading, page.width, 2);
        out.push_str(&page.palette.paint(Meaning::Heading, &heading));
        out.push('\n');
        for (_, line, row) in of_type {
            line.write(out, layout, page);
            push_reason(out, row, page);
        }
        out.push('\n');
    }
    let n_due = view.rows.iter().filter(|row| row.status.is_none()).count();
    let sum = format!(
        "{} would be sent, and nothing has been.",
        counted(n_due, "real test")
    );
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &sum));
}

fn push_results(out: &mut String, view: &DeliverTestView, page: Page) {
    let rows = view.rows.iter().filter_map(|row| {
        let status = row.status.as_ref()?;
        let (symbol, meaning) = appearance(status);
        Some(GroupRow {
            group: status.code(),
            line: row.line(symbol, meaning),
            item: row,
        })
    });
    let rows: Vec<GroupRow<'_, DeliveryRow>> = rows.collect();
    let details = |out: &mut String, row: &DeliveryRow| push_reason(out, row, page);
    // What needs attention first.
    let [delivered, failed, unknown, not_sent] = DeliveryStatus::CODES;
    let words = [failed, unknown, not_sent, delivered];
    push_groups(out, &words, "", &rows, details, page);
    let counts = DeliveryStatus::CODES
        .iter()
        .map(|code| format!("{} {code}", view.count(code)));
    let sum = format!(
        "{}: {}",
        counted(view.rows.len(), "webhook"),
        counts.collect::<Vec<_>>().join(", ")
    );
    let (meaning, last) = if view.is_delivered() {
        (Meaning::Success, "Every destination accepted its test.")
    } else {
        (
            Meaning::Error,
            "Not every webhook is known to deliver; hookferry sends no test again by itself.",
        )
    };
    let _ = writeln!(
        out,
        "{}\n{}",
        page.palette
            .paint(Meaning::Heading, &wrapped(&sum, page.width, 2)),
        page.palette.paint(meaning, &wrapped(last, page.width, 2))
    );
}

fn push_reason(out: &mut String, row: &DeliveryRow, page: Page) {
    if let Some(why) = row.why() {
        push_remark(out, why, page);
    }
}

/// The tests as JSON.
#[derive(Serialize)]
struct DeliverTestDocument<'a> {
    target: PartyDocument,
    run: Option<&'a str>,
    dry_run: bool,
    webhooks: Vec<DeliveryDocument<'a>>,
    #[serde(serialize_with = "json::map")]
    summary: Vec<(String, usize)>,
    delivered: bool,
}

/// One webhook with what became of its test.
#[derive(Serialize)]
struct DeliveryDocument<'a> {
    result: SmolStr,
    id: Option<&'a WebhookId>,
    alias: &'a str,
    #[serde(rename = "type")]
    kind: SmolStr,
    type_id: Option<TypeId>,
    effect: &'static str,
    http_status: Option<u16>,
    why: Option<&'a str>,
}

impl DocumentBody for DeliverTestDocument<'_> {
    const KIND: &'static str = "deliver-test";
}

/// The code of a result in JSON; `pending` before it is sent.
fn json_code(status: Option<&DeliveryStatus>) -> SmolStr {
    status
        .map_or("pending", DeliveryStatus::code)
        .replace(' ', "_")
        .into()
}

/// Renders the tests as JSON.
pub fn document(view: &DeliverTestView) -> impl DocumentBody {
    let row = |row: &'_ DeliveryRow| json_code(row.status.as_ref());
    let codes = ["pending", "delivered", "failed", "unknown", "not_sent"];
    let count = |code: &str| view.rows.iter().filter(|other| row(other) == code).count();
    let counts = codes.map(|code| (code.to_owned(), count(code)));
    DeliverTestDocument {
        target: (&view.target).into(),
        run: view.run.as_deref(),
        dry_run: !view.is_done,
        webhooks: view.rows.iter().map(DeliveryDocument::from).collect(),
        summary: counts
            .into_iter()
            .chain([("total".to_owned(), view.rows.len())])
            .collect(),
        delivered: view.is_delivered(),
    }
}

impl<'a> From<&'a DeliveryRow> for DeliveryDocument<'a> {
    fn from(row: &'a DeliveryRow) -> Self {
        let http_status = match &row.status {
            Some(DeliveryStatus::Failed { http_status, .. }) => *http_status,
            _ => None,
        };
        Self {
            result: json_code(row.status.as_ref()),
            id: row.id.as_ref(),
            alias: &row.alias,
            kind: kind_name(row.type_id),
            type_id: row.type_id,
            effect: effect(row.type_id),
            http_status,
            why: row.why(),
        }
    }
}
