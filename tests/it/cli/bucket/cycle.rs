//! The whole life of a backup on third-party object stores: stored, found unchanged, listed, shown, checked, restored, forgotten.

use super::{PREFIX, REPO};
use crate::support::bucket::{Server, Store, file_names};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::Value;

fn run(store: &Store, accounts: &StandIn, line: &str) -> Run {
    let words = store.program(accounts, line).arg("--repo").arg(REPO);
    words.run()
}

fn run_ok(store: &Store, accounts: &StandIn, line: &str) -> Run {
    let run = run(store, accounts, line);
    run.assert_code(0);
    run
}

/// The backups in the output of `backup list -o json`.
fn list_backups(store: &Store, accounts: &StandIn) -> Vec<Value> {
    let run = run_ok(store, accounts, "backup list -o json");
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let all = document["accounts"].as_array().unwrap();
    let backups = all
        .iter()
        .flat_map(|account| account["backups"].as_array().unwrap());
    backups.cloned().collect()
}

fn identity(accounts: &StandIn) -> String {
    use age::secrecy::ExposeSecret as _;
    let identity = age::x25519::Identity::generate();
    accounts.write("key.txt", identity.to_string().expose_secret());
    identity.to_public().to_string()
}

fn run_whole_cycle(store: &Store) {
    let accounts = StandIn::demo();
    let create = "backup create --from [source]";
    run(store, &accounts, "backup list").assert_code(10);
    let first = run_ok(store, &accounts, &format!("{create} --plaintext"));
    assert!(first.stdout.contains("stored"), "{}", first.transcript());
    let again = run_ok(store, &accounts, &format!("{create} --plaintext"));
    assert!(again.stdout.contains("unchanged"), "{}", again.transcript());
    assert_eq!(list_backups(store, &accounts).len(), 1);
    let recipient = identity(&accounts);
    run_ok(
        store,
        &accounts,
        &format!("{create} --recipient {recipient}"),
    );
    let backups = list_backups(store, &accounts);
    assert_eq!(backups.len(), 2);
    let checked = run_ok(store, &accounts, "backup check --max-age 1h");
    assert!(checked.stdout.contains("1 verified") && checked.stdout.contains("1 intact"));
    let checked = run_ok(store, &accounts, "backup check --identity key.txt");
    assert!(
        checked.stdout.contains("2 verified"),
        "{}",
        checked.transcript()
    );
    let shown = run_ok(store, &accounts, "backup show latest --identity key.txt");
    assert!(
        shown.stdout.contains("payments-oncall"),
        "{}",
        shown.transcript()
    );
    let path = backups
        .iter()
        .map(|backup| backup["path"].as_str().unwrap());
    for path in path {
        let shown = store
            .program(&accounts, "backup show --identity key.txt")
            .arg(path)
            .run();
        shown.assert_code(0);
    }
    let rehearsal = run_ok(
        store,
        &accounts,
        "restore latest --rehearse --identity key.txt",
    );
    assert!(
        rehearsal.stdout.contains("12 created"),
        "{}",
        rehearsal.transcript()
    );
    run_ok(
        store,
        &accounts,
        "restore latest --to [target] --into-other-account --identity key.txt --yes --rate 1000 --settle 300ms",
    );
    let forgotten = run_ok(store, &accounts, "backup forget --keep-last 1");
    assert!(
        forgotten.stdout.contains("1 of 2 backups removed"),
        "{}",
        forgotten.transcript()
    );
    assert_eq!(list_backups(store, &accounts).len(), 1);
    run_ok(store, &accounts, "backup check --identity key.txt");
}

#[test]
#[ignore = "needs s3s-fs"]
fn the_whole_cycle_works_with_s3s_fs() {
    let store = Server::S3sFs.start();
    run_whole_cycle(&store);
    // The keys match the documentation, and there are no others.
    let accounts = file_names(&store.folder(PREFIX));
    assert_eq!(accounts.len(), 1, "{accounts:?}");
    let names = file_names(&store.folder(PREFIX).join(&accounts[0]));
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[1], "last-check.json");
}

#[test]
#[ignore = "needs moto"]
fn the_whole_cycle_works_with_moto() {
    run_whole_cycle(&Server::Moto.start());
}

/// s3rver ignores conditional writes; unique names keep backups apart nevertheless.
#[test]
#[ignore = "needs s3rver"]
fn the_whole_cycle_works_with_s3rver_without_conditional_writes() {
    run_whole_cycle(&Server::S3rver.start());
}

fn create_concurrently(store: &Store) {
    let accounts = StandIn::demo();
    let create = "backup create --from [source] --plaintext";
    let all: Vec<_> = (0..4)
        .map(|_| {
            store
                .program(&accounts, create)
                .arg("--repo")
                .arg(REPO)
                .start()
        })
        .collect();
    for run in all {
        run.finish().assert_code(0);
    }
    let n = list_backups(store, &accounts).len();
    assert!((1..=4).contains(&n), "{n} backups");
    let checked = run_ok(store, &accounts, "backup check");
    assert!(
        checked.stdout.contains(&format!("{n} verified")),
        "{}",
        checked.transcript()
    );
    run_ok(store, &accounts, create);
}

#[test]
#[ignore = "needs s3s-fs"]
fn s3s_fs_stores_concurrent_backups() {
    create_concurrently(&Server::S3sFs.start());
}

#[test]
#[ignore = "needs s3rver"]
fn s3rver_stores_concurrent_backups_without_conditional_writes() {
    create_concurrently(&Server::S3rver.start());
}

/// A page of a listing has at most 1000 entries.
#[test]
#[ignore = "needs s3s-fs"]
fn listing_reads_every_page() {
    let store = Server::S3sFs.start();
    let accounts = StandIn::demo();
    run_ok(
        &store,
        &accounts,
        "backup create --from [source] --plaintext",
    );
    let folder = store.folder(PREFIX);
    let account = folder.join(&file_names(&folder)[0]);
    let backup = std::fs::read(account.join(&file_names(&account)[0])).unwrap();
    for second in 0..1234 {
        let (minutes, seconds) = (second / 60, second % 60);
        let name = format!("20250101T00{minutes:02}{seconds:02}Z-12-0123456789abcdef.json.gz");
        std::fs::write(account.join(name), &backup).unwrap();
    }
    assert_eq!(list_backups(&store, &accounts).len(), 1235);
    let forgotten = run_ok(&store, &accounts, "backup forget --keep-last 3");
    assert!(
        forgotten.stdout.contains("1232 of 1235 backups removed"),
        "{}",
        forgotten.transcript()
    );
    assert_eq!(list_backups(&store, &accounts).len(), 3);
}
