//! `schedule print` and `schedule list` name the locations of secrets, but read none.

use super::{FILE, with_config_file};
use crate::support::stand_in::StandIn;

const SECRETS: [&str; 4] = [
    "key-file",
    "heartbeat-file",
    "recipients-file",
    "printed-key",
];

/// Accounts with a config file and, beside it, every secret file that it names.
fn accounts(is_plain: bool) -> StandIn {
    let (key, heartbeat) = if is_plain {
        ("api_key_env = \"KEY\"", "heartbeat_url_env = \"HEARTBEAT\"")
    } else {
        (
            "api_key_file = \"key-file\"",
            "heartbeat_url_file = \"heartbeat-file\"",
        )
    };
    let accounts = with_config_file(&format!(
        "[profile.p]\nregion = \"eu1\"\n{key}\n[profile.c]\nregion = \"eu1\"\napi_key_command = [\"cat\", \"printed-key\"]\n\
         [schedule.s]\nprofiles = [\"p\"]\nat = \"0 0 * * *\"\nrepo = \"s3://b\"\nrecipients_file = \"recipients-file\"\n{heartbeat}\n\
         [schedule.c]\nprofiles = [\"c\"]\nat = \"0 0 * * *\"\nrepo = \"/b\"\nplaintext = true\n"
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

/// Each run fails the test if its output contains a secret.
#[test]
fn schedule_commands_print_no_secret() {
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

/// strace shows which files are opened and which programs are run.
#[test]
#[ignore = "needs strace"]
fn schedule_commands_read_no_secret() {
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
        let calls = std::fs::read_to_string(&trace).unwrap();
        assert!(calls.contains(FILE), "the config file is read: {calls}");
        for secret in SECRETS {
            assert!(!calls.contains(secret), "{line}: {calls}");
        }
        let n_programs = calls
            .lines()
            .filter(|line| line.contains("execve("))
            .count();
        assert_eq!(n_programs, 1, "{line}: {calls}");
        assert!(!calls.contains("connect("), "{line}: {calls}");
    }
}
