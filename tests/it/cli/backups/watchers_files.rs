//! Status and metrics files: readable by others, whole at any time, and of no importance to the backup itself.

use super::watchers_agree::metric;
use super::{Place, RUN};
use crate::cli::export::mode;

const SUCCESS: &str = "hookferry_schedule_last_success_timestamp_seconds";

#[test]
fn others_may_read_them() {
    let place = Place::new();
    place.done(RUN);
    for name in ["seen/hookferry.prom", "seen/status.json"] {
        assert_eq!(mode(&place.accounts.home().join(name)), 0o644, "{name}");
    }
}

#[test]
fn where_they_cannot_be_written_all_else_is_done() {
    let place = Place::new();
    std::fs::remove_dir(place.accounts.home().join("seen")).unwrap();
    let run = place.done(&format!("{RUN} -o json"));
    for what in [
        "cannot write the status file",
        "cannot write the metrics file",
        "hint: ",
    ] {
        assert!(run.stderr.contains(what), "{what}: {}", run.stderr);
    }
    let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result["exit_code"], 0);
    assert_eq!(place.backups().len(), 1);
    // One of the two does not need the other.
    std::fs::create_dir_all(place.accounts.home().join("seen/status.json")).unwrap();
    let run = place.done(RUN);
    assert!(
        run.stderr.contains("cannot write the status file"),
        "{}",
        run.stderr
    );
    assert_eq!(metric(&place, "hookferry_schedule_exit_code"), Some(0));
}

#[test]
fn the_last_success_survives_failures() {
    let place = Place::new();
    place.done(RUN);
    let succeeded = metric(&place, SUCCESS).unwrap();
    // Long ago, so that a success of now would be another.
    let old = (succeeded - 90_000).to_string();
    let text = place.accounts.read("seen/hookferry.prom");
    place.accounts.write(
        "seen/hookferry.prom",
        &text.replace(&succeeded.to_string(), &old),
    );
    let recipients = place.accounts.read("recipients.txt");
    for n in 1..=2 {
        place.accounts.write("recipients.txt", "");
        place.run(RUN).assert_code(64);
        assert_eq!(
            metric(&place, SUCCESS).unwrap().to_string(),
            old,
            "after {n} failures"
        );
        assert_eq!(metric(&place, "hookferry_schedule_exit_code"), Some(64));
    }
    place.accounts.write("recipients.txt", &recipients);
    place.done(RUN);
    assert!(metric(&place, SUCCESS).unwrap() >= succeeded);
}
