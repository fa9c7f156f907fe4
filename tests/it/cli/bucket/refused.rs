//! What is not there or not allowed, by a real server: each told with its exit code, the repository and the next step.

use super::REPO;
use crate::support::bucket::{KEY, Server, opened, stub::Stub};
use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;

/// Every command that needs a repository, but the one that makes it.
const READS: [&str; 5] = [
    "backup list",
    "backup check",
    "backup show latest",
    "backup forget --keep-last 1",
    "restore latest --rehearse",
];
const CREATE: &str = "backup create --from [source] --plaintext";

fn told(run: &Run, code: i32, words: &[&str]) {
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

fn at(program: Program<'_>, repo: &str) -> Run {
    program.word("--repo").word(repo).run()
}

#[test]
fn what_is_not_there_with_s3s_fs() {
    let Some(store) = Server::S3sFs.start("what_is_not_there_with_s3s_fs") else {
        return;
    };
    let accounts = StandIn::demo();
    for line in READS {
        let run = at(store.program(&accounts, line), REPO);
        told(&run, 10, &[REPO, "holds nothing there"]);
    }
    for line in READS.into_iter().chain([CREATE]) {
        let run = at(store.program(&accounts, line), "s3://no-such-bucket/hooks");
        told(
            &run,
            10,
            &[
                "s3://no-such-bucket/hooks",
                "no such bucket",
                "makes no bucket",
            ],
        );
    }
    at(store.program(&accounts, CREATE), REPO).assert_code(0);
    for (line, words) in [
        ("backup list --account other", "no backup of other"),
        ("backup show 2001-01-01", "from 2001-01-01"),
        (
            "restore other/20250101T000000Z-1-0123456789abcdef.json.gz --rehearse",
            "no backup of other",
        ),
    ] {
        told(&at(store.program(&accounts, line), REPO), 10, &[words]);
    }
}

#[test]
fn keys_that_are_not_accepted_by_s3s_fs() {
    let Some(store) = Server::S3sFs.start("keys_that_are_not_accepted_by_s3s_fs") else {
        return;
    };
    let accounts = StandIn::demo();
    for (key, code) in [
        ((KEY.0, "another-canary-secret"), "SignatureDoesNotMatch"),
        (("AKIACANARYOTHER00001", KEY.1), "NotSignedUp"),
    ] {
        for line in READS.into_iter().chain([CREATE]) {
            let program = store.program(&accounts, line);
            let program = program.env("AWS_ACCESS_KEY_ID", key.0);
            let run = at(program.env("AWS_SECRET_ACCESS_KEY", key.1), REPO);
            told(&run, 4, &["403", code, REPO]);
        }
    }
    // A store that cannot be used is told before any account is read.
    assert_eq!(accounts.n_seen(), [0, 0]);
}

#[test]
fn a_server_that_is_gone() {
    let Some(mut store) = Server::S3sFs.start("a_server_that_is_gone") else {
        return;
    };
    // While the account is read, the store has been asked once already.
    let accounts = slow_source();
    let running = store
        .program(&accounts, CREATE)
        .word("--repo")
        .word(REPO)
        .start();
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(accounts.source().until(|source| !source.log().is_empty()));
    store.kill();
    told(&running.finish(), 1, &["cannot reach", REPO, "127.0.0.1:"]);
    for line in READS.into_iter().chain([CREATE]) {
        let run = at(store.program(&accounts, line), REPO);
        told(
            &run,
            1,
            &["cannot reach", REPO, "127.0.0.1:", "AWS_ENDPOINT_URL"],
        );
    }
}

/// Accounts of which the source takes a second for its first answer.
fn slow_source() -> StandIn {
    let mut options = hookferry::sandbox::Options::from(hookferry::sandbox::seeds::demo());
    options.source.faults = vec!["get:1:delay=1s".parse().unwrap()];
    StandIn::start(options)
}

#[test]
fn places_and_addresses_that_cannot_be_meant() {
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
        told(&at(stub.program(&accounts, "backup list"), repo), 64, &[]);
    }
    for (address, words) in [
        ("http://192.0.2.1:9000", "plain http"),
        ("https://user:secret-canary@store.example.com", "no address"),
        ("https://store.example.com/?token=canary", "no address"),
        ("ftp://store.example.com", "no address"),
        ("store.example.com", "no address"),
    ] {
        let program = opened(accounts.program("backup list"), address, KEY);
        told(&at(program, REPO), 64, &["AWS_ENDPOINT_URL", words]);
    }
    let nowhere = opened(accounts.program("backup list"), "", KEY);
    told(&at(nowhere, REPO), 64, &["AWS_REGION"]);
    assert!(stub.asked("GET").is_empty());
}
