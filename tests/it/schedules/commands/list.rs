//! `schedule list`: the schedules of the config file.

use super::{CONFIG, FILE, with_config_file};
use crate::support::stand_in::StandIn;
use jiff::Timestamp;
use serde_json::Value;

#[test]
fn schedules_are_listed_in_both_formats() {
    let accounts = with_config_file(CONFIG);
    let run = accounts
        .program(&format!("schedule list --config {FILE}"))
        .run();
    run.assert_code(0);
    assert_transcript!("text", run);
    let before = Timestamp::now();
    let run = accounts
        .program(&format!("schedule list -o json --config {FILE}"))
        .run();
    run.assert_code(0);
    assert_transcript!("json", run);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    for schedule in document["schedules"].as_array().unwrap() {
        let next: Timestamp = schedule["next"].as_str().unwrap().parse().unwrap();
        assert!(next > before, "{schedule}");
    }
    assert_eq!(accounts.request_counts(), [0, 0]);
}

#[test]
fn a_missing_config_file_is_not_an_error() {
    let accounts = StandIn::demo();
    let run = accounts.program("schedule list").run();
    run.assert_code(0);
    assert_transcript!("no_config", run);
    let run = accounts.program("schedule list -o json").run();
    run.assert_code(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (&document["exists"], &document["kind"]),
        (&false.into(), &"schedules".into())
    );
    let run = accounts
        .program("schedule list")
        .env("HOME", "")
        .env("XDG_CONFIG_HOME", "")
        .run();
    run.assert_code(0);
    assert!(run.stdout.contains("--config"), "{}", run.stdout);
}
