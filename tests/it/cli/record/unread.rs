//! What only answers named when a run was killed: the next run compares it with the target, as the read-back would have.

use super::{MIGRATE, migrate, only_run, runs};
use crate::support::program::Run;
use crate::support::stand_in::{StandIn, id_text, options_with, text};
use hookferry::sandbox::seeds::{self, Seeds};
use serde_json::Value;
use std::collections::BTreeMap;

/// The number of answers that the killed run got.
const ANSWERED: usize = 3;

/// Webhooks with capitals in their aliases, and an empty target.
fn capitals() -> Seeds {
    let mut seeds = seeds::demo();
    seeds.target.clear();
    for webhook in &mut seeds.source {
        let alias = text(webhook, "alias").to_uppercase();
        webhook["alias"] = alias.into();
    }
    seeds
}

/// The accounts after a run that was killed when it had got three answers, one for each webhook.
fn killed(switches: &[&str]) -> StandIn {
    killed_in_batches(switches, 1)
}

/// The same for requests with several webhooks, of which the last has no answer.
fn killed_in_batches(switches: &[&str], size: usize) -> StandIn {
    let n_requests = ANSWERED / size + 1;
    let fault = format!("post:{n_requests}:stall");
    let accounts = StandIn::start(options_with(capitals(), switches, &[&fault]));
    let line = format!("{MIGRATE} --batch-size {size}");
    let running = accounts.program(&line).start();
    accounts.wait_for_posts(n_requests);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    accounts
}

/// The number of webhooks in the target by alias, in lower case.
fn copies(accounts: &StandIn) -> BTreeMap<String, usize> {
    let mut copies = BTreeMap::new();
    for webhook in accounts.target().webhooks() {
        *copies
            .entry(text(&webhook, "alias").to_lowercase())
            .or_default() += 1;
    }
    copies
}

#[track_caller]
fn assert_each_once(accounts: &StandIn) {
    let copies = copies(accounts);
    assert_eq!(copies.len(), accounts.source().webhooks().len());
    assert!(copies.values().all(|n| *n == 1), "{copies:?}");
}

fn id_map(accounts: &StandIn, run: &str) -> (Run, Vec<Value>) {
    let shown = accounts.program(&format!("idmap show {run} -o json")).run();
    shown.assert_code(0);
    let document: Value = serde_json::from_str(&shown.stdout).unwrap();
    let pairs = document["id_map"].as_array().unwrap().clone();
    (shown, pairs)
}

/// Each pair names a webhook with the alias and type that were sent.
#[track_caller]
fn assert_true_pairs(accounts: &StandIn, pairs: &[Value]) {
    let (source, target) = (accounts.source().webhooks(), accounts.target().webhooks());
    let find = |webhooks: &[Value], id: &Value| {
        let mut webhooks = webhooks.iter();
        let found = webhooks.find(|webhook| id_text(&webhook["id"]) == id_text(id));
        let found = found.unwrap();
        let alias = text(found, "alias").to_lowercase();
        (alias, found["integration_type_id"].clone())
    };
    for pair in pairs {
        let (ours, theirs) = (&pair["source_id"], &pair["target_id"]);
        assert_eq!(find(&source, ours), find(&target, theirs), "{pair}");
    }
}

/// The answers show no alias, and the server stores another spelling of it: only the ids tell that these are ours.
#[test]
fn what_only_answers_named_is_ours_under_another_spelling() {
    let accounts = killed(&["alias=tidied", "answer=no-alias"]);
    let first = only_run(&accounts);
    let resumed = migrate(&accounts);
    assert!(
        resumed.stdout.contains("3 unchanged"),
        "{}",
        resumed.transcript()
    );
    assert_each_once(&accounts);
    let (_, pairs) = id_map(&accounts, &first);
    assert_eq!(pairs.len(), ANSWERED);
    assert_true_pairs(&accounts, &pairs);
    let n_posts = accounts.posts().len();
    let n_runs = runs(&accounts).len();
    migrate(&accounts);
    assert_eq!(accounts.posts().len(), n_posts);
    assert_eq!(runs(&accounts).len(), n_runs, "nothing is left to settle");
}

