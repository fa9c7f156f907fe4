//! Clocks that are wrong: a backup of the future is said to be one, and nothing is stored behind it.

use super::{CREATE, Place, RUN};
use crate::support::fixture;
use crate::support::tools;
use hookferry::store::backup::{About, Protection, Repository, to_the_second};
use jiff::{SignedDuration, Timestamp};

/// Puts a backup of that time into the repository, as another machine would have.
pub(super) fn add(place: &Place, time: Timestamp, count: usize) {
    let mut webhooks = fixture::inventory("account.json").webhooks;
    webhooks.truncate(count);
    let repository = place.accounts.home().join(super::REPO);
    let repository = Repository::named(repository.to_str().unwrap(), &|_| Ok(None)).unwrap();
    let about = About {
        tool: "a test".to_owned(),
        account: "eu".to_owned(),
        profile: Some("eu".to_owned()),
        host: "127.0.0.1".to_owned(),
        company_id: Some("12345".to_owned()),
        time: to_the_second(time),
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

fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

#[test]
fn behind_a_backup_of_the_future_nothing_is_stored() {
    let place = Place::new();
    add(&place, ago(-60 * 24 * 400), 3);
    let before = place.objects();
    let run = place.run(CREATE);
    run.assert_code(1);
    for words in [
        "the clock of this machine says",
        "hint: set the clock",
        "Nothing was stored",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    place.run(RUN).assert_code(1);
    assert_eq!(place.objects(), before);
    // A backup that is not there yet is no sign of life.
    let run = place.run("backup check --repo vault --max-age 26h");
    run.assert_code(3);
    assert!(run.stdout.contains("in the future"), "{}", run.stdout);
    place.run("backup check --repo vault").assert_code(0);
    let run = place.run("backup list --repo vault");
    assert!(run.stdout.contains("in the future"), "{}", run.stdout);
}

/// The clocks of two machines differ by a little.
#[test]
fn a_few_minutes_of_the_future_are_forgiven_by_check() {
    let place = Place::new();
    add(&place, ago(-5), 3);
    place.done("backup check --repo vault --max-age 26h");
}

#[test]
fn the_age_that_is_allowed() {
    let place = Place::new();
    add(&place, ago(60), 12);
    place.done("backup check --repo vault --max-age 61m");
    let run = place.run("backup check --repo vault --max-age 59m");
    run.assert_code(3);
    assert!(run.stdout.contains("too old"), "{}", run.stdout);
    // What counts is the last look, not when the content changed last.
    place.done(CREATE);
    place.done("backup check --repo vault --max-age 59m");
    let name = place.backups().pop().unwrap();
    let check = place.accounts.read("vault/eu/last-check.json");
    let an_hour_ago = |text: &str| {
        let mut check: serde_json::Value = serde_json::from_str(text).unwrap();
        check["time"] = serde_json::json!(ago(60));
        check.to_string()
    };
    // Never before the backup itself was made.
    place
        .accounts
        .write("vault/eu/last-check.json", &an_hour_ago(&check));
    place.done("backup check --repo vault --max-age 59m");
    assert_eq!(place.backups().pop(), Some(name));
}

#[test]
fn a_clock_that_runs_ahead_and_is_then_set() {
    if !tools::is_there("backups::clock::a_clock_that_runs_ahead", "faketime") {
        return;
    }
    let place = Place::new();
    // Ahead by two days, as the program sees it.
    let run = place
        .program(CREATE)
        .env("PATH", "/usr/bin:/bin")
        .under(&["faketime", "-f", "+2d"])
        .run();
    run.assert_code(0);
    assert!(
        run.stderr.contains("backups are named by the former"),
        "{}",
        run.stderr
    );
    let run = place.run(CREATE);
    run.assert_code(1);
    assert!(run.stderr.contains("hint: set the clock"), "{}", run.stderr);
    assert_eq!(place.backups().len(), 1);
    place
        .run("backup check --repo vault --max-age 26h")
        .assert_code(3);
    // The way out that the hint names.
    let name = place.backups().remove(0);
    std::fs::rename(place.path(&name), place.accounts.home().join(name)).unwrap();
    place.goes_on("after the hint was followed");
}
