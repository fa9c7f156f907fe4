//! Wrong clocks: a backup dated in the future is reported, and nothing is stored after it.

use super::{CREATE, RUN, Workspace};
use crate::support::fixture;
use hookferry::store::backup::{BackupMetadata, Protection, Repository, truncate_to_second};
use jiff::{SignedDuration, Timestamp};

/// Adds a backup of this time to the repository, as another machine would.
pub(super) fn add(workspace: &Workspace, time: Timestamp, count: usize) {
    let mut webhooks = fixture::inventory("account.json").webhooks;
    webhooks.truncate(count);
    let repository = workspace.accounts.home().join(super::REPO);
    let repository = Repository::parse(repository.to_str().unwrap(), &|_| Ok(None)).unwrap();
    let about = BackupMetadata {
        tool: "a test".to_owned(),
        account: "eu".to_owned(),
        profile: Some("eu".to_owned()),
        host: "127.0.0.1".to_owned(),
        company_id: Some("12345".to_owned()),
        time: truncate_to_second(time),
        count: webhooks.len(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let added = runtime.block_on(async {
        repository.prepare().await?;
        repository
            .add(&about, &webhooks, "a salt", &Protection::Plaintext)
            .await
    });
    added.unwrap();
}

fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

#[test]
fn nothing_is_stored_after_a_backup_dated_in_the_future() {
    let workspace = Workspace::new();
    add(&workspace, minutes_ago(-60 * 24 * 400), 3);
    let before = workspace.objects();
    let run = workspace.run(CREATE);
    run.assert_code(1);
    for words in [
        "the clock of this machine says",
        "hint: set the clock",
        "nothing was stored",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    workspace.run(RUN).assert_code(1);
    assert_eq!(workspace.objects(), before);
    // A backup dated in the future does not count as recent.
    let run = workspace.run("backup check --repo vault --max-age 26h");
    run.assert_code(3);
    assert!(run.stdout.contains("in the future"), "{}", run.stdout);
    workspace.run("backup check --repo vault").assert_code(0);
    let run = workspace.run("backup list --repo vault");
    assert!(run.stdout.contains("in the future"), "{}", run.stdout);
}

/// The clocks of two machines differ by a little.
#[test]
fn check_tolerates_a_backup_dated_a_few_minutes_ahead() {
    let workspace = Workspace::new();
    add(&workspace, minutes_ago(-5), 3);
    workspace.run_ok("backup check --repo vault --max-age 26h");
}

#[test]
fn check_enforces_the_maximum_age() {
    let workspace = Workspace::new();
    add(&workspace, minutes_ago(60), 12);
    workspace.run_ok("backup check --repo vault --max-age 61m");
    let run = workspace.run("backup check --repo vault --max-age 59m");
    run.assert_code(3);
    assert!(run.stdout.contains("too old"), "{}", run.stdout);
    // The age counts from the last check of the account, not from the last change of its content.
    workspace.run_ok(CREATE);
    workspace.run_ok("backup check --repo vault --max-age 59m");
    let name = workspace.backups().pop().unwrap();
    let check = workspace.accounts.read("vault/eu/last-check.json");
    let an_hour_ago = |text: &str| {
        let mut check: serde_json::Value = serde_json::from_str(text).unwrap();
        check["time"] = serde_json::json!(minutes_ago(60));
        check.to_string()
    };
    // It never counts from before the backup itself was created.
    workspace
        .accounts
        .write("vault/eu/last-check.json", &an_hour_ago(&check));
    workspace.run_ok("backup check --repo vault --max-age 59m");
    assert_eq!(workspace.backups().pop(), Some(name));
}

#[test]
#[ignore = "needs faketime"]
fn a_corrected_clock_needs_the_future_backup_moved_away() {
    let workspace = Workspace::new();
    // The program's clock is two days ahead.
    let run = workspace
        .program(CREATE)
        .env("PATH", "/usr/bin:/bin")
        .under(&["faketime", "-f", "+2d"])
        .run();
    run.assert_code(0);
    assert!(
        run.stderr.contains("follow this machine's clock"),
        "{}",
        run.stderr
    );
    let run = workspace.run(CREATE);
    run.assert_code(1);
    assert!(run.stderr.contains("hint: set the clock"), "{}", run.stderr);
    assert_eq!(workspace.backups().len(), 1);
    workspace
        .run("backup check --repo vault --max-age 26h")
        .assert_code(3);
    // The remedy that the hint names.
    let name = workspace.backups().remove(0);
    std::fs::rename(workspace.path(&name), workspace.accounts.home().join(name)).unwrap();
    workspace.assert_recovers("after the hint was followed");
}
