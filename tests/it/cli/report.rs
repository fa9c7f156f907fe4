//! `report`: prints a run or a saved document again, in every format, and refuses other files.

use crate::support::stand_in::StandIn;
use serde_json::{Value, json};

/// Two accounts after a migration, with a saved plan in the home folder.
fn after_a_migration() -> StandIn {
    let accounts = StandIn::demo();
    let plan = accounts
        .program("plan --from [source] --to [target] -o json --quiet")
        .run();
    accounts.write("plan.json", &plan.stdout);
    accounts
        .program("migrate --from [source] --to [target] --yes --quiet")
        .run()
        .assert_code(0);
    accounts
}

/// The standard output of a command that succeeds.
fn stdout_of(accounts: &StandIn, command_line: &str) -> String {
    let run = accounts.program(command_line).run();
    run.assert_code(0);
    run.stdout
}

#[test]
fn a_report_repeats_the_original_output() {
    let accounts = StandIn::demo();
    let route = "--from [source] --to [target] --quiet";
    for format in [
        "text",
        "text --diff",
        "json",
        "markdown",
        "markdown --max-bytes 2000",
        "html",
    ] {
        // Every plan has its own digests and times, so the report must come from the saved plan.
        let plan = format!("plan {route} --out plan.json -o {format}");
        let first = stdout_of(&accounts, &plan);
        let dry_run = stdout_of(&accounts, &format!("migrate --dry-run {route} -o {format}"));
        let again = accounts
            .program(&format!("report plan.json -o {format}"))
            .run();
        assert_eq!(again.stdout, first);
        if format.starts_with("text") {
            let is_of_the_file = |line: &&str| line.starts_with("fingerprint ");
            let first: Vec<&str> = first.lines().filter(|line| !is_of_the_file(line)).collect();
            assert_eq!(dry_run.lines().collect::<Vec<_>>(), first);
        }
        assert_eq!(again.requests, "", "a report sends no request");
    }
    let first = stdout_of(&accounts, &format!("migrate {route} --yes -o html"));
    assert_eq!(stdout_of(&accounts, "report latest -o html"), first);
    let saved = stdout_of(&accounts, "report latest -o json");
    accounts.write("outcome", &saved);
    for format in ["text", "json", "markdown", "html"] {
        let of_run = stdout_of(&accounts, &format!("report latest -o {format}"));
        // A name with a slash, and the name of an existing file.
        for name in ["./outcome", "outcome"] {
            assert_eq!(
                stdout_of(&accounts, &format!("report {name} -o {format}")),
                of_run
            );
        }
    }
}

#[test]
fn a_report_on_standard_input() {
    let accounts = after_a_migration();
    let plan = accounts.read("plan.json");
    let run = accounts.program("report -").stdin(&plan).run();
    run.assert_code(0);
    assert_transcript!(run);
}

#[test]
fn a_newer_minor_version_is_read() {
    let accounts = after_a_migration();
    let mut plan: Value = serde_json::from_str(&accounts.read("plan.json")).unwrap();
    // A fingerprint would tell that somebody changed it.
    plan.as_object_mut().unwrap().remove("binding");
    accounts.write("unbound.json", &plan.to_string());
    plan["format_version"] = json!("1.9");
    plan["invented"] = json!({"later": [1]});
    plan["steps"][0]["invented"] = json!("later");
    accounts.write("newer.json", &plan.to_string());
    let newer = stdout_of(&accounts, "report newer.json");
    assert_eq!(newer, stdout_of(&accounts, "report unbound.json"));
}

/// Nothing of the file is repeated: each run fails if it prints the word that secrets contain.
#[test]
fn a_file_that_is_not_a_report_is_refused() {
    let accounts = after_a_migration();
    let plan: Value = serde_json::from_str(&accounts.read("plan.json")).unwrap();
    let with = |member: &str, value: Value| {
        let mut plan = plan.clone();
        plan[member] = value;
        plan.to_string()
    };
    let mut counts = plan["summary"].clone();
    counts["create"] = json!(0);
    let text = plan.to_string();
    for (name, text) in [
        ("newer", with("format_version", json!("2.0"))),
        ("no_version", with("format_version", json!("canary"))),
        ("other_kind", with("kind", json!("canary"))),
        ("word", with("on_conflict", json!("canary"))),
        ("member", with("steps", json!({"canary": "canary"}))),
        ("counts", with("summary", counts)),
        ("negative", with("untouched_in_target", json!(-1))),
        ("cut", text[..text.len() / 2].to_owned()),
        ("no_json", "canary: canary".to_owned()),
        ("array", "[\"canary\"]".to_owned()),
        ("empty", String::new()),
        ("deep", "[".repeat(100_000)),
    ] {
        accounts.write("file.json", &text);
        let run = accounts.program("report file.json -vvv -o html").run();
        run.assert_code(1);
        assert_eq!(run.stdout, "", "{name}");
        // The position of the damage depends on the length of the accounts' URLs.
        if !["cut", "word", "member", "negative"].contains(&name) {
            assert_transcript!(name, run);
        }
    }
}

#[test]
fn missing_reports_and_wrong_limits_are_errors() {
    let accounts = after_a_migration();
    let run = |command_line: &str, code| {
        let run = accounts.program(command_line).run();
        run.assert_code(code);
        run
    };
    assert_transcript!("no_such_file", run("report nothing.json", 1));
    assert_transcript!("no_such_run", run("report 2019", 1));
    assert_transcript!("max_bytes", run("report plan.json --max-bytes 5000", 64));
    assert_transcript!(
        "too_short",
        run("report plan.json -o markdown --max-bytes 9", 64)
    );
}

#[test]
fn a_run_that_was_cut_off_has_a_report_and_a_plan() {
    let accounts = StandIn::with(&[], &["post:2:stall-after"]);
    let running = accounts
        .program("migrate --from [source] --to [target] --yes --rate 1000 --batch-size 4")
        .start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    running.finish();
    let report = accounts.program("report latest").run();
    report.assert_code(0);
    assert_transcript!("cut_off", report);
    assert_transcript!(
        "cut_off_plan",
        accounts.program("report latest --plan").run()
    );
}

#[test]
fn the_report_and_the_plan_of_a_run_are_what_it_showed() {
    let accounts = StandIn::demo();
    let route = "--from [source] --to [target] --rate 1000 --on-conflict update";
    let mut plan = stdout_of(&accounts, &format!("plan {route} -o json"));
    let live = stdout_of(
        &accounts,
        &format!("migrate {route} --yes --settle 1s -o json"),
    );
    assert_eq!(stdout_of(&accounts, "report latest -o json"), live);
    // What a saved plan is bound to, and the fields of what it creates, are no part of a record.
    let recorded = stdout_of(&accounts, "report latest --plan -o json");
    let mut shown: Value = serde_json::from_str(&plan).unwrap();
    shown.as_object_mut().unwrap().remove("binding");
    for step in shown["steps"].as_array_mut().unwrap() {
        step.as_object_mut().unwrap().remove("fields");
    }
    plan = serde_json::to_string_pretty(&shown).unwrap();
    let recorded: Value = serde_json::from_str(&recorded).unwrap();
    assert_eq!(serde_json::to_string_pretty(&recorded).unwrap(), plan);
}
