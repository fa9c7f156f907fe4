//! A run record, rebuilt from the journal: for each webhook whether it was sent, its id in the target, and
//! whether the send is still open. Pure.

mod comparison;
mod conclusion;

use super::applied_map::AppliedMap;
use super::entry::{Footer, FullDigests, Header, JournalEntry, StatusRow};
use super::rollback::{RollbackProgress, RolledBack};
use super::step_row::StepRow;
use super::step_rows::StepRows;
use crate::coralogix::birth::Birth;
use crate::coralogix::digest::{ContentDigest, KeyedFullDigest};
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::{StepIx, StepState};
use crate::pipeline::push::{ItemStatus, Naming, Proof, PushResult};
use jiff::Timestamp;

/// The state of one run, rebuilt from its journal.
///
/// `S` holds the steps: all of them in memory, or, while the run is in progress, [`StepRows`].
#[derive(Debug)]
pub struct RunRecord<S = Vec<StepRow>> {
    /// The journal's header: everything known before the first write.
    pub header: Header<S>,
    /// What is known of each webhook, in the order of the plan's steps.
    pub items: Vec<ItemRecord>,
    /// When the run last sent a request; `None` if it never did.
    pub last_sent: Option<Timestamp>,
    /// Number of requests that the journal announces.
    n_sends: usize,
    /// The outcome; `None` for a run that is in progress or was killed.
    pub footer: Option<Box<Footer>>,
    /// Whether a user closed the run, so that its open sends no longer matter.
    pub is_closed: bool,
    /// The combined effect of all rollbacks of this run; `None` if there was none.
    pub rolled_back: Option<RolledBack>,
    /// How far the last rollback came; `None` if there was none.
    pub rollback: Option<RollbackProgress>,
    /// The runs that later continued this one, and the commands that reconciled its open sends.
    pub reconciled_by: Vec<String>,
    /// Each time that the run's id map was applied to alerts, the oldest first.
    pub applied_maps: Vec<AppliedMap>,
}

/// What the record shows of one webhook of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRecord {
    /// Its status.
    pub status: ItemStatus,
    /// When the target created it; `None` if that is unknown. Under its id, a later birth is another webhook.
    pub birth: Option<Birth>,
    /// The digest of what the target stored, if that differs from what was sent.
    pub stored: Option<ContentDigest>,
    /// Whether the run was cut off before it saw `stored`, so that somebody may have changed the webhook before a later
    /// reading showed that.
    pub is_read_later: bool,
    /// How an answer named it, as long as no reading of the target has been compared with that.
    pub naming: Option<Naming>,
    /// Its full digest when the run ended; `None` if it is unknown, as for a run that was killed.
    pub full_digest: Option<Box<KeyedFullDigest>>,
}

/// A webhook that a run created or updated in the target.
#[derive(Debug, Clone, Copy)]
pub struct WrittenWebhook<'r> {
    /// Its id in the target.
    pub id: &'r WebhookId,
    /// `true` if the server's response named it, `false` if this run or a later one found it by reading the target.
    pub is_acknowledged: bool,
    /// What else the record shows of it.
    pub item: &'r ItemRecord,
}

impl ItemRecord {
    const NOT_SENT: Self = Self {
        status: ItemStatus::NotSent,
        birth: None,
        stored: None,
        is_read_later: false,
        naming: None,
        full_digest: None,
    };

    /// The webhook, if the run wrote it.
    pub fn written(&self) -> Option<WrittenWebhook<'_>> {
        let (id, proof) = self.status.written()?;
        Some(WrittenWebhook {
            id,
            is_acknowledged: proof == Proof::Acknowledged,
            item: self,
        })
    }
}

impl RunRecord {
    /// Rebuilds the record from journal entries; `None` if the header is missing.
    pub fn from_entries(entries: Vec<JournalEntry>) -> Option<Self> {
        let mut entries = entries.into_iter();
        let Some(JournalEntry::Header(header)) = entries.next() else {
            return None;
        };
        let mut record = Self::new(*header);
        for entry in entries {
            record.apply(entry);
        }
        Some(record)
    }

    fn new(header: Header) -> Self {
        let n_steps = header.steps.len();
        Self::unsent(header, n_steps)
    }

