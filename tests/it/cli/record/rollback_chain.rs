//! `rollback RUN RUN…`: undoes several runs as one, and only what these runs alone wrote.

use super::rollback::contents;
use super::{MIGRATE, migrate, runs};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::{Value, json};

/// Gives a webhook of the source another url.
fn change_source(accounts: &StandIn, alias: &str, url: &str) {
    let webhooks = accounts.source().webhooks();
    let changed = webhooks.iter().find(|webhook| webhook["alias"] == alias);
    let id = changed.unwrap()["id"].as_u64().unwrap();
    accounts
        .source()
        .edit_webhook(id, |webhook| webhook["url"] = url.into());
}

/// Migrates the change of a webhook that an earlier run created. Returns the id of the run.
fn update(accounts: &StandIn, alias: &str, url: &str) -> String {
    change_source(accounts, alias, url);
    let line = format!("{MIGRATE} --on-conflict update");
    accounts.program(&line).run().assert_code(0);
    latest(accounts)
}

fn latest(accounts: &StandIn) -> String {
    let last = runs(accounts).pop().unwrap();
    last["run"].as_str().unwrap().to_owned()
}

/// A run that was killed before it knew what had arrived, and one that went on and updated what the first created.
fn killed_and_updated() -> (StandIn, Vec<Value>, [String; 2]) {
    let accounts = StandIn::with(&[], &["post:2:stall-after"]);
    let before = accounts.target().webhooks();
    let line = format!("{MIGRATE} --batch-size 6");
    let running = accounts.program(&line).start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    let first = latest(&accounts);
    // No response named this one, and the other's did.
    change_source(
        &accounts,
        "platform-alerts",
        "https://hooks.slack.example/canary-2",
    );
    let second = update(
        &accounts,
        "deploy-bot",
        "https://deploys.example.com/canary-2",
    );
    (accounts, before, [first, second])
}

fn rollback(accounts: &StandIn, runs: &str, flags: &str) -> Run {
    let line = format!("rollback {runs} --rate 1000 --settle 300ms {flags}");
    accounts.program(&line).run()
}

#[test]
fn several_runs_are_undone_as_one() {
    for is_newest_first in [true, false] {
        let (accounts, before, [first, second]) = killed_and_updated();
        let named = if is_newest_first {
            format!("{second} {first}")
        } else {
            format!("{first} {second}")
        };
        let n_writes = accounts.posts().len();
        let preview = rollback(&accounts, &named, "--dry-run");
        preview.assert_code(0);
        assert_text!("preview", preview.stdout());
        assert_eq!(accounts.posts().len(), n_writes, "a dry run writes nothing");
        let run = rollback(&accounts, &named, "--yes -o json");
        run.assert_code(0);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(document["runs"], json!([second, first]));
        assert_eq!(accounts.target().webhooks(), before);
        for run in runs(&accounts) {
            assert_eq!(run["state"], "rolled-back");
        }
    }
}

#[test]
fn two_rollbacks_undo_the_same_as_one() {
    let (accounts, before, [first, second]) = killed_and_updated();
    rollback(&accounts, &second, "--yes").assert_code(0);
    rollback(&accounts, &first, "--yes").assert_code(0);
    assert_eq!(accounts.target().webhooks(), before);
}

/// Only the newest run knows what it found: the older one must not undo it.
#[test]
fn the_older_run_alone_keeps_what_the_newer_one_updated() {
    let (accounts, _, [first, _]) = killed_and_updated();
    let run = rollback(&accounts, &first, "--yes");
    run.assert_code(3);
    assert!(
        run.stdout.contains("it was changed after the run"),
        "{}",
        run.stdout
    );
    assert_eq!(accounts.target().webhooks().len(), 6);
}

/// Undone as one, an edit between the runs would be lost with the webhook.
#[test]
fn what_somebody_changed_between_the_runs_is_kept() {
    for member in ["url", "is_active"] {
        let accounts = StandIn::demo();
        migrate(&accounts);
        let first = latest(&accounts);
        let id = id_of(&accounts, "deploy-bot");
        accounts.target().edit_webhook(id, |webhook| {
            webhook[member] = if member == "url" {
                "https://by-hand.example.com/canary".into()
            } else {
                false.into()
            };
        });
        let second = update(
            &accounts,
            "deploy-bot",
            "https://deploys.example.com/canary-2",
        );
        let run = rollback(&accounts, &format!("{first} {second}"), "--yes");
        run.assert_code(3);
        assert!(
            run.stdout.contains("changed between the runs"),
            "{}",
            run.stdout
        );
        assert_eq!(id_of(&accounts, "deploy-bot"), id);
        // One by one, the edit comes back, and stays.
        rollback(&accounts, &second, "--yes").assert_code(0);
        rollback(&accounts, &first, "--yes").assert_code(3);
        let kept = accounts.target().webhooks().pop().unwrap();
        assert_eq!(kept["id"], id, "{member}");
        let by_hand = if member == "url" {
            json!("https://by-hand.example.com/canary")
        } else {
            json!(false)
        };
        assert_eq!(kept[member], by_hand);
    }
}

fn id_of(accounts: &StandIn, alias: &str) -> u64 {
    let webhooks = accounts.target().webhooks();
    let found = webhooks.iter().find(|webhook| webhook["alias"] == alias);
    found.unwrap()["id"].as_u64().unwrap()
}

/// The run between them is not to be undone, so neither is what it left.
#[test]
fn a_run_left_out_of_the_chain_keeps_its_webhook() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let first = latest(&accounts);
    let second = update(
        &accounts,
        "deploy-bot",
        "https://deploys.example.com/canary-2",
    );
    let third = update(
        &accounts,
        "deploy-bot",
        "https://deploys.example.com/canary-3",
    );
    let in_target = contents(&accounts.target().webhooks());
    rollback(&accounts, &format!("{first} {third}"), "--yes").assert_code(3);
    let kept = contents(&accounts.target().webhooks()).pop().unwrap();
    assert!(
        in_target.contains(&kept) && kept["alias"] == "deploy-bot",
        "{kept}"
    );
    rollback(&accounts, &format!("{first} {third} {second}"), "--yes").assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 4);
}

#[test]
fn runs_of_different_accounts_are_refused() {
    let (accounts, others) = (StandIn::demo(), StandIn::demo());
    migrate(&accounts);
    let first = latest(&accounts);
    let state = accounts
        .home()
        .join("state/hookferry")
        .display()
        .to_string();
    let elsewhere = format!("{MIGRATE} --state-dir {state}");
    others.program(&elsewhere).run().assert_code(0);
    let run = rollback(
        &accounts,
        &format!("{first} {}", latest(&accounts)),
        "--yes",
    );
    run.assert_code(64);
    assert!(run.stderr.contains("different accounts"), "{}", run.stderr);
    assert_eq!(accounts.target().webhooks().len(), 15);
    assert_eq!(others.target().webhooks().len(), 15);
}

/// The record of a run is gone: the others are undone, as far as they alone can be.
#[test]
fn a_run_without_a_record_is_an_error_and_the_others_stay() {
    let (accounts, _, [first, second]) = killed_and_updated();
    let folder = format!("state/hookferry/runs/{first}");
    std::fs::remove_dir_all(accounts.home().join(folder)).unwrap();
    let in_target = accounts.target().webhooks();
    rollback(&accounts, &format!("{first} {second}"), "--yes").assert_code(1);
    assert_eq!(accounts.target().webhooks(), in_target);
    rollback(&accounts, &second, "--yes").assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 15);
}
