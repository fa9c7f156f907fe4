//! Disks that fail while somebody only looks: what could not be read is not taken for missing.

use super::disk::is_told;
use super::points::{points, tampered};
use super::{CHECK, CREATE, Place};
use crate::support::tracer;

#[test]
fn looking() {
    if !tracer::is_there("backups::disk_read") {
        return;
    }
    let place = Place::new();
    place.done(CREATE);
    for line in [
        CHECK,
        "backup list --repo vault",
        "backup show latest --repo vault --identity key.txt",
    ] {
        let opened = points(&place, line)
            .into_iter()
            .filter(|point| point.is_in_repo);
        for point in opened.filter(|point| point.call == "openat") {
            let run = tampered(&place, line, &point, "error=EIO");
            let what = format!("{line}, {point:?}");
            // One backup that cannot be read does not keep `check` from looking at the others.
            if line == CHECK && run.code == Some(3) {
                assert!(
                    run.stdout.contains("1 damaged") && run.stdout.contains("Input/output error"),
                    "{what}"
                );
                continue;
            }
            is_told(&run, "Input/output error", &what);
            assert_eq!(run.code, Some(1), "{what}: {}", run.transcript());
        }
        // Whether there is a folder at all is asked before: a disk that cannot tell has not said no.
        for path in ["vault", "vault/eu"] {
            let log = place.accounts.home().join("trace").display().to_string();
            let run = place
                .program(line)
                .under(&[
                    "strace",
                    "-o",
                    &log,
                    "-P",
                    path,
                    "-e",
                    "trace=%%stat",
                    "-e",
                    "inject=%%stat:error=EIO",
                ])
                .run();
            let what = format!("{line}, stat of {path}");
            is_told(&run, "Input/output error", &what);
            assert_eq!(run.code, Some(1), "{what}: {}", run.transcript());
        }
    }
}
