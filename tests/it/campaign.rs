//! The whole program through a seeded campaign: a server with random habits and faults, runs that are killed or
//! interrupted at random requests, records that get lost, migrations and saved plans; and what must be true in the end whatever happened.
//!
//! `HOOKFERRY_CAMPAIGN_SEEDS` raises how many seeds are run, `HOOKFERRY_CAMPAIGN_SEED` runs a single one and tells
//! its story, `HOOKFERRY_CAMPAIGN_FIRST` says where to begin, `HOOKFERRY_CAMPAIGN_AT_ONCE` how many play at once.

mod draw;
mod play;

use crate::support::at_once::so_many_at_once;
use play::play;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Seeds of an ordinary test run: well below a minute on two cores.
const SEEDS: u64 = 240;
/// Seeds that are judged together, so that a long campaign shows how far it has come.
const CHUNK: u64 = 240;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.replace('_', "").parse().ok()
}

#[test]
fn every_webhook_is_there_exactly_once_whatever_happens() {
    if let Some(seed) = setting("HOOKFERRY_CAMPAIGN_SEED") {
        let played = play(seed);
        tell(&played.story);
        assert!(played.violations.is_empty(), "{:#?}", played.violations);
        return;
    }
    let first = setting("HOOKFERRY_CAMPAIGN_FIRST").unwrap_or(0);
    let last = first + setting("HOOKFERRY_CAMPAIGN_SEEDS").unwrap_or(SEEDS);
    let n_at_once = usize::try_from(setting("HOOKFERRY_CAMPAIGN_AT_ONCE").unwrap_or(12)).unwrap();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut failures = String::new();
    for start in (first..last).step_by(usize::try_from(CHUNK).unwrap()) {
        let seeds: Vec<u64> = (start..last.min(start + CHUNK)).collect();
        let outcomes = so_many_at_once(n_at_once, &seeds, |seed| play(*seed));
        for (seed, outcome) in seeds.iter().zip(outcomes) {
            let replay =
                format!("HOOKFERRY_CAMPAIGN_SEED={seed} cargo test campaign -- --nocapture");
            match outcome {
                Ok(played) if played.violations.is_empty() => {
                    for what in played.met {
                        *counts.entry(what).or_default() += 1;
                    }
                }
                Ok(played) => {
                    let _ = writeln!(failures, "{replay}\n{:#?}", played.violations);
                }
                Err(_) => {
                    let _ = writeln!(failures, "{replay}\npanicked");
                }
            }
        }
        if last - first > CHUNK {
            tell(&format!(
                "{} seeds: {counts:?}\n{failures}",
                start + CHUNK - first
            ));
        }
    }
    assert!(failures.is_empty(), "{failures}");
    // A campaign that meets nothing proves nothing.
    for what in [
        "killed",
        "interrupted",
        "a fault",
        "a switch",
        "went on",
        "a saved plan is carried out",
        "a saved plan is stale",
    ] {
        assert!(
            counts.contains_key(what) || last - first < SEEDS,
            "no seed met {what}: {counts:?}"
        );
    }
}

/// Past the test harness, which shows what a test prints only when it fails.
fn tell(text: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}
