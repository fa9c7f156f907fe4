//! The previous bodies beside a journal: nobody reads them without the target's API key, and nothing but what the run
//! saved there is ever restored.

use super::{MIGRATE, only_run};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::seeds;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

const SECRET: &str = "https://hooks.slack.example/canary \"quoted\" \\ ü 🦀";

/// Two accounts after a run that updated one webhook, whose url was the secret.
fn after_an_update() -> StandIn {
    let mut seeds = seeds::demo();
    seeds.target[1]["url"] = SECRET.into();
    let accounts = StandIn::start(seeds.into());
    accounts
        .program(&format!("{MIGRATE} --on-conflict update"))
        .run()
        .assert_code(0);
    accounts
}

fn run_folder(accounts: &StandIn) -> PathBuf {
    let runs = accounts.home().join("state/hookferry/runs");
    runs.join(only_run(accounts))
}

fn previous_bodies(accounts: &StandIn) -> PathBuf {
    run_folder(accounts).join("previous.bin")
}

/// The secret as any text may spell it: raw, as a JSON string, and that within another one.
fn spellings() -> Vec<String> {
    let in_json = |text: &str| {
        let quoted = json!(text).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let in_ascii = |text: &str| {
        let mut out = String::new();
        for unit in text.encode_utf16() {
            match u8::try_from(unit).ok().filter(u8::is_ascii) {
                Some(byte) => out.push(byte.into()),
                None => write!(out, "\\u{unit:04x}").unwrap(),
            }
        }
        out
    };
    let once = in_json(SECRET);
    let twice = in_json(&once);
    let ascii = in_ascii(&once);
    vec![SECRET.to_owned(), once, twice, ascii, "canary".to_owned()]
}

#[test]
fn no_file_of_a_record_holds_a_secret() {
    let accounts = after_an_update();
    assert!(previous_bodies(&accounts).is_file());
    for file in std::fs::read_dir(run_folder(&accounts)).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for spelling in spellings() {
            let mut windows = bytes.windows(spelling.len());
            let is_there = windows.any(|window| window == spelling.as_bytes());
            assert!(!is_there, "{}: {spelling}", path.display());
        }
    }
}

#[test]
fn a_rollback_restores_them_to_the_byte() {
    let accounts = after_an_update();
    accounts
        .program("rollback latest --yes")
        .run()
        .assert_code(0);
    let in_target = accounts.target().webhooks();
    assert!(in_target.iter().any(|webhook| webhook["url"] == SECRET));
}

#[test]
fn damaged_ones_are_not_written_to_the_target() {
    let accounts = after_an_update();
    let path = previous_bodies(&accounts);
    let saved = std::fs::read(&path).unwrap();
    let in_target = accounts.target().webhooks();
    let mut changed = saved.clone();
    changed[saved.len() / 2] ^= 1;
    for damaged in [changed, saved[..saved.len() - 1].to_vec(), Vec::new()] {
        std::fs::write(&path, damaged).unwrap();
        let run = accounts.program("rollback latest --yes").run();
        run.assert_code(1);
        assert!(run.stderr.contains("previous bodies"), "{}", run.stderr);
        assert_eq!(accounts.target().webhooks(), in_target);
    }
}

#[test]
fn those_of_another_run_are_not_written_to_the_target() {
    let accounts = after_an_update();
    let path = previous_bodies(&accounts);
    let saved = std::fs::read(&path).unwrap();
    accounts.source().edit_webhook(1050, |webhook| {
        webhook["url"] = json!("https://hooks.example.com/canary-2");
    });
    accounts
        .program(&format!("{MIGRATE} --on-conflict update"))
        .run()
        .assert_code(0);
    let runs = accounts.home().join("state/hookferry/runs");
    let mut folders: Vec<_> = std::fs::read_dir(runs)
        .unwrap()
        .map(|folder| folder.unwrap().path())
        .collect();
    folders.sort();
    std::fs::write(folders[1].join("previous.bin"), saved).unwrap();
    let in_target = accounts.target().webhooks();
    accounts
        .program("rollback latest --yes")
        .run()
        .assert_code(1);
    assert_eq!(accounts.target().webhooks(), in_target);
}
