//! What the backup commands print, and what they leave in the repository.

use super::{Workspace, assert_backups};
use crate::cli::export::mode;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Options, Switches};

#[test]
fn the_commands_print_the_whole_life_of_a_backup() {
    let backups = Workspace::new();
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
    let to = "--repo vault --recipients-file recipients.txt";
    step("create", &format!("backup create --all {to}"), 0);
    step("unchanged", &format!("backup create --from eu {to}"), 0);
    step("list", "backup list --repo vault", 0);
    step("list_json", "backup list --repo vault -o json", 0);
    step(
        "show",
        "backup show latest --repo vault --account us --identity key.txt",
        0,
    );
    step("check", "backup check --repo vault --max-age 26h", 0);
    step(
        "check_opened",
        "backup check --repo vault --identity key.txt",
        0,
    );
    step(
        "check_json",
        "backup check --repo vault --account us -o json",
        0,
    );
    step(
        "check_other_key",
        "backup check --repo vault --identity other.txt",
        12,
    );
    step(
        "forget_dry",
        "backup forget --repo vault --keep-last 3 --dry-run",
        0,
    );
    step("forget_nothing", "backup forget --repo vault", 64);
    step(
        "show_no_key",
        "backup show latest --repo vault --account us",
        12,
    );
    step(
        "show_other_key",
        "backup show latest --repo vault --account us --identity other.txt",
        12,
    );
    step(
        "several",
        "backup show latest --repo vault --identity key.txt",
        64,
    );
    step(
        "no_account",
        "backup show latest --repo vault --account nobody",
        10,
    );
    step("no_repository", "backup list --repo nowhere", 10);
    step(
        "too_early",
        "backup show 2001-02-03 --repo vault --account us",
        10,
    );
    step("no_file", "backup show nowhere.json.gz", 10);
    step("no_time", "backup show yesterday --repo vault", 64);
    step("unprotected", "backup create --from eu --repo vault", 64);
}

#[test]
fn backups_are_readable_only_by_their_owner() {
    let backups = Workspace::new();
    backups.create("eu");
    let home = backups.accounts.home();
    assert_eq!(mode(&home.join("vault")), 0o700);
    assert_eq!(mode(&home.join("vault/eu")), 0o700);
    assert_eq!(mode(&home.join("vault/eu/last-check.json")), 0o600);
    assert_eq!(mode(&backups.files("eu")[0]), 0o600);
}

#[test]
fn changed_content_or_protection_stores_a_new_backup() {
    let backups = Workspace::new();
    let n = || backups.files("us").len();
    backups.create("us");
    backups.create("us");
    assert_eq!(n(), 1, "nothing has changed");
    let target = backups.accounts.target();
    let id = target.webhooks()[0]["id"].as_u64().unwrap();
    target.edit_webhook(id, |webhook| {
        webhook["updated_at"] = "2030-01-01T00:00:00Z".into();
    });
    backups.create("us");
    assert_eq!(n(), 1, "the time of the last update does not count");
    target.edit_webhook(id, |webhook| {
        webhook["url"] = "https://hooks.example.net/canary".into();
    });
    backups.create("us");
    assert_eq!(n(), 2);
    let plain = backups.run("backup create --from us --repo vault --plaintext -q");
    plain.assert_code(0);
    assert_eq!(n(), 3, "the protection has changed");
    std::fs::remove_file(backups.accounts.home().join("vault/us/last-check.json")).unwrap();
    plain.assert_code(0);
    backups
        .run("backup create --from us --repo vault --plaintext -q")
        .assert_code(0);
    assert_eq!(
        n(),
        4,
        "without a record of the last check the content counts as changed"
    );
}

#[test]
fn an_account_without_a_profile_is_named_after_host_and_company() {
    let backups = Workspace::new();
    let run = backups
        .accounts
        .program("backup create --from [source] --repo vault --plaintext")
        .run();
    run.assert_code(0);
    let folders = std::fs::read_dir(backups.accounts.home().join("vault")).unwrap();
    let names: Vec<String> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        matches!(names.as_slice(), [name] if name.ends_with("+12345")),
        "{names:?}"
    );
}

