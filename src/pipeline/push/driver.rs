//! The loop around the state machine: it sends requests, reads the target back, waits, and writes the journal.
//! It decides nothing.

mod sending;

use super::actions::StepRequest;
use super::item_ix::{ByItem, ItemIx};
use super::journal::JournalNote;
use super::machine::{Event, Machine, MachineCommand, MachineResult};
use super::observation::{Observation, SeenWebhook};
use super::recorded_sends::RecordedSends;
use super::status::PushResult;
use super::stop::StopReason;
use super::{Baseline, PushContext};
use crate::coralogix::client::Writer;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::content_cache::ContentCache;
use crate::pipeline::fetch::fetch_in_parts;
use crate::pipeline::plan::StepIx;
use foldhash::HashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// What a run may write to the target, and what the target held before.
pub(super) struct PushInput<'r> {
    /// The step of each item, and what its request sends.
    pub(super) requests: ByItem<StepRequest<'r>>,
    /// Of the webhooks in the baseline, the run writes only these.
    pub(super) known_ids: HashSet<WebhookId>,
    pub(super) content_cache: ContentCache<'r>,
    pub(super) baseline: &'r Baseline,
}

/// The I/O loop around the state machine. A batch holds the indexes of items; the journal names them by their steps.
pub(super) struct PushDriver<'r, 'c> {
    input: PushInput<'r>,
    writer: &'r Writer,
    context: PushContext<'c>,
    /// The machine's clock counts from this moment.
    started: Instant,
    /// The company ids in the last observation.
    company_ids: BTreeSet<String>,
    n_requests: usize,
    /// Why the last attempt to read the target failed; `None` if it succeeded.
    read_failure: Option<String>,
    /// The server's words about webhooks that an accepted request may not have written, by step.
    server_words: BTreeMap<StepIx, String>,
    /// How the answer to a write showed that this is not the account that the user means.
    wrong_account: Option<String>,
    /// What the journal records of items without a final status.
    recorded_sends: RecordedSends,
    /// The first journal error. Once it is set, nothing more is recorded, and so nothing more is sent.
    journal_error: Option<String>,
}

impl<'r, 'c> PushDriver<'r, 'c> {
    pub(super) fn new(input: PushInput<'r>, writer: &'r Writer, context: PushContext<'c>) -> Self {
        Self {
            input,
            writer,
            context,
            started: Instant::now(),
            company_ids: BTreeSet::new(),
            n_requests: 0,
            read_failure: None,
            server_words: BTreeMap::new(),
            wrong_account: None,
            recorded_sends: RecordedSends::default(),
            journal_error: None,
        }
    }

    /// Carries out the machine's commands until it has none left.
    pub(super) async fn drive(mut self, mut machine: Machine) -> PushResult {
        let mut event = Event::Start;
        loop {
            let command = machine.next(self.started.elapsed(), event);
            self.recorded_sends.add(&machine.take_restated());
            self.record_status_updates(&machine);
            let (done, total) = (machine.n_done(), self.input.requests.len());
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
        self.into_result(machine.into_result())
    }

    /// Names the items by their steps, and adds what the machine does not know.
    fn into_result(self, machine_result: MachineResult) -> PushResult {
        // It is the cause of whatever stopped the machine, and a reason to stop after the last request, too.
        let wrong_account = self.wrong_account.map(StopReason::WrongAccount);
        let stop = wrong_account.or(machine_result.stop);
        let step_ixs = self.input.requests.values().map(|request| request.step_ix);
        let replaced = machine_result.replaced.into_iter();
        let company_ids = self.company_ids;
        let last_observation = machine_result.last_observation;
        PushResult {
            statuses: step_ixs.zip(machine_result.statuses).collect(),
            // Whatever stopped the push explains it.
            read_back_failure: self.read_failure.filter(|_| stop.is_none()),
            stop,
            may_have_written: machine_result.may_have_written,
            new_in_target: machine_result.new_in_target,
            replaced: replaced
                .map(|item_ix| self.input.requests[item_ix].step_ix)
                .collect(),
            unlisted: machine_result.unlisted,
            final_observation: last_observation.map(|webhooks| Observation {
                webhooks,
                company_ids,
            }),
            n_requests: self.n_requests,
            server_words: self.server_words,
        }
    }

    /// Records the batch as sent, then sends it, so that a crash cannot lose track of a request.
    /// Sends nothing if the journal cannot be written, or if another account answered before.
    async fn record_and_send(&mut self, batch: &[ItemIx]) -> Event {
        if let Some(why) = &self.wrong_account {
            return Event::Withheld(StopReason::WrongAccount(why.clone()));
        }
        self.record(&JournalNote::Sending(self.step_ixs_of(batch)));
        if let Some(why) = &self.journal_error {
            return Event::Withheld(StopReason::NotRecorded(why.clone()));
        }
        self.recorded_sends.add(batch);
        Event::Answered(self.send(batch).await)
    }

    /// Records the new status of each item that the last response or observation settled.
    fn record_status_updates(&mut self, machine: &Machine) {
        let updates = self.recorded_sends.take_updates(machine).into_iter();
        let updates: Vec<_> = updates
            .map(|(item_ix, update)| (self.input.requests[item_ix].step_ix, update))
            .collect();
        if !updates.is_empty() {
            self.record(&JournalNote::StatusUpdates(updates));
        }
    }

    fn record(&mut self, note: &JournalNote) {
        if self.journal_error.is_none()
            && let Err(error) = self.context.journal.record(note)
        {
            self.journal_error = Some(error.to_string());
        }
    }

    fn step_ixs_of(&self, batch: &[ItemIx]) -> Vec<StepIx> {
        let step_ixs = batch
            .iter()
            .map(|item_ix| self.input.requests[*item_ix].step_ix);
        step_ixs.collect()
    }

    async fn observe(&mut self) -> Event {
        let interrupt = self.context.interrupt;
        let may_be_ours = |seen: &SeenWebhook| {
            !self.input.baseline.webhooks.may_hold(seen) || self.input.known_ids.contains(seen.id())
        };
        // A list that grows in steps would leave its smaller selves behind as holes in the heap.
        let n_expected = self.input.baseline.webhooks.len() + self.input.requests.len();
        let add_part = |observation: &mut Observation, part: Vec<Webhook>| {
            observation.expect(n_expected);
            observation.add(&part, &self.input.content_cache, may_be_ours);
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
