//! Partial files of killed runs: never listed, not removed while the writer may still run, removed later.

use super::points::{fault_points, run_with_fault};
use super::{CREATE, FORGET, Workspace};
use std::fs::File;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);
const ALMOST_A_DAY: Duration = Duration::from_secs(24 * 60 * 60 - 60);

fn write_with_age(workspace: &Workspace, name: &str, age: Duration) {
    let path = workspace.path(name);
    std::fs::write(&path, "half").unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now().checked_sub(age).unwrap())
        .unwrap();
}

/// Writes files of various ages and names; only the first two must be removed.
fn write_leftovers(workspace: &Workspace) {
    write_with_age(workspace, ".tmpAbC123", DAY + MINUTE);
    write_with_age(workspace, ".tmpXyZ789", DAY * 400);
    write_with_age(workspace, ".tmpYoUng1", ALMOST_A_DAY);
    write_with_age(workspace, "notes.txt", DAY * 400);
    write_with_age(workspace, ".tmp-of-somebody", DAY * 400);
    write_with_age(
        workspace,
        "20010101T000000Z-1-0123456789abcdef.json.gz.tmp",
        DAY * 400,
    );
    std::fs::create_dir(workspace.path(".tmpFoldEr")).unwrap();
}

fn are_removed(workspace: &Workspace) -> [bool; 2] {
    for name in [".tmpYoUng1", "notes.txt", ".tmp-of-somebody", ".tmpFoldEr"] {
        assert!(workspace.path(name).exists(), "{name}");
    }
    [".tmpAbC123", ".tmpXyZ789"].map(|name| !workspace.path(name).exists())
}

#[test]
fn writing_commands_remove_old_leftovers() {
    let two_backups = || {
        let workspace = Workspace::new();
        workspace.run_ok(CREATE);
        workspace.change_source();
        workspace.run_ok(CREATE);
        write_leftovers(&workspace);
        workspace
    };
    for line in [CREATE, FORGET, super::RUN] {
        let workspace = two_backups();
        // `backups` reads every entry as a file, so the folder has to go for a moment.
        std::fs::remove_dir(workspace.path(".tmpFoldEr")).unwrap();
        assert_eq!(workspace.backups().len(), 2, "a leftover is not a backup");
        std::fs::create_dir(workspace.path(".tmpFoldEr")).unwrap();
        workspace.run_ok(line);
        assert_eq!(are_removed(&workspace), [true, true], "{line}");
    }
    for line in [
        "backup list --repo vault",
        "backup check --repo vault",
        "backup forget --repo vault --keep-last 1 --dry-run",
    ] {
        let workspace = two_backups();
        workspace.run_ok(line);
        assert_eq!(are_removed(&workspace), [false, false], "{line}");
    }
}

/// The files that are removed are those that a killed run really leaves.
#[test]
#[ignore = "needs strace"]
fn an_old_leftover_of_a_killed_run_is_removed() {
    let all = fault_points(&Workspace::new(), CREATE);
    let rename = all.iter().find(|point| point.call.starts_with("rename"));
    let workspace = Workspace::new();
    run_with_fault(&workspace, CREATE, rename.unwrap(), "signal=SIGKILL");
    let left = workspace.leftovers();
    assert_eq!(left.len(), 1);
    workspace.run_ok(CREATE);
    assert_eq!(workspace.leftovers(), left, "its writer may still run");
    let file = File::options()
        .write(true)
        .open(workspace.path(&left[0]))
        .unwrap();
    file.set_modified(SystemTime::now().checked_sub(DAY + MINUTE).unwrap())
        .unwrap();
    let run = workspace.run_ok(CREATE);
    assert!(run.stdout.contains("unchanged"), "{}", run.transcript());
    assert!(workspace.leftovers().is_empty());
}
