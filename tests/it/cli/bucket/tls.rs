//! TLS to an object store and to what gives out credentials: a company's own authority, and nobody who is not trusted.

use super::REPO;
use crate::support::bucket::stub::{Fate, Reply, Stub, answer, refusal};
use crate::support::bucket::{KEY, opened};
use crate::support::program::Program;
use crate::support::stand_in::StandIn;
use crate::support::tls::{authority, front};
use std::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// TLS in front of a stub, as long as the test lasts: its URL and its authority's certificate.
fn in_front_of(stub: &Stub) -> (String, String) {
    let (ca, config) = authority();
    let plain = stub.url().trim_start_matches("http://").parse().unwrap();
    let (started, address) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let address = front(plain, TlsAcceptor::from(config)).await;
            started.send(address).unwrap();
            std::future::pending::<()>().await;
        });
    });
    let port = address.recv().unwrap().port();
    (format!("https://localhost:{port}"), ca)
}

fn list<'s>(accounts: &'s StandIn, url: &str) -> Program<'s> {
    let program = opened(accounts.program("backup list"), url, KEY);
    program.word("--repo").word(REPO)
}

#[test]
fn a_store_is_trusted_by_the_system_or_by_the_bundle() {
    let (stub, accounts) = (Stub::start(), StandIn::demo());
    let (url, ca) = in_front_of(&stub);
    let unknown = list(&accounts, &url).run();
    unknown.assert_code(1);
    for words in ["certificate", REPO, "hint: ", "AWS_CA_BUNDLE"] {
        assert!(unknown.stderr.contains(words), "{}", unknown.transcript());
    }
    assert!(stub.asked("GET").is_empty());
    accounts.write("ca.pem", &ca);
    let trusted = list(&accounts, &url).env("AWS_CA_BUNDLE", "ca.pem");
    trusted.run().assert_code(10);
    let trusted = list(&accounts, &url).env("SSL_CERT_FILE", "ca.pem");
    trusted.run().assert_code(10);
    assert_eq!(stub.asked("GET").len(), 2);
    accounts.write("key.pem", "no certificate");
    let none = list(&accounts, &url).env("AWS_CA_BUNDLE", "key.pem").run();
    none.assert_code(64);
    assert!(
        none.stderr.contains("no PEM certificate"),
        "{}",
        none.transcript()
    );
}

/// A token that a platform wrote into a file opens a role; it goes over TLS alone.
#[test]
fn a_web_identity_opens_a_role() {
    let (store, accounts) = (Stub::start(), StandIn::demo());
    let sts = Stub::with(|asked| {
        let is_ours = asked
            .target
            .contains("WebIdentityToken=web-identity-canary")
            && asked.target.contains("RoleSessionName=nightly");
        Fate::Instead(Reply::Bytes(if is_ours {
            let credentials = "<Credentials><SessionToken>given-token-canary-00001</SessionToken><SecretAccessKey>given-secret-canary</SecretAccessKey><AccessKeyId>ASIACANARYGIVEN00001</AccessKeyId><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>";
            let xml = format!(
                "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>{credentials}</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
            );
            answer(200, &[], xml.as_bytes())
        } else {
            refusal(403, "AccessDenied", &asked.target)
        }))
    });
    let (url, ca) = in_front_of(&sts);
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
    let asked = store.asked("GET");
    assert!(asked[0].headers["authorization"].contains("Credential=ASIACANARYGIVEN00001/"));
    accounts.write("token", "another-canary-token");
    let refused = by_role("token", &url);
    refused.assert_code(4);
    assert!(
        refused.stderr.contains("403 AccessDenied"),
        "{}",
        refused.transcript()
    );
    by_role("no-such-file", &url).assert_code(4);
    let n_before = sts.asked("POST").len();
    by_role("token", &sts.url()).assert_code(4);
    assert_eq!(sts.asked("POST").len(), n_before, "never without TLS");
}
