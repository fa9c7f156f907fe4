//! A run record, rebuilt from the journal: for each webhook whether it was sent, its id in the target, and
//! whether the send is still open. Pure.

use super::entry::{
    AlteredRow, Footer, Header, JournalEntry, RecordedStatusUpdate, StatusUpdateRow, StepRow,
};
use crate::coralogix::account::{Account, ApiKey};
use crate::coralogix::birth::Birth;
use crate::coralogix::digest::{ContentDigest, DigestKey, KeyedFullDigest};
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::kind::type_name;
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::error::Error;
use crate::pipeline::idmap::{IdMap, IdPair};
use crate::pipeline::plan::{AlteredCopy, StepState};
use crate::pipeline::push::Naming;
use crate::pipeline::strip::Key;
use crate::pipeline::verify_run::{RecordedItem, RecordedLocation};
use jiff::Timestamp;
use smol_str::SmolStr;
use std::collections::{BTreeSet, HashSet};

/// The state of one run, rebuilt from its journal.
#[derive(Debug)]
pub struct RunRecord {
    /// The journal's header: everything known before the first write.
    pub header: Header,
    /// The status of each webhook, in the order of the plan's steps.
    pub statuses: Vec<RecordedStatus>,
    /// When the run last sent a request; `None` if it never did.
    pub last_sent: Option<Timestamp>,
    /// The outcome; `None` for a run that is in progress or was killed.
    pub footer: Option<Footer>,
    /// Whether a user closed the run, so that its open sends no longer matter.
    pub is_closed: bool,
    /// The combined effect of all rollbacks of this run; `None` if there was none.
    pub rolled_back: Option<RolledBack>,
    /// How far the last rollback came; `None` if there was none.
    pub rollback: Option<RollbackProgress>,
    /// The runs or commands that later reconciled open sends of this run.
    pub reconciled_by: Vec<String>,
}

/// Status of one webhook of a run, as recorded in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedStatus {
    /// The run never sent it, or what it sent is known to have had no effect and may be sent again.
    NotSent,
    /// The run sent it, and the journal does not record the result.
    Open,
    /// The run sent it, and whether it is in the target could not be determined.
    Unresolved {
        /// The reason.
        why: String,
        /// Whether a response named it: then it was written, wherever it is.
        is_named: bool,
    },
    /// The webhook is in the target.
    Written(WrittenWebhook),
    /// The run sent it, but did not write it and does not send it again: the server refused it, for example.
    Abandoned,
}

/// A webhook that a run created or updated in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenWebhook {
    /// Its id in the target.
    pub id: WebhookId,
    /// `true` if the server's response named it, `false` if this run or a later one found it by reading the target.
    pub is_acknowledged: bool,
    /// The digest of what the target stored, if that differs from what was sent.
    pub kept: Option<ContentDigest>,
    /// When the target created it; `None` if that is unknown. Under its id, a later birth is another webhook.
    pub birth: Option<Birth>,
    /// Whether the run was cut off before it saw `kept`, so that somebody may have changed the webhook before a later
    /// reading showed that.
    pub is_read_later: bool,
    /// How the response named it, as long as no reading of the target has been compared with that.
    pub unread: Option<Naming>,
    /// The full digest of the webhook when the run ended; `None` if it is unknown, as for a run that was killed.
    pub full_digest: Option<KeyedFullDigest>,
}

/// The combined effect of all rollbacks of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolledBack {
    /// When the last rollback ended.
    pub at: Timestamp,
    /// Target ids of deleted webhooks.
    pub deleted: BTreeSet<WebhookId>,
    /// Target ids of webhooks whose previous content was restored.
    pub restored: BTreeSet<WebhookId>,
    /// Target ids of webhooks that the last rollback left unchanged.
    pub untouched: BTreeSet<WebhookId>,
}

/// How far the last rollback of a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollbackProgress {
    /// Whether it ended, or a user closed the run, rather than being cut off.
    pub is_ended: bool,
    /// How long the server may still be processing its last request, in milliseconds.
    pub settle_window_ms: u64,
    /// Step indexes of the webhooks whose delete or restore was sent, with unknown effect.
    pub open: BTreeSet<usize>,
    /// Step indexes of the webhooks that the server deleted, by its own word.
    pub deleted: BTreeSet<usize>,
}

impl RollbackProgress {
    /// A user has checked what it did; a later rollback opens it again.
    fn close(&mut self) {
        self.is_ended = true;
        self.open.clear();
    }

    fn apply_updates(&mut self, rows: &[StatusUpdateRow]) {
        for StatusUpdateRow { step_ix, update } in rows {
            self.open.remove(step_ix);
            match update {
                RecordedStatusUpdate::Deleted => self.deleted.insert(*step_ix),
                // The server's word no longer counts: an observation contradicts it, or could not confirm it.
                RecordedStatusUpdate::Unresolved { .. } => {
                    self.deleted.remove(step_ix);
                    self.open.insert(*step_ix)
                }
                _ => self.deleted.remove(step_ix),
            };
        }
    }
}

