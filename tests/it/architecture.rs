//! The rules of `docs/architecture.md`, held against the source itself.

use crate::support::proposals::is_command;
use crate::support::source::{SourceFile, files, files_below, paths};
use std::path::Path;

/// The layers of the program from top to bottom, and which others each may import.
///
/// Every file of `src/` but `lib.rs` belongs to one of them, and every permission is used.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "main",
        &[
            "commands",
            "settings",
            "cli",
            "render",
            "crash",
            "error",
            "interrupt",
        ],
    ),
    (
        "commands",
        &[
            "settings",
            "cli",
            "render",
            "document",
            "store",
            "pipeline",
            "coralogix",
            "sandbox",
            "error",
            "interrupt",
            "stdin",
            "proposal",
            "untrusted",
            "wording",
        ],
    ),
    (
        "settings",
        &[
            "cli",
            "document",
            "store",
            "pipeline",
            "coralogix",
            "heartbeat",
            "toml_file",
            "closest",
            "error",
            "secret",
            "proposal",
            "untrusted",
        ],
    ),
    ("cli", &["closest", "error", "secret"]),
    (
        "render",
        &[
            "document",
            "store",
            "pipeline",
            "coralogix",
            "http",
            "error",
            "secret",
            "proposal",
            "untrusted",
            "wording",
        ],
    ),
    (
        "store",
        &[
            "document",
            "pipeline",
            "coralogix",
            "http",
            "error",
            "secret",
            "untrusted",
        ],
    ),
    (
        "document",
        &[
            "pipeline",
            "coralogix",
            "error",
            "proposal",
            "untrusted",
            "wording",
        ],
    ),
    (
        "pipeline",
        &[
            "coralogix",
            "toml_file",
            "http",
            "error",
            "interrupt",
            "untrusted",
        ],
    ),
    (
        "coralogix",
        &[
            "http",
            "closest",
            "error",
            "proposal",
            "secret",
            "untrusted",
        ],
    ),
    ("heartbeat", &["http", "error", "untrusted"]),
    // If it shared logic with the client, both could agree on the same mistake.
    ("sandbox", &[]),
    ("toml_file", &["secret", "untrusted"]),
    ("http", &["secret", "untrusted", "wording"]),
    ("interrupt", &["error"]),
    ("stdin", &["error"]),
    ("closest", &[]),
    ("crash", &[]),
    ("error", &[]),
    ("proposal", &["untrusted"]),
    ("secret", &[]),
    ("untrusted", &[]),
    ("wording", &[]),
];

/// What only some places may use: a path, and where.
const ONLY_IN: &[(&str, &[&str])] = &[
    // The object store's requests go over the same library; nothing else of `store` knows it.
    (
        "reqwest",
        &[
            "http",
            "coralogix",
            "heartbeat",
            "store/backup/object_store_repository/transport",
        ],
    ),
    ("object_store", &["store"]),
    ("age", &["store"]),
    ("croner", &["settings"]),
    ("hcl_edit", &["coralogix/reference/terraform"]),
    ("saphyr_parser", &["coralogix/reference/operator"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["render"]),
    // What the parent process wants ignored stands in a file of the kernel's.
    ("std::fs", &["store", "interrupt"]),
    ("tokio::fs", &["store"]),
    ("File", &["store"]),
    ("OpenOptions", &["store"]),
    ("std::env", &["settings", "main"]),
];

impl SourceFile {
    /// Whether it belongs to that module: `store.rs`, or anything in `store/`.
    fn is_in(&self, module: &str) -> bool {
        self.name
            .strip_prefix(module)
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    /// How many modules lie between the root of the crate and the file's own names: `a/b.rs` and `a/b/mod.rs` have 2.
    fn depth(&self) -> usize {
        let path = self.name.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').count()
    }
}

fn starts_with(path: &[String], start: &str) -> bool {
    let mut names = path.iter();
    start
        .split("::")
        .all(|part| names.next().is_some_and(|name| name == part))
}

/// The layer that a path names: the first name below the root of the crate; `None` for one that stays inside its layer.
fn part<'p>(file: &SourceFile, path: &'p [String]) -> Option<&'p str> {
    let is_root = matches!(path.first()?.as_str(), "crate" | "hookferry");
    let n_supers = path.iter().take_while(|name| *name == "super").count();
    if !is_root && n_supers < file.depth().max(1) {
        return None;
    }
    path.get(n_supers.max(1)).map(String::as_str)
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

/// The layer of a file: its first folder, or its own name.
fn layer(file: &SourceFile) -> Option<&'static (&'static str, &'static [&'static str])> {
    LAYERS.iter().find(|(layer, _)| file.is_in(layer))
}

