//! However a schedule run ends: exit code, status file, result, metrics and heartbeat agree.
//! The cases leave out 2 and 11, which backups do not use, and 10 and 12, which need a repository that
//! disappears or changes its key during the run.

use super::watchers::{config, heartbeats, with_heartbeat};
use super::{CREATE, RUN, Workspace};
use crate::support::program::Run;
use crate::support::receiver::{Receiver, ReplyMode};
use crate::support::stand_in::StandIn;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The value of a metric whose only label is the schedule.
pub(super) fn metric(workspace: &Workspace, name: &str) -> Option<i64> {
    let text = workspace.accounts.read("seen/hookferry.prom");
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name}{{schedule=")))?;
    line.rsplit(' ').next().unwrap().parse().ok()
}

/// Asserts that all reports name this exit code.
#[track_caller]
pub(super) fn assert_all_agree(workspace: &Workspace, receiver: &Receiver, run: &Run, code: i32) {
    run.assert_code(code);
    let status: Value = serde_json::from_str(&workspace.accounts.read("seen/status.json")).unwrap();
    let result: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(status["exit_code"], code);
    assert_eq!(result, status);
    let exit_code = metric(workspace, "hookferry_schedule_exit_code");
    assert_eq!(exit_code, Some(i64::from(code)));
    assert_eq!(heartbeats(receiver), ["start", &code.to_string()]);
    let succeeded = metric(
        workspace,
        "hookferry_schedule_last_success_timestamp_seconds",
    );
    let ended = metric(workspace, "hookferry_schedule_last_run_timestamp_seconds");
    assert_eq!(
        succeeded.is_some() && succeeded == ended,
        code == 0,
        "{succeeded:?}, {ended:?}"
    );
}

/// Asserts that `promtool` finds no problem.
fn assert_promtool_accepts(metrics: &str) {
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
    let output_text = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success() && output_text.is_empty(),
        "{}",
        String::from_utf8_lossy(&output_text)
    );
}

/// Prepares a workspace, runs the schedule, and asserts that it ends with this code.
fn assert_ends_with(
    code: i32,
    accounts: StandIn,
    edit: fn(&str) -> String,
    prepare: fn(&Workspace),
) -> Workspace {
    let receiver = Receiver::start(ReplyMode::status(200));
    let workspace = with_heartbeat(&receiver.url(), accounts, &edit(&config()));
    prepare(&workspace);
    let run = workspace
        .program(&format!("{RUN} -o json"))
        .env("PATH", "/usr/bin:/bin")
        .run();
    assert_all_agree(&workspace, &receiver, &run, code);
    workspace
}

fn only_us(config: &str) -> String {
    config.replace("profiles = [\"eu\"]", "profiles = [\"us\"]")
}

fn eu_and_us(config: &str) -> String {
    config.replace("profiles = [\"eu\"]", "profiles = [\"eu\", \"us\"]")
}

fn with_revoked_key() -> StandIn {
    StandIn::with(&["auth=revoked"], &[])
}

#[test]
#[ignore = "needs promtool"]
fn promtool_accepts_the_metrics() {
    let done = assert_ends_with(0, StandIn::demo(), eu_and_us, |_| {});
    let partial = assert_ends_with(3, with_revoked_key(), eu_and_us, |_| {});
    let failed = assert_ends_with(4, with_revoked_key(), only_us, |_| {});
    for workspace in [done, partial, failed] {
        assert_promtool_accepts(&workspace.accounts.read("seen/hookferry.prom"));
    }
}

#[test]
fn success_is_reported_everywhere() {
    assert_ends_with(0, StandIn::demo(), eu_and_us, |_| {});
}

#[test]
fn failure_is_reported_everywhere() {
    assert_ends_with(
        1,
        StandIn::with(&[], &["get:1x*:html-200"]),
        only_us,
        |_| {},
    );
    // Nothing could start.
    assert_ends_with(1, StandIn::demo(), str::to_owned, |workspace| {
        workspace.accounts.write("vault", "a file");
    });
}

#[test]
fn partial_success_is_reported_everywhere() {
    assert_ends_with(3, with_revoked_key(), eu_and_us, |_| {});
    // An older backup is damaged.
    assert_ends_with(
        3,
        StandIn::demo(),
        |config| config.replace("last = 1", "last = 9"),
        |workspace| {
            workspace.run_ok(CREATE);
            std::fs::write(workspace.path(&workspace.backups()[0]), "damaged").unwrap();
            workspace.change_source();
        },
    );
}

/// The line and the status say which account failed and why, not what else the exit code could stand for.
#[test]
fn a_failure_names_its_accounts() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let both = eu_and_us(&config());
    let workspace = with_heartbeat(&receiver.url(), with_revoked_key(), &both);
    let run = workspace.run(RUN);
    run.assert_code(3);
    let words = "1 of 2 accounts failed: us (401)";
    let line = format!("schedule nightly: FAILED, exit code 3: {words}\n");
    assert!(run.stdout.ends_with(&line), "{}", run.stdout);
    let status = workspace.accounts.read("seen/status.json");
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["meaning"], words);
}

#[test]
fn a_refused_key_is_reported_everywhere() {
    assert_ends_with(4, with_revoked_key(), only_us, |_| {});
}

#[test]
fn a_wrong_account_is_reported_everywhere() {
    let expecting = |config: &str| config.replacen("api_key", "company_id = 7\napi_key", 1);
    assert_ends_with(5, StandIn::demo(), expecting, |_| {});
}

#[test]
fn a_refusal_is_reported_everywhere() {
    assert_ends_with(6, StandIn::demo(), str::to_owned, |workspace| {
        workspace.run_ok(CREATE);
        for webhook in workspace.accounts.source().webhooks().iter().skip(5) {
            workspace
                .accounts
                .source()
                .remove(webhook["id"].as_u64().unwrap());
        }
    });
}

#[test]
fn a_usage_error_is_reported_everywhere() {
    let without_file = |config: &str| config.replace("recipients.txt", "nowhere.txt");
    assert_ends_with(64, StandIn::demo(), without_file, |_| {});
}
