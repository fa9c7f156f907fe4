//! Fifth stage: carries out the actions of a plan or of a rollback, each exactly once.
//!
//! The state machine in `machine` makes every decision. This file is the thin I/O loop around it: it sends
//! requests, reads the target back, waits, and writes the journal.

mod actions;
mod adopt;
mod journal;
mod machine;
mod named;
mod notes;
mod observation;
mod recover;
mod recover_named;
mod resemblance;
mod settling;
// Test code that needs this module's private items.
#[cfg(test)]
#[path = "../../tests/simulation/mod.rs"]
mod simulation;
mod status;

pub use actions::ActionList;
pub use journal::{Journal, JournalNote, StatusUpdate};
pub use named::Naming;
pub use observation::{Observation, SeenWebhook};
pub use recover::{KnownBirths, OpenSend, OpenSends, Recovery, SettleOptions, recover, settle};
pub use recover_named::{NamedSend, NamedSends, recover_named, url_digest};
pub use status::{ItemStatus, Proof, PushResult, StopReason};

use super::content_cache::ContentCache;
use super::fetch::{Inventory, fetch_in_parts};
use super::plan::Plan;
use crate::coralogix::birth::Identity;
use crate::coralogix::client::{AcceptedWrite, DeleteAnswer, WriteAnswer, Writer};
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::http::failure::{ConnectFailure, Failure};
use crate::interrupt::Interrupt;
use actions::{ActionRequest, bulk_body};
use jiff::Timestamp;
use machine::{Event, KnownWebhooks, Limits, Machine, MachineCommand, RequestOutcome};
use notes::OpenNotes;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The webhooks that the target held before the first write, by id and birth.
///
/// A push cannot start without one: only the baseline tells the webhooks that the push creates apart from
/// those that were already there.
#[derive(Debug, Clone)]
pub struct Baseline {
    webhooks: KnownWebhooks,
    server_time: Option<SystemTime>,
}

impl Baseline {
    /// Takes the baseline from a reading of the target.
    ///
    /// Returns `None` if any webhook has no id, because it could later not be told apart from a new one.
    pub fn from_inventory(target: &Inventory) -> Option<Self> {
        let has_id = |webhook: &Webhook| webhook.id().is_some();
        let is_complete = target.webhooks.iter().all(has_id);
        is_complete.then(|| Self::without_creates(target))
    }

    /// Takes the baseline of a run that creates nothing, for which webhooks without an id do not matter.
    pub fn without_creates(target: &Inventory) -> Self {
        Self {
            webhooks: target.webhooks.iter().filter_map(known_webhook).collect(),
            server_time: target.server_time,
        }
    }
}

fn known_webhook(webhook: &Webhook) -> Option<(WebhookId, Identity)> {
    Some((webhook.id()?, Identity::of(webhook)))
}

/// The user's settings for writing.
#[derive(Debug, Clone, Copy)]
pub struct PushOptions {
    /// The settle window: how long the server may still be processing a request whose response was lost.
    pub settle: Duration,
    /// Maximum number of webhooks in one request; 0 counts as 1.
    pub batch_size: usize,
}

/// Maximum bytes in one request body. A larger webhook still goes out, alone in its request.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// Everything a push needs besides the plan and the target.
pub struct PushContext<'s> {
    /// How long the whole run may still wait; all its stages draw on the same budget.
    pub wait_budget: &'s WaitBudget,
    /// Receives progress and wait reports.
    pub progress_sink: &'s dyn ProgressSink,
    /// Records each request durably before it is sent.
    pub journal: &'s mut dyn Journal,
    /// Signals that the user wants the run to end.
    pub interrupt: &'s Interrupt,
}

/// Receives the progress of a push or a rollback.
pub trait ProgressSink: Send + Sync {
    /// Reports that `done` of `total` webhooks are finished, whatever their status.
    fn report_progress(&self, done: usize, total: usize);
    /// Reports that the run now waits for `wait`, because of `why`.
    fn report_wait(&self, why: &str, wait: Duration);
}

/// Writes the plan's creates and updates until the target has them all or the run has to stop.
///
/// There is no error: the result holds a status for each webhook and, if the push stopped early, the reason.
pub async fn push(
    plan: &Plan,
    baseline: &Baseline,
    writer: &Writer,
    options: PushOptions,
    context: PushContext<'_>,
) -> PushResult {
    let actions = ActionList::from_plan(plan);
    carry_out(actions, baseline, writer, options, context).await
}

/// Carries out actions until they are all done or the run has to stop.
///
/// There is no error: the result holds a status for each action and, if the run stopped early, the reason.
pub async fn carry_out(
    actions: ActionList<'_>,
    baseline: &Baseline,
    writer: &Writer,
    options: PushOptions,
    context: PushContext<'_>,
) -> PushResult {
    let known_ids = actions.known_ids();
    let target_time = baseline
        .server_time
        .and_then(|time| Timestamp::try_from(time).ok());
    let limits = Limits {
        settle: options.settle,
        batch_size: options.batch_size.max(1),
        batch_bytes: MAX_BATCH_BYTES,
    };
    let machine = Machine::new(
        actions.items,
        baseline.webhooks.clone(),
        target_time,
        limits,
    );
    let driver = PushDriver {
        step_ixs: actions.step_ixs,
        requests: actions.requests,
        content_cache: actions.content_cache,
        writer,
        context,
        started: Instant::now(),
        company_ids: BTreeSet::new(),
        baseline,
        known_ids,
        n_requests: 0,
        read_failure: None,
        server_words: BTreeMap::new(),
        wrong_account: None,
        open_notes: OpenNotes::default(),
        journal_error: None,
    };
    driver.drive(machine).await
}

