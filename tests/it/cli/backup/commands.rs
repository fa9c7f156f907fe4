//! What the commands print, and what they leave in the repository.

use super::{Backups, assert_backups};
use crate::cli::export::mode;
use serde_json::Value;

#[test]
fn a_backup_from_its_making_to_its_end() {
    let backups = Backups::new();
    let step = |name: &str, command_line: &str, code: i32| {
        let run = backups.run(command_line);
        // The recipient differs from run to run.
        assert_backups!(name, run);
        run.assert_code(code);
    };
    std::fs::write(
        backups.accounts.home().join("recipients.txt"),
        format!("# on call\n{}\n", backups.recipient),
    )
    .unwrap();
    backups.accounts.set_mode("recipients.txt", 0o644);
    let to = "--repo repo --recipients-file recipients.txt";
    step("create", &format!("backup create --all {to}"), 0);
    step("unchanged", &format!("backup create --from eu {to}"), 0);
    step("list", "backup list --repo repo", 0);
    step("list_json", "backup list --repo repo -o json", 0);
    step(
        "show",
        "backup show latest --repo repo --account us --identity key.txt",
        0,
    );
    step("check", "backup check --repo repo --max-age 26h", 0);
    step(
        "check_opened",
        "backup check --repo repo --identity key.txt",
        0,
    );
    step(
        "check_json",
        "backup check --repo repo --account us -o json",
        0,
    );
    step(
        "check_other_key",
        "backup check --repo repo --identity other.txt",
        12,
    );
    step(
        "forget_dry",
        "backup forget --repo repo --keep-last 3 --dry-run",
        0,
    );
    step("forget_nothing", "backup forget --repo repo", 64);
    step(
        "show_no_key",
        "backup show latest --repo repo --account us",
        12,
    );
    step(
        "show_other_key",
        "backup show latest --repo repo --account us --identity other.txt",
        12,
    );
    step(
        "several",
        "backup show latest --repo repo --identity key.txt",
        64,
    );
    step(
        "no_account",
        "backup show latest --repo repo --account nobody",
        10,
    );
    step("no_repository", "backup list --repo nowhere", 10);
    step(
        "too_early",
        "backup show 2001-02-03 --repo repo --account us",
        10,
    );
    step("no_file", "backup show nowhere.json.gz", 10);
    step("no_time", "backup show yesterday --repo repo", 64);
    step("unprotected", "backup create --from eu --repo repo", 64);
}

#[test]
fn everything_is_readable_by_its_owner_alone() {
    let backups = Backups::new();
    backups.create("eu");
    let home = backups.accounts.home();
    assert_eq!(mode(&home.join("repo")), 0o700);
    assert_eq!(mode(&home.join("repo/eu")), 0o700);
    assert_eq!(mode(&home.join("repo/eu/last-check.json")), 0o600);
    assert_eq!(mode(&backups.files("eu")[0]), 0o600);
}

#[test]
fn what_changes_is_stored_again_and_so_is_what_is_for_others() {
    let backups = Backups::new();
    let n = || backups.files("us").len();
    backups.create("us");
    backups.create("us");
    assert_eq!(n(), 1, "nothing has changed");
    let target = backups.accounts.target();
    let id = target.webhooks()[0]["id"].as_u64().unwrap();
    target.change(id, |webhook| {
        webhook["updated_at"] = "2030-01-01T00:00:00Z".into()
    });
    backups.create("us");
    assert_eq!(n(), 1, "the time of the last update does not count");
    target.change(id, |webhook| {
        webhook["url"] = "https://hooks.example.net/canary".into()
    });
    backups.create("us");
    assert_eq!(n(), 2);
    let plain = backups.run("backup create --from us --repo repo --plaintext -q");
    plain.assert_code(0);
    assert_eq!(n(), 3, "somebody wants to read it without a key now");
    std::fs::remove_file(backups.accounts.home().join("repo/us/last-check.json")).unwrap();
    plain.assert_code(0);
    backups
        .run("backup create --from us --repo repo --plaintext -q")
        .assert_code(0);
    assert_eq!(
        n(),
        4,
        "without a record of the last check it is not known to be the same"
    );
}

/// The environment has one key for the source: it can be that of one account, not of several.
#[test]
fn a_key_of_the_environment_is_never_that_of_several_accounts() {
    let backups = Backups::new();
    let create = |from: &str| {
        let accounts = &backups.accounts;
        accounts
            .program(&format!(
                "backup create {from} --repo repo --plaintext -o json"
            ))
            .env("HOOKFERRY_SOURCE_API_KEY", "wrong-key-canary")
            .run()
    };
    create("--from eu").assert_code(4);
    let run = create("--from eu --from us");
    run.assert_code(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["accounts"][1]["outcome"], "stored");
}

#[test]
fn an_account_without_a_profile_is_named_by_host_and_company() {
    let backups = Backups::new();
    let run = backups
        .accounts
        .program("backup create --from [source] --repo repo --plaintext")
        .run();
    run.assert_code(0);
    let folders = std::fs::read_dir(backups.accounts.home().join("repo")).unwrap();
    let names: Vec<String> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        matches!(names.as_slice(), [name] if name.ends_with("+12345")),
        "{names:?}"
    );
}
