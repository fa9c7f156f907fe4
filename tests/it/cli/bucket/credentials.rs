//! Credential sources, with AWS's variable names. No credential is ever printed, and only configured sources are queried.

use super::REPO;
use crate::support::bucket::stub::{Behavior, Reply, Request, Stub, error_response, response};
use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;

const GIVEN: &str = r#"{"AccessKeyId": "ASIACANARYGIVEN00001", "SecretAccessKey": "given-secret-canary", "Token": "given-token-canary-00001", "Expiration": "2999-01-01T00:00:00Z"}"#;

/// `backup list` without credentials in the environment.
fn without_credentials<'s>(stub: &Stub, accounts: &'s StandIn) -> Program<'s> {
    let program = stub
        .program(accounts, "backup list")
        .arg("--repo")
        .arg(REPO);
    program
        .without_env("AWS_ACCESS_KEY_ID")
        .without_env("AWS_SECRET_ACCESS_KEY")
}

fn assert_reported(run: &Run, code: i32, words: &str) {
    run.assert_code(code);
    assert!(
        run.stderr.contains(words) && run.stderr.contains("hint: "),
        "{}",
        run.transcript()
    );
}

fn assert_signed_with_given(requests: &[Request]) {
    assert!(!requests.is_empty());
    for request in requests {
        assert!(request.headers["authorization"].contains("Credential=ASIACANARYGIVEN00001/"));
        assert_eq!(
            request.headers["x-amz-security-token"],
            "given-token-canary-00001"
        );
    }
}

#[test]
fn incomplete_or_invalid_credentials_fail_before_any_request() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let run = without_credentials(&stub, &accounts)
        .env("AWS_ACCESS_KEY_ID", "AKIACANARY")
        .run();
    assert_reported(&run, 4, "AWS_SECRET_ACCESS_KEY is not");
    let run = without_credentials(&stub, &accounts)
        .env("AWS_SECRET_ACCESS_KEY", "canary")
        .run();
    assert_reported(&run, 4, "AWS_ACCESS_KEY_ID is not");
    let run = without_credentials(&stub, &accounts)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .run();
    assert_reported(&run, 4, "no credentials");
    for broken in [
        "canary with a space",
        "canary\nX-Header: forged",
        "canary\u{e9}",
    ] {
        let program = stub
            .program(&accounts, "backup list")
            .arg("--repo")
            .arg(REPO);
        assert_reported(
            &program.env("AWS_ACCESS_KEY_ID", broken).run(),
            64,
            "AWS_ACCESS_KEY_ID cannot be used",
        );
    }
    for (name, value) in [
        ("AWS_REGION", "eu-west-1/canary"),
        ("AWS_ENDPOINT_URL_STS", "sts"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "metadata:"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "creds"),
        (
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            ".example.com/creds",
        ),
        (
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "@example.com/creds",
        ),
    ] {
        assert_reported(
            &without_credentials(&stub, &accounts).env(name, value).run(),
            64,
            &format!("{name} cannot be used"),
        );
    }
    assert!(stub.requests("GET").is_empty());
}

/// A session token and a region from the environment are part of the signature.
#[test]
fn the_session_token_and_region_are_part_of_the_signature() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let list = || {
        stub.program(&accounts, "backup list")
            .arg("--repo")
            .arg(REPO)
    };
    list().run().assert_code(10);
    let run = list()
        .env("AWS_SESSION_TOKEN", "session-canary-token-0001")
        .env("AWS_DEFAULT_REGION", "eu-south-2")
        .run();
    run.assert_code(10);
    list()
        .env("AWS_DEFAULT_REGION", "eu-south-2")
        .env("AWS_REGION", "eu-north-1")
        .run();
    let requests = stub.requests("GET");
    let scope = |index: usize| requests[index].headers["authorization"].clone();
    assert!(
        scope(0).contains("/us-east-1/s3/aws4_request"),
        "{}",
        scope(0)
    );
    assert!(
        scope(1).contains("/eu-south-2/s3/aws4_request"),
        "{}",
        scope(1)
    );
    assert!(
        scope(2).contains("/eu-north-1/s3/aws4_request"),
        "{}",
        scope(2)
    );
    assert_eq!(
        requests[1].headers["x-amz-security-token"],
        "session-canary-token-0001"
    );
}

/// Credentials from the cloud's instance metadata service.
#[test]
fn credentials_come_from_the_metadata_service() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let metadata_service = Stub::with(|request| {
        let reply: &[u8] = match (request.method.as_str(), request.target.as_str()) {
            ("PUT", "/latest/api/token") => b"metadata-token-canary",
            ("GET", "/latest/meta-data/iam/security-credentials/") => b"backup-role",
            ("GET", "/latest/meta-data/iam/security-credentials/backup-role") => GIVEN.as_bytes(),
            _ => return Behavior::ReplyOnly(Reply::Bytes(response(404, &[], b""))),
        };
        Behavior::ReplyOnly(Reply::Bytes(response(200, &[], reply)))
    });
    let list = || {
        without_credentials(&stub, &accounts)
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata_service.url())
    };
    list().run().assert_code(10);
    assert_signed_with_given(&stub.requests("GET"));
    metadata_service.set_behavior(|request| {
        Behavior::ReplyOnly(Reply::Bytes(error_response(
            403,
            "Forbidden",
            &request.target,
        )))
    });
    assert_reported(&list().run(), 4, "the credentials endpoint");
    // Malformed values that would become part of the next request: a token, a role, and the credentials.
    let forged = GIVEN.replace("given-token", "given\\ntoken");
    for (token, role, given) in [
        ("<html>canary</html>\n", "role", GIVEN),
        ("token", "a role, canary\r\nX: y", GIVEN),
        ("token", "", GIVEN),
        ("token", "role", "secret-canary that is no JSON"),
        ("token", "role", forged.as_str()),
    ] {
        let replies = [token, role, given].map(str::to_owned);
        metadata_service.set_behavior(move |request| {
            let index = match request.method.as_str() {
                "PUT" => 0,
                _ if request.target.ends_with('/') => 1,
                _ => 2,
            };
            Behavior::ReplyOnly(Reply::Bytes(response(200, &[], replies[index].as_bytes())))
        });
        assert_reported(&list().run(), 4, "no credentials");
    }
}

/// Credentials of a container: a URL, and a file with the authorization token for it.
#[test]
fn credentials_come_from_the_container_endpoint() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    accounts.write("token", "container-token-canary");
    let container = Stub::with(|request| {
        let is_authorized = request
            .headers
            .get("authorization")
            .is_some_and(|text| text == "container-token-canary");
        Behavior::ReplyOnly(Reply::Bytes(if is_authorized {
            response(200, &[], GIVEN.as_bytes())
        } else {
            error_response(403, "Forbidden", "no")
        }))
    });
    let list = || {
        without_credentials(&stub, &accounts).env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            &format!("{}/creds", container.url()),
        )
    };
    list()
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token")
        .run()
        .assert_code(10);
    assert_signed_with_given(&stub.requests("GET"));
    let run = list()
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "no-such-file")
        .run();
    run.assert_code(1);
    assert!(
        run.stderr.contains("AUTHORIZATION_TOKEN_FILE"),
        "{}",
        run.transcript()
    );
    accounts.write("broken", "container-token-canary\n\nX: y");
    let run = list()
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "broken")
        .run();
    assert_reported(&run, 64, "cannot be used");
}
