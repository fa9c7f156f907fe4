//! `idmap`: rewrites alerts so that they refer to the new webhooks.

use super::{MIGRATE, migrate};
use crate::support::stand_in::StandIn;

#[test]
fn the_map_of_a_run_is_printed_in_every_format() {
    let accounts = StandIn::demo();
    accounts.program("idmap show").run().assert_code(1);
    migrate(&accounts);
    assert_transcript!("text", accounts.program("idmap show").run());
    assert_transcript!("csv", accounts.program("idmap show latest -o csv").run());
    let json = accounts.program("idmap show latest -o json").run();
    json.assert_code(0);
    let report = accounts.program("report latest -o json").run();
    let id_map =
        |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["id_map"].take();
    assert_eq!(id_map(&json.stdout), id_map(&report.stdout));
}

#[test]
fn a_killed_run_has_a_map_of_what_arrived_once_it_is_read_back() {
    let accounts = StandIn::with(&[], &["post:2:stall-after"]);
    let running = accounts
        .program(&format!("{MIGRATE} --batch-size 4"))
        .start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    running.finish();
    let killed = super::only_run(&accounts);
    let n_lines = || {
        let run = accounts
            .program(&format!("idmap show {killed} -o csv"))
            .run();
        run.assert_code(0);
        run.stdout.lines().count()
    };
    assert_eq!(n_lines(), 1 + 1);
    migrate(&accounts);
    assert_eq!(n_lines(), 1 + 1 + 8);
}

#[test]
fn exported_alerts_are_rewritten_and_unknown_ids_are_reported() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    let alerts = accounts.home().join("alerts.json");
    let text = r#"{"alertDefs": [
  {"name": "latency", "webhooks": [{"integrationId": 1051}, {"integrationId": 1050}]},
  {"name": "gone", "webhooks": [{"integrationId":999}]}
]}"#;
    std::fs::write(&alerts, text).unwrap();
    let run = accounts
        .program("idmap apply alerts.json --out new-alerts.json")
        .run();
    run.assert_code(3);
    assert_transcript!("apply", run);
    let written = std::fs::read_to_string(accounts.home().join("new-alerts.json")).unwrap();
    assert_eq!(
        written,
        text.replace("1051", "1054").replace("1050", "1051")
    );
    assert_eq!(std::fs::read_to_string(alerts).unwrap(), text);
    let again = accounts
        .program("idmap apply alerts.json --out new-alerts.json")
        .run();
    again.assert_code(1);
    assert_transcript!("no_file_is_overwritten", again);
}

#[test]
fn a_map_can_come_from_a_file() {
    let accounts = StandIn::demo();
    let outcome = accounts.program(&format!("{MIGRATE} -o json")).run();
    std::fs::write(accounts.home().join("outcome.json"), &outcome.stdout).unwrap();
    std::fs::write(
        accounts.home().join("one.json"),
        r#"[{"integrationId":1052}]"#,
    )
    .unwrap();
    let run = accounts
        .program("idmap apply one.json --map outcome.json --out new/ -o json")
        .run();
    run.assert_code(0);
    let written = std::fs::read_to_string(accounts.home().join("new/one.json")).unwrap();
    assert_eq!(written, r#"[{"integrationId":1055}]"#);
}

#[test]
fn a_rolled_back_run_has_no_map() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    accounts
        .program("rollback latest --yes")
        .run()
        .assert_code(0);
    let run = accounts.program("idmap show latest").run();
    run.assert_code(1);
    assert!(run.stderr.contains("was rolled back"), "{}", run.stderr);
}
