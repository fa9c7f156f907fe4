//! Saved plans: what the file holds, that `apply` does exactly what it says, and that drift stops it.

use crate::support::program::Run;
use crate::support::proposals::shell_words;
use crate::support::schema;
use crate::support::stand_in::{StandIn, text};
use serde_json::{Value, json};

const PLAN: &str = "plan --from [source] --to [target] --rate 1000 -q --out plan.json";
const APPLY: &str = "apply plan.json --yes --rate 1000 --settle 300ms";

/// Two accounts and a plan between them.
fn with_plan() -> StandIn {
    let accounts = StandIn::demo();
    accounts.program(PLAN).run().assert_code(0);
    accounts
}

fn document(accounts: &StandIn) -> Value {
    serde_json::from_str(&accounts.read("plan.json")).unwrap()
}

fn save(accounts: &StandIn, document: &Value) {
    accounts.write("plan.json", &document.to_string());
}

fn n_posts(accounts: &StandIn) -> usize {
    accounts.posts().len()
}

/// Asserts that a stale plan was refused: exit code 5, and nothing sent.
#[track_caller]
fn assert_stale(accounts: &StandIn, run: &Run) {
    run.assert_code(5);
    assert_eq!(n_posts(accounts), 0, "{}", run.transcript());
}

#[test]
fn a_plan_is_saved_for_its_owner_alone_and_says_what_to_do_with_it() {
    let accounts = StandIn::demo();
    let line = "plan --from [source] --to [target] --type slack --out plan.json --valid-for 36h";
    let run = accounts.program(line).run();
    run.assert_code(0);
    snapshots!(
        r"\b\d+(?:\.\d)? s\b" => "[elapsed]",
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" => "[time]"
    );
    insta::assert_snapshot!(run.transcript());
    let text = accounts.read("plan.json");
    assert!(!text.contains("canary"), "{text}");
    let mode = std::os::unix::fs::MetadataExt::mode(
        &std::fs::metadata(accounts.home().join("plan.json")).unwrap(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let binding = &document(&accounts)["binding"];
    let time = |name: &str| {
        binding[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let valid = time("valid_until").duration_since(time("created"));
    assert_eq!(valid, jiff::SignedDuration::from_hours(36));
}

#[test]
fn json_output_equals_the_saved_file() {
    let accounts = StandIn::demo();
    let run = accounts.program(&format!("{PLAN} -o json")).run();
    run.assert_code(0);
    assert_eq!(run.stdout, accounts.read("plan.json"));
}

#[test]
fn only_an_existing_plan_file_is_replaced() {
    let accounts = with_plan();
    let first = accounts.read("plan.json");
    accounts.program(PLAN).run().assert_code(0);
    assert_ne!(accounts.read("plan.json"), first);
    accounts.write("plan.json", "{\"kind\": \"list\"}");
    let run = accounts.program(PLAN).run();
    run.assert_code(1);
    assert!(run.stderr.contains("is not overwritten"), "{}", run.stderr);
    assert_eq!(accounts.read("plan.json"), "{\"kind\": \"list\"}");
}

#[test]
fn an_approved_plan_is_applied_and_once_more_changes_nothing() {
    let accounts = with_plan();
    let run = accounts.program("apply plan.json --dry-run").run();
    run.assert_code(0);
    assert!(run.stdout.contains("11 to create"), "{}", run.stdout);
    assert_eq!(n_posts(&accounts), 0);
    accounts.program("apply plan.json").run().assert_code(6);
    assert_eq!(n_posts(&accounts), 0, "nobody confirmed");
    let run = accounts.program(APPLY).run();
    run.assert_code(0);
    assert_excerpt!(run, ["plan.json", "12 webhooks selected", "Done"]);
    assert!(accounts.copies().iter().all(|n| *n == 1));
    let sent = n_posts(&accounts);
    let run = accounts.program(APPLY).run();
    run.assert_code(0);
    assert!(
        run.stdout.contains("nothing had to be written"),
        "{}",
        run.stdout
    );
    assert_eq!(n_posts(&accounts), sent);
}

#[test]
fn all_drift_is_listed_and_nothing_is_written() {
    let accounts = with_plan();
    let (source, target) = (accounts.source(), accounts.target());
    assert!(source.edit_webhook(1050, |webhook| {
        webhook["url"] = json!("https://hooks.slack.example/services/moved-canary");
    }));
    assert!(source.edit_webhook(1051, |webhook| webhook["alias"] =
        json!("payments\u{1b}[2J")));
    assert!(source.edit_webhook(1052, |webhook| {
        let fields = webhook["integration_type_fields"].as_str().unwrap();
        webhook["integration_type_fields"] = json!(fields.replace("canary", "canary-moved"));
    }));
    assert!(source.remove(1053));
    target.insert(&json!({
        "alias": "new hook", "url": "https://hooks.example.com/canary",
        "integration_type_fields": "[]", "integration_type_id": 0,
        "integration_type": {"id": 0, "label": "Slack", "icon": "x"}
    }));
    assert!(target.edit_webhook(1051, |webhook| webhook["region"] = json!("canary")));
    let run = accounts.program(APPLY).run();
    assert_stale(&accounts, &run);
    assert_transcript!("text", run);
    let run = accounts.program(&format!("{APPLY} -q -o json")).run();
    assert_stale(&accounts, &run);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["kind"], "stale-plan");
    assert_transcript!("json", run);
}

#[test]
fn dates_and_labels_do_not_count_as_drift() {
    let accounts = with_plan();
    for account in [accounts.source(), accounts.target()] {
        account.edit_webhook(1050, |webhook| {
            webhook["updated_at"] = json!("2026-12-24T18:00:00Z");
            webhook["integration_type"]["label"] = json!("another label");
        });
    }
    accounts.program(APPLY).run().assert_code(0);
}

#[test]
fn drift_outside_the_selection_is_ignored() {
    let accounts = StandIn::demo();
    accounts
        .program(&format!("{PLAN} --type pager_duty --name pay*"))
        .run()
        .assert_code(0);
    accounts.source().edit_webhook(1050, |webhook| {
        webhook["url"] = json!("https://a.example.com/");
    });
    accounts.program(APPLY).run().assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 5);
}

#[test]
fn an_edited_plan_is_refused_before_any_request() {
    let accounts = with_plan();
    let original = document(&accounts);
    let seen = accounts.request_counts();
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut document = original.clone();
        edit(&mut document);
        save(&accounts, &document);
        let run = accounts.program(APPLY).run();
        assert_stale(&accounts, &run);
        run.stderr
    };
    let changed = "after it was saved";
    assert!(with(&|plan| plan["on_conflict"] = json!("update")).contains(changed));
    assert!(with(&|plan| plan["steps"][1]["alias"] = json!("another")).contains(changed));
    assert!(with(&|plan| plan["notices"] = json!([])).contains(changed));
    assert!(with(&|plan| plan["added"] = json!(1)).contains(changed));
    let later = "2999-01-01T00:00:00Z";
    assert!(with(&|plan| plan["binding"]["valid_until"] = json!(later)).contains(changed));
    assert!(
        with(&|plan| plan["binding"]["source"]["key"]["salt"] = json!("0".repeat(32)))
            .contains("different source API key")
    );
    assert!(
        with(&|plan| plan["binding"]["target"]["key"]["salt"] = json!("0".repeat(32)))
            .contains("different target API key")
    );
    save(&accounts, &original);
    let run = accounts
        .program(APPLY)
        .env("HOOKFERRY_SOURCE_API_KEY", "another-key-canary")
        .run();
    assert_stale(&accounts, &run);
    assert!(
        run.stderr.contains("different source API key"),
        "{}",
        run.stderr
    );
    assert_eq!(accounts.request_counts(), seen, "nothing was read");
}

#[test]
fn an_expired_plan_is_refused() {
    let accounts = StandIn::demo();
    accounts
        .program(&format!("{PLAN} --valid-for 1ms"))
        .run()
        .assert_code(0);
    // Times in a plan are whole seconds, so a plan valid for a millisecond has expired when it is saved.
    let run = accounts.program(APPLY).run();
    assert_stale(&accounts, &run);
    assert!(run.stderr.contains("was valid until"), "{}", run.stderr);
}

#[test]
fn a_file_that_is_not_a_plan_of_this_version_is_refused() {
    let accounts = with_plan();
    let run = |text: &str| {
        accounts.write("plan.json", text);
        let run = accounts.program(APPLY).run();
        run.assert_code(1);
        assert_eq!(n_posts(&accounts), 0);
        run.stderr
    };
    let mut plan = document(&accounts);
    assert!(run("{").contains("it ends in the middle"));
    assert!(run("[]").contains("it has no `format_version`"));
    assert!(
        run("{\"kind\": \"list\", \"format_version\": \"1.0\"}")
            .contains("it is neither a plan nor an outcome")
    );
    plan["format_version"] = json!("2.0");
    assert!(
        run(&plan.to_string())
            .contains("has format version 2, but this version of hookferry reads 1")
    );
    plan["format_version"] = json!("1.7");
    plan["steps"][0]["state"] = json!("explode-canary");
    assert!(run(&plan.to_string()).contains("it is damaged"));
    plan["steps"][0]["state"] = json!("unchanged");
    plan.as_object_mut().unwrap().remove("binding");
    assert!(run(&plan.to_string()).contains("the plan does not record its accounts"));
}

#[test]
fn a_plan_with_refusals_is_saved_but_not_applied() {
    let accounts = StandIn::awkward();
    accounts.program(PLAN).run().assert_code(6);
    let run = accounts.program(APPLY).run();
    run.assert_code(6);
    assert_eq!(n_posts(&accounts), 0);
    assert!(
        run.stderr
            .contains("cannot be applied: nothing would be written"),
        "{}",
        run.stderr
    );
}

#[test]
fn rules_and_their_values_are_part_of_the_plan() {
    const RULES: &str =
        "[[rule]]\nmatch = { type = \"pager_duty\" }\nset = { serviceKey = { env = \"KEY\" } }\n";
    let accounts = StandIn::demo();
    accounts.write("rules.toml", RULES);
    let planned = accounts
        .program(&format!("{PLAN} --rules rules.toml"))
        .env("KEY", "canary-1")
        .run();
    planned.assert_code(0);
    assert!(!accounts.read("plan.json").contains("canary"));
    let run = accounts.program(APPLY).env("KEY", "canary-2").run();
    assert_stale(&accounts, &run);
    assert!(
        run.stderr
            .contains("would get different values than planned: serviceKey"),
        "{}",
        run.stderr
    );
    let run = accounts.program(APPLY).run();
    assert_stale(&accounts, &run);
    accounts.write("rules.toml", &format!("# nothing but a comment\n{RULES}"));
    let run = accounts.program(APPLY).env("KEY", "canary-1").run();
    assert_stale(&accounts, &run);
    assert!(
        run.stderr.contains("the rules file rules.toml has changed"),
        "{}",
        run.stderr
    );
    accounts.write("elsewhere/same.toml", RULES);
    let run = accounts
        .program(&format!("{APPLY} --rules elsewhere/same.toml"))
        .env("KEY", "canary-1")
        .run();
    run.assert_code(0);
    assert!(accounts.target().webhooks().iter().any(|webhook| {
        webhook["integration_type_fields"]
            .as_str()
            .unwrap()
            .contains("canary-1")
    }));
}

#[test]
fn a_plan_from_a_file_needs_the_same_webhooks_and_no_source_key() {
    let accounts = StandIn::demo();
    accounts
        .program("export --from [source] --out webhooks.json")
        .run()
        .assert_code(0);
    let line = "plan --from webhooks.json --to [target] -q --out plan.json";
    accounts
        .program(line)
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .run()
        .assert_code(0);
    let webhooks = accounts.read("webhooks.json");
    accounts.write(
        "webhooks.json",
        &webhooks.replacen("canary", "canary-moved", 1),
    );
    let run = accounts
        .program(APPLY)
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .run();
    assert_stale(&accounts, &run);
    assert!(
        run.stderr
            .contains("url: now https://hooks.slack.example/(path)"),
        "{}",
        run.stderr
    );
    accounts.write("same.json", &webhooks);
    let run = accounts
        .program(&format!("{APPLY} --from same.json"))
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .run();
    run.assert_code(0);
    assert!(accounts.copies().iter().all(|n| *n == 1));
}

#[test]
fn a_plan_from_standard_input_is_applied_with_a_file() {
    let accounts = StandIn::demo();
    let export = accounts
        .program("export --from [source]")
        .allow_secrets()
        .run();
    accounts
        .program("plan --from - --to [target] -q --out plan.json")
        .stdin(&export.stdout)
        .run()
        .assert_code(0);
    let run = accounts.program(APPLY).run();
    run.assert_code(64);
    accounts.write("webhooks.json", &export.stdout);
    accounts
        .program(&format!("{APPLY} --from webhooks.json"))
        .run()
        .assert_code(0);
}

#[test]
fn no_key_is_sent_to_a_host_that_only_the_plan_names() {
    let accounts = with_plan();
    let mut plan = document(&accounts);
    let url = plan["binding"]["target"]["url"].clone();
    plan["binding"]["target"]["url"] = json!("https://collector.example.com/");
    save(&accounts, &plan);
    let run = accounts.program(APPLY).run();
    run.assert_code(6);
    assert!(
        run.stderr
            .contains("collector.example.com, which is not a Coralogix host"),
        "{}",
        run.stderr
    );
    let run = accounts.program(&format!("{APPLY} --to [target]")).run();
    assert_stale(&accounts, &run);
    assert!(
        run.stderr.contains("but --to is 127.0.0.1"),
        "{}",
        run.stderr
    );
    plan["binding"]["target"]["url"] = url;
    plan["binding"]["source"]["url"] = json!("https://collector.example.com/");
    save(&accounts, &plan);
    let run = accounts.program(APPLY).run();
    run.assert_code(6);
    assert!(
        run.stderr.contains("pass --from with that host"),
        "{}",
        run.stderr
    );
}

#[test]
fn flags_may_repeat_the_accounts_of_the_plan() {
    let accounts = with_plan();
    accounts
        .program(&format!("{APPLY} --to [target] --from [source]"))
        .run()
        .assert_code(0);
}

/// An interrupted run has itself changed the target: the plan still applies, because the run record explains the change.
#[test]
fn an_interrupted_apply_resumes_with_the_same_plan() {
    let accounts = with_plan();
    accounts
        .target()
        .push_fault("post:2:stall".parse().unwrap());
    let running = accounts
        .program(&format!("{APPLY} --batch-size 4 -q"))
        .start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    running.status();
    let n_arrived = accounts.target().webhooks().len() - 4;
    assert!(n_arrived >= 4, "{n_arrived}");
    let run = accounts.program(APPLY).run();
    run.assert_code(0);
    assert!(
        accounts.copies().iter().all(|n| *n == 1),
        "{:?}",
        accounts.copies()
    );
}

/// Without the run record, partial work counts as somebody else's change, and is reported.
#[test]
fn without_the_run_record_an_interrupted_apply_makes_the_plan_stale() {
    let accounts = with_plan();
    accounts
        .target()
        .push_fault("post:2:stall".parse().unwrap());
    let running = accounts
        .program(&format!("{APPLY} --batch-size 4 -q"))
        .start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    running.status();
    let sent = n_posts(&accounts);
    let run = accounts
        .program(&format!("{APPLY} --state-dir elsewhere"))
        .run();
    run.assert_code(5);
    assert_eq!(n_posts(&accounts), sent);
    assert!(run.stderr.contains("is new"), "{}", run.stderr);
}

/// An update made by a run of the same plan does not count as drift.
#[test]
fn an_applied_update_does_not_make_the_plan_stale() {
    let accounts = StandIn::demo();
    let source = accounts.source().webhooks()[0].clone();
    let id = accounts.target().insert(&json!({
        "alias": source["alias"], "url": "https://hooks.example.com/old-canary",
        "integration_type_fields": "[]", "integration_type_id": source["integration_type_id"],
        "integration_type": source["integration_type"]
    }));
    accounts
        .program(&format!("{PLAN} --on-conflict update"))
        .run()
        .assert_code(0);
    accounts.program(APPLY).run().assert_code(0);
    accounts.program(APPLY).run().assert_code(0);
    accounts.target().edit_webhook(id, |webhook| {
        webhook["url"] = json!("https://hooks.example.com/third-canary");
    });
    let sent = n_posts(&accounts);
    let run = accounts.program(APPLY).run();
    run.assert_code(5);
    assert_eq!(n_posts(&accounts), sent, "{}", run.transcript());
}

/// An empty account shows no company id: then its API key must be the one with which the plan was made.
#[test]
fn an_empty_target_is_identified_by_its_key() {
    let accounts = StandIn::demo();
    for id in [1050, 1051, 1052, 1053] {
        assert!(accounts.target().remove(id));
    }
    accounts.program(PLAN).run().assert_code(0);
    assert_eq!(
        document(&accounts)["binding"]["target"]["company_id"],
        Value::Null
    );
    accounts.program(APPLY).run().assert_code(0);
    assert!(accounts.copies().iter().all(|n| *n == 1));
}

#[test]
fn a_saved_plan_follows_its_schema() {
    let check = |accounts: &StandIn, line: &str| {
        accounts.program(&format!("{PLAN} {line}")).run();
        let plan = document(accounts);
        assert_eq!(schema::errors(&plan), None);
        plan
    };
    check(&StandIn::awkward(), "--on-conflict skip");
    let accounts = StandIn::demo();
    accounts.write(
        "rules.toml",
        "[[rule]]\nmatch = { type = \"pager_duty\" }\nset = { serviceKey = { env = \"KEY\" } }\n",
    );
    let line = "--rules rules.toml --retarget=us2 --name !status* --unmatched-secret keep";
    let plan = check(&accounts, line);
    for (pointer, value) in [
        ("/steps/0/state", json!("explode")),
        ("/format_version", json!("2.0")),
        ("/summary/total", json!("many")),
        ("/binding/seal", json!("short")),
        ("/steps/1/fields/0/value", json!({"value": "secret"})),
    ] {
        let mut wrong = plan.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert!(schema::errors(&wrong).is_some(), "{pointer}");
    }
}

/// The fingerprint in a text: four groups of four hexadecimal digits.
fn fingerprint(text: &str) -> String {
    let is_part = |character: char| character == '-' || character.is_ascii_hexdigit();
    let mut words = text.split(|character: char| !is_part(character));
    let is_fingerprint = |word: &&str| {
        let groups: Vec<usize> = word.split('-').map(str::len).collect();
        groups == [4; 4]
    };
    words
        .find(is_fingerprint)
        .expect("a fingerprint")
        .to_owned()
}

#[test]
fn one_fingerprint_ties_every_form_of_a_plan_to_its_file() {
    let accounts = StandIn::demo();
    let line = "plan --from [source] --to [target] --out plan.json";
    let shown = accounts.program(line).run();
    let saved = document(&accounts);
    let expected = text(&saved["binding"], "fingerprint");
    assert_eq!(fingerprint(&shown.stdout), expected);
    for format in ["text", "markdown", "html"] {
        let report = accounts
            .program(&format!("report plan.json -o {format}"))
            .run();
        report.assert_code(0);
        assert_eq!(fingerprint(&report.stdout), expected, "{format}");
    }
    let holds = accounts.program("apply plan.json --dry-run").run();
    holds.assert_code(0);
    assert!(
        holds.stderr.contains("\nplan.json still holds"),
        "{}",
        holds.stderr
    );
    assert_eq!(fingerprint(&holds.stderr), expected);
    let applied = accounts.program(APPLY).run();
    applied.assert_code(0);
    assert_eq!(fingerprint(&applied.stderr), expected);
}

#[test]
fn a_report_shows_no_plan_that_somebody_changed() {
    let accounts = with_plan();
    let changed = accounts
        .read("plan.json")
        .replacen("platform-oncall", "platform-oncal1", 1);
    assert_ne!(changed, accounts.read("plan.json"));
    accounts.write("plan.json", &changed);
    let run = accounts.program("report plan.json").run();
    run.assert_code(1);
    assert!(run.stdout.is_empty());
    assert!(run.stderr.contains("somebody changed it"), "{}", run.stderr);
}

/// A stale plan names the command that makes the next one, with every option; it is run as it stands there.
#[test]
fn a_stale_plan_prints_the_whole_command_that_makes_the_next() {
    let accounts = StandIn::demo();
    accounts.write("my rules.toml", "unmatched_secret = \"keep\"\n");
    let options = "--type slack --type webhook --name !*audit* --on-conflict skip --valid-for 36h --max-changes 30 \
                   --on-conflict-for platform-*=skip --retarget=us2 --ignore-key seen_by --unmatched-secret refuse";
    let make = accounts
        .program(&format!("{PLAN} {options}"))
        .arg("--rules")
        .arg("my rules.toml");
    let run = make.run();
    assert!(
        accounts.home().join("plan.json").exists(),
        "{}",
        run.transcript()
    );
    assert!(accounts.source().edit_webhook(1050, |webhook| {
        webhook["url"] = json!("https://hooks.slack.example/services/moved-canary");
    }));
    let stale = accounts.program("apply plan.json --yes").run();
    stale.assert_code(5);
    let command = stale
        .stderr
        .split("have it approved: hookferry ")
        .nth(1)
        .unwrap();
    let command = command.lines().next().unwrap();
    let mut next = accounts.program("");
    for word in shell_words(command).unwrap() {
        next = next.arg(&word);
    }
    let before = document(&accounts);
    next.run().assert_code(0);
    let after = document(&accounts);
    for key in [
        "selection",
        "unmatched_secret",
        "retarget",
        "ignore_keys",
        "max_changes",
    ] {
        assert_eq!(before["binding"][key], after["binding"][key], "{command}");
    }
    for key in ["on_conflict", "on_conflict_for"] {
        assert_eq!(before[key], after[key], "{command}");
    }
    let file = text(&after["binding"]["rules"], "file");
    assert!(file.ends_with("/my rules.toml"), "from any folder: {file}");
    let validity = |plan: &Value| {
        let time = |key| {
            text(&plan["binding"], key)
                .parse::<jiff::Timestamp>()
                .unwrap()
        };
        time("valid_until").duration_since(time("created"))
    };
    assert_eq!(validity(&before), validity(&after));
}

/// A key that a server chose may be anything; in a command to paste it is one word.
#[test]
fn a_key_of_a_server_breaks_out_of_no_command() {
    let key = "x'; touch PWNED; '";
    let accounts = StandIn::demo();
    let set = |value: u64| {
        assert!(
            accounts
                .source()
                .edit_webhook(1050, |webhook| webhook[key] = json!(value))
        );
    };
    set(1);
    accounts.program(PLAN).run().assert_code(0);
    set(2);
    let stale = accounts.program("apply plan.json --yes").run();
    assert_stale(&accounts, &stale);
    let command = stale.stderr.split(": hookferry ").nth(1).unwrap();
    let words = shell_words(command.lines().next().unwrap()).unwrap();
    assert!(words.iter().any(|word| word == key), "{words:?}");
}

/// What a rules file decides, its next version decides anew: no option that nobody gave stands in its way.
#[test]
fn the_next_plan_follows_a_stricter_rules_file() {
    let accounts = StandIn::demo();
    accounts.write("rules.toml", "");
    accounts
        .program(&format!("{PLAN} --rules rules.toml"))
        .run()
        .assert_code(0);
    accounts.write("rules.toml", "unmatched_secret = \"refuse\"\n");
    let stale = accounts.program("apply plan.json --yes").run();
    assert_stale(&accounts, &stale);
    assert!(
        stale.stderr.contains("is stale: the rules file changed;"),
        "{}",
        stale.stderr
    );
    assert!(
        !stale.stderr.contains("--unmatched-secret"),
        "{}",
        stale.stderr
    );
}

#[test]
fn a_plan_keeps_its_limit_on_changes() {
    let accounts = StandIn::demo();
    accounts
        .program(&format!("{PLAN} --max-changes 11"))
        .run()
        .assert_code(0);
    assert_eq!(document(&accounts)["binding"]["max_changes"], 11);
    accounts.program(APPLY).run().assert_code(0);
    let again = accounts.program(APPLY).run();
    again.assert_code(0);
    assert!(
        again
            .stderr
            .contains("but 11 webhooks that this plan wrote already"),
        "{}",
        again.stderr
    );
}
