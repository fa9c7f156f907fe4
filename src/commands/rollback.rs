//! `hookferry rollback RUN`: shows what of a run can be undone, asks, undoes it, and says what was left and why.

use super::consent::ask;
use super::history::{Accounted, account_for, put_on_record};
use super::reading::{company, holder, live_party, read_live, reader};
use super::verify::surplus;
use crate::cli::OutputForm;
use crate::coralogix::account::Account;
use crate::coralogix::client::Writer;
use crate::coralogix::failure::Failure;
use crate::coralogix::retry::Patience;
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::{Webhook, WebhookId, parse_list};
use crate::error::{Error, ErrorKind, ExitCode};
use crate::interrupt::Interrupt;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::rollback::{
    Previous, RollbackSurroundings, Undo, Undone, Written, rollback, undo,
};
use crate::pipeline::strip::strip;
use crate::render::json;
use crate::render::rollback::{self as view, RollbackView};
use crate::render::screen::Screen;
use crate::render::view::Detail;
use crate::settings::{Consent, Rollback};
use crate::store::lock::Locks;
use crate::store::runs::entry::Entry;
use crate::store::runs::{Record, Runs, sealed};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A run that is to be undone, and the target as it is now.
struct Prepared {
    record: Record,
    sealer: Sealer,
    inventory: Inventory,
    written: Vec<Written>,
}

/// Undoes a run, or shows what that would do.
pub(super) async fn run(
    settings: Rollback,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let runs = Runs::new(settings.state.path()?);
    let record = runs.open(&runs.find(&settings.run)?)?;
    let account = settings
        .target
        .account(&record.begin.target.url, &record.begin.target.host)?;
    let sealer = sealer_of(&record, &account)?;
    let patience = Arc::new(Patience::new());
    let reader = reader(&account, &settings.client, &patience, screen)?;
    let locks = Locks::new(settings.state.path()?)?;
    let marks = locks.marks(&account.endpoint.home())?;
    // What a record knows is its own company, so the lock can be had before the reading.
    let (_lock, _) = locks.take(
        &account.endpoint.home(),
        record.company(),
        &holder("rollback"),
        &marks,
    )?;
    let first = read_live(&reader, screen).await?;
    refuse_other_company(&record, &first, &account)?;
    let (inventory, accounted) =
        account_for(&record, &sealer, &reader, first, &patience, screen).await?;
    let record = on_record(&runs, record, accounted, settings.consent)?;
    let prepared = prepare(&runs, record, sealer, inventory)?;
    let steps = rollback(&prepared.written, &prepared.inventory, &prepared.sealer);
    let others = ids_of_other_runs(&runs, prepared.record.id())?;
    let copies = |inventory: &Inventory| copies(&prepared, inventory, &others);
    let party = live_party(&account, &prepared.inventory);
    let preview = |steps: &[Undo]| RollbackView {
        run: prepared.record.id().to_owned(),
        target: party.clone(),
        written: prepared.written.clone(),
        ends: steps.to_vec(),
        planned: steps.to_vec(),
        is_done: false,
        n_open: prepared.record.open().len(),
        copies: copies(&prepared.inventory),
        stop: None,
    };
    if settings.consent == Consent::DryRun {
        show(&preview(&steps), settings.output, screen)?;
        return Ok(ExitCode::Done);
    }
    let n_due = steps.iter().filter(|step| step.is_due()).count();
    if settings.consent == Consent::Ask && n_due > 0 {
        screen.ask(&view::text(
            &preview(&steps),
            screen.talk_page(Detail::Normal),
        ));
        let question = format!(
            "\nUndo run {} in {}: {n_due} webhooks? Only 'yes' will do: ",
            prepared.record.id(),
            party.described()
        );
        ask(&question, screen).await?;
    }
    let _hold = interrupt.hold("finishing the request in flight, then stopping");
    let stage = screen.stage("undo");
    let undone = undo(
        &prepared.written,
        &prepared.inventory,
        &prepared.sealer,
        &Writer::new(reader),
        RollbackSurroundings {
            patience: &patience,
            track: &stage,
            interrupt,
        },
    )
    .await?;
    let n_left = undone.ends.iter().filter(|end| end.is_due()).count();
    stage.finish(&format!(
        "{} of {n_due} webhooks",
        n_due.saturating_sub(n_left)
    ));
    if undone.may_have_written {
        keep(&runs, &prepared, &undone)?;
    }
    let done = RollbackView {
        ends: undone.ends.clone(),
        is_done: true,
        stop: undone.stop.clone(),
        copies: copies(&undone.last),
        ..preview(&undone.planned)
    };
    show(&done, settings.output, screen)?;
    conclude(
        &undone,
        done.n_open + done.copies.len(),
        &account,
        interrupt,
    )
}

