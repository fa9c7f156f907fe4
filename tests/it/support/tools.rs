//! Programs of others that check what this one writes, where they are installed.
//! Plain `cargo test` does without them and says so; in CI their absence is a failure.

use std::io::Write as _;
use std::process::Command;

/// Whether a program runs here; says plainly that a test did not run where it does not.
pub(crate) fn is_there(test: &str, program: &str, argument: &str) -> bool {
    let works = Command::new(program)
        .arg(argument)
        .output()
        .is_ok_and(|output| output.status.success());
    let must = std::env::var_os("HOOKFERRY_CI").is_some();
    assert!(
        works || !must,
        "{test}: {program} is missing, and here it must be there"
    );
    if !works {
        // Past the test harness, which shows what a test prints only when it fails.
        let line = format!("NOT RUN: {test}: it needs {program}, which is missing\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    works
}

/// The file that a variable names, if there is one; says plainly that a test did not run where there is none.
pub(crate) fn named_file(test: &str, variable: &str, what: &str) -> Option<String> {
    let path = std::env::var(variable).ok();
    let path = path.filter(|path| std::path::Path::new(path).is_file());
    let must = std::env::var_os("HOOKFERRY_CI").is_some();
    assert!(
        path.is_some() || !must,
        "{test}: {variable} does not name {what}, and here it must"
    );
    if path.is_none() {
        let line = format!("NOT RUN: {test}: it needs {what} ({variable} names it)\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    path
}
