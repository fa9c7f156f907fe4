//! What a reading of the target shows of earlier runs: of the sends that they left open, and of what only responses
//! named.

use super::settling::{is_unsettled, wait_until_all_settled};
use super::{History, ReconciledRun, listed_ids};
use crate::coralogix::birth::Birth;
use crate::coralogix::client::Reader;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::WebhookId;
use crate::document::run::entry::{JournalEntry, StatusRow};
use crate::document::run::{RunRecord, WrittenWebhook};
use crate::error::Error;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::{AlteredCopy, RunKnowledge, StepIx, StepState};
use crate::pipeline::push::{
    ItemStatus, KnownBirths, NamedSend, NamedSends, Naming, Observation, OpenSend, OpenSends,
    Proof, Recovery, recover, recover_named,
};
use crate::render::screen::Screen;
use crate::store::runs::Runs;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};

/// A webhook counts as possibly sent by a run if it was created at most this long after the run's last send.
const CREATED_AT_TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

/// Reconciles one run, in its record, too; the second value is `None` if there was nothing to reconcile, or if the run
/// used another API key, so that nothing can be compared with what it sent.
pub(in super::super) async fn reconcile_run(
    runs: &Runs,
    record: &mut RunRecord,
    digest_key: Option<&DigestKey>,
    reader: &Reader,
    first: Inventory,
    wait_budget: &WaitBudget,
    screen: &Screen,
) -> Result<(Inventory, Option<ReconciledRun>), Error> {
    let is_unsettled = is_unsettled(record, &listed_ids(&first));
    if !is_unsettled && record.unread().next().is_none() {
        return Ok((first, None));
    }
    let inventory = if is_unsettled {
        wait_until_all_settled(&[record], reader, first, wait_budget, screen).await?
    } else {
        first
    };
    let Some(digest_key) = digest_key else {
        return Ok((inventory, None));
    };
    let company = inventory.common_company_id();
    let written = History::load(runs, reader.account(), company.as_deref())?.written();
    let observation = Observation::from_webhooks(&inventory.webhooks);
    let mut updates = read_back_run(record, &written, &observation, digest_key);
    let sends = open_sends_of(record, &listed_ids(&inventory));
    if !sends.is_empty() {
        let open_sends = collect_open_sends(record, sends, &written);
        let rows = recovered_rows(record, recover(&open_sends, &observation, digest_key));
        record.apply_reconciliation(rows.clone());
        updates.extend(rows);
    }
    let reconciled = (!updates.is_empty()).then(|| ReconciledRun {
        run_id: record.id().to_owned(),
        updates,
    });
    Ok((inventory, reconciled))
}

/// Compares what only responses named with what the target shows; returns what that changes, also made in the record.
pub(super) fn read_back_run(
    record: &mut RunRecord,
    written: &HashMap<WebhookId, Option<Birth>>,
    target: &Observation,
    digest_key: &DigestKey,
) -> Vec<StatusRow> {
    let named_send = |(step_ix, written, naming): (StepIx, WrittenWebhook<'_>, Naming)| {
        let (key, content) = record.desired(step_ix)?;
        Some(NamedSend {
            step_ix,
            key,
            content,
            url: record.header.steps[step_ix.get()].url?,
            id: written.id.clone(),
            birth: written.item.birth,
            naming,
        })
    };
    let named = NamedSends {
        sends: record.unread().filter_map(named_send).collect(),
        known: known_births(record, written),
    };
    if named.sends.is_empty() {
        return Vec::new();
    }
    let recoveries = recover_named(&named, target, digest_key).into_iter();
    let row = |(step_ix, recovery)| {
        let naming = record.items[StepIx::get(step_ix)].naming;
        status_row(record, step_ix, recovery, naming)
    };
    let rows: Vec<StatusRow> = recoveries.map(row).collect();
    record.apply_reconciliation(rows.clone());
    rows
}

/// Appends the status updates to the records of the runs that they belong to.
pub(in super::super) fn record_reconciliations(
    runs: &Runs,
    reconciled: Vec<ReconciledRun>,
    reconciled_by: &str,
) -> Result<(), Error> {
    for ReconciledRun { run_id, updates } in reconciled {
        let entry = JournalEntry::Reconciled {
            at: Timestamp::now(),
            reconciled_by: reconciled_by.to_owned(),
            webhooks: updates,
        };
        runs.append(&run_id, &entry)?;
    }
    Ok(())
}

