//! Status and metrics files: readable by others, and not required for the backup itself.

use super::watchers_agree::metric;
use super::{RUN, Workspace};
use crate::cli::export::mode;

const SUCCESS: &str = "hookferry_schedule_last_success_timestamp_seconds";

#[test]
fn status_and_metrics_files_are_readable_by_others() {
    let workspace = Workspace::new();
    workspace.run_ok(RUN);
    for name in ["seen/hookferry.prom", "seen/status.json"] {
        assert_eq!(mode(&workspace.accounts.home().join(name)), 0o644, "{name}");
    }
}

#[test]
fn unwritable_files_do_not_fail_the_run() {
    let workspace = Workspace::new();
    std::fs::remove_dir(workspace.accounts.home().join("seen")).unwrap();
    let run = workspace.run_ok(&format!("{RUN} -o json"));
    for what in [
        "cannot write the status file",
        "cannot write the metrics file",
        "hint: ",
    ] {
        assert!(run.stderr.contains(what), "{what}: {}", run.stderr);
    }
    let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result["exit_code"], 0);
    assert_eq!(workspace.backups().len(), 1);
    // Each of the two is written independently of the other.
    std::fs::create_dir_all(workspace.accounts.home().join("seen/status.json")).unwrap();
    let run = workspace.run_ok(RUN);
    assert!(
        run.stderr.contains("cannot write the status file"),
        "{}",
        run.stderr
    );
    assert_eq!(metric(&workspace, "hookferry_schedule_exit_code"), Some(0));
}

#[test]
fn failures_keep_the_time_of_the_last_success() {
    let workspace = Workspace::new();
    workspace.run_ok(RUN);
    let succeeded = metric(&workspace, SUCCESS).unwrap();
    // Long ago, so that a new success would have another time.
    let old = (succeeded - 90_000).to_string();
    let text = workspace.accounts.read("seen/hookferry.prom");
    workspace.accounts.write(
        "seen/hookferry.prom",
        &text.replace(&succeeded.to_string(), &old),
    );
    let recipients = workspace.accounts.read("recipients.txt");
    for n in 1..=2 {
        workspace.accounts.write("recipients.txt", "");
        workspace.run(RUN).assert_code(64);
        assert_eq!(
            metric(&workspace, SUCCESS).unwrap().to_string(),
            old,
            "after {n} failures"
        );
        assert_eq!(metric(&workspace, "hookferry_schedule_exit_code"), Some(64));
    }
    workspace.accounts.write("recipients.txt", &recipients);
    workspace.run_ok(RUN);
    assert!(metric(&workspace, SUCCESS).unwrap() >= succeeded);
}
