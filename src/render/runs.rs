//! Renders run records, as a list or one in detail, as text and as JSON.
//! Pure. Shows the content of journals, which holds no secrets.

mod document;

pub use document::{list_document, run_document};

use super::columns::{padded, padded_left, table, wrapped};
use super::cut_over::push_cut_over;
use super::groups::{GroupRow, push_groups};
use super::rows::{Line, WebhookLabel};
use super::style::Meaning;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::CutOverStep;
use crate::document::run::{ItemRecord, RunRecord, StepRow};
use crate::pipeline::plan::StepState;
use crate::pipeline::push::ItemStatus;
use crate::render::page::Page;
use crate::store::runs::ListedRun;
use crate::untrusted;
use crate::wording::counted;
use std::fmt::Write as _;

/// The state of a run, as a code.
pub fn state(record: &RunRecord) -> &'static str {
    if record.is_rollback_open() {
        return "rollback-open";
    }
    match (&record.rolled_back, &record.footer) {
        // What a run sent and nobody found is not undone.
        (Some(rolled_back), _)
            if rolled_back.untouched.is_empty() && record.open_sends().is_empty() =>
        {
            "rolled-back"
        }
        (Some(_), _) => "rolled-back-in-part",
        (None, _) if record.is_closed => "closed",
        (None, _) if !record.open_sends().is_empty() => "open",
        (None, Some(_)) if record.is_complete() => "complete",
        (None, _) if !record.reconciled_by.is_empty() => "continued",
        (None, Some(_)) => "partial",
        (None, None) => "cut-off",
    }
}

fn state_description(state: &str) -> &'static str {
    match state {
        "rollback-open" => "its rollback was cut off; the next `rollback` of this run finishes it",
        "rolled-back" => "undone by a rollback",
        "rolled-back-in-part" => "undone by a rollback, except for some webhooks",
        "closed" => {
            "closed by a user: later runs do not look for what it left open or for what the target does not list"
        }
        "open" => "the result of some sends is unknown; the next `migrate` resolves them",
        "complete" => "everything that it was to write is in the target",
        "partial" => "ended incomplete; to continue, run the same migration again",
        "continued" => "ended early; a later run found out what had arrived, and resumed it",
        _ => "in progress, or interrupted without open sends",
    }
}

fn account_text(name: &str, company: Option<&str>) -> String {
    let name = untrusted::escape_truncated(name, 60);
    match company {
        Some(company) => format!(
            "{name} (company {})",
            untrusted::escape_truncated(company, 40)
        ),
        None => name,
    }
}

fn n_written(record: &RunRecord) -> usize {
    record.written().count()
}

/// Renders the runs as a table, newest last, next to the prompt.
pub fn list_text(runs: &[ListedRun], page: Page) -> String {
    if runs.is_empty() {
        return "There are no run records yet.\n".to_owned();
    }
    let cells = |listed: &ListedRun| {
        let (state, n_written, accounts) = match &listed.record {
            Ok(record) => {
                let header = &record.header;
                let source = account_text(&header.source.name, source_company(record));
                let target = account_text(&header.target.name, record.company());
                let accounts = format!("{source} -> {target}");
                (state(record), n_written(record).to_string(), accounts)
            }
            Err(error) => {
                let error = untrusted::escape(&error.to_string());
                ("damaged", "?".to_owned(), error)
            }
        };
        let n_written = padded_left(&n_written, "written".len());
        [listed.id.clone(), state.to_owned(), n_written, accounts]
    };
    let rows: Vec<[String; 4]> = runs.iter().map(cells).collect();
    table(["run", "state", "written", "from -> to"], &rows, page)
}

fn source_company(record: &RunRecord) -> Option<&str> {
    record
        .header
        .source
        .company_id
        .as_ref()
        .map(WebhookId::as_str)
}

/// Renders one run with everything that it wrote.
pub fn run_text(record: &RunRecord, cut_over: &[CutOverStep], folder: &str, page: Page) -> String {
    let header = &record.header;
    let state = state(record);
    let ended = record
        .footer
        .as_ref()
        .map_or_else(|| "-".to_owned(), |end| format!("{:.0}", end.ended_at));
    let mut out = String::new();
    let heading = format!("run {}", record.id());
    let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &heading));
    let facts = [
        ("state", format!("{state}: {}", state_description(state))),
        (
            "source",
            account_text(&header.source.name, source_company(record)),
        ),
        (
            "target",
            account_text(&header.target.name, record.company()),
        ),
        ("started", format!("{:.0}", header.started_at)),
        ("ended", ended),
        ("on conflict", header.policy().description()),
        ("folder", untrusted::escape(folder)),
    ];
    for (name, fact) in facts {
        let fact = wrapped(&fact, page.width.saturating_sub(15), 15);
        let _ = writeln!(out, "  {}{fact}", padded(name, 13));
    }
    if let Some(stop) = record.stop() {
        let _ = writeln!(out, "  {}{}", padded("stopped", 13), stop.code());
    }
    for (words, runs) in [
        ("continues", &header.continues),
        ("continued by", &record.reconciled_by),
    ] {
        if !runs.is_empty() {
            let _ = writeln!(
                out,
                "  {}{}",
                padded(words, 13),
                untrusted::escape(&runs.join(", "))
            );
        }
    }
    for applied in &record.applied_maps {
        let (_, to) = applied.direction().sides();
        let fact = format!(
            "{:.0}, {} in {} for the {to}",
            applied.at,
            counted(applied.references, "reference"),
            counted(applied.files, "file")
        );
        let _ = writeln!(out, "  {}{fact}", padded("map applied", 13));
    }
    out.push('\n');
    push_webhooks(&mut out, record, page);
    push_cut_over(&mut out, cut_over, page);
    for next in next_steps(record, state, cut_over) {
        let next = wrapped(&format!("next: {next}"), page.width, 6);
        let _ = writeln!(out, "{}", page.palette.paint(Meaning::Hint, &next));
    }
    out
}

