//! Retry decisions and wait times: pure functions, plus the wait budget and rate limit that a run's requests share.
//! Never decides to re-send a create; that requires an observation of the target first (see `pipeline::push`).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// The default of `--max-wait`: a run gives up after waiting this long in total.
pub const RUN_WAIT_BUDGET: Duration = Duration::from_secs(15 * 60);
/// Attempts without progress before a request is given up.
pub const MAX_ATTEMPTS: u32 = 5;
/// Answers of 429 in a row before a request is given up; the waits between them add up to two minutes at least.
pub const MAX_THROTTLED_ATTEMPTS: u32 = 8;
/// The longest single back-off.
const MAX_BACK_OFF: Duration = Duration::from_secs(60);
/// The cap for a wait that a server asks for: no run waits that long, so anything longer means the same.
pub const MAX_REQUESTED_WAIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// From here on, a reset is a moment in seconds since 1970, not a number of seconds from now.
const FIRST_EPOCH_SECONDS: f64 = 1e9;
/// From here on, a reset is a moment in milliseconds since 1970.
const FIRST_EPOCH_MILLISECONDS: f64 = 1e12;

/// The wait that a refusal asks for, in whole seconds (rounded up) and capped; `None` if it names none that can be read.
///
/// `header` looks up a header of the answer by its name. `Retry-After` comes first; the reset of a rate limit counts
/// for 429 only, because servers add it to every other answer, too. `now` should be the server's clock (its `Date`
/// header), so that a wrong local clock does not matter.
pub fn requested_wait<'h>(
    status: u16,
    header: impl Fn(&str) -> Option<&'h str>,
    now: SystemTime,
) -> Option<Duration> {
    let retry_after = || parse_retry_after(header("retry-after")?, now);
    let reset = |name| parse_reset(header(name)?, now);
    let draft = || parse_reset(draft_reset(header("ratelimit")?)?, now);
    retry_after().or_else(|| match status {
        429 => reset("ratelimit-reset")
            .or_else(|| reset("x-ratelimit-reset"))
            .or_else(draft),
        _ => None,
    })
}

/// Parses a `Retry-After` header: seconds or an HTTP date.
fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let until_date = || {
        let date = httpdate::parse_http_date(value).ok()?;
        Some(date.duration_since(now).unwrap_or_default().as_secs_f64())
    };
    parse_decimal(value).or_else(until_date).map(whole_seconds)
}

/// Parses the reset of a rate limit: seconds from now, or a moment in seconds or milliseconds since 1970.
fn parse_reset(value: &str, now: SystemTime) -> Option<Duration> {
    let reset = parse_decimal(value.trim())?;
    let epoch_now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64();
    Some(whole_seconds(if reset >= FIRST_EPOCH_MILLISECONDS {
        reset / 1000.0 - epoch_now
    } else if reset >= FIRST_EPOCH_SECONDS {
        reset - epoch_now
    } else {
        reset
    }))
}

/// The reset in a `RateLimit` header: `limit=10, remaining=0, reset=30`, or `"default";r=0;t=30` of the newer drafts.
///
/// `None` for several policies: nothing says which of them refused the request.
fn draft_reset(value: &str) -> Option<&str> {
    let mut resets = value.split([',', ';']).filter_map(|member| {
        let (name, number) = member.split_once('=')?;
        let name = name.trim();
        (name.eq_ignore_ascii_case("reset") || name == "t").then_some(number)
    });
    resets.next().filter(|_| resets.next().is_none())
}

/// A number that is not negative, in plain decimal notation.
fn parse_decimal(text: &str) -> Option<f64> {
    let is_plain = text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| is_plain)
}

/// Rounds up to whole seconds, within 0 and the cap.
fn whole_seconds(seconds: f64) -> Duration {
    let cap = MAX_REQUESTED_WAIT.as_secs_f64();
    Duration::from_secs_f64(seconds.clamp(0.0, cap).ceil())
}

/// The wait after `n_throttled` answers of 429 in a row (at least 1); `None` to give up.
///
/// Waits as long as the server asks, but a server that repeats itself gets the back-off at least: it has asked for
/// too little. The back-off doubles from one second; `jitter` in 0..=1 lengthens it by at most half.
pub fn throttle_wait(
    n_throttled: u32,
    requested: Option<Duration>,
    jitter: f64,
) -> Option<Duration> {
    if n_throttled >= MAX_THROTTLED_ATTEMPTS {
        return None;
    }
    let delay = Duration::from_secs(1) * 2u32.saturating_pow(n_throttled.saturating_sub(1));
    let back_off = delay
        .mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0)
        .min(MAX_BACK_OFF);
    Some(match requested {
        Some(requested) if n_throttled <= 1 => requested,
        Some(requested) => requested.max(back_off),
        None => back_off,
    })
}

