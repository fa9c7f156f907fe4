//! Disks that fail during reads: an unreadable file or folder does not count as missing.

use super::disk::assert_reported;
use super::points::{fault_points, run_with_fault};
use super::{CHECK, CREATE, Workspace};

#[test]
#[ignore = "needs strace"]
fn a_read_error_is_not_taken_for_a_missing_file() {
    let workspace = Workspace::new();
    workspace.run_ok(CREATE);
    for line in [
        CHECK,
        "backup list --repo vault",
        "backup show latest --repo vault --identity key.txt",
    ] {
        let calls = fault_points(&workspace, line)
            .into_iter()
            .filter(|point| point.is_in_repo);
        for point in calls.filter(|point| point.call == "openat") {
            let run = run_with_fault(&workspace, line, &point, "error=EIO");
            let what = format!("{line}, {point:?}");
            // One unreadable backup does not keep `check` from checking the others.
            if line == CHECK && run.code == Some(3) {
                assert!(
                    run.stdout.contains("1 damaged") && run.stdout.contains("Input/output error"),
                    "{what}"
                );
                continue;
            }
            assert_reported(&run, "Input/output error", &what);
            assert_eq!(run.code, Some(1), "{what}: {}", run.transcript());
        }
        // The commands first check whether the folder exists: a failing `stat` does not mean that it is missing.
        for path in ["vault", "vault/eu"] {
            let log = workspace
                .accounts
                .home()
                .join("trace")
                .display()
                .to_string();
            let run = workspace
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
            assert_reported(&run, "Input/output error", &what);
            assert_eq!(run.code, Some(1), "{what}: {}", run.transcript());
        }
    }
}
