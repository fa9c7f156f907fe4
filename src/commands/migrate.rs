//! `hookferry migrate`: plans, shows, asks, pushes, reads back and prints the id map; records every write before
//! it is sent.

use super::conclusion::{FinishedMigration, decide_exit_code};
use super::consent::{confirm, plan_preview, refuse_too_many, refuse_unappliable};
use super::formatting;
use super::history::{self, History, ReconciledRun, Unfinished};
use super::planning::{PlannedMigration, make_plan, read_and_plan, read_both};
use super::reading::read_live;
use super::recording::{self, RunFacts};
use super::saved_plan::ApprovedPlan;
use crate::coralogix::client::Writer;
use crate::coralogix::webhook::WebhookId;
use crate::document::run::RunRecord;
use crate::document::run::entry::Header;
use crate::document::{Depth, OutcomeDocument, PlanDocument};
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::push::{Baseline, PushContext, push};
use crate::pipeline::verify::verify;
use crate::render::screen::Screen;
use crate::settings::{Consent, MigrateSettings, ReportFormat};
use crate::store::lock::{Lock, LockHolder, Locks};
use crate::store::runs::Runs;
use crate::wording::counted;
use jiff::SignedDuration;
use std::collections::HashSet;

/// Everything besides its plan that a run needs to write to the target.
struct MigrationRun {
    runs: Runs,
    /// Status updates for the open sends of earlier runs.
    reconciled: Vec<ReconciledRun>,
    /// What earlier runs were to write and did not.
    unfinished: Unfinished,
    /// Keyed digest of the saved plan being applied; `None` for `migrate`.
    plan_digest: Option<String>,
    /// Ids of the webhooks that earlier runs of that plan wrote.
    own_ids: HashSet<WebhookId>,
    _lock: Lock,
}

/// Migrates, or shows the plan with `--dry-run`.
pub(super) async fn run(
    settings: MigrateSettings,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    execute(&settings, None, screen, interrupt).await
}

/// Migrates like `run`; with an approved plan, only as long as that plan still holds.
pub(super) async fn execute(
    settings: &MigrateSettings,
    approved: Option<&ApprovedPlan<'_>>,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    if settings.consent == Consent::DryRun {
        return dry_run(settings, approved, screen).await;
    }
    let (mut planned, migration_run) = prepare(settings, approved, screen).await?;
    if let Some(approved) = approved {
        approved.check_drift(&planned, &migration_run.own_ids, screen)?;
        screen.print_sentence(&approved.still_holds(&migration_run.own_ids));
    }
    // The plan that the user confirms is shown even with `--quiet`.
    if settings.consent == Consent::Ask {
        screen.prompt(&plan_preview(&planned, settings.detail, screen));
    }
    if let Err(refused) = refuse_unappliable(&planned.plan, settings.max_changes) {
        if settings.consent == Consent::Given {
            screen.print_message(plan_preview(&planned, settings.detail, screen).trim_end());
        }
        return Err(refused);
    }
    if settings.consent == Consent::Ask && planned.plan.has_changes() {
        let approval = approved.map(|approved| (approved, &migration_run.own_ids));
        planned = confirm(planned, settings, approval, screen).await?;
    }
    let _hold = interrupt.hold("finishing the request in flight, then stopping");
    let finished = push_and_verify(&planned, settings, migration_run, screen, interrupt).await?;
    let target = planned.target_reader.account().clone();
    // For a large account this is most of the memory in use, and the record holds all that is still needed.
    drop(planned);
    let document = OutcomeDocument::new(&finished.record);
    // At a terminal the next steps say as much; a document for others has the whole list.
    let document = match settings.output {
        ReportFormat::Text => document,
        _ => document.with_cut_over(&finished.record, &[]),
    };
    // The exit code reports what happened to the target, not to the terminal or the run record.
    for result in [
        prune_records(settings),
        formatting::print_outcome(&document, settings.output, settings.detail, screen),
    ] {
        if let Err(error) = result {
            screen.error(&error);
        }
    }
    decide_exit_code(&finished, &target, interrupt.signal(), screen)
}

/// Shows the plan and writes nothing; fails for a saved plan that no longer holds.
async fn dry_run(
    settings: &MigrateSettings,
    approved: Option<&ApprovedPlan<'_>>,
    screen: &Screen,
) -> Result<ExitCode, Error> {
    let (planned, history) = read_and_plan(&settings.route, &settings.state, screen).await?;
    if let Some(approved) = approved {
        let plan = approved.plan_digest();
        let own_ids = history.ids_written_by_plan(plan, &[], &planned.target_inventory);
        approved.check_drift(&planned, &own_ids, screen)?;
        screen.print_sentence(&approved.still_holds(&own_ids));
    }
    let document = PlanDocument::streamed(planned.view(), Depth::Fields);
    formatting::print_new_plan(document, settings.output, settings.detail, screen)?;
    refuse_too_many(&planned.plan, settings.max_changes)?;
    Ok(planned.preview_exit_code(false))
}

