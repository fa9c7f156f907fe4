//! `runs`: the records as their user sees them, and what happens to damaged, open and old ones.

use super::{MIGRATE, assert_exactly_once, migrated, only_run, runs};
use crate::support::stand_in::StandIn;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

fn folder(accounts: &StandIn) -> PathBuf {
    let all = accounts.home().join("state/hookferry/runs");
    all.join(only_run(accounts))
}

/// A run that was killed while its second request of four webhooks was under way.
fn killed() -> StandIn {
    let accounts = StandIn::with(&[], &["post:2:stall-after"]);
    let running = accounts
        .program(&format!("{MIGRATE} --batch-size 4"))
        .start();
    accounts.until_posts(2);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    accounts
}

#[test]
fn runs_are_listed_and_shown() {
    let accounts = StandIn::demo();
    assert_transcript!("none", accounts.program("runs").run());
    migrated(&accounts);
    assert_transcript!("list", accounts.program("runs").run());
    assert_transcript!("show", accounts.program("runs show latest").run());
    let run = accounts.program("runs show latest -o json").run();
    run.assert_code(0);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["kind"], "run");
    assert_eq!(document["report"]["kind"], "outcome");
    assert_eq!(document["webhooks"].as_array().unwrap().len(), 12);
}

#[test]
fn a_killed_run_shows_what_is_open_and_the_next_one_says_that_it_goes_on() {
    let accounts = killed();
    assert_transcript!("killed", accounts.program("runs show latest").run());
    let preview = accounts.program("plan --from [source] --to [target]").run();
    assert!(
        preview.stderr.contains("the plan may change"),
        "{}",
        preview.stderr
    );
    let again = accounts.program(MIGRATE).run();
    again.assert_code(0);
    assert!(again.stderr.contains("was cut off"), "{}", again.stderr);
    assert_text!("goes_on", again.stdout());
    assert_exactly_once(&accounts);
    let states: Vec<_> = runs(&accounts)
        .iter()
        .map(|run| run["state"].clone())
        .collect();
    assert_eq!(states, ["continued", "complete"]);
}

#[test]
fn it_goes_on_without_the_record_too() {
    let accounts = killed();
    std::fs::remove_dir_all(folder(&accounts)).unwrap();
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

#[test]
fn only_their_owner_can_read_them() {
    let accounts = StandIn::demo();
    migrated(&accounts);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = folder(&accounts);
    for path in [&folder, folder.parent().unwrap()] {
        assert_eq!(mode(path), 0o700, "{}", path.display());
    }
    let files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for path in files {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        // A migration that updates nothing keeps no body, so no file may hold a secret.
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("canary"), "{}", path.display());
    }
}

#[test]
fn a_damaged_record_stops_the_next_run_and_is_named() {
    let accounts = killed();
    let journal = folder(&accounts).join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replacen("sending", "sendinG", 1)).unwrap();
    let run = accounts.program(MIGRATE).run();
    run.assert_code(1);
    assert!(
        run.stderr.contains("is damaged in line 2"),
        "{}",
        run.stderr
    );
    let listed = accounts.program("runs").run();
    listed.assert_code(0);
    assert!(listed.stdout.contains("damaged"), "{}", listed.stdout);
}

#[test]
fn a_record_of_a_newer_form_is_not_guessed_at() {
    let accounts = StandIn::demo();
    migrated(&accounts);
    let folder = folder(&accounts);
    std::fs::write(folder.join("journal.jsonl"), newer_journal()).unwrap();
    let run = accounts.program(MIGRATE).run();
    run.assert_code(1);
    assert!(run.stderr.contains("damaged in line 1"), "{}", run.stderr);
}

/// A first line that this version cannot have written.
fn newer_journal() -> &'static str {
    "0123456789abcdef {\"event\":\"begin\",\"format_version\":\"9.0\"}\n"
}

