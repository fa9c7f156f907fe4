//! Renders `list`: an account's webhooks, masked, as a table and as JSON.
//! Pure. Shows values only through `masked()`.

use super::columns::{GAP, padded_left, table, truncated, width};
use super::json;
use super::style::Meaning;
use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::{TypeId, TypeProblem, Webhook, WebhookId};
use crate::document::view::{Party, fields_summary, kind_name};
use crate::document::{DocumentBody, PartyDocument, SelectionDocument};
use crate::render::page::Page;
use crate::untrusted::name_cell;
use crate::wording::counted;
use serde::{Serialize, Serializer};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Maximum width of an alias in columns.
const MAX_ALIAS_WIDTH: usize = 32;
/// Maximum width of a URL in columns; masked URLs are rarely longer.
const MAX_URL_WIDTH: usize = 60;
/// Minimum width of the fields column, however narrow the terminal is.
const MIN_FIELDS_WIDTH: usize = 24;

const HEADINGS: [&str; 5] = ["id", "type", "alias", "url", "fields"];

/// Renders the webhooks as a table, with their count by type at the end.
pub fn list_text(webhooks: &[Webhook], account: &Party, page: Page) -> String {
    let mut rows: Vec<[String; 5]> = webhooks.iter().map(cells).collect();
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| width(&row[column]));
        cells.chain([width(HEADINGS[column])]).max().unwrap_or(0)
    };
    let before_fields: usize = (0..4).map(|column| widest(column) + GAP.len()).sum();
    let room = page.width.saturating_sub(before_fields);
    let id_width = widest(0);
    for [id, .., fields] in &mut rows {
        *id = padded_left(id, id_width);
        *fields = truncated(fields, room.max(MIN_FIELDS_WIDTH));
    }
    let mut out = String::new();
    if !rows.is_empty() {
        out.push_str(&table(HEADINGS, &rows, page));
        out.push('\n');
    }
    let total = format!(
        "{}: {}",
        account.display_name(),
        totals_text(webhooks, account)
    );
    out.push_str(&page.palette.paint(Meaning::Heading, &total));
    out.push('\n');
    out
}

/// The webhooks as JSON; each row is built only when it is serialized.
#[derive(Serialize)]
struct ListDocument<'l> {
    account: PartyDocument,
    selection: SelectionDocument,
    webhooks: ListRows<'l>,
    #[serde(serialize_with = "json::map")]
    count_by_type: Vec<(SmolStr, usize)>,
}

struct ListRows<'l>(&'l [Webhook]);

/// A webhook as JSON.
#[derive(Serialize)]
struct ListedDocument {
    id: Option<WebhookId>,
    #[serde(rename = "type")]
    kind: SmolStr,
    type_id: Option<TypeId>,
    alias: Option<String>,
    url: Option<Masked>,
    fields: Option<Masked>,
    unknown_keys: Vec<String>,
}

impl DocumentBody for ListDocument<'_> {
    const KIND: &'static str = "list";
}

/// Renders the webhooks as JSON.
pub fn list_json<'l>(webhooks: &'l [Webhook], account: &Party) -> impl DocumentBody + use<'l> {
    ListDocument {
        account: account.into(),
        selection: SelectionDocument {
            matched: webhooks.len(),
            of: account.n_webhooks,
        },
        webhooks: ListRows(webhooks),
        count_by_type: count_by_type(webhooks),
    }
}

impl Serialize for ListRows<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(ListedDocument::from))
    }
}

impl From<&Webhook> for ListedDocument {
    fn from(webhook: &Webhook) -> Self {
        let masked = webhook.masked();
        Self {
            id: webhook.id(),
            kind: type_label(webhook),
            type_id: webhook.type_id().ok(),
            alias: masked.alias,
            url: masked.url,
            fields: masked.fields,
            unknown_keys: masked.unknown_keys,
        }
    }
}

fn cells(webhook: &Webhook) -> [String; 5] {
    let masked = webhook.masked();
    let or_dash = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    [
        webhook
            .id()
            .map_or_else(|| "-".to_owned(), |id| id.to_string()),
        type_label(webhook).into(),
        truncated(
            &name_cell(masked.alias.as_deref().unwrap_or_default()),
            MAX_ALIAS_WIDTH,
        ),
        truncated(
            &or_dash(
                masked
                    .url
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            MAX_URL_WIDTH,
        ),
        fields_summary(&masked),
    ]
}

fn type_label(webhook: &Webhook) -> SmolStr {
    match webhook.type_id() {
        Err(TypeProblem::Conflicting) => SmolStr::new_static("(types disagree)"),
        other => kind_name(other.ok()),
    }
}

fn totals_text(webhooks: &[Webhook], account: &Party) -> String {
    let mut total = counted(account.n_webhooks, "webhook");
    if webhooks.len() != account.n_webhooks {
        // Writing to a string cannot fail.
        let _ = write!(total, ", {} selected", webhooks.len());
    }
    let kinds: Vec<String> = count_by_type(webhooks)
        .into_iter()
        .map(|(kind, n)| format!("{n} {kind}"))
        .collect();
    if !kinds.is_empty() {
        let _ = write!(total, " ({})", kinds.join(", "));
    }
    total
}

/// The number of webhooks of each type, ordered by type id; those without a type id come last.
fn count_by_type(webhooks: &[Webhook]) -> Vec<(SmolStr, usize)> {
    let mut counts: BTreeMap<(bool, Option<TypeId>, SmolStr), usize> = BTreeMap::new();
    for webhook in webhooks {
        let type_id = webhook.type_id().ok();
        let key = (type_id.is_none(), type_id, type_label(webhook));
        *counts.entry(key).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((_, _, kind), n)| (kind, n))
        .collect()
}
