//! Damaged backups: found by `check`, refused by whatever would use them, and none is removed while the newest is one.

use super::{CHECK, CREATE, FORGET, Place};
use crate::support::at_once::at_once;
use std::fs;

const SHOW: &str = "backup show latest --repo vault --account eu --identity key.txt";
const RESTORE: &str =
    "restore latest --repo vault --account eu --identity key.txt --to us --yes --rate 1000";

/// How the bytes of a backup can be damaged, with a name.
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
    // The header of age: its stanza, its MAC, the nonce behind it, and the payload.
    if let (Some(stanza), Some(mac)) = (find(b"-> X25519 "), find(b"\n--- ")) {
        offsets.extend([stanza + 2, stanza + 12, mac + 7, mac + 50, mac + 70]);
    }
    let flip = |at: &usize| {
        let mut bytes = bytes.to_vec();
        bytes[*at] ^= 1 << (at % 8);
        (format!("a bit at {at} of {n}"), bytes)
    };
    let mut damaged: Vec<_> = offsets.iter().map(flip).collect();
    for length in [0, 1, 20, n / 2, n - 8, n - 1] {
        damaged.push((format!("cut to {length} of {n}"), bytes[..length].to_vec()));
    }
    damaged.push(("longer".to_owned(), [bytes, b"\0"].concat()));
    damaged
}

/// Nothing uses a damaged newest backup, whichever command is asked.
fn is_refused(place: &Place, name: &str, what: &str) {
    let run = place.run(CHECK);
    assert_eq!(run.code, Some(3), "{what}: {}", run.transcript());
    let line = run.stdout.lines().find(|line| line.contains(name));
    assert!(line.is_some(), "{what} is not named: {}", run.stdout);
    let before = place.accounts.n_seen()[1];
    for line in [SHOW, RESTORE] {
        let run = place.run(line);
        assert_eq!(run.code, Some(1), "{what}: {}", run.transcript());
        assert!(
            run.stderr.contains(name) && run.stderr.contains("hint: "),
            "{}",
            run.stderr
        );
        assert!(run.stdout.is_empty(), "{what}: {}", run.stdout);
    }
    assert!(place.accounts.posts().is_empty(), "{what}");
    assert!(
        place.accounts.n_seen()[1] <= before + 1,
        "{what}: read at most"
    );
}

fn two_backups(protection: &str) -> Place {
    let place = Place::new();
    let create = CREATE.replace("--recipients-file recipients.txt", protection);
    place.done(&create);
    place.change_source();
    place.done(&create);
    place
}

#[test]
fn any_damage_is_found_and_used_by_nobody() {
    let each = at_once(
        &["--plaintext", "--recipients-file recipients.txt"],
        |protection| {
            let place = two_backups(protection);
            let name = place.backups().pop().unwrap();
            let whole = fs::read(place.path(&name)).unwrap();
            for (what, bytes) in damages(&whole) {
                fs::write(place.path(&name), bytes).unwrap();
                is_refused(&place, &name, &format!("{protection}: {what}"));
            }
            fs::write(place.path(&name), whole).unwrap();
            place.done(CHECK);
            place.done(SHOW);
        },
    );
    for outcome in each {
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

#[test]
fn swapped_backups_are_both_damaged() {
    let place = two_backups("--plaintext");
    let names = place.backups();
    let [old, new] = [&names[0], &names[1]].map(|name| fs::read(place.path(name)).unwrap());
    fs::write(place.path(&names[0]), new).unwrap();
    fs::write(place.path(&names[1]), old).unwrap();
    is_refused(&place, &names[1], "swapped");
    let run = place.run(CHECK);
    assert!(
        names.iter().all(|name| run.stdout.contains(name)),
        "{}",
        run.stdout
    );
}

#[test]
fn nothing_is_forgotten_while_the_newest_is_damaged() {
    let place = two_backups("--recipients-file recipients.txt");
    let names = place.backups();
    let whole = fs::read(place.path(&names[1])).unwrap();
    for (what, bytes) in damages(&whole) {
        fs::write(place.path(&names[1]), bytes).unwrap();
        let run = place.run(FORGET);
        assert_eq!(run.code, Some(6), "{what}: {}", run.transcript());
        assert!(run.stderr.contains(&names[1]), "{}", run.stderr);
        assert_eq!(place.backups(), names, "{what}");
    }
    fs::write(place.path(&names[1]), whole).unwrap();
    place.done(FORGET);
    assert_eq!(place.backups(), names[1..]);
}

/// The account has not changed, but what was kept of it is no good any more.
#[test]
fn a_damaged_newest_backup_is_made_anew() {
    let place = Place::new();
    place.done(CREATE);
    let damaged = place.backups().remove(0);
    let mut bytes = fs::read(place.path(&damaged)).unwrap();
    bytes[500] ^= 1;
    fs::write(place.path(&damaged), bytes).unwrap();
    let run = place.done(CREATE);
    assert!(run.stdout.contains(" stored  "), "{}", run.transcript());
    assert!(run.stderr.contains("is damaged"), "{}", run.stderr);
    let names = place.backups();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], damaged, "the new one is the newest");
    place.done(SHOW);
    place.done(FORGET);
    assert_eq!(place.backups(), names[1..]);
    place.done(CHECK);
}

#[test]
fn without_the_right_key_nothing_is_opened() {
    let place = two_backups("--recipients-file recipients.txt");
    let names = place.backups();
    for (given, checked) in [("--identity other.txt", 12), ("", 0)] {
        let with = |line: &str| line.replace("--identity key.txt", given);
        place.run(&with(CHECK)).assert_code(checked);
        for line in [SHOW, RESTORE] {
            let run = place.run(&with(line));
            run.assert_code(12);
            assert!(run.stderr.contains(&names[1]) && run.stderr.contains("hint: "));
        }
        let run = place.run(&format!("{FORGET} {given}"));
        run.assert_code(checked);
    }
    assert!(place.accounts.posts().is_empty());
}

#[test]
fn an_identity_file_that_is_not_there_is_wrong_usage() {
    let place = two_backups("--recipients-file recipients.txt");
    for line in [SHOW, RESTORE, CHECK] {
        let run = place.run(&line.replace("key.txt", "no-key.txt"));
        run.assert_code(64);
        let words = "the identity file `no-key.txt` does not exist";
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert!(place.accounts.posts().is_empty());
}
