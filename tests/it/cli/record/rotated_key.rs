//! The target's API key was rotated after a run: its record still serves by its ids, but nobody can prove contents.

use super::{MIGRATE, assert_exactly_once, migrate};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::seeds;
use serde_json::Value;

const ROLLBACK: &str = "rollback latest --yes --settle 300ms";
const VERIFY: &str = "verify --run latest";

/// Runs a command with another key of the same account.
fn with_new_key(accounts: &StandIn, line: &str) -> Run {
    accounts.target().accept_second_key("rotated-canary");
    accounts
        .program(line)
        .env("HOOKFERRY_TARGET_API_KEY", "rotated-canary")
        .run()
}

/// How many webhooks of a JSON document have each value of a member.
fn count(run: &Run, member: &str, value: &str) -> usize {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let webhooks = document["webhooks"].as_array().unwrap();
    let has_value = |webhook: &&Value| webhook[member] == value;
    webhooks.iter().filter(has_value).count()
}

#[test]
fn rollback_reports_what_is_gone_and_keeps_everything_else() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    assert!(accounts.target().remove(1055));
    let (n_requests, in_target) = (accounts.posts().len(), accounts.target().webhooks());
    let run = with_new_key(&accounts, &format!("{ROLLBACK} -o json"));
    run.assert_code(12);
    assert_eq!(count(&run, "result", "gone"), 1, "{}", run.stdout);
    assert_eq!(count(&run, "result", "unproven"), 10, "{}", run.stdout);
    let run = with_new_key(&accounts, ROLLBACK);
    run.assert_code(12);
    assert_text!("rollback", run.stdout());
    assert_eq!(accounts.posts().len(), n_requests, "nothing was sent");
    assert_eq!(accounts.target().webhooks(), in_target);
    accounts.program(ROLLBACK).run().assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 4, "with the run's key");
}

#[test]
fn rollback_restores_nothing() {
    let mut seeds = seeds::demo();
    seeds.target[1]["url"] = "https://hooks.slack.example/services/canary-older".into();
    let accounts = StandIn::start(seeds.into());
    let line = format!("{MIGRATE} --on-conflict update --name payments-alerts");
    accounts.program(&line).run().assert_code(0);
    let in_target = accounts.target().webhooks();
    with_new_key(&accounts, ROLLBACK).assert_code(12);
    assert_eq!(accounts.target().webhooks(), in_target);
}

#[test]
fn rollback_of_a_run_of_which_everything_is_gone_is_done() {
    let accounts = StandIn::demo();
    accounts
        .program(&format!("{MIGRATE} --name deploy-bot"))
        .run()
        .assert_code(0);
    assert!(accounts.target().remove(1054));
    let run = with_new_key(&accounts, ROLLBACK);
    run.assert_code(0);
    assert!(run.stdout.contains("1 already gone"), "{}", run.stdout);
}

/// A chain of runs, of which only the newer one has the key of today.
#[test]
fn of_several_runs_only_those_with_the_key_are_undone() {
    let accounts = StandIn::demo();
    let only = |alias: &str| format!("{MIGRATE} --name {alias}");
    accounts.program(&only("deploy-bot")).run().assert_code(0);
    with_new_key(&accounts, &only("ops-board")).assert_code(0);
    let listed: Value =
        serde_json::from_str(&accounts.program("runs -o json").run().stdout).unwrap();
    let ids: Vec<&str> = (0..2)
        .map(|ix| listed["runs"][ix]["run"].as_str().unwrap())
        .collect();
    let line = format!("rollback {} --yes --settle 300ms -o json", ids.join(" "));
    let run = with_new_key(&accounts, &line);
    run.assert_code(12);
    assert_eq!(count(&run, "result", "deleted"), 1, "{}", run.stdout);
    assert_eq!(count(&run, "result", "unproven"), 1, "{}", run.stdout);
    let aliases: Vec<Value> = accounts
        .target()
        .webhooks()
        .iter()
        .map(|webhook| webhook["alias"].clone())
        .collect();
    assert!(aliases.contains(&"deploy-bot".into()), "{aliases:?}");
    assert!(!aliases.contains(&"ops-board".into()), "{aliases:?}");
}

#[test]
fn verify_reports_what_is_gone_and_what_is_unproven() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let run = with_new_key(&accounts, VERIFY);
    run.assert_code(12);
    assert_transcript!("verify", run);
    assert!(accounts.target().remove(1055));
    let run = with_new_key(&accounts, &format!("{VERIFY} -o json"));
    run.assert_code(3);
    assert_eq!(count(&run, "finding", "missing"), 1, "{}", run.stdout);
    assert_eq!(count(&run, "finding", "unclear"), 11, "{}", run.stdout);
}

/// Without a company id nobody knows whether it is the same account.
#[test]
fn another_key_of_an_account_without_a_company_is_refused() {
    let accounts = StandIn::demo();
    for id in [1050, 1051, 1052, 1053] {
        assert!(accounts.target().remove(id));
    }
    accounts
        .program(&format!("{MIGRATE} --name deploy-bot"))
        .run()
        .assert_code(0);
    assert!(accounts.target().remove(1054));
    for line in [ROLLBACK, VERIFY] {
        let run = with_new_key(&accounts, line);
        run.assert_code(5);
        assert!(
            run.stderr.contains("different target API key"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_migration_still_knows_the_ids() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    with_new_key(&accounts, MIGRATE).assert_code(0);
    assert_exactly_once(&accounts);
    // What the server, or somebody, renamed may be what the run wrote: it is not created again.
    accounts.target().edit_webhook(1055, |webhook| {
        let alias = format!("{} (2)", webhook["alias"].as_str().unwrap());
        webhook["alias"] = alias.into();
        webhook["url"] = "https://hooks.example.com/canary-altered".into();
    });
    let n_posts = accounts.posts().len();
    let run = with_new_key(&accounts, MIGRATE);
    run.assert_code(6);
    assert!(run.stderr.contains("webhook 1055"), "{}", run.transcript());
    assert_eq!(accounts.posts().len(), n_posts);
}

/// What a killed run sent and nobody found is created again only if nothing new in the target may be it.
#[test]
fn an_open_send_is_not_repeated_while_something_new_may_be_it() {
    let accounts = StandIn::with(&["url=slash"], &["post:1:stall-after"]);
    let running = accounts
        .program(&format!("{MIGRATE} --name deploy-bot -q"))
        .start();
    accounts.wait_for_posts(1);
    running.signal("KILL");
    running.status();
    let id = accounts.target().webhooks().last().unwrap()["id"].clone();
    accounts
        .target()
        .edit_webhook(id.as_u64().unwrap(), |webhook| {
            webhook["alias"] = "deploy-bot (altered)".into();
        });
    let n_posts = accounts.posts().len();
    let run = with_new_key(&accounts, &format!("{MIGRATE} --name deploy-bot"));
    run.assert_code(6);
    assert!(run.stderr.contains("may be it"), "{}", run.transcript());
    assert_eq!(accounts.posts().len(), n_posts);
}
