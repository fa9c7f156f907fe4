//! `hookferry rollback RUN`: shows which writes of a run can be undone, asks, undoes them, and reports what
//! stays and why.

use super::consent::require_confirmation;
use super::history::{ReconciledRun, reconcile_run, record_reconciliations, require_listed};
use super::reading::{live_party, open_reader, read_first, read_live};
use super::record_check::{refuse_other_company, require_digest_key};
use crate::cli::OutputFormat;
use crate::coralogix::account::Account;
use crate::coralogix::client::{Reader, Writer};
use crate::coralogix::digest::DigestKey;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::{Webhook, WebhookId, parse_list};
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::http::failure::Failure;
use crate::interrupt::Interrupt;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::StepState;
use crate::pipeline::rollback::{
    PreviousContent, RollbackContext, RollbackItem, RollbackResult, UndoState, execute_rollback,
    plan_rollback,
};
use crate::pipeline::strip::strip;
use crate::pipeline::verify_run::surplus_copies;
use crate::render::json;
use crate::render::rollback::{self as view, RollbackView};
use crate::render::screen::Screen;
use crate::settings::{Consent, RollbackSettings};
use crate::store::lock::{Lock, LockHolder, Locks};
use crate::store::runs::entry::JournalEntry;
use crate::store::runs::{RunRecord, Runs};
use crate::wording::counted;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The run to undo, and the client, digest key and lock for its target.
struct RollbackRun {
    runs: Runs,
    record: RunRecord,
    written: Vec<RollbackItem>,
    /// The ids that other recorded runs wrote, to this target or another.
    other_run_ids: HashSet<WebhookId>,
    digest_key: DigestKey,
    reader: Reader,
    wait_budget: Arc<WaitBudget>,
    _lock: Lock,
}

/// Undoes a run, or shows what that would do.
pub(super) async fn run(
    settings: RollbackSettings,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let (rollback_run, mut inventory) = prepare(&settings, screen).await?;
    let steps = rollback_run.steps(&inventory);
    let preview = rollback_run.view(&inventory, &steps);
    if settings.consent == Consent::DryRun {
        print_rollback(&preview, settings.output, screen)?;
        return Ok(ExitCode::Done);
    }
    let n_due = steps.iter().filter(|step| step.is_due()).count();
    if settings.consent == Consent::Ask && n_due > 0 {
        screen.prompt(&view::text(&preview, screen.stderr_page(Detail::Normal)));
        let question = format!(
            "\nUndo {} of run {} in {}? Type 'yes' to continue: ",
            counted(n_due, "webhook"),
            preview.run,
            preview.target.identity()
        );
        require_confirmation(&question, screen).await?;
        // Webhooks that somebody changed while the question was open are left alone, too.
        inventory = read_live(&rollback_run.reader, screen).await?;
    }
    let _hold = interrupt.hold("finishing the request in flight, then stopping");
    let undone = rollback_run.undo(&inventory, screen, interrupt).await;
    let result_view = RollbackView {
        outcomes: undone.final_states.clone(),
        is_done: true,
        stop: undone.stop.clone(),
        ..rollback_run.view(&undone.last_reading, &undone.planned)
    };
    // The exit code reports what happened to the target, not to the terminal or the run record.
    for outcome in [
        rollback_run.record_rollback(&undone),
        print_rollback(&result_view, settings.output, screen),
    ] {
        if let Err(error) = outcome {
            screen.error(&error);
        }
    }
    let n_left = result_view.n_open + result_view.copies.len();
    decide_exit_code(&undone, n_left, rollback_run.reader.account(), interrupt)
}