/// The groups of a run's webhooks: heading, and the codes that belong to it.
const GROUPS: [(&str, &[&str]); 4] = [
    ("created or updated", &["acknowledged", "observed"]),
    ("sent, result unknown", &["open"]),
    ("sent, but not in the target", &["over"]),
    ("never sent", &["not-sent"]),
];

fn push_webhooks(out: &mut String, record: &RunRecord, page: Page) {
    let steps = record.header.steps.iter().zip(&record.items).enumerate();
    let writes = steps.filter(|(step_ix, _)| is_write(record, *step_ix));
    let rows = writes.filter_map(|(_, (row, item))| {
        let code = status_code(item);
        let (group, _) = GROUPS.iter().find(|(_, codes)| codes.contains(&code))?;
        Some(GroupRow {
            group,
            line: to_line(row, item),
            item,
        })
    });
    let rows: Vec<GroupRow<'_, ItemRecord>> = rows.collect();
    let words = GROUPS.map(|(heading, _)| heading);
    push_groups(out, &words, "", &rows, |_, _| {}, page);
}

fn to_line(row: &StepRow, item: &ItemRecord) -> Line {
    let written = item.written();
    let (meaning, symbol) = match (status_code(item), row.state) {
        ("open", _) => (Meaning::State(StepState::Ambiguous), "?"),
        ("over", _) => (Meaning::State(StepState::Blocked), "x"),
        ("not-sent", _) => (Meaning::Faint, "-"),
        (_, StepState::Update) => (Meaning::State(StepState::Update), "~"),
        _ => (Meaning::State(StepState::Create), "+"),
    };
    let label = WebhookLabel {
        type_id: row.type_id.map(TypeId),
        alias: &row.alias,
        source_id: row.source_id.as_ref(),
    };
    let is_lost = written.is_some_and(|written| !written.is_acknowledged);
    let remark = if is_lost {
        "found in the target; the response was lost"
    } else {
        ""
    };
    let target_id = written.map(|written| written.id);
    Line::new(meaning, symbol, label, target_id, remark)
}

fn is_write(record: &RunRecord, step_ix: usize) -> bool {
    matches!(
        record.header.steps[step_ix].state,
        StepState::Create | StepState::Update
    )
}

fn status_code(item: &ItemRecord) -> &'static str {
    match (item.written(), &item.status) {
        (Some(written), _) if written.is_acknowledged => "acknowledged",
        (Some(_), _) => "observed",
        (None, status) if status.is_open() => "open",
        (None, ItemStatus::NotSent) => "not-sent",
        (None, _) => "over",
    }
}

/// What can be done about a run, each with its command.
fn next_steps(record: &RunRecord, state: &str, cut_over: &[CutOverStep]) -> Vec<String> {
    let undo = format!(
        "undo {}: {}",
        record.rollback_extent(),
        record.rollback_command()
    );
    let finish = record.finish_rollback_command();
    match state {
        "open" => vec![
            "run the same migration again, which reads the target first".to_owned(),
            format!("or {undo}"),
        ],
        "rollback-open" => vec![format!("finish its rollback: {finish}")],
        "rolled-back-in-part" => vec![format!("undo the rest, once nothing keeps it: {finish}")],
        "rolled-back" => {
            vec!["nothing to do; a new `migrate` would create the webhooks again".to_owned()]
        }
        _ if n_written(record) == 0 => {
            vec!["nothing to undo; this run wrote nothing to the target".to_owned()]
        }
        _ => {
            let mut open = cut_over.iter().filter_map(|step| step.command.as_ref());
            let next = open.next().map(ToOwned::to_owned);
            let is_cut_over = next.is_some();
            let next = next.unwrap_or_else(|| format!("verify: {}", record.verify_command()));
            let id_map = record.id_map_refusal().is_none() && !is_cut_over;
            let id_map = id_map.then(|| format!("show its id map: {}", record.id_map_command()));
            [next].into_iter().chain(id_map).chain([undo]).collect()
        }
    }
}

/// Renders the result of `runs prune`.
pub fn pruned_text(removed: &[String]) -> String {
    match removed {
        [] => "No run records are that old.\n".to_owned(),
        _ => format!(
            "Removed {}: {}\n",
            counted(removed.len(), "run record"),
            removed.join(", ")
        ),
    }
}
