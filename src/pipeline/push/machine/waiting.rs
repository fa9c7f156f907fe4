//! Waiting: how long, and what becomes of the run if the wait budget does not cover it.
//! Pure.

use super::super::stop::StopReason;
use super::{Machine, MachineCommand, PendingObservation, Phase, THROTTLED, Uncertainty};
use crate::coralogix::retry;
use std::time::Duration;

impl Machine {
    /// Waits before the next request.
    pub(super) fn wait(&mut self, wait: Duration, why: String) -> MachineCommand {
        self.phase = Phase::Ready;
        MachineCommand::Wait(wait, why)
    }

    /// Waits before the observation, because the rate limit holds for reads, too.
    pub(super) fn wait_for_rate_limit(&mut self) -> MachineCommand {
        self.n_throttled += 1;
        let requested = self.requested_wait.map(|(wait, _)| wait.duration);
        match retry::throttle_wait(self.n_throttled, requested, 0.0) {
            Some(wait) => MachineCommand::Wait(wait, THROTTLED.to_owned()),
            // The observation comes all the same: it shows whether there was progress after all.
            None => MachineCommand::Observe,
        }
    }

    /// What is left of the wait that the server asked for in its last answer.
    pub(super) fn rest_of_requested_wait(&self, now: Duration) -> Duration {
        self.requested_wait
            .map(|(_, until)| until.saturating_sub(now))
            .unwrap_or_default()
    }

    /// Why the run stops when its wait budget does not cover the next wait.
    pub(super) fn wait_stop_reason(&self, now: Duration) -> StopReason {
        match self.requested_wait {
            Some((wait, until)) if until > now => StopReason::AskedToWait(wait),
            _ => StopReason::WaitBudgetSpent,
        }
    }

    /// Stops the run: the wait budget does not cover the wait before the next observation.
    pub(super) fn handle_spent_budget(
        &mut self,
        now: Duration,
        mut pending: PendingObservation,
    ) -> MachineCommand {
        let stop = self.wait_stop_reason(now);
        match &mut pending.uncertainty {
            // A request that was refused had probably no effect, and one observation without a wait may prove it.
            Uncertainty::Throttled(pending_stop @ None) => {
                *pending_stop = Some(stop);
                self.phase = Phase::Observing(pending);
                MachineCommand::Observe
            }
            Uncertainty::Throttled(Some(stop)) => {
                self.stop = Some(stop.clone());
                self.close(now)
            }
            _ => {
                self.stop = Some(stop);
                self.close(now)
            }
        }
    }
}
