//! However a run of a schedule ends: exit code, status file, result, metrics and heartbeat say the same.
//! Not among the cases are 2 and 11, which backups do not have, and 10 and 12, which only a repository could cause that
//! vanishes or changes its key while the run is at work.

use super::watchers::{config, telling, words};
use super::{CREATE, Place, RUN};
use crate::support::program::Run;
use crate::support::receiver::{Manner, Receiver};
use crate::support::stand_in::StandIn;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The value of a metric that has no label but the schedule.
pub(super) fn metric(place: &Place, name: &str) -> Option<i64> {
    let text = place.accounts.read("seen/hookferry.prom");
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name}{{schedule=")))?;
    line.rsplit(' ').next().unwrap().parse().ok()
}

/// All of them say that the run ended so.
#[track_caller]
pub(super) fn all_say(place: &Place, receiver: &Receiver, run: &Run, code: i32) {
    run.assert_code(code);
    let status: Value = serde_json::from_str(&place.accounts.read("seen/status.json")).unwrap();
    let result: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(status["exit_code"], code);
    assert_eq!(result, status);
    let exit_code = metric(place, "hookferry_schedule_exit_code");
    assert_eq!(exit_code, Some(i64::from(code)));
    assert_eq!(words(receiver), ["start", &code.to_string()]);
    let succeeded = metric(place, "hookferry_schedule_last_success_timestamp_seconds");
    let ended = metric(place, "hookferry_schedule_last_run_timestamp_seconds");
    assert_eq!(
        succeeded.is_some() && succeeded == ended,
        code == 0,
        "{succeeded:?}, {ended:?}"
    );
    linted(&place.accounts.read("seen/hookferry.prom"));
}

/// Whether Prometheus' own linter finds nothing; says plainly where it is missing.
fn linted(metrics: &str) {
    if !crate::support::tools::is_there("promtool check metrics", "promtool") {
        return;
    }
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success() && said.is_empty(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

/// Runs the schedule in a place that is prepared so that it ends with that code.
fn ends(code: i32, accounts: StandIn, edit: fn(&str) -> String, prepare: fn(&Place)) {
    let receiver = Receiver::start(Manner::status(200));
    let place = telling(&receiver.url(), accounts, &edit(&config()));
    prepare(&place);
    let run = place
        .program(&format!("{RUN} -o json"))
        .env("PATH", "/usr/bin:/bin")
        .run();
    all_say(&place, &receiver, &run, code);
}

fn of_us(config: &str) -> String {
    config.replace("profiles = [\"eu\"]", "profiles = [\"us\"]")
}

fn of_both(config: &str) -> String {
    config.replace("profiles = [\"eu\"]", "profiles = [\"eu\", \"us\"]")
}

fn revoked() -> StandIn {
    StandIn::with(&["auth=revoked"], &[])
}

#[test]
fn done() {
    ends(0, StandIn::demo(), of_both, |_| {});
}

#[test]
fn failed() {
    ends(1, StandIn::with(&[], &["get:1x*:html-200"]), of_us, |_| {});
    // Nothing could even begin.
    ends(1, StandIn::demo(), str::to_owned, |place| {
        place.accounts.write("vault", "a file");
    });
}

#[test]
fn partial() {
    ends(3, revoked(), of_both, |_| {});
    // An older backup is damaged.
    ends(
        3,
        StandIn::demo(),
        |config| config.replace("last = 1", "last = 9"),
        |place| {
            place.done(CREATE);
            std::fs::write(place.path(&place.backups()[0]), "damaged").unwrap();
            place.change_source();
        },
    );
}

#[test]
fn key_refused() {
    ends(4, revoked(), of_us, |_| {});
}

#[test]
fn wrong_account() {
    let expecting = |config: &str| config.replacen("api_key", "company_id = 7\napi_key", 1);
    ends(5, StandIn::demo(), expecting, |_| {});
}

#[test]
fn refused() {
    ends(6, StandIn::demo(), str::to_owned, |place| {
        place.done(CREATE);
        for webhook in place.accounts.source().webhooks().iter().skip(5) {
            place
                .accounts
                .source()
                .remove(webhook["id"].as_u64().unwrap());
        }
    });
}

#[test]
fn wrong_usage() {
    let without_file = |config: &str| config.replace("recipients.txt", "nowhere.txt");
    ends(64, StandIn::demo(), without_file, |_| {});
}
