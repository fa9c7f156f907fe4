//! Programs of others that check what this one writes, where they are installed.
//! Plain `cargo test` does without them and says so; in CI their absence is a failure.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Whether a program runs here.
pub(crate) fn is_there(test: &str, program: &str) -> bool {
    answers(test, program, "--version")
}

/// Whether a program runs here that has no version to tell: the argument is harmless to it.
pub(crate) fn answers(test: &str, program: &str, argument: &str) -> bool {
    let output = Command::new(program).arg(argument).output();
    told(
        test,
        output.is_ok_and(|output| output.status.success()),
        program,
    )
}

/// Whether there is a `crontab` that checks a file without installing it: Debian's.
pub(crate) fn is_crontab_there(test: &str) -> bool {
    // To others the same option means something else, so they are not even tried.
    let output = Command::new("crontab").arg("-h").output();
    let says = |output: std::process::Output| {
        let help = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&help).contains("dry run: checks the syntax")
    };
    told(test, output.is_ok_and(says), "crontab of Debian's cron")
}

/// The file that a variable names, if there is one.
pub(crate) fn named_file(test: &str, variable: &str, what: &str) -> Option<String> {
    let path = std::env::var(variable).ok();
    let path = path.filter(|path| Path::new(path).is_file());
    told(
        test,
        path.is_some(),
        &format!("{what} ({variable} names it)"),
    )
    .then_some(path)?
}

/// Says plainly that a test did not run where something is missing.
fn told(test: &str, is_there: bool, what: &str) -> bool {
    let must = std::env::var_os("HOOKFERRY_CI").is_some();
    assert!(
        is_there || !must,
        "{test}: {what} is missing, and here it must be there"
    );
    if !is_there {
        // Past the test harness, which shows what a test prints only when it fails.
        let line = format!("NOT RUN: {test}: it needs {what}, which is missing\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    is_there
}
