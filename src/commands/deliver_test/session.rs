//! The webhooks that are tested, and their tests: on record first, sent once, and never again.

use crate::commands::reading::{live_party, open_reader, read_first};
use crate::commands::record_check::refuse_other_account;
use crate::commands::runs::read_deliveries;
use crate::coralogix::account::Account;
use crate::coralogix::birth::is_another_birth;
use crate::coralogix::client::{Reader, Writer};
use crate::coralogix::retry::{WaitBudget, jitter, throttle_wait};
use crate::coralogix::summary::SummaryIndex;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::document::run::RunRecord;
use crate::document::{DeliveryEntry, last_deliveries};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::pipeline::delivery::{Conclusion, DeliveryStatus, conclude};
use crate::pipeline::fetch::Inventory;
use crate::render::deliver_test::{DeliverTestView, DeliveryRow};
use crate::render::screen::Screen;
use crate::settings::{Consent, DeliverTestSettings, StateFolder, Tested};
use crate::store::deliveries::Deliveries;
use crate::store::lock::{Lock, LockHolder, Locks};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// A webhook to test: its id in the newer API, or why it cannot be tested.
struct Candidate {
    webhook: Webhook,
    uuid: Result<String, String>,
    /// What is known of an earlier test, unless that counts no more.
    earlier: Option<DeliveryEntry>,
}

/// The webhooks to test, and the client of their account.
pub(super) struct Session {
    reader: Reader,
    inventory: Inventory,
    run: Option<String>,
    candidates: Vec<Candidate>,
    deliveries: Deliveries,
    /// Two sessions would test the same webhooks; `None` for one that sends nothing.
    _lock: Option<Lock>,
}

/// What became of all tests.
pub(super) struct Delivered {
    /// One status for each webhook.
    pub(super) statuses: Vec<DeliveryStatus>,
    /// Why not all were sent.
    pub(super) stop: Option<Error>,
}

/// Reads the account, and finds the webhooks to test in both of its lists.
pub(super) async fn prepare(
    settings: &DeliverTestSettings,
    screen: &Screen,
) -> Result<Session, Error> {
    let deliveries = Deliveries::new(settings.state.path()?);
    let (account, record) = match &settings.tested {
        Tested::Account(account) => (account.as_ref().clone(), None),
        Tested::Run(run, target) => {
            let runs = settings.state.recorded_runs()?;
            let record = runs.open(&runs.find(run)?)?;
            (target.account(&record.header).await?, Some(record))
        }
    };
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let reader = open_reader(&account, &settings.client, &wait_budget, screen)?;
    let inventory = read_first(&reader, screen).await?;
    let lock = match settings.consent {
        Consent::DryRun => None,
        consent => Some(lock_account(
            &account,
            &inventory,
            consent,
            &settings.state,
        )?),
    };
    let webhooks = match &record {
        Some(record) => {
            refuse_other_account(record, &inventory, &account)?;
            written_and_listed(record, &inventory, screen)?
        }
        None => inventory.webhooks.clone(),
    };
    let selected = settings.filter.apply(webhooks)?;
    let summaries = reader.summaries().await.map_err(|why| {
        Error::failed(format!("{account} cannot be asked for test deliveries: {why}"))
            .with_hint("only Coralogix's newer API sends test deliveries; nothing was sent. The web app can send them, too")
    })?;
    let summaries = SummaryIndex::new(summaries);
    let entries = read_deliveries(settings.state.path()?, screen);
    let company = inventory.common_company_id();
    let host = account.endpoint.canonical_host();
    let known = last_deliveries(&entries, &host, company.as_deref());
    let candidates = selected.into_iter().map(|webhook| Candidate {
        uuid: summaries.uuid(&webhook).map(str::to_owned),
        earlier: (!settings.again)
            .then(|| earlier_test(&webhook, &known))
            .flatten(),
        webhook,
    });
    Ok(Session {
        candidates: candidates.collect(),
        run: record.map(|record| record.id().to_owned()),
        reader,
        inventory,
        deliveries,
        _lock: lock,
    })
}

