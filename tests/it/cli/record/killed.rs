//! The program killed, and refused by the disk, at each of its writes in turn; and the order in which it writes.
//! Faults come from the tracer, so that the program under test is the one that is shipped.

use super::{MIGRATE, assert_exactly_once};
use crate::support::at_once::at_once;
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use crate::support::tracer;

/// What reaches the disk or the wire; the tracer counts the calls of each name on their own.
const WRITES: [&str; 7] = [
    "write",
    "writev",
    "fdatasync",
    "fsync",
    "renameat",
    "renameat2",
    "mkdir",
];
/// The same, but for what also reaches the wire.
const DISK: [&str; 5] = ["fdatasync", "fsync", "renameat", "renameat2", "mkdir"];

fn in_batches() -> String {
    format!("{MIGRATE} --batch-size 4 -q")
}

/// One run in which the `nth` call of that name is tampered with; whether there was one.
fn tampered(accounts: &StandIn, call: &str, tampering: &str, nth: usize) -> (Run, bool) {
    let log = accounts.home().join("trace");
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:{tampering}:when={nth}");
    let log_name = log.display().to_string();
    let run = accounts
        .program(&in_batches())
        .under(&["strace", "-o", &log_name, "-e", &trace, "-e", &inject])
        .run();
    let log = std::fs::read_to_string(log).unwrap();
    let is_struck = log.contains("(INJECTED)") || log.contains("killed by SIGKILL");
    (run, is_struck)
}

/// Tampers with every single call of those names in a run of its own; how many there were.
fn with_each(
    calls: &[&str],
    tampering: &str,
    check: impl Fn(&StandIn, &Run, &str) + Sync,
) -> usize {
    let n_of = |call: &&str| with_each_of(call, tampering, &check);
    calls.iter().map(n_of).sum()
}

fn with_each_of(call: &str, tampering: &str, check: impl Fn(&StandIn, &Run, &str) + Sync) -> usize {
    const AT_ONCE: usize = 12;
    let mut n_struck = 0;
    loop {
        let next: Vec<usize> = (1..=AT_ONCE).map(|at| n_struck + at).collect();
        let struck = at_once(&next, |nth| {
            let accounts = StandIn::demo();
            let (run, is_struck) = tampered(&accounts, call, tampering, *nth);
            if is_struck {
                check(&accounts, &run, &format!("{call} {nth}"));
            }
            is_struck
        });
        for outcome in struck {
            match outcome {
                Ok(true) => n_struck += 1,
                Ok(false) => return n_struck,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }
}

fn goes_on(accounts: &StandIn, nth: &str) {
    let own = accounts.target().webhooks()[..4].to_vec();
    let run = accounts.program(MIGRATE).run();
    assert_eq!(run.code, Some(0), "{nth}: {}", run.transcript());
    assert_exactly_once(accounts);
    assert_eq!(accounts.target().webhooks()[..4], own[..]);
    let n_posts = accounts.posts().len();
    accounts.program(MIGRATE).run().assert_code(0);
    assert_eq!(accounts.posts().len(), n_posts, "{nth}: sent again");
}

#[test]
fn killed_before_any_of_its_writes_it_goes_on() {
    if !tracer::is_there("killed_before_any_of_its_writes_it_goes_on") {
        return;
    }
    let n = with_each(&WRITES, "signal=SIGKILL", |accounts, run, nth| {
        assert_eq!(run.code, None, "{nth} was to kill it");
        goes_on(accounts, nth);
    });
    assert!(n > 30, "only {n} writes");
}

#[test]
fn killed_before_any_of_its_writes_it_is_undone() {
    if !tracer::is_there("killed_before_any_of_its_writes_it_is_undone") {
        return;
    }
    with_each(
        &["writev", "fdatasync"],
        "signal=SIGKILL",
        |accounts, _, nth| {
            let is_on_record = !super::runs(accounts)
                .iter()
                .all(|run| run["state"] == "empty");
            if !is_on_record {
                assert!(
                    accounts.posts().is_empty(),
                    "{nth}: sent, and not on record"
                );
                return;
            }
            let run = accounts.program("rollback latest --yes").run();
            assert_eq!(run.code, Some(0), "{nth}: {}", run.transcript());
            assert_eq!(accounts.target().webhooks().len(), 4, "{nth}");
        },
    );
}

/// A full or failing disk: what could not be put on record was not sent, and the same command goes on later.
#[test]
fn refused_by_the_disk_at_any_of_its_writes_it_sends_nothing_that_is_not_on_record() {
    if !tracer::is_there("refused_by_the_disk") {
        return;
    }
    for error in ["ENOSPC", "EIO"] {
        with_each(&DISK, &format!("error={error}"), |accounts, run, nth| {
            let what = || format!("{error} at {nth}: {}", run.transcript());
            match run.code {
                // Only the last lines of the record are missing, or a lock's name.
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
            goes_on(accounts, nth);
        });
    }
}

/// What the program did in the folder of records and on the wire, in order: a word for each call that matters.
fn steps(log: &str) -> Vec<&'static str> {
    let step = |line: &str| {
        let call = line.split('(').next()?;
        if call == "writev" {
            return line.contains("POST ").then_some("POST");
        }
        let place = line.rsplit_once("/runs").map(|(_, place)| place);
        let place = place?
            .trim_start_matches('/')
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        let in_run = place.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        Some(match (call, in_run) {
            ("write", rest) if rest.contains("journal.jsonl") && line.contains("sending") => {
                "intent"
            }
            ("write", rest) if rest.contains("journal.jsonl") => "note",
            ("fdatasync", rest) if rest.contains("journal.jsonl") => "sync",
            ("write", rest) if rest.starts_with("/.tmp") => "new file",
            ("fsync", rest) if rest.starts_with("/.tmp") => "sync file",
            ("renameat" | "renameat2", _) => "rename",
            ("fsync", rest) if rest.starts_with('>') => "sync folder",
            _ => return None,
        })
    };
    log.lines().filter_map(step).collect()
}

#[test]
fn every_request_is_on_disk_before_it_is_on_the_wire() {
    if !tracer::is_there("every_request_is_on_disk_before_it_is_on_the_wire") {
        return;
    }
    let accounts = StandIn::demo();
    let log = accounts.home().join("trace").display().to_string();
    let calls = format!("trace={}", WRITES.join(","));
    let run = accounts
        .program(&in_batches())
        .under(&["strace", "-y", "-s", "200", "-o", &log, "-e", &calls])
        .run();
    run.assert_code(0);
    let steps = steps(&std::fs::read_to_string(log).unwrap());
    let record = ["new file", "sync file", "rename", "sync folder"];
    let batch = ["intent", "sync", "POST", "note", "sync"];
    let expected: Vec<&str> = [
        &record[..],
        &["note", "sync", "sync folder", "sync folder"],
        &batch,
        &batch,
        &batch,
        &["note", "sync"],
    ]
    .concat();
    assert_eq!(steps[..expected.len()], expected[..], "{steps:?}");
    // Report and id map, each whole or not at all.
    let rest = &steps[expected.len()..];
    assert!(!rest.is_empty());
    assert!(rest.chunks(4).all(|file| file == record), "{rest:?}");
}
