//! The system calls of a run from its first touch of the repository on, each of which can be tampered with in another run.
//! The tracer counts the calls of each name on their own, and those of the main thread alone.

use super::{Place, REPO};
use crate::support::program::Run;
use std::collections::BTreeMap;

/// What opens, changes or makes lasting; between two of them the disk does not change.
const CALLS: &str = "openat,mkdir,write,writev,sendto,fsync,fdatasync,ftruncate,fchmod,renameat,renameat2,rename,linkat,unlink,unlinkat";

/// One call of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) call: String,
    /// The how manieth of its name, from 1.
    pub(super) nth: usize,
    /// Whether it is about the repository.
    pub(super) is_in_repo: bool,
}

/// The calls of a run that ends well.
pub(super) fn points(place: &Place, command_line: &str) -> Vec<Point> {
    let log = place.accounts.home().join("trace");
    let log_name = log.display().to_string();
    let run = place
        .program(command_line)
        .under(&[
            "strace",
            "-y",
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
        points.push(Point {
            call: call.to_owned(),
            nth: *nth,
            is_in_repo: line.contains(REPO),
        });
    }
    let first = points.iter().position(|point| point.is_in_repo).unwrap();
    points.split_off(first)
}

/// A run in which one call is tampered with; it fails the test if there was no such call.
pub(super) fn tampered(place: &Place, command_line: &str, point: &Point, tampering: &str) -> Run {
    let Point { call, nth, .. } = point;
    let log = place.accounts.home().join("trace");
    let log_name = log.display().to_string();
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:{tampering}:when={nth}"),
    );
    let run = place
        .program(command_line)
        .under(&["strace", "-o", &log_name, "-e", &trace, "-e", &inject])
        .run();
    let log = std::fs::read_to_string(log).unwrap();
    let is_struck = log.contains("(INJECTED)") || log.contains("killed by SIGKILL");
    assert!(is_struck, "there was no {point:?}: {}", run.transcript());
    run
}
