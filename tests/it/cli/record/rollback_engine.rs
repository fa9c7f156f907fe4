//! `rollback` against servers that do not do what they say, other writers, and signals.

use super::rollback::contents;
use super::{MIGRATE, assert_exactly_once, migrate, only_run, runs};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{LoggedRequest, Switches};

const ROLLBACK: &str = "rollback latest --yes --rate 1000 --settle 300ms";
/// Tests that run in the background inherit ignored signals.
const WITH_DEFAULT_SIGNALS: &[&str] = &["env", "--default-signal=INT"];

/// Accounts after a migration; the target then behaves like this.
fn migrated(switches: &[&str], faults: &[&str]) -> StandIn {
    let accounts = StandIn::with(&[], faults);
    migrate(&accounts);
    set(&accounts, switches);
    accounts
}

fn set(accounts: &StandIn, switches: &[&str]) {
    accounts
        .target()
        .set_switches(Switches::parse(switches).unwrap());
}

fn rollback(accounts: &StandIn) -> Run {
    accounts.program(ROLLBACK).run()
}

fn n_left(accounts: &StandIn) -> usize {
    accounts.target().webhooks().len() - 4
}

fn state(accounts: &StandIn) -> String {
    let last = runs(accounts).pop().unwrap();
    last["state"].as_str().unwrap().to_owned()
}

fn deletes(log: Vec<LoggedRequest>) -> Vec<LoggedRequest> {
    let is_delete = |seen: &LoggedRequest| seen.method == "DELETE";
    log.into_iter().filter(is_delete).collect()
}

pub(super) fn wait_for_delete(accounts: &StandIn, nth: usize) -> LoggedRequest {
    accounts.wait_for_target(|target| deletes(target.log()).len() >= nth);
    deletes(accounts.target().log()).swap_remove(nth - 1)
}

/// Closes the only run as soon as the target can no longer be processing what it sent.
fn close(accounts: &StandIn) {
    const REFUSED: i32 = 6;
    let line = format!("runs close {}", only_run(accounts));
    let run = || accounts.program(&line).run();
    let closed = std::iter::repeat_with(run).find(|run| run.code != Some(REFUSED));
    closed.unwrap().assert_code(0);
}

fn assert_nothing_claimed(run: &Run) {
    assert!(
        !run.stdout.contains("nothing that the run wrote is left"),
        "{}",
        run.transcript()
    );
}

