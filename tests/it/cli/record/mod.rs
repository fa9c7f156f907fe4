//! Run records, and what they make possible: resume, roll back, verify, list.

mod absence;
mod applied_map;
mod chain_bounds;
mod continued;
mod cut_over;
mod disk;
mod edited;
mod gone;
mod id_tokens;
mod idmap;
mod injection;
mod killed;
mod killed_rollback;
mod locks;
mod previous_bodies;
mod reused_ids;
mod rollback;
mod rollback_chain;
mod rollback_engine;
mod rotated_key;
mod runs;
mod signals;
mod unread;
mod verify;

use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::Value;

const MIGRATE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";

/// The run records in the home folder, oldest first.
fn runs(accounts: &StandIn) -> Vec<Value> {
    let run = accounts.program("runs -o json").run();
    run.assert_code(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    document["runs"].as_array().unwrap().clone()
}

/// The id of the only recorded run.
fn only_run(accounts: &StandIn) -> String {
    let runs = runs(accounts);
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0]["run"].as_str().unwrap().to_owned()
}

/// Migrates once and asserts success.
fn migrate(accounts: &StandIn) -> Run {
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    run
}

/// Asserts that every source webhook is in the target exactly once.
#[track_caller]
fn assert_exactly_once(accounts: &StandIn) {
    let copies = accounts.copies();
    assert!(copies.iter().all(|n| *n == 1), "{copies:?}");
}