    /// The record of a run that had nothing to write, and is nowhere on disk.
    pub fn without_writes(header: Header<StepRows<'_>>) -> Self {
        let mut record = Self::new(header.with_outlines());
        let footer = Footer::new(&record, &PushResult::empty(), None);
        record.footer = Some(footer.into());
        record
    }
}

/// What does not depend on the steps.
impl<S> RunRecord<S> {
    /// The record of a run that has sent nothing yet.
    fn unsent(header: Header<S>, n_steps: usize) -> Self {
        Self {
            header,
            items: vec![ItemRecord::NOT_SENT; n_steps],
            last_sent: None,
            n_sends: 0,
            footer: None,
            is_closed: false,
            rolled_back: None,
            rollback: None,
            reconciled_by: Vec::new(),
            applied_maps: Vec::new(),
        }
    }

    /// Applies the next entry of the journal.
    pub fn apply(&mut self, entry: JournalEntry) {
        match entry {
            // A journal has one header. A second one could only belong to another run and does not affect this one.
            JournalEntry::Header(_) => {}
            JournalEntry::Sending { at, steps } => {
                self.last_sent = Some(at);
                if let Some(rollback) = self.running_rollback() {
                    rollback.open.extend(steps);
                    return;
                }
                self.n_sends += 1;
                for step_ix in steps {
                    self.set_status(step_ix, ItemStatus::Open);
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
            JournalEntry::Footer(footer) => self.apply_footer(footer),
            JournalEntry::Closed { .. } => {
                self.is_closed = true;
                if let Some(rollback) = &mut self.rollback {
                    rollback.close();
                }
            }
            JournalEntry::IdMapApplied(applied) => self.applied_maps.push(*applied),
            JournalEntry::RollbackStarted {
                settle_window_ms,
                together_with,
                ..
            } => {
                let earlier = self.rollback.take().unwrap_or_default();
                self.rollback = Some(earlier.start_again(settle_window_ms, together_with));
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

    fn apply_footer(&mut self, mut footer: Box<Footer>) {
        self.apply_updates(std::mem::take(&mut footer.statuses));
        for row in &footer.altered {
            if let Some(item) = self.item_mut(row.step_ix) {
                item.stored = row.content.or(item.stored);
            }
        }
        for (step_ix, digest) in footer.full_digests.iter() {
            if let Some(item) = self.item_mut(step_ix) {
                item.full_digest = Some(digest.into());
                item.naming = None;
            }
        }
        for (step_ix, birth) in footer.full_digests.births() {
            if let Some(item) = self.item_mut(*step_ix) {
                item.birth = Some(*birth);
            }
        }
        // The items hold it from now on.
        footer.full_digests = FullDigests::default();
        self.footer = Some(footer);
    }

    fn running_rollback(&mut self) -> Option<&mut RollbackProgress> {
        self.rollback.as_mut().filter(|rollback| !rollback.is_ended)
    }

    /// Takes the births of restored webhooks from a rollback: a server may date what it updates anew.
    fn retake_births(&mut self, rows: &[StatusRow]) {
        for row in rows {
            if let Some(item) = self.item_mut(row.step_ix)
                && row.status.written().is_some()
            {
                item.birth = row.birth.or(item.birth);
            }
        }
    }

    /// Applies what a later reading of the target showed.
    pub fn apply_reconciliation(&mut self, rows: Vec<StatusRow>) {
        for row in rows {
            let step_ix = row.step_ix;
            let seen_before = self.item_mut(step_ix).and_then(|item| item.stored);
            self.apply_updates(vec![row]);
            if let Some(item) = self.item_mut(step_ix)
                && item.status.written().is_some()
            {
                item.naming = None;
                item.is_read_later = item.stored.is_some() && item.stored != seen_before;
            }
        }
    }

    fn apply_updates(&mut self, rows: Vec<StatusRow>) {
        for row in rows {
            let Some(item) = self.item_mut(row.step_ix) else {
                continue;
            };
            // What a rollback deletes was written by the run all the same.
            if row.status.is_deleted() {
                continue;
            }
            let naming = row.naming.or_else(|| row.usual_naming());
            *item = ItemRecord {
                status: row.status,
                birth: row.birth,
                stored: row.stored,
                is_read_later: false,
                naming,
                full_digest: None,
            };
        }
    }

    fn item_mut(&mut self, step_ix: StepIx) -> Option<&mut ItemRecord> {
        self.items.get_mut(step_ix.get())
    }

    fn set_status(&mut self, step_ix: StepIx, status: ItemStatus) {
        if let Some(item) = self.item_mut(step_ix) {
            item.status = status;
        }
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.header.run
    }
}

impl<'p> RunRecord<StepRows<'p>> {
    /// The record of a run that is about to send its first request.
    pub fn of_new_run(header: Header<StepRows<'p>>) -> Self {
        let n_steps = header.steps.n_steps();
        Self::unsent(header, n_steps)
    }

    /// The record of a run that has ended, with all rows in memory, as far as its outcome shows them.
    pub fn into_outlined(self) -> RunRecord {
        RunRecord {
            header: self.header.with_outlines(),
            items: self.items,
            last_sent: self.last_sent,
            n_sends: self.n_sends,
            footer: self.footer,
            is_closed: self.is_closed,
            rolled_back: self.rolled_back,
            rollback: self.rollback,
            reconciled_by: self.reconciled_by,
            applied_maps: self.applied_maps,
        }
    }
}

impl RunRecord {
    /// Whether a rollback was cut off, or ended without knowing what its last requests did.
    pub fn is_rollback_open(&self) -> bool {
        let is_open = |rollback: &RollbackProgress| !rollback.is_ended || !rollback.open.is_empty();
        self.rollback.as_ref().is_some_and(is_open)
    }

    /// Whether rollbacks undid all that the run wrote, so that nothing of it is left to undo.
    pub fn is_undone(&self) -> bool {
        let Some(total) = &self.rolled_back else {
            return false;
        };
        let is_undone = |id| total.deleted.contains(id) || total.restored.contains(id);
        !self.is_rollback_open()
            && self.open_sends().is_empty()
            && total.untouched.is_empty()
            && self.written().all(|(_, written)| is_undone(written.id))
    }

    /// Whether a rollback deleted the webhook with that id, as far as the journal shows.
    pub fn is_deleted(&self, id: &WebhookId) -> bool {
        let is_it = |step_ix: &StepIx| {
            let item = self.items.get(step_ix.get());
            item.and_then(ItemRecord::written)
                .is_some_and(|written| written.id == id)
        };
        let rolled_back = self.rolled_back.as_ref();
        let rollback = self.rollback.as_ref();
        rolled_back.is_some_and(|total| total.deleted.contains(id))
            || rollback.is_some_and(|rollback| rollback.deleted.iter().any(is_it))
    }

    /// The step indexes of the webhooks with an open send: it is unknown whether they are in the target.
    ///
    /// Empty for a closed run.
    pub fn open_sends(&self) -> Vec<StepIx> {
        if self.is_closed {
            return Vec::new();
        }
        let items = self.items.iter().enumerate();
        items
            .filter(|(_, item)| item.status.is_open())
            .map(|(ix, _)| StepIx::from(ix))
            .collect()
    }

    /// The webhooks that the run created or updated, with the indexes of their steps in the plan.
    pub fn written(&self) -> impl Iterator<Item = (StepIx, WrittenWebhook<'_>)> {
        let items = self.items.iter().enumerate();
        items.filter_map(|(ix, item)| Some((StepIx::from(ix), item.written()?)))
    }

    /// The created webhooks that only responses named, because the run was cut off before it could read them back:
    /// step index, webhook, and how the response named it.
    pub fn unread(&self) -> impl Iterator<Item = (StepIx, WrittenWebhook<'_>, Naming)> {
        self.written().filter_map(|(step_ix, written)| {
            let is_create = self.header.steps[step_ix.get()].state == StepState::Create;
            let naming = written.item.naming.filter(|_| is_create)?;
            (!self.is_deleted(written.id)).then_some((step_ix, written, naming))
        })
    }

    /// The step indexes of those that no content tied to the id that the response named: what has that id may be
    /// another webhook.
    pub fn unsure_ids(&self) -> impl Iterator<Item = StepIx> {
        let unsure = self
            .unread()
            .filter(|(.., naming)| *naming != Naming::Content);
        unsure.map(|(step_ix, ..)| step_ix)
    }

    /// Why nobody knows which webhook of the target a step is, although a response named one.
    pub fn misnamed_reason(&self, step_ix: StepIx) -> Option<&str> {
        let item = self.items.get(step_ix.get())?;
        match &item.status {
            ItemStatus::Unresolved(why) if item.naming.is_some() => Some(why),
            _ => None,
        }
    }
}
