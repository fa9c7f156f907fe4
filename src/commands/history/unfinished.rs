//! What earlier runs were to write and did not: which of them a new run continues.

use super::{History, ReconciledRun};
use crate::coralogix::account::ApiKey;
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::document::PartyDocument;
use crate::document::run::{RunRecord, StepRow};
use crate::document::view::{Party, STDIN_NAME};
use crate::pipeline::plan::{Plan, StepState};
use crate::pipeline::rewrite::PortableWebhook;
use smol_str::SmolStr;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The earlier runs from one source, and the webhooks that they were to write and did not.
pub(in super::super) struct Unfinished {
    /// Those of the very same account, but those that somebody undid.
    of_account: BTreeSet<String>,
    runs: HashMap<SourceWebhook, BTreeSet<String>>,
    /// Those from a pipe, with what they were to write.
    from_pipe: HashMap<String, Contents>,
}

/// How certain it is that two runs have one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SameSource {
    /// The company is the same.
    Account,
    /// Only the name is, which other files and accounts may have, too.
    Name,
    /// Both are pipes, which have no names of their own.
    Pipe,
}

/// What tells that two runs from one source mean the same webhook.
#[derive(PartialEq, Eq, Hash)]
struct SourceWebhook {
    type_id: Option<u64>,
    id: Option<WebhookId>,
    alias: Option<SmolStr>,
}

impl SourceWebhook {
    /// The one key by which a run has the webhook open.
    ///
    /// In one account that is its id, or its alias where the source has no ids. Elsewhere the same ids may belong to
    /// other webhooks, so it is both.
    fn new(
        same_source: SameSource,
        type_id: Option<u64>,
        id: Option<&WebhookId>,
        alias: &SmolStr,
    ) -> Self {
        let is_id_enough = same_source == SameSource::Account && id.is_some();
        Self {
            type_id,
            id: id.cloned(),
            alias: (!is_id_enough).then(|| alias.clone()),
        }
    }

    fn of_row(same_source: SameSource, row: &StepRow) -> Self {
        Self::new(same_source, row.type_id, row.source_id.as_ref(), &row.alias)
    }

    /// Both keys by which a run may have the webhook open.
    fn both_of_row(row: &StepRow) -> [Self; 2] {
        [SameSource::Account, SameSource::Name].map(|same_source| Self::of_row(same_source, row))
    }

    fn both_of(webhook: &PortableWebhook) -> [Self; 2] {
        let type_id = webhook.type_id().map(|TypeId(number)| number);
        let (id, alias) = (webhook.source_id(), webhook.alias());
        [SameSource::Account, SameSource::Name]
            .map(|same_source| Self::new(same_source, type_id, id, alias))
    }
}

/// The contents that a run was to write.
struct Contents {
    /// `None` if the target has another API key since, so that nothing can be compared.
    digest_key: Option<DigestKey>,
    digests: HashSet<ContentDigest>,
}

impl Contents {
    fn of_run(record: &RunRecord, target_key: &ApiKey) -> Self {
        let steps = record.header.steps.iter();
        let writes = steps.filter(|row| is_write(row.state));
        Self {
            digest_key: record.digest_key(target_key),
            digests: writes.filter_map(|row| row.content).collect(),
        }
    }

    fn contain(&self, webhook: &PortableWebhook) -> bool {
        let content = self.digest_key.as_ref().zip(webhook.content());
        content.is_some_and(|(key, content)| self.digests.contains(&key.digest_content(content)))
    }
}

impl History {
    /// The last run from this source that nobody undid.
    pub(in super::super) fn last_run_from(&self, source: &Party) -> Option<&RunRecord> {
        let source = PartyDocument::from(source);
        let mut records = self.records.iter().rev();
        let is_from_source =
            |record: &RunRecord| same_source(&record.header.source, &source).is_some();
        records.find(|record| !was_undone(record) && is_from_source(record))
    }

