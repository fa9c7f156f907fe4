//! A year of nights in a real repository, with the real `forget` after each: what stays is what another reckoning says.
//! The reckoning knows days, weeks and months as texts, and shares nothing with the program's.

use super::Place;
use super::clock::add;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};

const FORGET: &str = "backup forget --repo vault --keep-last 3 --keep-daily 14 --keep-weekly 8 \
                      --keep-monthly 12 --keep-yearly 2 -q";
/// How a period is written, and for how many of them the newest backup stays.
const RULES: [(&str, usize); 4] = [("%Y-%m-%d", 14), ("%G-W%V", 8), ("%Y-%m", 12), ("%Y", 2)];

/// What the policy says of these times: the newest of each of the last periods that have one, and where a rule has room
/// left, the oldest of all.
fn kept(times: &BTreeSet<Timestamp>) -> BTreeSet<Timestamp> {
    let mut kept: BTreeSet<Timestamp> = times.iter().rev().take(3).copied().collect();
    for (format, n) in RULES {
        let mut newest = BTreeMap::new();
        for time in times {
            // Later ones take the place of earlier ones.
            newest.insert(written(*time, format), *time);
        }
        kept.extend(newest.values().rev().take(n));
        if newest.len() < n {
            kept.extend(times.first());
        }
    }
    kept
}

fn written(time: Timestamp, format: &str) -> String {
    TimeZone::UTC.to_datetime(time).strftime(format).to_string()
}

fn names(times: &BTreeSet<Timestamp>) -> Vec<String> {
    times
        .iter()
        .map(|time| written(*time, "%Y%m%dT%H%M%SZ"))
        .collect()
}

/// Nights from the last ones of a year into the next, in which a backup is made where `is_stored` says so; every how
/// manieth of them ends with `forget`.
fn live_through(n_nights: i64, forget_every: i64, is_stored: impl Fn(i64) -> bool) {
    let place = Place::new();
    let first: Timestamp = "2024-12-20T23:47:00Z".parse().unwrap();
    let mut expected = BTreeSet::new();
    for night in (0..n_nights).filter(|night| is_stored(*night)) {
        // A scheduler is late now and then, here past midnight.
        let late = SignedDuration::from_mins(night * 7 % 23);
        let time = first + SignedDuration::from_hours(24 * night) + late;
        add(&place, time, 3);
        expected.insert(time);
        if night % forget_every != 0 {
            continue;
        }
        place.done(FORGET);
        expected = kept(&expected);
        let times: Vec<String> = place
            .backups()
            .iter()
            .map(|name| name[..16].to_owned())
            .collect();
        assert_eq!(times, names(&expected), "night {night}");
    }
    assert!(expected.len() >= 14, "{}", expected.len());
    place.done("backup check --repo vault");
}

/// Every fifth night ends with `forget`, to be quick; with `HOOKFERRY_EVERY_NIGHT` set, every one does.
#[test]
fn an_account_that_changes_every_day() {
    let is_thorough = std::env::var_os("HOOKFERRY_EVERY_NIGHT").is_some();
    live_through(381, if is_thorough { 1 } else { 5 }, |_| true);
}

/// Unchanged nights store nothing, so the days that count lie far apart.
#[test]
fn an_account_that_changes_now_and_then() {
    live_through(800, 1, |night| (night * night) % 17 == 1);
}