/// The step indexes of the sends of a run of which only the list can tell what became of them.
///
/// Among them is what a response named by its id alone, if the list lacks that id: it may be no webhook's.
pub(in super::super) fn open_sends_of(
    record: &RunRecord,
    listed: &HashSet<WebhookId>,
) -> Vec<StepIx> {
    let mut sends = record.open_sends();
    if !record.is_closed {
        let unread = record.unread();
        let unlisted = unread.filter(|(_, written, naming)| {
            *naming == Naming::IdAlone && !listed.contains(written.id)
        });
        sends.extend(unlisted.map(|(step_ix, ..)| step_ix));
        sends.sort_unstable();
    }
    sends
}

/// What of the target no send of a run can be: its baseline, and what other sends wrote.
pub(super) fn known_births(
    record: &RunRecord,
    written: &HashMap<WebhookId, Option<Birth>>,
) -> KnownBirths {
    let header = &record.header;
    let baseline = header.baseline.iter();
    let baseline = baseline.map(|id| (id.clone(), header.newest_birth));
    let of_written = written.iter().map(|(id, birth)| (id.clone(), *birth));
    baseline.chain(of_written).collect()
}

pub(in super::super) fn collect_open_sends(
    record: &RunRecord,
    sends: Vec<StepIx>,
    written: &HashMap<WebhookId, Option<Birth>>,
) -> OpenSends {
    let header = &record.header;
    // Our clock and the server's were both read when the run started, so the time elapsed on ours since then gives
    // the server's time of the last send.
    let latest_creation = record
        .last_sent
        .zip(header.target_time)
        .map(|(last, target_time)| {
            let elapsed = last.duration_since(header.started_at);
            target_time + elapsed + CREATED_AT_TOLERANCE
        });
    let open_send = |step_ix: StepIx| {
        let (key, content) = record.desired(step_ix)?;
        let row = &header.steps[step_ix.get()];
        let is_update = row.state == StepState::Update;
        let target_id = row.target_id().cloned();
        Some(OpenSend {
            step_ix,
            key,
            content,
            update_id: target_id.filter(|_| is_update),
            update_birth: row.details().target_created_at,
            named: record.misnamed_reason(step_ix).map(str::to_owned),
        })
    };
    OpenSends {
        sends: sends.into_iter().filter_map(open_send).collect(),
        desired: header.steps.iter().filter_map(|row| row.content).collect(),
        known: known_births(record, written),
        started: header.target_time,
        settled_at: latest_creation,
    }
}

/// Adds to the knowledge what a recovery shows about one open send.
pub(super) fn add_recovery(
    run_knowledge: &mut RunKnowledge,
    record: &RunRecord,
    step_ix: StepIx,
    recovery: &Recovery,
) {
    let Some((_, sent)) = record.desired(step_ix) else {
        return;
    };
    match recovery {
        Recovery::Written {
            id,
            birth,
            stored: Some(stored),
        } if *stored != sent => run_knowledge.altered.push(AlteredCopy {
            id: id.clone(),
            birth: *birth,
            sent,
            kept: *stored,
        }),
        Recovery::Unresolved(why) => run_knowledge.uncertain.push((sent, why.clone())),
        Recovery::Written { .. } | Recovery::NotWritten => {}
    }
}

pub(super) fn recovered_rows(
    record: &RunRecord,
    recoveries: Vec<(StepIx, Recovery)>,
) -> Vec<StatusRow> {
    let row = |(step_ix, recovery)| {
        let is_misnamed = record.misnamed_reason(step_ix).is_some();
        let naming = record.items[step_ix.get()].naming;
        let naming = naming.filter(|_| is_misnamed && matches!(recovery, Recovery::Unresolved(_)));
        status_row(record, step_ix, recovery, naming)
    };
    recoveries.into_iter().map(row).collect()
}

/// `naming`: how a response named the webhook; `None` if none did.
pub(super) fn status_row(
    record: &RunRecord,
    step_ix: StepIx,
    recovery: Recovery,
    naming: Option<Naming>,
) -> StatusRow {
    let proof = match naming {
        Some(_) => Proof::Acknowledged,
        None => Proof::Observed,
    };
    let (status, birth, stored) = match recovery {
        Recovery::Written { id, birth, stored } => {
            let sent = record.desired(step_ix).map(|(_, sent)| sent);
            let altered = stored.filter(|stored| Some(*stored) != sent);
            let status = record.written_status(step_ix, id, proof, altered.is_some());
            (status, birth, altered)
        }
        Recovery::NotWritten => (ItemStatus::NotSent, None, None),
        Recovery::Unresolved(why) => (ItemStatus::Unresolved(why), None, None),
    };
    StatusRow {
        step_ix,
        status,
        birth,
        stored,
        naming,
    }
}