/// Locks the target, reads both sides, reconciles the open sends of earlier runs, and makes the plan.
async fn prepare(
    settings: &MigrateSettings,
    approved: Option<&ApprovedPlan<'_>>,
    screen: &Screen,
) -> Result<(PlannedMigration, MigrationRun), Error> {
    let (route, state) = (&settings.route, settings.state.path()?);
    let (runs, locks) = (settings.state.runs()?, Locks::new(state)?);
    runs.prepare()?;
    let host = route.target.endpoint.canonical_host();
    let mut lock_snapshot = locks.snapshot(&host)?;
    let mut readings = read_both(route, screen).await?;
    // Only the inventory shows which company this is, and so which lock to take. If another run held that
    // lock since the snapshot, the inventory may be out of date: read it again.
    let (lock, company) = loop {
        let company = readings.target.common_company_id();
        let holder =
            LockHolder::this_process(settings.command).asking(settings.consent == Consent::Ask);
        let (lock, is_fresh) = locks.acquire(&host, company.as_deref(), &holder, &lock_snapshot)?;
        if is_fresh {
            break (lock, company);
        }
        drop(lock);
        lock_snapshot = locks.snapshot(&host)?;
        readings.target = read_live(&readings.target_reader, screen).await?;
    };
    let mut history = History::load(&runs, &route.target, company.as_deref())?;
    let (reader, first_reading) = (&readings.target_reader, readings.target);
    let wait_budget = &readings.wait_budget;
    readings.target = history
        .wait_until_settled(reader, first_reading, wait_budget, screen)
        .await?;
    readings = readings.cross_checked(route, screen).await?;
    history.read_back(&route.target, &readings.target);
    history
        .require_complete_list(&readings.target_reader, &readings.target)
        .await?;
    let (known, reconciled) = history.knowledge(&route.target, &readings.target);
    let plan_digest = approved.map(|approved| approved.plan_digest().to_owned());
    let own_ids = plan_digest.as_deref().map_or_else(HashSet::new, |plan| {
        history.ids_written_by_plan(plan, &reconciled, &readings.target)
    });
    let planned = make_plan(route, readings, known).await?;
    let migration_run = MigrationRun {
        own_ids,
        plan_digest,
        runs,
        unfinished: history.unfinished(&planned.source, &route.target.key),
        reconciled,
        _lock: lock,
    };
    Ok((planned, migration_run))
}

/// Pushes the plan and reads the target back; records each write before it is sent.
async fn push_and_verify(
    planned: &PlannedMigration,
    settings: &MigrateSettings,
    migration_run: MigrationRun,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<FinishedMigration, Error> {
    let reconciled = migration_run.reconciled;
    let unfinished = &migration_run.unfinished;
    let continues = Vec::from_iter(unfinished.continued_by(&planned.plan, &reconciled));
    // A run that writes nothing has no record: `latest` stays the one that wrote.
    if !planned.plan.has_changes() {
        history::record_reconciliations(&migration_run.runs, reconciled, settings.command)?;
        let header = Header {
            continues,
            ..recording::plan_header(planned, settings, None)
        };
        return Ok(FinishedMigration {
            record: RunRecord::without_writes(header),
            read_back_failure: None,
        });
    }
    let baseline = Baseline::from_inventory(&planned.target_inventory).ok_or_else(|| {
        Error::failed(
            "the target lists a webhook without an id, so hookferry could not tell new webhooks from existing ones",
        )
        .with_hint("nothing was written")
    })?;
    let (of_chain, others) = history::split_continued(reconciled, &continues);
    let facts = RunFacts {
        continues,
        saved_plan: migration_run.plan_digest,
    };
    let mut live = recording::start_record(&migration_run.runs, planned, settings, facts)?;
    history::record_reconciliations(&migration_run.runs, others, settings.command)?;
    history::record_reconciliations(&migration_run.runs, of_chain, live.run_id())?;
    let writer = Writer::new(planned.target_reader.clone());
    let stage = screen.start_stage("write target");
    let context = PushContext {
        wait_budget: &planned.wait_budget,
        progress_sink: &stage,
        journal: &mut live,
        interrupt,
    };
    let mut push_result = push(&planned.plan, &baseline, &writer, settings.push, context).await;
    let n_in_target = push_result
        .statuses
        .iter()
        .filter(|(_, status)| status.target_id().is_some())
        .count();
    stage.finish(&format!(
        "{n_in_target} of {}",
        counted(push_result.statuses.len(), "webhook")
    ));
    let final_observation = push_result.final_observation.as_ref();
    let verdict =
        final_observation.map(|observation| verify(&planned.plan, &push_result, observation));
    let footer = recording::footer(&live, &push_result, verdict.as_ref());
    let read_back_failure = push_result.read_back_failure.take();
    // The rows of the record take the place of what was observed.
    drop((push_result, verdict));
    let (record, recorded) = live.finish(footer);
    if let Err(error) = recorded {
        screen.error(&error);
    }
    Ok(FinishedMigration {
        record,
        read_back_failure,
    })
}

/// Removes run records that are older than 90 days.
fn prune_records(settings: &MigrateSettings) -> Result<(), Error> {
    const RECORD_RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);
    settings.state.runs()?.prune(RECORD_RETENTION).map(drop)
}