    /// What the runs from this source did not finish, and no later one wrote; `target_key` opens their digests.
    pub(in super::super) fn unfinished(&self, source: &Party, target_key: &ApiKey) -> Unfinished {
        let source = PartyDocument::from(source);
        let mut unfinished = Unfinished {
            of_account: BTreeSet::new(),
            runs: HashMap::new(),
            from_pipe: HashMap::new(),
        };
        // The oldest first: what a later run wrote is not open any more.
        for record in self.records.iter().filter(|record| !was_undone(record)) {
            if let Some(same_source) = same_source(&record.header.source, &source) {
                unfinished.add(record, same_source, target_key);
            }
        }
        unfinished
    }
}

impl Unfinished {
    /// Adds what the next run left open, and takes out what it wrote.
    fn add(&mut self, record: &RunRecord, same_source: SameSource, target_key: &ApiKey) {
        let id = record.id();
        if same_source == SameSource::Account {
            self.of_account.insert(id.to_owned());
        }
        let may_continue = record.may_have_written() && !record.is_complete();
        // Nothing is open, and it left nothing open: its rows say nothing.
        if !may_continue && self.runs.is_empty() {
            return;
        }
        if may_continue && same_source == SameSource::Pipe {
            let contents = Contents::of_run(record, target_key);
            self.from_pipe.insert(id.to_owned(), contents);
        }
        for (row, item) in record.header.steps.iter().zip(&record.items) {
            if item.written().is_some() {
                for key in SourceWebhook::both_of_row(row) {
                    self.runs.remove(&key);
                }
            } else if may_continue && is_write(row.state) {
                let key = SourceWebhook::of_row(same_source, row);
                self.runs.entry(key).or_default().insert(id.to_owned());
            }
        }
    }

    /// The runs that a run with this plan continues, the oldest first: those of which it writes something that they did
    /// not write, and those of which it found out what had arrived.
    ///
    /// A run from another source is not among them, even if it had to be reconciled first. When in doubt whether the
    /// source is another, it is: a rollback of the chain would delete what somebody else still needs.
    pub(in super::super) fn continued_by(
        &self,
        plan: &Plan,
        reconciled: &[ReconciledRun],
    ) -> BTreeSet<String> {
        let runs_with_any = |is_of_interest: fn(StepState) -> bool| -> BTreeSet<&String> {
            let steps = plan.steps();
            let webhooks = steps.filter(|(_, step)| is_of_interest(step.state));
            webhooks
                .flat_map(|(webhook, _)| self.runs_to_write(webhook))
                .collect()
        };
        let selected = runs_with_any(|_| true);
        let reconciled = reconciled.iter().map(|run| &run.run_id);
        let reconciled =
            reconciled.filter(|run| self.of_account.contains(*run) || selected.contains(run));
        let written = runs_with_any(is_write);
        written.into_iter().chain(reconciled).cloned().collect()
    }

    /// The runs that were to write this webhook, and did not.
    fn runs_to_write(&self, webhook: &PortableWebhook) -> impl Iterator<Item = &String> {
        let keys = SourceWebhook::both_of(webhook);
        let runs = keys.into_iter().filter_map(|key| self.runs.get(&key));
        runs.flatten().filter(|run| {
            let contents = self.from_pipe.get(*run);
            contents.is_none_or(|contents| contents.contain(webhook))
        })
    }
}

/// Whether somebody undid the run, so that a new one starts afresh.
fn was_undone(record: &RunRecord) -> bool {
    record.rolled_back.is_some() || record.rollback.is_some()
}

fn is_write(state: StepState) -> bool {
    matches!(state, StepState::Create | StepState::Update)
}

/// Whether webhooks come from the same account, or from files of the same name; `None` if they do not.
fn same_source(recorded: &PartyDocument, source: &PartyDocument) -> Option<SameSource> {
    match (&recorded.company_id, &source.company_id) {
        (Some(recorded), Some(source)) => (recorded == source).then_some(SameSource::Account),
        _ if recorded.name != source.name => None,
        _ if is_pipe(&source.name) => Some(SameSource::Pipe),
        _ => Some(SameSource::Name),
    }
}

/// Whether it is standard input, or what a shell opens for `<(…)`.
fn is_pipe(name: &str) -> bool {
    name == STDIN_NAME || name.starts_with("/dev/") || name.starts_with("/proc/")
}
