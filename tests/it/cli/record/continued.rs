//! A run that continues others, and one command that undoes them all: `rollback RUN --chain`.

use super::{MIGRATE, assert_exactly_once, migrate, runs};
use crate::support::program::{Program, Run};
use crate::support::proposals::{commands, shell_words};
use crate::support::stand_in::StandIn;
use serde_json::{Value, json};

/// Resets signal handling, because tests that run in the background inherit ignored signals.
const WITH_DEFAULT_SIGNALS: &[&str] = &["env", "--default-signal=INT,TERM,HUP"];

/// A target that delays each response to a write, so that signals arrive during a request.
fn with_slow_target() -> StandIn {
    StandIn::with(&[], &["post:1x*:delay=500ms"])
}

/// Migrates four webhooks, and stops after their request.
fn interrupt(accounts: &StandIn, signal: &str) -> Run {
    let n_before = accounts.posts().len();
    let running = accounts
        .program(&format!("{MIGRATE} --batch-size 4"))
        .under(WITH_DEFAULT_SIGNALS)
        .start();
    accounts.wait_for_posts(n_before + 1);
    running.signal(signal);
    let run = running.finish();
    assert_eq!(accounts.posts().len(), n_before + 1, "{}", run.transcript());
    run
}

pub(super) fn ids(accounts: &StandIn) -> Vec<String> {
    let ids = runs(accounts).into_iter();
    ids.map(|run| run["run"].as_str().unwrap().to_owned())
        .collect()
}

/// The one command in the output that undoes anything.
pub(super) fn undo_command(run: &Run) -> Vec<String> {
    let mut undo = commands(&run.output());
    undo.retain(|command| command.starts_with("hookferry rollback"));
    // After a signal the report names it, and the message, too.
    undo.dedup();
    assert_eq!(undo.len(), 1, "{}", run.output());
    shell_words(&undo[0]).unwrap()[1..].to_vec()
}

/// Runs a command that the program proposed.
pub(super) fn run_proposed(accounts: &StandIn, words: &[String], flags: &str) -> Run {
    let words = words.iter().map(String::as_str);
    let program = words.fold(accounts.program(""), Program::arg);
    let flags = flags.split_whitespace();
    flags.fold(program, Program::arg).run()
}

pub(super) const QUICK: &str = "--rate 1000 --settle 300ms";

