//! What rollbacks made of a run.

use super::entry::StatusRow;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::StepIx;
use jiff::Timestamp;
use std::collections::BTreeSet;

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
    /// The other runs that the same rollback undoes.
    pub together_with: Vec<String>,
    /// How long the server may still be processing its last request, in milliseconds.
    pub settle_window_ms: u64,
    /// Step indexes of the webhooks whose delete or restore was sent, with unknown effect.
    pub open: BTreeSet<StepIx>,
    /// Step indexes of the webhooks that the server deleted, by its own word.
    pub deleted: BTreeSet<StepIx>,
}

impl RollbackProgress {
    /// A user has checked what it did; a later rollback opens it again.
    pub(super) fn close(&mut self) {
        self.is_ended = true;
        self.open.clear();
    }

    /// A rollback of these runs, too, goes on where this one stopped, or starts anew.
    pub(super) fn start_again(self, settle_window_ms: u64, together_with: Vec<String>) -> Self {
        Self {
            settle_window_ms,
            together_with,
            is_ended: false,
            open: BTreeSet::new(),
            deleted: self.deleted,
        }
    }

    pub(super) fn apply_updates(&mut self, rows: &[StatusRow]) {
        for StatusRow {
            step_ix, status, ..
        } in rows
        {
            self.open.remove(step_ix);
            match status {
                status if status.is_deleted() => self.deleted.insert(*step_ix),
                // The server's word no longer counts: an observation contradicts it, or could not confirm it.
                status if status.is_open() => {
                    self.deleted.remove(step_ix);
                    self.open.insert(*step_ix)
                }
                _ => self.deleted.remove(step_ix),
            };
        }
    }
}
