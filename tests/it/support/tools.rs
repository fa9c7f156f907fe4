//! Third-party programs that check hookferry's output, where they are installed.
//! Plain `cargo test` skips tests whose program is missing and reports it; CI fails instead.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Whether a program is installed.
pub(crate) fn is_installed(test: &str, program: &str) -> bool {
    runs_with(test, program, "--version")
}

/// Like [`is_installed`], for a program without `--version`: `argument` must have no side effect.
pub(crate) fn runs_with(test: &str, program: &str, argument: &str) -> bool {
    let output = Command::new(program).arg(argument).output();
    check_found(
        test,
        output.is_ok_and(|output| output.status.success()),
        program,
    )
}

/// Whether `crontab` is Debian's, which can check a file without installing it.
pub(crate) fn is_debian_crontab_installed(test: &str) -> bool {
    // In other implementations the same option means something else, so they are never run with it.
    let output = Command::new("crontab").arg("-h").output();
    let is_debian = |output: std::process::Output| {
        let help = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&help).contains("dry run: checks the syntax")
    };
    check_found(
        test,
        output.is_ok_and(is_debian),
        "crontab of Debian's cron",
    )
}

/// The existing file that an environment variable names.
pub(crate) fn file_from_env(test: &str, variable: &str, what: &str) -> Option<String> {
    let path = std::env::var(variable).ok();
    let path = path.filter(|path| Path::new(path).is_file());
    check_found(
        test,
        path.is_some(),
        &format!("{what} ({variable} names it)"),
    )
    .then_some(path)?
}

/// Reports that `test` did not run where `what` is missing; panics where CI requires it.
fn check_found(test: &str, is_found: bool, what: &str) -> bool {
    let is_required = std::env::var_os("HOOKFERRY_CI").is_some();
    assert!(
        is_found || !is_required,
        "{test}: {what} is missing, and HOOKFERRY_CI requires it"
    );
    if !is_found {
        // Written to stderr directly: the test harness shows captured output only for failed tests.
        let line = format!("NOT RUN: {test}: it needs {what}, which is missing\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    is_found
}
