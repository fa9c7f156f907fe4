//! Schedules of the config file: everything they may contain, and every mistake with its line and column.

use hookferry::settings::config::{ConfigContents, parse};
use hookferry::settings::schedules::{Encryption, HeartbeatSource, Schedule};
use hookferry::store::backup::retention::{Policy, Within};
use hookferry::toml_file::Diagnostic;
use jiff::SignedDuration;
use std::fmt::Write as _;
use std::path::PathBuf;

const PROFILES: &str = "[profile.prod-eu]\nregion = \"eu1\"\n[profile.prod-us]\nregion = \"us1\"\n";

/// Schedules with every setting.
const FULL: &str = r#"
[schedule.nightly]
profiles = ["prod-us", "prod-eu"]
at = "17 3 * * *"
repo = "/var/backups/hookferry"
recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "age1952x2xnxd6g0gcxm8ltm29k9tltx402v0mzsyyly4z2xnqvh3e9quqrdk0"]
recipients_file = "recipients.txt"
plaintext = false
keep = { last = 3, hourly = 24, daily = 14, weekly = 8, monthly = 12, yearly = 5, within = "30d" }
max_age = "26h"
heartbeat_url_file = "/etc/hookferry/heartbeat"
metrics_file = "/var/lib/node_exporter/hookferry.prom"
status_file = "/var/lib/hookferry/nightly.json"

[schedule.Test_1]
profiles = "prod-eu"
at = "0 * * * *"
repo = "s3://bucket.example/prefix/of-it"
plaintext = true
heartbeat_url_env = "HEARTBEAT"
"#;

fn parse_schedules(schedules: &str) -> Result<ConfigContents, Vec<Diagnostic>> {
    parse(&format!("{schedules}\n{PROFILES}"))
}

fn one(schedule: &str) -> Schedule {
    let contents = parse_schedules(schedule).unwrap();
    let [schedule] = <[Schedule; 1]>::try_from(contents.schedules).unwrap();
    schedule
}

#[test]
fn a_schedule_with_every_setting_parses() {
    let contents = parse_schedules(FULL).unwrap();
    assert_eq!(contents.profiles.len(), 2);
    let [nightly, test] = contents.schedules.as_slice() else {
        panic!("two schedules");
    };
    assert_eq!(nightly.name, "nightly");
    assert_eq!(nightly.profiles, ["prod-us", "prod-eu"]);
    assert_eq!(nightly.calendar.to_string(), "17 3 * * *");
    assert_eq!(nightly.repo, "/var/backups/hookferry");
    let encryption = Encryption::Recipients {
        given: vec![
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".to_owned(),
            "age1952x2xnxd6g0gcxm8ltm29k9tltx402v0mzsyyly4z2xnqvh3e9quqrdk0".to_owned(),
        ],
        file: Some(PathBuf::from("recipients.txt")),
    };
    assert_eq!(nightly.encryption, encryption);
    let keep = Policy {
        last: 3,
        hourly: 24,
        daily: 14,
        weekly: 8,
        monthly: 12,
        yearly: 5,
        within: Within::parse("30d"),
    };
    assert_eq!(nightly.keep, Some(keep));
    assert_eq!(nightly.max_age, Some(SignedDuration::from_hours(26)));
    let file = PathBuf::from("/etc/hookferry/heartbeat");
    assert_eq!(nightly.heartbeat, Some(HeartbeatSource::File(file)));
    let metrics = PathBuf::from("/var/lib/node_exporter/hookferry.prom");
    assert_eq!(nightly.metrics_file, Some(metrics));
    let status = PathBuf::from("/var/lib/hookferry/nightly.json");
    assert_eq!(nightly.status_file, Some(status));

    assert_eq!(test.name, "Test_1");
    assert_eq!(test.profiles, ["prod-eu"]);
    assert_eq!(test.repo, "s3://bucket.example/prefix/of-it");
    assert_eq!(test.encryption, Encryption::Plaintext);
    assert_eq!(
        test.heartbeat,
        Some(HeartbeatSource::Env("HEARTBEAT".to_owned()))
    );
    assert!(test.keep.is_none() && test.max_age.is_none());
    assert!(test.metrics_file.is_none() && test.status_file.is_none());
}

#[test]
fn recipients_or_a_recipients_file_suffices() {
    const REST: &str =
        "[schedule.a]\nprofiles = [\"prod-eu\"]\nat = \"0 0 * * *\"\nrepo = \"s3://b\"\n";
    let given = one(&format!(
        "{REST}recipients = \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"\n"
    ));
    let given_alone = Encryption::Recipients {
        given: vec!["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".to_owned()],
        file: None,
    };
    assert_eq!(given.encryption, given_alone);
    let file = one(&format!(
        "{REST}recipients_file = \"/r\"\nplaintext = false\n"
    ));
    let file_alone = Encryption::Recipients {
        given: Vec::new(),
        file: Some(PathBuf::from("/r")),
    };
    assert_eq!(file.encryption, file_alone);
}

#[test]
fn a_file_without_schedules_has_none() {
    assert!(parse(PROFILES).unwrap().schedules.is_empty());
    assert!(parse("[schedule]\n").unwrap().schedules.is_empty());
}

