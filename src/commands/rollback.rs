//! `hookferry rollback RUN…`: shows which writes of the runs can be undone, asks, undoes them, and reports what
//! stays and why.

mod chain;
mod written;

use super::consent::{require_confirmation, stand_in_text};
use super::history::{reconcile_run, record_reconciliations, require_listed};
use super::reading::{live_party, open_reader, read_first, read_live};
use super::record_check::refuse_other_account;
use crate::cli::OutputFormat;
use crate::coralogix::account::Account;
use crate::coralogix::client::{Reader, Writer};
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::WebhookId;
use crate::document::run::FollowUp;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::push::{PushContext, StopReason};
use crate::pipeline::rollback::{
    RollbackItem, RollbackResult, UndoState, execute_rollback, plan_rollback,
};
use crate::pipeline::strip::strip;
use crate::pipeline::verify_run::surplus_copies;
use crate::render::json;
use crate::render::rollback::{self as view, RollbackView, RunInAlerts};
use crate::render::screen::Screen;
use crate::settings::{Consent, RollbackSettings};
use crate::store::lock::{Lock, LockHolder, Locks};
use crate::store::runs::{RollbackJournal, Runs};
use crate::wording::counted;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use written::{RunToUndo, ids_of_other_runs, written_webhooks};

/// The runs to undo, and the client and lock for their target.
struct RollbackRun {
    runs: Runs,
    /// The newest run first.
    chain: Vec<RunToUndo>,
    written: Vec<RollbackItem>,
    /// Runs of the chain that are no longer on record.
    without_record: Vec<String>,
    /// What a command needs that follows the rollback.
    follow_up: FollowUp,
    /// The ids that other recorded runs wrote, to this target or another.
    other_run_ids: HashSet<WebhookId>,
    reader: Reader,
    wait_budget: Arc<WaitBudget>,
    _lock: Lock,
}

/// Undoes runs, or shows what that would do.
pub(super) async fn run(
    settings: RollbackSettings,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let (rollback_run, mut inventory) = prepare(&settings, screen).await?;
    let steps = plan_rollback(&rollback_run.written, &inventory);
    let preview = rollback_run.view(&inventory, &steps);
    if settings.consent == Consent::DryRun {
        print_rollback(&preview, settings.output, screen)?;
        return Ok(ExitCode::Done);
    }
    let n_due = steps.iter().filter(|step| step.is_due()).count();
    if settings.consent == Consent::Ask && n_due > 0 {
        screen.prompt(&view::text(&preview, screen.stderr_page(Detail::default())));
        let question = format!(
            "\nUndo {} of {} in {}{}? Type 'yes' to continue: ",
            counted(n_due, "webhook"),
            preview.runs_text(),
            preview.target.identity(),
            stand_in_text(rollback_run.reader.account())
        );
        require_confirmation(&question, screen).await?;
        // Webhooks that somebody changed while the question was open are left alone, too.
        inventory = read_live(&rollback_run.reader, screen).await?;
    }
    let _hold = interrupt.hold("finishing the request in flight, then stopping");
    let undone = rollback_run
        .undo(&settings, &inventory, screen, interrupt)
        .await?;
    let account = rollback_run.reader.account();
    let stop = undone.stop.as_ref();
    let result_view = RollbackView {
        outcomes: undone.final_states.clone(),
        is_done: true,
        stop: stop.map(|stop| stop.to_error(account, DELETE).to_string()),
        ..rollback_run.view(&undone.last_reading, &undone.planned)
    };
    // The exit code reports what happened to the target, not to the terminal.
    if let Err(error) = print_rollback(&result_view, settings.output, screen) {
        screen.error(&error);
    }
    let n_left = result_view.n_open + result_view.copies.len() + result_view.without_record.len();
    decide_exit_code(&undone, n_left, account, interrupt)
}

/// What a rollback needs permission for, as messages about a refusal put it.
const DELETE: &str = "delete webhooks";