impl RunRecord {
    /// Rebuilds the record from journal entries; `None` if the header is missing, which means that nothing was sent.
    pub fn from_entries(entries: Vec<JournalEntry>) -> Option<Self> {
        let mut entries = entries.into_iter();
        let Some(JournalEntry::Header(header)) = entries.next() else {
            return None;
        };
        let mut record = Self {
            statuses: vec![RecordedStatus::NotSent; header.steps.len()],
            header: *header,
            last_sent: None,
            footer: None,
            is_closed: false,
            rolled_back: None,
            rollback: None,
            reconciled_by: Vec::new(),
        };
        for entry in entries {
            record.apply(entry);
        }
        Some(record)
    }

    fn apply(&mut self, entry: JournalEntry) {
        match entry {
            // A journal has one header. A second one could only belong to another run and does not affect this one.
            JournalEntry::Header(_) => {}
            JournalEntry::Sending { at, step_ixs } => {
                self.last_sent = Some(at);
                if let Some(rollback) = self.running_rollback() {
                    rollback.open.extend(step_ixs);
                    return;
                }
                for step_ix in step_ixs {
                    self.set_status(step_ix, RecordedStatus::Open);
                }
            }
            JournalEntry::StatusUpdates { webhooks, .. } => match self.running_rollback() {
                Some(rollback) => {
                    rollback.apply_updates(&webhooks);
                    self.retake_births(&webhooks);
                }
                None => self.apply_updates(webhooks),
            },
            JournalEntry::Reconciled {
                reconciled_by,
                webhooks,
                ..
            } => {
                self.apply_reconciliation(webhooks);
                self.reconciled_by.push(reconciled_by);
            }
            JournalEntry::Footer(footer) => {
                for AlteredRow { step_ix, content } in &footer.altered {
                    if let Some(RecordedStatus::Written(written)) = self.statuses.get_mut(*step_ix)
                    {
                        written.kept = Some(*content);
                    }
                }
                for row in &footer.full_digests {
                    if let Some(RecordedStatus::Written(written)) =
                        self.statuses.get_mut(row.step_ix)
                    {
                        written.full_digest = Some(row.full_digest());
                        written.unread = None;
                        written.birth = row.created_at.or(written.birth);
                    }
                }
                self.footer = Some(footer);
            }
            JournalEntry::Closed { .. } => {
                self.is_closed = true;
                if let Some(rollback) = &mut self.rollback {
                    rollback.close();
                }
            }
            JournalEntry::RollbackStarted {
                settle_window_ms, ..
            } => {
                let earlier = self.rollback.take().unwrap_or_default();
                self.rollback = Some(RollbackProgress {
                    settle_window_ms,
                    is_ended: false,
                    open: BTreeSet::new(),
                    deleted: earlier.deleted,
                });
            }
            JournalEntry::RolledBack {
                at,
                deleted,
                restored,
                untouched,
            } => {
                if let Some(rollback) = &mut self.rollback {
                    rollback.is_ended = true;
                }
                let total = self.rolled_back.get_or_insert_default();
                total.at = at;
                total.deleted.extend(deleted);
                total.restored.extend(restored);
                total.untouched = untouched.into_iter().collect();
            }
        }
    }

    fn running_rollback(&mut self) -> Option<&mut RollbackProgress> {
        self.rollback.as_mut().filter(|rollback| !rollback.is_ended)
    }

    /// Whether a rollback was cut off, or ended without knowing what its last requests did.
    pub fn is_rollback_open(&self) -> bool {
        let is_open = |rollback: &RollbackProgress| !rollback.is_ended || !rollback.open.is_empty();
        self.rollback.as_ref().is_some_and(is_open)
    }

    /// Whether a rollback deleted the webhook with that id, as far as the journal shows.
    pub fn is_deleted(&self, id: &WebhookId) -> bool {
        let is_it = |step_ix: &usize| match self.statuses.get(*step_ix) {
            Some(RecordedStatus::Written(written)) => written.id == *id,
            _ => false,
        };
        let rolled_back = self.rolled_back.as_ref();
        let rollback = self.rollback.as_ref();
        rolled_back.is_some_and(|total| total.deleted.contains(id))
            || rollback.is_some_and(|rollback| rollback.deleted.iter().any(is_it))
    }

    /// Takes the births of restored webhooks from a rollback: a server may date what it updates anew.
    fn retake_births(&mut self, rows: &[StatusUpdateRow]) {
        for row in rows {
            let RecordedStatusUpdate::Written { created_at, .. } = row.update else {
                continue;
            };
            if let Some(RecordedStatus::Written(written)) = self.statuses.get_mut(row.step_ix) {
                written.birth = created_at.or(written.birth);
            }
        }
    }

