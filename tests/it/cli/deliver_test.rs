//! `deliver-test`: real requests to real destinations on this machine, each on record first, sent once, and never to a
//! type that was not named.

use crate::support::program::Run;
use crate::support::receiver::{Receiver, ReplyMode};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::Switches;
use serde_json::{Value, json};

/// A target with webhooks of two types that deliver to the receiver.
fn accounts_with(receiver: &Receiver) -> StandIn {
    let accounts = StandIn::with(&[], &[]);
    for (alias, type_id) in [("Ops", 0), ("Night", 0), ("Deploys", 1)] {
        accounts.target().insert(&json!({
            "alias": alias,
            "url": format!("{}/hooks/{alias}-canary", receiver.url()),
            "integration_type_id": type_id,
            "integration_type_fields": null,
        }));
    }
    accounts
}

/// How many test deliveries the target was asked for.
fn n_asked(accounts: &StandIn) -> usize {
    let log = accounts.target().log();
    log.iter()
        .filter(|seen| seen.path.ends_with("/test"))
        .count()
}

/// The alias and status of each entry of the record.
fn recorded(accounts: &StandIn) -> Vec<(String, String)> {
    let text = accounts.read("state/hookferry/deliveries.jsonl");
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| entry[key].as_str().unwrap().to_owned();
            (word("alias"), word("status"))
        })
        .collect()
}

fn results(run: &Run) -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let webhooks = document["webhooks"].as_array().unwrap().iter();
    webhooks
        .map(|webhook| {
            let word = |key: &str| webhook[key].as_str().unwrap().to_owned();
            (
                word("alias"),
                word("result"),
                webhook["http_status"].clone(),
            )
        })
        .collect()
}

#[test]
fn what_a_run_created_is_tested() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let accounts = StandIn::with(&[], &[]);
    accounts.source().insert(&json!({
        "alias": "Ops", "url": format!("{}/hooks/canary", receiver.url()),
        "integration_type_id": 0, "integration_type_fields": null
    }));
    accounts
        .program("migrate --from [source] --to [target] --name Ops --yes")
        .run()
        .assert_code(0);
    let run = accounts
        .program("deliver-test latest --type slack --dry-run")
        .run();
    run.assert_code(0);
    snapshots!(r"127\.0\.0\.1:\d+" => "[receiver]");
    assert_transcript!("preview", run);
    assert_eq!((n_asked(&accounts), receiver.paths().len()), (0, 0));
    let run = accounts
        .program("deliver-test latest --types slack --yes")
        .run();
    run.assert_code(0);
    assert_transcript!("delivered", run);
    assert_eq!(receiver.paths(), ["/hooks/canary"]);
    assert_eq!(
        recorded(&accounts),
        [("Ops", "unknown"), ("Ops", "delivered")]
            .map(|(alias, status)| (alias.to_owned(), status.to_owned()))
    );
}

#[test]
fn only_the_named_types_are_tested_and_the_answer_is_reported() {
    let receiver = Receiver::start(ReplyMode::Respond(
        404,
        String::new(),
        "no_service".to_owned(),
    ));
    let accounts = accounts_with(&receiver);
    let run = accounts
        .program("deliver-test --to [target] --type webhook --yes")
        .run();
    run.assert_code(3);
    snapshots!(r"127\.0\.0\.1:\d+" => "[receiver]");
    assert_transcript!("failed", run);
    assert_eq!(receiver.paths(), ["/hooks/Deploys-canary"]);
    let run = accounts
        .program("deliver-test --to [target] --type slack --name Night --yes -o json")
        .run();
    run.assert_code(3);
    assert_eq!(
        results(&run),
        [("Night".to_owned(), "failed".to_owned(), json!(404))]
    );
}

#[test]
fn an_answer_that_repeats_a_secret_is_withheld() {
    let receiver = Receiver::start(ReplyMode::Respond(
        403,
        String::new(),
        "no access to /hooks/Deploys-canary".to_owned(),
    ));
    let accounts = accounts_with(&receiver);
    // Every run fails the test that prints a canary.
    let run = accounts
        .program("deliver-test --to [target] --type webhook --yes")
        .run();
    run.assert_code(3);
    assert!(
        run.stdout.contains("words withheld"),
        "{}",
        run.transcript()
    );
    let record = accounts.read("state/hookferry/deliveries.jsonl");
    assert!(!record.contains("canary"), "{record}");
}

