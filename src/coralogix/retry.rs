//! Retry decisions and wait times: pure functions, plus the wait budget and rate limit that a run's requests share.
//! Never decides to re-send a create; that requires an observation of the target first (see `pipeline::push`).

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// A run's wait budget: it gives up after waiting this long in total.
pub const RUN_WAIT_BUDGET: Duration = Duration::from_secs(15 * 60);
/// Attempts without progress before a request is given up.
pub const MAX_ATTEMPTS: u32 = 5;
/// The cap for `Retry-After`, also used if its value does not parse.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Parses a `Retry-After` header: seconds or an HTTP date, capped at one minute.
///
/// `now` should be the server's clock (its `Date` header), so that a wrong local clock does not matter.
pub fn parse_retry_after(value: &str, now: SystemTime) -> Duration {
    let value = value.trim();
    let requested = match value.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value)
            .ok()
            .map(|date| date.duration_since(now).unwrap_or_default()),
    };
    requested.unwrap_or(MAX_RETRY_AFTER).min(MAX_RETRY_AFTER)
}

/// The back-off after `failed_attempts` (at least 1): doubles from 250 ms up to one minute.
///
/// `jitter` in 0..=1 spreads clients that failed together; it shortens the wait by at most half.
pub fn back_off(failed_attempts: u32, jitter: f64) -> Duration {
    let delay =
        Duration::from_millis(250) * 2u32.saturating_pow(failed_attempts.saturating_sub(1).min(8));
    delay
        .min(Duration::from_secs(60))
        .mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
}

/// A random number in 0..=1, or 0.5 if the system provides no randomness.
pub fn jitter() -> f64 {
    let mut byte = [0u8; 1];
    let random = ring::rand::SystemRandom::new();
    match ring::rand::SecureRandom::fill(&random, &mut byte) {
        Ok(()) => f64::from(byte[0]) / 255.0,
        Err(_) => 0.5,
    }
}

/// The time that a run may still spend waiting; shared by all of its requests.
#[derive(Debug)]
pub struct WaitBudget(Mutex<Duration>);

impl WaitBudget {
    /// The full budget of a run: 15 minutes.
    pub fn new() -> Self {
        Self(Mutex::new(RUN_WAIT_BUDGET))
    }

    /// An empty budget: nothing that requires a wait is retried.
    pub fn empty() -> Self {
        Self(Mutex::new(Duration::ZERO))
    }

    /// Takes a wait from the budget; if too little is left, takes nothing and returns `false`.
    pub fn try_spend(&self, wait: Duration) -> bool {
        let mut remaining = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match remaining.checked_sub(wait) {
            Some(rest) => {
                *remaining = rest;
                true
            }
            None => false,
        }
    }
}

impl Default for WaitBudget {
    fn default() -> Self {
        Self::new()
    }
}

/// A token bucket: `rate` requests per second, with bursts of up to `rate` after a pause.
#[derive(Debug)]
pub struct TokenBucket {
    rate: f64,
    tokens: f64,
    filled_at: Duration,
}

impl TokenBucket {
    /// Creates a full bucket; a `rate` of 0 counts as 1.
    pub fn new(rate: u32) -> Self {
        let rate = f64::from(rate.max(1));
        Self {
            rate,
            tokens: rate,
            filled_at: Duration::ZERO,
        }
    }

    /// Takes one token and returns how long to wait before using it; `now` is the time since any fixed moment.
    pub fn take(&mut self, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(self.rate);
        self.filled_at = self.filled_at.max(now);
        self.tokens -= 1.0;
        if self.tokens >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-self.tokens / self.rate)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TokenBucket, WaitBudget, back_off, parse_retry_after};
    use std::time::{Duration, SystemTime};

    #[test]
    fn retry_after_parses_every_format_and_is_capped() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let cases = [
            ("2", 2),
            (" 7 ", 7),
            ("0", 0),
            ("Sun, 06 Nov 1994 08:49:42 GMT", 5),
            ("Sunday, 06-Nov-94 08:49:42 GMT", 5),
            ("Sun Nov  6 08:49:42 1994", 5),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
            ("-1", 60),
            ("abc", 60),
            ("", 60),
            ("1e9", 60),
            ("99999999999999999999", 60),
            ("3600", 60),
        ];
        for (value, seconds) in cases {
            assert_eq!(
                parse_retry_after(value, now),
                Duration::from_secs(seconds),
                "{value:?}"
            );
        }
    }

    #[test]
    fn waits_double_and_never_exceed_a_minute() {
        let waits: Vec<u64> = (1..=4)
            .map(|failed| u64::try_from(back_off(failed, 0.0).as_millis()).unwrap_or(0))
            .collect();
        assert_eq!(waits, [250, 500, 1000, 2000]);
        assert_eq!(back_off(40, 0.0), Duration::from_secs(60));
        assert_eq!(back_off(1, 1.0), Duration::from_millis(125));
    }

    #[test]
    fn wait_budget_runs_out() {
        let budget = WaitBudget::new();
        assert!(budget.try_spend(Duration::from_secs(899)));
        assert!(!budget.try_spend(Duration::from_secs(2)));
        assert!(budget.try_spend(Duration::from_secs(1)));
    }

    #[test]
    fn the_bucket_allows_a_burst_and_then_limits_the_rate() {
        let mut bucket = TokenBucket::new(10);
        let start = Duration::from_secs(5);
        for _ in 0..10 {
            assert_eq!(bucket.take(start), Duration::ZERO);
        }
        assert_eq!(bucket.take(start), Duration::from_millis(100));
        assert_eq!(bucket.take(start), Duration::from_millis(200));
        assert_eq!(bucket.take(start + Duration::from_secs(1)), Duration::ZERO);
    }
}
