//! `hookferry rollback RUN`: shows which writes of a run can be undone, asks, undoes them, and reports what
//! stays and why.

use super::consent::ask;
use super::history::{Accounted, account_for, put_on_record};
use super::reading::{live_party, read_first, read_live, reader};
use super::recorded::{refuse_other_company, sealer_of};
use crate::cli::OutputForm;
use crate::coralogix::account::Account;
use crate::coralogix::client::{Reader, Writer};
use crate::coralogix::retry::Patience;
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::{Webhook, WebhookId, parse_list};
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::http::failure::Failure;
use crate::interrupt::Interrupt;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::State;
use crate::pipeline::rollback::{
    Previous, RollbackSurroundings, Undo, Undone, Written, rollback, undo,
};
use crate::pipeline::strip::strip;
use crate::pipeline::verify_run::surplus_copies;
use crate::render::json;
use crate::render::rollback::{self as view, RollbackView};
use crate::render::screen::Screen;
use crate::settings::{Consent, Rollback};
use crate::store::lock::{Holder, Lock, Locks};
use crate::store::runs::entry::Entry;
use crate::store::runs::{Record, Runs};
use crate::wording::counted;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The run to undo, and the client, digest key and lock for its target.
struct Session {
    runs: Runs,
    record: Record,
    written: Vec<Written>,
    /// The ids that other recorded runs wrote, to this target or another.
    others: HashSet<WebhookId>,
    sealer: Sealer,
    reader: Reader,
    patience: Arc<Patience>,
    _lock: Lock,
}

/// Undoes a run, or shows what that would do.
pub(super) async fn run(
    settings: Rollback,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let (session, mut inventory) = open(&settings, screen).await?;
    let steps = session.steps(&inventory);
    let preview = session.view(&inventory, &steps);
    if settings.consent == Consent::DryRun {
        show(&preview, settings.output, screen)?;
        return Ok(ExitCode::Done);
    }
    let n_due = steps.iter().filter(|step| step.is_due()).count();
    if settings.consent == Consent::Ask && n_due > 0 {
        screen.ask(&view::text(&preview, screen.talk_page(Detail::Normal)));
        let question = format!(
            "\nUndo {} of run {} in {}? Type 'yes' to continue: ",
            counted(n_due, "webhook"),
            preview.run,
            preview.target.identity()
        );
        ask(&question, screen).await?;
        // Webhooks that somebody changed while the question was open are left alone, too.
        inventory = read_live(&session.reader, screen).await?;
    }
    let _hold = interrupt.hold("finishing the request in flight, then stopping");
    let undone = session.undo(&inventory, screen, interrupt).await;
    let done = RollbackView {
        ends: undone.ends.clone(),
        is_done: true,
        stop: undone.stop.clone(),
        ..session.view(&undone.last, &undone.planned)
    };
    // The exit code reports what happened to the target, not to the terminal or the run record.
    for outcome in [session.keep(&undone), show(&done, settings.output, screen)] {
        if let Err(error) = outcome {
            screen.error(&error);
        }
    }
    let n_left = done.n_open + done.copies.len();
    conclude(&undone, n_left, session.reader.account(), interrupt)
}

/// Locks and reads the target of a run, and reconciles the run's open sends.
async fn open(settings: &Rollback, screen: &Screen) -> Result<(Session, Inventory), Error> {
    let state = settings.state.path()?;
    let runs = Runs::new(state);
    let record = runs.open(&runs.find(&settings.run)?)?;
    let target = &record.begin.target;
    let account = settings.target.account(&target.url, &target.host).await?;
    let sealer = sealer_of(&record, &account)?;
    let patience = Arc::new(Patience::new());
    let reader = reader(&account, &settings.client, &patience, screen)?;
    let (locks, home) = (Locks::new(state)?, account.endpoint.home());
    // The record names the company, so the lock can be taken before the target is read.
    let (lock, _) = locks.take(
        &home,
        record.company(),
        &Holder::this_process("rollback"),
        &locks.marks(&home)?,
    )?;
    let first = read_first(&reader, screen).await?;
    refuse_other_company(&record, &first, &account)?;
    let (inventory, accounted) =
        account_for(&record, &sealer, &reader, first, &patience, screen).await?;
    let record = on_record(&runs, record, accounted, settings.consent)?;
    let session = Session {
        written: written(&runs, &record, &sealer)?,
        others: ids_of_other_runs(&runs, record.id())?,
        runs,
        record,
        sealer,
        reader,
        patience,
        _lock: lock,
    };
    Ok((session, inventory))
}

impl Session {
    fn steps(&self, inventory: &Inventory) -> Vec<Undo> {
        rollback(&self.written, inventory, &self.sealer)
    }

    /// The preview to show before anything is undone.
    fn view(&self, inventory: &Inventory, steps: &[Undo]) -> RollbackView {
        RollbackView {
            run: self.record.id().to_owned(),
            target: live_party(self.reader.account(), inventory),
            written: self.written.clone(),
            ends: steps.to_vec(),
            planned: steps.to_vec(),
            is_done: false,
            n_open: self.record.open().len(),
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
            &self.sealer,
        );
        let ids = copies.into_values().flatten();
        let mut ids: Vec<WebhookId> = ids.filter(|id| !self.others.contains(id)).collect();
        ids.sort();
        ids
    }

