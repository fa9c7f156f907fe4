//! The rules of `docs/architecture.md`, held against the source itself.

use crate::support::source::{SourceFile, files, files_below, paths};
use std::path::Path;

/// No file is longer; 300 is the aim.
const LONGEST: usize = 400;

/// What may be used in some places only: a path, and where.
const ONLY_IN: &[(&str, &[&str])] = &[
    // The object store's requests go over the same library; nothing else of `store` knows it.
    (
        "reqwest",
        &["coralogix", "heartbeat", "store/backup/bucket/transport"],
    ),
    ("object_store", &["store"]),
    ("age", &["store"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli", "commands/completions"]),
    ("clap_mangen", &["cli", "commands/man"]),
    ("indicatif", &["render"]),
    ("std::fs", &["store"]),
    ("tokio::fs", &["store"]),
    ("File", &["store"]),
    ("OpenOptions", &["store"]),
    // The simulation is test code: its number of seeds comes from the environment.
    (
        "std::env",
        &["settings", "main", "pipeline/push/simulation"],
    ),
];

/// What a part of the program must not know: the part, and the other parts.
const NEVER: &[(&str, &[&str])] = &[
    (
        "coralogix",
        &[
            "pipeline", "render", "commands", "store", "cli", "settings", "sandbox",
        ],
    ),
    (
        "pipeline",
        &["render", "commands", "store", "cli", "settings", "sandbox"],
    ),
    ("render", &["commands", "cli", "settings"]),
    (
        "toml_file",
        &[
            "pipeline", "render", "commands", "store", "cli", "settings", "sandbox",
        ],
    ),
    (
        "sandbox",
        &[
            "coralogix",
            "pipeline",
            "foreign",
            "error",
            "render",
            "commands",
            "cli",
            "settings",
        ],
    ),
];

impl SourceFile {
    /// Whether it belongs to that module: `store.rs`, or anything in `store/`.
    fn is_in(&self, module: &str) -> bool {
        self.name
            .strip_prefix(module)
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }
}

fn starts_with(path: &[String], start: &str) -> bool {
    let mut names = path.iter();
    start
        .split("::")
        .all(|part| names.next().is_some_and(|name| name == part))
}

/// The part of this program that a path leads to: the first name after `crate` or `super`.
fn part(path: &[String]) -> Option<&str> {
    let is_root =
        |name: &&String| matches!(name.as_str(), "crate" | "super" | "self" | "hookferry");
    if !is_root(&path.first()?) {
        return None;
    }
    path.iter().find(|name| !is_root(name)).map(String::as_str)
}

/// A line for every path of the files for which the breach says so.
fn breaches(is_breach: impl Fn(&SourceFile, &[String]) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files() {
        for path in &file.paths {
            if is_breach(&file, path) {
                found.push(format!("src/{} uses {}", file.name, path.join("::")));
            }
        }
    }
    found
}

#[test]
fn each_dependency_has_its_place() {
    let found = breaches(|file, path| {
        ONLY_IN.iter().any(|(used, places)| {
            let is_used =
                starts_with(path, used) || (path.len() > 1 && path[path.len() - 2] == *used);
            is_used && path != [*used] && !places.iter().any(|place| file.is_in(place))
        })
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn imports_go_one_way() {
    let found = breaches(|file, path| {
        NEVER.iter().any(|(part_of, never)| {
            let is_part = file.is_in(part_of);
            is_part && part(path).is_some_and(|part| never.contains(&part))
        })
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Else client and stand-in would agree on the same mistake.
#[test]
fn the_sandbox_shares_nothing_with_the_client() {
    let found = breaches(|file, path| {
        file.is_in("sandbox") && matches!(path[0].as_str(), "crate" | "hookferry")
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_file_is_a_drawer_for_everything() {
    let names: Vec<String> = files().into_iter().map(|file| file.name).collect();
    let is_drawer = |name: &&String| {
        let mut parts = name.split(['/', '.']);
        parts.any(|part| ["utils", "util", "helpers", "helper", "common", "misc"].contains(&part))
    };
    let drawers: Vec<&String> = names.iter().filter(is_drawer).collect();
    assert!(drawers.is_empty(), "{drawers:?}");
}

#[test]
fn files_are_short() {
    let too_long: Vec<String> = files()
        .into_iter()
        .filter(|file| file.n_lines > LONGEST)
        .map(|file| format!("src/{} has {} lines", file.name, file.n_lines))
        .collect();
    assert!(too_long.is_empty(), "{}", too_long.join("\n"));
}

/// Where a webhook leaves the process with its secrets: requests, `export`, backups, and the bodies that `rollback` would put back.
const DOORS: &[&str] = &[
    "coralogix/webhook.rs",
    "pipeline/push/body.rs",
    "pipeline/rollback.rs",
    "commands/export.rs",
    "commands/recording.rs",
    "store/backup/document.rs",
];

#[test]
fn a_webhook_leaves_by_few_doors() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in files_below(&src) {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_door = DOORS.iter().any(|door| path == src.join(door));
        assert!(is_door || !text.contains("to_wire("), "{}", path.display());
    }
}

/// Every secret of the fixtures and tests contains the word.
#[test]
fn no_snapshot_holds_a_secret() {
    let snapshots = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    assert!(!snapshots.is_empty());
    for path in snapshots {
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        assert!(!text.contains("canary"), "{}", path.display());
    }
}

#[test]
fn the_reader_of_the_source_sees_through_its_disguises() {
    let text = r##"
        // use reqwest::Client;
        /* std::fs::read */
        use std::{fs::{self, File}, io};
        use crate::{pipeline::plan::Plan, render};
        const URL: &str = "https://std::fs"; const RAW: &str = r#"a "clap::Parser" b"#; const Q: char = '"';
        fn f<'a>(x: &'a str) -> Vec<u8> { Vec::<u8>::new(); super::super::store::disk(x, '\'', '\u{1b}') }
    "##;
    let found: Vec<String> = paths(text)
        .into_iter()
        .filter(|path| path.len() > 1)
        .map(|path| path.join("::"))
        .collect();
    let expected = [
        "std::fs::self",
        "std::fs::File",
        "std::io",
        "crate::pipeline::plan::Plan",
        "crate::render",
        "super::super::store::disk",
    ];
    assert_eq!(found, expected);
}