/// The I/O loop around the state machine. A batch holds item indexes; the journal uses plan step indexes.
struct PushDriver<'r, 'c> {
    /// The plan step index of each item.
    step_ixs: Vec<usize>,
    /// What the request of each item sends.
    requests: Vec<ActionRequest<'r>>,
    writer: &'r Writer,
    context: PushContext<'c>,
    /// The machine's clock counts from this moment.
    started: Instant,
    /// What the target held before. Of these, the run writes only those in `known_ids`.
    baseline: &'r Baseline,
    known_ids: HashSet<WebhookId>,
    /// The company ids in the last observation.
    company_ids: BTreeSet<String>,
    content_cache: ContentCache<'r>,
    n_requests: usize,
    /// Why the last attempt to read the target failed; `None` if it succeeded.
    read_failure: Option<String>,
    /// The server's words about webhooks that an accepted request may not have written, by step index.
    server_words: BTreeMap<usize, String>,
    /// How the answer to a write showed that this is not the account that the user means.
    wrong_account: Option<String>,
    /// What the journal does not know yet of the items that it records as sent.
    open_notes: OpenNotes,
    /// The first journal error. Once it is set, nothing more is recorded, and so nothing more is sent.
    journal_error: Option<String>,
}

impl PushDriver<'_, '_> {
    async fn drive(mut self, mut machine: Machine) -> PushResult {
        let mut event = Event::Start;
        loop {
            let command = machine.next(self.started.elapsed(), event);
            let updates = self.open_notes.take_updates(&mut machine);
            if !updates.is_empty() {
                let to_step = |(item_ix, update)| (self.step_ixs[item_ix], update);
                let updates = updates.into_iter().map(to_step).collect();
                self.record(&JournalNote::StatusUpdates(updates));
            }
            let (done, total) = (machine.n_done(), self.step_ixs.len());
            self.context.progress_sink.report_progress(done, total);
            event = match command {
                MachineCommand::Finish => break,
                _ if self.context.interrupt.signal().is_some() => Event::Interrupted,
                MachineCommand::Send(batch) => self.record_and_send(&batch).await,
                MachineCommand::Observe => self.observe().await,
                MachineCommand::Ask(ids) => self.ask(ids).await,
                MachineCommand::Wait(wait, why) => self.wait(wait, &why).await,
            };
        }
        let machine_result = machine.into_result();
        let company_ids = self.company_ids;
        let final_observation = machine_result.last_observation.map(|webhooks| Observation {
            webhooks,
            company_ids,
        });
        // It is the cause of whatever stopped the machine, and a reason to stop after the last request, too.
        let wrong_account = self.wrong_account.map(StopReason::WrongAccount);
        let stop = wrong_account.or(machine_result.stop);
        let is_unexplained = stop.is_none();
        PushResult {
            statuses: self
                .step_ixs
                .iter()
                .copied()
                .zip(machine_result.statuses)
                .collect(),
            stop,
            may_have_written: machine_result.may_have_written,
            new_in_target: machine_result.new_in_target,
            replaced: {
                let item_ixs = machine_result.replaced.iter();
                item_ixs.map(|item_ix| self.step_ixs[*item_ix]).collect()
            },
            unlisted: machine_result.unlisted,
            final_observation,
            n_requests: self.n_requests,
            server_words: self.server_words,
            read_back_failure: self.read_failure.filter(|_| is_unexplained),
        }
    }

    /// Records the batch as sent, then sends it, so that a crash cannot lose track of a request.
    /// Sends nothing if the journal cannot be written, or if another account answered before.
    async fn record_and_send(&mut self, batch: &[usize]) -> Event {
        if let Some(why) = &self.wrong_account {
            return Event::Withheld(StopReason::WrongAccount(why.clone()));
        }
        self.record(&JournalNote::Sending(self.step_ixs_of(batch)));
        if let Some(why) = &self.journal_error {
            return Event::Withheld(StopReason::NotRecorded(why.clone()));
        }
        self.open_notes.note_sent(batch);
        Event::Answered(self.send(batch).await)
    }

    fn record(&mut self, note: &JournalNote) {
        if self.journal_error.is_none()
            && let Err(error) = self.context.journal.record(note)
        {
            self.journal_error = Some(error.to_string());
        }
    }

    fn step_ixs_of(&self, batch: &[usize]) -> Vec<usize> {
        batch
            .iter()
            .map(|item_ix| self.step_ixs[*item_ix])
            .collect()
    }