/// Locks and reads the target of a run, and reconciles the run's open sends.
async fn prepare(
    settings: &RollbackSettings,
    screen: &Screen,
) -> Result<(RollbackRun, Inventory), Error> {
    let state = settings.state.path()?;
    let runs = Runs::new(state);
    let record = runs.open(&runs.find(&settings.run)?)?;
    let target = &record.header.target;
    let account = settings.target.account(&target.url, &target.host).await?;
    let state_keys = record.state_keys(&account, &settings.ignore_keys);
    let digest_key = require_digest_key(&record, &account)?.with_state_keys(state_keys);
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let reader = open_reader(&account, &settings.client, &wait_budget, screen)?;
    let (locks, host) = (Locks::new(state)?, account.endpoint.canonical_host());
    // The record names the company, so the lock can be taken before the target is read.
    let (lock, _) = locks.acquire(
        &host,
        record.company(),
        &LockHolder::this_process("rollback"),
        &locks.snapshot(&host)?,
    )?;
    let first = read_first(&reader, screen).await?;
    refuse_other_company(&record, &first, &account)?;
    let (inventory, reconciled) =
        reconcile_run(&record, &digest_key, &reader, first, &wait_budget, screen).await?;
    require_listed(&record, &reader, &inventory).await?;
    let record = apply_reconciliation(&runs, record, reconciled, settings.consent)?;
    let rollback_run = RollbackRun {
        written: written_webhooks(&runs, &record, &digest_key)?,
        other_run_ids: ids_of_other_runs(&runs, record.id())?,
        runs,
        record,
        digest_key,
        reader,
        wait_budget,
        _lock: lock,
    };
    Ok((rollback_run, inventory))
}

impl RollbackRun {
    fn steps(&self, inventory: &Inventory) -> Vec<UndoState> {
        plan_rollback(&self.written, inventory, &self.digest_key)
    }

    /// The preview to show before anything is undone.
    fn view(&self, inventory: &Inventory, steps: &[UndoState]) -> RollbackView {
        RollbackView {
            run: self.record.id().to_owned(),
            target: live_party(self.reader.account(), inventory),
            written: self.written.clone(),
            outcomes: steps.to_vec(),
            planned: steps.to_vec(),
            is_done: false,
            n_open: self.record.open_sends().len(),
            copies: self.copies(inventory),
            stop: None,
        }
    }

    /// Webhooks with content that the run created, and with ids of no recorded run: late effects, or
    /// somebody's copies.
    fn copies(&self, inventory: &Inventory) -> Vec<WebhookId> {
        let copies = surplus_copies(
            &self.record.items(),
            &self.record.baseline(),
            &strip(inventory.clone()),
            &self.digest_key,
        );
        let ids = copies.into_values().flatten();
        let mut ids: Vec<WebhookId> = ids.filter(|id| !self.other_run_ids.contains(id)).collect();
        ids.sort();
        ids
    }

    async fn undo(
        &self,
        first: &Inventory,
        screen: &Screen,
        interrupt: &Interrupt,
    ) -> RollbackResult {
        let stage = screen.start_stage("undo");
        let writer = Writer::new(self.reader.clone());
        let context = RollbackContext {
            wait_budget: &self.wait_budget,
            progress_sink: &stage,
            interrupt,
        };
        let undone =
            execute_rollback(&self.written, first, &self.digest_key, &writer, context).await;
        let count_due = |steps: &[UndoState]| steps.iter().filter(|step| step.is_due()).count();
        let (total, remaining) = (count_due(&undone.planned), count_due(&undone.final_states));
        stage.finish(&format!(
            "{} of {}",
            total.saturating_sub(remaining),
            counted(total, "webhook")
        ));
        undone
    }

    /// Appends the rollback to the run's record.
    fn record_rollback(&self, undone: &RollbackResult) -> Result<(), Error> {
        if !undone.may_have_written {
            return Ok(());
        }
        let ids_where = |predicate: &dyn Fn(&UndoState, &UndoState) -> bool| -> Vec<String> {
            self.written
                .iter()
                .zip(undone.planned.iter().zip(&undone.final_states))
                .filter(|(_, (planned, end))| predicate(planned, end))
                .map(|(written, _)| written.id.to_string())
                .collect()
        };
        let entry = JournalEntry::RolledBack {
            at: Timestamp::now(),
            deleted: ids_where(&|planned, end| {
                *planned == UndoState::Delete && *end == UndoState::Gone
            }),
            restored: ids_where(&|planned, end| {
                *planned == UndoState::Restore && *end == UndoState::Restored
            }),
            untouched: ids_where(&|_, end| matches!(end, UndoState::Keep(_)) || end.is_due()),
        };
        self.runs.append(self.record.id(), &entry)
    }
}

