//! What the run records say about a target: sends that are still open, and copies that its server altered.
//! Accounts for the open ones before anything new is planned.

use crate::coralogix::account::Account;
use crate::coralogix::client::Reader;
use crate::coralogix::retry::Patience;
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::error::Error;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::{Known, Memory, State};
use crate::pipeline::push::{
    LeftSend, Leftover, Observation, Recovered, Settling, recover, settle,
};
use crate::render::screen::Screen;
use crate::store::runs::entry::{Entry, LearnedRow, LearnedWhat};
use crate::store::runs::{Record, Runs};
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;

/// What `created_at` may be later than the last moment at which a run's request could take effect.
const LATEST: SignedDuration = SignedDuration::from_hours(1);

/// The records of the runs that wrote to one account, the oldest first.
pub(super) struct History {
    records: Vec<Record>,
}

/// What was found out about the sends that an earlier run left open.
pub(super) struct Accounted {
    /// The run.
    pub(super) run: String,
    /// What became of each.
    pub(super) rows: Vec<LearnedRow>,
}

impl History {
    /// The records about an account, with a known company or without.
    pub(super) fn of(runs: &Runs, account: &Account, company: Option<&str>) -> Result<Self, Error> {
        let mut records = Vec::new();
        let home = account.endpoint.home();
        for listed in runs.all()? {
            let is_about = |record: &Record| record.is_about(&home, company, &account.key);
            if let Some(record) = listed.record?.filter(is_about) {
                records.push(record);
            }
        }
        Ok(Self { records })
    }

    /// The ids of the runs that left something open.
    pub(super) fn open_runs(&self) -> Vec<&str> {
        self.open().map(Record::id).collect()
    }

    /// What runs of a saved plan wrote, as far as their records and what was found out about them tell.
    pub(super) fn brought_by(&self, plan: &str, accounted: &[Accounted]) -> HashSet<WebhookId> {
        let is_of_plan = |record: &&Record| record.begin.saved_plan.as_deref() == Some(plan);
        let mut brought = HashSet::new();
        for record in self.records.iter().filter(is_of_plan) {
            brought.extend(record.arrived().map(|(_, arrived)| arrived.id.clone()));
            let found = accounted.iter().filter(|each| each.run == record.id());
            brought.extend(
                found
                    .flat_map(|each| &each.rows)
                    .filter_map(|row| match &row.what {
                        LearnedWhat::Arrived { id, .. } => Some(WebhookId::new(id.as_str())),
                        _ => None,
                    }),
            );
        }
        brought
    }

    /// No records.
    pub(super) fn none() -> Self {
        Self {
            records: Vec::new(),
        }
    }

    fn open(&self) -> impl Iterator<Item = &Record> {
        self.records
            .iter()
            .filter(|record| !record.open().is_empty())
    }

    /// Says what was left open, and reads the target until it cannot change by that any more.
    ///
    /// Where nothing is open and all that earlier runs brought is listed, the first reading stands.
    pub(super) async fn settle(
        &self,
        reader: &Reader,
        first: Inventory,
        patience: &Patience,
        screen: &Screen,
    ) -> Result<Inventory, Error> {
        let listed: HashSet<WebhookId> = first.webhooks.iter().filter_map(Webhook::id).collect();
        let unsettled: Vec<&Record> = self
            .records
            .iter()
            .filter(|record| !record.open().is_empty() || is_lagging(record, &listed))
            .collect();
        if unsettled.is_empty() {
            return Ok(first);
        }
        settle_all(&unsettled, reader, first, patience, screen).await
    }

    /// What all records teach about a reading of the target.
    pub(super) fn knowledge(
        &self,
        account: &Account,
        target: &Inventory,
    ) -> (Known, Vec<Accounted>) {
        let is_any_open = self.open().next().is_some();
        let seen = is_any_open.then(|| Observation::of(&target.webhooks));
        let elsewhere: HashSet<WebhookId> = self
            .records
            .iter()
            .flat_map(|record| record.arrived().map(|(_, arrived)| arrived.id.clone()))
            .collect();
        let (mut known, mut accounted) = (Known::nothing(), Vec::new());
        for record in &self.records {
            // With another API key than the run's its seals mean nothing, as if the record were lost.
            let Some(sealer) = record.sealer(&account.key) else {
                continue;
            };
            let mut memory = Memory {
                run: record.id().to_owned(),
                altered: record.altered(),
                doubtful: Vec::new(),
                sealer,
            };
            if let Some(seen) = seen.as_ref().filter(|_| !record.open().is_empty()) {
                let found = recover(&leftover(record, &elsewhere), seen, &memory.sealer);
                for (place, recovered) in &found {
                    remember(&mut memory, record, *place, recovered);
                }
                accounted.push(Accounted {
                    run: record.id().to_owned(),
                    rows: found.iter().map(row).collect(),
                });
            }
            known.add(memory);
        }
        (known, accounted)
    }
}

