//! What earlier runs were to write and did not: which of them a new run continues.

use super::{History, ReconciledRun};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::PartyDocument;
use crate::document::run::{RunRecord, StepRow};
use crate::document::view::Party;
use crate::pipeline::plan::{Plan, StepState};
use smol_str::SmolStr;
use std::collections::{BTreeSet, HashMap};

/// The earlier runs from one source, and the webhooks that they were to write and did not.
pub(in super::super) struct Unfinished {
    /// All of these runs, but those that somebody undid.
    from_source: BTreeSet<String>,
    runs: HashMap<SourceWebhook, BTreeSet<String>>,
}

/// What tells that two runs from one source mean the same webhook: its id, or its alias where the source has no ids.
#[derive(PartialEq, Eq, Hash)]
struct SourceWebhook {
    type_id: Option<u64>,
    name: Result<WebhookId, SmolStr>,
}

impl SourceWebhook {
    fn new(type_id: Option<u64>, id: Option<&WebhookId>, alias: &SmolStr) -> Self {
        Self {
            type_id,
            name: id.cloned().ok_or_else(|| alias.clone()),
        }
    }

    fn of_row(row: &StepRow) -> Self {
        Self::new(row.type_id, row.source_id.as_ref(), &row.alias)
    }
}

impl History {
    /// The last run from this source that nobody undid.
    pub(in super::super) fn last_run_from(&self, source: &Party) -> Option<&RunRecord> {
        let source = PartyDocument::from(source);
        let mut records = self.records.iter().rev();
        records.find(|record| !was_undone(record) && is_same_source(&record.header.source, &source))
    }

    /// What the runs from this source did not finish, and no later one wrote.
    pub(in super::super) fn unfinished(&self, source: &Party) -> Unfinished {
        let source = PartyDocument::from(source);
        let mut from_source = BTreeSet::new();
        let mut runs: HashMap<SourceWebhook, BTreeSet<String>> = HashMap::new();
        // The oldest first: what a later run wrote is not open any more.
        for record in self.records.iter().filter(|record| !was_undone(record)) {
            if !is_same_source(&record.header.source, &source) {
                continue;
            }
            from_source.insert(record.id().to_owned());
            let may_continue = record.may_have_written() && !record.is_complete();
            // Nothing is open, and it left nothing open: its rows say nothing.
            if !may_continue && runs.is_empty() {
                continue;
            }
            for (row, item) in record.header.steps.iter().zip(&record.items) {
                if item.written().is_some() {
                    runs.remove(&SourceWebhook::of_row(row));
                } else if may_continue && is_write(row.state) {
                    let of_webhook = runs.entry(SourceWebhook::of_row(row)).or_default();
                    of_webhook.insert(record.id().to_owned());
                }
            }
        }
        Unfinished { from_source, runs }
    }
}

impl Unfinished {
    /// The runs that a run with this plan continues, the oldest first: those of which it writes something that they did
    /// not write, and those of which it found out what had arrived.
    ///
    /// A run from another source is not among them, even if it had to be reconciled first.
    pub(in super::super) fn continued_by(
        &self,
        plan: &Plan,
        reconciled: &[ReconciledRun],
    ) -> BTreeSet<String> {
        let reconciled = reconciled.iter().map(|run| &run.run_id);
        let reconciled = reconciled.filter(|run| self.from_source.contains(*run));
        let writes = plan.steps().filter(|(_, step)| is_write(step.state));
        let runs = writes.filter_map(|(webhook, _)| {
            let type_id = webhook.type_id().map(|TypeId(number)| number);
            let id = webhook.source_id();
            self.runs
                .get(&SourceWebhook::new(type_id, id, webhook.alias()))
        });
        runs.flatten().chain(reconciled).cloned().collect()
    }
}

/// Whether somebody undid the run, so that a new one starts afresh.
fn was_undone(record: &RunRecord) -> bool {
    record.rolled_back.is_some() || record.rollback.is_some()
}

fn is_write(state: StepState) -> bool {
    matches!(state, StepState::Create | StepState::Update)
}

/// Whether webhooks come from the same account, or from files of the same name.
fn is_same_source(recorded: &PartyDocument, source: &PartyDocument) -> bool {
    match (&recorded.company_id, &source.company_id) {
        (Some(recorded), Some(source)) => recorded == source,
        _ => recorded.name == source.name,
    }
}
