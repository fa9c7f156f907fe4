//! Which backups a policy keeps: in fixed cases, over a simulated year, and for random times.

use hookferry::store::backup::retention::{Policy, Reason, Within};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The times that a policy keeps, oldest first.
fn kept(policy: &Policy, times: &[Timestamp]) -> Vec<Timestamp> {
    let reasons = policy.reasons(times);
    assert_eq!(reasons.len(), times.len());
    let kept = times.iter().zip(reasons);
    let kept: BTreeSet<_> = kept
        .filter_map(|(time, reasons)| (!reasons.is_empty()).then_some(*time))
        .collect();
    kept.into_iter().collect()
}

/// The backups left after nightly backups at the same time, with `forget` run after each.
fn left_after_nights(policy: &Policy, first: &str, n_nights: i32) -> Vec<Timestamp> {
    (0..n_nights).fold(Vec::new(), |mut times, night| {
        times.push(time(first) + SignedDuration::from_hours(24 * i64::from(night)));
        kept(policy, &times)
    })
}

#[test]
fn a_year_of_nightly_backups_follows_the_policy() {
    let policy = Policy {
        last: 3,
        daily: 14,
        weekly: 8,
        monthly: 12,
        ..Policy::default()
    };
    let times = left_after_nights(&policy, "2026-01-01T03:17:00Z", 365 + 1);
    let reasons = policy.reasons(&times);
    let lines: Vec<String> = times
        .iter()
        .zip(&reasons)
        .map(|(time, reasons)| {
            let words: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
            format!("{} {}", time.strftime("%Y-%m-%d"), words.join(", "))
        })
        .collect();
    snapshots!();
    insta::assert_snapshot!("a_year", lines.join("\n"));
}

#[test]
fn every_policy_keeps_the_newest_and_an_empty_one_nothing_else() {
    let times = [
        time("2026-03-02T00:00:00Z"),
        time("2026-03-03T00:00:00Z"),
        time("2026-03-01T00:00:00Z"),
    ];
    let empty = Policy::default();
    assert!(empty.is_empty());
    assert_eq!(
        empty.reasons(&times),
        [vec![], vec![Reason::Newest], vec![]]
    );
    assert!(empty.reasons(&[]).is_empty());
}

#[test]
fn a_rule_that_is_not_exhausted_keeps_the_oldest() {
    let policy = Policy {
        daily: 3,
        ..Policy::default()
    };
    let times = [time("2026-03-01T01:00:00Z"), time("2026-03-01T02:00:00Z")];
    assert_eq!(
        policy.reasons(&times),
        [vec![Reason::Oldest], vec![Reason::Newest, Reason::Daily]]
    );
}

#[test]
fn within_counts_back_from_the_newest_and_keeps_the_state_at_its_start() {
    let policy = Policy {
        within: Within::parse("1m"),
        ..Policy::default()
    };
    let times = [
        time("2026-01-10T12:00:00Z"),
        time("2026-02-28T11:59:59Z"),
        time("2026-02-28T12:00:00Z"),
        time("2026-03-31T12:00:00Z"),
    ];
    assert_eq!(kept(&policy, &times), times[1..]);
    let unchanged_for_long = [times[0], times[1], times[3]];
    assert_eq!(kept(&policy, &unchanged_for_long), [times[1], times[3]]);
}

#[test]
fn durations_parse_in_restic_syntax() {
    for text in ["2y5m7d3h", "30d", "1y", "36h", "1y3h"] {
        assert!(Within::parse(text).is_some(), "{text}");
    }
    for text in [
        "", "0d", "5", "d", "3h2d", "1d1d", "-1d", "1w", "99999y", "1 d", "é",
    ] {
        assert_eq!(Within::parse(text), None, "{text}");
    }
    assert!(Within::parse("65535y").is_some(), "longer than history");
}

fn policies() -> impl Strategy<Value = Policy> {
    let counts = prop::array::uniform6(0..5usize);
    let within = prop::option::of((1..40u16).prop_map(|days| format!("{days}d")));
    (counts, within).prop_map(
        |([last, hourly, daily, weekly, monthly, yearly], within)| Policy {
            last,
            hourly,
            daily,
            weekly,
            monthly,
            yearly,
            within: within.and_then(|text| Within::parse(&text)),
        },
    )
}

proptest! {
    #[test]
    fn retention_is_idempotent_and_independent_of_order(
        policy in policies(),
        minutes in prop::collection::btree_set(0..2_000_000i64, 1..60),
        rotation in 0..60usize,
    ) {
        let start = time("2024-02-27T22:30:00Z");
        let times: Vec<Timestamp> = minutes
            .into_iter()
            .map(|minutes| start + SignedDuration::from_mins(minutes))
            .collect();
        let left = kept(&policy, &times);
        let mut rotated = times.clone();
        rotated.rotate_left(rotation % times.len());
        prop_assert_eq!(&kept(&policy, &rotated), &left);
        prop_assert_eq!(&kept(&policy, &left), &left, "a second forget removes nothing");
        prop_assert!(left.contains(times.last().unwrap()), "the newest stays");
        let last = &times[times.len().saturating_sub(policy.last)..];
        prop_assert!(last.iter().all(|time| left.contains(time)));
    }

    /// Computed independently: a day counts if it is among the last days that have a backup.
    #[test]
    fn each_of_the_last_days_keeps_its_newest(
        daily in 1..20usize,
        minutes in prop::collection::btree_set(0..60_000i64, 1..80),
    ) {
        let start = time("2025-12-20T22:30:00Z");
        let times: Vec<Timestamp> = minutes
            .into_iter()
            .map(|minutes| start + SignedDuration::from_mins(minutes))
            .collect();
        let day = |time: &Timestamp| time.to_string()[..10].to_owned();
        let mut newest = std::collections::BTreeMap::new();
        for time in &times {
            newest.insert(day(time), *time);
        }
        let mut expected: BTreeSet<Timestamp> =
            newest.values().rev().take(daily).copied().collect();
        if newest.len() < daily {
            expected.insert(times[0]);
        }
        let policy = Policy { daily, ..Policy::default() };
        let expected: Vec<Timestamp> = expected.into_iter().collect();
        prop_assert_eq!(kept(&policy, &times), expected);
    }
}
