//! `hookferry verify`: compares the target with a source or with a recorded run. Writes nothing.

use super::consent::refuse_missing;
use super::history::account_for;
use super::planning::{planned_with, read_both, rewriting_of};
use super::reading::{live_party, read_first, reader};
use super::recorded::{refuse_other_company, sealer_of};
use crate::cli::OutputForm;
use crate::coralogix::retry::Patience;
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::pipeline::plan::Known;
use crate::pipeline::rewrite::{PortableWebhook, rewrite};
use crate::pipeline::strip::{Stripped, strip};
use crate::pipeline::verify::compare;
use crate::pipeline::verify_run::{RunFinding, verify_run};
use crate::render::json;
use crate::render::screen::Screen;
use crate::render::verify::{VerifyRow, VerifyView, document, text};
use crate::settings::{Route, Verify, VerifyRun, Wanted};
use crate::store::runs::{Record, Runs};
use std::sync::Arc;

/// Compares, and prints a verdict for each webhook.
pub(super) async fn run(settings: Verify, screen: &Screen) -> Result<ExitCode, Error> {
    let view = match &settings.wanted {
        Wanted::Source(route) => against_source(route, screen).await?,
        Wanted::Run(run) => against_run(run, screen).await?,
    };
    screen.result(&match settings.output {
        OutputForm::Text => text(&view, screen.page(Detail::Normal)),
        OutputForm::Json => json::text(&document(&view)),
    })?;
    Ok(if view.is_verified() {
        ExitCode::Done
    } else {
        ExitCode::Partial
    })
}

async fn against_source(route: &Route, screen: &Screen) -> Result<VerifyView, Error> {
    let readings = read_both(route, screen).await?;
    let rewriting = rewriting_of(route, &readings).await?;
    // Rules may fail on webhooks that are not selected; then copies are counted for the selected ones only.
    let all = rewrite(strip(readings.source.clone()), &rewriting).ok();
    let planned = planned_with(route, readings, Known::nothing(), &rewriting)?;
    // With placeholders for missing values, everything would look altered.
    refuse_missing(&planned.plan)?;
    let target = strip(planned.target_inventory.clone());
    let source: Vec<PortableWebhook> = match all {
        Some(all) => all.into_webhooks(),
        None => planned
            .plan
            .steps()
            .map(|(webhook, _)| webhook.clone())
            .collect(),
    };
    let verdict = compare(&planned.plan, &source, &target);
    let rows = planned.plan.steps().zip(verdict.findings);
    Ok(VerifyView {
        wanted: format!("source {}", planned.source.identity()),
        target: planned.target.clone(),
        rows: rows
            .map(|((webhook, step), (_, finding))| VerifyRow {
                type_id: webhook.type_id(),
                alias: webhook.alias().clone(),
                source_id: webhook.source_id().cloned(),
                target_id: step.target_id().cloned(),
                finding,
                why: None,
            })
            .collect(),
    })
}

async fn against_run(settings: &VerifyRun, screen: &Screen) -> Result<VerifyView, Error> {
    let runs = Runs::new(settings.state.path()?);
    let mut record = runs.open(&runs.find(&settings.run)?)?;
    let target = &record.begin.target;
    let account = settings.target.account(&target.url, &target.host).await?;
    let sealer = sealer_of(&record, &account)?;
    let patience = Arc::new(Patience::new());
    let reader = reader(&account, &settings.client, &patience, screen)?;
    let first = read_first(&reader, screen).await?;
    refuse_other_company(&record, &first, &account)?;
    let (inventory, accounted) =
        account_for(&record, &sealer, &reader, first, &patience, screen).await?;
    if let Some(accounted) = accounted {
        record.learn(accounted.rows);
    }
    let party = live_party(&account, &inventory);
    Ok(VerifyView {
        wanted: format!("run {}", record.id()),
        target: party,
        rows: rows_of(&record, &strip(inventory), &sealer),
    })
}

/// What the target shows of everything that the run wrote or found.
fn rows_of(record: &Record, target: &Stripped, sealer: &Sealer) -> Vec<VerifyRow> {
    let findings = verify_run(&record.items(), &record.baseline(), target, sealer);
    let row = |found: RunFinding| {
        let row = &record.begin.wanted[found.step];
        VerifyRow {
            type_id: row.type_id.map(TypeId),
            alias: row.alias.clone(),
            source_id: row.source_id.clone().map(WebhookId::new),
            target_id: found.target_id,
            finding: found.finding,
            why: found.why,
        }
    };
    findings.into_iter().map(row).collect()
}
