//! The history of a target, from its run records: open sends, whose result is unknown, and webhooks that the server
//! altered. Reconciles the open sends, and what only responses named, before anything new is planned.

use super::unproven::unproven_run;
use crate::coralogix::account::Account;
use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::client::Reader;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::document::run::entry::{JournalEntry, StatusRow};
use crate::document::run::{RunRecord, WrittenWebhook};
use crate::error::{Error, ErrorKind};
use crate::pipeline::absence::{Absence, prove_absence};
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::{AlteredCopy, PriorKnowledge, RunKnowledge, StepIx, StepState};
use crate::pipeline::push::{
    ItemStatus, KnownBirths, NamedSend, NamedSends, Naming, Observation, OpenSend, OpenSends,
    Proof, Recovery, SettleOptions, recover, recover_named, settle,
};
use crate::render::screen::Screen;
use crate::store::runs::Runs;
use crate::wording::counted;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

/// A webhook counts as possibly sent by a run if it was created at most this long after the run's last send.
const CREATED_AT_TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

/// The records of the runs that wrote to one account, oldest first.
pub(super) struct History {
    records: Vec<RunRecord>,
    /// What a reading showed of webhooks that only responses had named; the records hold it already.
    read_back: Vec<ReconciledRun>,
}

/// Status updates that a reading of the target gives for an earlier run.
#[derive(Clone)]
pub(super) struct ReconciledRun {
    pub(super) run_id: String,
    pub(super) updates: Vec<StatusRow>,
}

impl History {
    /// Loads the records of the runs that wrote to `account`; `company` is its company id, if known.
    pub(super) fn load(
        runs: &Runs,
        account: &Account,
        company: Option<&str>,
    ) -> Result<Self, Error> {
        let mut records = Vec::new();
        let host = account.endpoint.canonical_host();
        for listed in runs.all()? {
            let is_for_account =
                |record: &RunRecord| record.is_for_account(&host, company, &account.key);
            let record = listed.record?;
            if is_for_account(&record) {
                records.push(record);
            }
        }
        Ok(Self {
            records,
            read_back: Vec::new(),
        })
    }

    /// The ids of the runs with open sends.
    pub(super) fn open_run_ids(&self) -> Vec<&str> {
        self.records_with_open_sends().map(RunRecord::id).collect()
    }

    /// The ids under which `target` shows what runs of a saved plan wrote: from their records, and from status updates
    /// that these do not hold yet.
    pub(super) fn ids_written_by_plan(
        &self,
        plan: &str,
        reconciled: &[ReconciledRun],
        target: &Inventory,
    ) -> HashSet<WebhookId> {
        let is_of_plan = |record: &&RunRecord| record.header.saved_plan.as_deref() == Some(plan);
        let mut births: HashMap<WebhookId, Option<Birth>> = HashMap::new();
        for record in self.records.iter().filter(is_of_plan) {
            births.extend(written_births(record));
            let matching = reconciled.iter().filter(|each| each.run_id == record.id());
            let found = matching.flat_map(|each| &each.updates);
            births
                .extend(found.filter_map(|row| Some((row.status.written()?.0.clone(), row.birth))));
        }
        let webhooks = target.webhooks.iter();
        let ours = webhooks.filter_map(|webhook| {
            let id = webhook.id()?;
            let birth = births.get(&id)?;
            (!is_another_birth(*birth, webhook.birth())).then_some(id)
        });
        ours.collect()
    }

    pub(super) fn empty() -> Self {
        Self {
            records: Vec::new(),
            read_back: Vec::new(),
        }
    }

    fn records_with_open_sends(&self) -> impl Iterator<Item = &RunRecord> {
        self.records
            .iter()
            .filter(|record| !record.open_sends().is_empty())
    }

    /// Warns about open sends, and reads the target until they can no longer take effect.
    ///
    /// Returns `first` if no send is open and the target lists every webhook that earlier runs wrote.
    pub(super) async fn wait_until_settled(
        &self,
        reader: &Reader,
        first: Inventory,
        wait_budget: &WaitBudget,
        screen: &Screen,
    ) -> Result<Inventory, Error> {
        let listed = listed_ids(&first);
        let unsettled: Vec<&RunRecord> = self
            .records
            .iter()
            .filter(|record| is_unsettled(record, &listed))
            .collect();
        if unsettled.is_empty() {
            return Ok(first);
        }
        wait_until_all_settled(&unsettled, reader, first, wait_budget, screen).await
    }

    /// Makes up for the read-back of runs that were cut off before it: compares what only responses named with what the
    /// target shows.
    pub(super) fn read_back(&mut self, account: &Account, target: &Inventory) {
        let is_read = |record: &RunRecord| record.unread().next().is_none();
        if self.records.iter().all(is_read) {
            return;
        }
        let observation = Observation::from_webhooks(&target.webhooks);
        let written = self.written();
        for record in &mut self.records {
            // The digests of a run with another API key cannot be compared.
            let Some(digest_key) = record.digest_key(&account.key) else {
                continue;
            };
            let updates = read_back_run(record, &written, &observation, &digest_key);
            if !updates.is_empty() {
                self.read_back.push(ReconciledRun {
                    run_id: record.id().to_owned(),
                    updates,
                });
            }
        }
    }

