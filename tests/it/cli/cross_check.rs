//! `--cross-check`: a list that is cut without saying so is noticed, because the newer API names the webhooks that it
//! lacks. Whatever else that API does, no command fails because of it.

use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Account, Switches};
use serde_json::Value;

/// One test for each case of a check, so that each can be run alone.
macro_rules! cases {
    ($check:ident { $($name:ident: $arguments:expr;)+ }) => {
        mod $check {
            $(#[test]
            fn $name() {
                super::$check($arguments);
            })+
        }
    };
}

const PLAN: &str = "plan --from [source] --to [target] --cross-check";
const MIGRATE: &str =
    "migrate --from [source] --to [target] --yes --cross-check --rate 1000 --settle 300ms";

fn set(account: &Account, switches: &[&str]) {
    account.set_switches(Switches::parse(switches).unwrap());
}

/// The notices of a plan as JSON: code, number of webhooks, whether it is a warning.
fn notices(run: &Run) -> Vec<(String, u64, bool)> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let notices = document["notices"].as_array().unwrap().iter();
    notices
        .map(|notice| {
            let code = notice["code"].as_str().unwrap().to_owned();
            let is_warning = notice["warning"].as_bool().unwrap();
            (code, notice["count"].as_u64().unwrap(), is_warning)
        })
        .collect()
}

fn has_notice(run: &Run, code: &str, count: u64, is_warning: bool) -> bool {
    notices(run).contains(&(code.to_owned(), count, is_warning))
}

#[test]
fn lists_that_both_apis_agree_on_are_said_to_be_whole() {
    let accounts = StandIn::demo();
    let run = accounts.program(PLAN).run();
    run.assert_code(0);
    assert_excerpt!(
        run,
        [
            "note: the newer API",
            "  note: the newer API",
            "  the newer API"
        ]
    );
    // Each account: its list and its summaries.
    assert_eq!(accounts.request_counts(), [2, 2]);
    let run = accounts.program(&format!("{PLAN} -o json")).run();
    assert!(
        has_notice(&run, "cross-checked", 12, false),
        "{}",
        run.stdout
    );
    assert!(
        has_notice(&run, "cross-checked", 4, false),
        "{}",
        run.stdout
    );
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    let run = accounts
        .program("verify --from [source] --to [target] --cross-check")
        .run();
    run.assert_code(0);
    assert!(
        run.stderr
            .contains("names the same 12 webhooks as the list of the source")
    );
}

cases! { a_source_that_is_cut_silently_is_refused {
    plan: super::PLAN;
    dry_run: "migrate --from [source] --to [target] --dry-run --cross-check";
    migrate: super::MIGRATE;
    verify: "verify --from [source] --to [target] --cross-check";
    export: "export --from [source] --out export.json --cross-check";
    list: "list --from [source] --cross-check";
    backup: "backup create --from [source] --repo repo --plaintext --cross-check";
} }

fn a_source_that_is_cut_silently_is_refused(line: &str) {
    let accounts = StandIn::demo();
    set(accounts.source(), &["paging=silent", "page-size=9"]);
    let run = accounts.program(line).run();
    run.assert_code(6);
    assert!(
        run.stderr
            .contains("lacks 3 webhooks that the newer API names: "),
        "{}",
        run.transcript()
    );
    assert!(run.stderr.contains("hint:"), "{}", run.transcript());
    assert!(accounts.posts().is_empty());
    assert!(!accounts.home().join("export.json").exists());
    // Both are read once more before the refusal.
    let n_reads = |path: &str| {
        let log = accounts.source().log();
        log.iter().filter(|seen| seen.path.ends_with(path)).count()
    };
    assert_eq!((n_reads("/integrations/"), n_reads("/summaries")), (2, 2));
}

