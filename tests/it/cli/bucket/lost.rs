//! Lost and late responses: nothing is stored twice, our own objects are recognized as ours, and every wait ends.

use super::{PREFIX, REPO};
use crate::support::bucket::stub::{Behavior, Reply, Request, Stub, error_response};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Options, seeds};

fn create(stub: &Stub, accounts: &StandIn) -> Run {
    let program = stub.program(accounts, "backup create --from [source] --plaintext");
    program.arg("--repo").arg(REPO).run()
}

/// Applies `behavior` to the first PUT of a backup, and serves everything else.
fn first_put(behavior: Behavior) -> impl FnMut(&Request) -> Behavior + Send {
    let mut remaining = Some(behavior);
    move |request| match remaining.take_if(|_| request.is_backup_put()) {
        Some(behavior) => behavior,
        None => Behavior::Serve,
    }
}

/// Counts the PUTs of backups, and asserts that each was conditional and had the same content.
fn count_puts(stub: &Stub) -> usize {
    let mut puts = stub.requests("PUT");
    puts.retain(Request::is_backup_put);
    for put in &puts {
        assert_eq!(
            put.headers.get("if-none-match").map(String::as_str),
            Some("*")
        );
        assert_eq!((&put.target, &put.body), (&puts[0].target, &puts[0].body));
    }
    puts.len()
}

#[test]
fn a_backup_is_one_conditional_put() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    create(&stub, &accounts).assert_code(0);
    assert_eq!(count_puts(&stub), 1);
    let keys = stub.keys();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(
        keys.iter()
            .all(|key| key.starts_with(&format!("{PREFIX}/127.0.0.1_3a")))
    );
}

#[test]
fn a_lost_response_is_resolved_by_a_read_without_a_resend() {
    let server_error = error_response(500, "InternalError", "Try again.");
    for reply in [
        Reply::Hangup,
        Reply::Bytes(server_error),
        Reply::Bytes(b"HTT".to_vec()),
    ] {
        let (stub, accounts) = (
            Stub::with(first_put(Behavior::ServeThenReply(reply))),
            StandIn::demo(),
        );
        let run = create(&stub, &accounts);
        run.assert_code(0);
        assert!(run.stdout.contains("stored"), "{}", run.transcript());
        assert_eq!(count_puts(&stub), 1);
    }
}

#[test]
fn a_lost_request_is_sent_again_after_a_read() {
    let busy = error_response(503, "SlowDown", "Reduce your request rate.");
    let conflict = error_response(
        409,
        "ConditionalRequestConflict",
        "A conflicting operation.",
    );
    for reply in [Reply::Hangup, Reply::Bytes(busy), Reply::Bytes(conflict)] {
        let (stub, accounts) = (
            Stub::with(first_put(Behavior::ReplyOnly(reply))),
            StandIn::demo(),
        );
        create(&stub, &accounts).assert_code(0);
        assert_eq!(count_puts(&stub), 2);
        let checks = stub
            .requests("GET")
            .into_iter()
            .filter(|request| request.target.contains(".gz"));
        assert_eq!(
            checks.count(),
            2,
            "one check between the PUTs, one after them"
        );
    }
}

/// The first attempt takes effect after the first check: the object found by the second attempt is our own.
#[test]
fn a_put_that_finds_its_own_earlier_attempt_succeeds() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let (mut n_puts, mut n_checks) = (0, 0);
    stub.set_behavior(move |request| {
        n_puts += usize::from(request.is_backup_put());
        n_checks += usize::from(request.method == "GET" && request.target.contains(".gz"));
        match (n_puts, n_checks) {
            (1, 0) => Behavior::ServeThenReply(Reply::Hangup),
            (1, 1) => {
                Behavior::ReplyOnly(Reply::Bytes(error_response(404, "NoSuchKey", "Not yet.")))
            }
            _ => Behavior::Serve,
        }
    });
    create(&stub, &accounts).assert_code(0);
    assert_eq!(count_puts(&stub), 2);
}

#[test]
fn an_object_of_the_same_name_with_other_content_is_kept() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    stub.set_behavior(|request| match request.key() {
        Some(key) if key.contains(".gz") && request.method == "GET" => {
            let other = crate::support::bucket::stub::response(200, &[], b"other");
            Behavior::ReplyOnly(Reply::Bytes(other))
        }
        _ if request.is_backup_put() => Behavior::ReplyOnly(Reply::Bytes(error_response(
            412,
            "PreconditionFailed",
            "It is there.",
        ))),
        _ => Behavior::Serve,
    });
    let run = create(&stub, &accounts);
    run.assert_code(1);
    assert!(
        run.stderr.contains("other content; it was not changed"),
        "{}",
        run.transcript()
    );
    assert_eq!(count_puts(&stub), 1);
    assert!(stub.keys().is_empty());
}

#[test]
fn a_store_that_keeps_failing_gets_three_attempts() {
    let busy = || {
        Behavior::ReplyOnly(Reply::Bytes(error_response(
            503,
            "SlowDown",
            "Reduce your request rate.",
        )))
    };
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    stub.set_behavior(move |request| {
        if request.is_backup_put() {
            busy()
        } else {
            Behavior::Serve
        }
    });
    let run = create(&stub, &accounts);
    run.assert_code(1);
    for words in ["503 SlowDown: Reduce your request rate.", REPO, "hint: "] {
        assert!(run.stderr.contains(words), "{}", run.transcript());
    }
    assert_eq!(count_puts(&stub), 3);
    assert!(stub.keys().is_empty());
    stub.set_behavior(move |_| busy());
    let n_before = stub.requests("GET").len();
    create(&stub, &accounts).assert_code(1);
    assert_eq!(
        stub.requests("GET").len() - n_before,
        3,
        "each read is attempted three times"
    );
}

/// Every request except the PUT of the backup fails twice before it is served.
#[test]
fn transient_failures_are_retried() {
    let stub = Stub::start();
    let accounts = StandIn::start(Options::from(seeds::demo()));
    let mut n = 0;
    stub.set_behavior(move |request| {
        n += usize::from(!request.is_backup_put());
        match n % 3 {
            _ if request.is_backup_put() => Behavior::Serve,
            1 => Behavior::ReplyOnly(Reply::Bytes(error_response(500, "InternalError", "Again."))),
            2 => Behavior::ReplyOnly(Reply::Hangup),
            _ => Behavior::Serve,
        }
    });
    let run = create(&stub, &accounts);
    run.assert_code(0);
    assert_eq!(stub.keys().len(), 2);
}

/// The longest wait is 30 s without a byte; waits for accounts are shorter.
#[test]
fn a_store_that_does_not_respond_times_out() {
    let stub = Stub::with(|_| Behavior::ReplyOnly(Reply::Silence));
    let accounts = StandIn::demo();
    let run = stub
        .program(&accounts, "backup list")
        .arg("--repo")
        .arg(REPO)
        .run();
    run.assert_code(1);
    for words in [REPO, "no response within the timeout", "hint: "] {
        assert!(run.stderr.contains(words), "{}", run.transcript());
    }
}