#[test]
fn every_file_belongs_to_a_layer() {
    let homeless: Vec<String> = files()
        .into_iter()
        .filter(|file| file.name != "lib.rs" && layer(file).is_none())
        .map(|file| file.name)
        .collect();
    assert!(homeless.is_empty(), "{homeless:?}");
}

#[test]
fn layers_import_only_what_they_may() {
    let found = breaches(|file, path| {
        let Some((own, allowed)) = layer(file) else {
            return false;
        };
        part(file, path).is_some_and(|part| {
            let is_layer = LAYERS.iter().any(|(layer, _)| *layer == part);
            is_layer && part != *own && !allowed.contains(&part)
        })
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A permission that nobody uses would let the map promise less than the code keeps.
#[test]
fn every_permission_is_used() {
    let files = files();
    let is_used = |layer: &str, other: &str| {
        let mut of_layer = files.iter().filter(|file| file.is_in(layer));
        of_layer.any(|file| {
            file.paths
                .iter()
                .any(|path| part(file, path) == Some(other))
        })
    };
    let unused: Vec<String> = LAYERS
        .iter()
        .flat_map(|(layer, allowed)| allowed.iter().map(move |other| (*layer, *other)))
        .filter(|(layer, other)| !is_used(layer, other))
        .map(|(layer, other)| format!("{layer} -> {other}"))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn no_layer_imports_one_above_it() {
    let position = |name: &str| LAYERS.iter().position(|(layer, _)| *layer == name);
    for (layer, allowed) in LAYERS {
        for other in *allowed {
            assert!(position(layer) < position(other), "{layer} -> {other}");
        }
    }
}

/// Names of files and folders in backquotes, in the pages that describe the code.
#[test]
fn the_map_names_no_file_that_does_not_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["docs/architecture.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let quoted = text.split('`').skip(1).step_by(2);
        let is_path = |word: &&str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
            let is_source = Path::new(word).extension().is_some_and(|name| name == "rs");
            word.chars().all(is_plain) && (is_source || word.ends_with('/'))
        };
        let missing: Vec<&str> = quoted
            .filter(is_path)
            .filter(|path| !root.join(path).exists() && !root.join("src").join(path).exists())
            .collect();
        assert!(missing.is_empty(), "{page}: {missing:?}");
    }
    for (_, places) in ONLY_IN {
        for place in *places {
            let path = root.join("src").join(place);
            assert!(
                path.is_dir() || path.with_extension("rs").exists(),
                "{place}"
            );
        }
    }
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

/// Where a webhook leaves the process with its secrets: requests, `export`, backups, and the bodies that `rollback` would put back.
const DOORS: &[&str] = &[
    "coralogix/webhook.rs",
    "pipeline/push/actions.rs",
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

/// `|safe` would let a text pass unescaped; only the page's own style and script may, which are constants.
#[test]
fn templates_escape_whatever_they_write() {
    let render = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render");
    for path in files_below(&render) {
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("{{ STYLE|safe }}", "");
        let text = text.replace("{{ SCRIPT|safe }}", "");
        let is_template = path.extension().is_some_and(|extension| extension != "rs");
        for exemption in ["|safe", "| safe", "|escape", "|e(", "{% autoescape"] {
            assert!(
                !(is_template && text.contains(exemption)),
                "{} has {exemption}",
                path.display()
            );
        }
    }
}

/// A command that is put together elsewhere would lack what it needs, or its quotes.
#[test]
fn commands_are_filled_in_at_one_place() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in files_below(&source) {
        let is_code = path.extension().is_some_and(|extension| extension == "rs");
        // The sandbox shares no code with the client; its example names its own two accounts.
        if !is_code || path.ends_with("proposal.rs") || path.ends_with("sandbox/usage.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for (_, words) in code.filter_map(|line| line.split_once("hookferry ")) {
            let span = words.split(['`', '"']).next().unwrap_or_default();
            let is_heading = span.split(' ').take(2).any(|word| word.ends_with(':'));
            let is_filled_in = span.contains('{') && !span.contains('…') && !is_heading;
            let name = span.split(' ').next().unwrap_or_default();
            assert!(
                !(is_filled_in && is_command(name)),
                "{}: {span}",
                path.display()
            );
        }
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
