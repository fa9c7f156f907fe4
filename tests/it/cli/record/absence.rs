//! Silence proves nothing: a webhook on record that a list lacks is asked for by its id.

use super::{MIGRATE, assert_exactly_once, migrate, only_run};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Switches, seeds};
use serde_json::json;

/// The demo accounts after a migration, with a target that behaves otherwise from now on.
fn migrated(switches: &[&str]) -> StandIn {
    let accounts = StandIn::demo();
    migrate(&accounts);
    set(&accounts, switches);
    accounts
}

fn set(accounts: &StandIn, switches: &[&str]) {
    accounts
        .target()
        .set_switches(Switches::parse(switches).unwrap());
}

/// A server that silently shows the first webhooks alone would otherwise get the others once more.
#[test]
fn a_list_that_ends_early_leads_to_no_second_copy() {
    let accounts = migrated(&["paging=silent", "page-size=6"]);
    for command in [
        MIGRATE,
        "plan --from [source] --to [target] --rate 1000",
        "migrate --from [source] --to [target] --dry-run --rate 1000",
    ] {
        let run = accounts.program(command).run();
        run.assert_code(3);
        assert!(
            run.stderr.contains("its list is incomplete"),
            "{}",
            run.transcript()
        );
    }
    assert_eq!(accounts.posts().len(), 1);
    set(&accounts, &[]);
    migrate(&accounts);
    assert_exactly_once(&accounts);
}

/// The list still lacks what was created when the settle window is long over.
#[test]
fn a_list_that_lags_beyond_the_settle_window_leads_to_no_second_copy() {
    let accounts = StandIn::with(&["visible-after=1000"], &[]);
    accounts.program(MIGRATE).run().assert_code(3);
    for _ in 0..2 {
        let run = accounts.program(MIGRATE).run();
        run.assert_code(3);
        assert!(
            run.stderr.contains("its list is incomplete"),
            "{}",
            run.transcript()
        );
    }
    assert_exactly_once(&accounts);
}

#[test]
fn a_rollback_does_not_take_an_empty_list_for_undone() {
    let accounts = StandIn::with(&["visible-after=1000"], &[]);
    accounts.program(MIGRATE).run().assert_code(3);
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(3);
    assert!(
        run.stderr.contains("its list is incomplete"),
        "{}",
        run.transcript()
    );
    assert_eq!(accounts.target().webhooks().len(), 15);
}

#[test]
fn what_somebody_deleted_is_created_again() {
    let accounts = migrated(&[]);
    assert!(accounts.target().remove(1060));
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    assert!(run.stdout.contains("1 created"), "{}", run.transcript());
    assert_exactly_once(&accounts);
}

/// A page with status 404 is no answer of the API: whether the webhook exists stays unknown until somebody says so.
#[test]
fn a_page_proves_nothing_and_closing_the_run_decides() {
    let accounts = migrated(&["errors=html"]);
    assert!(accounts.target().remove(1060));
    let run = accounts.program(MIGRATE).run();
    run.assert_code(3);
    assert!(
        run.stderr.contains("unknown whether it still exists"),
        "{}",
        run.transcript()
    );
    assert_eq!(accounts.posts().len(), 1);
    let close = format!("runs close {}", only_run(&accounts));
    accounts.program(&close).run().assert_code(0);
    migrate(&accounts);
    assert_exactly_once(&accounts);
}

/// A run of so many webhooks, all of which somebody deletes.
fn many_deleted(n: usize) -> StandIn {
    let mut seeds = seeds::demo();
    seeds.source = (0..n)
        .map(|at| json!({"alias": format!("hook {at}"), "url": format!("https://h.example.net/canary-{at}"), "integration_type_id": 0, "integration_type": {"id": 0}}))
        .collect();
    let accounts = StandIn::start(seeds.into());
    let line = MIGRATE.replace("300ms", "0s");
    accounts.program(&line).run().assert_code(0);
    for webhook in &accounts.target().webhooks()[4..] {
        assert!(accounts.target().remove(webhook["id"].as_u64().unwrap()));
    }
    accounts
}

/// The requests for single webhooks.
fn n_questions(accounts: &StandIn) -> usize {
    let log = accounts.target().log();
    let is_question = |path: &str| !path.trim_end_matches('/').ends_with("integrations");
    let questions = log
        .iter()
        .filter(|request| request.method == "GET" && is_question(&request.path));
    questions.count()
}

/// However many are missing, each is asked for: the list is whole, and the webhooks are gone.
#[test]
fn many_webhooks_that_somebody_deleted_are_created_again() {
    let accounts = many_deleted(520);
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 4 + 520);
    assert_eq!(n_questions(&accounts), 2 * 520 + 1, "{}", run.stderr);
}

/// One round of questions is always asked; the others cost what the run may wait.
#[test]
fn more_questions_than_the_run_may_wait_for_leave_it_unknown() {
    let accounts = many_deleted(120);
    let run = accounts.program(&format!("{MIGRATE} --max-wait 0s")).run();
    run.assert_code(3);
    assert!(
        run.stderr.contains("longer than --max-wait allows"),
        "{}",
        run.transcript()
    );
    assert_eq!(n_questions(&accounts), 2 * 50 + 1);
    assert_eq!(accounts.target().webhooks().len(), 4);
}

/// The first webhook that exists settles it, so that no more are asked for.
#[test]
fn one_webhook_that_exists_ends_the_questions() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    set(&accounts, &["paging=silent", "page-size=2"]);
    accounts.program(MIGRATE).run().assert_code(3);
    assert_eq!(n_questions(&accounts), 1);
}

/// A webhook that vanished a moment after it was sent is only gone if the target says so when the window is over.
#[test]
fn what_is_gone_within_the_settle_window_is_asked_for_after_it() {
    let accounts = StandIn::demo();
    let line = MIGRATE.replace("300ms", "5s");
    accounts.program(&line).run().assert_code(0);
    assert!(accounts.target().remove(1060));
    let planned = accounts
        .program("plan --from [source] --to [target] --rate 1000")
        .run();
    planned.assert_code(0);
    assert!(planned.stdout.contains("1 to create"), "{}", planned.stdout);
    assert!(
        planned.stderr.contains("the list lacks webhooks on record"),
        "{}",
        planned.transcript()
    );
    assert_eq!(n_questions(&accounts), 3);
}
