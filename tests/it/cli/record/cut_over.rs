//! Where a cut-over stands: what `runs show` and reports say after each step of it.

use crate::support::program::Run;
use crate::support::receiver::{Receiver, ReplyMode};
use crate::support::stand_in::StandIn;
use serde_json::{Value, json};

/// A source with two webhooks that deliver to the receiver.
fn accounts_with(receiver: &Receiver, switches: &[&str]) -> StandIn {
    let accounts = StandIn::with(switches, &[]);
    for (alias, type_id) in [("On-call", 0), ("Deploys", 1)] {
        accounts.source().insert(&json!({
            "alias": alias,
            "url": format!("{}/hooks/{alias}%2Fcanary", receiver.url()),
            "integration_type_id": type_id,
            "integration_type_fields": null,
        }));
    }
    accounts
        .program("migrate --from [source] --to [target] --name On-call --name Deploys --yes")
        .run();
    accounts
}

fn show(accounts: &StandIn) -> Run {
    let run = accounts.program("runs show latest").run();
    run.assert_code(0);
    run
}

/// What `runs show` prints from the cut-over on.
fn cut_over_text(accounts: &StandIn) -> String {
    let text = show(accounts).stdout();
    text[text.find("cut-over\n").expect("a cut-over")..].to_owned()
}

/// Each step with its state, as JSON has it.
fn states(accounts: &StandIn) -> Vec<(String, String)> {
    let run = accounts.program("report latest -o json").run();
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let steps = document["cut_over"].as_array().unwrap().iter();
    let word = |step: &Value, key: &str| step[key].as_str().unwrap().to_owned();
    steps
        .map(|step| (word(step, "step"), word(step, "state")))
        .collect()
}

fn state_of(accounts: &StandIn, wanted: &str) -> String {
    let states = states(accounts);
    let found = states.into_iter().find(|(step, _)| step == wanted);
    found.expect("a step").1
}

#[test]
fn a_cut_over_is_followed_step_by_step() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let accounts = accounts_with(&receiver, &[]);
    assert_text!("copied", cut_over_text(&accounts));
    accounts
        .program("deliver-test latest --type slack --yes")
        .run()
        .assert_code(0);
    assert_eq!(state_of(&accounts, "tested"), "open");
    // What was delivered is not proposed again, and what may do more than leave a message only as a dry run.
    assert!(cut_over_text(&accounts).contains("--type webhook --dry-run\n"));
    receiver.set_reply(ReplyMode::status(410));
    accounts
        .program("deliver-test latest --type webhook --yes")
        .run()
        .assert_code(3);
    assert_eq!(state_of(&accounts, "tested"), "attention");
    assert_text!("one_failed", cut_over_text(&accounts));
    receiver.set_reply(ReplyMode::status(200));
    accounts
        .program("deliver-test latest --type webhook --yes")
        .run()
        .assert_code(0);
    let source_id = accounts.source().webhooks().last().unwrap()["id"].clone();
    accounts.write(
        "alerts.json",
        &json!([{ "integrationId": source_id }]).to_string(),
    );
    accounts
        .program("idmap apply alerts.json --out new-alerts.json")
        .run()
        .assert_code(0);
    assert_text!("done", cut_over_text(&accounts));
    let run = accounts.program("report latest -o markdown").run();
    assert_excerpt!("markdown", run, ["- ["]);
    let run = accounts.program("report latest -o html").run();
    assert!(run.stdout.contains("<h2 id=\"cut-over\">Cut-over</h2>"));
    accounts
        .program("rollback latest --yes")
        .run()
        .assert_code(0);
    assert!(states(&accounts).is_empty());
    assert!(!show(&accounts).stdout.contains("cut-over"));
}

#[test]
fn an_altered_url_is_named_as_a_risk() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let accounts = accounts_with(&receiver, &["url=percent-decoded"]);
    assert_eq!(state_of(&accounts, "verified"), "attention");
    assert_text!("altered", cut_over_text(&accounts));
}

#[test]
fn a_run_that_is_cut_off_says_what_is_missing() {
    let accounts = StandIn::with(&[], &["post:2x*:status=403"]);
    accounts
        .program("migrate --from [source] --to [target] --yes --batch-size 4 --settle 200ms --max-wait 2s")
        .run();
    assert_eq!(state_of(&accounts, "copied"), "attention");
}
