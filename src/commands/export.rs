//! `hookferry export`: writes the raw webhooks, secrets included, for jq, curl and `--from`; or code without secrets.

mod code;

use super::reading::{read_origin, report_list_doubts, select_webhooks};
use crate::cli::ExportFormat;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::{Webhook, list_to_wire};
use crate::error::{Error, ErrorKind, ExitCode};
use crate::pipeline::fetch::Inventory;
use crate::pipeline::strip::strip;
use crate::render::export::{CodeFormat, webhook_label};
use crate::render::screen::Screen;
use crate::settings;
use crate::store::disk;
use crate::untrusted;
use crate::wording::counted;
use std::sync::Arc;

/// Writes the webhooks to a file, a folder or standard output.
pub(super) async fn run(
    settings: settings::ExportSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let format = match settings.format {
        ExportFormat::Json => return export_json(&settings, screen).await,
        ExportFormat::Terraform => CodeFormat::Terraform,
        ExportFormat::Operator => CodeFormat::Operator,
        ExportFormat::Curl => CodeFormat::Curl,
    };
    code::export(format, &settings, screen).await
}

async fn export_json(
    settings: &settings::ExportSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    if settings.out.is_none() && screen.is_stdout_terminal() && !settings.reveal {
        return Err(Error::new(
            ErrorKind::Refused,
            "an export contains secrets in plain text, so it is not printed to a terminal",
        )
        .with_hint("write it to a file with --out FILE, pipe it to another program, or pass --reveal; `hookferry list` shows the webhooks masked"));
    }
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let inventory = read_origin(&settings.source, &settings.client, &wait_budget, screen).await?;
    report_list_doubts(&settings.source, &inventory, screen);
    let inventory = select_webhooks(inventory, &settings.filter)?;
    let (webhooks, n_left_out) = if settings.ready {
        create_bodies(inventory, screen)
    } else {
        (inventory.webhooks, 0)
    };
    let mut text = String::new();
    list_to_wire(&webhooks, &mut text);
    match &settings.out {
        Some(path) => {
            disk::write_new(path, &text, "the export")?;
            screen.print_message(&format!(
                "wrote {} to {}; the file contains secrets in plain text",
                counted(webhooks.len(), "webhook"),
                untrusted::escape(&path.display().to_string())
            ));
        }
        None => screen.print_result(&text)?,
    }
    Ok(if n_left_out > 0 {
        ExitCode::Partial
    } else {
        ExitCode::Done
    })
}

/// The bodies that create the webhooks, and the number of blocked webhooks, which are left out.
fn create_bodies(inventory: Inventory, screen: &Screen) -> (Vec<Webhook>, usize) {
    let stripped = strip(inventory);
    let mut bodies = Vec::new();
    let mut n_left_out = 0;
    for webhook in stripped.webhooks() {
        match webhook.blocked() {
            None => bodies.push(webhook.bare().clone()),
            Some(blocked) => {
                n_left_out += 1;
                let label = webhook_label(webhook);
                screen.warn(&format!("left out: {label}: {}", blocked.reason()));
            }
        }
    }
    (bodies, n_left_out)
}
