//! The webhooks that are tested, and their tests: on record first, sent once, and never again.

use crate::commands::reading::{live_party, open_reader, read_first};
use crate::commands::record_check::refuse_other_account;
use crate::coralogix::account::Account;
use crate::coralogix::birth::is_another_birth;
use crate::coralogix::client::{Reader, Writer};
use crate::coralogix::retry::{WaitBudget, jitter, throttle_wait};
use crate::coralogix::summary::SummaryIndex;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::document::DeliveryEntry;
use crate::document::run::RunRecord;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::pipeline::delivery::{Conclusion, DeliveryStatus, conclude};
use crate::pipeline::fetch::Inventory;
use crate::render::deliver_test::{DeliverTestView, DeliveryRow};
use crate::render::screen::Screen;
use crate::settings::{DeliverTestSettings, Tested};
use crate::store::deliveries::Deliveries;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// A webhook to test: its id in the newer API, or why it cannot be tested.
struct Candidate {
    webhook: Webhook,
    uuid: Result<String, String>,
}

/// The webhooks to test, and the client of their account.
pub(super) struct Session {
    reader: Reader,
    inventory: Inventory,
    run: Option<String>,
    candidates: Vec<Candidate>,
    deliveries: Deliveries,
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
    let candidates = selected.into_iter().map(|webhook| Candidate {
        uuid: summaries.uuid(&webhook).map(str::to_owned),
        webhook,
    });
    Ok(Session {
        candidates: candidates.collect(),
        run: record.map(|record| record.id().to_owned()),
        reader,
        inventory,
        deliveries,
    })
}

/// The webhooks that a run wrote and that the target still lists; warns of the others.
fn written_and_listed(
    record: &RunRecord,
    inventory: &Inventory,
    screen: &Screen,
) -> Result<Vec<Webhook>, Error> {
    let mut written: HashMap<WebhookId, _> = record
        .written()
        .map(|(_, written)| (written.id.clone(), written.item.birth))
        .collect();
    let mut listed = Vec::new();
    for webhook in &inventory.webhooks {
        let Some(id) = webhook.id() else { continue };
        match written.get(&id) {
            Some(birth) if !is_another_birth(*birth, webhook.birth()) => {
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
            "the target no longer has what run {} wrote as {}",
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

impl Session {
    /// The account whose webhooks are tested.
    pub(super) fn account(&self) -> &Account {
        self.reader.account()
    }

    /// How many webhooks can be tested.
    pub(super) fn n_due(&self) -> usize {
        let candidates = self.candidates.iter();
        candidates
            .filter(|candidate| candidate.uuid.is_ok())
            .count()
    }

    /// The tests with their results, or before they are sent.
    pub(super) fn view(&self, statuses: Option<&[DeliveryStatus]>) -> DeliverTestView {
        let row = |(ix, candidate): (usize, &Candidate)| {
            let result = statuses.map(|statuses| statuses[ix].clone());
            DeliveryRow::new(&candidate.webhook, result.or_else(|| candidate.obstacle()))
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
            let not_sent = |why: &str| DeliveryStatus::NotSent {
                why: why.to_owned(),
            };
            let status = match (&candidate.uuid, &stop) {
                (Err(why), _) => not_sent(why),
                (Ok(_), Some(_)) => not_sent("hookferry stopped before"),
                (Ok(_), None) if interrupt.signal().is_some() => not_sent("interrupted before"),
                (Ok(uuid), None) => {
                    let recorded = self.record(candidate, DeliveryStatus::started());
                    match recorded {
                        Ok(()) => {
                            let (status, error) = self.deliver(&writer, candidate, uuid).await;
                            stop = error;
                            status
                        }
                        Err(error) => {
                            stop = Some(error);
                            not_sent("it could not be put on record")
                        }
                    }
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

    /// Sends a test that is on record, and records what became of it; also returns why no other can follow.
    async fn deliver(
        &self,
        writer: &Writer,
        candidate: &Candidate,
        uuid: &str,
    ) -> (DeliveryStatus, Option<Error>) {
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
    /// Why it cannot be tested.
    fn obstacle(&self) -> Option<DeliveryStatus> {
        let why = self.uuid.as_ref().err()?;
        Some(DeliveryStatus::NotSent { why: why.clone() })
    }
}
