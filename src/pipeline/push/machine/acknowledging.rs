//! Acknowledging: what the answer to a create names, and what the target shows of it later.
//! Pure. Seen content outranks a named id: a later reading of the target puts the pairing of an answer right.

use super::super::adopt::{Candidates, CreationTime, SentItem, adopt};
use super::super::item_ix::ItemIx;
use super::super::observation::SeenWebhook;
use super::super::resemblance::{is_respelled_alias, respelled_alias};
use super::super::status::{ItemStatus, Proof};
use super::Machine;
use super::item_state::{ItemState, Tie};
use crate::coralogix::content::{Content, Fingerprint};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::pipeline::strip::Key;
use std::collections::{HashMap, HashSet};

/// Which row of an answer belongs to which item of the request.
struct Pairing {
    pairs: Vec<(ItemIx, SeenWebhook)>,
    /// The item that got the only row left over.
    only_named: Option<ItemIx>,
}

/// An item that an answer named, and its row in a later reading.
struct NamedItem<'l> {
    sent: SentItem,
    /// `None` if the reading does not show the id.
    row: Option<&'l SeenWebhook>,
    url: Fingerprint,
    is_only_named: bool,
}

impl Machine {
    /// Gives the created items of a batch their final status; returns `false` if the answer leaves any doubt.
    pub(super) fn acknowledge_creates(&mut self, batch: &[ItemIx], rows: &[SeenWebhook]) -> bool {
        let Some(pairing) = self.pair_with_answer(batch, rows) else {
            return false;
        };
        for (item_ix, row) in &pairing.pairs {
            if Some(*item_ix) == pairing.only_named {
                self.items[*item_ix].tie = match row.content {
                    Some(_) => Tie::Elimination,
                    None => Tie::BareElimination,
                };
            }
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
            doubtful: Vec::new(),
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
        let by_id: HashMap<&WebhookId, &SeenWebhook> =
            // A row of another birth says nothing about the webhook that the answer named.
            list.iter()
                .filter(|seen| !self.attributed.is_replaced(seen))
                .map(|seen| (&seen.id, seen))
                .collect();
        let named_item = |(item_ix, state): (ItemIx, &ItemState)| {
            let Some(ItemStatus::Created {
                id,
                proof: Proof::Acknowledged,
            }) = state.status()
            else {
                return None;
            };
            let row = by_id
                .get(id)
                .copied()
                .or_else(|| self.respelled_row(id, list));
            let is_equal =
                row.is_some_and(|row| row.id == *id && row.content == Some(state.item.content));
            // A list that lags proves nothing against the id of a webhook.
            let is_doubtful = !is_equal && (row.is_some() || state.tie == Tie::BareElimination);
            is_doubtful.then(|| NamedItem {
                sent: self.sent_items(&[item_ix]).remove(0),
                row,
                url: state.item.url,
                is_only_named: state.tie != Tie::Content,
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

/// What ties a row to an item, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Evidence {
    Content(Fingerprint),
    Key(Key),
    /// The key with the alias as `respelled_alias` spells it.
    RespelledKey(String, TypeId),
    Body(Fingerprint),
}

/// Number of kinds of evidence.
const N_RANKS: usize = 4;

impl Evidence {
    fn new(rank: usize, content: Content, key: &Key) -> Self {
        match rank {
            0 => Self::Content(content.whole),
            1 => Self::Key(key.clone()),
            2 => Self::RespelledKey(respelled_alias(&key.alias), key.type_id),
            _ => Self::Body(content.body),
        }
    }

    fn of_item(rank: usize, item: &NamedItem<'_>) -> Self {
        Self::new(rank, item.sent.content, &item.sent.key)
    }

    /// `None` for a row without a type, which has no content to compare.
    fn of_row(rank: usize, row: &SeenWebhook) -> Option<Self> {
        Some(Self::new(rank, row.content?, row.key.as_ref()?))
    }
}

/// The search for the rows in which the content of named items is found.
struct RowSearch<'n, 'l> {
    named: &'n [NamedItem<'l>],
    /// The rows of the named items.
    rows: Vec<&'l SeenWebhook>,
    /// For each item, the index of its own row.
    own: Vec<Option<usize>>,
    /// For each item, the index of the row that is its webhook.
    found: Vec<Option<usize>>,
    is_taken: Vec<bool>,
    /// Rows that no item claims, by their content.
    spare: HashMap<Fingerprint, Vec<&'l SeenWebhook>>,
}

/// Pairs named items with rows; an item keeps its own unless another one has better evidence for it. An item that is
/// left without a row, or whose row contradicts it, gets the reason instead.
fn pair_by_content<'l>(
    named: &[NamedItem<'l>],
    spare: Vec<&'l SeenWebhook>,
) -> Vec<(ItemIx, Result<&'l SeenWebhook, String>)> {
    let (mut rows, mut own) = (Vec::new(), Vec::new());
    for item in named {
        own.push(item.row.map(|_| rows.len()));
        rows.extend(item.row);
    }
    let mut by_content: HashMap<Fingerprint, Vec<&SeenWebhook>> = HashMap::new();
    for row in spare.into_iter().rev() {
        if let Some(content) = row.content {
            by_content.entry(content.whole).or_default().push(row);
        }
    }
    let mut search = RowSearch {
        named,
        own,
        found: vec![None; named.len()],
        is_taken: vec![false; rows.len()],
        rows,
        spare: by_content,
    };
    for rank in 0..N_RANKS {
        search.keep_own_rows(rank);
        search.find_other_rows(rank);
    }
    (0..named.len())
        .filter_map(|at| Some((named[at].sent.ix, search.outcome(at)?)))
        .collect()
}

impl<'l> RowSearch<'_, 'l> {
    fn keep_own_rows(&mut self, rank: usize) {
        for at in 0..self.named.len() {
            let (None, Some(row)) = (self.found[at], self.own[at]) else {
                continue;
            };
            let evidence = Evidence::of_item(rank, &self.named[at]);
            if !self.is_taken[row] && Evidence::of_row(rank, self.rows[row]) == Some(evidence) {
                self.take(at, row);
            }
        }
    }

    /// Copies with equal content are interchangeable; weaker evidence counts only between one item and one row.
    fn find_other_rows(&mut self, rank: usize) {
        let mut free: HashMap<Evidence, Vec<usize>> = HashMap::new();
        for row in (0..self.rows.len())
            .rev()
            .filter(|row| !self.is_taken[*row])
        {
            if let Some(evidence) = Evidence::of_row(rank, self.rows[row]) {
                free.entry(evidence).or_default().push(row);
            }
        }
        let mut seekers: HashMap<Evidence, Vec<usize>> = HashMap::new();
        for at in (0..self.named.len()).filter(|at| self.found[*at].is_none()) {
            let evidence = Evidence::of_item(rank, &self.named[at]);
            seekers.entry(evidence).or_default().push(at);
        }
        for (evidence, items) in seekers {
            let mut rows = free.remove(&evidence).unwrap_or_default();
            if rank > 0 && (items.len() > 1 || rows.len() > 1) {
                continue;
            }
            for at in items {
                if let Some(row) = rows.pop() {
                    self.take(at, row);
                }
            }
        }
    }

    fn take(&mut self, at: usize, row: usize) {
        self.found[at] = Some(row);
        self.is_taken[row] = true;
    }

    /// The item's row, or why it has none; `None` if the reading does not show its webhook.
    fn outcome(&mut self, at: usize) -> Option<Result<&'l SeenWebhook, String>> {
        if let Some(row) = self.found[at] {
            return Some(Ok(self.rows[row]));
        }
        let item = &self.named[at];
        let Some(own) = self.own[at] else {
            // What the answer named was no webhook. Only equal content makes one ours that no answer named.
            let spare = self.spare.get_mut(&item.sent.content.whole)?;
            return spare.pop().map(Ok);
        };
        let row = self.rows[own];
        let why = if self.is_taken[own] {
            Some("shows another webhook that was sent")
        } else {
            contradiction(item, row)
        };
        let why = why.map(|why| format!("the answer named webhook {}, which {why}", row.id));
        Some(why.map_or(Ok(row), Err))
    }
}

/// Why a row cannot be taken for an item whose id was only named; `None` if it can.
fn contradiction(item: &NamedItem<'_>, row: &SeenWebhook) -> Option<&'static str> {
    if !item.is_only_named {
        return None;
    }
    let Some(key) = &row.key else {
        return Some("shows no type");
    };
    if key.type_id != item.sent.key.type_id {
        return Some("shows another type");
    }
    let is_alike = resembles(&item.sent.key, item.url, row);
    (!is_alike).then_some("shows neither the alias nor the url that was sent")
}

/// Whether a row shows the type, and the alias or the url, that was sent.
pub(super) fn resembles(sent: &Key, url: Fingerprint, row: &SeenWebhook) -> bool {
    row.key.as_ref().is_some_and(|key| {
        key.type_id == sent.type_id
            && (is_respelled_alias(&sent.alias, &key.alias) || row.url == Some(url))
    })
}
