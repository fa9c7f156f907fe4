//! Undocumented keys: after writing, every key that was sent counts; what the server keeps for itself never does.

use super::accounts::with_config;
use crate::support::program::Run;
use crate::support::stand_in::{StandIn, options_with};
use hookferry::sandbox::{Options, Switches, seeds};
use serde_json::{Value, json};

const MIGRATE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";
const RUNS: &str = "state/hookferry/runs";
const PLAN: &str = "plan --from [source] --to [target] --rate 1000 -q --out plan.json";
const APPLY: &str = "apply plan.json --yes --rate 1000 --settle 300ms";
const VERIFY: [&str; 2] = [
    "verify --from [source] --to [target]",
    "verify --run latest",
];

/// Two accounts whose servers count and time every use of a webhook.
fn with_drift() -> StandIn {
    let mut options = Options::from(seeds::demo());
    options.source.switches = Switches::parse(["drift=on"]).unwrap();
    options.target.switches = Switches::parse(["drift=on"]).unwrap();
    StandIn::start(options)
}

/// Two accounts with one webhook in the source, which has undocumented members; the target has these switches.
fn with_extra_keys(switches: &[&str]) -> StandIn {
    let seeds = seeds::Seeds {
        source: Vec::new(),
        target: Vec::new(),
    };
    let accounts = StandIn::start(options_with(seeds, switches, &[]));
    accounts.source().insert(&json!({
        "alias": "On call",
        "url": "https://hooks.example.com/canary",
        "integration_type_id": 1,
        "integration_type": {"id": 1, "label": "Slack", "name": "slack", "revision": 7},
        "isActive": false,
        "note": "canary-note",
    }));
    accounts
}

fn run_with(accounts: &StandIn, line: &str, code: i32) -> Run {
    let run = accounts.program(line).run();
    run.assert_code(code);
    run
}

#[track_caller]
fn assert_shows(run: &Run, words: &[&str]) {
    let output = run.output();
    for word in words {
        assert!(output.contains(word), "{word} is not in\n{output}");
    }
}

/// Sets an undocumented member of every webhook in the target, as the server itself might.
fn set_in_target(accounts: &StandIn, key: &str, value: &Value) {
    for mut webhook in accounts.target().webhooks() {
        webhook[key] = value.clone();
        accounts.target().insert(&webhook);
    }
}

/// The number of backups in the repository of the only account there.
fn n_backups(accounts: &StandIn) -> usize {
    let list = run_with(accounts, "backup list --repo repo -o json", 0);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    list["accounts"][0]["backups"].as_array().unwrap().len()
}

#[test]
fn a_saved_plan_holds_although_the_servers_count_every_use() {
    let accounts = with_drift();
    run_with(&accounts, PLAN, 0);
    run_with(&accounts, APPLY, 0);
    assert!(accounts.copies().iter().all(|n| *n == 1));
}

#[test]
fn a_rollback_deletes_webhooks_that_the_server_has_used_since() {
    let accounts = with_drift();
    let before = accounts.target().webhooks();
    run_with(&accounts, MIGRATE, 0);
    run_with(&accounts, "rollback latest --yes", 0);
    assert_eq!(accounts.target().webhooks(), before);
}

#[test]
fn comparisons_take_no_notice_of_times_and_counters() {
    let accounts = with_drift();
    run_with(&accounts, MIGRATE, 0);
    for line in VERIFY {
        run_with(&accounts, line, 0);
    }
    run_with(&accounts, "export --from [source] --out source.json", 0);
    run_with(
        &accounts,
        "diff [source] source.json --detailed-exitcode",
        0,
    );
    // One more reading of the target alone, so that the two servers have not counted alike.
    run_with(&accounts, VERIFY[1], 0);
    let plan = run_with(&accounts, "plan --from [source] --to [target]", 0);
    assert_shows(&plan, &["only in times and counters"]);
}

#[test]
fn a_backup_is_not_stored_again_because_the_server_counted() {
    let accounts = with_drift();
    let create = "backup create --from [source] --repo repo --plaintext";
    run_with(&accounts, create, 0);
    let second_night = run_with(&accounts, create, 0);
    assert_shows(&second_night, &["unchanged"]);
    assert_eq!(n_backups(&accounts), 1);
}

#[test]
fn a_setting_that_the_server_flips_is_named() {
    let accounts = with_extra_keys(&["extra-keys=flipped"]);
    let migration = run_with(&accounts, MIGRATE, 0);
    assert_shows(&migration, &["altered", "isActive"]);
    for line in VERIFY {
        assert_shows(&run_with(&accounts, line, 3), &["1 altered", "isActive"]);
    }
    let by_run = run_with(&accounts, VERIFY[1], 3);
    assert_shows(&by_run, &["the server altered it when it was written"]);
    let plan = run_with(&accounts, "plan --from [source] --to [target] -o json", 0);
    assert_shows(&plan, &["only undocumented keys differ"]);
    run_with(&accounts, MIGRATE, 0);
    assert_eq!(accounts.posts().len(), 1, "it is not sent again");
    run_with(&accounts, "rollback latest --yes", 0);
}

#[test]
fn a_key_that_the_server_does_not_keep_is_named() {
    let accounts = with_extra_keys(&["extra-keys=dropped"]);
    let migration = run_with(&accounts, MIGRATE, 0);
    assert_shows(&migration, &["altered", "isActive", "note"]);
    for line in VERIFY {
        let verified = run_with(&accounts, line, 3);
        assert_shows(&verified, &["1 altered", "isActive", "note"]);
    }
    let ignoring = "--ignore-key isActive --ignore-key note";
    for line in VERIFY {
        run_with(&accounts, &format!("{line} {ignoring}"), 0);
    }
}

