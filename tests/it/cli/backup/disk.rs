//! Disks that are full, failing, or read-only: a clear error, no corrupt state, and no false report of success.

use super::points::{FaultPoint, fault_points, run_with_fault};
use super::{CHECK, CREATE, FORGET, Workspace};
use crate::support::parallel::in_parallel;
use crate::support::program::Run;

/// The errors injected into a call, with the system's messages.
fn faults(call: &str) -> &'static [(&'static str, &'static str)] {
    match call {
        "openat" => &[
            ("EACCES", "Permission denied"),
            ("EIO", "Input/output error"),
            ("EROFS", "Read-only file system"),
        ],
        "mkdir" => &[("ENOSPC", "No space"), ("EROFS", "Read-only file system")],
        "write" => &[("ENOSPC", "No space"), ("EIO", "Input/output error")],
        _ => &[("EIO", "Input/output error"), ("ENOSPC", "No space")],
    }
}

#[track_caller]
pub(super) fn assert_reported(run: &Run, words: &str, what: &str) {
    let says = |words: &str| run.stderr.contains(words);
    assert!(
        says("error: cannot ") && says(words) && says("hint: "),
        "{what}: {}",
        run.transcript()
    );
}

/// Fails each repository call of the command in turn, each time in a new workspace. Returns the number of faults.
fn fail_each_call(
    command_line: &str,
    prepare: fn() -> Workspace,
    check: impl Fn(&Workspace, &Run, &str) + Sync,
) -> usize {
    let all: Vec<(FaultPoint, (&str, &str))> = fault_points(&prepare(), command_line)
        .into_iter()
        .filter(|point| point.is_in_repo)
        .flat_map(|point| {
            let faults = faults(&point.call);
            faults.iter().map(move |fault| (point.clone(), *fault))
        })
        .collect();
    let outcomes = in_parallel(&all, |(point, (error, words))| {
        let workspace = prepare();
        let what = format!("{command_line}, {error} at {} {}", point.call, point.nth);
        let run = run_with_fault(&workspace, command_line, point, &format!("error={error}"));
        assert_reported(&run, words, &what);
        check(&workspace, &run, &what);
        assert!(
            workspace.leftovers().is_empty(),
            "{what}: left a partial file"
        );
        let checked = workspace.run(CHECK);
        let code = checked.code.unwrap_or_default();
        let is_expected = if workspace.backups().is_empty() {
            code == 10
        } else {
            code == 0
        };
        assert!(is_expected, "{what}: {}", checked.transcript());
        workspace.assert_recovers(&what);
    });
    for outcome in outcomes {
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    all.len()
}

#[test]
#[ignore = "needs strace"]
fn a_first_backup_survives_any_disk_error() {
    let n = fail_each_call(CREATE, Workspace::new, |workspace, run, what| {
        // Once the backup is stored, it is reported as stored; then only the note beside it failed.
        let code = if run.stdout.contains(" stored  ") {
            3
        } else {
            1
        };
        assert_eq!(run.code, Some(code), "{what}: {}", run.transcript());
        assert!(!run.stdout.contains("unchanged"), "{what}");
        assert!(code == 1 || workspace.backups().len() == 1, "{what}");
    });
    assert!(n >= 20, "only {n} faults");
}

#[test]
#[ignore = "needs strace"]
fn an_unchanged_backup_survives_any_disk_error() {
    let prepare = || {
        let workspace = Workspace::new();
        workspace.run_ok(CREATE);
        workspace
    };
    let n = fail_each_call(CREATE, prepare, |workspace, run, what| {
        // A leftover that cannot be removed does not prevent the backup.
        let has_leftover = run.stderr.contains("temporary files");
        let code = if has_leftover { 3 } else { 1 };
        assert_eq!(run.code, Some(code), "{what}: {}", run.transcript());
        assert_eq!(run.stdout.contains("unchanged"), has_leftover, "{what}");
        assert_eq!(workspace.backups().len(), 1, "{what}");
    });
    assert!(n >= 12, "only {n} faults");
}

#[test]
#[ignore = "needs strace"]
fn forget_survives_any_disk_error() {
    let prepare = || {
        let workspace = Workspace::new();
        for _ in 0..3 {
            workspace.run_ok(CREATE);
            workspace.change_source();
        }
        workspace
    };
    let n = fail_each_call(FORGET, prepare, |workspace, run, what| {
        assert_eq!(run.code, Some(1), "{what}: {}", run.transcript());
        assert!(workspace.backups().len() >= 2, "{what}");
    });
    assert!(n >= 6, "only {n} faults");
}

#[test]
fn a_repository_path_that_is_a_file_is_an_error() {
    let workspace = Workspace::new();
    workspace.accounts.write("file", "mine");
    for repo in ["file", "file/vault"] {
        let with_repo = |line: &str| line.replace("vault", repo);
        let run = workspace.run(&with_repo(CREATE));
        run.assert_code(1);
        assert_reported(&run, "the repository", repo);
        for line in [CHECK, FORGET, "backup list --repo vault"] {
            let run = workspace.run(&with_repo(line));
            run.assert_code(10);
            assert!(run.stderr.contains("hint: "), "{}", run.stderr);
        }
        assert_eq!(workspace.accounts.read("file"), "mine");
    }
    workspace.run_ok(CREATE);
    std::fs::remove_dir_all(workspace.folder()).unwrap();
    workspace
        .accounts
        .write("vault/eu", "an account's name is taken by a file");
    let run = workspace.run(CREATE);
    run.assert_code(1);
    assert_reported(&run, "the repository", "vault/eu");
}

/// A file system of 16 KiB, in a mount namespace that ends with the program.
#[test]
#[ignore = "needs a mount namespace"]
fn a_full_disk_fails_the_backup() {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.accounts.home().join("vault")).unwrap();
    // One page for the folder, and a file that fills the rest; then the backup has no space.
    let script = "mount -t tmpfs -o size=16k none vault && mkdir vault/eu; \
                  dd if=/dev/zero of=vault/eu/full bs=1k count=64 2>/dev/null; \"$@\"; code=$?; \
                  echo left: $(ls -A vault/eu) >&2; exit $code";
    let run = workspace
        .program(CREATE)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .under(&["unshare", "-rm", "sh", "-c", script, "sh"])
        .run();
    run.assert_code(1);
    assert_reported(&run, "No space left on device", "a full disk");
    assert!(run.stderr.ends_with("left: full\n"), "{}", run.stderr);
}
