//! What is kept of a run, and what can be done with it: go on, undo, verify, list.

mod disk;
mod idmap;
mod killed;
mod locks;
mod rollback;
mod runs;
mod signals;
mod verify;

use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::Value;

const MIGRATE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";

/// The records of the stand-in's user, the oldest first.
fn runs(accounts: &StandIn) -> Vec<Value> {
    let run = accounts.program("runs -o json").run();
    run.assert_code(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    document["runs"].as_array().unwrap().clone()
}

/// The one run that is on record.
fn only_run(accounts: &StandIn) -> String {
    let runs = runs(accounts);
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0]["run"].as_str().unwrap().to_owned()
}

/// Migrates the ordinary accounts once, as a starting point.
fn migrated(accounts: &StandIn) -> Run {
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    run
}

/// Fails unless every source webhook is in the target exactly once.
#[track_caller]
fn assert_exactly_once(accounts: &StandIn) {
    let copies = accounts.copies();
    assert!(copies.iter().all(|n| *n == 1), "{copies:?}");
}
