//! Damaged backups: `check` finds them, no command uses them, and none is removed while the newest is damaged.

use super::{CHECK, CREATE, FORGET, Workspace};
use crate::support::parallel::in_parallel;
use std::fs;

const SHOW: &str = "backup show latest --repo vault --account eu --identity key.txt";
const RESTORE: &str = "restore latest --repo vault --account eu --identity key.txt --to us --into-other-account --yes --rate 1000";

/// Named ways to damage the bytes of a backup.
fn damages(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let n = bytes.len();
    let find = |needle: &[u8]| {
        bytes
            .windows(needle.len())
            .position(|window| window == needle)
    };
    let mut offsets = vec![
        0,
        1,
        3,
        9,
        10,
        n / 4,
        n / 2,
        3 * n / 4,
        n - 8,
        n - 5,
        n - 4,
        n - 1,
    ];
    // The age header: its stanza, its MAC, the nonce after it, and the payload.
    if let (Some(stanza), Some(mac)) = (find(b"-> X25519 "), find(b"\n--- ")) {
        offsets.extend([stanza + 2, stanza + 12, mac + 7, mac + 50, mac + 70]);
    }
    let flip = |offset: &usize| {
        let mut bytes = bytes.to_vec();
        bytes[*offset] ^= 1 << (offset % 8);
        (format!("a flipped bit at {offset} of {n}"), bytes)
    };
    let mut damaged: Vec<_> = offsets.iter().map(flip).collect();
    for length in [0, 1, 20, n / 2, n - 8, n - 1] {
        damaged.push((format!("cut to {length} of {n}"), bytes[..length].to_vec()));
    }
    damaged.push(("one byte longer".to_owned(), [bytes, b"\0"].concat()));
    damaged
}

/// Asserts that every command refuses a damaged newest backup.
fn assert_refused(workspace: &Workspace, name: &str, what: &str) {
    let run = workspace.run(CHECK);
    assert_eq!(run.code, Some(3), "{what}: {}", run.transcript());
    let line = run.stdout.lines().find(|line| line.contains(name));
    assert!(line.is_some(), "{what} is not named: {}", run.stdout);
    let before = workspace.accounts.request_counts()[1];
    for line in [SHOW, RESTORE] {
        let run = workspace.run(line);
        assert_eq!(run.code, Some(1), "{what}: {}", run.transcript());
        assert!(
            run.stderr.contains(name) && run.stderr.contains("hint: "),
            "{}",
            run.stderr
        );
        assert!(run.stdout.is_empty(), "{what}: {}", run.stdout);
    }
    assert!(workspace.accounts.posts().is_empty(), "{what}");
    assert!(
        workspace.accounts.request_counts()[1] <= before + 1,
        "{what}: sent more than one read"
    );
}

fn two_backups(protection: &str) -> Workspace {
    let workspace = Workspace::new();
    let create = CREATE.replace("--recipients-file recipients.txt", protection);
    workspace.run_ok(&create);
    workspace.change_source();
    workspace.run_ok(&create);
    workspace
}

#[test]
fn any_damage_is_found_and_the_backup_is_never_used() {
    let each = in_parallel(
        &["--plaintext", "--recipients-file recipients.txt"],
        |protection| {
            let workspace = two_backups(protection);
            let name = workspace.backups().pop().unwrap();
            let intact = fs::read(workspace.path(&name)).unwrap();
            for (what, bytes) in damages(&intact) {
                fs::write(workspace.path(&name), bytes).unwrap();
                assert_refused(&workspace, &name, &format!("{protection}: {what}"));
            }
            fs::write(workspace.path(&name), intact).unwrap();
            workspace.run_ok(CHECK);
            workspace.run_ok(SHOW);
        },
    );
    for outcome in each {
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

#[test]
fn swapped_backups_are_both_reported_as_damaged() {
    let workspace = two_backups("--plaintext");
    let names = workspace.backups();
    let [old, new] = [&names[0], &names[1]].map(|name| fs::read(workspace.path(name)).unwrap());
    fs::write(workspace.path(&names[0]), new).unwrap();
    fs::write(workspace.path(&names[1]), old).unwrap();
    assert_refused(&workspace, &names[1], "swapped");
    let run = workspace.run(CHECK);
    assert!(
        names.iter().all(|name| run.stdout.contains(name)),
        "{}",
        run.stdout
    );
}

#[test]
fn forget_removes_nothing_while_the_newest_backup_is_damaged() {
    let workspace = two_backups("--recipients-file recipients.txt");
    let names = workspace.backups();
    let intact = fs::read(workspace.path(&names[1])).unwrap();
    for (what, bytes) in damages(&intact) {
        fs::write(workspace.path(&names[1]), bytes).unwrap();
        let run = workspace.run(FORGET);
        assert_eq!(run.code, Some(6), "{what}: {}", run.transcript());
        assert!(run.stderr.contains(&names[1]), "{}", run.stderr);
        assert_eq!(workspace.backups(), names, "{what}");
    }
    fs::write(workspace.path(&names[1]), intact).unwrap();
    workspace.run_ok(FORGET);
    assert_eq!(workspace.backups(), names[1..]);
}

/// The account has not changed, but its backup is no longer usable.
#[test]
fn a_damaged_newest_backup_is_replaced_by_a_new_one() {
    let workspace = Workspace::new();
    workspace.run_ok(CREATE);
    let damaged = workspace.backups().remove(0);
    let mut bytes = fs::read(workspace.path(&damaged)).unwrap();
    bytes[500] ^= 1;
    fs::write(workspace.path(&damaged), bytes).unwrap();
    let run = workspace.run_ok(CREATE);
    assert!(run.stdout.contains(" stored  "), "{}", run.transcript());
    assert!(run.stderr.contains("is damaged"), "{}", run.stderr);
    let names = workspace.backups();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], damaged, "the new one is the newest");
    workspace.run_ok(SHOW);
    workspace.run_ok(FORGET);
    assert_eq!(workspace.backups(), names[1..]);
    workspace.run_ok(CHECK);
}

#[test]
fn no_backup_is_opened_without_the_right_identity() {
    let workspace = two_backups("--recipients-file recipients.txt");
    let names = workspace.backups();
    for (given, checked) in [("--identity other.txt", 12), ("", 0)] {
        let with = |line: &str| line.replace("--identity key.txt", given);
        workspace.run(&with(CHECK)).assert_code(checked);
        for line in [SHOW, RESTORE] {
            let run = workspace.run(&with(line));
            run.assert_code(12);
            assert!(run.stderr.contains(&names[1]) && run.stderr.contains("hint: "));
        }
        let run = workspace.run(&format!("{FORGET} {given}"));
        run.assert_code(checked);
    }
    assert!(workspace.accounts.posts().is_empty());
}

#[test]
fn a_missing_identity_file_is_a_usage_error() {
    let workspace = two_backups("--recipients-file recipients.txt");
    for line in [SHOW, RESTORE, CHECK] {
        let run = workspace.run(&line.replace("key.txt", "no-key.txt"));
        run.assert_code(64);
        let words = "the identity file `no-key.txt` does not exist";
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert!(workspace.accounts.posts().is_empty());
}
