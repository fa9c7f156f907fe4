//! One line per webhook, in the columns that preview and outcome share, and the remarks below it.
//! Pure. Never lets untrusted text leave its column.

use super::columns::{padded, padded_left, truncated, width, wrapped};
use super::style::Meaning;
use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::view::{Detail, kind_name};
use crate::document::{DifferenceDocument, FieldDocument, ItemOutcomeDocument, StepDocument};
use crate::pipeline::rewrite::PortableWebhook;
use crate::render::page::Page;
use crate::untrusted;
use crate::untrusted::name_cell;
use smol_str::SmolStr;
use std::borrow::Borrow;
use std::fmt::Write as _;

/// Maximum width of the alias column.
const MAX_ALIAS_WIDTH: usize = 40;
/// Minimum width of the alias column in a narrow terminal.
const MIN_ALIAS_WIDTH: usize = 16;
/// Maximum width of an id; known servers assign numbers of at most ten digits.
const MAX_ID_WIDTH: usize = 24;
/// Columns kept free for the destination, and for each side of a difference.
const ROOM_FOR_VALUE: usize = 30;
/// The number of differences listed for one webhook; the rest is only counted.
const MAX_LISTED_DIFFERENCES: usize = 12;
/// Indentation of the lines below a webhook's line.
const INDENT: usize = 8;

/// The cells of one webhook's line.
pub(super) struct Line {
    pub(super) meaning: Meaning,
    pub(super) symbol: &'static str,
    kind: SmolStr,
    alias: String,
    source_id: SmolStr,
    target_id: SmolStr,
    tail: String,
}

/// The facts that identify a webhook on its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct WebhookLabel<'a> {
    pub(super) type_id: Option<TypeId>,
    pub(super) alias: &'a str,
    pub(super) source_id: Option<&'a WebhookId>,
}

impl<'a> From<&'a PortableWebhook> for WebhookLabel<'a> {
    fn from(webhook: &'a PortableWebhook) -> Self {
        Self {
            type_id: webhook.type_id(),
            alias: webhook.alias(),
            source_id: webhook.source_id(),
        }
    }
}

impl<'a> From<&'a StepDocument> for WebhookLabel<'a> {
    fn from(step: &'a StepDocument) -> Self {
        Self {
            type_id: step.type_id.map(TypeId),
            alias: &step.alias,
            source_id: step.source_id.as_ref(),
        }
    }
}

impl<'a> From<&'a ItemOutcomeDocument> for WebhookLabel<'a> {
    fn from(item: &'a ItemOutcomeDocument) -> Self {
        Self {
            type_id: item.type_id.map(TypeId),
            alias: &item.alias,
            source_id: item.source_id.as_ref(),
        }
    }
}

impl Line {
    /// The line of a webhook; `tail` is the text after the ids.
    pub(super) fn new<'a>(
        meaning: Meaning,
        symbol: &'static str,
        webhook: impl Into<WebhookLabel<'a>>,
        target_id: Option<&WebhookId>,
        tail: &str,
    ) -> Self {
        let label = webhook.into();
        Self {
            meaning,
            symbol,
            kind: kind_name(label.type_id),
            alias: name_cell(label.alias),
            source_id: id_cell(label.source_id),
            target_id: id_cell(target_id),
            tail: untrusted::escape(tail),
        }
    }

    /// The line of a webhook that only the source has.
    pub(super) fn source_only<'a>(
        meaning: Meaning,
        symbol: &'static str,
        webhook: impl Into<WebhookLabel<'a>>,
    ) -> Self {
        let mut line = Self::new(meaning, symbol, webhook, None, "");
        line.target_id = SmolStr::default();
        line
    }

    /// The same line for a webhook to which the target has yet to assign an id.
    pub(super) fn with_new_id(mut self) -> Self {
        self.target_id = SmolStr::new_static("new");
        self
    }

    pub(super) fn write(&self, out: &mut String, layout: Layout, page: Page) {
        let arrow = if layout.target_id > 0 { " -> " } else { "" };
        let cells = format!(
            "{}  {}  {}{arrow}{}  {}",
            padded(&self.kind, layout.kind),
            padded(&truncated(&self.alias, layout.alias), layout.alias),
            padded_left(&self.source_id, layout.source_id),
            padded(&self.target_id, layout.target_id),
            self.tail,
        );
        let cells = cells.trim_end();
        let symbol = page.palette.paint(self.meaning, self.symbol);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {symbol} {cells}");
    }
}

fn id_cell(id: Option<&WebhookId>) -> SmolStr {
    id.map_or(SmolStr::new_static("-"), |id| {
        truncated(&id.to_string(), MAX_ID_WIDTH).into()
    })
}