#[test]
fn a_target_that_is_cut_silently_is_always_refused() {
    let accounts = StandIn::demo();
    set(accounts.target(), &["paging=silent", "page-size=3"]);
    let run = accounts.program(MIGRATE).run();
    run.assert_code(6);
    assert_excerpt!("refused", run, ["hookferry: error:", "hint:"]);
    // What is written depends on what the target holds.
    let run = accounts
        .program(&format!("{MIGRATE} --accept-incomplete"))
        .run();
    run.assert_code(6);
    assert!(accounts.posts().is_empty());
}

#[test]
fn a_source_that_is_cut_silently_can_be_accepted() {
    let accounts = StandIn::demo();
    set(accounts.source(), &["paging=silent", "page-size=9"]);
    let run = accounts
        .program(&format!("{PLAN} --accept-incomplete"))
        .run();
    run.assert_code(0);
    assert!(
        run.stdout
            .contains("the list of the source lacks 3 webhooks that the newer API names"),
        "{}",
        run.transcript()
    );
}

#[test]
fn what_lags_is_read_once_more() {
    let accounts = StandIn::demo();
    accounts.program(MIGRATE).run().assert_code(0);
    // A list that shows a new webhook only the next time it is read.
    set(accounts.source(), &["visible-after=1"]);
    accounts.source().insert(&serde_json::json!({
        "alias": "New on-call", "url": "https://hooks.slack.com/services/T0/B0/canary",
        "integration_type_id": 0, "integration_type_fields": null
    }));
    let run = accounts.program(&format!("{PLAN} -o json")).run();
    run.assert_code(0);
    assert!(
        has_notice(&run, "cross-checked", 13, false),
        "{}",
        run.stdout
    );
}

cases! { an_api_that_says_nothing_is_no_error {
    absent: ("summaries=404", "has no newer API at this address (404)");
    forbidden: ("summaries=403",
    "refused the key (403); it needs OUTBOUND-WEBHOOKS:READSUMMARY");
    other_shape: ("summaries=other-shape", "another shape than documented");
    empty: ("summaries=empty", "another shape than documented");
} }

fn an_api_that_says_nothing_is_no_error((switch, why): (&str, &str)) {
    let accounts = StandIn::demo();
    set(accounts.source(), &[switch]);
    set(accounts.target(), &[switch]);
    let run = accounts.program(&format!("{PLAN} -o json")).run();
    run.assert_code(0);
    assert!(
        has_notice(&run, "not-cross-checked", 0, true),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains(why), "{}", run.stdout);
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    assert!(
        run.stdout.contains("was not cross-checked"),
        "{}",
        run.transcript()
    );
    let run = accounts.program("account check [source]").run();
    run.assert_code(0);
    let said = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(why), "{}", run.transcript());
}

cases! { what_proves_no_gap_is_a_notice {
    text_numbers: ("summaries=text-numbers", "cross-checked", 12, false);
    fewer: ("summaries=fewer", "unsummarized-webhooks", 1, false);
    newer_type: ("summaries=newer-type", "newer-types", 1, true);
} }

fn what_proves_no_gap_is_a_notice((switch, code, count, is_warning): (&str, &str, u64, bool)) {
    let accounts = StandIn::demo();
    set(accounts.source(), &[switch]);
    let run = accounts.program(&format!("{PLAN} -o json")).run();
    run.assert_code(0);
    assert!(has_notice(&run, code, count, is_warning), "{}", run.stdout);
    accounts.program(MIGRATE).run().assert_code(0);
}

cases! { an_account_check_always_asks {
    more: "summaries=more";
    fewer: "summaries=fewer";
    newer_type: "summaries=newer-type";
} }

fn an_account_check_always_asks(switch: &str) {
    let accounts = StandIn::demo();
    set(accounts.source(), &[switch]);
    let run = accounts.program("account check [source]").run();
    run.assert_code(0);
    assert_excerpt!(
        switch.replace('=', "_"),
        run,
        ["ok       complete", "warning  complete"]
    );
    // One reading of each, whatever they say.
    assert_eq!(accounts.request_counts(), [2, 0]);
}
