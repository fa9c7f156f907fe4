//! Where credentials come from, in the words of AWS; none is ever shown, and none is asked for from elsewhere than was said.

use super::REPO;
use crate::support::bucket::stub::{Asked, Fate, Reply, Stub, answer, refusal};
use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;

const GIVEN: &str = r#"{"AccessKeyId": "ASIACANARYGIVEN00001", "SecretAccessKey": "given-secret-canary", "Token": "given-token-canary-00001", "Expiration": "2999-01-01T00:00:00Z"}"#;

/// A listing of the store, without any credential in the environment.
fn keyless<'s>(stub: &Stub, accounts: &'s StandIn) -> Program<'s> {
    let program = stub
        .program(accounts, "backup list")
        .word("--repo")
        .word(REPO);
    program
        .without_env("AWS_ACCESS_KEY_ID")
        .without_env("AWS_SECRET_ACCESS_KEY")
}

fn told(run: &Run, code: i32, words: &str) {
    run.assert_code(code);
    assert!(
        run.stderr.contains(words) && run.stderr.contains("hint: "),
        "{}",
        run.transcript()
    );
}

fn assert_given(asked: &[Asked]) {
    assert!(!asked.is_empty());
    for asked in asked {
        assert!(asked.headers["authorization"].contains("Credential=ASIACANARYGIVEN00001/"));
        assert_eq!(
            asked.headers["x-amz-security-token"],
            "given-token-canary-00001"
        );
    }
}

#[test]
fn half_a_key_and_no_key_are_told_before_anything_is_sent() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let run = keyless(&stub, &accounts)
        .env("AWS_ACCESS_KEY_ID", "AKIACANARY")
        .run();
    told(&run, 4, "AWS_SECRET_ACCESS_KEY is not");
    let run = keyless(&stub, &accounts)
        .env("AWS_SECRET_ACCESS_KEY", "canary")
        .run();
    told(&run, 4, "AWS_ACCESS_KEY_ID is not");
    let run = keyless(&stub, &accounts)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .run();
    told(&run, 4, "no credentials");
    for broken in [
        "canary with a space",
        "canary\nX-Header: forged",
        "canary\u{e9}",
    ] {
        let program = stub
            .program(&accounts, "backup list")
            .word("--repo")
            .word(REPO);
        told(
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
        told(
            &keyless(&stub, &accounts).env(name, value).run(),
            64,
            &format!("{name} cannot be used"),
        );
    }
    assert!(stub.asked("GET").is_empty());
}

/// A token and a region of the environment are in the signature.
#[test]
fn a_session_token_and_a_region_are_used() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let list = || {
        stub.program(&accounts, "backup list")
            .word("--repo")
            .word(REPO)
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
    let asked = stub.asked("GET");
    let scope = |at: usize| asked[at].headers["authorization"].clone();
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
        asked[1].headers["x-amz-security-token"],
        "session-canary-token-0001"
    );
}

/// The machine's own credentials, as a cloud gives them.
#[test]
fn credentials_of_the_machine() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let cloud = Stub::with(|asked| {
        let reply: &[u8] = match (asked.method.as_str(), asked.target.as_str()) {
            ("PUT", "/latest/api/token") => b"metadata-token-canary",
            ("GET", "/latest/meta-data/iam/security-credentials/") => b"backup-role",
            ("GET", "/latest/meta-data/iam/security-credentials/backup-role") => GIVEN.as_bytes(),
            _ => return Fate::Instead(Reply::Bytes(answer(404, &[], b""))),
        };
        Fate::Instead(Reply::Bytes(answer(200, &[], reply)))
    });
    let list = || keyless(&stub, &accounts).env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &cloud.url());
    list().run().assert_code(10);
    assert_given(&stub.asked("GET"));
    cloud.then(|asked| Fate::Instead(Reply::Bytes(refusal(403, "Forbidden", &asked.target))));
    told(&list().run(), 4, "gives out the credentials");
    // What becomes part of the next request: a token, a role, and the credentials.
    let forged = GIVEN.replace("given-token", "given\\ntoken");
    for (token, role, given) in [
        ("<html>canary</html>\n", "role", GIVEN),
        ("token", "a role, canary\r\nX: y", GIVEN),
        ("token", "", GIVEN),
        ("token", "role", "secret-canary that is no JSON"),
        ("token", "role", forged.as_str()),
    ] {
        let replies = [token, role, given].map(str::to_owned);
        cloud.then(move |asked| {
            let at = match asked.method.as_str() {
                "PUT" => 0,
                _ if asked.target.ends_with('/') => 1,
                _ => 2,
            };
            Fate::Instead(Reply::Bytes(answer(200, &[], replies[at].as_bytes())))
        });
        told(&list().run(), 4, "no credentials");
    }
}

/// A container's credentials: an address, and a file with what opens it.
#[test]
fn credentials_of_a_container() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    accounts.write("token", "container-token-canary");
    let pod = Stub::with(|asked| {
        let is_open = asked
            .headers
            .get("authorization")
            .is_some_and(|text| text == "container-token-canary");
        Fate::Instead(Reply::Bytes(if is_open {
            answer(200, &[], GIVEN.as_bytes())
        } else {
            refusal(403, "Forbidden", "no")
        }))
    });
    let list = || {
        keyless(&stub, &accounts).env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            &format!("{}/creds", pod.url()),
        )
    };
    list()
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token")
        .run()
        .assert_code(10);
    assert_given(&stub.asked("GET"));
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
    told(&run, 64, "cannot be used");
}
