//! Batches: which items go into one request.

use super::super::item_ix::{ByItem, ItemIx};
use super::item_state::ItemState;
use super::{Action, Limits};
use std::collections::VecDeque;

/// Items to send in one request, and what happened to them so far.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) item_ixs: Vec<ItemIx>,
    /// How often exactly these items were sent, the server failed, and nothing arrived.
    pub(super) n_failures: u32,
    /// How often the batch that they come from was halved because the server failed.
    pub(super) level: u32,
    /// The number of successes of the run when the server failed first on the batch that they come from.
    pub(super) successes_before: usize,
}

impl Batch {
    /// A batch that was never sent.
    pub(super) fn new(item_ixs: Vec<ItemIx>) -> Self {
        Self {
            item_ixs,
            n_failures: 0,
            level: 0,
            successes_before: 0,
        }
    }

    /// Whether the batch is a single item, so that the server's answer is about that item.
    pub(super) fn is_single(&self) -> bool {
        self.item_ixs.len() == 1
    }

    /// The two halves, the first not smaller than the second.
    pub(super) fn halves(&self) -> [Self; 2] {
        let (left, right) = self.item_ixs.split_at(self.item_ixs.len().div_ceil(2));
        [left, right].map(|half| Self {
            item_ixs: half.to_vec(),
            n_failures: 0,
            ..*self
        })
    }
}

/// The batches of a run, in the order in which it sends them: creates, updates, and each delete by itself.
pub(super) fn first_queue(items: &ByItem<ItemState>, limits: Limits) -> VecDeque<Batch> {
    let of_action = |is_it: fn(&Action) -> bool| -> Vec<ItemIx> {
        let all = items.ixs();
        all.filter(|item_ix| is_it(&items[*item_ix].item.action))
            .collect()
    };
    let creates = of_action(|action| matches!(action, Action::Create));
    let updates = of_action(|action| matches!(action, Action::Update(_)));
    let deletes = of_action(|action| matches!(action, Action::Delete(_)));
    let mut queue = batches(items, &creates, limits);
    queue.extend(batches(items, &updates, limits));
    queue.extend(deletes.into_iter().map(|delete| Batch::new(vec![delete])));
    queue
}

/// Splits items into batches by count and by bytes; an item over the byte limit gets a batch of its own.
pub(super) fn batches(
    items: &ByItem<ItemState>,
    item_ixs: &[ItemIx],
    limits: Limits,
) -> VecDeque<Batch> {
    let mut batches = VecDeque::new();
    let mut batch: Vec<ItemIx> = Vec::new();
    let mut bytes = 0;
    for item_ix in item_ixs {
        let size = items[*item_ix].item.size + 1;
        let is_full = batch.len() >= limits.batch_size || bytes + size > limits.batch_bytes;
        if is_full && !batch.is_empty() {
            batches.push_back(Batch::new(std::mem::take(&mut batch)));
            bytes = 0;
        }
        batch.push(*item_ix);
        bytes += size;
    }
    if !batch.is_empty() {
        batches.push_back(Batch::new(batch));
    }
    batches
}