#[test]
fn a_lost_answer_is_unknown_and_the_test_is_not_repeated() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let accounts = accounts_with(&receiver);
    // The list, the summaries, then the first test.
    accounts
        .target()
        .push_fault("get:3:drop-after".parse().unwrap());
    let run = accounts
        .program("deliver-test --to [target] --type slack --name Ops --name Night --yes -o json")
        .run();
    run.assert_code(3);
    let results: Vec<String> = results(&run)
        .into_iter()
        .map(|(_, result, _)| result)
        .collect();
    assert_eq!(results, ["unknown", "delivered"]);
    assert_eq!((n_asked(&accounts), receiver.paths().len()), (2, 2));
    // The same command again repeats neither.
    let test = "deliver-test --to [target] --type slack --name Ops --name Night --yes";
    let run = accounts.program(test).run();
    run.assert_code(3);
    snapshots!(
        r"127\.0\.0\.1:\d+" => "[receiver]",
        r"\d{4}-\d\d-\d\dT[\d:]+Z" => "[time]"
    );
    assert_transcript!("again", run);
    assert_eq!(n_asked(&accounts), 2);
    accounts
        .program(&format!("{test} --again"))
        .run()
        .assert_code(0);
    assert_eq!(n_asked(&accounts), 4);
}

#[test]
fn a_webhook_that_changed_since_its_test_is_tested_once_more() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let accounts = accounts_with(&receiver);
    let test = "deliver-test --to [target] --type webhook --yes";
    accounts.program(test).run().assert_code(0);
    accounts.program(test).run().assert_code(0);
    assert_eq!(n_asked(&accounts), 1);
    let id = accounts.target().webhooks().last().unwrap()["id"].as_u64();
    let url = format!("{}/elsewhere-canary", receiver.url());
    accounts.target().edit_webhook(id.unwrap(), |webhook| {
        webhook["url"] = url.into();
    });
    accounts.program(test).run().assert_code(0);
    assert_eq!(n_asked(&accounts), 2);
}

#[test]
fn two_sessions_do_not_test_the_same_account_at_once() {
    let receiver = Receiver::start(ReplyMode::Hang);
    let accounts = accounts_with(&receiver);
    let test = "deliver-test --to [target] --type webhook --yes";
    let running = accounts.program(test).start();
    receiver.wait_for_requests(1);
    accounts.program(test).run().assert_code(11);
    running.signal("KILL");
    running.finish();
    assert_eq!(receiver.paths().len(), 1);
}

#[test]
fn a_test_is_on_record_before_it_is_sent() {
    let receiver = Receiver::start(ReplyMode::Hang);
    let accounts = accounts_with(&receiver);
    let running = accounts
        .program("deliver-test --to [target] --type webhook --yes")
        .start();
    receiver.wait_for_requests(1);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    assert_eq!(
        recorded(&accounts),
        [("Deploys".to_owned(), "unknown".to_owned())]
    );
}

#[test]
fn nothing_is_sent_without_types_or_confirmation() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let accounts = accounts_with(&receiver);
    for (line, code) in [
        ("deliver-test --to [target] --yes", 64),
        ("deliver-test --type slack --yes", 64),
        ("deliver-test --to [target] --type slack", 6),
        ("deliver-test --to [target] --type jira --yes", 64),
        ("deliver-test --to [target] --type slack --dry-run --yes", 0),
    ] {
        let run = accounts.program(line).run();
        run.assert_code(code);
    }
    assert_eq!((n_asked(&accounts), receiver.paths().len()), (0, 0));
}

#[test]
fn a_key_that_may_not_test_stops_at_the_first() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let accounts = accounts_with(&receiver);
    let set = |switch: &str| {
        accounts
            .target()
            .set_switches(Switches::parse([switch]).unwrap());
    };
    let test = "deliver-test --to [target] --type slack --name Ops --name Night --yes";
    set("delivery-test=403");
    accounts.program(test).run().assert_code(4);
    assert_eq!(n_asked(&accounts), 1);
    set("delivery-test=404");
    accounts.program(test).run().assert_code(3);
    set("delivery-test=other-shape");
    let run = accounts.program(&format!("{test} -o json")).run();
    run.assert_code(3);
    assert!(
        results(&run)
            .iter()
            .all(|(_, result, _)| result == "unknown")
    );
    set("summaries=404");
    let n_before = n_asked(&accounts);
    let run = accounts.program(test).run();
    run.assert_code(1);
    assert!(
        run.stderr.contains("cannot be asked for test deliveries"),
        "{}",
        run.transcript()
    );
    assert_eq!(n_asked(&accounts), n_before);
    assert!(receiver.paths().is_empty());
}
