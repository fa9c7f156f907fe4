//! A year of nightly backups in a real repository, with the real `forget`: what remains is what an independent model says.
//! The model formats days, weeks and months as text, and shares no code with the program.

use super::Workspace;
use super::clock::add;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};

const FORGET: &str = "backup forget --repo vault --keep-last 3 --keep-daily 14 --keep-weekly 8 \
                      --keep-monthly 12 --keep-yearly 2 -q";
/// Format of a period, and the number of periods whose newest backup is kept.
const RULES: [(&str, usize); 4] = [("%Y-%m-%d", 14), ("%G-W%V", 8), ("%Y-%m", 12), ("%Y", 2)];

/// The times that the policy keeps: the newest of each of the last periods that have one, and the oldest of all where
/// a rule has fewer periods than it may keep.
fn kept_by_policy(times: &BTreeSet<Timestamp>) -> BTreeSet<Timestamp> {
    let mut kept: BTreeSet<Timestamp> = times.iter().rev().take(3).copied().collect();
    for (format, n) in RULES {
        let mut newest = BTreeMap::new();
        for time in times {
            // Later times replace earlier ones.
            newest.insert(format_time(*time, format), *time);
        }
        kept.extend(newest.values().rev().take(n));
        if newest.len() < n {
            kept.extend(times.first());
        }
    }
    kept
}

fn format_time(time: Timestamp, format: &str) -> String {
    TimeZone::UTC.to_datetime(time).strftime(format).to_string()
}

fn names(times: &BTreeSet<Timestamp>) -> Vec<String> {
    times
        .iter()
        .map(|time| format_time(*time, "%Y%m%dT%H%M%SZ"))
        .collect()
}

/// Simulates nights from the end of one year on. `is_stored` selects the nights that store a backup; `forget` runs in
/// those whose number is a multiple of `forget_every`.
fn simulate_nights(n_nights: i64, forget_every: i64, is_stored: impl Fn(i64) -> bool) {
    let workspace = Workspace::new();
    let first: Timestamp = "2024-12-20T23:47:00Z".parse().unwrap();
    let mut expected = BTreeSet::new();
    for night in (0..n_nights).filter(|night| is_stored(*night)) {
        // The scheduler is sometimes late, here past midnight.
        let delay = SignedDuration::from_mins(night * 7 % 23);
        let time = first + SignedDuration::from_hours(24 * night) + delay;
        add(&workspace, time, 3);
        expected.insert(time);
        if night % forget_every != 0 {
            continue;
        }
        workspace.run_ok(FORGET);
        expected = kept_by_policy(&expected);
        let times: Vec<String> = workspace
            .backups()
            .iter()
            .map(|name| name[..16].to_owned())
            .collect();
        assert_eq!(times, names(&expected), "night {night}");
    }
    assert!(expected.len() >= 14, "{}", expected.len());
    workspace.run_ok("backup check --repo vault");
}

/// To save time, `forget` runs every fifth night; with `HOOKFERRY_EVERY_NIGHT` set, it runs every night.
#[test]
fn forget_keeps_the_right_backups_of_a_daily_changing_account() {
    let is_thorough = std::env::var_os("HOOKFERRY_EVERY_NIGHT").is_some();
    simulate_nights(381, if is_thorough { 1 } else { 5 }, |_| true);
}

/// Nights without a change store nothing, so the backups lie far apart.
#[test]
fn forget_keeps_the_right_backups_of_a_rarely_changing_account() {
    simulate_nights(800, 1, |night| (night * night) % 17 == 1);
}