    /// What all runs wrote, by id; the last run that wrote a webhook knows its birth best.
    fn written(&self) -> HashMap<WebhookId, Option<Birth>> {
        self.records.iter().flat_map(written_births).collect()
    }

    /// Fails if the target's list lacks a webhook that an earlier run wrote, unless it is proven to be gone.
    pub(super) async fn require_complete_list(
        &self,
        reader: &Reader,
        target: &Inventory,
    ) -> Result<(), Error> {
        for record in self.records.iter().filter(|record| !record.is_closed) {
            require_listed(record, reader, target).await?;
        }
        Ok(())
    }

    /// What the records and an inventory of the target show together: knowledge for planning, and status updates
    /// for the records.
    pub(super) fn knowledge(
        &self,
        account: &Account,
        target: &Inventory,
    ) -> (PriorKnowledge, Vec<ReconciledRun>) {
        let listed = listed_ids(target);
        let sends_of = |record| open_sends_of(record, &listed);
        let mut records = self.records.iter();
        let is_any_open = records.any(|record| !sends_of(record).is_empty());
        let observation = is_any_open.then(|| Observation::from_webhooks(&target.webhooks));
        let written = self.written();
        let (mut knowledge, mut reconciled) = (PriorKnowledge::empty(), Vec::new());
        for record in &self.records {
            let Some(digest_key) = record.digest_key(&account.key) else {
                knowledge.add_unproven(unproven_run(record, target, &written));
                continue;
            };
            let mut run_knowledge = RunKnowledge {
                run_id: record.id().to_owned(),
                altered: record.altered(),
                uncertain: Vec::new(),
                digest_key,
            };
            let sends = sends_of(record);
            if let Some(observation) = observation.as_ref().filter(|_| !sends.is_empty()) {
                let recoveries = recover(
                    &collect_open_sends(record, sends, &written),
                    observation,
                    &run_knowledge.digest_key,
                );
                for (step_ix, recovery) in &recoveries {
                    add_recovery(&mut run_knowledge, record, *step_ix, recovery);
                }
                reconciled.push(ReconciledRun {
                    run_id: record.id().to_owned(),
                    updates: recovered_rows(record, recoveries),
                });
            }
            knowledge.add(run_knowledge);
        }
        (knowledge, merged(self.read_back.clone(), reconciled))
    }
}

/// The status updates of both, in this order, as one for each run.
fn merged(read_back: Vec<ReconciledRun>, recovered: Vec<ReconciledRun>) -> Vec<ReconciledRun> {
    let mut runs = read_back;
    for ReconciledRun { run_id, updates } in recovered {
        match runs.iter_mut().find(|run| run.run_id == run_id) {
            Some(run) => run.updates.extend(updates),
            None => runs.push(ReconciledRun { run_id, updates }),
        }
    }
    runs
}

/// Warns about the open sends of these runs, and reads the target until they can no longer take effect.
async fn wait_until_all_settled(
    records: &[&RunRecord],
    reader: &Reader,
    first: Inventory,
    wait_budget: &WaitBudget,
    screen: &Screen,
) -> Result<Inventory, Error> {
    let mut remaining = Duration::ZERO;
    for record in records {
        remaining = remaining.max(settle_time_left(record));
        let n = record.open_sends().len();
        if record.is_rollback_open() {
            screen.warn(&format!(
                "the rollback of run {id} was cut off; checking the target first (to finish it: hookferry rollback {id})",
                id = record.id()
            ));
            continue;
        }
        if n == 0 {
            screen.warn(&format!(
                "run {} ended a moment ago, and the target does not list all of its webhooks yet; reading the target again first",
                record.id()
            ));
            continue;
        }
        if record.digest_key(&reader.account().key).is_none() {
            screen.warn(&format!(
                "run {id} left {webhooks} open and used another target API key, so hookferry cannot look for them; look for them yourself, then run `hookferry runs close {id}`",
                id = record.id(),
                webhooks = counted(n, "webhook")
            ));
            continue;
        }
        let ending = if record.footer.is_some() {
            "ended"
        } else {
            "was cut off"
        };
        screen.warn(&format!(
            "run {} {ending} without knowing whether {} that it sent arrived; checking the target first",
            record.id(),
            counted(n, "webhook")
        ));
    }
    let stage = screen.start_stage("earlier run");
    let inventory = settle(
        reader,
        first,
        SettleOptions {
            until: Instant::now() + remaining,
            wait_budget,
            progress_sink: &stage,
        },
    )
    .await?;
    stage.finish(&counted(inventory.webhooks.len(), "webhook"));
    Ok(inventory)
}