fn print_rollback(view: &RollbackView, output: OutputFormat, screen: &Screen) -> Result<(), Error> {
    screen.print_result(&match output {
        OutputFormat::Text => view::text(view, screen.stdout_page(Detail::Normal)),
        OutputFormat::Json => json::text(&view::document(view)),
    })
}

/// Applies the status updates to the record in memory, and appends them to the one on disk unless this is a
/// dry run.
fn apply_reconciliation(
    runs: &Runs,
    mut record: RunRecord,
    reconciled: Option<ReconciledRun>,
    consent: Consent,
) -> Result<RunRecord, Error> {
    let Some(reconciled) = reconciled else {
        return Ok(record);
    };
    record.apply_updates(reconciled.updates.clone());
    if consent != Consent::DryRun {
        record_reconciliations(runs, vec![reconciled], "rollback")?;
    }
    Ok(record)
}

/// The bodies of the updated webhooks before the run; fails if the file was changed since, so that no such
/// body is written to the target.
fn previous_bodies(
    runs: &Runs,
    record: &RunRecord,
    digest_key: &DigestKey,
) -> Result<Vec<Webhook>, Error> {
    let kept = runs.read_file(record.id(), "previous.json")?;
    let Some(text) = kept.filter(|_| record.header.previous_bodies.is_some()) else {
        return Ok(Vec::new());
    };
    let is_intact = record.header.previous_bodies == Some(digest_key.text(&text).to_string());
    let damaged_error = || {
        let run = record.id();
        Error::failed(format!("the saved previous bodies of run {run} are damaged"))
            .with_hint("nothing was written; previous.json in the run's folder is not what the run saved there")
    };
    let bodies = is_intact.then(|| parse_list(text).ok()).flatten();
    bodies.ok_or_else(damaged_error)
}

fn ids_of_other_runs(runs: &Runs, run: &str) -> Result<HashSet<WebhookId>, Error> {
    let mut ids = HashSet::new();
    for listed in runs.all()?.into_iter().filter(|listed| listed.id != run) {
        if let Ok(Some(record)) = listed.record {
            ids.extend(record.written().map(|(_, written)| written.id.clone()));
        }
    }
    Ok(ids)
}

/// Every webhook that the run wrote, from its record and the saved previous bodies.
fn written_webhooks(
    runs: &Runs,
    record: &RunRecord,
    digest_key: &DigestKey,
) -> Result<Vec<RollbackItem>, Error> {
    let previous = previous_bodies(runs, record, digest_key)?;
    let bodies: HashMap<WebhookId, Webhook> = previous
        .into_iter()
        .filter_map(|body| Some((body.id()?, body)))
        .collect();
    let written_webhook = |step_ix: usize, written: &crate::store::runs::WrittenWebhook| {
        let (key, sent) = record.desired(step_ix)?;
        let row = &record.header.steps[step_ix];
        let previous = match row.state {
            StepState::Update => Some(PreviousContent {
                content: row.target_content?,
                body: bodies.get(&written.id).cloned(),
            }),
            _ => None,
        };
        Some(RollbackItem {
            id: written.id.clone(),
            source_id: row.source_id.clone().map(WebhookId::new),
            key,
            sent,
            altered_content: written.kept,
            full_digest: written.full_digest.clone(),
            sent_undocumented: row.undocumented.clone(),
            is_acknowledged: written.is_acknowledged,
            previous,
        })
    };
    let all = record.written();
    Ok(all
        .filter_map(|(step_ix, written)| written_webhook(step_ix, written))
        .collect())
}

fn decide_exit_code(
    undone: &RollbackResult,
    n_left: usize,
    account: &Account,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    if let Some(refusal) = &undone.refusal {
        let error = Failure::Refused(refusal.clone()).explain(account, "delete webhooks");
        return Err(
            if undone.may_have_written && undone.final_states != undone.planned {
                error.into_partial()
            } else {
                error
            },
        );
    }
    if let (Some(_), Some(signal)) = (&undone.stop, interrupt.signal()) {
        return Ok(signal.exit_code());
    }
    let is_undone = |end: &UndoState| matches!(end, UndoState::Gone | UndoState::Restored);
    Ok(
        if undone.final_states.iter().all(is_undone) && n_left == 0 {
            ExitCode::Done
        } else {
            ExitCode::Partial
        },
    )
}
