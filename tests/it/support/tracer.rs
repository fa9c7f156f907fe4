//! strace and Valgrind, where they are installed: one records the program's system calls and injects faults into them, the
//! other counts its instructions.
//! Plain `cargo test` skips these tests where the tool is missing and reports it; CI fails instead.

use std::io::Write as _;
use std::process::Command;

/// Whether strace works here; where it does not, reports that `test` did not run.
pub(crate) fn is_available(test: &str) -> bool {
    works("strace", &["-f", "-o", "/dev/null", "true"], test)
}

/// Whether Valgrind works here; where it does not, reports that `test` did not run.
pub(crate) fn counts_instructions(test: &str) -> bool {
    works("valgrind", &["--tool=none", "true"], test)
}

fn works(tool: &str, arguments: &[&str], test: &str) -> bool {
    let works = Command::new(tool)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success());
    let is_required = std::env::var_os("HOOKFERRY_CI").is_some();
    assert!(
        works || !is_required,
        "{test}: {tool} is missing or does not work, and HOOKFERRY_CI requires it"
    );
    if !works {
        // Written to stderr directly: the test harness shows captured output only for failed tests.
        let line = format!("NOT RUN: {test}: it needs {tool}, which is missing or does not work\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    works
}
