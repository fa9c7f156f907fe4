//! What a chain is not: runs that only look alike, and runs that a rollback of one of them does not concern.

use super::continued::{QUICK, ids, run_proposed, undo_command};
use super::rollback_engine::wait_for_delete;
use super::{MIGRATE, runs};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Switches, seeds};
use serde_json::{Value, json};

/// A run that was refused in part, and one that continued it.
fn continued(faults: &[&str]) -> (StandIn, [String; 2]) {
    let accounts = StandIn::with(&["poison=night-shift"], faults);
    accounts.program(MIGRATE).run().assert_code(3);
    rename(&accounts, "night-shift", "day-shift");
    accounts.program(MIGRATE).run().assert_code(0);
    let ids = ids(&accounts).try_into().unwrap();
    (accounts, ids)
}

/// Gives a webhook of the source another alias.
fn rename(accounts: &StandIn, from: &str, to: &str) {
    let webhooks = accounts.source().webhooks();
    let id = webhooks.iter().find(|webhook| webhook["alias"] == from);
    let id = id.unwrap()["id"].as_u64().unwrap();
    accounts
        .source()
        .edit_webhook(id, |webhook| webhook["alias"] = to.into());
}

/// Starts a rollback, and kills it at its second delete.
fn kill_rollback(accounts: &StandIn, runs: &str) {
    let line = format!("rollback {runs} --yes {QUICK}");
    let running = accounts.program(&line).start();
    wait_for_delete(accounts, 2);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
}

/// Every command that proposes to finish the rollback of a run.
fn finishing(accounts: &StandIn, run: &str) -> Vec<Vec<String>> {
    let lines = [
        format!("idmap show {run}"),
        format!("verify --run {run}"),
        format!("runs show {run}"),
    ];
    let lines = lines.iter();
    lines
        .map(|line| undo_command(&accounts.program(line).run()))
        .collect()
}

/// Met in a review: the hint to finish the rollback of one run would have undone the run that continued it, too.
#[test]
fn finishing_a_rollback_undoes_no_other_run() {
    let (accounts, [first, second]) = continued(&["delete:2:stall-after"]);
    kill_rollback(&accounts, &first);
    for finish in finishing(&accounts, &first) {
        assert_eq!(finish, ["rollback", first.as_str()]);
    }
    let finish = ["rollback".to_owned(), first.clone()];
    run_proposed(&accounts, &finish, &format!("--yes {QUICK}")).assert_code(0);
    assert_eq!(runs(&accounts)[0]["state"], "rolled-back");
    assert_eq!(runs(&accounts)[1]["state"], "complete");
    accounts
        .program(&format!("verify --run {second}"))
        .run()
        .assert_code(3);
    let in_target = accounts.target().webhooks();
    assert_eq!(in_target.len(), 4 + 1, "{in_target:?}");
    assert_eq!(in_target[4]["alias"], "day-shift");
}

#[test]
fn finishing_a_rollback_of_several_runs_names_them_all() {
    let (accounts, [first, second]) = continued(&["delete:2:stall-after"]);
    let before = accounts.target().webhooks()[..4].to_vec();
    kill_rollback(&accounts, &format!("{first} --chain"));
    for (run, other) in [(&first, &second), (&second, &first)] {
        let finish = accounts.program(&format!("runs show {run}")).run();
        assert_eq!(
            undo_command(&finish),
            ["rollback", run.as_str(), other.as_str()]
        );
    }
    let finish = ["rollback".to_owned(), first, second];
    run_proposed(&accounts, &finish, &format!("--yes {QUICK}")).assert_code(0);
    assert_eq!(accounts.target().webhooks(), before);
}

/// Met in a review: the command undoes the whole chain, and the words named only a part of it.
#[test]
fn the_words_name_all_that_the_command_undoes() {
    let (accounts, ids) = continued(&[]);
    for run in &ids {
        for command in ["report", "runs show"] {
            let shown = accounts.program(&format!("{command} {run}")).run();
            let words = format!(
                "undo this run and the others of its chain: hookferry rollback {run} --chain"
            );
            assert!(shown.stdout.contains(&words), "{}", shown.stdout);
        }
    }
}

/// A list of Slack webhooks without company ids, with ids from 1, of which the target refuses what is called `bad…`.
fn list(aliases: [&str; 2]) -> String {
    let webhook = |(ix, alias): (usize, &&str)| {
        json!({
            "id": ix + 1, "alias": alias, "url": format!("https://hooks.slack.example/canary-{alias}"),
            "integration_type_id": 0, "integration_type": {"id": 0, "label": "Slack"},
            "integration_type_fields": "[]",
        })
    };
    let webhooks: Vec<Value> = aliases.iter().enumerate().map(webhook).collect();
    Value::from(webhooks).to_string()
}

fn with_picky_target() -> StandIn {
    StandIn::with(&["poison=bad"], &[])
}

fn accept_all(accounts: &StandIn) {
    accounts.target().set_switches(Switches::default());
}

/// Migrates a list from a pipe, or from a file.
fn migrate_list(accounts: &StandIn, file: Option<&str>, text: &str) -> Run {
    let source = file.unwrap_or("-");
    let line = MIGRATE.replace("[source]", source);
    match file {
        Some(name) => {
            accounts.write(name, text);
            accounts.program(&line).run()
        }
        None => accounts.program(&line).stdin(text).run(),
    }
}

fn assert_no_chain(accounts: &StandIn, last: &Run) {
    assert!(!undo_command(last).contains(&"--chain".to_owned()));
    for run in runs(accounts) {
        assert_eq!(run["continues"], json!([]));
        assert!(
            !run["continued_by"].to_string().contains(char::is_numeric),
            "{run}"
        );
    }
}