/// Reconciles one run, in its record, too; the second value is `None` if there was nothing to reconcile, or if the run
/// used another API key, so that nothing can be compared with what it sent.
pub(super) async fn reconcile_run(
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

pub(super) fn listed_ids(target: &Inventory) -> HashSet<WebhookId> {
    target.webhooks.iter().filter_map(Webhook::id).collect()
}

/// Compares what only responses named with what the target shows; returns what that changes, also made in the record.
fn read_back_run(
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
pub(super) fn record_reconciliations(
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

/// The webhooks that a run wrote, by id, with their births as far as these are known.
fn written_births(record: &RunRecord) -> impl Iterator<Item = (WebhookId, Option<Birth>)> {
    let written = record.written();
    written.map(|(_, written)| (written.id.clone(), written.item.birth))
}

/// Whether the target may still change by what a run or its rollback sent, or may not show it yet.
fn is_unsettled(record: &RunRecord, listed: &HashSet<WebhookId>) -> bool {
    let has_rollback_in_flight =
        || record.is_rollback_open() && !settle_time_left(record).is_zero();
    !record.open_sends().is_empty() || is_lagging(record, listed) || has_rollback_in_flight()
}

/// Whether the target does not list a webhook yet that a recent run wrote; sending it again would create a
/// duplicate.
fn is_lagging(record: &RunRecord, listed: &HashSet<WebhookId>) -> bool {
    !settle_time_left(record).is_zero() && !missing_ids(record, listed).is_empty()
}

/// Fails if the target's list lacks a webhook that a run wrote, unless it is proven to be gone.
///
/// Where nobody can tell, a user can: closing the run says that it is gone.
pub(super) async fn require_listed(
    record: &RunRecord,
    reader: &Reader,
    target: &Inventory,
) -> Result<(), Error> {
    let listed = listed_ids(target);
    let missing = missing_ids(record, &listed);
    let (account, run) = (reader.account(), record.id());
    let settle_left = settle_time_left(record);
    let (what, hint) = match prove_absence(reader, &missing, &listed, settle_left).await {
        Absence::Proven => return Ok(()),
        Absence::Unknown(..) if record.is_closed => return Ok(()),
        Absence::Disproven(id) => (
            format!("{account} does not list webhook {id}, which run {run} wrote and which still exists: its list is incomplete"),
            "nothing was written; a list that lags or ends too early would lead to duplicates, so run the same command again later".to_owned(),
        ),
        Absence::Unknown(id, why) => (
            format!("{account} does not list webhook {id}, which run {run} wrote, and it is unknown whether it still exists: {why}"),
            format!("nothing was written; run the same command again later, or `hookferry runs close {run}` once you have checked that the webhook is gone"),
        ),
    };
    Err(Error::new(ErrorKind::Partial, what).with_hint(hint))
}

/// The ids that a run wrote, that no rollback deleted, and that a list lacks.
///
/// An id that the list shows with another birth is not among them: the list itself proves that ours is gone.
fn missing_ids(record: &RunRecord, listed: &HashSet<WebhookId>) -> Vec<WebhookId> {
    let ids = record.written().map(|(_, written)| written.id);
    ids.filter(|id| !listed.contains(*id) && !record.is_deleted(id))
        .cloned()
        .collect()
}

/// The rest of the settle window after a run's last send, in which the server may still be processing it.
pub(super) fn settle_time_left(record: &RunRecord) -> Duration {
    let rollback = record.rollback.as_ref();
    let settle = rollback.map_or(record.header.settle_window_ms, |rollback| {
        rollback.settle_window_ms
    });
    let settle = SignedDuration::from_millis(i64::try_from(settle).unwrap_or(0));
    let Some(last) = record.last_sent else {
        return Duration::ZERO;
    };
    // A clock that was set back in the meantime must not make the wait longer than the window.
    let remaining = Timestamp::now().duration_until(last + settle).min(settle);
    Duration::try_from(remaining).unwrap_or_default()
}

/// The step indexes of the sends of a run of which only the list can tell what became of them.
///
/// Among them is what a response named by its id alone, if the list lacks that id: it may be no webhook's.
pub(super) fn open_sends_of(record: &RunRecord, listed: &HashSet<WebhookId>) -> Vec<StepIx> {
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
fn known_births(record: &RunRecord, written: &HashMap<WebhookId, Option<Birth>>) -> KnownBirths {
    let header = &record.header;
    let baseline = header.baseline.iter();
    let baseline = baseline.map(|id| (id.clone(), header.newest_birth));
    let of_written = written.iter().map(|(id, birth)| (id.clone(), *birth));
    baseline.chain(of_written).collect()
}

pub(super) fn collect_open_sends(
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
        known: known_births(record, written),
        started: header.target_time,
        settled_at: latest_creation,
    }
}

/// Adds to the knowledge what a recovery shows about one open send.
fn add_recovery(
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

fn recovered_rows(record: &RunRecord, recoveries: Vec<(StepIx, Recovery)>) -> Vec<StatusRow> {
    let row = |(step_ix, recovery)| {
        let is_misnamed = record.misnamed_reason(step_ix).is_some();
        let naming = record.items[step_ix.get()].naming;
        let naming = naming.filter(|_| is_misnamed && matches!(recovery, Recovery::Unresolved(_)));
        status_row(record, step_ix, recovery, naming)
    };
    recoveries.into_iter().map(row).collect()
}

/// `naming`: how a response named the webhook; `None` if none did.
fn status_row(
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
            let status = record.written_status(step_ix, id, proof, stored);
            (status, birth, stored)
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
