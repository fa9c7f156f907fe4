//! What answers named, compared with what a reading of the target shows: one decision, for the read-back of a run and
//! for a run that was cut off before it.
//! Pure. Seen content outranks a named id, and an id that shows something else makes its item unresolved.

use super::adopt::SentItem;
use super::item_ix::ItemIx;
use super::observation::SeenWebhook;
use super::resemblance::{is_respelled_alias, respelled_alias};
use crate::coralogix::content::{Content, Fingerprint};
use crate::coralogix::webhook::TypeId;
use crate::pipeline::strip::Key;
use foldhash::HashMap;
use serde::{Deserialize, Serialize};

/// How an answer named the webhook that it created, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// Its row showed content that ties the id to what was sent.
    #[default]
    Content,
    /// Its row was the only one left over, and what it showed ties it to nothing.
    Elimination,
    /// Its row was the only one left over and showed no content, so what it named may be no webhook at all.
    IdAlone,
}

/// An item that an answer named, and its row in a later reading.
pub(super) struct NamedItem<'l> {
    pub(super) sent: SentItem,
    /// `None` if the reading does not show the id.
    pub(super) row: Option<&'l SeenWebhook>,
    pub(super) url: Fingerprint,
    pub(super) naming: Naming,
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
pub(super) fn pair_by_content<'l>(
    named: &[NamedItem<'l>],
    spare: Vec<&'l SeenWebhook>,
) -> Vec<(ItemIx, Result<&'l SeenWebhook, String>)> {
    let (mut rows, mut own) = (Vec::new(), Vec::new());
    for item in named {
        own.push(item.row.map(|_| rows.len()));
        rows.extend(item.row);
    }
    let mut by_content: HashMap<Fingerprint, Vec<&SeenWebhook>> = HashMap::default();
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
        let mut free: HashMap<Evidence, Vec<usize>> = HashMap::default();
        for row in (0..self.rows.len())
            .rev()
            .filter(|row| !self.is_taken[*row])
        {
            if let Some(evidence) = Evidence::of_row(rank, self.rows[row]) {
                free.entry(evidence).or_default().push(row);
            }
        }
        let mut seekers: HashMap<Evidence, Vec<usize>> = HashMap::default();
        for at in (0..self.named.len()).filter(|at| self.may_seek(*at, rank)) {
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

    /// Whether an item may take the row of another one. An item whose own id the reading does not show may be where its
    /// id is, unless another id shows exactly its content: then the answer swapped them.
    fn may_seek(&self, at: usize, rank: usize) -> bool {
        let is_without_row = self.own[at].is_none() && self.named[at].naming != Naming::IdAlone;
        self.found[at].is_none() && (rank == 0 || !is_without_row)
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
            // A list that lags proves nothing against the id of a webhook.
            if item.naming != Naming::IdAlone {
                return None;
            }
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
    if item.naming == Naming::Content {
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
