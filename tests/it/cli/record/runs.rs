//! `runs`: the records as users see them, and the handling of damaged, open and old records.

use super::{MIGRATE, assert_exactly_once, migrate, only_run, runs};
use crate::support::stand_in::StandIn;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

fn run_folder(accounts: &StandIn) -> PathBuf {
    let all = accounts.home().join("state/hookferry/runs");
    all.join(only_run(accounts))
}

/// Accounts after a run that was killed during its second request of four webhooks.
fn after_a_killed_run() -> StandIn {
    let accounts = StandIn::with(&[], &["post:2:stall-after"]);
    let running = accounts
        .program(&format!("{MIGRATE} --batch-size 4"))
        .start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    accounts
}

#[test]
fn runs_are_listed_and_shown() {
    let accounts = StandIn::demo();
    assert_transcript!("none", accounts.program("runs").run());
    migrate(&accounts);
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
fn a_killed_run_shows_open_requests_and_the_next_run_resumes_it() {
    let accounts = after_a_killed_run();
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
fn a_killed_run_resumes_even_without_its_record() {
    let accounts = after_a_killed_run();
    std::fs::remove_dir_all(run_folder(&accounts)).unwrap();
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

#[test]
fn records_are_readable_only_by_their_owner() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = run_folder(&accounts);
    for path in [&folder, folder.parent().unwrap()] {
        assert_eq!(mode(path), 0o700, "{}", path.display());
    }
    let files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(
        files,
        [folder.join("journal.jsonl")],
        "a record is one journal"
    );
    for path in files {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("canary"), "{}", path.display());
    }
}

#[test]
fn a_damaged_record_stops_the_next_run() {
    let accounts = after_a_killed_run();
    let journal = run_folder(&accounts).join("journal.jsonl");
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
fn a_record_of_a_newer_format_is_refused() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let folder = run_folder(&accounts);
    std::fs::write(folder.join("journal.jsonl"), newer_journal()).unwrap();
    let run = accounts.program(MIGRATE).run();
    run.assert_code(1);
    assert!(run.stderr.contains("damaged in line 1"), "{}", run.stderr);
}

/// A header that this version cannot have written.
fn newer_journal() -> &'static str {
    "0123456789abcdef {\"event\":\"begin\",\"format_version\":\"9.0\"}\n"
}

#[test]
fn closing_a_run_ends_the_search_for_its_open_requests() {
    let accounts = after_a_killed_run();
    // The run can be closed only after its settle window has passed.
    let run = loop {
        let run = accounts.program("runs close latest").run();
        if run.code == Some(0) {
            break run;
        }
        run.assert_code(6);
        assert!(
            run.stderr.contains("may still be processing"),
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
fn prune_removes_old_records_but_no_open_ones() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let kept = accounts.program("runs prune").run();
    assert!(
        kept.stdout.contains("No run records are that old"),
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
    let accounts = after_a_killed_run();
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

/// Somebody else's webhook of the same type, created after a run was cut off, could be the run's own, altered by the server.
#[test]
fn an_indistinguishable_webhook_blocks_runs_until_the_run_is_closed() {
    let accounts = StandIn::with(&[], &["post:1:stall"]);
    let running = accounts.program(MIGRATE).start();
    accounts.wait_for_posts(1);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    accounts.target().insert(&serde_json::json!({
        "alias": "somebody's", "url": "https://hooks.slack.example/canary-else",
        "integration_type_id": 0, "integration_type": {"label": "Slack", "icon": "x", "id": 0},
        "integration_type_fields": "[]",
    }));
    let run = accounts.program(MIGRATE).run();
    run.assert_code(6);
    // The number of reads before that depends on timing.
    let stderr = run.stderr();
    let (_, plan) = stderr.split_once("hookferry plan:").unwrap();
    assert_text!("cannot_tell", plan);
    assert_eq!(accounts.posts().len(), 1);
    accounts.program("runs close latest").run().assert_code(0);
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

#[test]
fn a_running_run_cannot_be_closed() {
    let accounts = StandIn::with(&[], &["post:1:delay=1s"]);
    let running = accounts.program(MIGRATE).start();
    accounts.wait_for_posts(1);
    accounts.program("runs close latest").run().assert_code(11);
    running.finish().assert_code(0);
}

#[test]
fn a_missing_or_empty_journal_counts_as_damaged() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let journal = run_folder(&accounts).join("journal.jsonl");
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
fn an_unreadable_runs_folder_is_an_error() {
    let accounts = StandIn::demo();
    let file = accounts.home().join("a-file");
    std::fs::create_dir_all(&file).unwrap();
    std::fs::write(file.join("runs"), "").unwrap();
    let run = accounts.program("runs --state-dir a-file").run();
    run.assert_code(1);
    assert!(run.stderr.contains("--state-dir"), "{}", run.stderr);
}

#[test]
fn the_printed_rollback_command_finds_the_record() {
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

/// A mistyped folder has no runs, and that is not the news.
#[test]
fn a_state_folder_that_does_not_exist_is_named() {
    let accounts = StandIn::demo();
    for command in [
        "runs list",
        "runs show latest",
        "runs prune --keep-within 1d",
        "report latest",
        "rollback latest --yes",
        "verify --run latest",
        "idmap show",
    ] {
        let run = accounts
            .program(&format!("{command} --state-dir mistyped"))
            .run();
        run.assert_code(64);
        assert!(
            run.stderr
                .contains("the state folder `mistyped` does not exist"),
            "{command}: {}",
            run.stderr
        );
        assert!(!accounts.home().join("mistyped").exists());
    }
    // The default folder does not exist before the first run.
    accounts.program("runs list").run().assert_code(0);
}
