//! Gone is said twice: one 404 for a webhook that no list shows is no proof, unless the server confirmed its deletion.

use super::{MIGRATE, assert_exactly_once, migrate};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::Switches;

const ROLLBACK: &str = "rollback latest --yes --rate 1000 --settle 300ms";

/// Rolls back with such a first delete; once that was sent, lists end before the webhooks of the run, and the first GET
/// of each of them answers 404.
fn roll_back_while_the_target_hides(first_delete: &str) -> (StandIn, Run) {
    let accounts = StandIn::with(&[], &[&format!("delete:1:{first_delete},delay=300ms")]);
    migrate(&accounts);
    let running = accounts.program(ROLLBACK).start();
    accounts.wait_for_target(|target| target.log().iter().any(|seen| seen.method == "DELETE"));
    let hiding = ["paging=silent", "page-size=4", "single=late"];
    let switches = Switches::parse(hiding).unwrap();
    accounts.target().set_switches(switches);
    let run = running.finish();
    (accounts, run)
}

/// The number of requests for single webhooks.
fn n_questions(accounts: &StandIn) -> usize {
    let is_list = |path: &str| path.trim_end_matches('/').ends_with("integrations");
    let log = accounts.target().log();
    let questions = log
        .iter()
        .filter(|seen| seen.method == "GET" && !is_list(&seen.path));
    questions.count()
}

#[test]
fn a_first_404_does_not_prove_that_a_lost_delete_took_effect() {
    for first_delete in ["drop-before", "status=404"] {
        let (accounts, run) = roll_back_while_the_target_hides(first_delete);
        run.assert_code(3);
        assert!(run.stdout.contains("still has it"), "{}", run.transcript());
        assert!(!run.stdout.contains("confirmed"), "{}", run.stdout);
        assert!(run.stdout.contains("10 deleted"), "{}", run.stdout);
        assert_eq!(accounts.target().webhooks().len(), 4 + 1);
        accounts.target().set_switches(Switches::default());
        accounts.program(ROLLBACK).run().assert_code(0);
        assert_eq!(accounts.target().webhooks().len(), 4);
    }
}

/// One listed webhook, the ten whose deletion the server confirmed, and the other one twice.
#[test]
fn what_was_lost_and_is_gone_is_asked_for_twice() {
    let (accounts, run) = roll_back_while_the_target_hides("drop-after");
    run.assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 4);
    assert_eq!(n_questions(&accounts), 1 + 10 + 2, "{}", run.transcript());
}

/// A 404 for a DELETE confirms nothing: the run has to wait before it asks once more.
#[test]
fn without_time_for_the_second_question_it_is_unknown() {
    let accounts = StandIn::with(&[], &["delete:3:status=404,commit=all"]);
    migrate(&accounts);
    let line = ROLLBACK.replace("300ms", "1m");
    let run = accounts.program(&format!("{line} --max-wait 0s")).run();
    run.assert_code(3);
    assert!(run.stdout.contains("10 deleted"), "{}", run.transcript());
    for words in ["unknown whether it still has it", "--max-wait allows"] {
        assert!(run.stdout.contains(words), "{}", run.transcript());
    }
}

/// Nobody deleted what the lists only lack.
#[test]
fn a_first_404_does_not_prove_that_somebody_deleted_what_was_created() {
    let accounts = StandIn::with(&["visible-after=1000", "single=late"], &[]);
    let run = accounts.program(MIGRATE).run();
    run.assert_code(3);
    assert!(
        run.stdout
            .contains("the target still has it, and does not list it"),
        "{}",
        run.transcript()
    );
    assert!(
        !run.stdout.contains("somebody deleted it"),
        "{}",
        run.stdout
    );
    accounts.program(MIGRATE).run().assert_code(3);
    assert_exactly_once(&accounts);
}
