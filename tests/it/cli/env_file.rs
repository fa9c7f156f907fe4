//! `--env-file`, and the lines of a drafted rules file that wait for its values.

use crate::support::stand_in::StandIn;

const DRAFT: &str = "rules init --from [source] --to us2 --out rules.toml";
const CHECK: &str = "rules check --rules rules.toml --from [source] --to us2 --env-file values.env";

/// The variable of the only secret that must change.
const REQUIRED: &str = "ALERT_AUDIT_LOG_PRIVATE_KEY";

/// A drafted rules file for the ordinary account.
fn with_draft() -> StandIn {
    let accounts = StandIn::demo();
    accounts.program(DRAFT).run().assert_code(0);
    accounts
}

/// Activates the proposed lines that contain a text, and returns the variables of all active ones.
fn activate(accounts: &StandIn, words: &str) -> Vec<String> {
    let draft = accounts.read("rules.toml");
    let is_proposal = |line: &str| line.starts_with("# set.") && line.contains(words);
    let lines: Vec<&str> = draft.lines().filter(|line| is_proposal(line)).collect();
    let mut active = draft.clone();
    for line in &lines {
        active = active.replace(line, line.trim_start_matches("# "));
    }
    accounts.write("rules.toml", &active);
    let variable = |line: &str| line.split('"').rev().nth(1).unwrap().to_owned();
    let is_set = |line: &&str| line.starts_with("set.");
    active.lines().filter(is_set).map(variable).collect()
}

fn write_values(accounts: &StandIn, variables: &[String]) {
    let line = |name: &String| format!("{name}=https://canary.example.net/{name}\n");
    let values: String = variables.iter().map(line).collect();
    accounts.write("values.env", &format!("# what must change\n\n{values}"));
    accounts.set_mode("values.env", 0o600);
}

#[test]
fn one_line_of_a_draft_changes_one_secret() {
    let accounts = StandIn::demo();
    // Without a region, because the target is none.
    let draft = DRAFT.replace(" --to us2", "");
    accounts.program(&draft).run().assert_code(0);
    let variables = activate(&accounts, "PAYMENTS_ALERTS_URL");
    assert_eq!(variables, ["PAYMENTS_ALERTS_URL", REQUIRED]);
    write_values(&accounts, &variables);
    let migrate =
        "migrate --from [source] --to [target] --yes --on-conflict update --rules rules.toml";
    let run = accounts
        .program(&format!("{migrate} --env-file values.env"))
        .run();
    run.assert_code(0);
    let webhooks = accounts.target().webhooks();
    let new = webhooks
        .iter()
        .filter(|webhook| webhook["url"] == "https://canary.example.net/PAYMENTS_ALERTS_URL");
    assert_eq!(new.count(), 1);
}

#[test]
fn every_line_of_a_draft_is_valid() {
    for accounts in [StandIn::demo(), StandIn::awkward()] {
        accounts.program(DRAFT).run().assert_code(0);
        let variables = activate(&accounts, "");
        assert!(variables.len() > 5);
        write_values(&accounts, &variables);
        let run = accounts.program(CHECK).run();
        assert!(!run.output().contains("cannot be"), "{}", run.transcript());
    }
}

/// Where thousands of rules would have to be compared with thousands of webhooks, proposals are comments.
#[test]
fn a_draft_for_a_large_account_stays_fast() {
    let accounts = StandIn::demo();
    let webhook = |n: usize| {
        format!(
            "{{\"id\":{n},\"alias\":\"a{n}\",\"url\":\"https://hooks.example.net/canary{n}\",\"integration_type\":{{\"id\":0}}}}"
        )
    };
    let webhooks: Vec<String> = (0..501).map(webhook).collect();
    accounts.write("large.json", &format!("[{}]", webhooks.join(",")));
    let run = accounts.program("rules init --from large.json").run();
    run.assert_code(0);
    let n_active = run
        .stdout
        .lines()
        .filter(|line| *line == "[[rule]]")
        .count();
    assert_eq!(n_active, 1);
    assert!(run.stdout.contains("\n# [[rule]]\n"));
}

#[test]
fn the_file_outranks_the_environment() {
    let accounts = with_draft();
    write_values(&accounts, &[REQUIRED.to_owned()]);
    let name = REQUIRED;
    let run = accounts.program(CHECK).env(name, "").run();
    run.assert_code(0);
    accounts.write("values.env", &format!("{name}=\n"));
    let run = accounts.program(CHECK).env(name, "canary").run();
    run.assert_code(6);
    assert!(
        run.stdout.contains("it is empty in values.env"),
        "{}",
        run.stdout
    );
    accounts.write("values.env", "OTHER=canary\n");
    let run = accounts.program(CHECK).run();
    run.assert_code(6);
    assert!(
        run.stdout.contains("it is not in values.env"),
        "{}",
        run.stdout
    );
    accounts
        .program(CHECK)
        .env(name, "canary")
        .run()
        .assert_code(0);
}

#[test]
fn a_file_that_everybody_can_read_is_refused() {
    let accounts = with_draft();
    write_values(&accounts, &[REQUIRED.to_owned()]);
    accounts.set_mode("values.env", 0o644);
    let run = accounts.program(CHECK).run();
    run.assert_code(4);
    assert!(run.stderr.contains("chmod 600"), "{}", run.stderr);
    assert!(accounts.posts().is_empty());
}

#[test]
fn mistakes_are_told_with_their_lines_and_without_values() {
    let accounts = with_draft();
    accounts.write(
        "values.env",
        "A=canary\nbroken canary\nB=\"$canary\"\nA=canary\n1C=canary\nD='canary\n",
    );
    let run = accounts.program(CHECK).run();
    run.assert_code(64);
    assert_text!(run.stderr());
    let run = accounts
        .program(&CHECK.replace("values.env", "none.env"))
        .run();
    run.assert_code(1);
}

/// A variable that holds one of hookferry's own keys goes to no webhook, from this file either.
#[test]
fn no_rule_gets_a_key_of_hookferrys_own() {
    let accounts = StandIn::demo();
    accounts.write(
        "rules.toml",
        "[[rule]]\nmatch = { type = \"pager_duty\" }\nset.serviceKey = { env = \"HOOKFERRY_TARGET_API_KEY\" }\n",
    );
    accounts.write("values.env", "HOOKFERRY_TARGET_API_KEY=canary\n");
    let run = accounts.program(CHECK).run();
    run.assert_code(6);
    assert!(
        run.stdout.contains("which no webhook gets"),
        "{}",
        run.stdout
    );
}