/// A 404 confirms nothing, so the output does not say so.
#[test]
fn a_delete_that_is_answered_with_404_and_not_done_is_named() {
    let accounts = migrated(&[], &["delete:1:status=404"]);
    let run = rollback(&accounts);
    run.assert_code(3);
    assert!(
        run.stdout
            .contains("the target answered 404, and still has it"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("confirmed"), "{}", run.stdout);
    assert_eq!(n_left(&accounts), 1);
}

#[test]
fn a_delete_that_is_confirmed_and_not_done_is_named() {
    let accounts = migrated(&["delete=ignored"], &[]);
    let run = rollback(&accounts);
    run.assert_code(3);
    assert!(
        run.stdout
            .contains("confirmed its deletion, and still has it"),
        "{}",
        run.stdout
    );
    assert_nothing_claimed(&run);
    assert_eq!(n_left(&accounts), 11);
    assert_eq!(state(&accounts), "rolled-back-in-part");
    set(&accounts, &[]);
    rollback(&accounts).assert_code(0);
    assert_eq!(n_left(&accounts), 0);
}

/// The list suddenly ends before the webhooks of the run, which all still exist.
#[test]
fn a_list_that_hides_what_was_not_deleted_is_not_believed() {
    let accounts = migrated(&["delete=ignored"], &["delete:1:delay=300ms"]);
    let running = accounts.program(ROLLBACK).start();
    wait_for_delete(&accounts, 1);
    let short = ["delete=ignored", "paging=silent", "page-size=4"];
    set(&accounts, &short);
    let run = running.finish();
    run.assert_code(3);
    assert_nothing_claimed(&run);
    for line in [ROLLBACK, MIGRATE] {
        let again = accounts.program(line).run();
        again.assert_code(3);
        assert!(
            again.stderr.contains("its list is incomplete"),
            "{}",
            again.stderr
        );
    }
    assert_eq!(n_left(&accounts), 11);
    assert_exactly_once(&accounts);
}

/// A server that does not show single webhooks cannot say that one is gone; only a user can.
#[test]
fn without_webhooks_by_id_nothing_is_claimed() {
    let accounts = migrated(&["single=404"], &[]);
    for _ in 0..2 {
        let run = rollback(&accounts);
        run.assert_code(3);
        assert_nothing_claimed(&run);
        assert_eq!(state(&accounts), "rollback-open");
    }
    assert_eq!(n_left(&accounts), 0);
    close(&accounts);
    assert_eq!(state(&accounts), "rolled-back-in-part");
    rollback(&accounts).assert_code(0);
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

/// Closing the run says what nobody can tell; it does not outweigh what the server shows.
#[test]
fn closing_a_run_does_not_hide_webhooks_that_exist() {
    let accounts = migrated(&["paging=silent", "page-size=6"], &[]);
    close(&accounts);
    let run = rollback(&accounts);
    run.assert_code(3);
    assert!(
        run.stderr.contains("its list is incomplete"),
        "{}",
        run.stderr
    );
    assert_eq!(n_left(&accounts), 11);
}

#[test]
fn one_refused_delete_does_not_hold_up_the_others() {
    let accounts = migrated(&[], &["delete:2:status=403"]);
    let run = rollback(&accounts);
    run.assert_code(3);
    assert!(run.stdout.contains("10 deleted"), "{}", run.stdout);
    assert!(run.stdout.contains("403"), "{}", run.stdout);
    assert_eq!(n_left(&accounts), 1);
    assert_eq!(state(&accounts), "rolled-back-in-part");
    rollback(&accounts).assert_code(0);
    assert_eq!(n_left(&accounts), 0);
}

#[test]
fn what_is_not_there_any_more_counts_as_deleted() {
    let accounts = migrated(
        &[],
        &[
            "delete:3:status=404,commit=all",
            "delete:5:status=410,commit=all",
        ],
    );
    rollback(&accounts).assert_code(0);
    assert_eq!(n_left(&accounts), 0);
    assert_eq!(state(&accounts), "rolled-back");
}

/// A 404 for everything is no deletion.
#[test]
fn a_server_without_delete_keeps_everything() {
    let accounts = migrated(&[], &["delete:1x*:status=404"]);
    let run = rollback(&accounts);
    run.assert_code(3);
    assert_nothing_claimed(&run);
    assert_eq!(n_left(&accounts), 11);
}

#[test]
fn an_interrupted_rollback_is_open_and_goes_on() {
    let accounts = migrated(&[], &["delete:2:delay=1s"]);
    let running = accounts
        .program(ROLLBACK)
        .under(WITH_DEFAULT_SIGNALS)
        .start();
    wait_for_delete(&accounts, 2);
    running.signal("INT");
    let run = running.finish();
    run.assert_code(130);
    assert_eq!(n_left(&accounts), 9, "the request in flight is finished");
    assert_eq!(state(&accounts), "rollback-open");
    accounts.program("idmap show latest").run().assert_code(1);
    rollback(&accounts).assert_code(0);
    assert_eq!(n_left(&accounts), 0);
    assert_eq!(state(&accounts), "rolled-back");
}

#[test]
fn a_second_rollback_is_refused_while_one_works() {
    let accounts = migrated(&[], &["delete:1:delay=1s"]);
    let first = accounts.program(ROLLBACK).start();
    wait_for_delete(&accounts, 1);
    let second = rollback(&accounts);
    second.assert_code(11);
    assert!(
        second.stderr.contains("`hookferry rollback`"),
        "{}",
        second.stderr
    );
    let close = format!("runs close {}", only_run(&accounts));
    accounts.program(&close).run().assert_code(11);
    first.finish().assert_code(0);
    assert_eq!(n_left(&accounts), 0);
}

/// A rollback whose first delete is lost; before it is sent again, somebody changes a member of the webhook.
/// Also returns the id of the webhook.
fn roll_back_while_somebody_changes(member: &str, flags: &str) -> (StandIn, Run, u64) {
    let accounts = migrated(&[], &["delete:1:drop-before"]);
    let line = format!("rollback latest --yes --rate 1000 --settle 1s {flags}");
    let running = accounts.program(&line).start();
    let path = wait_for_delete(&accounts, 1).path;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    accounts.target().edit_webhook(id, |webhook| {
        webhook[member] = "canary-by-hand".into();
    });
    let run = running.finish();
    (accounts, run, id)
}

/// A change in an undocumented key alone counts, too, as it does before the rollback.
#[test]
fn what_somebody_changes_while_a_delete_is_in_doubt_is_kept() {
    for member in ["url", "is_active"] {
        let (accounts, run, id) = roll_back_while_somebody_changes(member, "");
        run.assert_code(3);
        assert!(
            run.stdout.contains("10 deleted"),
            "{member}: {}",
            run.transcript()
        );
        let left = contents(&accounts.target().webhooks());
        assert_eq!((left.len(), &left[4]["id"]), (5, &id.into()), "{member}");
    }
}

/// The edit changes `updated_at`, too, as every edit does; what the server changes by itself does not.
#[test]
fn what_the_server_counts_while_a_delete_is_in_doubt_is_no_change() {
    let accounts = migrated(&["drift=on"], &["delete:1:drop-before"]);
    rollback(&accounts).assert_code(0);
    assert_eq!(n_left(&accounts), 0);
}

/// Somebody's webhook could be what the killed run sent last, so it stays, and the run does not count as undone.
#[test]
fn what_a_killed_run_may_have_sent_is_neither_deleted_nor_forgotten() {
    let accounts = StandIn::with(&[], &["post:2:stall"]);
    let line = format!("{MIGRATE} --batch-size 6");
    let running = accounts.program(&line).start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    let id = accounts.target().insert(&serde_json::json!({
        "alias": "somebody's", "url": "https://hooks.slack.example/canary-else",
        "integration_type_id": 0, "integration_type": {"label": "Slack", "icon": "x", "id": 0},
        "integration_type_fields": "[]",
    }));
    let run = rollback(&accounts);
    run.assert_code(3);
    assert!(run.stdout.contains("6 deleted"), "{}", run.transcript());
    assert_eq!(n_left(&accounts), 1);
    assert_eq!(accounts.target().webhooks()[4]["id"], id);
    assert_eq!(state(&accounts), "rolled-back-in-part");
}

/// A closed run gives out no id map of webhooks that a rollback may have deleted.
#[test]
fn closing_an_open_rollback_does_not_bring_the_id_map_back() {
    let accounts = killed_in_the_middle();
    assert_eq!(state(&accounts), "rollback-open");
    close(&accounts);
    assert_eq!(state(&accounts), "closed");
    accounts.program("idmap show latest").run().assert_code(1);
}

/// Closing a run is no license to forget what a later rollback does.
#[test]
fn a_rollback_of_a_closed_run_is_open_again() {
    let accounts = migrated(&[], &["delete:2:stall-after"]);
    close(&accounts);
    kill_at_second_delete(&accounts);
    assert_eq!(state(&accounts), "rollback-open");
    let prune = accounts.program("runs prune --keep-within 0d").run();
    assert!(
        !prune.stdout.contains(&only_run(&accounts)),
        "{}",
        prune.stdout
    );
    rollback(&accounts).assert_code(0);
    assert_eq!(n_left(&accounts), 0);
}

/// `verify --run` reports what an open rollback took away, and never says that all is well.
#[test]
fn verify_reports_what_a_killed_rollback_deleted() {
    let accounts = killed_in_the_middle();
    let run = accounts.program("verify --run latest").run();
    run.assert_code(3);
    assert!(run.stdout.contains("missing"), "{}", run.stdout);
    accounts.program("report latest").run().assert_code(0);
}

fn killed_in_the_middle() -> StandIn {
    let accounts = migrated(&[], &["delete:2:stall-after"]);
    kill_at_second_delete(&accounts);
    accounts
}

fn kill_at_second_delete(accounts: &StandIn) {
    let running = accounts
        .program("rollback latest --yes --rate 1000 --settle 50ms")
        .start();
    wait_for_delete(accounts, 2);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
}
