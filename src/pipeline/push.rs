//! Fifth stage: carries out the actions of a plan or of a rollback, each exactly once.
//!
//! The state machine in `machine` makes every decision, and the loop in `driver` carries it out.

mod actions;
mod adopt;
mod driver;
mod item_ix;
mod journal;
mod machine;
mod named;
mod observation;
mod recorded_sends;
mod recover;
mod recover_named;
mod resemblance;
mod settling;
// Test code that needs this module's private items.
#[cfg(test)]
#[path = "../../tests/simulation/mod.rs"]
mod simulation;
mod status;
mod stop;

pub use actions::ActionList;
pub use journal::{Journal, JournalNote, StatusUpdate};
pub use named::Naming;
pub use observation::{Observation, RowsById, SeenWebhook};
pub use recover::{KnownBirths, OpenSend, OpenSends, Recovery, SettleOptions, recover, settle};
pub use recover_named::{NamedSend, NamedSends, recover_named, url_digest};
pub use status::{DuplicatedWebhook, ItemStatus, MissingWebhook, Proof, PushResult};
pub use stop::{RERUN_HINT, StopReason};

use super::fetch::Inventory;
use super::plan::Plan;
use crate::coralogix::birth::Identity;
use crate::coralogix::client::Writer;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::interrupt::Interrupt;
use driver::{PushDriver, PushInput};
use jiff::Timestamp;
use machine::{KnownWebhooks, Limits, Machine};
use std::time::{Duration, SystemTime};

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
pub async fn carry_out<'r>(
    actions: ActionList<'r>,
    baseline: &'r Baseline,
    writer: &'r Writer,
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
    let (items, requests): (Vec<_>, Vec<_>) = actions.actions.into_iter().unzip();
    let machine = Machine::new(items, baseline.webhooks.clone(), target_time, limits);
    let input = PushInput {
        requests: requests.into_iter().collect(),
        known_ids,
        content_cache: actions.content_cache,
        baseline,
    };
    let driver = PushDriver::new(input, writer, context);
    driver.drive(machine).await
}
