//! Disks that fill up, fail, or may not be written: a clear error, no wrong state, and never a word of success.

use super::points::{Point, points, tampered};
use super::{CHECK, CREATE, FORGET, Place};
use crate::support::at_once::at_once;
use crate::support::program::Run;
use crate::support::tracer;
use std::io::Write as _;
use std::process::Command;

/// The faults that a call can have, with the words of the system.
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
pub(super) fn is_told(run: &Run, words: &str, what: &str) {
    let says = |words: &str| run.stderr.contains(words);
    assert!(
        says("error: cannot ") && says(words) && says("hint: "),
        "{what}: {}",
        run.transcript()
    );
}

/// Refuses each call of the command that is about the repository, each time in a new place.
fn at_each(
    command_line: &str,
    prepare: fn() -> Place,
    check: impl Fn(&Place, &Run, &str) + Sync,
) -> usize {
    let all: Vec<(Point, (&str, &str))> = points(&prepare(), command_line)
        .into_iter()
        .filter(|point| point.is_in_repo)
        .flat_map(|point| {
            let faults = faults(&point.call);
            faults.iter().map(move |fault| (point.clone(), *fault))
        })
        .collect();
    let outcomes = at_once(&all, |(point, (error, words))| {
        let place = prepare();
        let what = format!("{command_line}, {error} at {} {}", point.call, point.nth);
        let run = tampered(&place, command_line, point, &format!("error={error}"));
        is_told(&run, words, &what);
        check(&place, &run, &what);
        assert!(place.leftovers().is_empty(), "{what}: left half written");
        let checked = place.run(CHECK);
        let code = checked.code.unwrap_or_default();
        let is_right = if place.backups().is_empty() {
            code == 10
        } else {
            code == 0
        };
        assert!(is_right, "{what}: {}", checked.transcript());
        place.goes_on(&what);
    });
    for outcome in outcomes {
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    all.len()
}

#[test]
fn a_first_backup() {
    if !tracer::is_there("backups::disk::a_first_backup") {
        return;
    }
    let n = at_each(CREATE, Place::new, |place, run, what| {
        // Once the backup is stored it is said to be; what failed then is the note beside it.
        let code = if run.stdout.contains(" stored  ") {
            3
        } else {
            1
        };
        assert_eq!(run.code, Some(code), "{what}: {}", run.transcript());
        assert!(!run.stdout.contains("unchanged"), "{what}");
        assert!(code == 1 || place.backups().len() == 1, "{what}");
    });
    assert!(n >= 20, "only {n} faults");
}

#[test]
fn a_look_that_finds_nothing_new() {
    if !tracer::is_there("backups::disk::a_look_that_finds_nothing_new") {
        return;
    }
    let prepare = || {
        let place = Place::new();
        place.done(CREATE);
        place
    };
    let n = at_each(CREATE, prepare, |place, run, what| {
        // What cannot be tidied up does not stand between an account and its backup.
        let is_untidy = run.stderr.contains("half-written");
        let code = if is_untidy { 3 } else { 1 };
        assert_eq!(run.code, Some(code), "{what}: {}", run.transcript());
        assert_eq!(run.stdout.contains("unchanged"), is_untidy, "{what}");
        assert_eq!(place.backups().len(), 1, "{what}");
    });
    assert!(n >= 12, "only {n} faults");
}

#[test]
fn forgetting() {
    if !tracer::is_there("backups::disk::forgetting") {
        return;
    }
    let prepare = || {
        let place = Place::new();
        for _ in 0..3 {
            place.done(CREATE);
            place.change_source();
        }
        place
    };
    let n = at_each(FORGET, prepare, |place, run, what| {
        assert_eq!(run.code, Some(1), "{what}: {}", run.transcript());
        assert!(place.backups().len() >= 2, "{what}");
    });
    assert!(n >= 6, "only {n} faults");
}

#[test]
fn a_repository_that_is_a_file_or_below_one() {
    let place = Place::new();
    place.accounts.write("file", "mine");
    for repo in ["file", "file/vault"] {
        let at = |line: &str| line.replace("vault", repo);
        let run = place.run(&at(CREATE));
        run.assert_code(1);
        is_told(&run, "the repository", repo);
        for line in [CHECK, FORGET, "backup list --repo vault"] {
            let run = place.run(&at(line));
            run.assert_code(10);
            assert!(run.stderr.contains("hint: "), "{}", run.stderr);
        }
        assert_eq!(place.accounts.read("file"), "mine");
    }
    place.done(CREATE);
    std::fs::remove_dir_all(place.folder()).unwrap();
    place
        .accounts
        .write("vault/eu", "an account's name is taken by a file");
    let run = place.run(CREATE);
    run.assert_code(1);
    is_told(&run, "the repository", "vault/eu");
}

/// A file system of 16 KiB, in a namespace that ends with the program.
#[test]
fn a_disk_that_is_really_full() {
    let works = Command::new("unshare")
        .args([
            "-rm", "mount", "-t", "tmpfs", "-o", "size=16k", "none", "/mnt",
        ])
        .output()
        .is_ok_and(|output| output.status.success());
    if !works {
        // Not demanded in CI: containers may forbid it, and the injected faults above ran there.
        let line = "NOT RUN: backups::disk::a_disk_that_is_really_full: it may not mount\n";
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return;
    }
    let place = Place::new();
    std::fs::create_dir(place.accounts.home().join("vault")).unwrap();
    // One page for the folder, one for a file that takes what is left; then the backup has no room.
    let script = "mount -t tmpfs -o size=16k none vault && mkdir vault/eu; \
                  dd if=/dev/zero of=vault/eu/full bs=1k count=64 2>/dev/null; \"$@\"; code=$?; \
                  echo left: $(ls -A vault/eu) >&2; exit $code";
    let run = place
        .program(CREATE)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .under(&["unshare", "-rm", "sh", "-c", script, "sh"])
        .run();
    run.assert_code(1);
    is_told(&run, "No space left on device", "a full disk");
    assert!(run.stderr.ends_with("left: full\n"), "{}", run.stderr);
}
