//! Ctrl-C, SIGTERM and SIGHUP at any moment: requests in flight are finished, and nothing is lost or duplicated.

use super::{MIGRATE, assert_exactly_once, only_run};
use crate::support::stand_in::StandIn;

/// Resets signal handling, because tests that run in the background inherit ignored signals.
const WITH_DEFAULT_SIGNALS: &[&str] = &["env", "--default-signal=INT,TERM,HUP"];

/// A target that delays each response to a write, so that signals arrive during a request.
fn with_slow_target() -> StandIn {
    StandIn::with(&[], &["post:1x*:delay=500ms"])
}

#[test]
fn a_request_in_flight_is_finished_and_the_next_run_goes_on() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let accounts = with_slow_target();
        let running = accounts
            .program(&format!("{MIGRATE} --batch-size 4"))
            .under(WITH_DEFAULT_SIGNALS)
            .start();
        accounts.wait_for_posts(1);
        running.signal(signal);
        let run = running.finish();
        run.assert_code(code);
        assert_eq!(accounts.posts().len(), 1, "{}", run.transcript());
        let id = only_run(&accounts);
        for words in [
            "finishing the request in flight",
            "a second signal exits immediately",
            "run the same command again",
            &format!("hookferry rollback {id}"),
        ] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        if signal == "INT" {
            assert_transcript!(run);
        }
        let again = accounts.program(MIGRATE).run();
        again.assert_code(0);
        assert!(
            !again.stderr.contains("was cut off"),
            "every request was reconciled"
        );
        assert_exactly_once(&accounts);
    }
}

#[test]
fn a_second_signal_exits_at_once_and_the_next_run_reads_first() {
    let accounts = StandIn::with(&[], &["post:1:stall-after"]);
    let running = accounts
        .program(MIGRATE)
        .under(WITH_DEFAULT_SIGNALS)
        .start();
    accounts.wait_for_posts(1);
    running.signal("INT");
    running.signal("INT");
    // The first two may be merged into one; then this is the second signal.
    running.signal("TERM");
    let run = running.finish();
    assert!(matches!(run.code, Some(130 | 143)), "{}", run.transcript());
    let again = accounts.program(MIGRATE).run();
    again.assert_code(0);
    assert!(again.stderr.contains("was cut off"), "{}", again.stderr);
    assert_exactly_once(&accounts);
}

#[test]
fn a_signal_before_the_first_write_ends_the_run_at_once() {
    let accounts = StandIn::with(&[], &["get:1:stall"]);
    let running = accounts
        .program(MIGRATE)
        .under(WITH_DEFAULT_SIGNALS)
        .start();
    accounts.wait_for_target(|target| !target.log().is_empty());
    running.signal("TERM");
    let run = running.finish();
    run.assert_code(143);
    assert!(run.stderr.contains("nothing was written"), "{}", run.stderr);
    assert!(accounts.posts().is_empty());
    assert!(super::runs(&accounts).is_empty());
}

#[test]
fn a_signal_interrupts_the_wait_after_a_lost_response() {
    let accounts = StandIn::with(&[], &["post:1:drop-after"]);
    let running = accounts
        .program("migrate --from [source] --to [target] --yes --settle 10s")
        .under(WITH_DEFAULT_SIGNALS)
        .start();
    // The first read back follows immediately; then the run waits.
    accounts.wait_for_target(|target| target.log().len() >= 3);
    running.signal("INT");
    let run = running.finish();
    assert!(matches!(run.code, Some(0 | 130)), "{}", run.transcript());
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

#[test]
fn a_signal_that_the_parent_ignores_stays_ignored() {
    let accounts = with_slow_target();
    let running = accounts
        .program(&format!("{MIGRATE} --batch-size 4"))
        .under(&["nohup"])
        .start();
    accounts.wait_for_posts(1);
    running.signal("HUP");
    running.finish().assert_code(0);
    assert_exactly_once(&accounts);
}
