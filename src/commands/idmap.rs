//! `hookferry idmap`: the ids that a run gave, and exported alerts written anew with them; nothing is sent.

use crate::cli::OutputForm;
use crate::error::{Error, ExitCode};
use crate::pipeline::idmap::IdMap;
use crate::render::screen::Screen;
use crate::render::view::Detail;
use crate::render::{idmap as view, json};
use crate::settings::{Idmap, IdmapWork, MapForm, MapSource, StateFolder};
use crate::store::runs::Runs;
use crate::store::{alerts, idmap as store};

/// Shows a map, or applies one.
pub(super) fn run(settings: &Idmap, screen: &Screen) -> Result<ExitCode, Error> {
    let map = match &settings.map {
        MapSource::File(path) => store::read(path)?,
        MapSource::Run(run) => map_of_run(run, &settings.state)?,
    };
    let page = screen.page(Detail::Full);
    match &settings.work {
        IdmapWork::Show(form) => {
            screen.result(&match form {
                MapForm::Csv => view::csv(&map),
                MapForm::Output(OutputForm::Text) => view::id_map(&map, page),
                MapForm::Output(OutputForm::Json) => json::text(&view::id_map_json(&map)),
            })?;
            Ok(ExitCode::Done)
        }
        IdmapWork::Apply {
            alerts,
            out,
            output,
        } => {
            let applied = alerts::apply(&map, alerts, Some(out))?;
            screen.result(&match output {
                OutputForm::Text => view::applied(&applied, Some(out), page),
                OutputForm::Json => json::text(&view::applied_json(&applied, Some(out))),
            })?;
            Ok(if applied.is_complete() {
                ExitCode::Done
            } else {
                ExitCode::Partial
            })
        }
    }
}

/// The map that a run kept; one that was cut off kept none, and its journal gives it.
fn map_of_run(run: &str, state: &StateFolder) -> Result<IdMap, Error> {
    let runs = Runs::new(state.path()?);
    let id = runs.find(run)?;
    match runs.kept(&id, "idmap.json")? {
        Some(text) => store::parse(&text),
        None => runs.open(&id)?.id_map(),
    }
}
