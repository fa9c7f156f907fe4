//! Renders run records, as a list or one in detail, as text and as JSON.
//! Pure. Shows the content of journals, which holds no secrets.

use super::columns::{padded, wrapped};
use super::json;
use super::style::Meaning;
use crate::coralogix::webhook::WebhookId;
use crate::foreign;
use crate::pipeline::plan::State;
use crate::render::page::Page;
use crate::store::runs::{Listed, Record, Standing};
use crate::wording::counted;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The state of a run, as a code.
pub fn state(record: &Record) -> &'static str {
    match (&record.rolled_back, &record.end) {
        (Some(rolled_back), _) if rolled_back.untouched.is_empty() => "rolled-back",
        (Some(_), _) => "rolled-back-in-part",
        (None, _) if record.is_closed => "closed",
        (None, _) if !record.open().is_empty() => "open",
        (None, Some(end)) if end.complete => "complete",
        (None, Some(_)) => "partial",
        (None, None) if !record.settled_by.is_empty() => "continued",
        (None, None) => "cut-off",
    }
}

fn meaning(state: &str) -> &'static str {
    match state {
        "rolled-back" => "undone by a rollback",
        "rolled-back-in-part" => "undone by a rollback, except for some webhooks",
        "closed" => "closed by a user, so its open sends no longer matter",
        "open" => "the result of some sends is unknown; the next `migrate` resolves them",
        "complete" => "everything that it was to write is in the target",
        "partial" => "ended incomplete; to continue, run the same migration again",
        "continued" => "interrupted; a later run found out what had arrived",
        _ => "in progress, or interrupted without open sends",
    }
}

fn party(name: &str, company: Option<&str>) -> String {
    let name = foreign::shortened(name, 60);
    match company {
        Some(company) => format!("{name} (company {})", foreign::shortened(company, 40)),
        None => name,
    }
}

fn written(record: &Record) -> usize {
    record.arrived().count()
}

/// Renders the runs as a table, newest last, next to the prompt.
pub fn list(runs: &[Listed], page: Page) -> String {
    if runs.is_empty() {
        return "There are no run records yet.\n".to_owned();
    }
    let mut out = String::new();
    let heading = format!(
        "{}  {}  {:>7}  from -> to",
        padded("run", 22),
        padded("state", 19),
        "written"
    );
    let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &heading));
    for listed in runs {
        let id = padded(&listed.id, 22);
        match &listed.record {
            Ok(Some(record)) => {
                let begin = &record.begin;
                let source = party(&begin.source.name, begin.source.company.as_deref());
                let target = party(&begin.target.host, record.company());
                let state = padded(state(record), 19);
                let _ = writeln!(
                    out,
                    "{id}  {state}  {:>7}  {source} -> {target}",
                    written(record)
                );
            }
            Ok(None) => {
                let _ = writeln!(
                    out,
                    "{id}  {}  {:>7}  (ended before it sent anything)",
                    padded("empty", 19),
                    0
                );
            }
            Err(error) => {
                let error = foreign::shown(&error.to_string());
                let _ = writeln!(out, "{id}  {}  {:>7}  {error}", padded("damaged", 19), "?");
            }
        }
    }
    out
}

/// Renders the runs as JSON.
pub fn list_document(runs: &[Listed]) -> Value {
    let runs: Vec<Value> = runs.iter().map(listed_row).collect();
    json::document("runs", json!({ "runs": runs }))
}

fn listed_row(listed: &Listed) -> Value {
    match &listed.record {
        Ok(Some(record)) => row(record),
        Ok(None) => json!({"run": listed.id, "state": "empty"}),
        Err(error) => {
            json!({"run": listed.id, "state": "damaged", "error": foreign::shown(&error.to_string())})
        }
    }
}

fn company(id: Option<&str>) -> Value {
    json::id(id.map(WebhookId::new).as_ref())
}

fn row(record: &Record) -> Value {
    let begin = &record.begin;
    json!({
        "run": record.id(),
        "state": state(record),
        "began": begin.at,
        "ended": record.end.as_ref().map(|end| end.at),
        "source": {"name": begin.source.name, "company_id": company(begin.source.company.as_deref())},
        "target": {"name": begin.target.host, "company_id": company(record.company())},
        "written": written(record),
        "open": record.open().len(),
        "summary": record.end.as_ref().map(|end| &end.summary),
        "continues": begin.continues,
        "continued_by": record.settled_by,
    })
}

