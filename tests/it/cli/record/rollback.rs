//! `rollback`: reverts only what the run wrote and nobody changed since, with a preview, and is safe to repeat.

use super::{MIGRATE, migrate, only_run};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::seeds;
use serde_json::Value;

/// Webhooks without the members that change with every write.
pub(super) fn contents(webhooks: &[Value]) -> Vec<Value> {
    let without_dates = |webhook: &Value| {
        let mut webhook = webhook.clone();
        for key in ["created_at", "updated_at"] {
            webhook.as_object_mut().unwrap().remove(key);
        }
        webhook
    };
    webhooks.iter().map(without_dates).collect()
}

#[test]
fn a_rollback_undoes_everything_and_is_safe_to_repeat() {
    let accounts = StandIn::demo();
    let before = accounts.target().webhooks();
    migrate(&accounts);
    assert_transcript!(
        "preview",
        accounts.program("rollback latest --dry-run").run()
    );
    assert_eq!(accounts.posts().len(), 1, "a dry run deletes nothing");
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(0);
    assert_transcript!("everything", run);
    assert_eq!(accounts.target().webhooks(), before);
    let again = accounts.program("rollback latest --yes").run();
    again.assert_code(0);
    assert!(again.stdout.contains("11 already gone"), "{}", again.stdout);
    assert_eq!(super::runs(&accounts)[0]["state"], "rolled-back");
    let next = accounts.program(MIGRATE).run();
    next.assert_code(0);
    super::assert_exactly_once(&accounts);
}

#[test]
fn nobody_can_say_yes_without_a_terminal() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let in_target = accounts.target().webhooks();
    accounts.program("rollback latest").run().assert_code(6);
    assert_eq!(accounts.target().webhooks(), in_target);
}

#[test]
fn rollback_keeps_what_changed_since_and_reports_it() {
    let accounts = StandIn::demo();
    let preexisting = accounts.target().webhooks();
    migrate(&accounts);
    accounts.target().edit_webhook(1054, |webhook| {
        webhook["url"] = "https://changed.example.com/canary".into();
    });
    accounts.target().remove(1055);
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(3);
    assert_text!("changed", run.stdout());
    let in_target = accounts.target().webhooks();
    assert_eq!(in_target.len(), preexisting.len() + 1);
    assert_eq!(in_target[preexisting.len()]["id"], 1054);
    let run = accounts.program("rollback latest --yes -o json").run();
    run.assert_code(3);
    assert_text!("changed_json", run.stdout());
}

#[test]
fn rollback_restores_the_previous_content_of_an_update() {
    let mut seeds = seeds::demo();
    seeds.target[1]["url"] = "https://hooks.slack.example/services/T0PAY/B0PAY/canary-older".into();
    let accounts = StandIn::start(seeds.into());
    let before = contents(&accounts.target().webhooks());
    let run = accounts
        .program(&format!("{MIGRATE} --on-conflict update"))
        .run();
    run.assert_code(0);
    assert_ne!(contents(&accounts.target().webhooks())[..4], before[..]);
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(0);
    assert!(
        run.stdout.contains("1 restored to the previous content"),
        "{}",
        run.stdout
    );
    assert_eq!(contents(&accounts.target().webhooks()), before);
    let again = accounts.program("rollback latest --yes").run();
    again.assert_code(0);
    assert!(
        again.stdout.contains("already with the previous content"),
        "{}",
        again.stdout
    );
}

#[test]
fn a_killed_run_can_be_rolled_back() {
    let accounts = StandIn::with(&[], &["post:2:stall-after"]);
    let before = accounts.target().webhooks();
    let running = accounts
        .program(&format!("{MIGRATE} --batch-size 4"))
        .start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(0);
    assert!(run.stdout.contains("8 deleted"), "{}", run.transcript());
    assert_eq!(accounts.target().webhooks(), before);
}

