//! Missing buckets, refused keys and unreachable servers: each error has an exit code, the repository and a hint.

use super::REPO;
use crate::support::bucket::{KEY, Server, stub::Stub, with_store};
use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;

/// Every command that needs an existing repository.
const READS: [&str; 5] = [
    "backup list",
    "backup check",
    "backup show latest",
    "backup forget --keep-last 1",
    "restore latest --rehearse",
];
const CREATE: &str = "backup create --from [source] --plaintext";

fn assert_reported(run: &Run, code: i32, words: &[&str]) {
    run.assert_code(code);
    assert_eq!(run.stdout, "", "{}", run.transcript());
    for words in [&["hookferry: error: ", "\nhint: "], words].concat() {
        assert!(
            run.stderr.contains(words),
            "no {words:?} in {}",
            run.transcript()
        );
    }
}

fn with_repo(program: Program<'_>, repo: &str) -> Run {
    program.arg("--repo").arg(repo).run()
}

#[test]
#[ignore = "needs s3s-fs"]
fn missing_buckets_and_backups_are_reported() {
    let store = Server::S3sFs.start();
    let accounts = StandIn::demo();
    for line in READS {
        let run = with_repo(store.program(&accounts, line), REPO);
        assert_reported(&run, 10, &[REPO, "has no objects under that prefix"]);
    }
    for line in READS.into_iter().chain([CREATE]) {
        let run = with_repo(store.program(&accounts, line), "s3://no-such-bucket/hooks");
        assert_reported(
            &run,
            10,
            &[
                "s3://no-such-bucket/hooks",
                "no such bucket",
                "does not create buckets",
            ],
        );
    }
    with_repo(store.program(&accounts, CREATE), REPO).assert_code(0);
    for (line, words) in [
        ("backup list --account other", "no backup of other"),
        ("backup show 2001-01-01", "from 2001-01-01"),
        (
            "restore other/20250101T000000Z-1-0123456789abcdef.json.gz --rehearse",
            "no backup of other",
        ),
    ] {
        assert_reported(
            &with_repo(store.program(&accounts, line), REPO),
            10,
            &[words],
        );
    }
}

#[test]
#[ignore = "needs s3s-fs"]
fn refused_keys_are_reported_before_any_account_is_read() {
    let store = Server::S3sFs.start();
    let accounts = StandIn::demo();
    for (key, code) in [
        ((KEY.0, "another-canary-secret"), "SignatureDoesNotMatch"),
        (("AKIACANARYOTHER00001", KEY.1), "NotSignedUp"),
    ] {
        for line in READS.into_iter().chain([CREATE]) {
            let program = store.program(&accounts, line);
            let program = program.env("AWS_ACCESS_KEY_ID", key.0);
            let run = with_repo(program.env("AWS_SECRET_ACCESS_KEY", key.1), REPO);
            assert_reported(&run, 4, &["403", code, REPO]);
        }
    }
    // An unusable store is reported before any account is read.
    assert_eq!(accounts.request_counts(), [0, 0]);
}

#[test]
#[ignore = "needs s3s-fs"]
fn an_unreachable_server_is_reported() {
    let mut store = Server::S3sFs.start();
    // By the time the account is read, the store has already received its first request.
    let accounts = slow_source();
    let running = store
        .program(&accounts, CREATE)
        .arg("--repo")
        .arg(REPO)
        .start();
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(
            accounts
                .source()
                .wait_until(|source| !source.log().is_empty()),
        );
    store.kill();
    assert_reported(&running.finish(), 1, &["cannot reach", REPO, "127.0.0.1:"]);
    for line in READS.into_iter().chain([CREATE]) {
        let run = with_repo(store.program(&accounts, line), REPO);
        assert_reported(
            &run,
            1,
            &["cannot reach", REPO, "127.0.0.1:", "AWS_ENDPOINT_URL"],
        );
    }
}

/// Accounts whose source takes a second for its first response.
fn slow_source() -> StandIn {
    let mut options = hookferry::sandbox::Options::from(hookferry::sandbox::seeds::demo());
    options.source.faults = vec!["get:1:delay=1s".parse().unwrap()];
    StandIn::start(options)
}

#[test]
fn invalid_repositories_and_store_addresses_are_usage_errors() {
    let accounts = StandIn::demo();
    let stub = Stub::start();
    for repo in [
        "s3://",
        "s3:///hooks",
        "s3://a/hooks",
        "s3://AKIA:secret-canary@backups/hooks",
        "s3://backups/a//b",
        "s3://backups/../b",
        "s3://backups/hooks?region=canary",
        "s3://backups/a%2Fb",
        "gs://backups/hooks",
    ] {
        assert_reported(
            &with_repo(stub.program(&accounts, "backup list"), repo),
            64,
            &[],
        );
    }
    for (address, words) in [
        ("http://192.0.2.1:9000", "plain http"),
        (
            "https://user:secret-canary@store.example.com",
            "not the URL",
        ),
        ("https://store.example.com/?token=canary", "not the URL"),
        ("ftp://store.example.com", "not the URL"),
        ("store.example.com", "not the URL"),
    ] {
        let program = with_store(accounts.program("backup list"), address, KEY);
        assert_reported(&with_repo(program, REPO), 64, &["AWS_ENDPOINT_URL", words]);
    }
    let without_url = with_store(accounts.program("backup list"), "", KEY);
    assert_reported(&with_repo(without_url, REPO), 64, &["AWS_REGION"]);
    assert!(stub.requests("GET").is_empty());
}