/// The back-off after `failed_attempts` (at least 1): doubles from 250 ms up to one minute.
///
/// `jitter` in 0..=1 spreads clients that failed together; it shortens the wait by at most half.
pub fn back_off(failed_attempts: u32, jitter: f64) -> Duration {
    let delay =
        Duration::from_millis(250) * 2u32.saturating_pow(failed_attempts.saturating_sub(1).min(8));
    delay
        .min(MAX_BACK_OFF)
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
    /// The full budget of a run.
    pub fn new(limit: Duration) -> Self {
        Self(Mutex::new(limit))
    }

    /// An empty budget: nothing that requires a wait is retried.
    pub fn empty() -> Self {
        Self::new(Duration::ZERO)
    }

    /// Takes a wait from the budget; if too little is left, takes nothing and returns `false`.
    pub fn try_spend(&self, wait: Duration) -> bool {
        let mut remaining = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match remaining.checked_sub(wait) {
            Some(rest) => {
                *remaining = rest;
                true
            }
            None => false,
        }
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

/// When the next request of an account may be sent: its rate limit, and the wait that its server asked for.
#[derive(Debug)]
pub struct Pace {
    token_bucket: TokenBucket,
    held_until: Duration,
}

impl Pace {
    /// `rate` requests per second.
    pub fn new(rate: u32) -> Self {
        Self {
            token_bucket: TokenBucket::new(rate),
            held_until: Duration::ZERO,
        }
    }

    /// Holds all requests for `wait` at least; `now` is the time since any fixed moment.
    pub fn hold(&mut self, now: Duration, wait: Duration) {
        self.held_until = self.held_until.max(now.saturating_add(wait));
    }

    /// Takes a place in the queue and returns how long to wait before sending.
    pub fn take(&mut self, now: Duration) -> Duration {
        let held = self.held_until.saturating_sub(now);
        self.token_bucket.take(now).max(held)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        MAX_REQUESTED_WAIT, Pace, RUN_WAIT_BUDGET, TokenBucket, WaitBudget, back_off,
        requested_wait, throttle_wait,
    };
    use proptest::prelude::*;
    use std::time::{Duration, SystemTime};

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const NOW: u64 = 784_111_777;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// The wait in seconds that an answer with these headers asks for, at `NOW`.
    fn wait_of(status: u16, headers: &[(&str, &str)]) -> Option<u64> {
        let header = |name: &str| {
            let found = headers.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| *value)
        };
        requested_wait(status, header, at(NOW)).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_parses_every_format_and_is_capped() {
        let cap = MAX_REQUESTED_WAIT.as_secs();
        let cases = [
            ("2", Some(2)),
            (" 7 ", Some(7)),
            ("0", Some(0)),
            ("0.5", Some(1)),
            ("1.0", Some(1)),
            ("2.0001", Some(3)),
            ("600", Some(600)),
            ("86400", Some(86_400)),
            ("99999999999999999999", Some(cap)),
            ("Sun, 06 Nov 1994 08:49:42 GMT", Some(5)),
            ("Sunday, 06-Nov-94 08:49:42 GMT", Some(5)),
            ("Sun Nov  6 08:49:42 1994", Some(5)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(cap)),
            ("-1", None),
            ("+1", None),
            (".5", None),
            ("1.2.3", None),
            ("1e9", None),
            ("inf", None),
            ("NaN", None),
            ("abc", None),
            ("", None),
        ];
        for (value, seconds) in cases {
            for status in [429, 503] {
                let wait = wait_of(status, &[("retry-after", value)]);
                assert_eq!(wait, seconds, "{value:?}");
            }
        }
    }

    #[test]
    fn a_reset_counts_from_now_or_from_1970() {
        let now = at(1_700_000_000);
        let cases = [
            ("0", Some(0)),
            ("30", Some(30)),
            ("30.2", Some(31)),
            ("999999999", Some(MAX_REQUESTED_WAIT.as_secs())),
            ("1000000000", Some(0)),
            ("1700000000", Some(0)),
            ("1700000007", Some(7)),
            ("1700000007.25", Some(8)),
            ("1700000007000", Some(7)),
            ("1700000007001", Some(8)),
            ("1000000000000", Some(0)),
            ("-5", None),
            ("soon", None),
            ("2023-11-14T22:13:27Z", None),
        ];
        for name in ["ratelimit-reset", "x-ratelimit-reset"] {
            for (value, seconds) in cases {
                let header = |own: &str| (own == name).then_some(value);
                let wait = requested_wait(429, header, now).map(|wait| wait.as_secs());
                assert_eq!(wait, seconds, "{name}: {value}");
            }
        }
    }

    #[test]
    fn the_draft_header_names_one_reset() {
        let cases = [
            ("limit=100, remaining=0, reset=30", Some(30)),
            ("limit=100,remaining=0,Reset=30.5", Some(31)),
            ("\"default\";r=0;t=30", Some(30)),
            ("\"default\"; r=0; t=30", Some(30)),
            ("\"burst\";r=9;t=1, \"day\";r=0;t=3600", None),
            ("\"default\";r=0", None),
            ("30", None),
            ("", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(wait_of(429, &[("ratelimit", value)]), seconds, "{value}");
        }
    }

    #[test]
    fn retry_after_comes_first_and_a_reset_counts_for_429_only() {
        let reset = ("ratelimit-reset", "30");
        let old_reset = ("x-ratelimit-reset", "40");
        let draft = ("ratelimit", "\"a\";r=0;t=50");
        assert_eq!(wait_of(429, &[reset, ("retry-after", "2")]), Some(2));
        assert_eq!(wait_of(429, &[reset, ("retry-after", "soon")]), Some(30));
        assert_eq!(wait_of(429, &[draft, old_reset, reset]), Some(30));
        assert_eq!(wait_of(429, &[draft, old_reset]), Some(40));
        assert_eq!(wait_of(429, &[draft]), Some(50));
        assert_eq!(wait_of(503, &[reset, old_reset, draft]), None);
        assert_eq!(wait_of(429, &[]), None);
    }

    proptest! {
        #[test]
        fn no_header_makes_a_wait_too_long_or_fails(
            values in proptest::array::uniform4(proptest::option::of(
                prop_oneof![any::<String>(), "[0-9.;,=tr\"e-]{0,40}", "[0-9]{1,400}(\\.[0-9]{1,20})?"]
            )),
            status in 300..600u16,
            now in 0..10_000_000_000u64,
        ) {
            let header = |name: &str| {
                let names = ["retry-after", "ratelimit-reset", "x-ratelimit-reset", "ratelimit"];
                let ix = names.iter().position(|own| *own == name)?;
                values[ix].as_deref()
            };
            let wait = requested_wait(status, header, at(now));
            prop_assert!(wait.is_none_or(|wait| wait <= MAX_REQUESTED_WAIT && wait.subsec_nanos() == 0));
        }

        #[test]
        fn whole_numbers_of_seconds_are_taken_as_they_are(seconds in 0..=MAX_REQUESTED_WAIT.as_secs()) {
            let text = seconds.to_string();
            prop_assert_eq!(wait_of(429, &[("retry-after", &text)]), Some(seconds));
            prop_assert_eq!(wait_of(429, &[("ratelimit-reset", &text)]), Some(seconds));
            let moment = (NOW + 1_000_000_000 + seconds).to_string();
            let header = |name: &str| (name == "x-ratelimit-reset").then_some(moment.as_str());
            let wait = requested_wait(429, header, at(NOW + 1_000_000_000));
            prop_assert_eq!(wait, Some(Duration::from_secs(seconds)));
        }
    }

    /// The waits until giving up, if the server asks for `requested` each time.
    fn throttle_waits(requested: Option<Duration>, jitter: f64) -> Vec<Duration> {
        (1..)
            .map_while(|n| throttle_wait(n, requested, jitter))
            .collect()
    }

    #[test]
    fn a_server_that_says_429_gets_two_minutes_at_least() {
        let seconds: Vec<u64> = throttle_waits(None, 0.0)
            .iter()
            .map(Duration::as_secs)
            .collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60]);
        for requested in [None, Some(0), Some(1), Some(30), Some(600)] {
            let requested = requested.map(Duration::from_secs);
            for jitter in [0.0, 0.5, 1.0] {
                let waits = throttle_waits(requested, jitter);
                assert!(waits.iter().sum::<Duration>() >= Duration::from_secs(120));
                assert!(waits.iter().all(|wait| Some(*wait) >= requested));
            }
        }
        let first = throttle_wait(1, Some(Duration::ZERO), 1.0);
        assert_eq!(first, Some(Duration::ZERO), "the first time, as it asks");
    }

    #[test]
    fn a_hold_delays_every_request_of_the_account() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::new(10);
        pace.hold(seconds(5), seconds(30));
        pace.hold(seconds(6), seconds(1));
        assert_eq!(pace.take(seconds(6)), seconds(29), "the longer hold counts");
        assert_eq!(pace.take(seconds(20)), seconds(15));
        assert_eq!(pace.take(seconds(35)), Duration::ZERO);
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
        let budget = WaitBudget::new(RUN_WAIT_BUDGET);
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
