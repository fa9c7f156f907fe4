//! Several runs at once in one repository: nothing is lost, nothing counts twice, and everything is whole.

use super::clock::add;
use super::{CHECK, CREATE, FORGET, Place};
use crate::support::tracer;
use jiff::{SignedDuration, Timestamp};

/// Starts all of them before it waits for any.
fn all_at_once(place: &Place, command_lines: &[&str]) -> Vec<String> {
    let running: Vec<_> = command_lines
        .iter()
        .map(|line| place.program(line).start())
        .collect();
    let ended = running.into_iter().map(|running| {
        let run = running.finish();
        run.assert_code(0);
        run.stdout
    });
    ended.collect()
}

#[test]
fn many_backups_of_one_account() {
    for n in [2, 8] {
        let place = Place::new();
        let said = all_at_once(&place, &vec![CREATE; n]);
        let n_stored = said
            .iter()
            .filter(|said| said.contains(" stored  "))
            .count();
        let names = place.backups();
        assert_eq!(names.len(), n_stored, "{said:?}");
        assert!((1..=n).contains(&n_stored));
        for name in &names {
            assert!(
                said.iter().filter(|said| said.contains(name)).count() >= 1,
                "{name}"
            );
            assert_eq!(place.aliases(name), place.source_aliases());
        }
        assert!(place.leftovers().is_empty());
        place.done(CHECK);
        place.done(CREATE);
        place.goes_on("after many at once");
    }
}

/// Between the list and the look at each, another run may forget: that is no failure of this one.
#[test]
fn a_check_while_others_are_forgotten() {
    if !tracer::is_there("backups::at_once::a_check_while_others_are_forgotten") {
        return;
    }
    let place = Place::new();
    for minutes in [3, 2, 1] {
        add(
            &place,
            Timestamp::now() - SignedDuration::from_mins(minutes),
            12,
        );
    }
    let log = place.accounts.home().join("trace").display().to_string();
    // As the program names it: the tracer compares words.
    let gone = format!("vault/eu/{}", place.backups()[1]);
    let run = place
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
fn backups_while_others_are_forgotten() {
    let place = Place::new();
    for round in 0..3 {
        for minutes in 1..6 {
            add(
                &place,
                Timestamp::now() - SignedDuration::from_mins(60 - minutes),
                12,
            );
        }
        all_at_once(
            &place,
            &[CREATE, FORGET, CHECK, FORGET, "backup list --repo vault"],
        );
        place.done(CHECK);
        place.goes_on("beside forget");
        place.done(FORGET);
        assert_eq!(place.backups().len(), 1, "round {round}");
        place.change_source();
        place.done(CREATE);
    }
}