    async fn send(&mut self, batch: &[usize]) -> RequestOutcome {
        self.n_requests += 1;
        let answer = if let ActionRequest::Delete(id) = &self.requests[batch[0]] {
            match self.writer.delete(id).await {
                Ok(answer) => {
                    if answer == DeleteAnswer::NotFound {
                        let step_ix = self.step_ixs[batch[0]];
                        self.server_words.insert(step_ix, "answered 404".to_owned());
                    }
                    return RequestOutcome::Accepted(Vec::new());
                }
                Err(failure) => WriteAnswer::Failed(failure),
            }
        } else {
            let requests = batch.iter().map(|item_ix| &self.requests[*item_ix]);
            self.writer.post_bulk(bulk_body(requests)).await
        };
        match answer {
            WriteAnswer::Accepted(accepted) => {
                self.note_server_words(batch, &accepted);
                let webhooks = accepted
                    .webhooks
                    .iter()
                    .filter_map(|row| SeenWebhook::from_webhook(row, &self.content_cache));
                RequestOutcome::Accepted(webhooks.collect())
            }
            WriteAnswer::Failed(Failure::NotSent(failure)) => match failure {
                ConnectFailure::Host(why) => RequestOutcome::NotSent {
                    why,
                    is_final: false,
                },
                ConnectFailure::Certificate(why) => RequestOutcome::NotSent {
                    why,
                    is_final: true,
                },
                ConnectFailure::NoUrl(why) => RequestOutcome::NotSent {
                    why: why.to_owned(),
                    is_final: true,
                },
            },
            WriteAnswer::Failed(Failure::Refused(mut refusal)) => {
                refusal.message = self.scrub(batch, refusal.message);
                RequestOutcome::Refused(refusal)
            }
            WriteAnswer::Failed(Failure::Lost { why, is_timeout }) => {
                RequestOutcome::Lost { why, is_timeout }
            }
            // The response does not show whether the server is done, so the whole settle window applies, as after a
            // timeout.
            WriteAnswer::Failed(Failure::Unusable(why)) => RequestOutcome::Lost {
                why,
                is_timeout: true,
            },
            // It says nothing about the effect in this account, and whoever answered gets no further webhook.
            WriteAnswer::Failed(Failure::BadList(problem)) => {
                let why = problem.to_string();
                self.wrong_account.get_or_insert_with(|| why.clone());
                RequestOutcome::Lost {
                    why,
                    is_timeout: true,
                }
            }
        }
    }

    /// Removes the secrets of the webhooks of a request from the server's words about it.
    fn scrub(&self, batch: &[usize], words: String) -> String {
        let sent = batch
            .iter()
            .filter_map(|item_ix| self.requests[*item_ix].sent());
        sent.fold(words, |words, webhook| webhook.scrub(&words))
    }

    /// Keeps the words of an answer that shows fewer webhooks than were sent, and forgets older ones about them.
    fn note_server_words(&mut self, batch: &[usize], accepted: &AcceptedWrite) {
        let n_shown = accepted.webhooks.iter().filter(|row| row.id().is_some());
        let is_short = n_shown.count() < batch.len();
        let words = self.scrub(batch, accepted.message.clone());
        for step_ix in self.step_ixs_of(batch) {
            self.server_words.remove(&step_ix);
            if is_short && !words.is_empty() {
                let words = format!("answered {}: {words}", accepted.status);
                self.server_words.insert(step_ix, words);
            }
        }
    }

    async fn observe(&mut self) -> Event {
        let interrupt = self.context.interrupt;
        let may_be_ours = |seen: &SeenWebhook| {
            !self.baseline.webhooks.may_hold(seen) || self.known_ids.contains(seen.id())
        };
        let add_part = |observation: &mut Observation, part: Vec<Webhook>| {
            observation.add(&part, &self.content_cache, may_be_ours);
        };
        let read = tokio::select! {
            read = fetch_in_parts(self.writer.reader(), add_part) => read,
            _ = interrupt.wait_for_signal() => return Event::Interrupted,
        };
        self.read_failure = read.as_ref().err().map(ToString::to_string);
        match read {
            Ok(observation) => {
                self.company_ids = observation.company_ids;
                Event::Observed(observation.webhooks)
            }
            Err(error) => Event::ObservationFailed(error.to_string()),
        }
    }

    /// Asks for webhooks by id, because a list that lacks them proves nothing.
    async fn ask(&self, ids: Vec<WebhookId>) -> Event {
        let mut presences = Vec::with_capacity(ids.len());
        for id in ids {
            let presence = tokio::select! {
                presence = self.writer.reader().presence(&id) => presence,
                _ = self.context.interrupt.wait_for_signal() => return Event::Interrupted,
            };
            presences.push((id, presence));
        }
        Event::Asked(presences)
    }

    async fn wait(&self, wait: Duration, why: &str) -> Event {
        if !self.context.wait_budget.try_spend(wait) {
            return Event::WaitBudgetSpent;
        }
        self.context.progress_sink.report_wait(why, wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => Event::Waited,
            _ = self.context.interrupt.wait_for_signal() => Event::Interrupted,
        }
    }
}