    async fn undo(&self, first: &Inventory, screen: &Screen, interrupt: &Interrupt) -> Undone {
        let stage = screen.stage("undo");
        let writer = Writer::new(self.reader.clone());
        let surroundings = RollbackSurroundings {
            patience: &self.patience,
            track: &stage,
            interrupt,
        };
        let undone = undo(&self.written, first, &self.sealer, &writer, surroundings).await;
        let n_due = |steps: &[Undo]| steps.iter().filter(|step| step.is_due()).count();
        let (due, left) = (n_due(&undone.planned), n_due(&undone.ends));
        stage.finish(&format!(
            "{} of {}",
            due.saturating_sub(left),
            counted(due, "webhook")
        ));
        undone
    }

    /// Appends the rollback to the run's record.
    fn keep(&self, undone: &Undone) -> Result<(), Error> {
        if !undone.may_have_written {
            return Ok(());
        }
        let ids = |is_it: &dyn Fn(&Undo, &Undo) -> bool| -> Vec<String> {
            self.written
                .iter()
                .zip(undone.planned.iter().zip(&undone.ends))
                .filter(|(_, (planned, end))| is_it(planned, end))
                .map(|(written, _)| written.id.to_string())
                .collect()
        };
        let entry = Entry::RolledBack {
            at: Timestamp::now(),
            deleted: ids(&|planned, end| *planned == Undo::Delete && *end == Undo::Gone),
            restored: ids(&|planned, end| *planned == Undo::Restore && *end == Undo::Restored),
            untouched: ids(&|_, end| matches!(end, Undo::Keep(_)) || end.is_due()),
        };
        self.runs.add(self.record.id(), &entry)
    }
}

fn show(view: &RollbackView, output: OutputForm, screen: &Screen) -> Result<(), Error> {
    screen.result(&match output {
        OutputForm::Text => view::text(view, screen.page(Detail::Normal)),
        OutputForm::Json => json::text(&view::document(view)),
    })
}

/// Applies the status updates to the record in memory, and appends them to the one on disk unless this is a
/// dry run.
fn on_record(
    runs: &Runs,
    mut record: Record,
    accounted: Option<Accounted>,
    consent: Consent,
) -> Result<Record, Error> {
    let Some(accounted) = accounted else {
        return Ok(record);
    };
    record.learn(accounted.rows.clone());
    if consent != Consent::DryRun {
        put_on_record(runs, vec![accounted], "rollback")?;
    }
    Ok(record)
}

/// The bodies of the updated webhooks before the run; fails if the file was changed since, so that no such
/// body is written to the target.
fn previous_bodies(runs: &Runs, record: &Record, sealer: &Sealer) -> Result<Vec<Webhook>, Error> {
    let kept = runs.kept(record.id(), "previous.json")?;
    let Some(text) = kept.filter(|_| record.begin.previous.is_some()) else {
        return Ok(Vec::new());
    };
    let is_whole = record.begin.previous == Some(sealer.text(&text).to_string());
    let damaged = || {
        let run = record.id();
        Error::failed(format!("the saved previous bodies of run {run} are damaged"))
            .with_hint("nothing was written; previous.json in the run's folder is not what the run saved there")
    };
    let bodies = is_whole.then(|| parse_list(text).ok()).flatten();
    bodies.ok_or_else(damaged)
}

fn ids_of_other_runs(runs: &Runs, run: &str) -> Result<HashSet<WebhookId>, Error> {
    let mut ids = HashSet::new();
    for listed in runs.all()?.into_iter().filter(|listed| listed.id != run) {
        if let Ok(Some(record)) = listed.record {
            ids.extend(record.arrived().map(|(_, arrived)| arrived.id.clone()));
        }
    }
    Ok(ids)
}

/// Every webhook that the run wrote, from its record and the saved previous bodies.
fn written(runs: &Runs, record: &Record, sealer: &Sealer) -> Result<Vec<Written>, Error> {
    let previous = previous_bodies(runs, record, sealer)?;
    let bodies: HashMap<WebhookId, Webhook> = previous
        .into_iter()
        .filter_map(|body| Some((body.id()?, body)))
        .collect();
    let written = |place: usize, arrived: &crate::store::runs::Arrived| {
        let (key, sent) = record.sent(place)?;
        let row = &record.begin.wanted[place];
        let previous = match row.state {
            State::Update => Some(Previous {
                content: row.kept?,
                body: bodies.get(&arrived.id).cloned(),
            }),
            _ => None,
        };
        Some(Written {
            id: arrived.id.clone(),
            source_id: row.source_id.clone().map(WebhookId::new),
            key,
            sent,
            kept: arrived.kept,
            shown: arrived.shown,
            is_acknowledged: arrived.is_acknowledged,
            previous,
        })
    };
    let all = record.arrived();
    Ok(all
        .filter_map(|(place, arrived)| written(place, arrived))
        .collect())
}

fn conclude(
    undone: &Undone,
    n_left: usize,
    account: &Account,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    if let Some(refusal) = &undone.refusal {
        let error = Failure::Refused(refusal.clone()).explain(account, "delete webhooks");
        return Err(
            if undone.may_have_written && undone.ends != undone.planned {
                error.after_sending()
            } else {
                error
            },
        );
    }
    if let (Some(_), Some(signal)) = (&undone.stop, interrupt.signal()) {
        return Ok(signal.exit_code());
    }
    let is_undone = |end: &Undo| matches!(end, Undo::Gone | Undo::Restored);
    Ok(if undone.ends.iter().all(is_undone) && n_left == 0 {
        ExitCode::Done
    } else {
        ExitCode::Partial
    })
}