/// Until a reading confirms them, the ids of a killed run are as good as the answers.
#[test]
fn ids_that_nobody_read_back_are_in_no_id_map() {
    let accounts = killed(&[]);
    let first = only_run(&accounts);
    let (shown, pairs) = id_map(&accounts, &first);
    assert_eq!(pairs, Vec::<Value>::new());
    assert!(
        shown.stderr.contains("read 3 webhooks back"),
        "{}",
        shown.transcript()
    );
    migrate(&accounts);
    let (shown, pairs) = id_map(&accounts, &first);
    assert_eq!(pairs.len(), ANSWERED);
    assert_true_pairs(&accounts, &pairs);
    assert!(!shown.stderr.contains("back"), "{}", shown.transcript());
}

/// The report of a run that read nothing back leaves out what only its place in an answer named.
#[test]
fn a_report_pairs_only_what_content_tied_to_an_id() {
    let n_pairs = |accounts: &StandIn| {
        let report = accounts.program("report latest -o json").run();
        report.assert_code(0);
        let document: Value = serde_json::from_str(&report.stdout).unwrap();
        document["id_map"].as_array().unwrap().len()
    };
    assert_eq!(n_pairs(&killed(&[])), ANSWERED);
    let named = killed(&["answer=no-alias", "url=slash"]);
    assert_eq!(n_pairs(&named), 1, "one has no url that could be altered");
    let first = only_run(&named);
    migrate(&named);
    assert_eq!(id_map(&named, &first).1.len(), ANSWERED);
}

/// Rows that show everything may still have each other's ids; what the list shows puts them right on record.
#[test]
fn ids_that_an_answer_swapped_are_put_right() {
    let accounts = killed_in_batches(&["answer-ids=swapped"], ANSWERED);
    let first = only_run(&accounts);
    migrate(&accounts);
    let (_, pairs) = id_map(&accounts, &first);
    assert_eq!(pairs.len(), ANSWERED);
    assert_true_pairs(&accounts, &pairs);
}

/// The webhook that has the id has nothing of ours, so nobody knows where ours is: it is never created again.
#[test]
fn an_id_that_shows_something_else_is_unresolved_until_somebody_decides() {
    let accounts = killed(&["answer=no-alias", "alias=tidied"]);
    let first = only_run(&accounts);
    let id = accounts.target().webhooks()[0]["id"].as_u64().unwrap();
    accounts.target().edit_webhook(id, |webhook| {
        webhook["alias"] = "somebody's".into();
        webhook["url"] = "https://elsewhere.example/canary".into();
    });
    for _ in 0..3 {
        let run = accounts.program(MIGRATE).run();
        run.assert_code(6);
        assert!(
            run.stderr
                .contains("neither the alias nor the url that was sent"),
            "{}",
            run.transcript()
        );
    }
    assert_eq!(accounts.posts().len(), ANSWERED + 1);
    accounts
        .program(&format!("runs close {first}"))
        .run()
        .assert_code(0);
    migrate(&accounts);
    let mut copies = copies(&accounts);
    assert_eq!(copies.remove("somebody's"), Some(1));
    assert!(copies.values().all(|n| *n == 1), "{copies:?}");
}

/// The run itself never saw what the target made of them, so the difference may be somebody's edit.
#[test]
fn a_rollback_keeps_what_only_a_later_reading_shows_altered() {
    let accounts = killed(&["alias=tidied", "answer=no-alias"]);
    let run = accounts.program("rollback latest --yes -o json").run();
    run.assert_code(3);
    assert!(
        run.stdout.contains("before it read it back"),
        "{}",
        run.transcript()
    );
    assert_eq!(accounts.target().webhooks().len(), ANSWERED);
    let verified = accounts.program("verify --run latest").run();
    verified.assert_code(3);
    assert!(
        verified.stdout.contains("before it read it back"),
        "{}",
        verified.transcript()
    );
}

#[test]
fn a_rollback_of_what_only_answers_named_deletes_it() {
    let accounts = killed(&["answer=no-alias"]);
    accounts
        .program("rollback latest --yes")
        .run()
        .assert_code(0);
    assert_eq!(accounts.target().webhooks(), Vec::<Value>::new());
}
