//! The README is accurate: its transcript is what the demo prints, its table of exit codes matches the program, and
//! whoever follows it word by word gets what it says.

mod followed;

use crate::support::program::without_run_ids;
use hookferry::error::ExitCode;
use std::process::Command;

pub(crate) const README: &str = include_str!("../../README.md");

#[test]
fn the_transcript_is_what_the_demo_prints() {
    let output = Command::new(env!("CARGO_BIN_EXE_hookferry"))
        .arg("demo")
        .env_clear()
        .env("COLUMNS", "120")
        .output()
        .unwrap();
    assert!(output.status.success());
    let printed = without_ports(&String::from_utf8(output.stdout).unwrap());
    let shown = README
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("\n```").next())
        .unwrap();
    assert!(
        printed.contains(shown),
        "the README shows:\n{shown}\nthe demo prints:\n{printed}"
    );
}

/// Replaces what differs in each run: ports and run ids. The first host named is the source, the second the target.
fn without_ports(text: &str) -> String {
    let mut text = text.to_owned();
    for name in ["[source]", "[target]"] {
        let start = text.find("127.0.0.1:").unwrap();
        let digits = text[start + 10..].find(|character: char| !character.is_ascii_digit());
        let host = text[start..start + 10 + digits.unwrap()].to_owned();
        text = text.replace(&host, name);
    }
    without_run_ids(&text)
}

#[test]
fn the_table_of_exit_codes_matches_the_program() {
    let row = |(code, meaning): &(ExitCode, &str)| format!("| {} | {meaning} |", code.code());
    let rows: Vec<String> = ExitCode::TABLE.iter().map(row).collect();
    let table = format!("| code | meaning |\n|---|---|\n{}\n\n", rows.join("\n"));
    assert!(README.contains(&table), "the README lacks:\n{table}");
}
