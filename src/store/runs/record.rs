//! A run record, rebuilt from the journal: for each webhook whether it was sent, its id in the target, and
//! whether the send is still open. Pure: the same entries always give the same record.

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

/// The state of one run, rebuilt from its journal.
#[derive(Debug)]
pub struct Record {
    /// The journal's header: everything known before the first write.
    pub begin: Begin,
    /// The status of each webhook, in the order of the plan's steps.
    pub standings: Vec<Standing>,
    /// When the run last sent a request; `None` if it never did.
    pub last_sent: Option<Timestamp>,
    /// The outcome; `None` for a run that is in progress or was killed.
    pub end: Option<End>,
    /// Whether a user closed the run, so that its open sends no longer matter.
    pub is_closed: bool,
    /// The combined effect of all rollbacks of this run; `None` if there was none.
    pub rolled_back: Option<RolledBack>,
    /// The runs or commands that later reconciled open sends of this run.
    pub settled_by: Vec<String>,
}

/// Status of one webhook of a run, as recorded in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The run never sent it.
    NotSent,
    /// The run sent it, and the journal does not record the result.
    Open,
    /// The run sent it, and whether it is in the target could not be determined; holds the reason.
    Unresolved(String),
    /// The webhook is in the target.
    Arrived(Arrived),
    /// The run sent it, and it is not in the target.
    Over,
}

/// A webhook that a run created or updated in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Its id in the target.
    pub id: WebhookId,
    /// `true` if the server's response confirmed it, `false` if the run found it by reading the target.
    pub is_acknowledged: bool,
    /// The digest of what the target stored, if that differs from what was sent.
    pub kept: Option<Sealed>,
    /// The full digest of the webhook when the run ended; `None` for a run that was killed.
    pub shown: Option<Seal>,
}

/// The combined effect of all rollbacks of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolledBack {
    /// When the last rollback ended.
    pub at: Timestamp,
    /// Target ids of deleted webhooks.
    pub deleted: BTreeSet<String>,
    /// Target ids of webhooks whose previous content was restored.
    pub restored: BTreeSet<String>,
    /// Target ids of webhooks that the last rollback left unchanged.
    pub untouched: BTreeSet<String>,
}

impl Record {
    /// Rebuilds the record from journal entries; `None` if the header is missing, and so nothing was sent.
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
            // A journal has one header. A second one could only belong to another run and does not affect this one.
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

    /// Applies status updates to the record.
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

    /// The run's id, as [`Runs::find`](super::Runs::find) resolves it.
    pub fn id(&self) -> &str {
        &self.begin.run
    }

    /// The indexes of webhooks with an open send: sent, but not known to be in the target or not.
    ///
    /// Empty for a closed run.
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

    /// The webhooks that the run created or updated, with the indexes of their steps in the plan.
    pub fn arrived(&self) -> impl Iterator<Item = (usize, &Arrived)> {
        self.standings
            .iter()
            .enumerate()
            .filter_map(|(place, standing)| match standing {
                Standing::Arrived(arrived) => Some((place, arrived)),
                _ => None,
            })
    }

    /// The target's company id; `None` if the run never saw one.
    pub fn company(&self) -> Option<&str> {
        let seen = self.end.as_ref().and_then(|end| end.company.as_deref());
        self.begin.target.company.as_deref().or(seen)
    }

    /// Whether the run wrote to the given account. Where either company id is unknown, the API key decides.
    pub fn is_about(&self, home: &str, company: Option<&str>, key: &ApiKey) -> bool {
        self.home() == home
            && match (self.company(), company) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => self.sealer(key).is_some(),
            }
    }

    /// The target's name in locks and records.
    pub fn home(&self) -> String {
        let target = &self.begin.target;
        Endpoint::parse(&target.url)
            .map_or_else(|_| target.host.clone(), |endpoint| endpoint.home())
    }

    /// The key of this record's digests; `None` if `key` is not the run's API key.
    pub fn sealer(&self, key: &ApiKey) -> Option<Sealer> {
        Sealer::again(key, &self.begin.salt, &self.begin.check)
    }

    /// The match key and the content digest that a step was to write; `None` if the step has no content.
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

    /// The source and target ids of every webhook that the run found in both accounts or wrote to the target.
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

    /// The webhooks that the target stores altered: id, digest of the desired content, digest of the stored content.
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
