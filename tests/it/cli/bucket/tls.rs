//! TLS to object stores and credential services: a private certificate authority works, an untrusted one does not.

use super::REPO;
use crate::support::bucket::stub::{Behavior, Reply, Stub, error_response, response};
use crate::support::bucket::{KEY, with_store};
use crate::support::program::Program;
use crate::support::stand_in::{NOBODY, StandIn};
use crate::support::tls::{authority, start_tls_front};
use std::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// Starts a TLS front for a stub, and returns its URL and its authority's certificate. It runs until the tests end.
fn start_tls_for(stub: &Stub) -> (String, String) {
    let (ca, config) = authority();
    let plain = stub.url().trim_start_matches("http://").parse().unwrap();
    let (started, address) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let address = start_tls_front(plain, TlsAcceptor::from(config)).await;
            started.send(address).unwrap();
            std::future::pending::<()>().await;
        });
    });
    let port = address.recv().unwrap().port();
    (format!("https://localhost:{port}"), ca)
}

fn list<'s>(accounts: &'s StandIn, url: &str) -> Program<'s> {
    let program = with_store(accounts.program("backup list"), url, KEY);
    program.arg("--repo").arg(REPO)
}

#[test]
fn a_private_authority_is_trusted_by_bundle_or_system_setting() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let (url, ca) = start_tls_for(&stub);
    let unknown = list(&accounts, &url).run();
    unknown.assert_code(1);
    for words in ["certificate", REPO, "hint: ", "AWS_CA_BUNDLE"] {
        assert!(unknown.stderr.contains(words), "{}", unknown.transcript());
    }
    assert!(stub.requests("GET").is_empty());
    accounts.write("ca.pem", &ca);
    let trusted = list(&accounts, &url).env("AWS_CA_BUNDLE", "ca.pem");
    trusted.run().assert_code(10);
    let trusted = list(&accounts, &url).env("SSL_CERT_FILE", "ca.pem");
    trusted.run().assert_code(10);
    assert_eq!(stub.requests("GET").len(), 2);
    accounts.write("key.pem", "no certificate");
    let invalid = list(&accounts, &url).env("AWS_CA_BUNDLE", "key.pem").run();
    invalid.assert_code(64);
    assert!(
        invalid.stderr.contains("no PEM certificate"),
        "{}",
        invalid.transcript()
    );
}

/// A web identity token from a file is exchanged for a role's credentials, over TLS only.
#[test]
fn a_web_identity_token_assumes_a_role_over_tls_only() {
    let (store, accounts) = (Stub::start(), StandIn::demo());
    let sts = Stub::with(|request| {
        let is_ours = request
            .target
            .contains("WebIdentityToken=web-identity-canary")
            && request.target.contains("RoleSessionName=nightly");
        Behavior::ReplyOnly(Reply::Bytes(if is_ours {
            let credentials = "<Credentials><SessionToken>given-token-canary-00001</SessionToken><SecretAccessKey>given-secret-canary</SecretAccessKey><AccessKeyId>ASIACANARYGIVEN00001</AccessKeyId><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>";
            let xml = format!(
                "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>{credentials}</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
            );
            response(200, &[], xml.as_bytes())
        } else {
            error_response(403, "AccessDenied", &request.target)
        }))
    });
    let (url, ca) = start_tls_for(&sts);
    accounts.write("ca.pem", &ca);
    accounts.write("token", "web-identity-canary-token");
    let by_role = |file: &str, sts: &str| {
        list(&accounts, &store.url())
            .without_env("AWS_ACCESS_KEY_ID")
            .without_env("AWS_SECRET_ACCESS_KEY")
            .env("AWS_CA_BUNDLE", "ca.pem")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", file)
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/backup")
            .env("AWS_ROLE_SESSION_NAME", "nightly")
            .env("AWS_ENDPOINT_URL_STS", sts)
            .run()
    };
    by_role("token", &url).assert_code(10);
    let requests = store.requests("GET");
    assert!(requests[0].headers["authorization"].contains("Credential=ASIACANARYGIVEN00001/"));
    accounts.write("token", "another-canary-token");
    let refused = by_role("token", &url);
    refused.assert_code(4);
    assert!(
        refused.stderr.contains("403 AccessDenied"),
        "{}",
        refused.transcript()
    );
    by_role("no-such-file", &url).assert_code(4);
    let n_before = sts.requests("POST").len();
    by_role("token", &sts.url()).assert_code(4);
    assert_eq!(sts.requests("POST").len(), n_before, "never without TLS");
}

/// Like an account's: "connection refused" alone sends everybody to the store.
#[test]
fn a_proxy_that_is_down_is_named_and_not_the_store() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("backup list --repo s3://backups/hookferry")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "canary-secret")
        .env("HTTPS_PROXY", &format!("http://user:proxy-canary@{NOBODY}"))
        .run();
    run.assert_code(1);
    let words = format!("through the proxy {NOBODY} (HTTPS_PROXY): Connection refused");
    assert!(run.stderr.contains(&words), "{}", run.stderr);
}
