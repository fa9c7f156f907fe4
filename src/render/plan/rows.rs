//! One webhook of the preview: its line, why it is in its state, and what differs.
//! Pure. Shows values by way of `masked()` only.

use crate::pipeline::plan::{Difference, State, Step};
use crate::pipeline::rewrite::PortableWebhook;
use crate::render::columns::{cut, name, padded, padded_left, width, wrapped};
use crate::render::style::{Meaning, symbol};
use crate::render::view::{Detail, Page, kind_name, leads_to};
use std::fmt::Write as _;

/// The widest that an alias is shown.
const LONGEST_ALIAS: usize = 40;
/// The narrowest to which a small terminal presses it.
const SHORTEST_ALIAS: usize = 16;
/// The widest that an id is shown; known servers give numbers of at most ten digits.
const LONGEST_ID: usize = 24;
/// What is kept free for where a webhook leads.
const ROOM_FOR_URL: usize = 30;
/// How many differences of one webhook are listed before the rest is counted.
const MOST_DIFFERENCES: usize = 12;
/// Where lines that belong to a webhook's line begin.
const INDENT: usize = 8;

/// The cells of one webhook's line.
pub(super) struct Row<'p> {
    pub(super) step: &'p Step,
    kind: String,
    alias: String,
    source_id: String,
    target_id: String,
    leads_to: String,
}

impl<'p> Row<'p> {
    pub(super) fn of(webhook: &PortableWebhook, step: &'p Step) -> Self {
        let id = |id: Option<&crate::coralogix::webhook::WebhookId>| {
            id.map_or_else(|| "-".to_owned(), |id| cut(&id.to_string(), LONGEST_ID))
        };
        Self {
            step,
            kind: kind_name(webhook.type_id()),
            alias: name(webhook.alias()),
            source_id: id(webhook.source_id()),
            target_id: match step.state {
                State::Create => "new".to_owned(),
                _ => id(step.target_id()),
            },
            leads_to: match step.state {
                State::Create => leads_to(webhook.bare()),
                _ => String::new(),
            },
        }
    }

    /// Appends the line, and under it whatever the reader has to know about this webhook alone.
    pub(super) fn write(&self, out: &mut String, layout: Layout, page: Page, tells_reason: bool) {
        let state = self.step.state;
        let alias = cut(&self.alias, layout.alias);
        let rest = format!(
            "{}  {}  {} -> {}  {}",
            padded(&self.kind, layout.kind),
            padded(&alias, layout.alias),
            padded_left(&self.source_id, layout.source_id),
            padded(&self.target_id, layout.target_id),
            self.leads_to,
        );
        let rest = rest.trim_end();
        let line = match state {
            State::Unchanged => page
                .palette
                .paint(Meaning::State(state), &format!("{} {rest}", symbol(state))),
            _ => format!(
                "{} {rest}",
                page.palette.paint(Meaning::State(state), symbol(state))
            ),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {line}");
        if tells_reason && !self.step.reason.is_empty() {
            below(out, &self.step.reason, page);
        }
        for note in &self.step.notes {
            below(out, &format!("note: {note}"), page);
        }
        differences(out, &self.step.differences, page);
    }
}

/// How wide each column is.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    kind: usize,
    alias: usize,
    source_id: usize,
    target_id: usize,
}

impl Layout {
    pub(super) fn of(rows: &[Row<'_>], page: Page) -> Self {
        let widest = |cell: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(cell).max().unwrap_or(0);
        let kind = widest(&|row| width(&row.kind));
        let source_id = widest(&|row| width(&row.source_id));
        let target_id = widest(&|row| width(&row.target_id));
        let others = kind + source_id + target_id + "  x ".len() + "  ".len() * 3 + " -> ".len();
        let room = page.width.saturating_sub(others + ROOM_FOR_URL);
        let alias = widest(&|row| width(&row.alias));
        Self {
            kind,
            alias: alias.min(room.clamp(SHORTEST_ALIAS, LONGEST_ALIAS)),
            source_id,
            target_id,
        }
    }
}

fn below(out: &mut String, text: &str, page: Page) {
    let room = page.width.saturating_sub(INDENT);
    let indent = " ".repeat(INDENT);
    let _ = writeln!(out, "{indent}{}", wrapped(text, room, INDENT));
}

fn differences(out: &mut String, differences: &[Difference], page: Page) {
    let most = match page.detail {
        Detail::Normal => MOST_DIFFERENCES,
        Detail::Full => differences.len(),
    };
    let listed = &differences[..differences.len().min(most)];
    let paths: Vec<String> = listed.iter().map(|each| name(&each.path)).collect();
    let widest = paths.iter().map(|path| width(path)).max().unwrap_or(0);
    let labels = INDENT + "  source ".len() + "  target ".len() + "  different".len();
    let room = page.width.saturating_sub(labels + widest) / 2;
    let room = room.max(ROOM_FOR_URL);
    let shown = |value: &Option<crate::coralogix::mask::Masked>| {
        value.as_ref().map_or_else(
            || "nothing".to_owned(),
            |value| cut(&value.to_string(), room),
        )
    };
    let values: Vec<(String, String)> = listed
        .iter()
        .map(|each| (shown(&each.source), shown(&each.target)))
        .collect();
    let left = values
        .iter()
        .map(|(source, _)| width(source))
        .max()
        .unwrap_or(0);
    for (path, (source, target)) in paths.iter().zip(&values) {
        let _ = write!(
            out,
            "{}{}  source {}  target {target}",
            " ".repeat(INDENT),
            padded(path, widest),
            padded(source, left),
        );
        // Two values that look the same once masked would otherwise read like a mistake.
        out.push_str(if source == target {
            "  different\n"
        } else {
            "\n"
        });
    }
    if listed.len() < differences.len() {
        let more = format!(
            "and {} more (-v lists them)",
            differences.len() - listed.len()
        );
        below(out, &more, page);
    }
}
