//! The system calls of a run from its first access to the repository on, at each of which another run can get a fault.
//! strace counts calls by name, and only those of the main thread.

use super::{REPO, Workspace};
use crate::support::program::Run;
use std::collections::BTreeMap;

/// Calls that open, change or sync files; between two of them the disk does not change.
const CALLS: &str = "openat,mkdir,write,writev,sendto,fsync,fdatasync,ftruncate,fchmod,renameat,renameat2,rename,linkat,unlink,unlinkat";

/// One system call of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FaultPoint {
    pub(super) call: String,
    /// Number among the calls of this name, from 1.
    pub(super) nth: usize,
    /// Whether the call concerns the repository.
    pub(super) is_in_repo: bool,
}

/// The calls of a run without faults.
pub(super) fn fault_points(workspace: &Workspace, command_line: &str) -> Vec<FaultPoint> {
    let log = workspace.accounts.home().join("trace");
    let log_name = log.display().to_string();
    let run = workspace
        .program(command_line)
        .under(&[
            "strace",
            "-y",
            // What a call writes is not what it concerns: only paths tell that.
            "-s",
            "0",
            "-o",
            &log_name,
            "-e",
            &format!("trace={CALLS}"),
        ])
        .run();
    run.assert_code(0);
    let mut counts = BTreeMap::<String, usize>::new();
    let mut points = Vec::new();
    for line in std::fs::read_to_string(log).unwrap().lines() {
        let Some((call, _)) = line.split_once('(') else {
            continue;
        };
        let nth = counts.entry(call.to_owned()).or_default();
        *nth += 1;
        points.push(FaultPoint {
            call: call.to_owned(),
            nth: *nth,
            is_in_repo: line.contains(REPO),
        });
    }
    let first = points.iter().position(|point| point.is_in_repo).unwrap();
    points.split_off(first)
}

/// Runs the command with a fault in one call. Fails the test if the run makes no such call.
pub(super) fn run_with_fault(
    workspace: &Workspace,
    command_line: &str,
    point: &FaultPoint,
    fault: &str,
) -> Run {
    let (run, was_injected) = try_run_with_fault(workspace, command_line, point, fault);
    assert!(
        was_injected,
        "the run did not make {point:?}: {}",
        run.transcript()
    );
    run
}

/// Like [`run_with_fault`]; also returns whether the run made the call.
///
/// How often the main thread wakes another one, which is a `write` too, depends on the moment, so a run may make fewer
/// calls than the one that was traced.
pub(super) fn try_run_with_fault(
    workspace: &Workspace,
    command_line: &str,
    point: &FaultPoint,
    fault: &str,
) -> (Run, bool) {
    let FaultPoint { call, nth, .. } = point;
    let log = workspace.accounts.home().join("trace");
    let log_name = log.display().to_string();
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:{fault}:when={nth}"),
    );
    let run = workspace
        .program(command_line)
        .under(&["strace", "-o", &log_name, "-e", &trace, "-e", &inject])
        .run();
    let log = std::fs::read_to_string(log).unwrap();
    let was_injected = log.contains("(INJECTED)") || log.contains("killed by SIGKILL");
    (run, was_injected)
}
