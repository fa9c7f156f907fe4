//! `hookferry idmap`: shows the id map of a run, or rewrites files with alerts with it. Sends nothing.

use crate::cli::{IdmapFormat, OutputFormat};
use crate::coralogix::reference::WebhookName;
use crate::coralogix::webhook::WebhookId;
use crate::document::OutcomeDocument;
use crate::document::run::RunRecord;
use crate::document::run::entry::JournalEntry;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::pipeline::idmap::{AlertFolder, Direction, IdMap, MalformedFile, RewrittenAlerts};
use crate::render::screen::Screen;
use crate::render::{idmap as view, json};
use crate::settings::{IdmapSettings, IdmapSource, IdmapTask, StateFolder};
use crate::store::alerts::{self, Output};
use crate::store::idmap as store;
use crate::store::lock::{LockHolder, Locks};
use crate::untrusted::escape;
use crate::wording::counted;
use std::collections::HashSet;
use std::path::Path;

/// Shows an id map, or applies it to files with alerts.
pub(super) fn run(settings: &IdmapSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let direction = match &settings.task {
        IdmapTask::Show(_) => Direction::ToTarget,
        IdmapTask::Apply { direction, .. } => *direction,
    };
    let (map, record) = match &settings.map {
        IdmapSource::File(path) => (store::read(path)?, None),
        IdmapSource::Run(run) => {
            let record = open_record(run, &settings.state)?;
            (load_id_map(&record, direction, screen)?, Some(record))
        }
    };
    let map = if settings.only_created {
        map.only_created()
    } else {
        map
    };
    match &settings.task {
        IdmapTask::Show(format) => show(&map, *format, screen),
        IdmapTask::Apply {
            alerts,
            out,
            direction,
            output,
        } => {
            let (out, rewritten) = apply(
                &map,
                record.as_ref(),
                alerts,
                out,
                *direction,
                settings,
                screen,
            )?;
            if rewritten.seems_rewritten {
                screen.warn("most of these alerts refer to webhooks that the run did not migrate, or are rewritten already");
            }
            if rewritten.is_all_unknown() {
                screen.warn("no reference is in the id map, which may be that of other accounts");
            }
            screen.print_report(&match output {
                OutputFormat::Text => {
                    let page = screen.stdout_page(LISTING);
                    view::rewritten_text(&rewritten, *direction, Some(&out), page)
                }
                OutputFormat::Json => {
                    json::text(&view::rewritten_json(&rewritten, *direction, Some(&out)))
                }
            });
            Ok(if rewritten.is_complete() {
                ExitCode::Done
            } else {
                ExitCode::Partial
            })
        }
    }
}

const LISTING: Detail = Detail {
    lists_all: true,
    shows_values: false,
};

fn show(map: &IdMap, format: IdmapFormat, screen: &Screen) -> Result<ExitCode, Error> {
    screen.print_result(&match format {
        IdmapFormat::Text => view::id_map_text(map, screen.stdout_page(LISTING)),
        IdmapFormat::Json => json::text(&view::id_map_json(map)),
        IdmapFormat::Csv => view::id_map_csv(map),
        IdmapFormat::TerraformImport => view::id_map_imports(map),
        IdmapFormat::Sed => view::id_map_sed(map),
    })?;
    Ok(ExitCode::Done)
}

/// Rewrites the alerts, and writes them: everything is checked first, and put on record.
fn apply(
    map: &IdMap,
    record: Option<&RunRecord>,
    input: &Path,
    out: &Path,
    direction: Direction,
    settings: &IdmapSettings,
    screen: &Screen,
) -> Result<(std::path::PathBuf, RewrittenAlerts), Error> {
    let output = Output::choose(input, out)?;
    let alerts = alerts::read(input)?;
    if let Some(record) = record {
        refuse_own_output(record, &alerts, direction)?;
    }
    let rewritten = map.rewrite_alerts(alerts, direction);
    let rewritten = rewritten.map_err(|malformed| malformed_error(&malformed))?;
    // Ids of the source that a run left out may be those of other webhooks in the target.
    let is_partial = record.is_some_and(RunRecord::left_out_webhooks);
    if rewritten.seems_rewritten && !is_partial {
        let (from, to) = direction.sides();
        return Err(Error::usage(format!(
            "most of these alerts refer to ids of the {to}, not of the {from}"
        ))
        .with_hint(match direction {
            Direction::ToTarget => "nothing was written; pass the alerts as they are in the source, and the id map of their account; --reverse turns alerts back",
            Direction::ToSource => "nothing was written; pass the alerts as `idmap apply` wrote them for the target, and the id map of their account",
        }));
    }
    if let Some(record) = record {
        if direction == Direction::ToTarget {
            warn_if_formatted_since(record, &rewritten, screen);
        }
        record_application(record, map, &rewritten, direction, &settings.state)?;
    }
    output.write(&rewritten)?;
    Ok((output.path().to_owned(), rewritten))
}

