//! Kills and disk errors at each write of a rollback and of a restore: nothing is lost track of, and the same command,
//! or a migration, goes on.

use super::injection::{DISK, Scenario, WRITES};
use super::rollback::contents;
use super::{assert_exactly_once, runs};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::seeds::{self, Seeds};
use serde_json::Value;

const MIGRATE: &str =
    "migrate --from [source] --to [target] --on-conflict update --yes -q --rate 1000 --settle 50ms";
const ROLLBACK: &str = "rollback latest --yes -q --rate 1000 --settle 50ms";

/// One webhook to update, two to create, and three in the target that are none of ours.
fn small_seeds() -> Seeds {
    let mut seeds = seeds::demo();
    seeds.source.truncate(3);
    seeds.target[1]["url"] = "https://hooks.slack.example/services/T0PAY/B0PAY/canary-older".into();
    seeds
}

/// What the target held before the run.
fn before() -> Vec<Value> {
    let accounts = StandIn::start(small_seeds().into());
    contents(&accounts.target().webhooks())
}

fn migrated() -> StandIn {
    let accounts = StandIn::start(small_seeds().into());
    accounts.program(MIGRATE).run().assert_code(0);
    accounts
}

const ROLLING_BACK: Scenario<'static, fn() -> StandIn> = Scenario {
    prepare: migrated,
    command_line: ROLLBACK,
};

/// The number of requests that wrote to the target after the migration, which sent a create and an update.
fn n_undoing(accounts: &StandIn) -> usize {
    accounts.posts().len() - 2
}

/// `runs` and `idmap` know of a rollback that was killed, as soon as it may have undone anything.
fn assert_known(accounts: &StandIn, nth: &str) {
    let state = runs(accounts)[0]["state"].clone();
    let map = accounts.program("idmap show latest").run();
    if state == "complete" {
        assert_eq!(n_undoing(accounts), 0, "{nth}: undone, but not recorded");
        assert_eq!(map.code, Some(0), "{nth}: {}", map.transcript());
        return;
    }
    assert!(
        state == "rollback-open" || state == "rolled-back",
        "{nth}: {state}"
    );
    assert_eq!(map.code, Some(1), "{nth}: {}", map.transcript());
}

fn assert_undone(accounts: &StandIn, before: &[Value], nth: &str) {
    let run = accounts.program(ROLLBACK).run();
    assert_eq!(run.code, Some(0), "{nth}: {}", run.transcript());
    assert_eq!(contents(&accounts.target().webhooks()), before, "{nth}");
    assert_eq!(runs(accounts)[0]["state"], "rolled-back", "{nth}");
}

#[test]
#[ignore = "needs strace"]
fn a_rollback_killed_before_any_write_goes_on() {
    let before = before();
    let n = ROLLING_BACK.for_each_call(&WRITES, "signal=SIGKILL", |accounts, run, nth| {
        assert_eq!(run.code, None, "{nth} should have killed it");
        assert_known(accounts, nth);
        assert_undone(accounts, &before, nth);
    });
    assert!(n > 20, "only {n} writes");
}

/// What the killed rollback deleted or restored is migrated again, and the rest is not sent twice.
#[test]
#[ignore = "needs strace"]
fn a_migration_goes_on_after_a_killed_rollback() {
    let before = before();
    let calls = ["writev", "fdatasync"];
    let n = ROLLING_BACK.for_each_call(&calls, "signal=SIGKILL", |accounts, _, nth| {
        let run = accounts.program(MIGRATE).run();
        assert_eq!(run.code, Some(0), "{nth}: {}", run.transcript());
        assert_exactly_once(accounts);
        let in_target = contents(&accounts.target().webhooks());
        for foreign in [0, 2, 3] {
            assert_eq!(in_target[foreign], before[foreign], "{nth}");
        }
    });
    assert!(n > 10, "only {n} writes");
}

/// A full or failing disk: what could not be recorded was not undone, and the same command goes on later.
#[test]
#[ignore = "needs strace"]
fn nothing_unrecorded_is_undone_when_any_disk_write_fails() {
    let before = before();
    for error in ["ENOSPC", "EIO"] {
        let fault = format!("error={error}");
        ROLLING_BACK.for_each_call(&DISK, &fault, |accounts, run, nth| {
            let what = || format!("{error} at {nth}: {}", run.transcript());
            let in_target = contents(&accounts.target().webhooks());
            match run.code {
                // Only the last line of the record is missing, or the name in a lock file.
                Some(0) => assert_eq!(in_target, before, "{}", what()),
                Some(1) => assert_eq!(n_undoing(accounts), 0, "{}", what()),
                Some(3) => assert!(n_undoing(accounts) > 0, "{}", what()),
                _ => panic!("{}", what()),
            }
            assert!(n_undoing(accounts) <= n_intents(accounts), "{}", what());
            assert_known(accounts, nth);
            assert_undone(accounts, &before, nth);
        });
    }
}

/// How many requests the journal announces after the start of the rollback.
fn n_intents(accounts: &StandIn) -> usize {
    let id = super::only_run(accounts);
    let journal = accounts.read(&format!("state/hookferry/runs/{id}/journal.jsonl"));
    let of_rollback = journal.split_once("rollback-started").unwrap_or_default().1;
    of_rollback.matches("sending").count()
}

#[test]
#[ignore = "needs strace"]
fn a_restore_killed_before_any_write_goes_on() {
    let restore = "restore latest --repo repo --to [target] --into-other-account --yes -q --rate 1000 --settle 50ms";
    let emptied = || {
        let mut seeds = small_seeds();
        seeds.target.clear();
        let accounts = StandIn::start(seeds.into());
        let backup = "backup create --from [source] --repo repo --plaintext";
        accounts.program(backup).run().assert_code(0);
        accounts
    };
    let scenario = Scenario {
        prepare: emptied,
        command_line: restore,
    };
    let goes_on = |accounts: &StandIn, run: &Run, nth: &str| {
        assert_eq!(run.code, None, "{nth} should have killed it");
        let again = accounts.program(restore).run();
        assert_eq!(again.code, Some(0), "{nth}: {}", again.transcript());
        assert_exactly_once(accounts);
        assert_eq!(accounts.target().webhooks().len(), 3, "{nth}");
        let n_posts = accounts.posts().len();
        accounts.program(restore).run().assert_code(0);
        assert_eq!(accounts.posts().len(), n_posts, "{nth}: sent again");
    };
    let n = scenario.for_each_call(&WRITES, "signal=SIGKILL", goes_on);
    assert!(n > 20, "only {n} writes");
}
