//! The history of a target, from its run records: open sends, whose result is unknown, and webhooks that the server
//! altered. Reconciles the open sends, and what only responses named, before anything new is planned.

mod reconciling;
mod settling;
mod unfinished;

pub(super) use reconciling::{
    collect_open_sends, open_sends_of, reconcile_run, record_reconciliations,
};
pub(super) use settling::{require_listed, settle_time_left};
pub(super) use unfinished::Unfinished;

use super::unproven::unproven_run;
use crate::coralogix::account::Account;
use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::client::Reader;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::document::run::RunRecord;
use crate::document::run::entry::StatusRow;
use crate::error::Error;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::{PriorKnowledge, RunKnowledge};
use crate::pipeline::push::{Observation, recover};
use crate::render::screen::Screen;
use crate::store::runs::Runs;
use reconciling::{add_recovery, read_back_run, recovered_rows};
use settling::{is_unsettled, wait_until_all_settled};
use std::collections::{HashMap, HashSet};

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
                close_command: record.close_command().to_string(),
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

/// The runs that are continued, and the others that were reconciled. Of some that are continued nothing new is known,
/// and their records name who continued them all the same.
pub(super) fn split_continued(
    reconciled: Vec<ReconciledRun>,
    continues: &[String],
) -> (Vec<ReconciledRun>, Vec<ReconciledRun>) {
    let is_continued = |run: &ReconciledRun| continues.contains(&run.run_id);
    let (mut of_chain, others): (Vec<_>, Vec<_>) = reconciled.into_iter().partition(is_continued);
    for run_id in continues {
        if !of_chain.iter().any(|run| run.run_id == *run_id) {
            of_chain.push(ReconciledRun {
                run_id: run_id.clone(),
                updates: Vec::new(),
            });
        }
    }
    (of_chain, others)
}

pub(super) fn listed_ids(target: &Inventory) -> HashSet<WebhookId> {
    target.webhooks.iter().filter_map(Webhook::id).collect()
}

/// The webhooks that a run wrote, by id, with their births as far as these are known.
fn written_births(record: &RunRecord) -> impl Iterator<Item = (WebhookId, Option<Birth>)> {
    let written = record.written();
    written.map(|(_, written)| (written.id.clone(), written.item.birth))
}
