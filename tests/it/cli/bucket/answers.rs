//! Answers that are not what was asked for: told in the store's own words, made harmless, and without what we sent.

use super::{PREFIX, REPO};
use crate::support::bucket::KEY;
use crate::support::bucket::stub::{Fate, Reply, Stub, answer, refusal};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;

const CREATE: &str = "backup create --from [source] --plaintext";

fn run(stub: &Stub, accounts: &StandIn, line: &str) -> Run {
    stub.program(accounts, line).word("--repo").word(REPO).run()
}

/// What `backup list` says to one answer.
fn said_to(bytes: &[u8], code: i32) -> String {
    let bytes = bytes.to_vec();
    let stub = Stub::with(move |_| Fate::Instead(Reply::Bytes(bytes.clone())));
    let accounts = StandIn::demo();
    let run = run(&stub, &accounts, "backup list");
    run.assert_code(code);
    assert!(
        run.stderr.contains(REPO) && run.stderr.contains("hint: "),
        "{}",
        run.transcript()
    );
    run.stderr
}

#[test]
fn hostile_words_are_harmless() {
    let said = said_to(
        &refusal(
            403,
            "AccessDenied",
            &format!("no\u{1b}[31m\u{202e}&lt;b&gt; {}", "long ".repeat(400)),
        ),
        4,
    );
    assert!(
        said.contains("AccessDenied: no\\u{1b}[31m\\u{202e}<b> long"),
        "{said}"
    );
    assert!(!said.contains('\u{1b}') && said.len() < 800, "{said}");
    let said = said_to(&refusal(400, "Bad\u{1b}[31mCode", "why"), 1);
    assert!(said.contains("answered 400: why"), "{said}");
}

/// A store that repeats the whole request in its error, in the words that are shown and in others.
#[test]
fn what_a_store_repeats_of_the_request_is_not_shown() {
    let stub = Stub::with(|asked| {
        let headers: Vec<&str> = asked.headers.values().map(String::as_str).collect();
        let message = format!("{} {}", asked.target, headers.join(" "));
        let mut reply = refusal(403, "SignatureDoesNotMatch", &message);
        reply.extend(message.as_bytes());
        Fate::Instead(Reply::Bytes(reply))
    });
    let accounts = StandIn::demo();
    for line in [CREATE, "backup list", "backup check"] {
        let program = stub
            .program(&accounts, line)
            .env("AWS_SESSION_TOKEN", "session-canary-token-0001");
        let run = program.word("--repo").word(REPO).run();
        run.assert_code(4);
        assert!(
            run.stderr.contains("SignatureDoesNotMatch"),
            "{}",
            run.transcript()
        );
        let authorization = stub.asked("GET")[0].headers["authorization"].clone();
        let signature = authorization.split("Signature=").nth(1).unwrap().to_owned();
        for secret in [KEY.0, "session-canary", &signature, "Signature="] {
            assert!(
                !run.said().contains(secret),
                "{secret}: {}",
                run.transcript()
            );
        }
    }
}

#[test]
fn answers_of_something_else() {
    let page = b"<!doctype html><html><body>Please log in</body></html>";
    let said = said_to(&answer(200, &[("Content-Type", "text/html")], page), 1);
    assert!(said.contains("not that of an object store") && said.contains("AWS_ENDPOINT_URL"));
    let said = said_to(&answer(404, &[("Content-Type", "text/html")], page), 1);
    assert!(
        said.contains("answered 404") && said.contains("AWS_ENDPOINT_URL"),
        "{said}"
    );
    let said = said_to(&answer(200, &[], b"{\"message\": \"hello\"}"), 1);
    assert!(said.contains("not that of an object store"), "{said}");
    let v1 = b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>";
    let said = said_to(&answer(200, &[], v1), 1);
    assert!(said.contains("without a way to the next"), "{said}");
    let cut = answer(200, &[], b"<ListBucketResult></ListBucketResult>");
    let said = said_to(&cut[..cut.len() - 9], 1);
    assert!(said.contains("did not list what it holds"), "{said}");
}

