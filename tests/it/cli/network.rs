//! Office networks: a private certificate authority, and a proxy in between.

use crate::support::program::{Program, Run};
use crate::support::stand_in::{NOBODY, StandIn};
use crate::support::tls::{Network, ProxyMode, authority};

const MIGRATE: &str = "migrate --from eu1 --to us2 --yes --rate 1000 --timeout 10s";

/// Two accounts behind TLS and a proxy; the authority's certificate is in `ca.pem`.
fn office_network(mode: ProxyMode) -> (StandIn, Network) {
    let accounts = StandIn::demo();
    let network = Network::around(&accounts, mode);
    accounts.write("ca.pem", network.ca());
    (accounts, network)
}

fn through_proxy<'s>(accounts: &'s StandIn, network: &Network, command_line: &str) -> Program<'s> {
    accounts
        .program(command_line)
        .env("HTTPS_PROXY", &network.proxy())
}

fn assert_nothing_written(accounts: &StandIn, run: &Run) {
    run.assert_code(1);
    assert!(accounts.posts().is_empty(), "{}", run.transcript());
}

fn assert_migrated(accounts: &StandIn, run: &Run) {
    run.assert_code(0);
    assert!(accounts.copies().iter().all(|copies| *copies == 1));
}

#[test]
fn a_migration_works_through_a_proxy_with_a_private_authority() {
    let (accounts, network) = office_network(ProxyMode::Connect);
    let run = through_proxy(&accounts, &network, &format!("{MIGRATE} --ca-file ca.pem")).run();
    assert_migrated(&accounts, &run);
    let log = network.log();
    assert!(log.contains("CONNECT api.eu1.coralogix.com:443 "), "{log}");
    assert!(log.contains("CONNECT api.us2.coralogix.com:443 "), "{log}");
    // The proxy gets its own credentials, and learns nothing but host names.
    let requests = log.to_lowercase();
    assert!(requests.contains("proxy-authorization: basic "), "{log}");
    for secret in ["canary", "bearer", "/api/v1"] {
        assert!(
            !requests.contains(secret),
            "the proxy received {secret}: {log}"
        );
    }
}

#[test]
fn the_system_certificates_can_be_replaced() {
    let (accounts, network) = office_network(ProxyMode::Connect);
    let ca = accounts.home().join("ca.pem");
    let run = through_proxy(&accounts, &network, MIGRATE)
        .env("SSL_CERT_FILE", ca.to_str().unwrap())
        .run();
    assert_migrated(&accounts, &run);
}

#[test]
fn every_spelling_of_the_proxy_variable_works() {
    for name in ["https_proxy", "ALL_PROXY", "all_proxy"] {
        let (accounts, network) = office_network(ProxyMode::Connect);
        let run = accounts
            .program("list --from eu1 --ca-file ca.pem")
            .env(name, &network.proxy())
            .run();
        run.assert_code(0);
        assert!(network.log().contains("CONNECT api.eu1.coralogix.com:443 "));
    }
}

#[test]
fn localhost_is_reached_without_the_proxy() {
    let (accounts, network) = office_network(ProxyMode::DemandCredentials);
    let command_line = format!(
        "migrate --from [source] --to {} --yes --rate 1000 --ca-file ca.pem",
        network.target()
    );
    let run = through_proxy(&accounts, &network, &command_line).run();
    assert_migrated(&accounts, &run);
    assert_eq!(network.log(), "");
}

/// Without a proxy the same error is wrapped once more; it is not transient, and is not retried.
#[test]
fn an_unknown_authority_is_reported_without_a_proxy() {
    let (accounts, network) = office_network(ProxyMode::Connect);
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
fn an_unknown_authority_is_not_trusted() {
    let (accounts, network) = office_network(ProxyMode::Connect);
    let run = through_proxy(&accounts, &network, MIGRATE).run();
    assert_nothing_written(&accounts, &run);
    assert_transcript!("untrusted", run);
    accounts.write("other.pem", &authority().0);
    let run = through_proxy(
        &accounts,
        &network,
        &format!("{MIGRATE} --ca-file other.pem"),
    )
    .run();
    assert_nothing_written(&accounts, &run);
    accounts.write("empty.pem", "no certificate\n");
    let run = through_proxy(
        &accounts,
        &network,
        &format!("{MIGRATE} --ca-file empty.pem"),
    )
    .run();
    run.assert_code(64);
}

#[test]
fn proxy_errors_are_distinguished_from_account_errors() {
    let (accounts, network) = office_network(ProxyMode::DemandCredentials);
    let run = through_proxy(&accounts, &network, &format!("{MIGRATE} --ca-file ca.pem")).run();
    assert_nothing_written(&accounts, &run);
    assert_transcript!("credentials", run);
    let run = accounts
        .program(&format!("{MIGRATE} --ca-file ca.pem"))
        .env("HTTPS_PROXY", &format!("http://user:canary@{NOBODY}"))
        .run();
    assert_nothing_written(&accounts, &run);
    assert_text!("down", run.transcript().replace(NOBODY, "[proxy]"));
}

/// No log of the program or its libraries contains a secret.
#[test]
fn trace_logs_contain_no_secret() {
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
        let (accounts, network) = office_network(ProxyMode::Connect);
        let command_line = format!("{MIGRATE} --ca-file ca.pem {flags}");
        let run = through_proxy(&accounts, &network, &command_line)
            .env(variable, filter)
            .run();
        assert_migrated(&accounts, &run);
        let is_logged = run.stderr.contains("request");
        assert!(is_logged, "{}", run.stderr);
    }
}
