//! Webhooks as code: reads them, asks the newer API for their ids where a form has a use for them, and writes files.

use crate::commands::reading::{
    party, read_origin_with_client, report_list_doubts, select_webhooks,
};
use crate::coralogix::client::Reader;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::summary::SummaryIndex;
use crate::error::{Error, ExitCode};
use crate::pipeline::strip::{StrippedWebhook, strip};
use crate::render::export::{CodeExport, CodeFormat, ExportedCode, ExportedWebhook, render};
use crate::render::schedule;
use crate::render::screen::Screen;
use crate::settings::ExportSettings;
use crate::store::disk;
use crate::untrusted;
use crate::wording::counted;
use std::path::Path;
use std::sync::Arc;

/// Writes the webhooks as code.
pub(super) async fn export(
    format: CodeFormat,
    settings: &ExportSettings,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let (source, client) = (&settings.source, &settings.client);
    let wait_budget = Arc::new(WaitBudget::new(client.max_wait));
    let read = read_origin_with_client(source, client, &wait_budget, screen);
    let (inventory, reader) = read.await?;
    report_list_doubts(source, &inventory, screen);
    let source = party(source, &inventory);
    let summaries = match format {
        CodeFormat::Terraform => read_summaries(reader.as_ref(), screen).await,
        CodeFormat::Operator | CodeFormat::Curl => Err(String::new()),
    };
    let stripped = strip(select_webhooks(inventory, &settings.filter)?);
    let uuids: Vec<Result<String, String>> = stripped
        .webhooks()
        .iter()
        .map(|webhook| find_uuid(&summaries, webhook))
        .collect();
    let webhooks = stripped.webhooks().iter().zip(&uuids);
    let webhooks = webhooks.map(|(stripped, uuid)| ExportedWebhook {
        stripped,
        uuid: uuid.as_deref().map_err(String::as_str),
        state_keys: &settings.state_keys,
    });
    let export = CodeExport {
        source: &source,
        webhooks: webhooks.collect(),
    };
    let code = render(format, &export);
    for omission in &code.omissions {
        screen.warn(&omission.warning());
    }
    match &settings.out {
        Some(path) => write(&code, path, screen)?,
        None => screen.print_result(&schedule::text(&code.files))?,
    }
    Ok(if code.omissions.is_empty() {
        ExitCode::Done
    } else {
        ExitCode::Partial
    })
}

/// The summaries of the newer API, or why there are none.
async fn read_summaries(reader: Option<&Reader>, screen: &Screen) -> Result<SummaryIndex, String> {
    let Some(reader) = reader else {
        return Err("a file does not name the ids of the newer API".to_owned());
    };
    let summaries = reader.summaries().await;
    if let Err(why) = &summaries {
        screen.warn(&format!("{}: no import blocks: {why}", reader.account()));
    }
    summaries.map(SummaryIndex::new)
}

fn find_uuid(
    summaries: &Result<SummaryIndex, String>,
    webhook: &StrippedWebhook,
) -> Result<String, String> {
    let summaries = summaries.as_ref().map_err(Clone::clone)?;
    summaries.uuid(webhook.original()).map(str::to_owned)
}

/// Writes one file, or several into a new folder.
fn write(code: &ExportedCode, path: &Path, screen: &Screen) -> Result<(), Error> {
    let shown = untrusted::escape(&path.display().to_string());
    let written = if let [file] = code.files.as_slice() {
        disk::write_new(path, &file.text, "the export")?;
        shown
    } else {
        let files: Vec<(&str, &str)> = code
            .files
            .iter()
            .map(|file| (file.name.as_str(), file.text.as_str()))
            .collect();
        disk::write_new_folder(path, &files, "the export")?;
        format!("{} in {shown}", counted(files.len(), "file"))
    };
    screen.print_message(&format!("wrote {written}; no secret is in it"));
    Ok(())
}
