//! What `schedule print` refuses because the scheduler could not run it as configured.

use super::{CONFIG, print, with_config_file};
use std::fmt::Write as _;

/// A config with one profile and one schedule; adds the required keys that the test does not set.
fn config(profile: &str, schedule: &str) -> String {
    let mut text =
        format!("[profile.p]\nregion = \"eu1\"\n{profile}\n[schedule.s]\nprofiles = [\"p\"]\n");
    for (key, value) in [
        ("at", "0 0 * * *"),
        ("repo", "s3://bucket"),
        (
            "recipients",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        ),
    ] {
        if !schedule.contains(&format!("{key} =")) {
            let _ = writeln!(text, "{key} = \"{value}\"");
        }
    }
    text + schedule
}

#[test]
fn what_a_backend_cannot_run() {
    snapshots!();
    let env = "api_key_env = \"KEY\"";
    let file = |path: &str| format!("api_key_file = \"{path}\"");
    let command = "api_key_command = [\"op\"]";
    let mut out = String::new();
    for (backend, profile, schedule) in [
        (
            "systemd",
            file("/run/credentials/hookferry-other.service/p"),
            "",
        ),
        ("systemd", file("/run/credentials/p"), ""),
        (
            "systemd",
            file("/run/credentials/hookferry-s.service/a/b"),
            "",
        ),
        (
            "systemd",
            file("/run/credentials/hookferry-s.service/.."),
            "",
        ),
        (
            "systemd",
            env.to_owned(),
            "heartbeat_url_file = \"/run/credentials/x/y\"",
        ),
        ("cron", file("/run/credentials/hookferry-s.service/p"), ""),
        ("kubernetes", command.to_owned(), ""),
        ("kubernetes", file("/keys/a:b"), ""),
        ("kubernetes", env.to_owned(), "repo = \"/backups:1\""),
        (
            "kubernetes",
            env.to_owned(),
            "repo = \"/usr/local/backups\"",
        ),
        (
            "kubernetes",
            env.to_owned(),
            "status_file = \"/etc/status.json\"",
        ),
        ("kubernetes", file("/backups"), "repo = \"/backups/\""),
        ("github-actions", env.to_owned(), "repo = \"/backups\""),
        ("github-actions", file("keys/p"), ""),
        ("github-actions", command.to_owned(), ""),
        (
            "github-actions",
            "api_key_env = \"GITHUB_KEY\"".to_owned(),
            "",
        ),
        (
            "github-actions",
            env.to_owned(),
            "heartbeat_url_file = \"heartbeat\"",
        ),
        (
            "github-actions",
            env.to_owned(),
            "recipients_file = \"/etc/recipients\"",
        ),
        (
            "github-actions",
            env.to_owned(),
            "metrics_file = \"/metrics/a.prom\"",
        ),
        (
            "github-actions",
            env.to_owned(),
            "status_file = \"/status/a\"",
        ),
        ("github-actions", env.to_owned(), "at = \"*/4 * * * *\""),
    ] {
        let accounts = with_config_file(&config(&profile, schedule));
        let run = print(&accounts, &format!("s --backend {backend}")).run();
        run.assert_code(64);
        assert_eq!(run.stdout, "");
        let _ = writeln!(out, "{backend}: {profile} {schedule}\n{}", run.stderr());
    }
    insta::assert_snapshot!(out);
}

#[test]
fn invalid_arguments_are_explained() {
    let accounts = with_config_file(CONFIG);
    for (name, line) in [
        ("unknown", "nihgtly --backend cron"),
        ("far", "xxxxxx --backend cron"),
        (
            "binary",
            "Cloud --backend github-actions --binary /usr/bin/hookferry",
        ),
        (
            "relative_binary",
            "nightly --backend systemd --binary hookferry",
        ),
        ("quote", "nightly --backend systemd --binary /a'b"),
        ("image", "nightly --backend systemd --image hookferry:1"),
        ("no_image", "cluster --backend kubernetes --image a${b}"),
        ("backslash", "Cloud --backend cron --binary /a\\b"),
        ("no_backend", "nightly"),
        ("other_backend", "nightly --backend launchd"),
    ] {
        let run = print(&accounts, line).run();
        run.assert_code(64);
        assert_transcript!(name, run);
    }
    let run = with_config_file("")
        .program("schedule print nightly --backend cron")
        .run();
    run.assert_code(64);
    assert_transcript!("none", run);
}

/// `run-schedule` does not use the API keys of the environment, which are meant for migrations.
#[test]
fn a_profile_says_where_its_key_is() {
    let accounts = with_config_file(CONFIG);
    let run = print(&accounts, "bare --backend kubernetes").run();
    run.assert_code(64);
    assert_transcript!(run);
}
