//! Counts requests against the limit of the switch `rate-limit`, and makes the 429 for those above it.

use std::time::{Duration, Instant};

use super::fault::{Action, Commit, Reply, WaitHeader, WaitValue};
use super::switches::{RateLimit, RateLimitHeader, Switches};

/// The requests of the current window. A window starts with the first request after the last one has ended.
#[derive(Debug, Default)]
pub(super) struct RateLimiter {
    started: Option<Instant>,
    n_requests: usize,
}

impl RateLimiter {
    /// Counts a request that arrives `now`; the action for it if it is above the limit, else `None`.
    pub(super) fn refuse(&mut self, switches: &Switches, now: Instant) -> Option<Action> {
        let RateLimit { n_requests, window } = switches.rate_limit?;
        let is_over = |started: &Instant| now.duration_since(*started) >= window;
        if self.started.as_ref().is_none_or(is_over) {
            self.started = Some(now);
            self.n_requests = 0;
        }
        let elapsed = now.duration_since(self.started.unwrap_or(now));
        self.n_requests += 1;
        (self.n_requests > n_requests)
            .then(|| too_many_requests(switches.rate_limit_header, window.saturating_sub(elapsed)))
    }
}

fn too_many_requests(header: RateLimitHeader, remaining: Duration) -> Action {
    // Headers count whole seconds; fewer than remain would invite the client too early.
    let seconds = remaining.as_secs() + u64::from(remaining.subsec_nanos() > 0);
    let literal = WaitValue::Literal(seconds.to_string());
    let ahead = Duration::from_secs(seconds);
    let header = match header {
        RateLimitHeader::None => None,
        RateLimitHeader::RetryAfter => Some(("retry-after", literal)),
        RateLimitHeader::RetryAfterDate => Some(("retry-after", WaitValue::Date(ahead))),
        RateLimitHeader::RateLimitReset => Some(("ratelimit-reset", literal)),
        RateLimitHeader::XRateLimitReset => Some(("x-ratelimit-reset", WaitValue::Epoch(ahead))),
    };
    Action {
        commit: Commit::None,
        reply: Reply::Status {
            code: 429,
            header: header.map(|(name, value)| WaitHeader { name, value }),
        },
        ..Action::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Duration, Instant, RateLimiter, Reply, Switches, WaitHeader, WaitValue};

    fn header(action: Action) -> Option<WaitHeader> {
        match action.reply {
            Reply::Status { code: 429, header } => header,
            other => panic!("{other:?} is not a 429"),
        }
    }

    #[test]
    fn a_window_admits_its_number_of_requests() {
        let switches = Switches::parse(["rate-limit=2/1.5"]).expect("the switch exists");
        let (mut limiter, start) = (RateLimiter::default(), Instant::now());
        let is_refused = [0, 100, 200, 1499, 1500, 1600, 1700].map(|after| {
            let now = start + Duration::from_millis(after);
            limiter.refuse(&switches, now).is_some()
        });
        assert_eq!(is_refused, [false, false, true, true, false, false, true]);
    }

    #[test]
    fn each_header_names_the_seconds_that_remain() {
        let three = Duration::from_secs(3);
        for (name, expected) in [
            ("none", None),
            (
                "retry-after",
                Some(("retry-after", WaitValue::Literal("3".to_owned()))),
            ),
            (
                "retry-after-date",
                Some(("retry-after", WaitValue::Date(three))),
            ),
            (
                "ratelimit-reset",
                Some(("ratelimit-reset", WaitValue::Literal("3".to_owned()))),
            ),
            (
                "x-ratelimit-reset",
                Some(("x-ratelimit-reset", WaitValue::Epoch(three))),
            ),
        ] {
            let header_switch = format!("rate-limit-header={name}");
            let switches = Switches::parse(["rate-limit=0/2.5", header_switch.as_str()])
                .expect("the switches exist");
            let refused = RateLimiter::default().refuse(&switches, Instant::now());
            let shown = header(refused.expect("no request is admitted"));
            assert_eq!(shown.map(|shown| (shown.name, shown.value)), expected);
        }
    }
}
