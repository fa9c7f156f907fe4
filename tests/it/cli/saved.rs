//! Saved plans: what a file holds, that exactly it is applied, and that nothing is where anything moved.

use crate::support::program::Run;
use crate::support::stand_in::StandIn;
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

fn posts(accounts: &StandIn) -> usize {
    accounts.posts().len()
}

/// A refusal of a stale plan: exit code 5 and nothing sent.
#[track_caller]
fn assert_stale(accounts: &StandIn, run: &Run) {
    run.assert_code(5);
    assert_eq!(posts(accounts), 0, "{}", run.transcript());
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
fn json_on_stdout_is_what_is_saved() {
    let accounts = StandIn::demo();
    let run = accounts.program(&format!("{PLAN} -o json")).run();
    run.assert_code(0);
    assert_eq!(run.stdout, accounts.read("plan.json"));
}

#[test]
fn only_an_older_plan_is_replaced() {
    let accounts = with_plan();
    let first = accounts.read("plan.json");
    accounts.program(PLAN).run().assert_code(0);
    assert_ne!(accounts.read("plan.json"), first);
    accounts.write("plan.json", "{\"kind\": \"list\"}");
    let run = accounts.program(PLAN).run();
    run.assert_code(1);
    assert!(run.stderr.contains("is not replaced"), "{}", run.stderr);
    assert_eq!(accounts.read("plan.json"), "{\"kind\": \"list\"}");
}

#[test]
fn an_approved_plan_is_applied_and_once_more_changes_nothing() {
    let accounts = with_plan();
    let run = accounts.program("apply plan.json --dry-run").run();
    run.assert_code(0);
    assert!(run.stdout.contains("11 to create"), "{}", run.stdout);
    assert_eq!(posts(&accounts), 0);
    accounts.program("apply plan.json").run().assert_code(6);
    assert_eq!(posts(&accounts), 0, "nobody said yes");
    let run = accounts.program(APPLY).run();
    run.assert_code(0);
    assert_transcript!(run);
    assert!(accounts.copies().iter().all(|n| *n == 1));
    let sent = posts(&accounts);
    let run = accounts.program(APPLY).run();
    run.assert_code(0);
    assert!(
        run.stdout.contains("nothing had to be written"),
        "{}",
        run.stdout
    );
    assert_eq!(posts(&accounts), sent);
}

#[test]
fn everything_that_moved_is_listed_and_nothing_is_written() {
    let accounts = with_plan();
    let (source, target) = (accounts.source(), accounts.target());
    assert!(source.change(1050, |webhook| {
        webhook["url"] = json!("https://hooks.slack.example/services/moved-canary");
    }));
    assert!(source.change(1051, |webhook| webhook["alias"] =
        json!("payments\u{1b}[2J")));
    assert!(source.change(1052, |webhook| {
        let fields = webhook["integration_type_fields"].as_str().unwrap();
        webhook["integration_type_fields"] = json!(fields.replace("canary", "canary-moved"));
    }));
    assert!(source.remove(1053));
    target.insert(&json!({
        "alias": "new hook", "url": "https://hooks.example.com/canary",
        "integration_type_fields": "[]", "integration_type_id": 0,
        "integration_type": {"id": 0, "label": "Slack", "icon": "x"}
    }));
    assert!(target.change(1051, |webhook| webhook["region"] = json!("canary")));
    let run = accounts.program(APPLY).run();
    assert_stale(&accounts, &run);
    assert_transcript!("text", run);
    let run = accounts.program(&format!("{APPLY} -q -o json")).run();
    assert_stale(&accounts, &run);
    let told: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told["kind"], "stale-plan");
    assert_transcript!("json", run);
}

#[test]
fn dates_and_the_order_of_the_list_are_no_change() {
    let accounts = with_plan();
    for account in [accounts.source(), accounts.target()] {
        account.change(1050, |webhook| {
            webhook["updated_at"] = json!("2026-12-24T18:00:00Z");
            webhook["integration_type"]["label"] = json!("another label");
        });
    }
    accounts.program(APPLY).run().assert_code(0);
}

