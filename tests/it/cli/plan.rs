//! `plan`: its output and exit codes.

use crate::support::stand_in::StandIn;
use serde_json::Value;

#[test]
fn an_ordinary_plan() {
    let accounts = StandIn::demo();
    let run = accounts.program("plan --from [source] --to [target]").run();
    assert_transcript!(run);
}

#[test]
fn an_ordinary_plan_as_json() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("plan --from [source] --to [target] -o json")
        .run();
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(document["format_version"].is_string());
    assert_transcript!(run);
}

#[test]
fn an_awkward_plan_would_be_refused() {
    let accounts = StandIn::awkward();
    let run = accounts.program("plan --from [source] --to [target]").run();
    run.assert_code(6);
    assert_transcript!(run);
}

#[test]
fn an_awkward_plan_as_json() {
    let accounts = StandIn::awkward();
    let run = accounts
        .program("plan --from [source] --to [target] --on-conflict update -o json --quiet")
        .run();
    run.assert_code(6);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["would_be_refused"], true);
    let steps = document["steps"].as_array().unwrap();
    let remarkable = steps.iter().map(remarkable_members).collect::<Vec<_>>();
    assert_text!(remarkable.join("\n"));
}

/// What only some steps have, on one line; the plan of the ordinary accounts shows the rest.
fn remarkable_members(step: &Value) -> String {
    let is_ordinary = |value: &Value| {
        value.is_null() || matches!(value, Value::Array(list) if list.is_empty()) || value == ""
    };
    let usual = ["url", "fields", "type_id", "destination"];
    let members = step.as_object().unwrap().iter();
    let members: Vec<String> = members
        .filter(|(name, value)| !usual.contains(&name.as_str()) && !is_ordinary(value))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    members.join(", ")
}

#[test]
fn the_detailed_exit_code_says_whether_there_are_changes() {
    let accounts = StandIn::demo();
    let line = "plan --from [source] --to [target] --quiet --detailed-exitcode";
    accounts.program(line).run().assert_code(2);
    accounts
        .program("plan --from [source] --to [target] --quiet")
        .run()
        .assert_code(0);
    accounts
        .program("migrate --from [source] --to [target] --quiet --yes")
        .run()
        .assert_code(0);
    accounts.program(line).run().assert_code(0);
    StandIn::awkward().program(line).run().assert_code(6);
}

#[test]
fn only_the_selection_is_planned() {
    let accounts = StandIn::demo();
    let run = accounts
        .program(
            "plan --from [source] --to [target] --type slack,2 --type webhook --name !status-*",
        )
        .run();
    assert_transcript!("by_type_and_name", run);
    let run = accounts
        .program("plan --from [source] --to [target] --name payments-* --id 1051,1054")
        .run();
    assert_transcript!("by_name_and_id", run);
}

#[test]
fn with_every_field_of_what_is_created() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("plan --from [source] --to [target] --diff --type webhook,sendlog,jira")
        .run();
    run.assert_code(0);
    assert_transcript!(run);
}
