//! `account check`: one read of the account; a report and an exit code for every outcome.

use super::{with_config, with_profiles, without_keys};
use crate::support::program::Run;
use crate::support::stand_in::{NOBODY, StandIn, options_with};
use crate::support::tls::{Network, ProxyMode};
use hookferry::sandbox::{Options, seeds};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

/// The result for one subject of a JSON report.
fn result_of<'d>(document: &'d Value, subject: &str) -> &'d str {
    let findings = document["findings"].as_array().unwrap();
    let finding = findings
        .iter()
        .find(|finding| finding["subject"] == subject);
    finding.unwrap()["result"].as_str().unwrap()
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn an_account_is_checked_in_both_formats() {
    let accounts = with_profiles();
    let run = without_keys(&accounts, "account check from").run();
    run.assert_code(0);
    assert_transcript!("text", run);
    let run = without_keys(&accounts, "account check to -o json").run();
    run.assert_code(0);
    let document = report(&run);
    assert_eq!(document["kind"], "account-check");
    assert_eq!(document["company_id"], 67890);
    assert_eq!(document["expected_company_id"], 67890);
    assert_eq!(document["webhooks"], 4);
    assert_eq!(document["ok"], true);
    assert!(document["clock_skew_seconds"].as_i64().unwrap().abs() <= 2);
    assert!(document["milliseconds"].is_u64());
    assert_eq!(result_of(&document, "write"), "unknown");
    // One read of the list and one of the summaries, and no write.
    assert_eq!(accounts.request_counts(), [2, 2]);
}

#[test]
fn without_a_profile_the_key_of_the_side_is_used() {
    let accounts = StandIn::demo();
    let run = accounts.program("account check [source]").run();
    run.assert_code(0);
    assert_transcript!("source", run);
    accounts
        .program("account check [target]")
        .run()
        .assert_code(4);
    let run = accounts.program("account check [target] --as target").run();
    run.assert_code(0);
    assert!(
        run.stdout.contains("in HOOKFERRY_TARGET_API_KEY"),
        "{}",
        run.stdout
    );
}

#[test]
fn the_check_uses_the_profile_key_and_names_keys_that_are_not_used() {
    let accounts = with_profiles();
    for (flags, unused) in [
        (
            "",
            "HOOKFERRY_SOURCE_API_KEY, HOOKFERRY_TARGET_API_KEY_FILE",
        ),
        ("--as source", "HOOKFERRY_SOURCE_API_KEY"),
        ("--as target", "HOOKFERRY_TARGET_API_KEY_FILE"),
    ] {
        let run = without_keys(&accounts, &format!("account check from -o json {flags}"))
            .env("HOOKFERRY_SOURCE_API_KEY", "wrong-canary")
            .env("HOOKFERRY_TARGET_API_KEY_FILE", "no-such-file")
            .run();
        run.assert_code(0);
        let key = &report(&run)["findings"][0];
        assert_eq!(key["result"], "ok");
        let text = format!(
            "of profile from (file keys/source); set in the environment and not used: {unused}"
        );
        assert_eq!(key["text"], text);
    }
}

#[test]
fn the_check_warns_of_a_key_that_stands_in() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.p]\nurl = \"[source]\"\napi_key_env = \"PROD_KEY\"\n",
    );
    let run = accounts.program("account check p").run();
    run.assert_code(0);
    assert_transcript!(run);
}

#[test]
fn a_failure_is_reported_and_sets_the_exit_code() {
    let failing = |fault: &str| StandIn::start(options_with(seeds::demo(), &[], &[fault]));
    for (name, accounts, code, failed) in [
        ("forbidden", failing("get:1x*:status=403"), 4, "read"),
        ("not_found", failing("get:1x*:status=404"), 1, "read"),
        ("server_error", failing("get:1x*:status=503"), 1, "read"),
        ("a_page", failing("get:1x*:html-200"), 1, "reach"),
        ("cut_short", failing("get:1x*:truncate"), 1, "reach"),
        ("hung_up", failing("get:1x*:drop-before"), 1, "reach"),
    ] {
        let run = accounts.program("account check [target] --as target").run();
        run.assert_code(code);
        assert_transcript!(name, run);
        let run = accounts
            .program("account check [target] --as target -o json --quiet")
            .run();
        run.assert_code(code);
        let document = report(&run);
        assert_eq!(result_of(&document, failed), "failed", "{name}");
        assert_eq!(document["ok"], false);
        // Each run reads once.
        assert_eq!(accounts.request_counts(), [0, 2]);
    }
}

#[test]
fn a_missing_key_and_an_unreachable_server_are_reported() {
    let accounts = with_profiles();
    let run = without_keys(&accounts, "account check [source]").run();
    run.assert_code(4);
    assert_transcript!("no_key", run);
    assert_eq!(accounts.request_counts(), [0, 0]);
    let run = accounts
        .program(&format!("account check http://{NOBODY}"))
        .run();
    run.assert_code(1);
    assert_text!("no_server", run.transcript().replace(NOBODY, "[nobody]"));
}

#[test]
fn a_wrong_company_fails_and_no_company_is_unknown() {
    let wrong =
        "[profile.p]\nurl = \"[source]\"\napi_key_file = \"keys/source\"\ncompany_id = 4711\n";
    let accounts = with_config(StandIn::demo(), wrong);
    let run = without_keys(&accounts, "account check p").run();
    run.assert_code(5);
    assert_transcript!("another", run);
    let accounts = with_config(StandIn::start(Options::default()), wrong);
    let run = without_keys(&accounts, "account check p -o json").run();
    run.assert_code(0);
    let document = report(&run);
    assert_eq!(result_of(&document, "company"), "unknown");
    assert_eq!(document["expected_company_id"], 4711);
    assert!(document["company_id"].is_null());
}

#[test]
fn an_untrusted_certificate_fails_the_check() {
    let accounts = StandIn::demo();
    let network = Network::around(&accounts, ProxyMode::Connect);
    accounts.write("ca.pem", network.ca());
    let line = "account check eu1";
    let through_proxy = |line: &str| accounts.program(line).env("HTTPS_PROXY", &network.proxy());
    let run = through_proxy(&format!("{line} --ca-file ca.pem")).run();
    run.assert_code(0);
    assert_transcript!("trusted", run);
    let run = through_proxy(line).run();
    run.assert_code(1);
    assert_transcript!("untrusted", run);
}

/// Checks an account whose server's clock differs from ours by `by`, and returns the report.
fn check_with_skew(ahead: bool, by: Duration) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let n = stream.read(&mut request).unwrap();
        assert!(n > 0);
        let now = SystemTime::now();
        let date = httpdate::fmt_http_date(if ahead { now + by } else { now - by });
        let answer = format!(
            "HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]"
        );
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let line = format!("account check http://{address} -o json");
    let run = crate::support::program::Program::without_accounts(&line).run();
    run.assert_code(0);
    server.join().unwrap();
    report(&run)
}

#[test]
fn a_large_clock_skew_is_a_warning() {
    let ahead = check_with_skew(true, Duration::from_secs(300));
    assert_eq!(result_of(&ahead, "clock"), "warning");
    assert!((298..=301).contains(&ahead["clock_skew_seconds"].as_i64().unwrap()));
    let behind = check_with_skew(false, Duration::from_secs(90));
    assert_eq!(result_of(&behind, "clock"), "warning");
    assert!((-92..=-89).contains(&behind["clock_skew_seconds"].as_i64().unwrap()));
    assert_eq!(
        result_of(&check_with_skew(true, Duration::from_secs(30)), "clock"),
        "ok"
    );
}
