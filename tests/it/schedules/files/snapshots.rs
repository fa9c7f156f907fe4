//! Each backend's files as a user reads them.

use super::super::CONFIG;
use super::{arguments, config, print};
use hookferry::cli::BackendArg::{Cron, GithubActions, Kubernetes, Systemd};
use hookferry::render::schedule::text;
use std::path::PathBuf;

#[test]
fn every_backend() {
    snapshots!();
    let path = "/etc/hookferry/config.toml";
    for (name, schedule, backend) in [
        ("systemd", "nightly", Systemd),
        ("systemd_odd_paths", "weekday_mornings", Systemd),
        ("systemd_store", "Cloud", Systemd),
        ("cron", "cluster", Cron),
        ("cron_odd_paths", "weekday_mornings", Cron),
        ("cron_store", "Cloud", Cron),
        ("kubernetes", "cluster", Kubernetes),
        ("kubernetes_store", "Cloud", Kubernetes),
        ("github_actions", "Cloud", GithubActions),
    ] {
        let files = print(&config(path, CONFIG), &arguments(schedule, backend)).unwrap();
        insta::assert_snapshot!(name, text(&files));
    }
}

#[test]
fn binary_and_image_can_be_overridden() {
    let config = config("/root/hook ferry.toml", CONFIG);
    let mut arguments = arguments("cluster", Cron);
    arguments.binary = Some(PathBuf::from("/opt/hook%ferry"));
    let [cron] = print(&config, &arguments).unwrap().try_into().unwrap();
    let last = cron.text.lines().last().unwrap();
    assert_eq!(
        last,
        r"*/15 * * * * '/opt/hook\%ferry' run-schedule cluster --config '/root/hook ferry.toml' --quiet --no-progress >/dev/null"
    );
    arguments.backend = Systemd;
    let [service, timer] = print(&config, &arguments).unwrap().try_into().unwrap();
    let line = "ExecStart=\"/opt/hook%%ferry\" run-schedule cluster --config \"/root/hook ferry.toml\" --no-progress";
    assert!(service.text.contains(line), "{}", service.text);
    assert!(
        service.text.contains("\nProtectHome=read-only\n"),
        "{}",
        service.text
    );
    assert!(
        timer.text.contains("RandomizedDelaySec=90s"),
        "{}",
        timer.text
    );
    arguments.backend = Kubernetes;
    arguments.binary = None;
    arguments.image = Some("registry.example.net/tools/hookferry@sha256:abc".to_owned());
    let [manifest] = print(&config, &arguments).unwrap().try_into().unwrap();
    let line = "image: \"registry.example.net/tools/hookferry@sha256:abc\"";
    assert!(manifest.text.contains(line), "{}", manifest.text);
}

/// Two schedules never share a Kubernetes object, whatever their names.
#[test]
fn kubernetes_object_names_are_valid_and_distinct() {
    let long = "x".repeat(80);
    let names = [
        "nightly",
        "Nightly",
        "night_ly",
        "night-ly",
        "nightly-",
        "9",
        &long,
        &format!("{long}y"),
    ];
    let mut objects = Vec::new();
    for name in names {
        let text = CONFIG.replace("[schedule.cluster]", &format!("[schedule.{name}]"));
        let text = match name {
            "nightly" => CONFIG
                .replace("[schedule.nightly]", "[schedule.other]")
                .replace("[schedule.cluster]", "[schedule.nightly]"),
            _ => text,
        };
        let config = config("/c.toml", &text);
        let [file] = print(&config, &arguments(name, Kubernetes))
            .unwrap()
            .try_into()
            .unwrap();
        let object = file.name.strip_suffix(".yaml").unwrap().to_owned();
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(
            object.len() <= 52 && object.chars().all(is_part),
            "{object}"
        );
        assert!(!object.ends_with('-'), "{object}");
        assert!(
            file.text.contains(&format!("  name: \"{object}\"")),
            "{}",
            file.text
        );
        assert!(!objects.contains(&object), "{object}");
        objects.push(object);
    }
    assert_eq!(objects[0], "hookferry-nightly");
    assert_eq!(objects[3], "hookferry-night-ly");
}