#[test]
fn closing_a_run_ends_the_search_for_what_it_left_open() {
    let accounts = killed();
    // The window of the run is over once its settle time has passed; before that, closing is refused.
    let run = loop {
        let run = accounts.program("runs close latest").run();
        if run.code == Some(0) {
            break run;
        }
        run.assert_code(6);
        assert!(
            run.stderr.contains("may still be at work"),
            "{}",
            run.stderr
        );
    };
    assert_transcript!("closed", run);
    assert_eq!(runs(&accounts)[0]["state"], "closed");
    let again = accounts.program(MIGRATE).run();
    again.assert_code(0);
    assert!(!again.stderr.contains("was cut off"), "{}", again.stderr);
    assert_exactly_once(&accounts);
}

#[test]
fn pruning_removes_old_records_and_no_open_one() {
    let accounts = StandIn::demo();
    migrated(&accounts);
    let kept = accounts.program("runs prune").run();
    assert!(
        kept.stdout.contains("No run record is that old"),
        "{}",
        kept.stdout
    );
    let removed = accounts.program("runs prune --keep-within 1ns").run();
    removed.assert_code(0);
    assert!(
        removed.stdout.contains("Removed 1 run record"),
        "{}",
        removed.stdout
    );
    assert!(runs(&accounts).is_empty());
    let accounts = killed();
    accounts
        .program("runs prune --keep-within 1ns")
        .run()
        .assert_code(0);
    assert_eq!(runs(&accounts).len(), 1);
    for wrong in ["0d", "-1d", "soon"] {
        let line = format!("runs prune --keep-within={wrong}");
        accounts.program(&line).run().assert_code(64);
    }
}

/// Somebody else's webhook of the same type, created after a run was cut off, could be its own, altered.
#[test]
fn what_cannot_be_told_apart_is_asked_about_until_the_run_is_closed() {
    let accounts = StandIn::with(&[], &["post:1:stall"]);
    let running = accounts.program(MIGRATE).start();
    accounts.until_posts(1);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    accounts.target().insert(&serde_json::json!({
        "alias": "somebody's", "url": "https://hooks.slack.example/canary-else",
        "integration_type_id": 0, "integration_type": {"label": "Slack", "icon": "x", "id": 0},
        "integration_type_fields": "[]",
    }));
    let run = accounts.program(MIGRATE).run();
    run.assert_code(6);
    // How often it looks before that is a matter of time.
    let stderr = run.stderr();
    let (_, plan) = stderr.split_once("hookferry plan:").unwrap();
    assert_text!("cannot_tell", plan);
    assert_eq!(accounts.posts().len(), 1);
    accounts.program("runs close latest").run().assert_code(0);
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

#[test]
fn a_run_that_is_at_work_cannot_be_closed() {
    let accounts = StandIn::with(&[], &["post:1:delay=1s"]);
    let running = accounts.program(MIGRATE).start();
    accounts.until_posts(1);
    accounts.program("runs close latest").run().assert_code(11);
    running.finish().assert_code(0);
}

#[test]
fn a_journal_that_is_gone_is_no_empty_one() {
    let accounts = StandIn::demo();
    migrated(&accounts);
    let journal = folder(&accounts).join("journal.jsonl");
    for damage in ["emptied", "removed"] {
        match damage {
            "emptied" => std::fs::write(&journal, "").unwrap(),
            _ => std::fs::remove_file(&journal).unwrap(),
        }
        let run = accounts.program("rollback latest --yes").run();
        run.assert_code(1);
        assert!(
            run.stderr.contains("is damaged"),
            "{damage}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one() {
    let accounts = StandIn::demo();
    let file = accounts.home().join("a-file");
    std::fs::create_dir_all(&file).unwrap();
    std::fs::write(file.join("runs"), "").unwrap();
    let run = accounts.program("runs --state-dir a-file").run();
    run.assert_code(1);
    assert!(run.stderr.contains("--state-dir"), "{}", run.stderr);
}

#[test]
fn commands_that_are_proposed_find_the_record() {
    let accounts = StandIn::demo();
    let run = accounts
        .program(&format!("{MIGRATE} --state-dir elsewhere"))
        .run();
    run.assert_code(0);
    let proposed = run
        .stdout
        .lines()
        .find_map(|line| line.split_once("hookferry rollback "));
    let (_, arguments) = proposed.unwrap();
    accounts
        .program(&format!("rollback {arguments} --yes"))
        .run()
        .assert_code(0);
}
