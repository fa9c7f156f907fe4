//! strace, where it is installed: what the program asks of the system, and faults in exactly those requests.
//! Plain `cargo test` does without it and says so; in CI its absence is a failure.

use std::io::Write as _;
use std::process::Command;

/// Whether system calls can be traced here; says plainly that a test did not run where they cannot.
pub(crate) fn is_there(test: &str) -> bool {
    let works = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    let must = std::env::var_os("HOOKFERRY_CI").is_some();
    assert!(
        works || !must,
        "{test}: strace is missing or may not trace, and here it must"
    );
    if !works {
        // Past the test harness, which shows what a test prints only when it fails.
        let line = format!("NOT RUN: {test}: it needs strace, which is missing or may not trace\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    works
}
