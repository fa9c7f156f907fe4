//! What a journal amounts to: for each webhook whether it was sent, where it is, and what is still open.
//! Pure; the same entries always give the same record.

use super::entry::{AlteredRow, Begin, End, Entry, LearnedRow, LearnedWhat, ShownRow, WantedRow};
use crate::coralogix::account::ApiKey;
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::kind::type_name;
use crate::coralogix::sealed::{Seal, Sealed, Sealer};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::error::Error;
use crate::pipeline::idmap::{IdMap, Row};
use crate::pipeline::plan::State;
use crate::pipeline::strip::Key;
use crate::pipeline::verify_run::{RecordedItem, RecordedLocation};
use jiff::Timestamp;
use smol_str::SmolStr;
use std::collections::{BTreeSet, HashSet};

/// One run as its journal tells it.
#[derive(Debug)]
pub struct Record {
    /// What it began with.
    pub begin: Begin,
    /// What is known of each webhook of the plan, in its order.
    pub standings: Vec<Standing>,
    /// When it last sent something.
    pub last_sent: Option<Timestamp>,
    /// How it ended; `None` for one that is at work or was killed.
    pub end: Option<End>,
    /// Whether somebody decided that what is open does not matter.
    pub is_closed: bool,
    /// What rollbacks did.
    pub rolled_back: Option<RolledBack>,
    /// What a later run or rollback found out about it.
    pub settled_by: Vec<String>,
}

/// What is known of one webhook of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The run never sent it.
    NotSent,
    /// It was sent, and nothing is known since.
    Open,
    /// It was sent, and it cannot be told what came of it.
    Unresolved(String),
    /// The target has it.
    Arrived(Arrived),
    /// It was sent and did not arrive.
    Over,
}

/// A webhook that a run brought into the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Its id in the target.
    pub id: WebhookId,
    /// Whether the server's own answer said so.
    pub is_acknowledged: bool,
    /// What the target keeps of it where that is not what was sent.
    pub kept: Option<Sealed>,
    /// Everything that the target showed of it when the run ended.
    pub shown: Option<Seal>,
}

/// What rollbacks of a run did, all together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolledBack {
    /// When the last one was.
    pub at: Timestamp,
    /// Target ids that were deleted.
    pub deleted: BTreeSet<String>,
    /// Target ids whose previous content was put back.
    pub restored: BTreeSet<String>,
    /// Target ids that the last one left as they are.
    pub untouched: BTreeSet<String>,
}

impl Record {
    /// The record that entries amount to; `None` where not even the first one was written, and so nothing was sent.
    pub fn of(entries: Vec<Entry>) -> Option<Self> {
        let mut entries = entries.into_iter();
        let Some(Entry::Begin(begin)) = entries.next() else {
            return None;
        };
        let mut record = Self {
            standings: vec![Standing::NotSent; begin.wanted.len()],
            begin: *begin,
            last_sent: None,
            end: None,
            is_closed: false,
            rolled_back: None,
            settled_by: Vec::new(),
        };
        for entry in entries {
            record.take(entry);
        }
        Some(record)
    }

    fn take(&mut self, entry: Entry) {
        match entry {
            // A journal has one beginning; a second one could only be another run's, and tells nothing of this one.
            Entry::Begin(_) => {}
            Entry::Sending { at, places } => {
                self.last_sent = Some(at);
                for place in places {
                    self.set(place, Standing::Open);
                }
            }
            Entry::Learned { webhooks, .. } => self.learn(webhooks),
            Entry::Settled { by, webhooks, .. } => {
                self.learn(webhooks);
                self.settled_by.push(by);
            }
            Entry::End(end) => {
                for AlteredRow { place, kept } in &end.altered {
                    if let Some(Standing::Arrived(arrived)) = self.standings.get_mut(*place) {
                        arrived.kept = Some(*kept);
                    }
                }
                for ShownRow { place, seal } in &end.shown {
                    if let Some(Standing::Arrived(arrived)) = self.standings.get_mut(*place) {
                        arrived.shown = Some(*seal);
                    }
                }
                self.end = Some(end);
            }
            Entry::Closed { .. } => self.is_closed = true,
            Entry::RolledBack {
                at,
                deleted,
                restored,
                untouched,
            } => {
                let all = self.rolled_back.get_or_insert_default();
                all.at = at;
                all.deleted.extend(deleted);
                all.restored.extend(restored);
                all.untouched = untouched.into_iter().collect();
            }
        }
    }

    /// Takes in what was found out about its webhooks.
    pub fn learn(&mut self, rows: Vec<LearnedRow>) {
        for LearnedRow { place, what } in rows {
            let standing = match what {
                LearnedWhat::Arrived {
                    id,
                    acknowledged,
                    kept,
                } => Standing::Arrived(Arrived {
                    id: WebhookId::new(id),
                    is_acknowledged: acknowledged,
                    kept,
                    shown: None,
                }),
                LearnedWhat::Returned => Standing::NotSent,
                LearnedWhat::Over => Standing::Over,
                LearnedWhat::Unresolved { why } => Standing::Unresolved(why),
            };
            self.set(place, standing);
        }
    }

    fn set(&mut self, place: usize, standing: Standing) {
        if let Some(known) = self.standings.get_mut(place) {
            *known = standing;
        }
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.begin.run
    }

