//! `hookferry plan`: shows what a migration would do. It has no client that could write.

use super::consent::refuse_too_many;
use super::formatting;
use super::planning::read_and_plan;
use super::saved_plan::bind_plan;
use crate::document::{Depth, PlanDocument, SavedPlan};
use crate::error::{Error, ExitCode};
use crate::proposal::{Proposal, Words};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings::{self, ReportFormat};
use crate::store::disk;
use std::io::Write;
use std::path::Path;

/// Prints the plan, and saves it if `--out` names a file and `--max-changes` allows it.
pub(super) async fn run(
    settings: settings::PlanSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let (planned, _) = read_and_plan(&settings.route, &settings.state, screen).await?;
    let is_bound = settings.out.is_some() || settings.output != ReportFormat::Text;
    let document = if is_bound {
        bind_plan(
            &planned,
            &settings.route,
            settings.valid_for,
            settings.max_changes,
        )?
    } else {
        PlanDocument::streamed(planned.view(), Depth::Fields)
    };
    let within_limit = refuse_too_many(&planned.plan, settings.max_changes);
    let saved = settings.out.as_ref().filter(|_| within_limit.is_ok());
    let notice = saved.map(|path| saved_notice(&document, path, &settings.apply_options));
    if let Some(path) = saved {
        let write = |to: &mut dyn Write| json::write(&document, to);
        disk::replace_if_own(path, &write, "the plan", SavedPlan::is_plan)?;
    }
    formatting::print_new_plan(document, settings.output, settings.detail, screen)?;
    if let Some(notice) = notice {
        screen.print_sentence(&notice);
    }
    within_limit?;
    Ok(planned.preview_exit_code(settings.detailed_exitcode))
}

fn saved_notice<S>(document: &PlanDocument<S>, path: &Path, options: &Words) -> String {
    let path = path.display().to_string();
    let apply = Proposal::new("apply").word(&path).words(options);
    let path = crate::untrusted::escape(&path);
    if document.would_be_refused {
        format!("\nSaved to {path} for review; it cannot be applied as it is.")
    } else {
        format!("\nSaved to {path}. Once it is approved: {apply}")
    }
}
