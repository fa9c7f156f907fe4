//! Kills the program before each of its writes to a real store: the repository stays intact, and the next run succeeds.

use super::{PREFIX, REPO};
use crate::support::bucket::{Server, Store, file_names};
use crate::support::stand_in::StandIn;

const CREATE: &str = "backup create --from [source] --plaintext -q";
/// Calls that reach the wire; strace counts them by name.
const CALLS: [&str; 4] = ["write", "writev", "sendto", "recvfrom"];

/// Kills the program before its `nth` call of this name. Returns whether the run made that call.
fn run_killed(store: &Store, accounts: &StandIn, call: &str, nth: usize) -> bool {
    let log = accounts.home().join("trace");
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:signal=SIGKILL:when={nth}"),
    );
    let log_name = log.display().to_string();
    let run = store
        .program(accounts, CREATE)
        .under(&["strace", "-o", &log_name, "-e", &trace, "-e", &inject])
        .arg("--repo")
        .arg(REPO)
        .run();
    let is_killed = std::fs::read_to_string(log)
        .unwrap()
        .contains("killed by SIGKILL");
    assert_eq!(run.code.is_none(), is_killed, "{}", run.transcript());
    is_killed
}

#[test]
#[ignore = "needs strace and s3s-fs"]
fn the_repository_stays_intact_when_any_write_is_killed() {
    let store = Server::S3sFs.start();
    let mut n_killed = 0;
    for call in CALLS {
        // Each run gets its own repository, so that every run writes.
        for nth in 1.. {
            let accounts = StandIn::demo();
            let is_killed = run_killed(&store, &accounts, call, nth);
            let check = store
                .program(&accounts, "backup check")
                .arg("--repo")
                .arg(REPO)
                .run();
            assert!(
                matches!(check.code, Some(0 | 10)),
                "{call} {nth}: {}",
                check.transcript()
            );
            store
                .program(&accounts, CREATE)
                .arg("--repo")
                .arg(REPO)
                .run()
                .assert_code(0);
            let check = store
                .program(&accounts, "backup check")
                .arg("--repo")
                .arg(REPO)
                .run();
            check.assert_code(0);
            assert!(!check.stdout.contains("damaged"), "{}", check.transcript());
            assert_eq!(file_names(&store.folder(PREFIX)).len(), 1);
            std::fs::remove_dir_all(store.folder("team a+b")).unwrap();
            if !is_killed {
                break;
            }
            n_killed += 1;
        }
    }
    assert!(n_killed >= 4, "only {n_killed} calls");
}