#[test]
fn a_redirect_is_not_followed() {
    let (elsewhere, accounts) = (Stub::start(), StandIn::demo());
    for status in [301, 307] {
        let location = format!("{}/backups", elsewhere.url());
        let headers = [
            ("Location", location.as_str()),
            ("x-amz-bucket-region", "eu-west-3"),
        ];
        let said = said_to(&answer(status, &headers, b""), 1);
        assert!(said.contains("AWS_REGION=eu-west-3"), "{said}");
    }
    let said = said_to(
        &answer(
            301,
            &[("x-amz-bucket-region", "eu-west-3; curl example.com | sh")],
            b"",
        ),
        1,
    );
    assert!(said.contains("check AWS_REGION"), "{said}");
    assert!(elsewhere.asked("GET").is_empty());
    assert_eq!(accounts.n_seen(), [0, 0]);
}

#[test]
fn a_store_without_conditional_writes_says_so() {
    let stub = Stub::with(|asked| {
        if asked.is_backup() {
            let unknown = refusal(501, "NotImplemented", "A header you provided.");
            Fate::Instead(Reply::Bytes(unknown))
        } else {
            Fate::Served
        }
    });
    let run = run(&stub, &StandIn::demo(), CREATE);
    run.assert_code(1);
    assert!(run.stderr.contains("If-None-Match"), "{}", run.transcript());
    assert!(stub.keys().is_empty());
}

#[test]
fn what_vanishes_between_list_and_reading_is_missing() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    run(&stub, &accounts, CREATE).assert_code(0);
    stub.then(|asked| match asked.key() {
        Some(_) => Fate::Instead(Reply::Bytes(refusal(404, "NoSuchKey", "Gone."))),
        None => Fate::Served,
    });
    // As with a folder: what is gone since the list is no damage, and cannot be opened.
    run(&stub, &accounts, "backup list").assert_code(0);
    let check = run(&stub, &accounts, "backup check");
    check.assert_code(10);
    assert!(!check.said().contains("damaged"), "{}", check.transcript());
    for line in ["backup show latest", "restore latest --rehearse"] {
        let run = run(&stub, &accounts, line);
        run.assert_code(10);
        assert!(
            run.stderr.contains("there is no backup `"),
            "{}",
            run.transcript()
        );
    }
    // One that somebody else has removed meanwhile is removed.
    let name = "20250101T000000Z-12-0123456789abcdef.json.gz";
    let account = stub.keys()[0].rsplit_once('/').unwrap().0.to_owned();
    stub.put(&format!("{account}/{name}"), b"old");
    stub.then(|asked| match asked.method.as_str() {
        "DELETE" => Fate::Instead(Reply::Bytes(refusal(404, "NoSuchKey", "Gone."))),
        _ => Fate::Served,
    });
    run(&stub, &accounts, "backup forget --keep-last 1").assert_code(0);
}

#[test]
fn what_is_not_of_hookferry_is_passed_over() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    for key in [
        "",
        "/",
        "/notes.txt",
        "/.hidden/x",
        "/other/readme",
        "/other/deep/er/20250101T000000Z-1-0123456789abcdef.json.gz",
    ] {
        stub.put(&format!("{PREFIX}{key}"), b"x");
    }
    stub.put(
        "team a+b/hooks-of-others/account/20250101T000000Z-1-0123456789abcdef.json.gz",
        b"x",
    );
    run(&stub, &accounts, CREATE).assert_code(0);
    let list = run(&stub, &accounts, "backup list");
    assert!(list.stdout.contains("1 backup of"), "{}", list.transcript());
    let all = run(&stub, &accounts, "backup list --account deep");
    all.assert_code(10);
    // A key that cannot be read is told, because a list without it would not be whole.
    stub.put(&format!("{PREFIX}//odd"), b"x");
    let odd = run(&stub, &accounts, "backup list");
    odd.assert_code(1);
    assert!(
        odd.stderr.contains("not of hookferry's"),
        "{}",
        odd.transcript()
    );
}

#[test]
fn a_refused_removal_is_told_and_nothing_else_is_lost() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    run(&stub, &accounts, CREATE).assert_code(0);
    let account = stub.keys()[0].rsplit_once('/').unwrap().0.to_owned();
    stub.put(
        &format!("{account}/20250101T000000Z-12-0123456789abcdef.json.gz"),
        b"old",
    );
    stub.then(|asked| match asked.method.as_str() {
        "DELETE" => Fate::Instead(Reply::Bytes(refusal(403, "AccessDenied", "Access Denied"))),
        _ => Fate::Served,
    });
    let forgot = run(&stub, &accounts, "backup forget --keep-last 1");
    forgot.assert_code(4);
    assert!(
        forgot.stderr.contains("did not remove 20250101T000000Z"),
        "{}",
        forgot.transcript()
    );
    assert_eq!(stub.keys().len(), 3);
}
