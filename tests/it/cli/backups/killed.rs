//! Killed at every step of a write: nothing half written is ever listed, every backup opens, and the next run goes on.

use super::points::{Point, points, tampered};
use super::{CHECK, CREATE, FORGET, Place, RUN};
use crate::support::at_once::at_once;
use crate::support::tracer;

/// What the repository holds before the command, which is then to write.
fn with_backups(n: usize) -> Place {
    let place = Place::new();
    for _ in 0..n {
        place.done(CREATE);
        place.change_source();
    }
    place
}

/// Kills the command at each of its calls, each time in a new place; how many there were.
fn at_each(
    command_line: &str,
    prepare: impl Fn() -> Place + Sync,
    check: impl Fn(&Place, &str) + Sync,
) -> usize {
    let all = points(&prepare(), command_line);
    let outcomes = at_once(&all, |point: &Point| {
        let place = prepare();
        let what = format!("{command_line}, killed at {} {}", point.call, point.nth);
        let run = tampered(&place, command_line, point, "signal=SIGKILL");
        assert_eq!(run.code, None, "{what}");
        is_sound(&place, &what);
        check(&place, &what);
        place.goes_on(&what);
    });
    for outcome in outcomes {
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    all.len()
}

/// List and check work, show the same backups as the folder, and every one of them opens.
fn is_sound(place: &Place, what: &str) {
    let backups = place.backups();
    if !place.accounts.home().join(super::REPO).exists() {
        return place.run("backup list --repo vault").assert_code(10);
    }
    let listed = place.json("backup list --repo vault", 0);
    let listed: Vec<&str> = listed["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|account| account["backups"].as_array().unwrap())
        .map(|backup| backup["path"].as_str().unwrap().rsplit_once('/').unwrap().1)
        .collect();
    assert_eq!(listed, backups, "{what}");
    let checked = place.run(CHECK);
    let code = if backups.is_empty() { 10 } else { 0 };
    assert_eq!(checked.code, Some(code), "{what}: {}", checked.transcript());
    for name in &backups {
        assert!(!place.aliases(name).is_empty(), "{what}: {name}");
    }
}

#[test]
fn the_first_backup() {
    if !tracer::is_there("backups::killed::the_first_backup") {
        return;
    }
    let n = at_each(CREATE, Place::new, |place, what| {
        assert!(place.backups().len() <= 1, "{what}");
        assert!(place.leftovers().len() <= 1, "{what}");
    });
    assert!(n >= 16, "only {n} calls");
}

/// A backup of before is still there, and still the newest until the new one is whole.
#[test]
fn a_run_of_the_schedule() {
    if !tracer::is_there("backups::killed::a_run_of_the_schedule") {
        return;
    }
    let n = at_each(
        RUN,
        || with_backups(1),
        |place, what| {
            assert!(matches!(place.backups().len(), 1 | 2), "{what}");
        },
    );
    assert!(n >= 24, "only {n} calls");
}

#[test]
fn forgetting() {
    if !tracer::is_there("backups::killed::forgetting") {
        return;
    }
    let prepare = || with_backups(3);
    let n = at_each(FORGET, prepare, |place, what| {
        let newest = place.backups().pop().unwrap();
        assert!(newest.starts_with("20"), "{what}");
        // What held at the time of the newest backup: the account was changed once after it.
        assert_eq!(place.aliases(&newest).len(), 12, "{what}");
        place.done(FORGET);
        assert_eq!(place.backups(), [newest], "{what}");
    });
    assert!(n >= 4, "only {n} calls");
}
