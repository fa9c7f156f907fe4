//! Faults in each call of a command in turn, each time with new accounts.
//! strace injects the faults, so that the tests run the program that is shipped.

use crate::support::parallel::in_parallel;
use crate::support::program::Run;
use crate::support::stand_in::StandIn;

/// Calls that reach the disk or the wire; strace counts them by name.
pub(super) const WRITES: [&str; 8] = [
    "write",
    "writev",
    "fdatasync",
    "fsync",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
];
/// Calls that reach only the disk.
pub(super) const DISK: [&str; 6] = [
    "fdatasync",
    "fsync",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
];

/// A command, and the accounts in which it runs.
pub(super) struct Scenario<'c, P> {
    pub(super) prepare: P,
    pub(super) command_line: &'c str,
}

impl<P: Fn() -> StandIn + Sync> Scenario<'_, P> {
    /// Injects the fault into each call of these names, one run per call. Returns the number of calls.
    pub(super) fn for_each_call(
        &self,
        calls: &[&str],
        fault: &str,
        check: impl Fn(&StandIn, &Run, &str) + Sync,
    ) -> usize {
        let count = |call: &&str| self.inject_into_each(call, fault, &check);
        calls.iter().map(count).sum()
    }

    fn inject_into_each(
        &self,
        call: &str,
        fault: &str,
        check: impl Fn(&StandIn, &Run, &str) + Sync,
    ) -> usize {
        const N_PARALLEL: usize = 12;
        let mut n_injected = 0;
        loop {
            let next: Vec<usize> = (1..=N_PARALLEL).map(|offset| n_injected + offset).collect();
            let results = in_parallel(&next, |nth| {
                let accounts = (self.prepare)();
                let (run, was_injected) =
                    run_with_fault(&accounts, self.command_line, call, fault, *nth);
                if was_injected {
                    check(&accounts, &run, &format!("{call} {nth}"));
                }
                was_injected
            });
            for outcome in results {
                match outcome {
                    Ok(true) => n_injected += 1,
                    Ok(false) => return n_injected,
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        }
    }
}

/// Runs a command with a fault in the `nth` call of this name. Also returns whether the run made that call.
fn run_with_fault(
    accounts: &StandIn,
    command_line: &str,
    call: &str,
    fault: &str,
    nth: usize,
) -> (Run, bool) {
    let log = accounts.home().join("trace");
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:{fault}:when={nth}");
    let log_name = log.display().to_string();
    let run = accounts
        .program(command_line)
        .under(&["strace", "-o", &log_name, "-e", &trace, "-e", &inject])
        .run();
    let log = std::fs::read_to_string(log).unwrap();
    let was_injected = log.contains("(INJECTED)") || log.contains("killed by SIGKILL");
    (run, was_injected)
}
