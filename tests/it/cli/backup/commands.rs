//! What the commands print, and what they leave in the repository.

use super::{Backups, assert_backups};
use crate::cli::export::mode;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Options, Switches};
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
        webhook["updated_at"] = "2030-01-01T00:00:00Z".into();
    });
    backups.create("us");
    assert_eq!(n(), 1, "the time of the last update does not count");
    target.change(id, |webhook| {
        webhook["url"] = "https://hooks.example.net/canary".into();
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

/// A backup of masks could not be restored, and would push those out that can.
#[test]
fn masks_are_no_backup() {
    let backups = Backups::new();
    backups.create("eu");
    let masked = Switches::parse(["list=masked"]).unwrap();
    backups.accounts.source().set_switches(masked);
    let create = "backup create --from eu --repo repo --recipient [recipient]";
    let refused = backups.run(create);
    assert_backups!("masked", refused);
    refused.assert_code(6);
    assert_eq!(backups.files("eu").len(), 1);
    backups
        .run(&format!("{create} --accept-shrink"))
        .assert_code(0);
    assert_eq!(backups.files("eu").len(), 2);
}

#[test]
fn an_empty_account_is_accepted_once_and_then_known() {
    let mut options = Options::default();
    options.source.webhooks = Vec::new();
    let backups = Backups::of(StandIn::start(options));
    let create = "backup create --from eu --repo repo --recipient [recipient]";
    backups.run(create).assert_code(6);
    backups
        .run(&format!("{create} --accept-shrink"))
        .assert_code(0);
    backups.run(create).assert_code(0);
    assert_eq!(backups.files("eu").len(), 1);
}

/// What a disk brings of its own is no account.
#[test]
fn a_repository_may_be_a_volume_of_its_own() {
    let backups = Backups::new();
    backups.create("eu");
    for folder in ["repo/lost+found", "repo/empty", "repo/.Trash-0"] {
        std::fs::create_dir(backups.accounts.home().join(folder)).unwrap();
    }
    std::fs::write(backups.accounts.home().join("repo/notes.txt"), "ours").unwrap();
    backups.run("backup check --repo repo").assert_code(0);
    backups
        .run("backup show latest --repo repo --identity key.txt")
        .assert_code(0);
    let empty = backups.run("backup forget --repo repo/empty --keep-last 1");
    empty.assert_code(10);
}

#[test]
fn a_secret_in_the_place_of_a_file_name_is_not_repeated() {
    let backups = Backups::new();
    backups.create("eu");
    let secret = "AGE-SECRET-KEY-1CANARY";
    for command_line in [
        format!("backup check --repo repo --identity {secret}"),
        format!("restore latest --repo repo --rehearse -o json --identity {secret}"),
        format!("backup create --from eu --repo repo --recipients-file {secret}"),
        "list --from eu --identity cxtp_canary".to_owned(),
    ] {
        // The run itself fails the test where it shows a canary, in whatever case.
        let run = backups.run(&command_line);
        assert!(
            !run.said().to_lowercase().contains("canary"),
            "{}",
            run.said()
        );
    }
    backups
        .run(&format!("backup check --repo repo --identity {secret}"))
        .assert_code(64);
}

#[test]
fn a_repository_that_had_to_be_made_is_told() {
    let backups = Backups::new();
    let create = "backup create --from eu --repo repo --recipient [recipient]";
    let first = backups.run(create);
    assert!(
        first.stderr.contains("is its disk mounted?"),
        "{}",
        first.stderr
    );
    assert!(!backups.run(create).stderr.contains("mounted"));
    backups.run("backup list --repo ~/backups").assert_code(64);
}

/// Where the newest cannot be relied on, a dry run says what the run would.
#[test]
fn a_dry_run_of_forget_looks_too() {
    let backups = Backups::new();
    backups.create("us");
    let target = backups.accounts.target();
    target.remove(target.webhooks()[0]["id"].as_u64().unwrap());
    backups.create("us");
    std::fs::write(backups.files("us").pop().unwrap(), "cut").unwrap();
    for flag in ["", " --dry-run"] {
        backups
            .run(&format!("backup forget --repo repo --keep-last 1{flag}"))
            .assert_code(6);
        assert_eq!(backups.files("us").len(), 2);
    }
}
