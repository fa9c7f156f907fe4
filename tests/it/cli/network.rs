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

/// Whoever reads "connection refused" checks the account, and not the proxy that nobody answers at.
#[test]
fn a_proxy_that_is_down_is_named_with_its_variable() {
    let accounts = StandIn::demo();
    let list = "list --from eu1 --rate 1000";
    for (name, value) in [
        ("HTTPS_PROXY", format!("http://user:proxy-canary@{NOBODY}")),
        ("https_proxy", NOBODY.to_owned()),
        ("ALL_PROXY", format!("http://{NOBODY}/")),
        ("all_proxy", format!("http://{NOBODY}")),
    ] {
        let run = accounts.program(list).env(name, &value).run();
        run.assert_code(1);
        let words = format!("through the proxy {NOBODY} ({name}): Connection refused");
        assert!(run.stderr.contains(&words), "{}", run.stderr);
        assert!(
            run.stderr.contains(&format!("the value of {name}")),
            "{}",
            run.stderr
        );
    }
    let run = accounts
        .program("account check eu1 --rate 1000")
        .env("HTTPS_PROXY", &format!("http://{NOBODY}"))
        .run();
    let words = format!("no connection: the proxy {NOBODY} (HTTPS_PROXY): Connection refused");
    assert!(run.stdout.contains(&words), "{}", run.transcript());
}

#[test]
fn a_certificate_for_another_name_says_which_name_was_asked_for() {
    let (accounts, network) = office_network(ProxyMode::Connect);
    let url = network.target().replace("localhost", "127.0.0.1");
    let list = format!("list --from {url} --ca-file ca.pem");
    let run = accounts.program(&list).run();
    run.assert_code(1);
    for words in [
        "it is not valid for 127.0.0.1, the name that was asked for, but for api.eu1.coralogix.com",
        "check the region or URL for a wrong host",
    ] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    let plain = accounts.target().url().replace("http://", "https://");
    let run = accounts
        .program(&format!("list --from {plain} --ca-file ca.pem"))
        .run();
    run.assert_code(1);
    assert!(run.stderr.contains("does not speak TLS"), "{}", run.stderr);
}

#[test]
fn ca_variables_that_lead_nowhere_are_named() {
    let accounts = StandIn::demo();
    accounts.write("empty.pem", "no certificate\n");
    for (name, path, words) in [
        (
            "SSL_CERT_FILE",
            "missing.pem",
            "the file that SSL_CERT_FILE names `missing.pem`: No such file",
        ),
        (
            "SSL_CERT_FILE",
            "empty.pem",
            "`empty.pem`, which SSL_CERT_FILE names, contains no PEM certificate",
        ),
        (
            "SSL_CERT_DIR",
            "missing",
            "`missing`, which SSL_CERT_DIR names, is not a folder",
        ),
    ] {
        let run = accounts.program("list --from eu1").env(name, path).run();
        run.assert_code(64);
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert!(
            run.stderr.contains("hint: correct or unset"),
            "{}",
            run.stderr
        );
        // Plain http needs no certificates.
        let run = accounts
            .program("list --from [source]")
            .env(name, path)
            .run();
        run.assert_code(0);
    }
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
