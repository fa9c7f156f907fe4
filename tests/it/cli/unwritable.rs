//! Standard output that takes nothing: a full disk, and a pipe whose reader has gone away.

use crate::support::stand_in::StandIn;
use std::fs::File;
use std::process::Stdio;

/// Commands that only show something.
const SHOWING: &[&str] = &[
    "--help",
    "help config",
    "migrate --help",
    "--version",
    "version",
    "man",
    "completions bash",
    "list --from [source]",
    "list --from [source] -o json",
    "export --from [source] --reveal",
    "plan --from [source] --to [target]",
    "diff [source] [target]",
    "rules init --from [source]",
    "account list",
    "account check [source]",
    "schedule list",
    "runs",
    "runs show latest",
    "report latest",
    "idmap show",
    "verify --run latest",
    "migrate --from [source] --to [target] --dry-run",
    "rollback latest --dry-run",
    "backup list --repo repo",
    "backup check --repo repo",
    "sandbox --switch help",
];

/// Commands that do something, and then report it; in an order in which each has something to do.
const DOING: &[&str] = &[
    "migrate --from [source] --to [target] --yes",
    "backup create --from [source] --repo repo --plaintext",
    "backup forget --repo repo --keep-last 1",
    "runs prune",
];

fn exit_code(accounts: &StandIn, line: &str, stdout: impl Into<Stdio>) -> Option<i32> {
    let mut command = accounts.program(line).command();
    let command = command.stdin(Stdio::null()).stdout(stdout);
    command.stderr(Stdio::null()).status().unwrap().code()
}

fn full_disk() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn pipe_without_reader() -> std::io::PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}

/// What only shows has failed; what has done something says what became of that.
#[test]
fn a_full_disk_gives_one_exit_code() {
    let accounts = StandIn::demo();
    for line in DOING {
        assert_eq!(exit_code(&accounts, line, full_disk()), Some(0), "{line}");
    }
    for line in SHOWING {
        assert_eq!(exit_code(&accounts, line, full_disk()), Some(1), "{line}");
    }
    let undo = "rollback latest --yes";
    assert_eq!(exit_code(&accounts, undo, full_disk()), Some(0));
}

/// `| head` is no failure.
#[test]
fn a_reader_that_went_away_changes_no_exit_code() {
    let accounts = StandIn::demo();
    for line in DOING.iter().chain(SHOWING) {
        let code = exit_code(&accounts, line, pipe_without_reader());
        assert_eq!(code, Some(0), "{line}");
    }
}

/// A usage error stays one where nobody reads it.
#[test]
fn a_usage_error_needs_no_reader() {
    let accounts = StandIn::demo();
    let mut command = accounts.program("frobnicate").command();
    let status = command.stderr(full_disk()).status().unwrap();
    assert_eq!(status.code(), Some(64));
}
