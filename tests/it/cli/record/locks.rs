//! Two runs on one target at once: the second is told who is at work, and nothing is doubled.

use super::{MIGRATE, assert_exactly_once};
use crate::support::stand_in::StandIn;

#[test]
fn the_second_run_is_refused_and_says_who_is_at_work() {
    let accounts = StandIn::with(&[], &["post:1:delay=1s"]);
    let first = accounts.program(MIGRATE).start();
    accounts.until_posts(1);
    let second = accounts.program(MIGRATE).run();
    second.assert_code(11);
    assert!(
        second.stderr.contains("another run works on target"),
        "{}",
        second.stderr
    );
    assert!(second.stderr.contains("`hookferry migrate`, process "));
    assert_eq!(accounts.posts().len(), 1);
    first.finish().assert_code(0);
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

/// Who waits at night must know what for.
#[test]
fn a_restore_that_is_at_work_is_called_one() {
    let accounts = StandIn::with(&[], &["post:1:delay=1s"]);
    let backup = "backup create --from [source] --repo repo --plaintext";
    accounts.program(backup).run().assert_code(0);
    let restore = "restore latest --repo repo --to [target] --on-conflict skip --yes";
    let first = accounts.program(restore).start();
    accounts.until_posts(1);
    let second = accounts.program(MIGRATE).run();
    second.assert_code(11);
    assert!(second.stderr.contains("`hookferry restore`, process "));
    assert_eq!(first.finish().code, Some(0));
}

#[test]
fn a_preview_needs_no_lock() {
    let accounts = StandIn::with(&[], &["post:1:delay=1s"]);
    let first = accounts.program(MIGRATE).start();
    accounts.until_posts(1);
    accounts
        .program("plan --from [source] --to [target]")
        .run()
        .assert_code(0);
    first.finish().assert_code(0);
}

/// Both read the empty half of the target before either writes: the later one must read again.
#[test]
fn who_read_before_another_wrote_reads_again() {
    for _ in 0..5 {
        let accounts = StandIn::with(&[], &["get:1x2:delay=200ms"]);
        let [first, second] = [(); 2].map(|()| accounts.program(MIGRATE).start());
        let codes = [first.finish().code, second.finish().code];
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(
            codes.iter().all(|code| matches!(code, Some(0 | 11))),
            "{codes:?}"
        );
        assert_exactly_once(&accounts);
    }
}

#[test]
fn the_lock_of_a_killed_run_is_free() {
    let accounts = StandIn::with(&[], &["post:1:stall-after"]);
    let first = accounts.program(MIGRATE).start();
    accounts.until_posts(1);
    first.signal("KILL");
    assert_eq!(first.finish().code, None);
    let again = accounts.program(MIGRATE).run();
    again.assert_code(0);
    assert!(again.stderr.contains("was cut off"), "{}", again.stderr);
    assert_exactly_once(&accounts);
}