fn show(view: &RollbackView, output: OutputForm, screen: &Screen) -> Result<(), Error> {
    screen.result(&match output {
        OutputForm::Text => view::text(view, screen.page(Detail::Normal)),
        OutputForm::Json => json::text(&view::document(view)),
    })
}

pub(super) fn sealer_of(record: &Record, account: &Account) -> Result<Sealer, Error> {
    record.sealer(&account.key).ok_or_else(|| {
        let variable = account.side.key_variable();
        Error::new(
            ErrorKind::WrongAccount,
            format!("run {} was made with another target API key than the one at hand", record.id()),
        )
        .with_hint(format!(
            "what it wrote can be recognised with its own key only: set {variable} to that one. Nothing was read or written"
        ))
    })
}

pub(super) fn refuse_other_company(
    record: &Record,
    inventory: &Inventory,
    account: &Account,
) -> Result<(), Error> {
    let (Some(then), Some(now)) = (record.company(), company(inventory)) else {
        return Ok(());
    };
    if then == now {
        return Ok(());
    }
    let (then, now) = (
        crate::foreign::shortened(then, 40),
        crate::foreign::shortened(&now, 40),
    );
    Err(Error::new(
        ErrorKind::WrongAccount,
        format!(
            "{account} is company {now}, and run {} wrote to company {then}",
            record.id()
        ),
    )
    .with_hint("nothing was written; use the key of the account that the run wrote to"))
}

/// Puts what was found out about open sends into the record; a dry run leaves the record as it is.
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

/// What the updated webhooks held before the run; a file that was changed since is not written into the target.
fn previous_bodies(runs: &Runs, record: &Record, sealer: &Sealer) -> Result<Vec<Webhook>, Error> {
    let kept = runs.kept(record.id(), "previous.json")?;
    let Some(text) = kept.filter(|_| record.begin.previous.is_some()) else {
        return Ok(Vec::new());
    };
    let is_whole = record.begin.previous == Some(sealer.text(&text).to_string());
    let damaged = || {
        let run = record.id();
        Error::failed(format!("the previous bodies of run {run} are damaged"))
            .with_hint("nothing was written; previous.json in the run's folder is not what the run wrote there")
    };
    let bodies = is_whole
        .then(|| parse_list(&Arc::from(text)).ok())
        .flatten();
    bodies.ok_or_else(damaged)
}

/// Webhooks that equal what the run created and belong to no run on record: a late effect, or somebody's copy.
fn copies(
    prepared: &Prepared,
    inventory: &Inventory,
    others: &HashSet<WebhookId>,
) -> Vec<WebhookId> {
    let target = strip(inventory.clone());
    let surplus = surplus(&prepared.record, &target, &prepared.sealer);
    let ids = surplus.into_values().flatten();
    let mut ids: Vec<WebhookId> = ids.filter(|id| !others.contains(id)).collect();
    ids.sort();
    ids
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

/// Everything that the run wrote, with what its record and the kept bodies tell.
fn prepare(
    runs: &Runs,
    record: Record,
    sealer: Sealer,
    inventory: Inventory,
) -> Result<Prepared, Error> {
    let previous = previous_bodies(runs, &record, &sealer)?;
    let bodies: HashMap<WebhookId, Webhook> = previous
        .into_iter()
        .filter_map(|body| Some((body.id()?, body)))
        .collect();
    let written = |place: usize, arrived: &crate::store::runs::Arrived| {
        let (key, sent) = record.sent(place)?;
        let row = &record.begin.wanted[place];
        let previous = match row.state.as_str() {
            "update" => Some(Previous {
                content: sealed(row.kept.as_ref()?)?,
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
    let written = record
        .arrived()
        .filter_map(|(place, arrived)| written(place, arrived))
        .collect();
    Ok(Prepared {
        record,
        sealer,
        inventory,
        written,
    })
}

fn keep(runs: &Runs, prepared: &Prepared, undone: &Undone) -> Result<(), Error> {
    let ids = |is_it: &dyn Fn(&Undo, &Undo) -> bool| -> Vec<String> {
        prepared
            .written
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
    runs.add(prepared.record.id(), &entry)
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
