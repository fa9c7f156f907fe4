//! Compares whole processes against the same server: the vendor's recipe, `curl | jq | curl`, and `hookferry migrate`.
//!
//! Run it with `cargo bench --bench whole`. After `--`, `--quick` uses fewer webhooks and runs, and `--write` writes the
//! figures into `docs/performance.md` and its chart.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints to its user"
)]

#[path = "../webhooks.rs"]
mod webhooks;

mod chart;
mod contestants;
mod link;
mod measure;
mod report;
mod rounds;
mod server;

use report::Report;
use rounds::Plan;
use std::error::Error;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.first().and_then(|word| word.to_str()) {
        Some("serve") => {
            let n = arguments.get(1).and_then(|word| word.to_str());
            server::serve(n.ok_or("how many webhooks?")?.parse()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Some("measure") => measure::measure(&arguments[1..]),
        _ => compare(&arguments),
    }
}

fn compare(arguments: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let has = |flag: &str| arguments.iter().any(|word| word == flag);
    let missing: Vec<&str> = ["curl", "jq"]
        .into_iter()
        .filter(|tool| !is_installed(tool))
        .collect();
    if !missing.is_empty() {
        println!(
            "NOT RUN: the recipe needs {}, which is not installed",
            missing.join(" and ")
        );
        return Ok(ExitCode::SUCCESS);
    }
    let plan = if has("--quick") {
        Plan::QUICK
    } else {
        Plan::FULL
    };
    let report = Report::new(&rounds::run(&plan)?);
    println!("{}", report.text());
    if has("--write") {
        report.write()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn is_installed(tool: &str) -> bool {
    let mut command = Command::new(tool);
    command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok()
}
