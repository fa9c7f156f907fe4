//! Silence proves nothing: a webhook on record that a list lacks is asked for by its id.

use super::{MIGRATE, assert_exactly_once, migrate, only_run};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::Switches;

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