/// Locks and reads the target of the runs, and reconciles the runs' open sends.
async fn prepare(
    settings: &RollbackSettings,
    screen: &Screen,
) -> Result<(RollbackRun, Inventory), Error> {
    let state = settings.state.path()?;
    let runs = settings.state.recorded_runs()?;
    let chosen = chain::choose(&runs, &settings.runs, settings.chain, screen)?;
    let newest = &chosen.records[0];
    let header = &newest.header;
    let account = settings.target.account(header).await?;
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let reader = open_reader(&account, &settings.client, &wait_budget, screen)?;
    let (locks, host) = (Locks::new(state)?, account.endpoint.canonical_host());
    // The record names the company, so the lock can be taken before the target is read.
    let (lock, _) = locks.acquire(
        &host,
        newest.company(),
        &LockHolder::this_process("rollback").asking(settings.consent == Consent::Ask),
        &locks.snapshot(&host)?,
    )?;
    let mut chain = Vec::new();
    for record in chosen.records {
        let state_keys = record.state_keys(&account, &settings.ignore_keys);
        let digest_key = record.digest_key(&account.key);
        let digest_key = digest_key.map(|key| Arc::new(key.with_state_keys(state_keys)));
        chain.push(RunToUndo {
            is_undone: chosen.already_undone.contains(record.id()),
            record,
            digest_key,
        });
    }
    let mut inventory = read_first(&reader, screen).await?;
    for run in &mut chain {
        inventory = reconcile(
            &runs,
            run,
            &reader,
            inventory,
            &wait_budget,
            settings,
            screen,
        )
        .await?;
    }
    let rollback_run = RollbackRun {
        written: written_webhooks(&runs, &chain)?,
        other_run_ids: ids_of_other_runs(&runs, &chain)?,
        without_record: chosen.without_record,
        follow_up: settings.follow_up.clone(),
        runs,
        chain,
        reader,
        wait_budget,
        _lock: lock,
    };
    Ok((rollback_run, inventory))
}

/// Brings the record of a run up to date with the target, and returns what the target holds then.
async fn reconcile(
    runs: &Runs,
    run: &mut RunToUndo,
    reader: &Reader,
    first: Inventory,
    wait_budget: &WaitBudget,
    settings: &RollbackSettings,
    screen: &Screen,
) -> Result<Inventory, Error> {
    refuse_other_account(&run.record, &first, reader.account())?;
    let (inventory, reconciled) = reconcile_run(
        runs,
        &mut run.record,
        run.digest_key.as_deref(),
        reader,
        first,
        wait_budget,
        screen,
    )
    .await?;
    require_listed(&run.record, reader, &inventory).await?;
    if let Some(reconciled) = reconciled.filter(|_| settings.consent != Consent::DryRun) {
        record_reconciliations(runs, vec![reconciled], "rollback")?;
    }
    Ok(inventory)
}

impl RollbackRun {
    /// The preview to show before anything is undone.
    fn view(&self, inventory: &Inventory, steps: &[UndoState]) -> RollbackView {
        let (undone, records): (Vec<&RunToUndo>, Vec<&RunToUndo>) =
            self.chain.iter().partition(|run| run.is_undone);
        let ids = |runs: &[&RunToUndo]| -> Vec<String> {
            let ids = runs.iter().map(|run| run.record.id().to_owned());
            ids.collect()
        };
        RollbackView {
            runs: ids(&records),
            already_undone: ids(&undone),
            without_record: self.without_record.clone(),
            follow_up: self.follow_up.clone(),
            target: live_party(self.reader.account(), inventory),
            written: self.written.clone(),
            outcomes: steps.to_vec(),
            planned: steps.to_vec(),
            is_done: false,
            n_open: records
                .iter()
                .map(|run| run.record.open_sends().len())
                .sum(),
            copies: self.copies(inventory),
            in_alerts: records
                .iter()
                .filter_map(|run| {
                    let written = self.written.iter().map(|item| &item.id);
                    RunInAlerts::of_record(&run.record, written)
                })
                .collect(),
            stop: None,
        }
    }

