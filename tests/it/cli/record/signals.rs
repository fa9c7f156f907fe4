//! Ctrl-C, SIGTERM and SIGHUP, in every moment: what is in flight is finished, and nothing is lost or doubled.

use super::{MIGRATE, assert_exactly_once, only_run};
use crate::support::stand_in::StandIn;

/// What runs the program as a terminal would, even where the tests themselves run in the background and so ignore Ctrl-C.
const AS_A_TERMINAL_DOES: &[&str] = &["env", "--default-signal=INT,TERM,HUP"];

/// A target that answers each write only after a while, so that a signal meets it at work.
fn slow() -> StandIn {
    StandIn::with(&[], &["post:1x*:delay=500ms"])
}

#[test]
fn a_request_in_flight_is_finished_and_the_next_run_goes_on() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let accounts = slow();
        let running = accounts
            .program(&format!("{MIGRATE} --batch-size 4"))
            .under(AS_A_TERMINAL_DOES)
            .start();
        accounts.until_posts(1);
        running.signal(signal);
        let run = running.finish();
        run.assert_code(code);
        assert_eq!(accounts.posts().len(), 1, "{}", run.transcript());
        let id = only_run(&accounts);
        for words in [
            "finishing the request in flight",
            "once more leaves at once",
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
            "all was accounted for"
        );
        assert_exactly_once(&accounts);
    }
}

#[test]
fn a_second_signal_leaves_at_once_and_the_next_run_looks_first() {
    let accounts = StandIn::with(&[], &["post:1:stall-after"]);
    let running = accounts.program(MIGRATE).under(AS_A_TERMINAL_DOES).start();
    accounts.until_posts(1);
    running.signal("INT");
    running.signal("INT");
    // The two may arrive as one, and then the third is the second.
    running.signal("TERM");
    let run = running.finish();
    assert!(matches!(run.code, Some(130 | 143)), "{}", run.transcript());
    let again = accounts.program(MIGRATE).run();
    again.assert_code(0);
    assert!(again.stderr.contains("was cut off"), "{}", again.stderr);
    assert_exactly_once(&accounts);
}

#[test]
fn before_anything_is_sent_a_signal_ends_the_run_at_once() {
    let accounts = StandIn::with(&[], &["get:1:stall"]);
    let running = accounts.program(MIGRATE).under(AS_A_TERMINAL_DOES).start();
    accounts.until_target(|target| !target.log().is_empty());
    running.signal("TERM");
    let run = running.finish();
    run.assert_code(143);
    assert!(run.stderr.contains("nothing was written"), "{}", run.stderr);
    assert!(accounts.posts().is_empty());
    assert!(super::runs(&accounts).is_empty());
}

#[test]
fn while_it_waits_for_a_lost_answer_a_signal_is_heard() {
    let accounts = StandIn::with(&[], &["post:1:drop-after"]);
    let running = accounts
        .program("migrate --from [source] --to [target] --yes --settle 60s")
        .under(AS_A_TERMINAL_DOES)
        .start();
    // The first look comes at once; then it waits.
    accounts.until_target(|target| target.log().len() >= 3);
    running.signal("INT");
    let run = running.finish();
    assert!(matches!(run.code, Some(0 | 130)), "{}", run.transcript());
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

#[test]
fn a_signal_that_the_parent_ignores_is_ignored() {
    let accounts = slow();
    let running = accounts
        .program(&format!("{MIGRATE} --batch-size 4"))
        .under(&["nohup"])
        .start();
    accounts.until_posts(1);
    running.signal("HUP");
    running.finish().assert_code(0);
    assert_exactly_once(&accounts);
}
