//! The life of a backup in an object store, by servers of others: stored, found unchanged, listed, shown, checked, restored, forgotten.

use super::{PREFIX, REPO};
use crate::support::bucket::{Server, Store, names_in};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::Value;

fn run(store: &Store, accounts: &StandIn, line: &str) -> Run {
    let words = store.program(accounts, line).word("--repo").word(REPO);
    words.run()
}

fn ok(store: &Store, accounts: &StandIn, line: &str) -> Run {
    let run = run(store, accounts, line);
    run.assert_code(0);
    run
}

/// The backups as `backup list -o json` has them.
fn listed(store: &Store, accounts: &StandIn) -> Vec<Value> {
    let run = ok(store, accounts, "backup list -o json");
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

fn the_cycle(store: &Store) {
    let accounts = StandIn::demo();
    let create = "backup create --from [source]";
    run(store, &accounts, "backup list").assert_code(10);
    let first = ok(store, &accounts, &format!("{create} --plaintext"));
    assert!(first.stdout.contains("stored"), "{}", first.transcript());
    let again = ok(store, &accounts, &format!("{create} --plaintext"));
    assert!(again.stdout.contains("unchanged"), "{}", again.transcript());
    assert_eq!(listed(store, &accounts).len(), 1);
    let recipient = identity(&accounts);
    ok(
        store,
        &accounts,
        &format!("{create} --recipient {recipient}"),
    );
    let backups = listed(store, &accounts);
    assert_eq!(backups.len(), 2);
    let checked = ok(store, &accounts, "backup check --max-age 1h");
    assert!(checked.stdout.contains("1 verified") && checked.stdout.contains("1 intact"));
    let checked = ok(store, &accounts, "backup check --identity key.txt");
    assert!(
        checked.stdout.contains("2 verified"),
        "{}",
        checked.transcript()
    );
    let shown = ok(store, &accounts, "backup show latest --identity key.txt");
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
            .word(path)
            .run();
        shown.assert_code(0);
    }
    let drill = ok(
        store,
        &accounts,
        "restore latest --rehearse --identity key.txt",
    );
    assert!(
        drill.stdout.contains("12 created"),
        "{}",
        drill.transcript()
    );
    ok(
        store,
        &accounts,
        "restore latest --to [target] --identity key.txt --yes --rate 1000 --settle 300ms",
    );
    let forgotten = ok(store, &accounts, "backup forget --keep-last 1");
    assert!(
        forgotten.stdout.contains("1 of 2 backups removed"),
        "{}",
        forgotten.transcript()
    );
    assert_eq!(listed(store, &accounts).len(), 1);
    ok(store, &accounts, "backup check --identity key.txt");
}

#[test]
fn the_whole_cycle_with_s3s_fs() {
    let Some(store) = Server::S3sFs.start("the_whole_cycle_with_s3s_fs") else {
        return;
    };
    the_cycle(&store);
    // The keys are what the documentation says, and nothing else is there.
    let accounts = names_in(&store.folder(PREFIX));
    assert_eq!(accounts.len(), 1, "{accounts:?}");
    let names = names_in(&store.folder(PREFIX).join(&accounts[0]));
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[1], "last-check.json");
}

#[test]
fn the_whole_cycle_with_moto() {
    if let Some(store) = Server::Moto.start("the_whole_cycle_with_moto") {
        the_cycle(&store);
    }
}

/// It ignores conditional writes; the names keep backups apart all the same.
#[test]
fn the_whole_cycle_with_s3rver_that_ignores_conditions() {
    if let Some(store) = Server::S3rver.start("the_whole_cycle_with_s3rver_that_ignores_conditions")
    {
        the_cycle(&store);
    }
}

fn several_at_once(store: &Store) {
    let accounts = StandIn::demo();
    let create = "backup create --from [source] --plaintext";
    let all: Vec<_> = (0..4)
        .map(|_| {
            store
                .program(&accounts, create)
                .word("--repo")
                .word(REPO)
                .start()
        })
        .collect();
    for run in all {
        run.finish().assert_code(0);
    }
    let n = listed(store, &accounts).len();
    assert!((1..=4).contains(&n), "{n} backups");
    let checked = ok(store, &accounts, "backup check");
    assert!(
        checked.stdout.contains(&format!("{n} verified")),
        "{}",
        checked.transcript()
    );
    ok(store, &accounts, create);
}

#[test]
fn several_at_once_with_s3s_fs() {
    if let Some(store) = Server::S3sFs.start("several_at_once_with_s3s_fs") {
        several_at_once(&store);
    }
}

#[test]
fn several_at_once_with_s3rver_that_ignores_conditions() {
    if let Some(store) = Server::S3rver.start("several_at_once_with_s3rver_that_ignores_conditions")
    {
        several_at_once(&store);
    }
}

/// A list has at most 1000 entries a page.
#[test]
fn many_backups_are_listed_to_the_last() {
    let Some(store) = Server::S3sFs.start("many_backups_are_listed_to_the_last") else {
        return;
    };
    let accounts = StandIn::demo();
    ok(
        &store,
        &accounts,
        "backup create --from [source] --plaintext",
    );
    let folder = store.folder(PREFIX);
    let account = folder.join(&names_in(&folder)[0]);
    let whole = std::fs::read(account.join(&names_in(&account)[0])).unwrap();
    for at in 0..1234 {
        let (minutes, seconds) = (at / 60, at % 60);
        let name = format!("20250101T00{minutes:02}{seconds:02}Z-12-0123456789abcdef.json.gz");
        std::fs::write(account.join(name), &whole).unwrap();
    }
    assert_eq!(listed(&store, &accounts).len(), 1235);
    let forgotten = ok(&store, &accounts, "backup forget --keep-last 3");
    assert!(
        forgotten.stdout.contains("1232 of 1235 backups removed"),
        "{}",
        forgotten.transcript()
    );
    assert_eq!(listed(&store, &accounts).len(), 3);
}
