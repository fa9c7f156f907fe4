//! `verify`: compares what the target really holds with the source or with a run.

use super::{MIGRATE, migrate};
use crate::support::stand_in::StandIn;
use serde_json::Value;

const AGAINST_SOURCE: &str = "verify --from [source] --to [target]";
const AGAINST_RUN: &str = "verify --run latest";

#[test]
fn verify_succeeds_after_a_migration() {
    let accounts = StandIn::demo();
    accounts.program(AGAINST_SOURCE).run().assert_code(3);
    migrate(&accounts);
    let run = accounts.program(AGAINST_SOURCE).run();
    run.assert_code(0);
    assert_transcript!("against_source", run);
    let run = accounts.program(AGAINST_RUN).run();
    run.assert_code(0);
    assert_transcript!("against_run", run);
}

/// "missing" alone would send somebody looking for what went wrong.
#[test]
fn a_run_that_was_rolled_back_is_said_to_be() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    accounts
        .program("rollback latest --yes --settle 1s")
        .run()
        .assert_code(0);
    let run = accounts.program(AGAINST_RUN).run();
    run.assert_code(3);
    for words in [
        " was rolled back on ",
        ": 11 webhooks deleted, 0 restored",
        "a rollback deleted it",
        "which a rollback has undone since",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let run = accounts.program(&format!("{AGAINST_RUN} -o json")).run();
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let rolled_back = document["rolled_back"].as_str().unwrap();
    assert!(rolled_back.contains("was rolled back on"), "{rolled_back}");
}

#[test]
fn missing_altered_and_duplicated_webhooks_are_reported() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    accounts.target().edit_webhook(1054, |webhook| {
        webhook["integration_type_fields"] =
            r#"[{"name":"serviceKey","value":"canary-other"}]"#.into();
    });
    accounts.target().remove(1055);
    let mut copy = accounts.target().webhooks()[6].clone();
    copy.as_object_mut().unwrap().remove("id");
    accounts.target().insert(&copy);
    let n_posts = accounts.posts().len();
    for (name, line) in [("source", AGAINST_SOURCE), ("run", AGAINST_RUN)] {
        let run = accounts.program(line).run();
        run.assert_code(3);
        assert_text!(format!("differs_from_{name}"), run.stdout());
        let run = accounts.program(&format!("{line} -o json")).run();
        run.assert_code(3);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        let summary = &document["summary"];
        for verdict in ["altered", "missing", "duplicated"] {
            assert_eq!(summary[verdict], 1, "{name}: {summary}");
        }
        assert_eq!(summary["total"], 12, "{name}");
    }
    assert_eq!(accounts.posts().len(), n_posts, "verify writes nothing");
}

#[test]
fn verify_reports_what_the_server_altered() {
    let accounts = StandIn::with(&["url=slash"], &[]);
    migrate(&accounts);
    for line in [AGAINST_SOURCE, AGAINST_RUN] {
        let run = accounts.program(line).run();
        run.assert_code(3);
        assert!(run.stdout.contains("altered"), "{}", run.stdout);
    }
    let run = accounts.program(AGAINST_RUN).run();
    assert!(
        run.stdout.contains("and it has not changed since"),
        "{}",
        run.stdout
    );
}

#[test]
fn copies_outside_the_selection_are_not_reported() {
    let accounts = StandIn::demo();
    let mut twin = accounts.source().webhooks()[1].clone();
    twin.as_object_mut().unwrap().remove("id");
    accounts.source().insert(&twin);
    migrate(&accounts);
    let run = accounts
        .program(&format!("{AGAINST_SOURCE} --id 1051"))
        .run();
    run.assert_code(0);
}

#[test]
fn verify_refuses_invalid_combinations_of_flags() {
    let accounts = StandIn::demo();
    for line in [
        "verify",
        "verify --from [source]",
        "verify --to [target]",
        "verify --run latest --from [source] --to [target]",
        "verify --run latest --type slack",
    ] {
        accounts.program(line).run().assert_code(64);
    }
}

const RULES: &str = r#"
[[rule]]
match = { alias = "deploy-bot" }
set = { url = { value = "https://deploys.example.com/" } }
"#;

/// Without the rules of the last run everything that they changed looks altered: the command with them is named.
#[test]
fn the_rules_of_the_last_run_are_named_if_they_are_not_used() {
    let accounts = StandIn::demo();
    accounts.write("rules.toml", RULES);
    accounts.write("others.toml", RULES);
    let migrate = format!("{MIGRATE} --rules rules.toml --retarget=us2");
    accounts.program(&migrate).run().assert_code(0);
    let run = accounts.program(AGAINST_SOURCE).run();
    run.assert_code(3);
    assert_text!("without_the_rules", run.stdout());
    for (flags, named) in [
        ("", Some("--rules [home]/rules.toml --retarget=us2")),
        (
            "--type webhook --ignore-key x",
            Some("--rules [home]/rules.toml --retarget=us2"),
        ),
        (
            "--retarget=us2",
            Some("--rules [home]/rules.toml --retarget=us2"),
        ),
        (
            "--rules others.toml",
            Some("--rules [home]/others.toml --retarget=us2"),
        ),
        ("--rules rules.toml --retarget=us2", None),
        ("--rules others.toml --retarget=us1", None),
    ] {
        let line = format!("{AGAINST_SOURCE} {flags} -o json");
        let run = accounts.program(&line).run();
        let document: Value = serde_json::from_str(&run.stdout()).unwrap();
        let unused = &document["unused_rules"];
        assert_eq!(unused.is_null(), named.is_none(), "{flags}: {unused}");
        if let Some(named) = named {
            let command = unused["command"].as_str().unwrap();
            assert!(command.ends_with(named), "{flags}: {command}");
            for flag in flags.split(' ').filter(|flag| flag.starts_with("--type")) {
                assert!(command.contains(flag), "{command}");
            }
        }
    }
}

/// Only the last run between these two counts, and only if it was not undone.
#[test]
fn rules_of_other_runs_are_not_named() {
    let accounts = StandIn::demo();
    accounts.write("rules.toml", RULES);
    let is_warned = || {
        let run = accounts.program(AGAINST_SOURCE).run();
        run.stdout.contains("warning: compared without the rules")
    };
    assert!(!is_warned(), "there was no run");
    let with_rules = format!("{MIGRATE} --rules rules.toml");
    accounts.program(&with_rules).run().assert_code(0);
    assert!(is_warned());
    // Against what the run wrote, its rules are no matter.
    let run = accounts.program(AGAINST_RUN).run();
    assert!(!run.output().contains("warning"), "{}", run.output());
    let undo = "rollback latest --yes --rate 1000 --settle 300ms";
    accounts.program(undo).run().assert_code(0);
    assert!(!is_warned(), "the run was undone");
    accounts.program(&with_rules).run().assert_code(0);
    let without = format!("{MIGRATE} --on-conflict update");
    accounts.program(&without).run().assert_code(0);
    assert!(!is_warned(), "the last run used none");
}
