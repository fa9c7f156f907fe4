//! Runs the whole program through a seeded campaign: a server with random habits and faults, runs killed or interrupted
//! at random requests, lost records, migrations, saved plans and rollbacks. Checks the invariants that must hold
//! whatever happens.
//!
//! `HOOKFERRY_CAMPAIGN_SEEDS` sets the number of seeds, `HOOKFERRY_CAMPAIGN_SEED` runs a single seed and prints its log,
//! `HOOKFERRY_CAMPAIGN_FIRST` sets the first seed, and `HOOKFERRY_CAMPAIGN_AT_ONCE` how many seeds run in parallel.

mod check;
mod draw;
mod play;
mod undo;

use crate::support::parallel::in_parallel_with;
use play::play;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Number of seeds in an ordinary test run: well below a minute on two cores.
const SEEDS: u64 = 240;
/// Seeds per batch; a long campaign prints its progress after each batch.
const CHUNK: u64 = 240;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.replace('_', "").parse().ok()
}

#[test]
fn every_webhook_exists_exactly_once_whatever_happens() {
    if let Some(seed) = setting("HOOKFERRY_CAMPAIGN_SEED") {
        let result = play(seed);
        print(&result.log);
        assert!(result.violations.is_empty(), "{:#?}", result.violations);
        return;
    }
    let first = setting("HOOKFERRY_CAMPAIGN_FIRST").unwrap_or(0);
    let last = first + setting("HOOKFERRY_CAMPAIGN_SEEDS").unwrap_or(SEEDS);
    let n_at_once = usize::try_from(setting("HOOKFERRY_CAMPAIGN_AT_ONCE").unwrap_or(12)).unwrap();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut failures = String::new();
    for start in (first..last).step_by(usize::try_from(CHUNK).unwrap()) {
        let seeds: Vec<u64> = (start..last.min(start + CHUNK)).collect();
        let outcomes = in_parallel_with(n_at_once, &seeds, |seed| play(*seed));
        for (seed, outcome) in seeds.iter().zip(outcomes) {
            let replay =
                format!("HOOKFERRY_CAMPAIGN_SEED={seed} cargo test campaign -- --nocapture");
            match outcome {
                Ok(result) if result.violations.is_empty() => {
                    for event in result.coverage {
                        *counts.entry(event).or_default() += 1;
                    }
                }
                Ok(result) => {
                    let _ = writeln!(failures, "{replay}\n{:#?}", result.violations);
                }
                Err(_) => {
                    let _ = writeln!(failures, "{replay}\npanicked");
                }
            }
        }
        if last - first > CHUNK {
            print(&format!(
                "{} seeds: {counts:?}\n{failures}",
                start + CHUNK - first
            ));
        }
    }
    assert!(failures.is_empty(), "{failures}");
    // A campaign that exercises nothing proves nothing.
    for event in [
        "killed",
        "interrupted",
        "a fault",
        "a switch",
        "resumed",
        "a saved plan is applied",
        "a saved plan is stale",
        "exit code 0 is out of reach",
        "rolled back",
        "a rollback is killed",
    ] {
        assert!(
            counts.contains_key(event) || last - first < SEEDS,
            "no seed covered {event}: {counts:?}"
        );
    }
}

/// Writes to standard error directly: the test harness shows captured output only when a test fails.
fn print(text: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}
