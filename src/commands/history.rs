//! The history of a target, from its run records: open sends, whose result nobody confirmed yet, and webhooks
//! that the server altered. Reconciles the open sends before anything new is planned.

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
use crate::wording::counted;
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;

/// How much later than the last send of a run a webhook may be created and still count as possibly sent by
/// that run.
const LATEST: SignedDuration = SignedDuration::from_hours(1);

/// The records of the runs that wrote to one account, oldest first.
pub(super) struct History {
    records: Vec<Record>,
}

/// Status updates for the open sends of an earlier run.
pub(super) struct Accounted {
    pub(super) run: String,
    pub(super) rows: Vec<LearnedRow>,
}

impl History {
    /// Loads the records of the runs that wrote to `account`; `company` is its company id, if known.
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

    /// The ids of the runs with open sends.
    pub(super) fn open_runs(&self) -> Vec<&str> {
        self.open().map(Record::id).collect()
    }

    /// The ids that runs of a saved plan wrote, from their records and from the status updates just found.
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

    /// Warns about open sends, and reads the target until they can no longer take effect.
    ///
    /// Returns `first` if no send is open and the target lists every webhook that earlier runs wrote.
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

    /// What all records add to an inventory of the target: knowledge for planning, and status updates for
    /// open sends.
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
            // The digests of a run with another API key cannot be compared, so its record counts as lost.
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

/// Warns about the open sends of these runs, and reads the target until they can no longer take effect.
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
                "run {} ended a moment ago, and the target does not list all of its webhooks yet; reading the target again first",
                record.id()
            ));
            continue;
        }
        if record.sealer(&reader.account().key).is_none() {
            screen.warn(&format!(
                "run {id} left {webhooks} open and used another target API key, so hookferry cannot look for them; look for them yourself, then run `hookferry runs close {id}`",
                id = record.id(),
                webhooks = counted(n, "webhook")
            ));
            continue;
        }
        let how = if record.end.is_some() {
            "ended"
        } else {
            "was cut off"
        };
        screen.warn(&format!(
            "run {} {how} without knowing whether {} that it sent arrived; checking the target first",
            record.id(),
            counted(n, "webhook")
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
    stage.finish(&counted(inventory.webhooks.len(), "webhook"));
    Ok(inventory)
}

/// Reconciles the open sends of one run; the second value is `None` if no send was open.
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

/// Appends the status updates to the records of the runs that they belong to.
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

/// Whether the target does not list a webhook yet that a recent run wrote; sending it again would create a
/// duplicate.
fn is_lagging(record: &Record, listed: &HashSet<WebhookId>) -> bool {
    let is_deleted = |id: &WebhookId| {
        let rolled_back = record.rolled_back.as_ref();
        rolled_back.is_some_and(|all| all.deleted.contains(id.as_str()))
    };
    let is_missing = |id: &WebhookId| !listed.contains(id) && !is_deleted(id);
    !time_left(record).is_zero() && record.arrived().any(|(_, arrived)| is_missing(&arrived.id))
}

/// The rest of the settle window after a run's last send, in which the server may still be processing it.
pub(super) fn time_left(record: &Record) -> Duration {
    let settle = SignedDuration::from_millis(i64::try_from(record.begin.settle_ms).unwrap_or(0));
    let Some(last) = record.last_sent else {
        return Duration::ZERO;
    };
    // A clock that was set back in the meantime must not make the wait longer than the window.
    let left = Timestamp::now().duration_until(last + settle).min(settle);
    Duration::try_from(left).unwrap_or_default()
}

fn leftover(record: &Record, elsewhere: &HashSet<WebhookId>) -> Leftover {
    let begin = &record.begin;
    let baseline = begin.baseline.iter().map(|id| WebhookId::new(id.as_str()));
    // Both clocks were read at the start of the run, so ours gives the server's time of the last send.
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
