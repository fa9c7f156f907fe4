//! `hookferry idmap`: shows the id map of a run, or rewrites exported alerts with it. Sends nothing.

use crate::cli::OutputFormat;
use crate::coralogix::webhook::WebhookId;
use crate::document::OutcomeDocument;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::pipeline::idmap::IdMap;
use crate::render::screen::Screen;
use crate::render::{idmap as view, json};
use crate::settings::{IdmapFormat, IdmapSettings, IdmapSource, IdmapTask, StateFolder};
use crate::store::{alerts, idmap as store};
use crate::wording::counted;
use std::collections::HashSet;

/// Shows an id map, or applies it to exported alerts.
pub(super) fn run(settings: &IdmapSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let map = match &settings.map {
        IdmapSource::File(path) => store::read(path)?,
        IdmapSource::Run(run) => load_id_map(run, &settings.state, screen)?,
    };
    let page = screen.stdout_page(Detail {
        lists_all: true,
        ..Detail::default()
    });
    match &settings.task {
        IdmapTask::Show(form) => {
            screen.print_result(&match form {
                IdmapFormat::Csv => view::id_map_csv(&map),
                IdmapFormat::Output(OutputFormat::Text) => view::id_map_text(&map, page),
                IdmapFormat::Output(OutputFormat::Json) => json::text(&view::id_map_json(&map)),
            })?;
            Ok(ExitCode::Done)
        }
        IdmapTask::Apply {
            alerts,
            out,
            output,
        } => {
            let rewritten = alerts::apply(&map, alerts, Some(out))?;
            screen.print_report(&match output {
                OutputFormat::Text => view::rewritten_text(&rewritten, Some(out), page),
                OutputFormat::Json => json::text(&view::rewritten_json(&rewritten, Some(out))),
            });
            Ok(if rewritten.is_complete() {
                ExitCode::Done
            } else {
                ExitCode::Partial
            })
        }
    }
}

/// The id map of a run, from its record.
fn load_id_map(run: &str, state: &StateFolder, screen: &Screen) -> Result<IdMap, Error> {
    let runs = state.recorded_runs()?;
    let id = runs.find(run)?;
    let record = runs.open(&id)?;
    if let Some(refusal) = record.id_map_refusal() {
        return Err(refusal);
    }
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
    let mut document = OutcomeDocument::new(&record);
    // A report shows what the answers said; alerts that are rewritten need to be right.
    document
        .id_map
        .retain(|pair| !unread.contains(&pair.target_id));
    document.to_id_map()
}
