//! The program killed before each of its writes to a real store: the repository stays whole, and the next run goes on.

use super::{PREFIX, REPO};
use crate::support::bucket::{Server, Store, names_in};
use crate::support::stand_in::StandIn;
use crate::support::tracer;

const CREATE: &str = "backup create --from [source] --plaintext -q";
/// What reaches the wire; the tracer counts the calls of each name on their own.
const CALLS: [&str; 4] = ["write", "writev", "sendto", "recvfrom"];

/// Kills the program before its `nth` call of that name; whether there was one.
fn killed(store: &Store, accounts: &StandIn, call: &str, nth: usize) -> bool {
    let log = accounts.home().join("trace");
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:signal=SIGKILL:when={nth}"),
    );
    let log_name = log.display().to_string();
    let run = store
        .program(accounts, CREATE)
        .under(&["strace", "-o", &log_name, "-e", &trace, "-e", &inject])
        .word("--repo")
        .word(REPO)
        .run();
    let is_killed = std::fs::read_to_string(log)
        .unwrap()
        .contains("killed by SIGKILL");
    assert_eq!(run.code.is_none(), is_killed, "{}", run.transcript());
    is_killed
}

#[test]
fn killed_at_any_write_the_repository_stays_whole() {
    const TEST: &str = "killed_at_any_write_the_repository_stays_whole";
    if !tracer::is_there(TEST) {
        return;
    }
    let Some(store) = Server::S3sFs.start(TEST) else {
        return;
    };
    let mut n_killed = 0;
    for call in CALLS {
        // Each in a repository of its own, so that every run writes.
        for nth in 1.. {
            let accounts = StandIn::demo();
            let is_killed = killed(&store, &accounts, call, nth);
            let check = store
                .program(&accounts, "backup check")
                .word("--repo")
                .word(REPO)
                .run();
            assert!(
                matches!(check.code, Some(0 | 10)),
                "{call} {nth}: {}",
                check.transcript()
            );
            store
                .program(&accounts, CREATE)
                .word("--repo")
                .word(REPO)
                .run()
                .assert_code(0);
            let check = store
                .program(&accounts, "backup check")
                .word("--repo")
                .word(REPO)
                .run();
            check.assert_code(0);
            assert!(!check.stdout.contains("damaged"), "{}", check.transcript());
            assert_eq!(names_in(&store.folder(PREFIX)).len(), 1);
            std::fs::remove_dir_all(store.folder("team a+b")).unwrap();
            if !is_killed {
                break;
            }
            n_killed += 1;
        }
    }
    assert!(n_killed >= 4, "only {n_killed} calls");
}
