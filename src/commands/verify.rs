//! `hookferry verify`: compares the target with a source or with a recorded run. Writes nothing.

use super::consent::refuse_missing_values;
use super::cross_check::{cross_check, report_cross_check};
use super::history::{History, reconcile_run};
use super::planning::{
    PlannedMigration, make_plan_with_rewriting, read_both, resolve_route_rewriting,
};
use super::reading::{live_party, open_reader, read_first, report_list_doubts};
use super::record_check::refuse_other_account;
use crate::cli::OutputFormat;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::TypeId;
use crate::document::run::RunRecord;
use crate::error::{Error, ExitCode};
use crate::pipeline::plan::PriorKnowledge;
use crate::pipeline::rewrite::{PortableWebhook, rewrite};
use crate::pipeline::strip::{Stripped, strip};
use crate::pipeline::verify::{ItemVerdict, compare};
use crate::pipeline::verify_run::{RunItemVerdict, verify_run};
use crate::proposal::Proposal;
use crate::render::json;
use crate::render::screen::Screen;
use crate::render::verify::{UnusedRules, VerifyRow, VerifyView, document, text};
use crate::settings::{VerifyAgainst, VerifyRun, VerifySettings, VerifySource};
use crate::wording::counted;
use std::sync::Arc;

/// Compares, and prints a verdict for each webhook.
pub(super) async fn run(settings: VerifySettings, screen: &Screen) -> Result<ExitCode, Error> {
    let view = match &settings.against {
        VerifyAgainst::Source(source) => verify_against_source(source, screen).await?,
        VerifyAgainst::Run(run) => verify_against_run(run, screen).await?,
    };
    screen.print_result(&match settings.output {
        OutputFormat::Text => text(&view, screen.stdout_page(settings.detail)),
        OutputFormat::Json => json::text(&document(&view)),
    })?;
    Ok(if view.is_verified() {
        ExitCode::Done
    } else if view.is_only_unproven() {
        ExitCode::KeyNeeded
    } else {
        ExitCode::Partial
    })
}

async fn verify_against_source(
    settings: &VerifySource,
    screen: &Screen,
) -> Result<VerifyView, Error> {
    let route = &settings.route;
    let readings = read_both(route, screen)
        .await?
        .cross_checked(route, screen)
        .await?;
    report_list_doubts(&route.source, &readings.source, screen);
    report_cross_check(&route.target, &readings.target, screen);
    let rewriting = resolve_route_rewriting(route, &readings).await?;
    // Rules may fail on webhooks that are not selected; then copies are counted for the selected ones only.
    let all = rewrite(strip(readings.source.clone()), &rewriting).ok();
    let planned = make_plan_with_rewriting(route, readings, PriorKnowledge::empty(), &rewriting)?;
    // With placeholders for missing values, everything would look altered.
    refuse_missing_values(&planned.plan)?;
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
    let rows = planned.plan.steps().zip(verdict.item_verdicts);
    Ok(VerifyView {
        reference: format!("source {}", planned.source.identity()),
        target: planned.target.clone(),
        rolled_back: None,
        is_unproven: false,
        unused_rules: find_unused_rules(settings, &planned, screen),
        rows: rows
            .map(|((webhook, step), (_, item_verdict))| VerifyRow {
                type_id: webhook.type_id(),
                alias: webhook.alias().clone(),
                source_id: webhook.source_id().cloned(),
                target_id: step.target_id().cloned(),
                verdict: item_verdict,
                remark: None,
            })
            .collect(),
    })
}

/// The rules of the last run between the two sides, if this comparison is made without them.
///
/// Whether they were used is no part of the verdict, so a record that cannot be read is only a warning.
fn find_unused_rules(
    settings: &VerifySource,
    planned: &PlannedMigration,
    screen: &Screen,
) -> Option<UnusedRules> {
    let runs = settings.state.runs().ok()?;
    let target = &settings.route.target;
    let company = planned.target.company_id.as_deref();
    let history = History::load(&runs, target, company)
        .inspect_err(|error| {
            screen.warn(&format!(
                "whether the last run used other rules is unknown: {error}"
            ));
        })
        .ok()?;
    let last = history.last_run_from(&planned.source)?;
    let used = &last.header.follow_up.rewriting;
    let complete = settings.rewriting.completed_by(used)?;
    let command = Proposal::new("verify")
        .words(&settings.again)
        .words(&complete.words());
    Some(UnusedRules {
        run: last.id().to_owned(),
        options: used.words().to_string(),
        command: command.to_string(),
    })
}

async fn verify_against_run(settings: &VerifyRun, screen: &Screen) -> Result<VerifyView, Error> {
    let runs = settings.state.recorded_runs()?;
    let mut record = runs.open(&runs.find(&settings.run)?)?;
    let header = &record.header;
    let account = settings.target.account(header).await?;
    let state_keys = record.state_keys(&account, &settings.ignore_keys);
    let digest_key = record.digest_key(&account.key);
    let digest_key = digest_key.map(|key| key.with_state_keys(state_keys));
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let reader = open_reader(&account, &settings.client, &wait_budget, screen)?;
    let first = read_first(&reader, screen).await?;
    refuse_other_account(&record, &first, &account)?;
    let first = cross_check(&reader, first, &settings.client, screen).await?;
    report_cross_check(&account, &first, screen);
    let (inventory, _) = reconcile_run(
        &runs,
        &mut record,
        digest_key.as_ref(),
        &reader,
        first,
        &wait_budget,
        screen,
    )
    .await?;
    let party = live_party(&account, &inventory);
    Ok(VerifyView {
        reference: format!("run {}", record.id()),
        target: party,
        rolled_back: rolled_back_text(&record),
        is_unproven: digest_key.is_none(),
        unused_rules: None,
        rows: compare_with_run(&record, &strip(inventory), digest_key.as_ref()),
    })
}

/// What rollbacks made of a run.
fn rolled_back_text(record: &RunRecord) -> Option<String> {
    let run = record.id();
    if record.is_rollback_open() {
        return Some(format!(
            "a rollback of run {run} was cut off; `{}` resumes it",
            record.finish_rollback_command()
        ));
    }
    let total = record.rolled_back.as_ref()?;
    let (n_deleted, n_restored) = (total.deleted.len(), total.restored.len());
    (n_deleted + n_restored > 0).then(|| {
        format!(
            "run {run} was rolled back on {}: {} deleted, {n_restored} restored",
            total.at.strftime("%Y-%m-%d %H:%M UTC"),
            counted(n_deleted, "webhook")
        )
    })
}

/// What the target shows of everything that the run wrote or found.
fn compare_with_run(
    record: &RunRecord,
    target: &Stripped,
    digest_key: Option<&DigestKey>,
) -> Vec<VerifyRow> {
    let item_verdicts = verify_run(&record.items(), &record.baseline(), target, digest_key);
    let row = |verdict: RunItemVerdict| {
        let row = &record.header.steps[verdict.step_ix.get()];
        let is_deleted = verdict.item_verdict == ItemVerdict::Missing
            && verdict
                .target_id
                .as_ref()
                .is_some_and(|id| record.is_deleted(id));
        VerifyRow {
            type_id: row.type_id.map(TypeId),
            alias: row.alias.clone(),
            source_id: row.source_id.clone(),
            target_id: verdict.target_id,
            remark: verdict
                .why
                .or_else(|| is_deleted.then(|| "a rollback deleted it".to_owned())),
            verdict: verdict.item_verdict,
        }
    };
    item_verdicts.into_iter().map(row).collect()
}