    /// Applies what a later reading of the target showed.
    pub fn apply_reconciliation(&mut self, rows: Vec<StatusUpdateRow>) {
        for row in rows {
            let seen_before = match self.statuses.get(row.step_ix) {
                Some(RecordedStatus::Written(written)) => written.kept,
                _ => None,
            };
            let sent = self.desired(row.step_ix).map(|(_, sent)| sent);
            let step_ix = row.step_ix;
            self.apply_updates(vec![row]);
            if let Some(RecordedStatus::Written(written)) = self.statuses.get_mut(step_ix) {
                written.unread = None;
                let is_new = written.kept.is_some() && written.kept != seen_before;
                written.is_read_later = is_new && written.kept != sent;
            }
        }
    }

    fn apply_updates(&mut self, rows: Vec<StatusUpdateRow>) {
        for StatusUpdateRow { step_ix, update } in rows {
            let status = match update {
                RecordedStatusUpdate::Written {
                    id,
                    acknowledged,
                    naming,
                    kept,
                    created_at,
                } => RecordedStatus::Written(WrittenWebhook {
                    id,
                    is_acknowledged: acknowledged,
                    kept,
                    is_read_later: false,
                    unread: acknowledged.then_some(naming),
                    birth: created_at,
                    full_digest: None,
                }),
                RecordedStatusUpdate::NotWritten => RecordedStatus::NotSent,
                // Only a rollback deletes, and its updates do not change what the run itself wrote.
                RecordedStatusUpdate::Deleted => continue,
                RecordedStatusUpdate::Abandoned => RecordedStatus::Abandoned,
                RecordedStatusUpdate::Unresolved { why, named } => RecordedStatus::Unresolved {
                    why,
                    is_named: named,
                },
            };
            self.set_status(step_ix, status);
        }
    }

    fn set_status(&mut self, step_ix: usize, status: RecordedStatus) {
        if let Some(current) = self.statuses.get_mut(step_ix) {
            *current = status;
        }
    }

    /// The run's id, which [`Runs::find`](super::Runs::find) accepts.
    pub fn id(&self) -> &str {
        &self.header.run
    }

    /// The step indexes of the webhooks with an open send: it is unknown whether they are in the target.
    ///
    /// Empty for a closed run.
    pub fn open_sends(&self) -> Vec<usize> {
        if self.is_closed {
            return Vec::new();
        }
        let is_open = |status: &RecordedStatus| {
            matches!(
                status,
                RecordedStatus::Open | RecordedStatus::Unresolved { .. }
            )
        };
        (0..self.statuses.len())
            .filter(|step_ix| is_open(&self.statuses[*step_ix]))
            .collect()
    }

    /// The webhooks that the run created or updated, with the indexes of their steps in the plan.
    pub fn written(&self) -> impl Iterator<Item = (usize, &WrittenWebhook)> {
        self.statuses
            .iter()
            .enumerate()
            .filter_map(|(step_ix, status)| match status {
                RecordedStatus::Written(written) => Some((step_ix, written)),
                _ => None,
            })
    }

    /// The created webhooks that only responses named, because the run was cut off before it could read them back:
    /// step index, webhook, and how the response named it.
    pub fn unread(&self) -> impl Iterator<Item = (usize, &WrittenWebhook, Naming)> {
        self.written().filter_map(|(step_ix, written)| {
            let is_create = self.header.steps[step_ix].state == StepState::Create;
            let naming = written.unread.filter(|_| is_create)?;
            (!self.is_deleted(&written.id)).then_some((step_ix, written, naming))
        })
    }

    /// The target's company id; `None` if the run never saw one.
    pub fn company(&self) -> Option<&str> {
        let seen_at_end = self
            .footer
            .as_ref()
            .and_then(|footer| footer.company.as_deref());
        self.header.target.company.as_deref().or(seen_at_end)
    }