/// Keeps other tests and runs from the account until the returned lock is dropped.
fn lock_account(
    account: &Account,
    inventory: &Inventory,
    consent: Consent,
    state: &StateFolder,
) -> Result<Lock, Error> {
    let (locks, host) = (
        Locks::new(state.path()?)?,
        account.endpoint.canonical_host(),
    );
    let company = inventory.common_company_id();
    let holder = LockHolder::this_process("deliver-test").asking(consent == Consent::Ask);
    let snapshot = locks.snapshot(&host)?;
    let (lock, _) = locks.acquire(&host, company.as_deref(), &holder, &snapshot)?;
    Ok(lock)
}

/// The last test of a webhook, unless that was before its last change.
fn earlier_test(
    webhook: &Webhook,
    known: &HashMap<&WebhookId, &DeliveryEntry>,
) -> Option<DeliveryEntry> {
    let entry = *known.get(&webhook.id()?)?;
    let created = webhook.birth().map(|birth| birth.at());
    let changed = webhook.updated_at().or(created);
    let is_older = changed.is_some_and(|changed| entry.at < changed);
    (!is_older).then(|| entry.clone())
}

/// The webhooks that a run wrote and that the target still lists; warns of the others.
fn written_and_listed(
    record: &RunRecord,
    inventory: &Inventory,
    screen: &Screen,
) -> Result<Vec<Webhook>, Error> {
    let mut written: HashMap<WebhookId, _> = record
        .written()
        .map(|(step_ix, written)| {
            let type_id = record.header.steps[step_ix.get()].type_id;
            (written.id.clone(), (written.item.birth, type_id))
        })
        .collect();
    let mut listed = Vec::new();
    for webhook in &inventory.webhooks {
        let Some(id) = webhook.id() else { continue };
        match written.get(&id) {
            // A test of another type has another effect.
            Some((birth, type_id))
                if !is_another_birth(*birth, webhook.birth())
                    && *type_id == webhook.type_id().ok().map(|type_id| type_id.0) =>
            {
                written.remove(&id);
                listed.push(webhook.clone());
            }
            _ => {}
        }
    }
    if !written.is_empty() {
        let mut gone: Vec<String> = written.keys().map(ToString::to_string).collect();
        gone.sort();
        screen.warn(&format!(
            "the target no longer has what run {} wrote as {}, or has it with another type",
            record.id(),
            gone.join(", ")
        ));
    }
    if listed.is_empty() {
        let what = format!(
            "there is nothing to test: the target has none of the webhooks that run {} wrote",
            record.id()
        );
        return Err(Error::new(ErrorKind::Refused, what).with_hint(
            "to test other webhooks of the account, name it with --to instead of a run",
        ));
    }
    Ok(listed)
}

fn not_sent(why: &str) -> DeliveryStatus {
    DeliveryStatus::NotSent {
        why: why.to_owned(),
    }
}

impl Session {
    /// The account whose webhooks are tested.
    pub(super) fn account(&self) -> &Account {
        self.reader.account()
    }

    /// How many webhooks can be tested.
    pub(super) fn n_due(&self) -> usize {
        let candidates = self.candidates.iter();
        let due = candidates.filter(|candidate| candidate.settled().is_none());
        due.count()
    }

    /// The tests with their results, or before they are sent.
    pub(super) fn view(&self, statuses: Option<&[DeliveryStatus]>) -> DeliverTestView {
        let row = |(ix, candidate): (usize, &Candidate)| {
            let result = statuses.map(|statuses| statuses[ix].clone());
            let status = result.or_else(|| candidate.settled());
            DeliveryRow::new(&candidate.webhook, status, candidate.remark())
        };
        DeliverTestView {
            target: live_party(self.account(), &self.inventory),
            run: self.run.clone(),
            is_done: statuses.is_some(),
            rows: self.candidates.iter().enumerate().map(row).collect(),
        }
    }