/// A valid schedule, except for these lines.
fn with(lines: &str) -> String {
    let mut text = "[schedule.a]\n".to_owned();
    for (key, line) in [
        ("profiles", "profiles = [\"prod-eu\"]"),
        ("at", "at = \"0 0 * * *\""),
        ("repo", "repo = \"/backups\""),
        (
            "recipients",
            "recipients = [\"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"]",
        ),
    ] {
        let is_given = lines
            .lines()
            .any(|other| other.starts_with(&format!("{key} =")));
        if !is_given {
            let _ = writeln!(text, "{line}");
        }
    }
    text + lines
}

#[test]
fn every_mistake_is_told_with_its_place() {
    snapshots!();
    let mut out = String::new();
    let lines = [
        "profiles = []",
        "profiles = [1]",
        "profiles = [\"canary\"]",
        "profiles = [\"prod-ue\", \"prod-eu\", \"prod-eu\"]",
        "at = 3",
        "at = \"canary\"",
        "at = \"*-*-* 03:17\"",
        "at = \"0 25 * * *\"",
        "at = \"0 0 1 * MON\"",
        "repo = \"backups/canary\"",
        "repo = \"/\"",
        "repo = \"/backups/../canary\"",
        "repo = \"/back\\nups/canary\"",
        "repo = \"/cxtp_canary\"",
        "repo = \"s3://\"",
        "repo = \"s3://key:canary@bucket/x\"",
        "repo = \"s3://bucket//canary\"",
        "repo = \"s3://bucket/../canary\"",
        "repo = \"https://canary.example.net\"",
        "repo = []",
        "recipients = []",
        "recipients = [\"canary\"]",
        "recipients = [\"AGE-SECRET-KEY-1CANARY\"]",
        "recipients = [\"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\", \"age-secret-key-1canary\"]",
        "recipients = [\"cxtp_canary\"]",
        "recipients = 1",
        "recipients_file = \"\"",
        "recipients_file = \"AGE-SECRET-KEY-1CANARY\"",
        "recipients_file = \"https://canary\"",
        "plaintext = true",
        "plaintext = \"canary\"",
        "keep = {}",
        "keep = { last = 0 }",
        "keep = { daily = -1, weekly = \"canary\", canary_ly = 1 }",
        "keep = \"canary\"",
        "keep = { within = \"canary\" }",
        "keep = { within = 30 }",
        "keep = { within = \"0d\" }",
        "keep = { hourly = 1.5 }",
        "max_age = \"canary\"",
        "max_age = \"-26h\"",
        "max_age = 26",
        "max_age = \"0s\"",
        "heartbeat_url = \"https://canary.example.net\"",
        "heartbeat_url_file = \"https://canary.example.net\"",
        "heartbeat_url_env = \"canary url\"",
        "heartbeat_url_env = \"cxtp_canary\"",
        "heartbeat_url_env = \"A\"\nheartbeat_url_file = \"canary\"",
        "metrics_file = \"canary.prom\"",
        "metrics_file = \"/metrics/canary.txt\"",
        "metrics_file = \"/canary.prom\"",
        "status_file = \"/status/../canary\"",
        "status_file = \"/status/\\u0000canary\"",
        "status_file = \"/\"",
        "status_file = 1",
        "reciepients = \"canary\"",
        "cxtp_canary = 1",
    ];
    let whole_files = [
        "schedule = \"canary\"\n".to_owned(),
        "[schedule]\nnightly = \"canary\"\n".to_owned(),
        "[[schedule]]\nat = \"canary\"\n".to_owned(),
        "[schedule.nightly]\n".to_owned(),
        "[schedule.nightly]\nplaintext = false\n".to_owned(),
        "[schedule.nightly]\nplaintext = true\nrecipients_file = \"canary\"\n".to_owned(),
        with("").replace("schedule.a", "schedule.eu1"),
        with("").replace("schedule.a", "schedule.\"a b\""),
        with("").replace("schedule.a", "schedule.cxtp_canary"),
        format!(
            "[profile.prod-xx]\nregion = \"canary\"\n{}",
            with("profiles = [\"prod-xx\"]\n")
        ),
    ];
    for text in lines.into_iter().map(with).chain(whole_files) {
        let _ = writeln!(out, "{text}");
        for Diagnostic {
            line,
            column,
            message: what,
        } in parse_schedules(&text).unwrap_err()
        {
            let _ = writeln!(out, "    {line}:{column} {what}");
        }
        out.push('\n');
    }
    let messages: String = out
        .lines()
        .filter(|line| line.starts_with("    "))
        .collect();
    // Messages may repeat a key that is no secret, but never a value.
    let messages = messages.replace("`canary_ly`", "");
    assert!(!messages.to_lowercase().contains("canary"), "{messages}");
    insta::assert_snapshot!(
        out.replace("canary", "[secret]")
            .replace("CANARY", "[SECRET]")
    );
}

/// The config file that the documentation shows parses.
#[test]
fn the_example_in_the_documentation_is_a_valid_config_file() {
    let page = include_str!("../../../docs/schedules.md");
    let example = page.split("```toml\n").nth(1).unwrap();
    let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let example = example
        .split("```")
        .next()
        .unwrap()
        .replace("age1…", recipient);
    let contents = parse(&example).unwrap();
    let [schedule] = contents.schedules.as_slice() else {
        panic!("one schedule");
    };
    assert_eq!(schedule.name, "nightly");
    assert!(schedule.keep.is_some() && schedule.heartbeat.is_some());
}

#[test]
fn a_broken_profile_is_reported_once() {
    let text = format!("[profile.p]\n{}", with("profiles = [\"p\"]"));
    let diagnostics = parse_schedules(&text).unwrap_err();
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
}