/// The width of each column.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    kind: usize,
    alias: usize,
    source_id: usize,
    target_id: usize,
}

impl Layout {
    pub(super) fn fit(lines: impl Iterator<Item = impl Borrow<Line>>, page: Page) -> Self {
        let mut widest = Self {
            kind: 0,
            alias: 0,
            source_id: 0,
            target_id: 0,
        };
        for line in lines {
            let line = line.borrow();
            widest.kind = widest.kind.max(width(&line.kind));
            widest.alias = widest.alias.max(width(&line.alias));
            widest.source_id = widest.source_id.max(width(&line.source_id));
            widest.target_id = widest.target_id.max(width(&line.target_id));
        }
        let gaps = "  x ".len() + 3 * "  ".len() + " -> ".len();
        let others = widest.kind + widest.source_id + widest.target_id + gaps;
        let room = page.width.saturating_sub(others + ROOM_FOR_VALUE);
        widest.alias = widest
            .alias
            .min(room.clamp(MIN_ALIAS_WIDTH, MAX_ALIAS_WIDTH));
        widest
    }
}

/// Appends a remark below a webhook's line.
pub(super) fn push_remark(out: &mut String, text: &str, page: Page) {
    let indent = " ".repeat(INDENT);
    let _ = writeln!(
        out,
        "{indent}{}",
        wrapped(text, page.width.saturating_sub(INDENT), INDENT)
    );
}

/// Appends every value of a webhook, masked, with its path.
pub(super) fn push_fields(out: &mut String, fields: &[FieldDocument], page: Page) {
    let cells: Vec<(String, String)> = fields
        .iter()
        .map(|field| (name_cell(&field.path), field.value.to_string()))
        .collect();
    let widest = cells.iter().map(|(path, _)| width(path)).max().unwrap_or(0);
    let indent = " ".repeat(INDENT);
    let room = page
        .width
        .saturating_sub(INDENT + widest + 2)
        .max(ROOM_FOR_VALUE);
    for (path, value) in &cells {
        let _ = writeln!(
            out,
            "{indent}{}  {}",
            padded(path, widest),
            truncated(value, room)
        );
    }
}

/// The labels of the two sides of a difference.
#[derive(Clone, Copy)]
pub(super) struct SideLabels(&'static str, &'static str);

impl SideLabels {
    const SOURCE_AND_TARGET: Self = Self("source", "target");
    pub(super) const LEFT_AND_RIGHT: Self = Self("left", "right");
}

/// Appends the differences between the source's and the target's webhook.
pub(super) fn push_differences(out: &mut String, differences: &[DifferenceDocument], page: Page) {
    push_differences_between(out, differences, SideLabels::SOURCE_AND_TARGET, page);
}

/// Appends the differences between two webhooks.
pub(super) fn push_differences_between(
    out: &mut String,
    differences: &[DifferenceDocument],
    SideLabels(one, other): SideLabels,
    page: Page,
) {
    let max_listed = match page.detail {
        Detail::Normal => MAX_LISTED_DIFFERENCES,
        Detail::Full => differences.len(),
    };
    let listed = &differences[..differences.len().min(max_listed)];
    let paths: Vec<String> = listed.iter().map(|each| name_cell(&each.path)).collect();
    let widest = paths.iter().map(|path| width(path)).max().unwrap_or(0);
    let labels = INDENT + one.len() + other.len() + "      ".len() + "  different".len();
    let room = (page.width.saturating_sub(labels + widest) / 2).max(ROOM_FOR_VALUE);
    let side_text = |value: &Option<Masked>| match value {
        Some(value) => truncated(&value.to_string(), room),
        None => "nothing".to_owned(),
    };
    let side_texts: Vec<(String, String)> = listed
        .iter()
        .map(|each| (side_text(&each.source), side_text(&each.target)))
        .collect();
    let left_width = side_texts
        .iter()
        .map(|(source, _)| width(source))
        .max()
        .unwrap_or(0);
    for (path, (source, target)) in paths.iter().zip(&side_texts) {
        // Without this, two sides that look the same once masked would look like a bug.
        let verdict = if source == target { "  different" } else { "" };
        let path = padded(path, widest);
        let source = padded(source, left_width);
        let indent = " ".repeat(INDENT);
        let _ = writeln!(
            out,
            "{indent}{path}  {one} {source}  {other} {target}{verdict}"
        );
    }
    let n_more = differences.len() - listed.len();
    if n_more > 0 {
        push_remark(
            out,
            &format!("and {n_more} more (-o json lists them)"),
            page,
        );
    }
}
