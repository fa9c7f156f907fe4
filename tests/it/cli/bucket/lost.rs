//! Answers that are lost or late: nothing is stored twice, nothing of our own is taken for somebody else's, and every wait ends.

use super::{PREFIX, REPO};
use crate::support::bucket::stub::{Asked, Fate, Reply, Stub, refusal};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Options, seeds};

fn create(stub: &Stub, accounts: &StandIn) -> Run {
    let program = stub.program(accounts, "backup create --from [source] --plaintext");
    program.word("--repo").word(REPO).run()
}

/// That, for the first PUT of a backup; everything else is served.
fn once(fate: Fate) -> impl FnMut(&Asked) -> Fate + Send {
    let mut left = Some(fate);
    move |asked| match left.take_if(|_| asked.is_backup()) {
        Some(fate) => fate,
        None => Fate::Served,
    }
}

/// The PUTs of backups, and that each was conditional and of the same bytes.
fn puts(stub: &Stub) -> usize {
    let mut puts = stub.asked("PUT");
    puts.retain(Asked::is_backup);
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
    assert_eq!(puts(&stub), 1);
    let keys = stub.keys();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(
        keys.iter()
            .all(|key| key.starts_with(&format!("{PREFIX}/127.0.0.1_3a")))
    );
}

#[test]
fn a_lost_answer_is_looked_after_and_nothing_is_sent_again() {
    let server_error = refusal(500, "InternalError", "Try again.");
    for reply in [
        Reply::Hangup,
        Reply::Bytes(server_error),
        Reply::Bytes(b"HTT".to_vec()),
    ] {
        let (stub, accounts) = (Stub::with(once(Fate::ServedThen(reply))), StandIn::demo());
        let run = create(&stub, &accounts);
        run.assert_code(0);
        assert!(run.stdout.contains("stored"), "{}", run.transcript());
        assert_eq!(puts(&stub), 1);
    }
}

#[test]
fn a_lost_request_is_sent_again_once_the_store_was_looked_at() {
    let busy = refusal(503, "SlowDown", "Reduce your request rate.");
    let conflict = refusal(
        409,
        "ConditionalRequestConflict",
        "A conflicting operation.",
    );
    for reply in [Reply::Hangup, Reply::Bytes(busy), Reply::Bytes(conflict)] {
        let (stub, accounts) = (Stub::with(once(Fate::Instead(reply))), StandIn::demo());
        create(&stub, &accounts).assert_code(0);
        assert_eq!(puts(&stub), 2);
        let looked = stub
            .asked("GET")
            .into_iter()
            .filter(|asked| asked.target.contains(".gz"));
        assert_eq!(looked.count(), 2, "once between the PUTs, once after them");
    }
}

/// The first attempt arrives after the second: what is there is our own.
#[test]
fn a_put_that_meets_its_own_earlier_attempt_is_done() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let (mut n_puts, mut n_looks) = (0, 0);
    stub.then(move |asked| {
        n_puts += usize::from(asked.is_backup());
        n_looks += usize::from(asked.method == "GET" && asked.target.contains(".gz"));
        match (n_puts, n_looks) {
            (1, 0) => Fate::ServedThen(Reply::Hangup),
            (1, 1) => Fate::Instead(Reply::Bytes(refusal(404, "NoSuchKey", "Not yet."))),
            _ => Fate::Served,
        }
    });
    create(&stub, &accounts).assert_code(0);
    assert_eq!(puts(&stub), 2);
}

#[test]
fn an_object_of_that_name_with_other_content_is_left_alone() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    stub.then(|asked| match asked.key() {
        Some(key) if key.contains(".gz") && asked.method == "GET" => {
            let other = crate::support::bucket::stub::answer(200, &[], b"other");
            Fate::Instead(Reply::Bytes(other))
        }
        _ if asked.is_backup() => Fate::Instead(Reply::Bytes(refusal(
            412,
            "PreconditionFailed",
            "It is there.",
        ))),
        _ => Fate::Served,
    });
    let run = create(&stub, &accounts);
    run.assert_code(1);
    assert!(
        run.stderr.contains("other content, and was left as it is"),
        "{}",
        run.transcript()
    );
    assert_eq!(puts(&stub), 1);
    assert!(stub.keys().is_empty());
}

#[test]
fn a_store_that_keeps_failing_is_given_up() {
    let busy = || {
        Fate::Instead(Reply::Bytes(refusal(
            503,
            "SlowDown",
            "Reduce your request rate.",
        )))
    };
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    stub.then(move |asked| {
        if asked.is_backup() {
            busy()
        } else {
            Fate::Served
        }
    });
    let run = create(&stub, &accounts);
    run.assert_code(1);
    for words in ["503 SlowDown: Reduce your request rate.", REPO, "hint: "] {
        assert!(run.stderr.contains(words), "{}", run.transcript());
    }
    assert_eq!(puts(&stub), 3);
    assert!(stub.keys().is_empty());
    stub.then(move |_| busy());
    let n_before = stub.asked("GET").len();
    create(&stub, &accounts).assert_code(1);
    assert_eq!(
        stub.asked("GET").len() - n_before,
        3,
        "attempts are counted"
    );
}

/// Every request but that of the backup itself fails twice before it is served.
#[test]
fn a_passing_failure_is_not_seen() {
    let stub = Stub::start();
    let accounts = StandIn::start(Options::from(seeds::demo()));
    let mut n = 0;
    stub.then(move |asked| {
        n += usize::from(!asked.is_backup());
        match n % 3 {
            _ if asked.is_backup() => Fate::Served,
            1 => Fate::Instead(Reply::Bytes(refusal(500, "InternalError", "Again."))),
            2 => Fate::Instead(Reply::Hangup),
            _ => Fate::Served,
        }
    });
    let run = create(&stub, &accounts);
    run.assert_code(0);
    assert_eq!(stub.keys().len(), 2);
}

/// Half a minute without a byte is the longest wait; the account's own waits are shorter.
#[test]
fn a_store_that_does_not_answer_is_given_up() {
    let stub = Stub::with(|_| Fate::Instead(Reply::Silence));
    let accounts = StandIn::demo();
    let run = stub
        .program(&accounts, "backup list")
        .word("--repo")
        .word(REPO)
        .run();
    run.assert_code(1);
    for words in [REPO, "no answer within the timeout", "hint: "] {
        assert!(run.stderr.contains(words), "{}", run.transcript());
    }
}