#[test]
fn a_webhook_outside_the_selection_may_move() {
    let accounts = StandIn::demo();
    accounts
        .program(&format!("{PLAN} --type pager_duty --name pay*"))
        .run()
        .assert_code(0);
    accounts.source().change(1050, |webhook| {
        webhook["url"] = json!("https://a.example.com/");
    });
    accounts.program(APPLY).run().assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 5);
}

#[test]
fn a_plan_that_somebody_changed_or_that_is_too_old_is_refused_unread() {
    let accounts = with_plan();
    let untouched = document(&accounts);
    let seen = accounts.n_seen();
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut document = untouched.clone();
        edit(&mut document);
        save(&accounts, &document);
        let run = accounts.program(APPLY).run();
        assert_stale(&accounts, &run);
        run.stderr
    };
    let changed = "is not as it was saved";
    assert!(with(&|plan| plan["on_conflict"] = json!("update")).contains(changed));
    assert!(with(&|plan| plan["steps"][1]["alias"] = json!("another")).contains(changed));
    assert!(with(&|plan| plan["notices"] = json!([])).contains(changed));
    assert!(with(&|plan| plan["added"] = json!(1)).contains(changed));
    let later = "2999-01-01T00:00:00Z";
    assert!(with(&|plan| plan["binding"]["valid_until"] = json!(later)).contains(changed));
    assert!(
        with(&|plan| plan["binding"]["salt"] = json!("0".repeat(32)))
            .contains("another source API key")
    );
    save(&accounts, &untouched);
    let run = accounts
        .program(APPLY)
        .env("HOOKFERRY_SOURCE_API_KEY", "another-key-canary")
        .run();
    assert_stale(&accounts, &run);
    assert!(
        run.stderr.contains("another source API key"),
        "{}",
        run.stderr
    );
    assert_eq!(accounts.n_seen(), seen, "nothing was even read");
}

#[test]
fn a_plan_expires() {
    let accounts = StandIn::demo();
    accounts
        .program(&format!("{PLAN} --valid-for 1ms"))
        .run()
        .assert_code(0);
    // A plan is made in whole seconds, so one of a millisecond is over when it is saved.
    let run = accounts.program(APPLY).run();
    assert_stale(&accounts, &run);
    assert!(run.stderr.contains("was valid until"), "{}", run.stderr);
}

#[test]
fn what_is_no_plan_of_this_version_is_refused() {
    let accounts = with_plan();
    let run = |text: &str| {
        accounts.write("plan.json", text);
        let run = accounts.program(APPLY).run();
        run.assert_code(1);
        assert_eq!(posts(&accounts), 0);
        run.stderr
    };
    let mut plan = document(&accounts);
    assert!(run("{").contains("it is no JSON, or cut off"));
    assert!(run("[]").contains("it has no `format_version`"));
    assert!(
        run("{\"kind\": \"list\", \"format_version\": \"1.0\"}")
            .contains("it is neither a plan nor an outcome")
    );
    plan["format_version"] = json!("2.0");
    assert!(run(&plan.to_string()).contains("is of format 2, and this version reads format 1"));
    plan["format_version"] = json!("1.7");
    plan["steps"][0]["state"] = json!("explode-canary");
    assert!(run(&plan.to_string()).contains("it is damaged"));
    plan["steps"][0]["state"] = json!("unchanged");
    plan.as_object_mut().unwrap().remove("binding");
    assert!(run(&plan.to_string()).contains("it is bound to nothing"));
}

