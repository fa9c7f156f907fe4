//! The journals of the runs that a rollback undoes: each records what concerns its own webhooks.

use super::Recorder;
use crate::coralogix::webhook::WebhookId;
use crate::document::run::entry::JournalEntry;
use crate::error::Error;
use crate::pipeline::plan::StepIx;
use crate::pipeline::push::{self, JournalNote};
use crate::pipeline::rollback::{RollbackItem, RollbackResult, UndoState};
use jiff::Timestamp;
use std::time::Duration;

/// Records a rollback in the journals of its runs.
pub struct RollbackJournal<'w> {
    /// `None` for a run of which nothing can be undone.
    recorders: Vec<Option<Recorder>>,
    written: &'w [RollbackItem],
}

impl<'w> RollbackJournal<'w> {
    /// Takes one recorder for each run of which anything may be undone, in the order of the runs, and the webhooks that
    /// the runs wrote.
    pub fn new(recorders: Vec<Option<Recorder>>, written: &'w [RollbackItem]) -> Self {
        Self { recorders, written }
    }

    /// Records durably that the rollback starts.
    pub fn start(&self, settle: Duration) -> Result<(), Error> {
        for recorder in self.recorders.iter().flatten() {
            let others = self.recorders.iter().flatten().map(Recorder::run_id);
            recorder.append(&JournalEntry::RollbackStarted {
                at: Timestamp::now(),
                settle_window_ms: u64::try_from(settle.as_millis()).unwrap_or(u64::MAX),
                together_with: others
                    .filter(|run| *run != recorder.run_id())
                    .map(str::to_owned)
                    .collect(),
            })?;
        }
        Ok(())
    }

    /// Records that the rollback has ended, and what it did.
    pub fn finish(&self, result: &RollbackResult) -> Result<(), Error> {
        let webhooks: Vec<_> = self.written.iter().zip(&result.final_states).collect();
        for (run_ix, recorder) in self.recorders.iter().enumerate() {
            let Some(recorder) = recorder else {
                continue;
            };
            let ids_where = |predicate: &dyn Fn(&UndoState) -> bool| -> Vec<WebhookId> {
                let of_run = webhooks.iter().filter(|(item, end)| {
                    item.writes.iter().any(|write| write.run_ix == run_ix) && predicate(end)
                });
                of_run.map(|(item, _)| item.id.clone()).collect()
            };
            recorder.append(&JournalEntry::RolledBack {
                at: Timestamp::now(),
                deleted: ids_where(&|end| matches!(end, UndoState::Gone { .. })),
                restored: ids_where(&|end| *end == UndoState::Restored),
                untouched: ids_where(&|end| {
                    matches!(end, UndoState::Keep(_) | UndoState::Unproven) || end.is_due()
                }),
            })?;
        }
        Ok(())
    }

    /// The indexes in the plan of run `run_ix` of the steps that wrote the webhook of a step of the rollback.
    fn steps_of(&self, run_ix: usize, undo: StepIx) -> impl Iterator<Item = StepIx> {
        let writes = self.written[undo.get()].writes.iter();
        writes
            .filter(move |write| write.run_ix == run_ix)
            .map(|write| write.step_ix)
    }
}

impl push::Journal for RollbackJournal<'_> {
    fn record(&mut self, note: &JournalNote) -> Result<(), Error> {
        for run_ix in 0..self.recorders.len() {
            let of_run = match note {
                JournalNote::Sending(ixs) => {
                    let steps = ixs.iter().flat_map(|ix| self.steps_of(run_ix, *ix));
                    let steps: Vec<StepIx> = steps.collect();
                    (!steps.is_empty()).then_some(JournalNote::Sending(steps))
                }
                JournalNote::StatusUpdates(updates) => {
                    let rows = updates.iter().flat_map(|(ix, update)| {
                        self.steps_of(run_ix, *ix)
                            .map(move |step_ix| (step_ix, update.clone()))
                    });
                    let rows: Vec<_> = rows.collect();
                    (!rows.is_empty()).then_some(JournalNote::StatusUpdates(rows))
                }
            };
            if let (Some(note), Some(recorder)) = (of_run, &mut self.recorders[run_ix]) {
                recorder.record(&note)?;
            }
        }
        Ok(())
    }
}
