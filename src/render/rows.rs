//! One line per webhook, in the columns that preview and outcome share, and the remarks below it.
//! Pure. Never lets untrusted text leave its column.

use super::columns::{padded, padded_left, truncated, width, wrapped};
use super::style::Meaning;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::view::kind_name;
use crate::document::{FieldDocument, ItemOutcomeDocument, StepDocument};
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
/// Columns kept free for the destination.
const ROOM_FOR_VALUE: usize = 30;
/// Columns before the first cell: the symbol and the space around it.
const MARGIN: usize = "  x ".len();
/// Indentation of the lines below a webhook's line.
pub(super) const INDENT: usize = 8;

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

    /// The same line with a text after its ids.
    pub(super) fn with_tail(mut self, tail: &str) -> Self {
        self.tail = untrusted::escape(tail);
        self
    }

    /// The same line for a webhook to which the target has yet to assign an id.
    pub(super) fn with_new_id(mut self) -> Self {
        self.target_id = SmolStr::new_static("new");
        self
    }

    pub(super) fn write(&self, out: &mut String, layout: Layout, page: Page) {
        let arrow = if layout.target_id > 0 { " -> " } else { "" };
        let kind = match layout.kind {
            0 => String::new(),
            columns => format!("{}  ", padded(&self.kind, columns)),
        };
        let cells = format!(
            "{kind}{}  {}{arrow}{}",
            padded(&truncated(&self.alias, layout.alias), layout.alias),
            padded_left(&self.source_id, layout.source_id),
            padded(&self.target_id, layout.target_id),
        );
        let line = format!("{cells}  {}", self.tail);
        let fits = self.tail.is_empty() || MARGIN + width(&line) <= page.width;
        let symbol = page.palette.paint(self.meaning, self.symbol);
        let shown = if fits { &line } else { &cells };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {symbol} {}", shown.trim_end());
        if !fits {
            push_remark(out, &self.tail, page);
        }
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
        let gaps = MARGIN + 2 * "  ".len() + " -> ".len();
        let ids = widest.source_id + widest.target_id + gaps;
        // The type is what a reader misses least.
        if ids + widest.kind + MIN_ALIAS_WIDTH > page.width {
            widest.kind = 0;
        }
        let room = page.width.saturating_sub(ids + widest.kind);
        // In most pages there is room for a destination, too; where there is not, it takes a line of its own.
        let room = room.saturating_sub(ROOM_FOR_VALUE);
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

/// Appends every value of a webhook, masked, with its path; none is cut, because whoever sees them asked for all.
pub(super) fn push_fields(out: &mut String, fields: &[FieldDocument], page: Page) {
    let cells: Vec<(String, String)> = fields
        .iter()
        .map(|field| (name_cell(&field.path), field.value.to_string()))
        .collect();
    let widest = cells.iter().map(|(path, _)| width(path)).max().unwrap_or(0);
    let indent = " ".repeat(INDENT);
    for (path, value) in &cells {
        let line = format!("{indent}{}  {value}", padded(path, widest));
        let _ = if width(&line) <= page.width {
            writeln!(out, "{line}")
        } else {
            writeln!(out, "{indent}{path}\n{indent}  {value}")
        };
    }
}
