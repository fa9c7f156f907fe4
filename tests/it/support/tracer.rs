//! strace, where it is installed: it records the program's system calls and injects faults into them.
//! Plain `cargo test` skips these tests where strace is missing and reports it; CI fails instead.

use std::io::Write as _;
use std::process::Command;

/// Whether strace works here; where it does not, reports that `test` did not run.
pub(crate) fn is_available(test: &str) -> bool {
    let works = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    let is_required = std::env::var_os("HOOKFERRY_CI").is_some();
    assert!(
        works || !is_required,
        "{test}: strace is missing or may not trace, and HOOKFERRY_CI requires it"
    );
    if !works {
        // Written to stderr directly: the test harness shows captured output only for failed tests.
        let line = format!("NOT RUN: {test}: it needs strace, which is missing or may not trace\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    works
}