/// Met by a user: after Ctrl-C and the same command again, the hint undid only the second run.
#[test]
fn one_command_undoes_a_run_and_all_that_it_continued() {
    for signals in [&["INT"][..], &["TERM", "INT"], &["KILL", "TERM"]] {
        let accounts = with_slow_target();
        let before = accounts.target().webhooks();
        for signal in signals {
            interrupt(&accounts, signal);
        }
        let last = migrate(&accounts);
        assert_exactly_once(&accounts);
        let undo = undo_command(&last);
        let ids = ids(&accounts);
        assert_eq!(ids.len(), signals.len() + 1);

        let preview = run_proposed(&accounts, &undo, "--dry-run -o json");
        let document: Value = serde_json::from_str(&preview.stdout).unwrap();
        let newest_first: Vec<&String> = ids.iter().rev().collect();
        assert_eq!(document["runs"], json!(newest_first), "{signals:?}");
        // Each webhook of all the runs, exactly once.
        let mut listed: Vec<u64> = document["webhooks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|webhook| webhook["target_id"].as_u64().unwrap())
            .collect();
        listed.sort_unstable();
        let in_target = accounts.target().webhooks().into_iter();
        let is_new = |webhook: &Value| !before.contains(webhook);
        let mut new: Vec<u64> = in_target
            .filter(is_new)
            .map(|webhook| webhook["id"].as_u64().unwrap())
            .collect();
        new.sort_unstable();
        assert_eq!(listed, new, "{signals:?}");

        run_proposed(&accounts, &undo, &format!("--yes {QUICK}")).assert_code(0);
        assert_eq!(accounts.target().webhooks(), before, "{signals:?}");
        for run in runs(&accounts) {
            assert_eq!(run["state"], "rolled-back", "{signals:?}");
        }
    }
}

/// Whichever run of the chain is named, and wherever the command is proposed.
#[test]
fn every_run_of_a_chain_proposes_to_undo_the_whole() {
    let accounts = with_slow_target();
    let before = accounts.target().webhooks();
    let first = interrupt(&accounts, "INT");
    assert!(
        !undo_command(&first).contains(&"--chain".to_owned()),
        "it continued none: {}",
        first.stderr
    );
    let second = interrupt(&accounts, "TERM");
    assert!(undo_command(&second).contains(&"--chain".to_owned()));
    let words = "to undo this run and the others of its chain: hookferry";
    assert!(second.stderr.contains(words), "{}", second.stderr);
    migrate(&accounts);
    for run in ids(&accounts) {
        let shown = accounts.program(&format!("runs show {run}")).run();
        assert_eq!(
            undo_command(&shown),
            ["rollback", run.as_str(), "--chain"],
            "{}",
            shown.stdout
        );
        let preview = accounts
            .program(&format!("rollback {run} --chain --dry-run -o json"))
            .run();
        let document: Value = serde_json::from_str(&preview.stdout).unwrap();
        assert_eq!(document["runs"].as_array().unwrap().len(), 3);
    }
    let oldest = &ids(&accounts)[0];
    let shown = accounts.program(&format!("runs show {oldest}")).run();
    assert_text!("first_of_chain", shown.stdout());
    let undo = format!("rollback {oldest} --chain --yes {QUICK}");
    accounts.program(&undo).run().assert_code(0);
    assert_eq!(accounts.target().webhooks(), before);
}

#[test]
fn what_is_already_rolled_back_is_left_out_and_named() {
    let accounts = with_slow_target();
    let before = accounts.target().webhooks();
    interrupt(&accounts, "INT");
    let last = migrate(&accounts);
    let ids = ids(&accounts);
    let first_alone = format!("rollback {} --yes {QUICK}", ids[0]);
    accounts.program(&first_alone).run().assert_code(0);
    let undo = undo_command(&last);
    assert_text!(
        "already_undone",
        run_proposed(&accounts, &undo, "--dry-run").stdout()
    );
    let run = run_proposed(&accounts, &undo, &format!("--yes -o json {QUICK}"));
    run.assert_code(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["runs"], json!([ids[1]]));
    assert_eq!(document["already_undone"], json!([ids[0]]));
    assert_eq!(document["webhooks"].as_array().unwrap().len(), 7);
    assert_eq!(accounts.target().webhooks(), before);
    // Nothing is left to undo: the command says so, and sends nothing.
    let n_writes = accounts.posts().len();
    run_proposed(&accounts, &undo, &format!("--yes {QUICK}")).assert_code(0);
    assert_eq!(accounts.posts().len(), n_writes);
}

/// The record of the first run is gone, as after 90 days: what it wrote stays, and nobody is told otherwise.
#[test]
fn a_run_of_the_chain_without_a_record_is_named() {
    let accounts = with_slow_target();
    interrupt(&accounts, "INT");
    let last = migrate(&accounts);
    let first = ids(&accounts)[0].clone();
    let folder = format!("state/hookferry/runs/{first}");
    std::fs::remove_dir_all(accounts.home().join(folder)).unwrap();
    let undo = undo_command(&last);
    let preview = run_proposed(&accounts, &undo, "--dry-run");
    assert!(
        preview.stdout.contains(&format!(
            "run {first} of the chain is no longer on record, so what it wrote stays"
        )),
        "{}",
        preview.stdout
    );
    run_proposed(&accounts, &undo, &format!("--yes {QUICK}")).assert_code(3);
    assert_eq!(accounts.target().webhooks().len(), 4 + 4);
}

/// A run from another source is not of the chain, even if it has to find out first what the earlier one did.
#[test]
fn a_run_from_another_source_continues_nothing() {
    let accounts = with_slow_target();
    interrupt(&accounts, "KILL");
    accounts.write(
        "other.json",
        r#"[{"alias":"somebody else's","url":"https://hooks.example.com/canary","integration_type_id":0,"integration_type_fields":"[]","integration_type":{"id":0,"label":"Slack"}}]"#,
    );
    let other = MIGRATE.replace("[source]", "other.json");
    let other = accounts.program(&other).run();
    other.assert_code(0);
    let undo = undo_command(&other);
    assert!(!undo.contains(&"--chain".to_owned()), "{undo:?}");
    let first = &runs(&accounts)[0];
    assert_eq!(first["continued_by"], json!(["migrate"]), "{first}");
    // The next one from the first source continues the first run, and leaves the other one alone.
    let last = migrate(&accounts);
    let preview = run_proposed(&accounts, &undo_command(&last), "--dry-run -o json");
    let document: Value = serde_json::from_str(&preview.stdout).unwrap();
    let ids = ids(&accounts);
    assert_eq!(document["runs"], json!([ids[2], ids[0]]));
}

/// Runs that write to another account are of no chain of this one, even from the same source and in the same folder.
#[test]
fn a_chain_stays_within_one_account() {
    let (accounts, others) = (with_slow_target(), StandIn::demo());
    interrupt(&accounts, "INT");
    let state = accounts.home().join("state/hookferry");
    let elsewhere = others
        .program(MIGRATE)
        .arg("--state-dir")
        .arg(state.to_str().unwrap())
        .run();
    elsewhere.assert_code(0);
    assert!(!undo_command(&elsewhere).contains(&"--chain".to_owned()));
    let last = migrate(&accounts);
    let undo = undo_command(&last);
    let preview = run_proposed(&accounts, &undo, "--dry-run -o json");
    let document: Value = serde_json::from_str(&preview.stdout).unwrap();
    let ids = ids(&accounts);
    assert_eq!(document["runs"], json!([ids[2], ids[0]]));
    run_proposed(&accounts, &undo, &format!("--yes {QUICK}")).assert_code(0);
    assert_eq!(others.target().webhooks().len(), 15);
}

/// A record that nobody can read may be of the chain: that is said, and the others are undone. One that certainly is of
/// it stops the rollback.
#[test]
fn a_damaged_record_is_named() {
    let accounts = with_slow_target();
    let before = accounts.target().webhooks();
    interrupt(&accounts, "INT");
    let last = migrate(&accounts);
    let first = ids(&accounts)[0].clone();
    let journal = |run: &str| format!("state/hookferry/runs/{run}/journal.jsonl");
    let intact = accounts.read(&journal(&first));
    accounts.write(&journal(&first), "no journal\n");
    let undo = undo_command(&last);
    for named in [&undo[1], &first] {
        let line = format!("rollback {named} --chain --yes {QUICK}");
        let run = accounts.program(&line).run();
        run.assert_code(1);
        assert!(run.stderr.contains("is damaged"), "{}", run.stderr);
    }
    assert_eq!(accounts.target().webhooks().len(), 15);
    accounts.write(&journal(&first), &intact);
    let other = "20260101-000000-000abc";
    accounts.write(&journal(other), "no journal\n");
    let run = run_proposed(&accounts, &undo, &format!("--yes {QUICK}"));
    run.assert_code(0);
    let shown = format!("whether run {other} is of this chain is unknown");
    assert!(run.stderr.contains(&shown), "{}", run.stderr);
    assert_eq!(accounts.target().webhooks(), before);
}

/// What a later run wrote is not left open by the first one any more.
#[test]
fn what_another_run_has_written_since_is_not_continued() {
    let accounts = with_slow_target();
    let first = interrupt(&accounts, "INT");
    migrate(&accounts);
    let gone = accounts.target().webhooks().pop().unwrap();
    accounts.target().remove(gone["id"].as_u64().unwrap());
    let again = migrate(&accounts);
    assert!(again.stdout.contains("1 created"), "{}", again.stdout);
    let undo = undo_command(&again);
    assert!(!undo.contains(&"--chain".to_owned()), "{}", first.stderr);
}

/// A run that was undone is over: what comes after it is a new start.
#[test]
fn a_run_after_a_rollback_starts_afresh() {
    let accounts = with_slow_target();
    let first = interrupt(&accounts, "INT");
    run_proposed(&accounts, &undo_command(&first), &format!("--yes {QUICK}")).assert_code(0);
    let last = migrate(&accounts);
    assert!(!undo_command(&last).contains(&"--chain".to_owned()));
}

/// One webhook was refused; the next run brings it, and is undone together with the first.
#[test]
fn a_run_that_was_refused_in_part_is_continued_too() {
    let accounts = StandIn::with(&["poison=night-shift"], &[]);
    let before = accounts.target().webhooks();
    let first = accounts.program(MIGRATE).run();
    first.assert_code(3);
    let webhooks = accounts.source().webhooks();
    let mut refused = webhooks
        .iter()
        .filter(|webhook| webhook["alias"] == "night-shift");
    let refused = refused.next().unwrap()["id"].as_u64().unwrap();
    accounts
        .source()
        .edit_webhook(refused, |webhook| webhook["alias"] = "day-shift".into());
    let last = migrate(&accounts);
    run_proposed(&accounts, &undo_command(&last), &format!("--yes {QUICK}")).assert_code(0);
    assert_eq!(accounts.target().webhooks(), before);
}

/// Met by a user: to undo the latest run left half of a migration, without a word.
#[test]
fn a_rollback_of_one_run_says_that_the_rest_of_its_chain_stays() {
    let accounts = with_slow_target();
    interrupt(&accounts, "KILL");
    migrate(&accounts);
    let [first, _] = ids(&accounts).try_into().unwrap();
    let alone = accounts
        .program(&format!("rollback latest --dry-run {QUICK}"))
        .run();
    alone.assert_code(0);
    let said = format!("what runs of the same chain wrote stays ({first})");
    assert!(alone.stderr.contains(&said), "{}", alone.stderr);
    let whole = accounts
        .program(&format!("rollback latest --chain --dry-run {QUICK}"))
        .run();
    assert!(!whole.stderr.contains("wrote stays"), "{}", whole.stderr);
    let report = accounts.program(&format!("report {first}")).run();
    assert!(report.stdout.contains("continued it"), "{}", report.stdout);
}
