//! What the runs to undo wrote, from their records and the previous bodies beside them.

use crate::coralogix::birth::is_another_birth;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::document::run::{RunRecord, WrittenWebhook};
use crate::error::Error;
use crate::pipeline::plan::{StepIx, StepState};
use crate::pipeline::rollback::{PreviousContent, RecordedWrite, RollbackItem, UndoState};
use crate::store::runs::Runs;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A run to undo.
pub(super) struct RunToUndo {
    pub(super) record: RunRecord,
    /// Whether it is already rolled back, so that nothing of it is left to undo.
    pub(super) is_undone: bool,
    /// The key of the digests in its record; `None` if the target has another API key since.
    pub(super) digest_key: Option<Arc<DigestKey>>,
}

/// Every webhook that the runs wrote, in the order in which the oldest of them wrote it; `chain` has the newest run
/// first.
pub(super) fn written_webhooks(
    runs: &Runs,
    chain: &[RunToUndo],
) -> Result<Vec<RollbackItem>, Error> {
    let mut items: Vec<RollbackItem> = Vec::new();
    let mut is_shown: Vec<bool> = Vec::new();
    // Of several webhooks with one id, the last one.
    let mut by_id: HashMap<WebhookId, usize> = HashMap::new();
    for (run_ix, run) in chain.iter().enumerate().rev() {
        let bodies = previous_bodies(runs, run)?;
        for (step_ix, written) in run.record.written() {
            let Some(write) = recorded_write(run, run_ix, step_ix, written, &bodies) else {
                continue;
            };
            let undone = undone_before(&run.record, written.id);
            let write = undone.is_none().then_some(write);
            let found = by_id.get(written.id).copied();
            let is_same = |ix: &usize| {
                // An update may have dated the webhook anew, so what counts is its birth before.
                let row = &run.record.header.steps[step_ix.get()];
                let birth = match row.state {
                    StepState::Update => row.details().target_created_at,
                    _ => written.item.birth,
                };
                !is_another_birth(items[*ix].birth, birth)
            };
            if let Some(ix) = found.filter(is_same) {
                is_shown[ix] |= !run.is_undone;
                let item = &mut items[ix];
                item.birth = written.item.birth.or(item.birth);
                item.writes.splice(0..0, write);
                // Of a chain, only the rollback of the oldest run undoes everything.
                item.undone = item.undone.take().filter(|_| item.writes.is_empty());
            } else if let Some((key, _)) = run.record.desired(step_ix) {
                let row = &run.record.header.steps[step_ix.get()];
                by_id.insert(written.id.clone(), items.len());
                is_shown.push(!run.is_undone);
                items.push(RollbackItem {
                    id: written.id.clone(),
                    source_id: row.source_id.clone(),
                    key,
                    birth: written.item.birth,
                    writes: write.into_iter().collect(),
                    undone,
                });
            }
        }
    }
    // What only runs wrote that are left out is not shown once more.
    Ok(items
        .into_iter()
        .zip(is_shown)
        .filter_map(|(item, is_shown)| is_shown.then_some(item))
        .collect())
}

/// What an earlier rollback of a run made of a webhook that the run wrote; `None` if it left it alone.
fn undone_before(record: &RunRecord, id: &WebhookId) -> Option<UndoState> {
    let total = record.rolled_back.as_ref()?;
    if total.deleted.contains(id) {
        Some(UndoState::GONE)
    } else if total.restored.contains(id) {
        Some(UndoState::Restored)
    } else {
        None
    }
}

fn recorded_write(
    run: &RunToUndo,
    run_ix: usize,
    step_ix: StepIx,
    written: WrittenWebhook<'_>,
    bodies: &HashMap<WebhookId, Webhook>,
) -> Option<RecordedWrite> {
    let (_, sent) = run.record.desired(step_ix)?;
    let row = &run.record.header.steps[step_ix.get()];
    let previous = match row.state {
        StepState::Update => Some(PreviousContent {
            content: row.details().target_content?,
            body: bodies.get(written.id).cloned(),
        }),
        _ => None,
    };
    Some(RecordedWrite {
        run_ix,
        step_ix,
        digest_key: run.digest_key.clone(),
        sent,
        altered_content: written.item.stored,
        is_read_later: written.item.is_read_later,
        full_digest: written.item.full_digest.as_deref().cloned(),
        sent_undocumented: row.details().undocumented.clone(),
        is_acknowledged: written.is_acknowledged,
        previous,
    })
}

/// The bodies of the updated webhooks before the run, by id.
fn previous_bodies(runs: &Runs, run: &RunToUndo) -> Result<HashMap<WebhookId, Webhook>, Error> {
    let Some(digest_key) = &run.digest_key else {
        return Ok(HashMap::new());
    };
    let bodies = runs.previous_bodies(&run.record, digest_key)?;
    let by_id = |body: Webhook| Some((body.id()?, body));
    Ok(bodies.into_iter().flatten().filter_map(by_id).collect())
}

/// The ids that recorded runs other than these wrote.
pub(super) fn ids_of_other_runs(
    runs: &Runs,
    chain: &[RunToUndo],
) -> Result<HashSet<WebhookId>, Error> {
    let is_other = |id: &str| !chain.iter().any(|run| run.record.id() == id);
    let mut ids = HashSet::new();
    for listed in runs
        .all()?
        .into_iter()
        .filter(|listed| is_other(&listed.id))
    {
        if let Ok(record) = listed.record {
            ids.extend(record.written().map(|(_, written)| written.id.clone()));
        }
    }
    Ok(ids)
}