#[test]
fn a_plan_that_would_be_refused_is_saved_and_not_applied() {
    let accounts = StandIn::awkward();
    accounts.program(PLAN).run().assert_code(6);
    let run = accounts.program(APPLY).run();
    run.assert_code(6);
    assert_eq!(posts(&accounts), 0);
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
            .contains("would get other values than planned: serviceKey"),
        "{}",
        run.stderr
    );
    let run = accounts.program(APPLY).run();
    assert_stale(&accounts, &run);
    accounts.write("rules.toml", &format!("# nothing but a comment\n{RULES}"));
    let run = accounts.program(APPLY).env("KEY", "canary-1").run();
    assert_stale(&accounts, &run);
    assert!(
        run.stderr
            .contains("the rules file rules.toml has another text"),
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
fn a_plan_from_a_file_needs_the_same_webhooks_and_no_key_of_the_source() {
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
        .reveals_secrets()
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
fn no_key_goes_to_a_host_that_only_the_file_names() {
    let accounts = with_plan();
    let mut plan = document(&accounts);
    let url = plan["binding"]["target"]["url"].clone();
    plan["binding"]["target"]["url"] = json!("https://collector.example.com/");
    save(&accounts, &plan);
    let run = accounts.program(APPLY).run();
    run.assert_code(6);
    assert!(
        run.stderr
            .contains("collector.example.com, which is no Coralogix host"),
        "{}",
        run.stderr
    );
    let run = accounts.program(&format!("{APPLY} --to [target]")).run();
    assert_stale(&accounts, &run);
    assert!(
        run.stderr.contains("and --to is 127.0.0.1"),
        "{}",
        run.stderr
    );
    plan["binding"]["target"]["url"] = url;
    plan["binding"]["source"]["url"] = json!("https://collector.example.com/");
    save(&accounts, &plan);
    let run = accounts.program(APPLY).run();
    run.assert_code(6);
    assert!(
        run.stderr.contains("name it once more with --from"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_named_target_has_to_be_the_plan_s_own() {
    let accounts = with_plan();
    accounts
        .program(&format!("{APPLY} --to [target] --from [source]"))
        .run()
        .assert_code(0);
}

/// A run that was cut off has changed the target itself: the same plan goes on, because its record explains it.
#[test]
fn an_interrupted_apply_goes_on_with_the_same_plan() {
    let accounts = with_plan();
    accounts
        .target()
        .push_fault("post:2:stall".parse().unwrap());
    let running = accounts
        .program(&format!("{APPLY} --batch-size 4 -q"))
        .start();
    accounts.until_posts(2);
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

/// Without its record the half-done work is somebody's change, and that is said.
#[test]
fn without_the_record_what_an_interrupted_apply_wrote_makes_the_plan_stale() {
    let accounts = with_plan();
    accounts
        .target()
        .push_fault("post:2:stall".parse().unwrap());
    let running = accounts
        .program(&format!("{APPLY} --batch-size 4 -q"))
        .start();
    accounts.until_posts(2);
    running.signal("KILL");
    running.status();
    let sent = posts(&accounts);
    let run = accounts
        .program(&format!("{APPLY} --state-dir elsewhere"))
        .run();
    run.assert_code(5);
    assert_eq!(posts(&accounts), sent);
    assert!(run.stderr.contains("appeared"), "{}", run.stderr);
}

/// An update that a run of the same plan has made is not a change of somebody else's.
#[test]
fn an_applied_update_is_not_asked_for_again() {
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
    accounts.target().change(id, |webhook| {
        webhook["url"] = json!("https://hooks.example.com/third-canary");
    });
    let sent = posts(&accounts);
    let run = accounts.program(APPLY).run();
    run.assert_code(5);
    assert_eq!(posts(&accounts), sent, "{}", run.transcript());
}

/// An empty account shows no company id: then its API key has to be the one that the plan was made with.
#[test]
fn an_empty_target_is_known_by_its_key() {
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

/// What is wrong with a plan by the committed schema; nothing where it follows it.
fn problems(plan: &Value) -> Option<String> {
    let text = include_str!("../../../docs/plan.schema.json");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler
        .add_resource("plan.json", serde_json::from_str(text).unwrap())
        .unwrap();
    let schema = compiler.compile("plan.json", &mut schemas).unwrap();
    let outcome = schemas.validate(plan, schema);
    outcome.err().map(|error| error.to_string())
}

#[test]
fn a_saved_plan_follows_its_schema() {
    let check = |accounts: &StandIn, line: &str| {
        accounts.program(&format!("{PLAN} {line}")).run();
        let plan = document(accounts);
        assert_eq!(problems(&plan), None);
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
    for (at, value) in [
        ("/steps/0/state", json!("explode")),
        ("/format_version", json!("2.0")),
        ("/summary/total", json!("many")),
        ("/binding/seal", json!("short")),
        ("/steps/1/fields/0/value", json!({"value": "secret"})),
    ] {
        let mut wrong = plan.clone();
        *wrong.pointer_mut(at).unwrap() = value;
        assert!(problems(&wrong).is_some(), "{at}");
    }
}