    /// The places of webhooks that were sent and of which it is not known whether they arrived.
    pub fn open(&self) -> Vec<usize> {
        if self.is_closed {
            return Vec::new();
        }
        let is_open =
            |standing: &Standing| matches!(standing, Standing::Open | Standing::Unresolved(_));
        (0..self.standings.len())
            .filter(|place| is_open(&self.standings[*place]))
            .collect()
    }

    /// The webhooks that the run created or updated, by their place in the plan.
    pub fn arrived(&self) -> impl Iterator<Item = (usize, &Arrived)> {
        self.standings
            .iter()
            .enumerate()
            .filter_map(|(place, standing)| match standing {
                Standing::Arrived(arrived) => Some((place, arrived)),
                _ => None,
            })
    }

    /// The target's company id, as far as the run saw it.
    pub fn company(&self) -> Option<&str> {
        let seen = self.end.as_ref().and_then(|end| end.company.as_deref());
        self.begin.target.company.as_deref().or(seen)
    }

    /// Whether the run wrote to that account; an account without a known company id is told by its API key.
    pub fn is_about(&self, home: &str, company: Option<&str>, key: &ApiKey) -> bool {
        self.home() == home
            && match (self.company(), company) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => self.sealer(key).is_some(),
            }
    }

    /// The name under which locks and records know the target.
    pub fn home(&self) -> String {
        let target = &self.begin.target;
        Endpoint::parse(&target.url)
            .map_or_else(|_| target.host.clone(), |endpoint| endpoint.home())
    }

    /// What seals contents as this record has them; `None` with another API key than the run's.
    pub fn sealer(&self, key: &ApiKey) -> Option<Sealer> {
        Sealer::again(key, &self.begin.salt, &self.begin.check)
    }

    /// What was to be written at a place: by what it is matched, and its sealed content.
    pub fn sent(&self, place: usize) -> Option<(Key, Sealed)> {
        let row = self.begin.wanted.get(place)?;
        let key = Key {
            alias: row.alias.clone(),
            type_id: TypeId(row.type_id?),
        };
        Some((key, row.content?))
    }

    /// Each webhook of the plan as a comparison with the target needs it, in the plan's order.
    pub fn items(&self) -> Vec<RecordedItem> {
        let item = |(row, standing): (&WantedRow, &Standing)| RecordedItem {
            desired: row.content,
            location: location(row, standing),
        };
        self.begin
            .wanted
            .iter()
            .zip(&self.standings)
            .map(item)
            .collect()
    }

    /// The ids that the target had before the run.
    pub fn baseline(&self) -> HashSet<&str> {
        self.begin.baseline.iter().map(SmolStr::as_str).collect()
    }

    /// The ids of every webhook that both accounts have, as far as the run knows.
    pub fn id_map(&self) -> Result<IdMap, Error> {
        let row = |(row, standing): (&WantedRow, &Standing)| {
            let (target_id, result) = match standing {
                Standing::Arrived(arrived) if row.state == State::Update => {
                    (arrived.id.clone(), "updated")
                }
                Standing::Arrived(arrived) => (arrived.id.clone(), "created"),
                _ if row.state == State::Unchanged => {
                    (WebhookId::new(row.target_id.clone()?), "unchanged")
                }
                _ => return None,
            };
            Some(Row {
                source_id: WebhookId::new(row.source_id.clone()?),
                target_id,
                kind: row
                    .type_id
                    .map_or_else(SmolStr::default, |id| type_name(TypeId(id))),
                alias: row.alias.clone(),
                result: SmolStr::new_static(result),
            })
        };
        let rows = self.begin.wanted.iter().zip(&self.standings);
        IdMap::new(rows.filter_map(row).collect())
    }

    /// What the target keeps of a webhook that the run found or left altered, with the content it stands for.
    pub fn altered(&self) -> Vec<(WebhookId, Sealed, Sealed)> {
        let mut altered = Vec::new();
        for (place, row) in self.begin.wanted.iter().enumerate() {
            let Some(wanted) = row.content else {
                continue;
            };
            let known = match &self.standings[place] {
                Standing::Arrived(Arrived {
                    id,
                    kept: Some(kept),
                    ..
                }) => Some((id.clone(), *kept)),
                Standing::NotSent if row.state == State::Unchanged => {
                    row.target_id.clone().map(WebhookId::new).zip(row.kept)
                }
                _ => None,
            };
            if let Some((id, kept)) = known.filter(|(_, kept)| *kept != wanted) {
                altered.push((id, wanted, kept));
            }
        }
        altered
    }
}

fn location(row: &WantedRow, standing: &Standing) -> RecordedLocation {
    let at = |id: WebhookId, kept, is_written| RecordedLocation::Target {
        id,
        kept,
        is_written,
    };
    match standing {
        Standing::Arrived(arrived) => at(arrived.id.clone(), arrived.kept, true),
        _ if row.state == State::Unchanged => match &row.target_id {
            Some(id) => at(WebhookId::new(id), row.kept, false),
            None => RecordedLocation::Nowhere,
        },
        _ if row.state != State::Create && row.state != State::Update => {
            RecordedLocation::NotPlanned
        }
        Standing::Open | Standing::Unresolved(_) => RecordedLocation::Unknown,
        Standing::NotSent | Standing::Over => RecordedLocation::Nowhere,
    }
}
