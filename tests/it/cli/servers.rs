//! Servers that refuse, fail, or are not the API: each error has a hint and an exit code, and nothing is written.

use crate::support::program::Run;
use crate::support::stand_in::{NOBODY, StandIn, options_with};
use hookferry::sandbox::{Options, Switches, seeds};

const LINE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";

/// Runs a migration and asserts that it fails with this code and that nothing arrives.
fn assert_migrates_nothing(accounts: &StandIn, code: i32) -> Run {
    let before = accounts.target().webhooks();
    let run = accounts.program(LINE).run();
    run.assert_code(code);
    assert_eq!(accounts.target().webhooks(), before);
    assert!(run.stderr.contains("hint:"), "{}", run.stderr);
    run
}

fn with_source(switches: &[&str], faults: &[&str]) -> StandIn {
    let mut options = Options::from(seeds::demo());
    options.source.switches = Switches::parse(switches).unwrap();
    options.source.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    StandIn::start(options)
}

#[test]
fn a_refused_key_is_reported() {
    let accounts = StandIn::demo();
    let wrong = accounts
        .program(LINE)
        .env("HOOKFERRY_SOURCE_API_KEY", "another-canary-key")
        .run();
    wrong.assert_code(4);
    assert_transcript!("wrong_key_for_the_source", wrong);
    let wrong = accounts
        .program(LINE)
        .env("HOOKFERRY_TARGET_API_KEY", "another-canary-key")
        .run();
    wrong.assert_code(4);
    assert_transcript!("wrong_key_for_the_target", wrong);
    assert!(accounts.posts().is_empty());
}

#[test]
fn a_key_that_may_not_write() {
    let accounts = StandIn::with(&["auth=read-only"], &[]);
    assert_transcript!(assert_migrates_nothing(&accounts, 4));
    assert_eq!(accounts.posts().len(), 4);
}

#[test]
fn a_key_that_is_revoked_while_it_writes() {
    let accounts = StandIn::with(&[], &["post:2:status=401"]);
    let run = accounts.program(&format!("{LINE} --batch-size 4")).run();
    run.assert_code(3);
    assert_transcript!(run);
    assert_eq!(accounts.target().webhooks().len(), 8);
}

#[test]
fn addresses_other_than_the_api_are_reported() {
    assert_transcript!(
        "not_found",
        assert_migrates_nothing(&StandIn::with(&[], &["get:1x*:status=404"]), 1)
    );
    assert_transcript!(
        "not_allowed",
        assert_migrates_nothing(&StandIn::with(&[], &["get:1x*:status=405"]), 1)
    );
    assert_transcript!(
        "no_bulk",
        assert_migrates_nothing(&StandIn::with(&["bulk=gone"], &[]), 1)
    );
    assert_transcript!(
        "a_page",
        assert_migrates_nothing(&StandIn::with(&[], &["get:1x*:html-200"]), 1)
    );
    let accounts = StandIn::demo();
    let run = accounts
        .program("list --from [source]/some/team --quiet")
        .run();
    run.assert_code(1);
    assert_transcript!("wrong_path", run);
}

#[test]
fn an_unknown_list_format_is_reported() {
    assert_transcript!(
        "wrapped",
        assert_migrates_nothing(&StandIn::with(&["list=wrapped"], &[]), 1)
    );
    let accounts = with_source(&["list=wrapped"], &[]);
    assert_transcript!(
        "wrapped_in_the_source",
        assert_migrates_nothing(&accounts, 1)
    );
}

#[test]
fn a_list_that_stays_cut_short() {
    let accounts = StandIn::with(&[], &["get:1x*:truncate"]);
    assert_transcript!(assert_migrates_nothing(&accounts, 1));
}

#[test]
fn a_server_that_stays_down() {
    let accounts = with_source(&[], &["get:1x*:status=503"]);
    assert_transcript!(assert_migrates_nothing(&accounts, 1));
}

#[test]
fn a_server_that_never_answers() {
    let accounts = with_source(&[], &["get:1x*:stall"]);
    let run = accounts.program(&format!("{LINE} --timeout 100ms")).run();
    run.assert_code(1);
    assert_transcript!(run);
}

#[test]
fn a_host_that_cannot_be_reached() {
    let accounts = StandIn::demo();
    let line = format!("migrate --yes --from [source] --to http://{NOBODY}");
    let run = accounts.program(&line).run();
    run.assert_code(1);
    let transcript = run.transcript().replace(NOBODY, "[nobody]");
    assert_text!(transcript);
}

#[test]
fn a_redirect_is_never_followed() {
    let elsewhere = StandIn::demo();
    let fault = format!(
        "any:1x*:redirect={}/api/v1/external/integrations/",
        elsewhere.target().url()
    );
    let accounts = StandIn::start(options_with(seeds::demo(), &[], &[&fault]));
    assert_transcript!("of_a_read", assert_migrates_nothing(&accounts, 1));
    let fault = fault.replace("any", "post");
    let accounts = StandIn::start(options_with(seeds::demo(), &[], &[&fault]));
    assert_transcript!("of_a_write", assert_migrates_nothing(&accounts, 1));
    assert_eq!(elsewhere.request_counts(), [0, 0]);
}

#[test]
fn masked_secrets_are_never_copied() {
    let accounts = with_source(&["list=masked"], &[]);
    let run = accounts
        .program(&format!("{LINE} --on-conflict skip --quiet"))
        .run();
    for post in accounts.posts() {
        let body = String::from_utf8_lossy(&post.body);
        assert!(!body.contains("****"), "{}", run.transcript());
    }
}

/// A burst of five requests, then five per second: the account never receives more.
#[test]
fn the_rate_limit_is_never_exceeded() {
    let accounts = StandIn::demo();
    let migrate = "migrate --from [source] --to [target] --yes --rate 5 --batch-size 1 --settle 1s";
    accounts.program(migrate).run().assert_code(0);
    let seen: Vec<std::time::Instant> = accounts
        .target()
        .log()
        .iter()
        .map(|seen| seen.received_at)
        .collect();
    assert_eq!(seen.len(), 1 + 11 + 1);
    for window in seen.windows(11) {
        let took = window[10] - window[0];
        assert!(took.as_millis() > 900, "11 requests in {took:?}");
    }
}