/// Says what some runs left open, and reads the target until it cannot change by that any more.
async fn settle_all(
    open: &[&Record],
    reader: &Reader,
    first: Inventory,
    patience: &Patience,
    screen: &Screen,
) -> Result<Inventory, Error> {
    let mut left = Duration::ZERO;
    for record in open {
        left = left.max(time_left(record));
        let n = record.open().len();
        if n == 0 {
            screen.warn(&format!(
                "run {} ended a moment ago, and the target does not list all that it brought; looking again first",
                record.id()
            ));
            continue;
        }
        if record.sealer(&reader.account().key).is_none() {
            screen.warn(&format!(
                "run {id} left {n} webhooks open and was made with another target API key, so they cannot be looked for; once you have looked yourself: `hookferry runs close {id}`",
                id = record.id()
            ));
            continue;
        }
        let how = if record.end.is_some() {
            "ended"
        } else {
            "was cut off"
        };
        screen.warn(&format!(
            "run {} {how} without knowing what became of {n} webhooks that it had sent; looking for them first",
            record.id()
        ));
    }
    let stage = screen.stage("earlier run");
    let inventory = settle(
        reader,
        first,
        Settling {
            until: Instant::now() + left,
            patience,
            track: &stage,
        },
    )
    .await?;
    stage.finish(&format!("{} webhooks", inventory.webhooks.len()));
    Ok(inventory)
}

/// Settles and accounts for what one run left open, if it left anything open.
pub(super) async fn account_for(
    record: &Record,
    sealer: &Sealer,
    reader: &Reader,
    first: Inventory,
    patience: &Patience,
    screen: &Screen,
) -> Result<(Inventory, Option<Accounted>), Error> {
    let listed = first.webhooks.iter().filter_map(Webhook::id).collect();
    let is_open = !record.open().is_empty();
    if !is_open && !is_lagging(record, &listed) {
        return Ok((first, None));
    }
    let inventory = settle_all(&[record], reader, first, patience, screen).await?;
    if !is_open {
        return Ok((inventory, None));
    }
    let arrived = record.arrived().map(|(_, arrived)| arrived.id.clone());
    let left = leftover(record, &arrived.collect());
    let found = recover(&left, &Observation::of(&inventory.webhooks), sealer);
    let accounted = Accounted {
        run: record.id().to_owned(),
        rows: found.iter().map(row).collect(),
    };
    Ok((inventory, Some(accounted)))
}

/// Writes into the records of earlier runs what was found out about them.
pub(super) fn put_on_record(runs: &Runs, accounted: Vec<Accounted>, by: &str) -> Result<(), Error> {
    for Accounted { run, rows } in accounted {
        let entry = Entry::Settled {
            at: Timestamp::now(),
            by: by.to_owned(),
            webhooks: rows,
        };
        runs.add(&run, &entry)?;
    }
    Ok(())
}

/// Whether a run of a moment ago brought something that is not listed yet; sent again, it would be there twice.
fn is_lagging(record: &Record, listed: &HashSet<WebhookId>) -> bool {
    let is_deleted = |id: &WebhookId| {
        let rolled_back = record.rolled_back.as_ref();
        rolled_back.is_some_and(|all| all.deleted.contains(id.as_str()))
    };
    let is_missing = |id: &WebhookId| !listed.contains(id) && !is_deleted(id);
    !time_left(record).is_zero() && record.arrived().any(|(_, arrived)| is_missing(&arrived.id))
}

/// How much longer the server may be at work on what a run sent last.
pub(super) fn time_left(record: &Record) -> Duration {
    let settle = SignedDuration::from_millis(i64::try_from(record.begin.settle_ms).unwrap_or(0));
    let Some(last) = record.last_sent else {
        return Duration::ZERO;
    };
    // A clock that was set back since must not make the wait longer than the window.
    let left = Timestamp::now().duration_until(last + settle).min(settle);
    Duration::try_from(left).unwrap_or_default()
}

fn leftover(record: &Record, elsewhere: &HashSet<WebhookId>) -> Leftover {
    let begin = &record.begin;
    let baseline = begin.baseline.iter().map(|id| WebhookId::new(id.as_str()));
    // Both clocks were read at the beginning, so what the server's will say is known from ours.
    let ended = record
        .last_sent
        .zip(begin.target_time)
        .map(|(last, theirs)| {
            let passed = last.duration_since(begin.at);
            theirs + passed + LATEST
        });
    let send = |place: usize| {
        let (key, content) = record.sent(place)?;
        let row = &begin.wanted[place];
        let is_update = row.state == State::Update;
        let target_id = row.target_id.clone().map(WebhookId::new);
        Some(LeftSend {
            place,
            key,
            content,
            updates: target_id.filter(|_| is_update),
        })
    };
    Leftover {
        sends: record.open().into_iter().filter_map(send).collect(),
        known: baseline.chain(elsewhere.iter().cloned()).collect(),
        began: begin.target_time,
        ended,
    }
}

fn remember(memory: &mut Memory, record: &Record, place: usize, recovered: &Recovered) {
    let Some((_, sent)) = record.sent(place) else {
        return;
    };
    match recovered {
        Recovered::Arrived(id, Some(kept)) if *kept != sent => {
            memory.altered.push((id.clone(), sent, *kept));
        }
        Recovered::Unresolved(why) => memory.doubtful.push((sent, why.clone())),
        Recovered::Arrived(..) | Recovered::Returned => {}
    }
}

fn row((place, recovered): &(usize, Recovered)) -> LearnedRow {
    let what = match recovered {
        Recovered::Arrived(id, kept) => LearnedWhat::Arrived {
            id: SmolStr::new(id.as_str()),
            acknowledged: false,
            kept: *kept,
        },
        Recovered::Returned => LearnedWhat::Returned,
        Recovered::Unresolved(why) => LearnedWhat::Unresolved { why: why.clone() },
    };
    LearnedRow {
        place: *place,
        what,
    }
}