    /// Webhooks with content that the runs created, and with ids of no recorded run: late effects, or
    /// somebody's copies.
    fn copies(&self, inventory: &Inventory) -> Vec<WebhookId> {
        let target = strip(inventory.clone());
        let own_ids: HashSet<&WebhookId> = self.written.iter().map(|item| &item.id).collect();
        let mut ids = BTreeSet::new();
        for run in self.chain.iter().filter(|run| !run.is_undone) {
            let (record, Some(digest_key)) = (&run.record, &run.digest_key) else {
                continue;
            };
            let copies = surplus_copies(&record.items(), &record.baseline(), &target, digest_key);
            ids.extend(copies.into_values().flatten());
        }
        ids.retain(|id| !self.other_run_ids.contains(id) && !own_ids.contains(id));
        ids.into_iter().collect()
    }

    /// Undoes what is due, recorded in the journals of the runs.
    async fn undo(
        &self,
        settings: &RollbackSettings,
        first: &Inventory,
        screen: &Screen,
        interrupt: &Interrupt,
    ) -> Result<RollbackResult, Error> {
        let planned = plan_rollback(&self.written, first);
        // Nothing of a run with another API key is undone, so a rollback of it that was cut off stays open.
        let recorders = self.chain.iter().map(|run| {
            let digest_key = run.digest_key.clone().filter(|_| !run.is_undone);
            let reopened = digest_key.map(|key| self.runs.reopen(run.record.id(), key));
            reopened.transpose()
        });
        let recorders: Result<Vec<_>, Error> = recorders.collect();
        let mut journal = RollbackJournal::new(recorders?, &self.written);
        let is_rollback_open =
            |run: &RunToUndo| run.digest_key.is_some() && run.record.is_rollback_open();
        let is_recorded = count_due(&planned) > 0 || self.chain.iter().any(is_rollback_open);
        if is_recorded {
            journal.start(settings.push.settle)?;
        }
        let stage = screen.start_stage("undo");
        let writer = Writer::new(self.reader.clone());
        let context = PushContext {
            wait_budget: &self.wait_budget,
            progress_sink: &stage,
            journal: &mut journal,
            interrupt,
        };
        let undone = execute_rollback(&self.written, first, &writer, settings.push, context).await;
        let (total, remaining) = (count_due(&undone.planned), count_due(&undone.final_states));
        stage.finish(&format!(
            "{} of {}",
            total.saturating_sub(remaining),
            counted(total, "webhook")
        ));
        // An interrupted rollback stays open: `runs` shows it, and no id map is given out.
        let is_interrupted = undone.stop == Some(StopReason::Interrupted);
        // The exit code reports what happened to the target, not to the run record.
        if is_recorded
            && !is_interrupted
            && let Err(error) = journal.finish(&undone)
        {
            screen.error(&error);
        }
        Ok(undone)
    }
}

fn count_due(states: &[UndoState]) -> usize {
    states.iter().filter(|state| state.is_due()).count()
}

fn print_rollback(view: &RollbackView, output: OutputFormat, screen: &Screen) -> Result<(), Error> {
    screen.print_result(&match output {
        OutputFormat::Text => view::text(view, screen.stdout_page(Detail::default())),
        OutputFormat::Json => json::text(&view::document(view)),
    })
}

fn decide_exit_code(
    undone: &RollbackResult,
    n_left: usize,
    account: &Account,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    match (&undone.stop, interrupt.signal()) {
        (Some(StopReason::Interrupted), Some(signal)) => return Ok(signal.exit_code()),
        (Some(stop), _) => {
            let error = stop.to_error(account, DELETE);
            return Err(if undone.may_have_written {
                error.into_partial()
            } else {
                error
            });
        }
        (None, _) => {}
    }
    let is_undone = |end: &UndoState| matches!(end, UndoState::Gone { .. } | UndoState::Restored);
    if undone.final_states.contains(&UndoState::Unproven) {
        return Ok(ExitCode::KeyNeeded);
    }
    Ok(
        if undone.final_states.iter().all(is_undone) && n_left == 0 {
            ExitCode::Done
        } else {
            ExitCode::Partial
        },
    )
}