/// A backup of masked values could not be restored, and would displace backups that can.
#[test]
fn masked_secrets_are_not_backed_up() {
    let backups = Workspace::new();
    backups.create("eu");
    let masked = Switches::parse(["list=masked"]).unwrap();
    backups.accounts.source().set_switches(masked);
    let create = "backup create --from eu --repo vault --recipient [recipient]";
    let refused = backups.run(create);
    assert_backups!("masked", refused);
    refused.assert_code(6);
    assert_eq!(backups.files("eu").len(), 1);
    backups
        .run(&format!("{create} --accept-shrink"))
        .assert_code(0);
    assert_eq!(backups.files("eu").len(), 2);
    // The user has accepted what this key can read.
    backups.run(create).assert_code(0);
    assert_eq!(backups.files("eu").len(), 2);
    let list = backups.run("backup list --repo vault");
    assert_backups!("masked_list", list);
    let json = backups.run("backup list --repo vault -o json").stdout;
    assert!(json.contains("\"masked\": 12"), "{json}");
    let show = backups.run("backup show latest --repo vault --identity key.txt -q");
    show.assert_code(0);
    assert!(
        show.stderr.contains("show a mask such as ****"),
        "{}",
        show.stderr
    );
}

#[test]
fn an_empty_account_has_to_be_accepted_only_once() {
    let mut options = Options::default();
    options.source.webhooks = Vec::new();
    let backups = Workspace::with_accounts(StandIn::start(options));
    let create = "backup create --from eu --repo vault --recipient [recipient]";
    backups.run(create).assert_code(6);
    backups
        .run(&format!("{create} --accept-shrink"))
        .assert_code(0);
    backups.run(create).assert_code(0);
    assert_eq!(backups.files("eu").len(), 1);
}

/// Folders that a file system or desktop creates are not accounts.
#[test]
fn a_repository_can_be_the_root_of_a_volume() {
    let backups = Workspace::new();
    backups.create("eu");
    for folder in ["vault/lost+found", "vault/empty", "vault/.Trash-0"] {
        std::fs::create_dir(backups.accounts.home().join(folder)).unwrap();
    }
    std::fs::write(backups.accounts.home().join("vault/notes.txt"), "ours").unwrap();
    backups.run("backup check --repo vault").assert_code(0);
    backups
        .run("backup show latest --repo vault --identity key.txt")
        .assert_code(0);
    let empty = backups.run("backup forget --repo vault/empty --keep-last 1");
    empty.assert_code(10);
}

#[test]
fn a_secret_given_as_a_file_name_is_not_repeated() {
    let backups = Workspace::new();
    backups.create("eu");
    let secret = "AGE-SECRET-KEY-1CANARY";
    for command_line in [
        format!("backup check --repo vault --identity {secret}"),
        format!("restore latest --repo vault --rehearse -o json --identity {secret}"),
        format!("backup create --from eu --repo vault --recipients-file {secret}"),
        "list --from eu --identity cxtp_canary".to_owned(),
    ] {
        // Each run fails the test if it prints a canary; here its case is ignored as well.
        let run = backups.run(&command_line);
        assert!(
            !run.output().to_lowercase().contains("canary"),
            "{}",
            run.output()
        );
    }
    backups
        .run(&format!("backup check --repo vault --identity {secret}"))
        .assert_code(64);
}

#[test]
fn creating_a_new_repository_is_reported() {
    let backups = Workspace::new();
    let create = "backup create --from eu --repo vault --recipient [recipient]";
    let first = backups.run(create);
    assert!(
        first.stderr.contains("is its disk mounted?"),
        "{}",
        first.stderr
    );
    assert!(!backups.run(create).stderr.contains("mounted"));
    backups.run("backup list --repo ~/backups").assert_code(64);
}

/// With a damaged newest backup, a dry run fails like the real run.
#[test]
fn a_dry_run_of_forget_checks_the_newest_backup() {
    let backups = Workspace::new();
    backups.create("us");
    let target = backups.accounts.target();
    target.remove(target.webhooks()[0]["id"].as_u64().unwrap());
    backups.create("us");
    std::fs::write(backups.files("us").pop().unwrap(), "cut").unwrap();
    for flag in ["", " --dry-run"] {
        backups
            .run(&format!("backup forget --repo vault --keep-last 1{flag}"))
            .assert_code(6);
        assert_eq!(backups.files("us").len(), 2);
    }
}
