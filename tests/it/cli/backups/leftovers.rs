//! What a killed run leaves half written: never listed, never removed while its writer could be alive, and then removed.

use super::points::{points, tampered};
use super::{CREATE, FORGET, Place};
use crate::support::tracer;
use std::fs::File;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);
const A_LITTLE_LESS: Duration = Duration::from_secs(24 * 60 * 60 - 60);

fn written_before(place: &Place, name: &str, age: Duration) {
    let path = place.path(name);
    std::fs::write(&path, "half").unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now().checked_sub(age).unwrap())
        .unwrap();
}

/// Files of all ages and names; the first two are what is to go.
fn litter(place: &Place) {
    written_before(place, ".tmpAbC123", DAY + MINUTE);
    written_before(place, ".tmpXyZ789", DAY * 400);
    written_before(place, ".tmpYoUng1", A_LITTLE_LESS);
    written_before(place, "notes.txt", DAY * 400);
    written_before(place, ".tmp-of-somebody", DAY * 400);
    written_before(
        place,
        "20010101T000000Z-1-0123456789abcdef.json.gz.tmp",
        DAY * 400,
    );
    std::fs::create_dir(place.path(".tmpFoldEr")).unwrap();
}

fn is_swept(place: &Place) -> [bool; 2] {
    for name in [".tmpYoUng1", "notes.txt", ".tmp-of-somebody", ".tmpFoldEr"] {
        assert!(place.path(name).exists(), "{name}");
    }
    [".tmpAbC123", ".tmpXyZ789"].map(|name| !place.path(name).exists())
}

#[test]
fn the_old_ones_are_removed_by_what_writes() {
    let two_backups = || {
        let place = Place::new();
        place.done(CREATE);
        place.change_source();
        place.done(CREATE);
        litter(&place);
        place
    };
    for line in [CREATE, FORGET, super::RUN] {
        let place = two_backups();
        // A folder is no file that can be read.
        std::fs::remove_dir(place.path(".tmpFoldEr")).unwrap();
        assert_eq!(place.backups().len(), 2, "a leftover is no backup");
        std::fs::create_dir(place.path(".tmpFoldEr")).unwrap();
        place.done(line);
        assert_eq!(is_swept(&place), [true, true], "{line}");
    }
    for line in [
        "backup list --repo vault",
        "backup check --repo vault",
        "backup forget --repo vault --keep-last 1 --dry-run",
    ] {
        let place = two_backups();
        place.done(line);
        assert_eq!(is_swept(&place), [false, false], "{line}");
    }
}

/// What is removed is what a killed run really leaves.
#[test]
fn the_one_of_a_killed_run_goes_when_it_is_old() {
    if !tracer::is_there("backups::leftovers") {
        return;
    }
    let all = points(&Place::new(), CREATE);
    let rename = all.iter().find(|point| point.call.starts_with("rename"));
    let place = Place::new();
    tampered(&place, CREATE, rename.unwrap(), "signal=SIGKILL");
    let left = place.leftovers();
    assert_eq!(left.len(), 1);
    place.done(CREATE);
    assert_eq!(place.leftovers(), left, "its writer could be alive");
    let file = File::options()
        .write(true)
        .open(place.path(&left[0]))
        .unwrap();
    file.set_modified(SystemTime::now().checked_sub(DAY + MINUTE).unwrap())
        .unwrap();
    let run = place.done(CREATE);
    assert!(run.stdout.contains("unchanged"), "{}", run.transcript());
    assert!(place.leftovers().is_empty());
}
