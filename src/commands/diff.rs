//! `hookferry diff`: compares any two accounts, backups or files. Writes nothing.

use super::reading::{party, read_origin, report_list_doubts};
use crate::cli::OutputFormat;
use crate::coralogix::retry::WaitBudget;
use crate::error::{Error, ExitCode};
use crate::pipeline::diff::diff;
use crate::pipeline::strip::strip;
use crate::render::diff::{DiffView, document, text};
use crate::render::json;
use crate::render::screen::Screen;
use crate::settings;
use std::sync::Arc;

/// Compares both sides and prints the differences.
pub(super) async fn run(
    settings: settings::DiffSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let (left, right) = tokio::join!(
        read_origin(&settings.left, &settings.client, &wait_budget, screen),
        read_origin(&settings.right, &settings.client, &wait_budget, screen),
    );
    let (left, right) = (left?, right?);
    report_list_doubts(&settings.left, &left, screen);
    report_list_doubts(&settings.right, &right, screen);
    let parties = [party(&settings.left, &left), party(&settings.right, &right)];
    let is_one_account =
        left.common_company_id().is_some() && left.common_company_id() == right.common_company_id();
    let (left, right) = settings
        .filter
        .apply_to_both(left.webhooks, right.webhooks)?;
    let (left, right) = (strip(left.into()), strip(right.into()));
    let entries = diff(&left, &right, is_one_account, &settings.state_keys);
    let view = DiffView {
        left: &parties[0],
        right: &parties[1],
        left_webhooks: &left,
        right_webhooks: &right,
        entries: &entries,
    };
    screen.print_result(&match settings.output {
        OutputFormat::Text => text(&view, screen.stdout_page(settings.detail)),
        OutputFormat::Json => json::text(&document(&view)),
    })?;
    Ok(if settings.detailed_exitcode && !view.is_same() {
        ExitCode::Changes
    } else {
        ExitCode::Done
    })
}