#[test]
fn an_undocumented_member_of_the_type_counts_after_writing() {
    let accounts = with_extra_keys(&[]);
    run_with(&accounts, MIGRATE, 0);
    for line in VERIFY {
        run_with(&accounts, line, 0);
    }
    set_in_target(
        &accounts,
        "integration_type",
        &json!({"id": 1, "label": "renamed", "name": "slack", "revision": 8}),
    );
    for line in VERIFY {
        let verified = run_with(&accounts, line, 3);
        assert_shows(&verified, &["integration_type.revision"]);
        run_with(
            &accounts,
            &format!("{line} --ignore-key integration_type.revision"),
            0,
        );
    }
}

#[test]
fn a_plan_that_undocumented_keys_alone_make_stale_names_the_flag() {
    let accounts = StandIn::demo();
    set_in_target(&accounts, "hits_today", &json!(1));
    run_with(&accounts, PLAN, 0);
    set_in_target(&accounts, "hits_today", &json!(2));
    let stale = run_with(&accounts, APPLY, 5);
    assert_shows(
        &stale,
        &["only undocumented keys changed", "--ignore-key hits_today"],
    );
    let refused = run_with(&accounts, &format!("{APPLY} --ignore-key hits_today"), 64);
    assert_shows(&refused, &["the plan does not ignore this key"]);
    run_with(&accounts, &format!("{PLAN} --ignore-key hits_today"), 0);
    set_in_target(&accounts, "hits_today", &json!(3));
    run_with(&accounts, APPLY, 0);
    set_in_target(&accounts, "hits_today", &json!(4));
    // The run record remembers what the plan ignored.
    run_with(&accounts, "rollback latest --yes", 0);
}

#[test]
fn a_change_of_undocumented_keys_alone_stops_a_rollback_until_they_are_ignored() {
    let accounts = StandIn::demo();
    run_with(&accounts, MIGRATE, 0);
    set_in_target(&accounts, "hits_today", &json!(2));
    let kept = run_with(&accounts, "rollback latest --yes", 3);
    assert_shows(
        &kept,
        &["in undocumented keys alone", "--ignore-key hits_today"],
    );
    let mut webhook = accounts.target().webhooks().pop().unwrap();
    webhook["isActive"] = false.into();
    accounts.target().insert(&webhook);
    let rest = run_with(
        &accounts,
        "rollback latest --yes --ignore-key hits_today",
        3,
    );
    assert_shows(&rest, &["--ignore-key isActive"]);
    let left = accounts.target().webhooks();
    assert_eq!(left.last(), Some(&webhook));
    assert_eq!(
        left.len(),
        5,
        "only the webhook that somebody switched off stays"
    );
}

#[test]
fn a_profile_names_keys_to_ignore() {
    let profiles = r#"
[profile.from]
url = "[source]"
api_key_file = "keys/source"
ignore_keys = ["hits_today"]

[profile.to]
url = "[target]"
api_key_command = ["cat", "target-key"]
ignore_keys = ["hits_today"]
"#;
    let accounts = with_config(StandIn::demo(), profiles);
    let run = |line: &str, code: i32| {
        let program = accounts.program(line).env("PATH", "/usr/bin:/bin");
        program.run().assert_code(code);
    };
    let create = "backup create --from from --repo repo --plaintext";
    run(create, 0);
    let mut webhook = accounts.source().webhooks()[0].clone();
    webhook["hits_today"] = 1.into();
    accounts.source().insert(&webhook);
    run(create, 0);
    assert_eq!(n_backups(&accounts), 1);
    run("plan --from from --to to --out plan.json", 0);
    set_in_target(&accounts, "hits_today", &json!(2));
    run(APPLY, 0);
    set_in_target(&accounts, "hits_today", &json!(3));
    run("verify --from from --to to", 0);
    run("rollback latest --to to --yes", 0);
}

#[test]
fn a_documented_key_cannot_be_ignored() {
    let accounts = StandIn::demo();
    let refused = run_with(&accounts, &format!("{PLAN} --ignore-key url"), 64);
    assert_shows(&refused, &["`url` is a key that Coralogix documents"]);
    let accounts = with_config(
        accounts,
        "[profile.x]\nurl = \"[source]\"\nignore_keys = [\"hits\", \"alias\"]\n",
    );
    let refused = run_with(&accounts, "account list", 64);
    assert_shows(
        &refused,
        &["ignore_keys: this is a key that Coralogix documents"],
    );
}

#[test]
fn a_killed_run_is_not_undone_where_a_setting_that_it_sent_was_changed() {
    let accounts = with_extra_keys(&[]);
    run_with(&accounts, MIGRATE, 0);
    // Without its footer, the record is that of a run that was killed.
    let journal = journal_path(&accounts);
    let text = accounts.read(&journal);
    let lines: Vec<&str> = text.lines().collect();
    accounts.write(
        &journal,
        &format!("{}\n", lines[..lines.len() - 1].join("\n")),
    );
    set_in_target(&accounts, "isActive", &json!(true));
    let kept = run_with(&accounts, "rollback latest --yes", 3);
    assert_shows(&kept, &["--ignore-key isActive"]);
    set_in_target(&accounts, "isActive", &json!(false));
    run_with(&accounts, "rollback latest --yes", 0);
    assert!(accounts.target().webhooks().is_empty());
}

/// The path of the only run's journal, below the home folder.
fn journal_path(accounts: &StandIn) -> String {
    let runs = accounts.home().join(RUNS);
    let mut runs = std::fs::read_dir(runs).unwrap().map(Result::unwrap);
    let run = runs.find(|entry| entry.path().is_dir()).unwrap();
    format!("{RUNS}/{}/journal.jsonl", run.file_name().display())
}
