//! Kills and disk errors at each write of a migration in turn, and the order of its writes.

use super::injection::{DISK, Scenario, WRITES};
use super::{MIGRATE, assert_exactly_once};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;

fn in_batches() -> String {
    format!("{MIGRATE} --batch-size 4 -q")
}

/// Injects the fault into each call of a migration. Returns the number of calls.
fn for_each_call(
    calls: &[&str],
    fault: &str,
    check: impl Fn(&StandIn, &Run, &str) + Sync,
) -> usize {
    let line = in_batches();
    let migration = Scenario {
        prepare: StandIn::demo,
        command_line: &line,
    };
    migration.for_each_call(calls, fault, check)
}

fn assert_resumes(accounts: &StandIn, nth: &str) {
    let preexisting = accounts.target().webhooks()[..4].to_vec();
    let run = accounts.program(MIGRATE).run();
    assert_eq!(run.code, Some(0), "{nth}: {}", run.transcript());
    assert_exactly_once(accounts);
    assert_eq!(accounts.target().webhooks()[..4], preexisting[..]);
    let n_posts = accounts.posts().len();
    accounts.program(MIGRATE).run().assert_code(0);
    assert_eq!(accounts.posts().len(), n_posts, "{nth}: sent again");
}

#[test]
#[ignore = "needs strace"]
fn a_run_killed_before_any_write_resumes() {
    let n = for_each_call(&WRITES, "signal=SIGKILL", |accounts, run, nth| {
        assert_eq!(run.code, None, "{nth} should have killed it");
        assert_resumes(accounts, nth);
    });
    assert!(n > 30, "only {n} writes");
}

#[test]
#[ignore = "needs strace"]
fn a_run_killed_before_any_write_can_be_rolled_back() {
    for_each_call(
        &["writev", "fdatasync"],
        "signal=SIGKILL",
        |accounts, _, nth| {
            if super::runs(accounts).is_empty() {
                assert!(accounts.posts().is_empty(), "{nth}: sent, but not recorded");
                return;
            }
            let run = accounts.program("rollback latest --yes").run();
            assert_eq!(run.code, Some(0), "{nth}: {}", run.transcript());
            assert_eq!(accounts.target().webhooks().len(), 4, "{nth}");
        },
    );
}

/// A full or failing disk: what could not be recorded was not sent, and the same command resumes later.
#[test]
#[ignore = "needs strace"]
fn nothing_unrecorded_is_sent_when_any_disk_write_fails() {
    for error in ["ENOSPC", "EIO"] {
        for_each_call(&DISK, &format!("error={error}"), |accounts, run, nth| {
            let what = || format!("{error} at {nth}: {}", run.transcript());
            match run.code {
                // Only the last lines of the record are missing, or the name in a lock file.
                Some(0) => assert_exactly_once(accounts),
                Some(1) => assert!(accounts.posts().is_empty(), "{}", what()),
                Some(3) => assert!(!accounts.posts().is_empty(), "{}", what()),
                _ => panic!("{}", what()),
            }
            if run.code != Some(0) {
                assert!(
                    run.stderr.contains("No space") || run.stderr.contains("Input/output"),
                    "{}",
                    what()
                );
            }
            assert_resumes(accounts, nth);
        });
    }
}

/// What the program did in the runs folder and on the wire, in order: one word for each relevant call.
fn steps(log: &str) -> Vec<&'static str> {
    let step = |line: &str| {
        let call = line.split('(').next()?;
        if call == "writev" {
            return line.contains("POST ").then_some("POST");
        }
        let path = line.rsplit_once("/runs").map(|(_, path)| path);
        let path = path?
            .trim_start_matches('/')
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        let in_run = path.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        Some(match (call, in_run) {
            ("write", rest) if rest.contains("journal.jsonl") && line.contains("sending") => {
                "intent"
            }
            ("write", rest) if rest.contains("journal.jsonl") => "note",
            ("fdatasync", rest) if rest.contains("journal.jsonl") => "sync",
            ("write", rest) if rest.starts_with("/.tmp") => "new file",
            ("fsync", rest) if rest.starts_with("/.tmp") => "sync file",
            ("rename" | "renameat" | "renameat2", _) => "rename",
            ("fsync", rest) if rest.starts_with('>') => "sync folder",
            // The folder of the run before it gets its name.
            ("fsync", rest) if rest.starts_with(".new-") => "sync folder",
            _ => return None,
        })
    };
    log.lines().filter_map(step).collect()
}

#[test]
#[ignore = "needs strace"]
fn every_request_is_recorded_on_disk_before_it_is_sent() {
    let accounts = StandIn::demo();
    let log = accounts.home().join("trace").display().to_string();
    let calls = format!("trace={}", WRITES.join(","));
    let run = accounts
        .program(&in_batches())
        .under(&["strace", "-y", "-s", "200", "-o", &log, "-e", &calls])
        .run();
    run.assert_code(0);
    let steps = steps(&std::fs::read_to_string(log).unwrap());
    let batch = ["intent", "sync", "POST", "note", "sync"];
    let expected: Vec<&str> = [
        // The first entry: a place for its checksum, the entry, the end of the line, and the checksum.
        &["note"; 4][..],
        &["sync", "sync folder", "rename", "sync folder"],
        &batch,
        &batch,
        &batch,
        &["note", "sync"],
    ]
    .concat();
    assert_eq!(steps, expected);
}
