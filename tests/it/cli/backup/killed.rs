//! Kills at every step of a write: no partial backup is ever listed, every backup opens, and the next run succeeds.

use super::points::{FaultPoint, fault_points, try_run_with_fault};
use super::{CHECK, CREATE, FORGET, RUN, Workspace};
use crate::support::parallel::in_parallel;

/// A workspace with `n` backups, and a change since the last one.
fn with_backups(n: usize) -> Workspace {
    let workspace = Workspace::new();
    for _ in 0..n {
        workspace.run_ok(CREATE);
        workspace.change_source();
    }
    workspace
}

/// Kills the command at each of its calls, each time in a new workspace. Returns the number of kills.
fn kill_at_each_call(
    command_line: &str,
    prepare: impl Fn() -> Workspace + Sync,
    check: impl Fn(&Workspace, &str) + Sync,
) -> usize {
    let all = fault_points(&prepare(), command_line);
    let outcomes = in_parallel(&all, |point: &FaultPoint| {
        let workspace = prepare();
        let what = format!("{command_line}, killed at {} {}", point.call, point.nth);
        let (run, was_killed) =
            try_run_with_fault(&workspace, command_line, point, "signal=SIGKILL");
        if !was_killed && !point.is_in_repo {
            run.assert_code(0);
            return 0;
        }
        assert_eq!(run.code, None, "{what}");
        assert_intact(&workspace, &what);
        check(&workspace, &what);
        workspace.assert_recovers(&what);
        1
    });
    let kills = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    kills.sum()
}

/// Asserts that `list` and `check` succeed and show the backups in the folder, and that each backup opens.
fn assert_intact(workspace: &Workspace, what: &str) {
    let backups = workspace.backups();
    if !workspace.accounts.home().join(super::REPO).exists() {
        return workspace.run("backup list --repo vault").assert_code(10);
    }
    let listed = workspace.json("backup list --repo vault", 0);
    let listed: Vec<&str> = listed["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|account| account["backups"].as_array().unwrap())
        .map(|backup| backup["path"].as_str().unwrap().rsplit_once('/').unwrap().1)
        .collect();
    assert_eq!(listed, backups, "{what}");
    let checked = workspace.run(CHECK);
    let code = if backups.is_empty() { 10 } else { 0 };
    assert_eq!(checked.code, Some(code), "{what}: {}", checked.transcript());
    for name in &backups {
        assert!(!workspace.aliases(name).is_empty(), "{what}: {name}");
    }
}

#[test]
#[ignore = "needs strace"]
fn a_first_backup_can_be_killed_at_any_call() {
    let n = kill_at_each_call(CREATE, Workspace::new, |workspace, what| {
        assert!(workspace.backups().len() <= 1, "{what}");
        assert!(workspace.leftovers().len() <= 1, "{what}");
    });
    assert!(n >= 16, "only {n} calls");
}

/// The earlier backup remains, and remains the newest until the new one is complete.
#[test]
#[ignore = "needs strace"]
fn a_schedule_run_can_be_killed_at_any_call() {
    let n = kill_at_each_call(
        RUN,
        || with_backups(1),
        |workspace, what| {
            assert!(matches!(workspace.backups().len(), 1 | 2), "{what}");
        },
    );
    assert!(n >= 24, "only {n} calls");
}

#[test]
#[ignore = "needs strace"]
fn forget_can_be_killed_at_any_call() {
    let prepare = || with_backups(3);
    let n = kill_at_each_call(FORGET, prepare, |workspace, what| {
        let newest = workspace.backups().pop().unwrap();
        assert!(newest.starts_with("20"), "{what}");
        // The newest backup holds the account as it was then; the account has changed once since.
        assert_eq!(workspace.aliases(&newest).len(), 12, "{what}");
        workspace.run_ok(FORGET);
        assert_eq!(workspace.backups(), [newest], "{what}");
    });
    assert!(n >= 4, "only {n} calls");
}