/// No response named them, so only webhooks that equal what was sent are certainly ours.
#[test]
fn rollback_keeps_altered_webhooks_found_after_a_lost_response() {
    let accounts = StandIn::with(&["uuid=fresh"], &["post:1:drop-after"]);
    let n_preexisting = accounts.target().webhooks().len();
    migrate(&accounts);
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(3);
    assert!(
        run.stdout.contains("found after a lost response"),
        "{}",
        run.stdout
    );
    let left = &accounts.target().webhooks()[n_preexisting..];
    assert!(!left.is_empty());
    for webhook in left {
        let fields = webhook["integration_type_fields"].as_str().unwrap();
        assert!(fields.contains("uuid"), "{}", webhook["alias"]);
    }
}

#[test]
fn rollback_deletes_what_the_server_altered_in_its_response() {
    let accounts = StandIn::with(&["uuid=fresh"], &[]);
    let before = accounts.target().webhooks();
    migrate(&accounts);
    accounts
        .program("rollback latest --yes")
        .run()
        .assert_code(0);
    assert_eq!(accounts.target().webhooks(), before);
}

#[test]
fn rollback_survives_lost_responses_errors_and_rate_limits() {
    for fault in [
        "delete:1:drop-after",
        "delete:2:drop-before",
        "delete:1x3:status=500",
        "delete:1:status=429,retry-after=0",
        "delete:3:reset-after",
        "delete:2:status=503,commit=all",
        "get:3:status=502",
    ] {
        let accounts = StandIn::with(&[], &[fault]);
        let before = accounts.target().webhooks();
        migrate(&accounts);
        let run = accounts
            .program("rollback latest --yes --rate 1000 --settle 1s")
            .run();
        run.assert_code(0);
        assert_eq!(accounts.target().webhooks(), before, "{fault}");
    }
}

#[test]
fn a_key_without_delete_permission_is_told_what_it_needs() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    accounts
        .target()
        .set_switches(hookferry::sandbox::Switches::parse(["auth=read-only"]).unwrap());
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(4);
    assert!(run.stderr.contains("UPDATECONFIG"), "{}", run.stderr);
}

#[test]
fn rollback_refuses_another_account() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let other_address = accounts
        .program("rollback latest --yes --to [source]")
        .run();
    other_address.assert_code(5);
    assert_eq!(accounts.posts().len(), 1);
}

#[test]
fn a_missing_run_is_an_error() {
    let accounts = StandIn::demo();
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(1);
    assert_transcript!("none", run);
    migrate(&accounts);
    let id = only_run(&accounts);
    accounts.program("rollback 1999 --yes").run().assert_code(1);
    let short = format!("rollback {} --dry-run", &id[..10]);
    accounts.program(&short).run().assert_code(0);
}

/// A change in an undocumented key counts as a change.
#[test]
fn rollback_keeps_a_webhook_that_was_deactivated_since() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    accounts
        .target()
        .edit_webhook(1054, |webhook| webhook["is_active"] = false.into());
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(3);
    assert!(
        run.stdout.contains("it was changed after the run"),
        "{}",
        run.stdout
    );
    let in_target = accounts.target().webhooks();
    assert!(in_target.iter().any(|webhook| webhook["id"] == 1054));
    assert_eq!(in_target.len(), 5);
}

/// A copy that appeared after the run is not claimed to be gone.
#[test]
fn rollback_names_a_late_second_copy() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let mut late = accounts.target().webhooks()[4].clone();
    late.as_object_mut().unwrap().remove("id");
    let id = accounts.target().insert(&late);
    let run = accounts.program("rollback latest --yes").run();
    run.assert_code(3);
    assert!(run.stdout.contains(&format!("({id})")), "{}", run.stdout);
    assert!(!run.stdout.contains("nothing that the run wrote is left"));
}

#[test]
fn the_latest_run_is_the_one_that_started_last() {
    let accounts = StandIn::demo();
    for alias in ["deploy-bot", "ops-board", "soar-triage", "night-shift"] {
        let line = format!("{MIGRATE} --name {alias}");
        accounts.program(&line).run().assert_code(0);
        let run = accounts.program("runs show latest").run();
        assert!(run.stdout.contains(alias), "{alias}: {}", run.stdout);
    }
}
