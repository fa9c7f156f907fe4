//! When to try again and how long to wait: pure decisions, plus the two limits that all requests of a run share.
//! Never decides to send a create again; that takes an observation (see `pipeline::push`).

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// A run waits at most this long in total before it gives up.
pub const LONGEST_RUN_OF_WAITING: Duration = Duration::from_secs(15 * 60);
/// Attempts without progress before giving up.
pub const MOST_ATTEMPTS: u32 = 5;
/// A `Retry-After` beyond this, or one that makes no sense, counts as this.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Reads a `Retry-After` header: seconds or an HTTP date, never more than a minute.
///
/// `now` is the server's clock where its `Date` header gave one, so that a wrong clock here does not matter.
pub fn retry_after(value: &str, now: SystemTime) -> Duration {
    let value = value.trim();
    let asked = match value.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value)
            .ok()
            .map(|date| date.duration_since(now).unwrap_or_default()),
    };
    asked
        .unwrap_or(LONGEST_RETRY_AFTER)
        .min(LONGEST_RETRY_AFTER)
}

/// The wait after the given number of failed attempts (from 1), doubling from a quarter of a second to a minute.
///
/// `jitter` between 0 and 1 spreads clients that failed together; it shortens a wait by at most half.
pub fn back_off(failed: u32, jitter: f64) -> Duration {
    let doubled = Duration::from_millis(250) * 2u32.saturating_pow(failed.saturating_sub(1).min(8));
    doubled
        .min(Duration::from_secs(60))
        .mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
}

/// A number between 0 and 1 that differs from process to process and call to call.
pub fn jitter() -> f64 {
    let mut byte = [0u8; 1];
    let random = ring::rand::SystemRandom::new();
    match ring::rand::SecureRandom::fill(&random, &mut byte) {
        Ok(()) => f64::from(byte[0]) / 255.0,
        Err(_) => 0.5,
    }
}

/// What is left of the run's patience; shared by every request of the run.
#[derive(Debug)]
pub struct Patience(Mutex<Duration>);

impl Patience {
    /// A run's whole patience: 15 minutes of waiting.
    pub fn new() -> Self {
        Self(Mutex::new(LONGEST_RUN_OF_WAITING))
    }

    /// No patience: nothing is tried a second time.
    pub fn none() -> Self {
        Self(Mutex::new(Duration::ZERO))
    }

    /// Takes a wait from the budget; `false` where the budget does not hold it, and then nothing is taken.
    pub fn spend(&self, wait: Duration) -> bool {
        let mut left = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match left.checked_sub(wait) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::new()
    }
}

/// A token bucket: `rate` requests a second, and as many at once after a pause.
#[derive(Debug)]
pub struct Bucket {
    rate: f64,
    tokens: f64,
    filled_at: Duration,
}

impl Bucket {
    /// A full bucket.
    pub fn new(rate: u32) -> Self {
        let rate = f64::from(rate.max(1));
        Self {
            rate,
            tokens: rate,
            filled_at: Duration::ZERO,
        }
    }

    /// Takes one token and says how long to wait before using it; `now` counts from any fixed moment.
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
    use super::{Bucket, Patience, back_off, retry_after};
    use std::time::{Duration, SystemTime};

    #[test]
    fn retry_after_is_read_in_every_form_and_capped() {
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
                retry_after(value, now),
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
    fn patience_ends() {
        let patience = Patience::new();
        assert!(patience.spend(Duration::from_secs(899)));
        assert!(!patience.spend(Duration::from_secs(2)));
        assert!(patience.spend(Duration::from_secs(1)));
    }

    #[test]
    fn the_bucket_lets_a_burst_through_and_then_keeps_the_rate() {
        let mut bucket = Bucket::new(10);
        let start = Duration::from_secs(5);
        for _ in 0..10 {
            assert_eq!(bucket.take(start), Duration::ZERO);
        }
        assert_eq!(bucket.take(start), Duration::from_millis(100));
        assert_eq!(bucket.take(start), Duration::from_millis(200));
        assert_eq!(bucket.take(start + Duration::from_secs(1)), Duration::ZERO);
    }
}
