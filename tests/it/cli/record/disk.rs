//! Unusable state folders: nothing is sent that is not recorded first.

use super::{MIGRATE, assert_exactly_once};
use crate::support::stand_in::StandIn;

#[test]
fn an_unusable_state_folder_stops_the_run_before_any_request() {
    let accounts = StandIn::demo();
    for folder in ["/proc/hookferry", "/dev/null/hookferry"] {
        let run = accounts
            .program(&format!("{MIGRATE} --state-dir {folder}"))
            .run();
        run.assert_code(1);
        assert!(run.stderr.contains("--state-dir"), "{}", run.stderr);
        assert_eq!(accounts.request_counts(), [0, 0]);
    }
}

#[test]
fn a_plan_needs_no_state_folder() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("plan --from [source] --to [target] --state-dir /proc/hookferry")
        .run();
    run.assert_code(0);
}

#[test]
fn without_a_home_folder_the_error_names_the_state_dir_flag() {
    let accounts = StandIn::demo();
    let run = accounts
        .program(MIGRATE)
        .env("HOME", "")
        .env("XDG_STATE_HOME", "")
        .run();
    run.assert_code(64);
    assert!(run.stderr.contains("--state-dir DIR"), "{}", run.stderr);
    assert_next_run_migrates(&accounts);
}

fn assert_next_run_migrates(accounts: &StandIn) {
    assert!(accounts.posts().is_empty());
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    assert_exactly_once(accounts);
}