/// Met in a review: every pipe is standard input, and small ids and file names repeat.
#[test]
fn other_webhooks_under_the_same_name_are_no_continuation() {
    for file in [None, Some("webhooks.json")] {
        let accounts = with_picky_target();
        migrate_list(&accounts, file, &list(["a1", "bad a2"])).assert_code(3);
        accept_all(&accounts);
        let last = migrate_list(&accounts, file, &list(["b1", "b2"]));
        last.assert_code(0);
        assert_no_chain(&accounts, &last);
    }
}

/// The same, after a run that was killed: that the next one looks for what arrived makes it no continuation.
#[test]
fn a_killed_run_is_not_continued_by_other_webhooks_either() {
    for file in [None, Some("webhooks.json")] {
        let accounts = StandIn::with(&[], &["post:1x*:delay=500ms"]);
        let text = list(["a1", "a2"]);
        let line = MIGRATE.replace("[source]", file.unwrap_or("-"));
        accounts.write("webhooks.json", &text);
        let running = accounts.program(&line).stdin(&text).start();
        accounts.wait_for_posts(1);
        running.signal("KILL");
        assert_eq!(running.finish().code, None);
        let last = migrate_list(&accounts, file, &list(["b1", "b2"]));
        last.assert_code(0);
        assert_no_chain(&accounts, &last);
    }
}

/// Of a pipe, only the very same webhook tells that it is the same source.
#[test]
fn an_alias_that_repeats_in_another_pipe_is_no_continuation() {
    for pipe in ["-", "/dev/stdin"] {
        let accounts = with_picky_target();
        let line = MIGRATE.replace("[source]", pipe);
        let migrate = |text: &str| accounts.program(&line).stdin(text).run();
        migrate(&list(["a1", "bad"])).assert_code(3);
        accept_all(&accounts);
        let last = migrate(&list(["b1", "bad"]).replace("canary-bad", "canary-other"));
        last.assert_code(0);
        assert_no_chain(&accounts, &last);
    }
}

/// Takes the one command that the run proposes: it undoes the whole chain.
fn assert_undone_as_a_chain(accounts: &StandIn, last: &Run, before: &[Value]) {
    last.assert_code(0);
    let undo = undo_command(last);
    assert!(undo.contains(&"--chain".to_owned()), "{undo:?}");
    run_proposed(accounts, &undo, &format!("--yes {QUICK}")).assert_code(0);
    assert_eq!(accounts.target().webhooks(), before);
}

#[test]
fn the_same_list_is_a_continuation() {
    for file in [None, Some("webhooks.json")] {
        let accounts = with_picky_target();
        let before = accounts.target().webhooks();
        let text = list(["a1", "bad"]);
        migrate_list(&accounts, file, &text).assert_code(3);
        accept_all(&accounts);
        let last = migrate_list(&accounts, file, &text);
        assert_undone_as_a_chain(&accounts, &last, &before);
    }
}

#[test]
fn the_same_list_goes_on_after_a_kill() {
    for file in [None, Some("webhooks.json")] {
        let accounts = StandIn::with(&[], &["post:1:stall-after"]);
        let before = accounts.target().webhooks();
        let text = list(["a1", "a2"]);
        accounts.write("webhooks.json", &text);
        let line = MIGRATE.replace("[source]", file.unwrap_or("-"));
        let line = format!("{line} --batch-size 1");
        let running = accounts.program(&line).stdin(&text).start();
        accounts.wait_for_posts(1);
        running.signal("KILL");
        assert_eq!(running.finish().code, None);
        let last = migrate_list(&accounts, file, &text);
        assert_undone_as_a_chain(&accounts, &last, &before);
    }
}

/// One host serves many accounts: before anything is recorded, it is certain that the runs wrote to one of them.
#[test]
fn runs_of_two_companies_are_rolled_back_one_by_one() {
    let mut seeds = seeds::demo();
    seeds.source.truncate(2);
    seeds.target.clear();
    let accounts = StandIn::start(seeds.into());
    accounts.program(MIGRATE).run().assert_code(0);
    let target = accounts.target();
    let gone = target.webhooks()[1]["id"].as_u64().unwrap();
    target.remove(gone);
    // The only webhook that is left shows another company.
    target.set_switches(Switches::parse(["mixed-companies=on"]).unwrap());
    accounts.program(MIGRATE).run();
    target.set_switches(Switches::default());
    let [first, second] = ids(&accounts).try_into().unwrap();
    let n_requests = accounts.request_counts();
    let line = format!("rollback {first} {second} --yes {QUICK}");
    let run = accounts.program(&line).run();
    run.assert_code(64);
    let what = format!("runs {first} and {second} wrote to different accounts");
    assert!(run.stderr.contains(&what), "{}", run.stderr);
    assert_eq!(accounts.request_counts(), n_requests);
}

/// Nobody knows what a damaged run wrote, whichever other runs are named with it.
#[test]
fn a_damaged_record_among_several_stops_the_rollback() {
    let (accounts, [first, second]) = continued(&[]);
    let journal = format!("state/hookferry/runs/{first}/journal.jsonl");
    accounts.write(&journal, "no journal\n");
    let n_requests = accounts.request_counts();
    for flags in ["", "--chain"] {
        let line = format!("rollback {second} {first} {flags} --yes {QUICK}");
        let run = accounts.program(&line).run();
        run.assert_code(1);
        assert!(run.stderr.contains("is damaged"), "{}", run.stderr);
        assert!(!run.output().contains("no longer on record"));
    }
    assert_eq!(accounts.request_counts(), n_requests);
}
