//! Servers that ask to wait: reads and rollbacks wait as asked, within `--max-wait`. For writes, see
//! `exactly_once::lost`.

use crate::support::parallel::in_parallel;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{LoggedRequest, Options, seeds};

/// Every header form, and the wait that the program announces; headers with a moment may round up to a second more.
const FORMS: &[(&str, &str)] = &[
    ("", "1"),
    (",retry-after=1", "1 s"),
    (",retry-after=0.5", "1 s"),
    (",retry-after=soon", "1"),
    (",retry-after=date+1", ""),
    (",ratelimit-reset=1", "1 s"),
    (",ratelimit-reset=0.2", "1 s"),
    (",x-ratelimit-reset=1", "1 s"),
    (",x-ratelimit-reset=epoch+1", ""),
    (",x-ratelimit-reset=epoch-ms+1", ""),
    (",ratelimit=limit=10, remaining=0, reset=1", "1 s"),
    (",ratelimit=\"default\";r=0;t=1", "1 s"),
];

/// Headers that ask to wait until tomorrow.
const UNTIL_TOMORROW: &[&str] = &[
    "retry-after=86400",
    "retry-after=86399.5",
    "retry-after=date+86460",
    "ratelimit-reset=86400",
    "x-ratelimit-reset=epoch+86460",
    "x-ratelimit-reset=epoch-ms+86460",
    "ratelimit=\"default\";r=0;t=86400",
];

/// Checks every item, and fails with the first failure.
fn check_each<T: Sync>(items: &[T], check: impl Fn(&T) + Sync) {
    for outcome in in_parallel(items, check) {
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

fn target_with(fault: &str) -> StandIn {
    StandIn::with(&[], &[fault])
}

fn source_with(fault: &str) -> StandIn {
    let mut options = Options::from(seeds::demo());
    options.source.faults = vec![fault.parse().unwrap()];
    StandIn::start(options)
}

#[test]
fn a_read_waits_as_every_header_form_asks() {
    check_each(FORMS, |(header, wait)| {
        let accounts = source_with(&format!("get:1:status=429{header}"));
        let run = accounts.program("list --from [source]").run();
        run.assert_code(0);
        let announced = format!("rate limited (429), retrying in {wait}");
        assert!(run.stderr.contains(&announced), "{}", run.transcript());
        assert_eq!(accounts.source().log().len(), 2);
    });
}

#[test]
fn a_read_stops_at_once_if_the_server_asks_for_more_than_it_may_wait() {
    check_each(UNTIL_TOMORROW, |header| {
        let accounts = source_with(&format!("get:1x*:status=429,{header}"));
        let run = accounts.program("list --from [source]").run();
        run.assert_code(1);
        let hint = "it asks to wait until 2";
        assert!(run.stderr.contains(hint), "{}", run.transcript());
        assert!(run.stderr.contains(" UTC (24 h"));
        assert_eq!(accounts.source().log().len(), 1);
    });
}

#[test]
fn a_read_gives_up_a_429_without_a_header_when_its_time_is_over() {
    let accounts = source_with("get:1x*:status=429");
    let run = accounts.program("list --from [source] --max-wait 1s").run();
    run.assert_code(1);
    assert!(run.stderr.contains("rate limit is still exhausted"));
    let n_requests = accounts.source().log().len();
    assert!((1..=2).contains(&n_requests), "{n_requests} requests");
}

#[test]
fn a_read_that_may_not_wait_is_sent_once() {
    let accounts = source_with("get:1x*:status=503,retry-after=1");
    let run = accounts.program("list --from [source] --max-wait 0s").run();
    run.assert_code(1);
    assert!(run.stderr.contains("it asks to wait until 2"));
    assert_eq!(accounts.source().log().len(), 1);
}

/// Reads and writes draw on one budget: a second for the read leaves too little for the write.
#[test]
fn reads_and_writes_share_one_budget() {
    let migrate = "migrate --from [source] --to [target] --yes --rate 1000";
    for (max_wait, code) in [("1500ms", 1), ("2500ms", 0)] {
        let accounts = StandIn::with(
            &[],
            &[
                "get:1:status=429,retry-after=1",
                "post:1:status=429,retry-after=1",
            ],
        );
        let run = accounts
            .program(&format!("{migrate} --max-wait {max_wait}"))
            .run();
        run.assert_code(code);
        let asked = "asks to wait until 2";
        assert_eq!(
            run.stderr.contains(asked),
            code == 1,
            "{}",
            run.transcript()
        );
    }
}

/// After the write was refused, the target is read only when the server accepts requests again.
#[test]
fn a_429_for_a_write_holds_the_next_read() {
    let accounts = StandIn::with(&[], &["post:1:status=429,retry-after=1"]);
    let run = accounts
        .program("migrate --from [source] --to [target] --yes --rate 1000")
        .run();
    run.assert_code(0);
    let log = accounts.target().log();
    let refused_ix = log.iter().position(|seen| seen.method == "POST").unwrap();
    let pause = log[refused_ix + 1].received_at - log[refused_ix].received_at;
    assert_eq!(log[refused_ix + 1].method, "GET");
    assert!(pause.as_millis() >= 1000, "{pause:?}");
}

#[test]
fn a_rollback_waits_as_every_header_form_asks() {
    check_each(FORMS, |(header, _)| {
        let accounts = target_with(&format!("delete:1:status=429{header}"));
        let before = accounts.target().webhooks();
        migrate(&accounts);
        let run = accounts.program("rollback latest --yes --rate 1000").run();
        run.assert_code(0);
        assert!(
            run.stderr.contains("rate limited (429)"),
            "{}",
            run.transcript()
        );
        assert_eq!(accounts.target().webhooks(), before);
    });
}

#[test]
fn a_rollback_stops_at_once_if_the_server_asks_for_more_than_it_may_wait() {
    let accounts = target_with("delete:2x*:status=429,retry-after=86400");
    migrate(&accounts);
    let run = accounts.program("rollback latest --yes --rate 1000").run();
    run.assert_code(3);
    let words = " UTC (24 h)";
    assert!(run.output().contains(words), "{}", run.transcript());
    let is_delete = |request: &&LoggedRequest| request.method == "DELETE";
    assert_eq!(accounts.target().log().iter().filter(is_delete).count(), 2);
}

fn migrate(accounts: &StandIn) {
    accounts
        .program("migrate --from [source] --to [target] --yes --rate 1000")
        .run()
        .assert_code(0);
}