/// Refuses what `idmap apply` wrote: ids may swap, so a second time would give other webhooks.
fn refuse_own_output(
    record: &RunRecord,
    alerts: &AlertFolder,
    direction: Direction,
) -> Result<(), Error> {
    let own = alerts.files.iter().find_map(|file| {
        let at = record.wrote_file_at(&file.text, direction)?;
        Some((escape(&file.name.display().to_string()), at))
    });
    let Some((name, at)) = own else {
        return Ok(());
    };
    let (_, to) = direction.sides();
    Err(Error::usage(format!(
        "`{name}` is already rewritten for the {to}: `idmap apply` wrote it on {at:.0}"
    ))
    .with_hint(format!(
        "nothing was written; pass the alerts as they were before, or pass as --map FILE, for which no record counts, what this prints: {}",
        record.id_map_command().option("-o", "json")
    )))
}

/// Warns if alerts may be an earlier output that was formatted since, which no digest shows: they refer to ids that an
/// earlier application gave.
fn warn_if_formatted_since(record: &RunRecord, rewritten: &RewrittenAlerts, screen: &Screen) {
    let references = rewritten.files.iter();
    let references = references.flat_map(|file| &file.repointed.rewritten);
    let from = references.filter_map(|reference| match &reference.from {
        WebhookName::Id(id) => Some(id),
        WebhookName::Alias(_) => None,
    });
    let given = record.ids_in_alerts(from);
    let mut applied = record.applied_maps.iter();
    if let Some(applied) = applied.find(|applied| {
        applied.direction() == Direction::ToTarget
            && given.iter().any(|id| applied.target_ids.contains(id))
    }) {
        screen.warn(&format!(
            "the id map was applied before, on {:.0}, and gave ids to which these alerts refer: if they are what it wrote then, formatted since, their new ids are wrong",
            applied.at
        ));
    }
}

fn malformed_error(files: &[MalformedFile]) -> Error {
    let lines: Vec<String> = files
        .iter()
        .map(|file| {
            format!(
                "{}:{}:{}: not valid {}: {}",
                escape(&file.name.display().to_string()),
                file.why.line,
                file.why.column,
                file.kind.language(),
                escape(&file.why.why)
            )
        })
        .collect();
    Error::usage(lines.join("\n")).with_hint(
        "nothing was written; correct what is listed, or move it out of the folder if it holds no alerts",
    )
}

/// Puts on record that the map is applied, so that nobody does it twice, and that a rollback can say so.
fn record_application(
    record: &RunRecord,
    map: &IdMap,
    rewritten: &RewrittenAlerts,
    direction: Direction,
    state: &StateFolder,
) -> Result<(), Error> {
    let Some(applied) = record.to_applied_map(map, rewritten, direction) else {
        return Ok(());
    };
    let (host, locks) = (record.canonical_host(), Locks::new(state.path()?)?);
    // A rollback may be appending to the same journal.
    let _lock = locks.acquire(
        &host,
        record.company(),
        &LockHolder::this_process("idmap apply"),
        &locks.snapshot(&host)?,
    )?;
    let entry = JournalEntry::IdMapApplied(applied.into());
    state.recorded_runs()?.append(record.id(), &entry)
}

fn open_record(run: &str, state: &StateFolder) -> Result<RunRecord, Error> {
    let runs = state.recorded_runs()?;
    runs.open(&runs.find(run)?)
}

/// The id map of a run, from its record.
fn load_id_map(record: &RunRecord, direction: Direction, screen: &Screen) -> Result<IdMap, Error> {
    // Back to the source, the ids of webhooks that are gone can be turned, too.
    let refusal = record.id_map_refusal();
    if let Some(refusal) = refusal.filter(|_| direction == Direction::ToTarget) {
        return Err(refusal);
    }
    let id = record.id();
    let n_open = record.open_sends().len();
    if n_open > 0 {
        screen.warn(&format!(
            "run {id} left {} open, which are missing from the map; run the same migration again first",
            counted(n_open, "webhook")
        ));
    }
    let unread: HashSet<&WebhookId> = record.unread().map(|(_, written, _)| written.id).collect();
    if !unread.is_empty() {
        screen.warn(&format!(
            "run {id} never read {} back, whose new ids are missing from the map: only responses named them; run the same migration again first",
            counted(unread.len(), "webhook")
        ));
    }
    let mut document = OutcomeDocument::new(record);
    // A report shows what the answers said; alerts that are rewritten need to be right.
    document
        .id_map
        .retain(|pair| !unread.contains(&pair.target_id));
    document.to_id_map()
}
