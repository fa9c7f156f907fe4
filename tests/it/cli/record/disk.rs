//! A state folder that cannot be used, and disks that fill up: nothing is sent that is not on record.

use super::{MIGRATE, assert_exactly_once};
use crate::support::stand_in::StandIn;

#[test]
fn without_a_usable_state_folder_nothing_is_even_read() {
    let accounts = StandIn::demo();
    for folder in ["/proc/hookferry", "/dev/null/hookferry"] {
        let run = accounts
            .program(&format!("{MIGRATE} --state-dir {folder}"))
            .run();
        run.assert_code(1);
        assert!(run.stderr.contains("--state-dir"), "{}", run.stderr);
        assert_eq!(accounts.n_seen(), [0, 0]);
    }
}

#[test]
fn a_preview_does_without_one() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("plan --from [source] --to [target] --state-dir /proc/hookferry")
        .run();
    run.assert_code(0);
}

#[test]
fn without_any_home_the_user_is_told_what_to_say() {
    let accounts = StandIn::demo();
    let run = accounts
        .program(MIGRATE)
        .env("HOME", "")
        .env("XDG_STATE_HOME", "")
        .run();
    run.assert_code(64);
    assert!(run.stderr.contains("--state-dir DIR"), "{}", run.stderr);
    assert_exactly_once_is_untouched(&accounts);
}

fn assert_exactly_once_is_untouched(accounts: &StandIn) {
    assert!(accounts.posts().is_empty());
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    assert_exactly_once(accounts);
}