/// Renders one run with everything that it wrote.
pub fn one(record: &Record, folder: &str, state_flag: &str, page: Page) -> String {
    let begin = &record.begin;
    let state = state(record);
    let ended = record
        .end
        .as_ref()
        .map_or_else(|| "-".to_owned(), |end| format!("{:.0}", end.at));
    let mut out = String::new();
    let heading = format!("run {}", record.id());
    let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &heading));
    let facts = [
        ("state", format!("{state}: {}", meaning(state))),
        (
            "source",
            party(&begin.source.name, begin.source.company.as_deref()),
        ),
        ("target", party(&begin.target.host, record.company())),
        ("started", format!("{:.0}", begin.at)),
        ("ended", ended),
        ("on conflict", begin.on_conflict.clone()),
        ("folder", foreign::shown(folder)),
    ];
    for (name, fact) in facts {
        let fact = wrapped(&fact, page.width.saturating_sub(15), 15);
        let _ = writeln!(out, "  {}{fact}", padded(name, 13));
    }
    if let Some(why) = record.end.as_ref().and_then(|end| end.stopped.as_deref()) {
        let _ = writeln!(out, "  {}{}", padded("stopped", 13), foreign::shown(why));
    }
    for (words, runs) in [
        ("continues", &begin.continues),
        ("continued by", &record.settled_by),
    ] {
        if !runs.is_empty() {
            let _ = writeln!(
                out,
                "  {}{}",
                padded(words, 13),
                foreign::shown(&runs.join(", "))
            );
        }
    }
    out.push('\n');
    webhooks(&mut out, record, page);
    let next = next_step(record, state, state_flag);
    let _ = writeln!(
        out,
        "{}",
        page.palette
            .paint(Meaning::Hint, &wrapped(&next, page.width, 6))
    );
    out
}

fn webhooks(out: &mut String, record: &Record, page: Page) {
    let groups: [(&str, &[&str]); 4] = [
        ("created or updated", &["acknowledged", "observed"]),
        ("sent, result unknown", &["open"]),
        ("sent, but not in the target", &["over"]),
        ("never sent", &["not-sent"]),
    ];
    for (heading, words) in groups {
        let of_group: Vec<usize> = (0..record.standings.len())
            .filter(|place| is_to_be_written(record, *place))
            .filter(|place| words.contains(&standing_word(&record.standings[*place])))
            .collect();
        if of_group.is_empty() {
            continue;
        }
        let heading = format!("{} {heading}", of_group.len());
        let _ = writeln!(out, "{}", page.palette.paint(Meaning::Heading, &heading));
        for place in of_group {
            let row = &record.begin.wanted[place];
            let source = row.source_id.as_deref().unwrap_or("-");
            let target = match &record.standings[place] {
                Standing::Arrived(arrived) => arrived.id.to_string(),
                _ => "-".to_owned(),
            };
            let word = match &record.standings[place] {
                Standing::Arrived(arrived) if !arrived.is_acknowledged => {
                    "  found in the target; the response was lost"
                }
                _ => "",
            };
            let alias = foreign::shortened(&row.alias, 60);
            let _ = writeln!(
                out,
                "  {} -> {}  {alias}{word}",
                foreign::shown(source),
                foreign::shown(&target)
            );
        }
        out.push('\n');
    }
}

fn is_to_be_written(record: &Record, place: usize) -> bool {
    matches!(
        record.begin.wanted[place].state,
        State::Create | State::Update
    )
}

fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::NotSent => "not-sent",
        Standing::Open | Standing::Unresolved(_) => "open",
        Standing::Arrived(arrived) if arrived.is_acknowledged => "acknowledged",
        Standing::Arrived(_) => "observed",
        Standing::Over => "over",
    }
}

fn next_step(record: &Record, state: &str, state_flag: &str) -> String {
    let id = format!("{}{state_flag}", record.id());
    match state {
        "open" => format!(
            "next: run the same migration again, which reads the target first; or undo this run: hookferry rollback {id}"
        ),
        "rolled-back" => {
            "next: nothing to do; a new `migrate` would create the webhooks again".to_owned()
        }
        _ if written(record) == 0 => {
            "next: nothing to undo; this run wrote nothing to the target".to_owned()
        }
        _ => format!(
            "next: hookferry verify --run {id}, hookferry idmap show {id}, hookferry rollback {id}"
        ),
    }
}

/// Renders one run as JSON.
pub fn one_document(record: &Record, folder: &str, report: Option<&Value>) -> Value {
    let webhooks: Vec<Value> = record
        .begin
        .wanted
        .iter()
        .zip(&record.standings)
        .map(|(row, standing)| {
            json!({
                "alias": row.alias,
                "type_id": row.type_id,
                "source_id": json::id(row.source_id.as_ref().map(WebhookId::new).as_ref()),
                "planned": row.state,
                "standing": standing_word(standing),
                "target_id": match standing {
                    Standing::Arrived(arrived) => json::id(Some(&arrived.id)),
                    _ => json::id(row.target_id.as_ref().map(WebhookId::new).as_ref()),
                },
            })
        })
        .collect();
    let mut document = json::document("run", row(record));
    if let Value::Object(members) = &mut document {
        members.insert("folder".to_owned(), folder.into());
        members.insert("webhooks".to_owned(), webhooks.into());
        members.insert("report".to_owned(), report.cloned().unwrap_or(Value::Null));
    }
    document
}

/// Renders the result of `runs prune`.
pub fn pruned(removed: &[String]) -> String {
    match removed {
        [] => "No run records are that old.\n".to_owned(),
        _ => format!(
            "Removed {}: {}\n",
            counted(removed.len(), "run record"),
            removed.join(", ")
        ),
    }
}