    /// Sends every test, one after the other, until all are sent, or none can be any more.
    pub(super) async fn deliver_all(&self, screen: &Screen, interrupt: &Interrupt) -> Delivered {
        let writer = Writer::new(self.reader.clone());
        let stage = screen.start_stage("test webhooks");
        let mut statuses = Vec::with_capacity(self.candidates.len());
        let mut stop: Option<Error> = None;
        for candidate in &self.candidates {
            let status = match (candidate.settled(), &candidate.uuid) {
                (Some(status), _) => status,
                (None, Err(why)) => not_sent(why),
                (None, Ok(_)) if stop.is_some() => not_sent("hookferry stopped before"),
                (None, Ok(_)) if interrupt.signal().is_some() => not_sent("interrupted before"),
                (None, Ok(uuid)) => {
                    let (status, error) = self.deliver(&writer, candidate, uuid).await;
                    stop = error;
                    status
                }
            };
            statuses.push(status);
        }
        let is_delivered = |status: &&DeliveryStatus| **status == DeliveryStatus::Delivered;
        let n = statuses.iter().filter(is_delivered).count();
        stage.finish(&format!("{n} of {} delivered", statuses.len()));
        // Whoever has sent something cannot say that nothing happened.
        let has_sent = |status: &DeliveryStatus| !matches!(status, DeliveryStatus::NotSent { .. });
        let stop = match stop {
            Some(error) if statuses.iter().any(has_sent) => Some(error.into_partial()),
            other => other,
        };
        Delivered { statuses, stop }
    }

    /// Puts a test on record, sends it, and records what became of it; also returns why no other can follow.
    async fn deliver(
        &self,
        writer: &Writer,
        candidate: &Candidate,
        uuid: &str,
    ) -> (DeliveryStatus, Option<Error>) {
        if let Err(error) = self.record(candidate, DeliveryStatus::started()) {
            return (not_sent("it could not be put on record"), Some(error));
        }
        let answer = writer.deliver_test(uuid, &candidate.webhook).await;
        // A rate limit holds for the next test, too; this one is not sent again.
        let wait = answer.as_ref().err().and_then(|failure| {
            failure.throttled()?;
            throttle_wait(1, failure.requested_wait(), jitter())
        });
        let Conclusion { status, stop } = conclude(answer);
        let stop = stop.map(|reason| reason.to_error(self.account(), "test a webhook"));
        // The entry before already says that the result is unknown, so the record is never wrong.
        let recorded = self.record(candidate, status.clone());
        if let Some(wait) = wait {
            self.reader.wait("answered 429", wait).await;
        }
        (status, stop.or(recorded.err()))
    }

    fn record(&self, candidate: &Candidate, status: DeliveryStatus) -> Result<(), Error> {
        let webhook = &candidate.webhook;
        self.deliveries.append(&DeliveryEntry {
            at: Timestamp::now(),
            host: self.account().endpoint.canonical_host(),
            company: self.inventory.common_company_id(),
            id: webhook.id().unwrap_or_else(|| WebhookId::new("")),
            alias: webhook.alias().unwrap_or_default().into(),
            type_id: webhook.type_id().ok().map(|type_id| type_id.0),
            status,
        })
    }
}

impl Candidate {
    /// What is known without a test, because none can be sent, or an earlier one was.
    fn settled(&self) -> Option<DeliveryStatus> {
        match (&self.uuid, self.earlier.as_ref().map(|entry| &entry.status)) {
            (Err(why), _) => Some(not_sent(why)),
            (Ok(_), Some(DeliveryStatus::Delivered)) => Some(DeliveryStatus::Delivered),
            (Ok(_), Some(DeliveryStatus::Unknown { .. })) => Some(not_sent(
                "an earlier test may have been delivered; --again sends one more",
            )),
            (Ok(_), _) => None,
        }
    }

    /// What to say beside its status.
    fn remark(&self) -> Option<String> {
        let entry = self.earlier.as_ref()?;
        (entry.status == DeliveryStatus::Delivered).then(|| {
            format!(
                "tested on {:.0}, so left out; --again tests it once more",
                entry.at
            )
        })
    }
}
