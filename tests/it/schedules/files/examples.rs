//! The files in `docs/examples/` are what the program makes of the config file there.

use super::{arguments, config, print};
use hookferry::cli::BackendArg::{self, Cron, GithubActions, Kubernetes, Systemd};
use std::path::PathBuf;

/// The folder of each backend, and the schedule that its files run.
const EXAMPLES: [(&str, BackendArg, &str); 4] = [
    ("systemd", Systemd, "nightly"),
    ("cron", Cron, "nightly"),
    ("kubernetes", Kubernetes, "nightly"),
    ("github-actions", GithubActions, "offsite"),
];

/// The version is that of the default image, which changes with every release.
const IMAGE: &str = "registry.example.net/hookferry:1";

#[test]
fn the_examples_are_what_the_program_makes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    let text = std::fs::read_to_string(folder.join("config.toml")).unwrap();
    for (name, backend, schedule) in EXAMPLES {
        let path = match backend {
            GithubActions => ".github/hookferry/config.toml",
            _ => "/etc/hookferry/config.toml",
        };
        let mut arguments = arguments(schedule, backend);
        arguments.image = (backend == Kubernetes).then(|| IMAGE.to_owned());
        for file in print(&config(path, &text), &arguments).unwrap() {
            let path = folder.join(name).join(&file.name);
            if std::env::var_os("HOOKFERRY_EXAMPLES").is_some() {
                std::fs::create_dir_all(folder.join(name)).unwrap();
                std::fs::write(&path, &file.text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                committed, file.text,
                "made anew by `HOOKFERRY_EXAMPLES=1 cargo test --test it examples`"
            );
        }
    }
}
