//! Concurrent runs in one repository: nothing is lost, nothing is stored twice, and every backup is intact.

use super::clock::add;
use super::{CHECK, CREATE, FORGET, Workspace};
use jiff::{SignedDuration, Timestamp};

/// Starts all commands before it waits for any.
fn run_concurrently(workspace: &Workspace, command_lines: &[&str]) -> Vec<String> {
    let running: Vec<_> = command_lines
        .iter()
        .map(|line| workspace.program(line).start())
        .collect();
    let ended = running.into_iter().map(|running| {
        let run = running.finish();
        run.assert_code(0);
        run.stdout
    });
    ended.collect()
}

#[test]
fn concurrent_backups_of_one_account_do_not_conflict() {
    for n in [2, 8] {
        let workspace = Workspace::new();
        let outputs = run_concurrently(&workspace, &vec![CREATE; n]);
        let n_stored = outputs
            .iter()
            .filter(|output| output.contains(" stored  "))
            .count();
        let names = workspace.backups();
        assert_eq!(names.len(), n_stored, "{outputs:?}");
        assert!((1..=n).contains(&n_stored));
        for name in &names {
            assert!(
                outputs
                    .iter()
                    .filter(|output| output.contains(name))
                    .count()
                    >= 1,
                "{name}"
            );
            assert_eq!(workspace.aliases(name), workspace.source_aliases());
        }
        assert!(workspace.leftovers().is_empty());
        workspace.run_ok(CHECK);
        workspace.run_ok(CREATE);
        workspace.assert_recovers("after concurrent runs");
    }
}

/// Another run may remove a backup after the check has listed it: that must not fail the check.
#[test]
#[ignore = "needs strace"]
fn a_check_tolerates_backups_that_are_forgotten_meanwhile() {
    let workspace = Workspace::new();
    for minutes in [3, 2, 1] {
        add(
            &workspace,
            Timestamp::now() - SignedDuration::from_mins(minutes),
            12,
        );
    }
    let log = workspace
        .accounts
        .home()
        .join("trace")
        .display()
        .to_string();
    // The path as the program passes it: strace compares strings.
    let gone = format!("vault/eu/{}", workspace.backups()[1]);
    let run = workspace
        .program(CHECK)
        .under(&[
            "strace",
            "-o",
            &log,
            "-P",
            &gone,
            "-e",
            "inject=openat:error=ENOENT",
        ])
        .run();
    run.assert_code(0);
    assert!(
        run.stdout.contains("2 backups (2 verified)"),
        "{}",
        run.stdout
    );
}

#[test]
fn backup_forget_and_check_run_concurrently() {
    let workspace = Workspace::new();
    for round in 0..3 {
        for minutes in 1..6 {
            add(
                &workspace,
                Timestamp::now() - SignedDuration::from_mins(60 - minutes),
                12,
            );
        }
        run_concurrently(
            &workspace,
            &[CREATE, FORGET, CHECK, FORGET, "backup list --repo vault"],
        );
        workspace.run_ok(CHECK);
        workspace.assert_recovers("concurrent with forget");
        workspace.run_ok(FORGET);
        assert_eq!(workspace.backups().len(), 1, "round {round}");
        workspace.change_source();
        workspace.run_ok(CREATE);
    }
}
