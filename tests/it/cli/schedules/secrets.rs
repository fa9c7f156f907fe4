//! `schedule print` and `schedule list` say where secrets are, and look at none.

use super::{FILE, with};
use crate::support::stand_in::StandIn;
use crate::support::tracer;

const SECRETS: [&str; 4] = [
    "key-file",
    "heartbeat-file",
    "recipients-file",
    "printed-key",
];

/// Everything that could be read lies beside the config file.
fn accounts(is_plain: bool) -> StandIn {
    let (key, heartbeat) = if is_plain {
        ("api_key_env = \"KEY\"", "heartbeat_url_env = \"HEARTBEAT\"")
    } else {
        (
            "api_key_file = \"key-file\"",
            "heartbeat_url_file = \"heartbeat-file\"",
        )
    };
    let accounts = with(&format!(
        "[profile.p]\nregion = \"eu1\"\n{key}\n[profile.c]\nregion = \"eu1\"\napi_key_command = [\"cat\", \"printed-key\"]\n\
         [schedule.s]\nprofiles = [\"p\"]\nat = \"daily\"\nrepo = \"s3://b\"\nrecipients_file = \"recipients-file\"\n{heartbeat}\n\
         [schedule.c]\nprofiles = [\"c\"]\nat = \"daily\"\nrepo = \"/b\"\nplaintext = true\n"
    ));
    for secret in SECRETS {
        accounts.write(secret, "canary-of-a-file");
    }
    accounts
}

const LINES: [(bool, &str); 7] = [
    (false, "schedule list"),
    (false, "schedule list -o json"),
    (false, "schedule print s --backend systemd"),
    (false, "schedule print s --backend cron"),
    (false, "schedule print s --backend kubernetes"),
    (true, "schedule print s --backend github-actions"),
    (false, "schedule print c --backend systemd"),
];

/// No output holds any of them: each run fails the test if it does.
#[test]
fn no_secret_is_shown() {
    for (is_plain, line) in LINES {
        accounts(is_plain)
            .program(&format!("{line} --config {FILE} -vvv"))
            .env("KEY", "canary-of-a-variable")
            .env("HEARTBEAT", "https://canary.example.net")
            .env("PATH", "/usr/bin:/bin")
            .run()
            .assert_code(0);
    }
}

/// Seen from outside: which files are opened, and which programs are run.
#[test]
fn no_secret_is_read() {
    if !tracer::is_there("no_secret_is_read") {
        return;
    }
    for (is_plain, line) in LINES {
        let accounts = accounts(is_plain);
        let line = format!("{line} --config {FILE}");
        let trace = accounts.home().join("trace");
        let trace = trace.display().to_string();
        let strace = [
            "strace",
            "-f",
            "-e",
            "trace=open,openat,openat2,execve,connect",
            "-o",
            &trace,
        ];
        accounts.program(&line).under(&strace).run().assert_code(0);
        let seen = std::fs::read_to_string(&trace).unwrap();
        assert!(seen.contains(FILE), "the config file is read: {seen}");
        for secret in SECRETS {
            assert!(!seen.contains(secret), "{line}: {seen}");
        }
        let n_programs = seen.lines().filter(|line| line.contains("execve(")).count();
        assert_eq!(n_programs, 1, "{line}: {seen}");
        assert!(!seen.contains("connect("), "{line}: {seen}");
    }
}