    /// Whether the given account is the run's target. If either company id is unknown, the API key decides.
    pub fn is_for_account(&self, host: &str, company: Option<&str>, key: &ApiKey) -> bool {
        self.canonical_host() == host
            && match (self.company(), company) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => self.digest_key(key).is_some(),
            }
    }

    /// The target's canonical host, which names it in locks and records.
    pub fn canonical_host(&self) -> String {
        let target = &self.header.target;
        Endpoint::parse(&target.url).map_or_else(
            |_| target.host.clone(),
            |endpoint| endpoint.canonical_host(),
        )
    }

    /// The key of this record's digests; `None` if `key` is not the run's API key.
    pub fn digest_key(&self, key: &ApiKey) -> Option<DigestKey> {
        DigestKey::for_record(key, &self.header.salt, &self.header.key_check)
    }

    /// The undocumented keys that do not count when the run's webhooks are compared: those that the run left out, those
    /// of the account's profile, and those that the user names now.
    pub fn state_keys(&self, account: &Account, named_now: &StateKeys) -> StateKeys {
        let recorded = named_now.with(&self.header.ignore_keys);
        recorded.with(account.ignore_keys())
    }

    /// The alias and type, and the digest of the content, that a step was to write; `None` if the step has none.
    pub fn desired(&self, step_ix: usize) -> Option<(Key, ContentDigest)> {
        let row = self.header.steps.get(step_ix)?;
        let key = Key {
            alias: row.alias.clone(),
            type_id: TypeId(row.type_id?),
        };
        Some((key, row.content?))
    }

    /// Each webhook of the plan with what a comparison with the target needs, in the plan's order.
    pub fn items(&self) -> Vec<RecordedItem> {
        let item = |(row, status): (&StepRow, &RecordedStatus)| RecordedItem {
            desired: row.content,
            undocumented: row.undocumented.clone(),
            undocumented_at_end: match status {
                RecordedStatus::Written(written) => {
                    let at_end = written.full_digest.as_ref();
                    at_end.map(|at_end| at_end.undocumented.clone())
                }
                _ => None,
            },
            location: location(row, status),
        };
        self.header
            .steps
            .iter()
            .zip(&self.statuses)
            .map(item)
            .collect()
    }

    /// The ids that the target had before the run.
    pub fn baseline(&self) -> HashSet<&WebhookId> {
        self.header.baseline.iter().collect()
    }

    /// The source and target ids of every webhook that the run found in both accounts or wrote to the target, except
    /// those that only a response named: the target may show another webhook by such an id.
    pub fn id_map(&self) -> Result<IdMap, Error> {
        let to_id_pair = |(row, status): (&StepRow, &RecordedStatus)| {
            let (target_id, result) = match status {
                RecordedStatus::Written(written) if row.state == StepState::Update => {
                    (written.id.clone(), "updated")
                }
                RecordedStatus::Written(written) if written.unread.is_some() => return None,
                RecordedStatus::Written(written) => (written.id.clone(), "created"),
                _ if row.state == StepState::Unchanged => (row.target_id.clone()?, "unchanged"),
                _ => return None,
            };
            Some(IdPair {
                source_id: row.source_id.clone()?,
                target_id,
                kind: row
                    .type_id
                    .map_or_else(SmolStr::default, |id| type_name(TypeId(id))),
                alias: row.alias.clone(),
                result: SmolStr::new_static(result),
            })
        };
        let rows = self.header.steps.iter().zip(&self.statuses);
        IdMap::new(rows.filter_map(to_id_pair).collect())
    }

    /// The webhooks that the target stores altered.
    pub fn altered(&self) -> Vec<AlteredCopy> {
        let mut altered = Vec::new();
        for (step_ix, row) in self.header.steps.iter().enumerate() {
            let Some(desired) = row.content else {
                continue;
            };
            let stored = match &self.statuses[step_ix] {
                RecordedStatus::Written(written) => {
                    let kept = written.kept;
                    kept.map(|kept| (written.id.clone(), written.birth, kept))
                }
                RecordedStatus::NotSent if row.state == StepState::Unchanged => {
                    let found = row.target_id.clone().zip(row.target_content);
                    found.map(|(id, kept)| (id, row.target_created_at, kept))
                }
                _ => None,
            };
            if let Some((id, birth, kept)) = stored.filter(|(_, _, kept)| *kept != desired) {
                altered.push(AlteredCopy {
                    id,
                    birth,
                    sent: desired,
                    kept,
                });
            }
        }
        altered
    }
}

fn location(row: &StepRow, status: &RecordedStatus) -> RecordedLocation {
    match status {
        RecordedStatus::Written(written) => RecordedLocation::Target {
            id: written.id.clone(),
            birth: written.birth,
            kept: written.kept,
            is_read_later: written.is_read_later,
            is_written: true,
        },
        _ if row.state == StepState::Unchanged => match &row.target_id {
            Some(id) => RecordedLocation::Target {
                id: id.clone(),
                birth: row.target_created_at,
                kept: row.target_content,
                is_read_later: false,
                is_written: false,
            },
            None => RecordedLocation::Nowhere,
        },
        _ if row.state != StepState::Create && row.state != StepState::Update => {
            RecordedLocation::NotPlanned
        }
        RecordedStatus::Open | RecordedStatus::Unresolved { .. } => RecordedLocation::Unknown,
        RecordedStatus::NotSent | RecordedStatus::Abandoned => RecordedLocation::Nowhere,
    }
}
