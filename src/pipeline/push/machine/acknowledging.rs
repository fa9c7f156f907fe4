//! Acknowledging: what the answer to a create names, and what the target shows of it later.
//! Pure. Seen content outranks a named id: a later reading of the target puts the pairing of an answer right.

use super::super::adopt::{Candidates, CreationTime, adopt};
use super::super::item_ix::ItemIx;
use super::super::named::{NamedItem, Naming, pair_by_content};
use super::super::observation::{RowsById, SeenWebhook};
use super::super::status::{ItemStatus, Proof};
use super::Machine;
use super::item_state::ItemState;
use crate::coralogix::webhook::WebhookId;
use foldhash::HashSet;

/// Which row of an answer belongs to which item of the request.
struct Pairing {
    pairs: Vec<(ItemIx, SeenWebhook)>,
    /// The item that got the only row left over.
    only_named: Option<ItemIx>,
}

impl Machine {
    /// Gives the created items of a batch their final status; returns `false` if the answer leaves any doubt.
    pub(super) fn acknowledge_creates(&mut self, batch: &[ItemIx], rows: &[SeenWebhook]) -> bool {
        let Some(pairing) = self.pair_with_answer(batch, rows) else {
            return false;
        };
        for (item_ix, row) in &pairing.pairs {
            let is_left_over = Some(*item_ix) == pairing.only_named;
            self.items[*item_ix].naming = Some(match row.content {
                _ if !is_left_over => Naming::Content,
                Some(_) => Naming::Elimination,
                None => Naming::IdAlone,
            });
        }
        self.mark_created(pairing.pairs, Proof::Acknowledged);
        true
    }

    /// Pairs the items of a batch with the rows of the answer; `None` if that is not certain.
    ///
    /// Certain are as many rows as items, with fresh ids, if content explains each row, or each but one: then the row
    /// left over belongs to the item left over, unless it shows another type.
    fn pair_with_answer(&self, batch: &[ItemIx], rows: &[SeenWebhook]) -> Option<Pairing> {
        let ids: HashSet<&WebhookId> = rows.iter().map(|row| &row.id).collect();
        let are_fresh = rows.iter().all(|row| self.is_fresh(row));
        if rows.len() != batch.len() || ids.len() != rows.len() || !are_fresh {
            return None;
        }
        let sent = self.sent_items(batch);
        let candidates = Candidates {
            new_in_target: rows.to_vec(),
            ..Candidates::default()
        };
        let mut pairs = adopt(sent, candidates, CreationTime::default()).adopted;
        if pairs.len() == batch.len() {
            return Some(Pairing {
                pairs,
                only_named: None,
            });
        }
        let is_left = |item_ix: &&ItemIx| !pairs.iter().any(|(paired, _)| paired == *item_ix);
        let mut items_left = batch.iter().filter(is_left);
        let (item_ix, None) = (*items_left.next()?, items_left.next()) else {
            return None;
        };
        let is_unpaired = |row: &&SeenWebhook| !pairs.iter().any(|(_, paired)| paired.id == row.id);
        let row = rows.iter().find(is_unpaired)?;
        if !self.may_be_row_of(item_ix, row) {
            return None;
        }
        pairs.push((item_ix, row.clone()));
        Some(Pairing {
            pairs,
            only_named: Some(item_ix),
        })
    }

    /// Whether a row can show a webhook which the last request created.
    fn is_fresh(&self, row: &SeenWebhook) -> bool {
        !self.baseline.may_hold(row)
            && !self.attributed.may_hold(row)
            && !self.new_in_target.may_hold(row)
    }

    /// Whether a row that no content explains may be an item's: nothing showed it before, and its type agrees.
    fn may_be_row_of(&self, item_ix: ItemIx, row: &SeenWebhook) -> bool {
        let type_id = self.items[item_ix].item.key.type_id;
        !self.seen_transiently.may_hold(row)
            && row.key.as_ref().is_none_or(|key| key.type_id == type_id)
    }

    /// Corrects the ids that answers named by what a reading of the target shows of them.
    ///
    /// `is_last`: whether no later reading will show what this one lacks.
    pub(super) fn correct_acknowledged(&mut self, list: &[SeenWebhook], is_last: bool) {
        let named = self.doubtful_items(list);
        if named.is_empty() {
            return;
        }
        let is_spare = |seen: &&SeenWebhook| {
            is_last && !self.baseline.may_hold(seen) && !self.attributed.may_hold(seen)
        };
        let spare = list.iter().filter(is_spare).collect();
        let outcomes = pair_by_content(&named, spare);
        let mut replaced = Vec::new();
        for (item_ix, row) in outcomes {
            match row {
                Ok(row) => replaced.extend(self.correct_id(item_ix, row)),
                Err(why) => self.restate(item_ix, ItemStatus::Unresolved(why)),
            }
        }
        self.release_ids(replaced, list);
    }

    /// The acknowledged items whose webhook the reading shows with other content than was sent, or not at all.
    fn doubtful_items<'l>(&self, list: &'l [SeenWebhook]) -> Vec<NamedItem<'l>> {
        let by_id = RowsById::new(list);
        let named_item = |(item_ix, state): (ItemIx, &ItemState)| {
            let Some(ItemStatus::Created {
                id,
                proof: Proof::Acknowledged,
            }) = state.status()
            else {
                return None;
            };
            // A row of another birth says nothing about the webhook that the answer named.
            let row = by_id
                .get(id)
                .filter(|seen| !self.attributed.is_replaced(seen))
                .or_else(|| self.respelled_row(id, list));
            let is_equal =
                row.is_some_and(|row| row.id == *id && row.content == Some(state.item.content));
            (!is_equal).then(|| NamedItem {
                sent: self.sent_items(&[item_ix]).remove(0),
                row,
                url: state.item.url,
                naming: state.naming.unwrap_or_default(),
            })
        };
        self.items.iter().filter_map(named_item).collect()
    }

    /// A new webhook whose id has the digits of the one that an answer named: a server may pad its ids in answers alone.
    fn respelled_row<'l>(
        &self,
        named: &WebhookId,
        list: &'l [SeenWebhook],
    ) -> Option<&'l SeenWebhook> {
        let is_respelled =
            |seen: &&SeenWebhook| named.is_equal_only_in_digits(&seen.id) && self.is_fresh(seen);
        list.iter().find(is_respelled)
    }

    /// Returns the id that the answer named, if it was another one.
    fn correct_id(&mut self, item_ix: ItemIx, row: &SeenWebhook) -> Option<WebhookId> {
        let status = self.items[item_ix].status();
        let Some(ItemStatus::Created { id: named, proof }) = status.cloned() else {
            return None;
        };
        if named == row.id {
            return None;
        }
        self.attribute(item_ix, row);
        let id = row.id.clone();
        self.restate_written(item_ix, ItemStatus::Created { id, proof }, row);
        Some(named)
    }

    /// Gives up ids that no item claims any more: a list without them does not lag, and with them shows others'.
    fn release_ids(&mut self, replaced: Vec<WebhookId>, list: &[SeenWebhook]) {
        if replaced.is_empty() {
            return;
        }
        let statuses = self.items.values().filter_map(ItemState::status);
        let claimed: HashSet<&WebhookId> = statuses.filter_map(ItemStatus::target_id).collect();
        let is_released = |id: &WebhookId| !claimed.contains(id);
        let released: Vec<WebhookId> = replaced.into_iter().filter(is_released).collect();
        for id in released {
            self.attributed.remove(&id);
            if let Some(seen) = list.iter().find(|seen| seen.id == id) {
                self.new_in_target.insert(seen);
            }
        }
    }
}
