//! The network as it is in offices: a company's own certificates, and a proxy between.

use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;
use crate::support::tls::{Manner, Network, authority};

const MIGRATE: &str = "migrate --from eu1 --to us2 --yes --rate 1000 --timeout 10s";

/// Two accounts behind TLS and a proxy; the authority's certificate is in `ca.pem`.
fn office(manner: Manner) -> (StandIn, Network) {
    let accounts = StandIn::demo();
    let network = Network::around(&accounts, manner);
    accounts.write("ca.pem", network.ca());
    (accounts, network)
}

fn by_proxy<'s>(accounts: &'s StandIn, network: &Network, command_line: &str) -> Program<'s> {
    accounts
        .program(command_line)
        .env("HTTPS_PROXY", &network.proxy())
}

fn nothing_was_written(accounts: &StandIn, run: &Run) {
    run.assert_code(1);
    assert!(accounts.posts().is_empty(), "{}", run.transcript());
}

fn assert_migrated(accounts: &StandIn, run: &Run) {
    run.assert_code(0);
    assert!(accounts.copies().iter().all(|copies| *copies == 1));
}

#[test]
fn a_migration_through_a_proxy_with_an_authority_of_its_own() {
    let (accounts, network) = office(Manner::Connects);
    let run = by_proxy(&accounts, &network, &format!("{MIGRATE} --ca-file ca.pem")).run();
    assert_migrated(&accounts, &run);
    let log = network.log();
    assert!(log.contains("CONNECT api.eu1.coralogix.com:443 "), "{log}");
    assert!(log.contains("CONNECT api.us2.coralogix.com:443 "), "{log}");
    // The proxy gets its own credentials, and hears of hosts only.
    let asked = log.to_lowercase();
    assert!(asked.contains("proxy-authorization: basic "), "{log}");
    for secret in ["canary", "bearer", "/api/v1"] {
        assert!(!asked.contains(secret), "the proxy heard {secret}: {log}");
    }
}

#[test]
fn the_system_s_certificates_can_be_replaced() {
    let (accounts, network) = office(Manner::Connects);
    let ca = accounts.home().join("ca.pem");
    let run = by_proxy(&accounts, &network, MIGRATE)
        .env("SSL_CERT_FILE", ca.to_str().unwrap())
        .run();
    assert_migrated(&accounts, &run);
}

#[test]
fn every_spelling_of_the_proxy_s_variable_is_heard() {
    for name in ["https_proxy", "ALL_PROXY", "all_proxy"] {
        let (accounts, network) = office(Manner::Connects);
        let run = accounts
            .program("list --from eu1 --ca-file ca.pem")
            .env(name, &network.proxy())
            .run();
        run.assert_code(0);
        assert!(network.log().contains("CONNECT api.eu1.coralogix.com:443 "));
    }
}

#[test]
fn this_machine_is_reached_without_the_proxy() {
    let (accounts, network) = office(Manner::WantsCredentials);
    let command_line = format!(
        "migrate --from [source] --to {} --yes --rate 1000 --ca-file ca.pem",
        network.target()
    );
    let run = by_proxy(&accounts, &network, &command_line).run();
    assert_migrated(&accounts, &run);
    assert_eq!(network.log(), "");
}

/// Without a proxy the same failure comes in one more wrapping; it is no passing one, and is not tried again.
#[test]
fn a_certificate_of_an_unknown_authority_is_told_without_a_proxy() {
    let (accounts, network) = office(Manner::Connects);
    let run = accounts
        .program(&format!("list --from {}", network.target()))
        .run();
    run.assert_code(1);
    for words in ["the certificate of", "was not accepted", "--ca-file"] {
        assert!(run.stderr.contains(words), "{}", run.transcript());
    }
    assert!(!run.stderr.contains("next try"), "{}", run.transcript());
}

#[test]
fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let (accounts, network) = office(Manner::Connects);
    let run = by_proxy(&accounts, &network, MIGRATE).run();
    nothing_was_written(&accounts, &run);
    assert_transcript!("untrusted", run);
    accounts.write("other.pem", &authority().0);
    let run = by_proxy(
        &accounts,
        &network,
        &format!("{MIGRATE} --ca-file other.pem"),
    )
    .run();
    nothing_was_written(&accounts, &run);
    accounts.write("empty.pem", "no certificate\n");
    let run = by_proxy(
        &accounts,
        &network,
        &format!("{MIGRATE} --ca-file empty.pem"),
    )
    .run();
    run.assert_code(64);
}

#[test]
fn a_proxy_that_does_not_connect_is_told_apart_from_the_account() {
    let (accounts, network) = office(Manner::WantsCredentials);
    let run = by_proxy(&accounts, &network, &format!("{MIGRATE} --ca-file ca.pem")).run();
    nothing_was_written(&accounts, &run);
    assert_transcript!("credentials", run);
    // Nothing listens on the port of a listener that was closed.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let run = accounts
        .program(&format!("{MIGRATE} --ca-file ca.pem"))
        .env("HTTPS_PROXY", &format!("http://user:canary@{address}"))
        .run();
    nothing_was_written(&accounts, &run);
    assert_text!(
        "down",
        run.transcript().replace(&address.to_string(), "[proxy]")
    );
}

/// Whatever is logged, by this program and by what it is made of, no secret is in it.
#[test]
fn the_deepest_logs_hold_no_secret() {
    for (flags, variable, filter) in [
        ("-vvv", "HOOKFERRY_LOG", "trace"),
        ("-vvv --log-format json", "HOOKFERRY_LOG", "trace"),
        (
            "",
            "HOOKFERRY_LOG",
            "hyper=trace,hyper_util=trace,rustls=trace,reqwest=trace,hookferry=trace",
        ),
        ("-vvv", "RUST_LOG", "trace"),
    ] {
        let (accounts, network) = office(Manner::Connects);
        let command_line = format!("{MIGRATE} --ca-file ca.pem {flags}");
        let run = by_proxy(&accounts, &network, &command_line)
            .env(variable, filter)
            .run();
        assert_migrated(&accounts, &run);
        let is_logged = run.stderr.contains("request");
        assert!(is_logged, "{}", run.stderr);
    }
}
