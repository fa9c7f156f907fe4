//! Faults of the simulated target and of the network in between.

use super::super::machine::RequestOutcome;
use super::requests::{Effect, refused};
use super::server::{Excuse, RequestItem, Server};
use super::switches::ById;
use std::time::Duration;

/// After a reset, the run waits at most this many milliseconds.
const AFTER_RESET: u64 = 10_000;
/// After a 500 that is not the first server error of the run, it may wait only this long.
const AFTER_REPEATED_500: u64 = 3_000;

impl Server<'_> {
    /// Processes a request whose response is lost or reports a failure.
    pub(super) fn fail(&mut self, items: &[RequestItem]) -> RequestOutcome {
        match self.random.below(9) {
            0 | 1 => RequestOutcome::NotSent {
                why: "refused".to_owned(),
                is_final: self.random.percent(5),
            },
            2 => {
                self.withhold(items);
                self.lose(&[], &[])
            }
            3 | 4 => self.lose(items, &[]),
            5 => self.lose(&[], items),
            6 => {
                let half = items.len() / 2;
                let (soon, later) = items.split_at(half);
                self.lose(soon, later)
            }
            7 => self.break_down(items),
            _ => self.throttle(items),
        }
    }

    /// Hides the webhook of a deletion that comes to nothing, if the server finds single webhooks late, too.
    fn withhold(&mut self, items: &[RequestItem]) {
        let id = items[0].id.filter(|_| items[0].is_delete);
        if self.switches.by_id == ById::Late
            && let Some(at) = id.and_then(|id| self.find(id))
        {
            self.webhooks[at].is_withheld = true;
        }
    }

    /// Loses the response to a request; `soon` takes effect at once, `later` after a delay.
    fn lose(&mut self, soon: &[RequestItem], later: &[RequestItem]) -> RequestOutcome {
        self.commit(soon);
        let is_timeout = self.random.percent(50);
        let window = if is_timeout {
            let client_timeout = 1_000 + self.random.below(30_000);
            self.pass(client_timeout);
            self.switches.settle
        } else {
            self.switches.settle.min(AFTER_RESET)
        };
        self.excuse(window, 0);
        self.commit_later(later, window);
        RequestOutcome::Lost {
            why: "lost".to_owned(),
            is_timeout,
        }
    }

    /// Lets these items take effect later, but while the run still observes, unless the seed is unbounded.
    fn commit_later(&mut self, items: &[RequestItem], window: u64) {
        if items.is_empty() {
            return;
        }
        let longest = if !self.switches.is_bounded {
            self.switches.settle * 3
        } else if self.switches.hidden_observations > 0 {
            0
        } else {
            window.saturating_sub(self.switches.lag)
        };
        let delay = self.random.below(longest + 1);
        self.excuse(window, delay);
        self.late.push((self.now + delay, items.to_vec()));
    }

    /// Answers with a 5xx or 408 after none, some or all of the work.
    fn break_down(&mut self, items: &[RequestItem]) -> RequestOutcome {
        let n_done = self.random.place(items.len() + 1);
        let (soon, later) = items.split_at(n_done);
        self.commit(soon);
        let status = self.random.pick(&[500, 502, 503, 504, 524, 408]);
        let window = self.excuse_server_error(status, 0);
        if self.random.percent(30) {
            self.commit_later(later, window);
        }
        refused(status, None)
    }

    /// Notes what is beyond the promise after a server error; returns the window that the run waits at least.
    pub(super) fn excuse_server_error(&mut self, status: u16, delay: u64) -> u64 {
        let is_repeated = std::mem::replace(&mut self.had_server_error, true);
        let window = if status == 500 && is_repeated {
            self.switches.settle.min(AFTER_REPEATED_500)
        } else {
            self.switches.settle
        };
        self.excuse(window, delay);
        window
    }

    /// Answers with a 429, sometimes in the middle of the work, or revokes the key.
    fn throttle(&mut self, items: &[RequestItem]) -> RequestOutcome {
        if self.random.percent(10) {
            self.is_revoked = true;
            return refused(self.random.pick(&[401, 403, 302, 404, 405]), None);
        }
        if self.random.percent(20) {
            let n_done = self.random.place(items.len() + 1);
            let effect = self.commit(&items[..n_done]);
            self.excuse_refusal(&effect);
        }
        let seconds = self.random.below(4);
        refused(
            429,
            (seconds > 0).then(|| Duration::from_secs(seconds * 20 - 20)),
        )
    }

    /// Notes what is beyond the promise: an effect after `delay` on a list that lags, if the run waits only
    /// `window`.
    pub(super) fn excuse(&mut self, window: u64, delay: u64) {
        let hides = self.switches.hidden_observations > 0;
        if delay > window {
            self.excuses.insert(Excuse::LateCommit);
        } else if delay + self.switches.lag > window
            && delay + self.switches.lag <= self.switches.settle
        {
            self.excuses.insert(Excuse::LagAfterReset);
        } else if delay + self.switches.lag > window || hides && (delay > 0 || window < 10_000) {
            self.excuses.insert(Excuse::LaggingList);
        }
    }

    /// Notes a refusal of a request that wrote something that no list shows yet.
    pub(super) fn excuse_refusal(&mut self, effect: &Effect) {
        let is_hidden = self.switches.lag > 0 || self.switches.hidden_observations > 0;
        if is_hidden && !effect.written.is_empty() {
            self.excuses.insert(Excuse::LagAfterRefusal);
        }
    }
}
