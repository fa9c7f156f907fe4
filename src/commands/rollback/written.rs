//! What the runs to undo wrote, from their records and the previous bodies beside them.

use crate::coralogix::birth::is_another_birth;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::webhook::{Webhook, WebhookId, parse_list};
use crate::error::Error;
use crate::pipeline::plan::StepState;
use crate::pipeline::rollback::{PreviousContent, RecordedWrite, RollbackItem, UndoState};
use crate::store::runs::{RunRecord, Runs, WrittenWebhook};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A run to undo, with the key of the digests in its record.
pub(super) struct RunToUndo {
    pub(super) record: RunRecord,
    pub(super) digest_key: Arc<DigestKey>,
}

/// Every webhook that the runs wrote, in the order in which the oldest of them wrote it; `chain` has the newest run
/// first.
pub(super) fn written_webhooks(
    runs: &Runs,
    chain: &[RunToUndo],
) -> Result<Vec<RollbackItem>, Error> {
    let mut items: Vec<RollbackItem> = Vec::new();
    // Of several webhooks with one id, the last one.
    let mut by_id: HashMap<WebhookId, usize> = HashMap::new();
    for (run_ix, run) in chain.iter().enumerate().rev() {
        let bodies = previous_bodies(runs, run)?;
        for (step_ix, written) in run.record.written() {
            let Some(write) = recorded_write(run, run_ix, step_ix, written, &bodies) else {
                continue;
            };
            let undone = undone_before(&run.record, &written.id);
            let write = undone.is_none().then_some(write);
            let found = by_id.get(&written.id).copied();
            let is_same = |ix: &usize| {
                // An update may have dated the webhook anew, so what counts is its birth before.
                let row = &run.record.header.steps[step_ix];
                let birth = match row.state {
                    StepState::Update => row.target_created_at,
                    _ => written.birth,
                };
                !is_another_birth(items[*ix].birth, birth)
            };
            if let Some(ix) = found.filter(is_same) {
                let item = &mut items[ix];
                item.birth = written.birth.or(item.birth);
                item.writes.splice(0..0, write);
                // Of a chain, only the rollback of the oldest run undoes everything.
                item.undone = item.undone.take().filter(|_| item.writes.is_empty());
            } else if let Some((key, _)) = run.record.desired(step_ix) {
                let row = &run.record.header.steps[step_ix];
                by_id.insert(written.id.clone(), items.len());
                items.push(RollbackItem {
                    id: written.id.clone(),
                    source_id: row.source_id.clone(),
                    key,
                    birth: written.birth,
                    writes: write.into_iter().collect(),
                    undone,
                });
            }
        }
    }
    Ok(items)
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
    step_ix: usize,
    written: &WrittenWebhook,
    bodies: &HashMap<WebhookId, Webhook>,
) -> Option<RecordedWrite> {
    let (_, sent) = run.record.desired(step_ix)?;
    let row = &run.record.header.steps[step_ix];
    let previous = match row.state {
        StepState::Update => Some(PreviousContent {
            content: row.target_content?,
            body: bodies.get(&written.id).cloned(),
        }),
        _ => None,
    };
    Some(RecordedWrite {
        run_ix,
        step_ix,
        digest_key: Arc::clone(&run.digest_key),
        sent,
        altered_content: written.kept,
        is_read_later: written.is_read_later,
        full_digest: written.full_digest.clone(),
        sent_undocumented: row.undocumented.clone(),
        is_acknowledged: written.is_acknowledged,
        previous,
    })
}

/// The bodies of the updated webhooks before the run, by id; fails if the file was changed since, so that no such
/// body is written to the target.
fn previous_bodies(runs: &Runs, run: &RunToUndo) -> Result<HashMap<WebhookId, Webhook>, Error> {
    let record = &run.record;
    let kept = runs.read_file(record.id(), "previous.json")?;
    let Some(text) = kept.filter(|_| record.header.previous_bodies.is_some()) else {
        return Ok(HashMap::new());
    };
    let is_intact = record.header.previous_bodies == Some(run.digest_key.text(&text).to_string());
    let bodies = is_intact.then(|| parse_list(text).ok()).flatten();
    let bodies = bodies.ok_or_else(|| {
        Error::failed(format!(
            "the saved previous bodies of run {} are damaged",
            record.id()
        ))
        .with_hint(
            "nothing was written; previous.json in the run's folder is not what the run saved there",
        )
    })?;
    let by_id = |body: Webhook| Some((body.id()?, body));
    Ok(bodies.into_iter().filter_map(by_id).collect())
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
        if let Ok(Some(record)) = listed.record {
            ids.extend(record.written().map(|(_, written)| written.id.clone()));
        }
    }
    Ok(ids)
}
