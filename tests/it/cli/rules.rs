//! Rules on the command line: `rules init`, `rules check`, and migrations with rules.

use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;
use serde_json::Value;

const MIGRATE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --rules rules.toml";
const RULES: &str = r#"
unmatched_secret = "keep"
retarget = true

[[rule]]
match = { type = "pager_duty" }
set = { serviceKey = { env = "PAGER_KEY" } }

[[rule]]
match = { type = "sendlog" }
set = { "payload.privateKey" = { file = "secrets/ingest" } }
new_uuid = true

[[rule]]
match = { alias = "deploy-bot" }
set = { "headers.Authorization" = { command = ["sh", "-c", "printf 'Bearer %s-canary\n' new"] } }
replace = [ { in = "url", from = "deploys.", to = "releases." } ]
rename = "us-{alias}"
"#;

/// Two accounts, with a rules file in the home folder.
fn with_rules(rules: &str) -> StandIn {
    let accounts = StandIn::demo();
    accounts.write("rules.toml", rules);
    accounts
}

fn with_values<'s>(accounts: &'s StandIn, command_line: &str) -> Program<'s> {
    accounts.write("secrets/ingest", "ingest-canary\r\n");
    accounts
        .program(command_line)
        .env("PAGER_KEY", "pager-canary")
        .env("PATH", "/usr/bin:/bin")
}

fn field(webhook: &Value, name: &str) -> Value {
    let text = webhook["integration_type_fields"].as_str().unwrap();
    let entries: Value = serde_json::from_str(text).unwrap();
    let entries = entries.as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["name"] == name);
    entry.unwrap()["value"].clone()
}

#[test]
fn init_writes_a_rule_for_every_secret_and_no_secret() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("rules init --from [source] --to us2 --out rules.toml")
        .run();
    run.assert_code(0);
    let text = accounts.read("rules.toml");
    assert!(!text.contains("canary"));
    assert_transcript!(
        "init",
        accounts
            .program("rules init --from [source] --to us2")
            .run()
    );
    let check = "rules check --rules rules.toml --from [source] --to us2";
    let run = accounts.program(check).run();
    run.assert_code(6);
    assert_transcript!("first_check", run);
    let run = accounts
        .program(check)
        .env("ALERT_AUDIT_LOG_PRIVATE_KEY", "ingest-canary")
        .run();
    run.assert_code(0);
    let again = accounts
        .program("rules init --from [source] --out rules.toml")
        .run();
    again.assert_code(1);
    assert_eq!(
        accounts.read("rules.toml"),
        text,
        "a file is never replaced"
    );
}

#[test]
fn a_generated_file_for_an_awkward_account_is_valid() {
    let accounts = StandIn::awkward();
    accounts
        .program("rules init --from [source] --to us2 --out rules.toml")
        .run()
        .assert_code(0);
    let run = accounts
        .program("rules check --rules rules.toml --from [source] --to us2")
        .run();
    assert!(!run.stderr.contains("cannot be"), "{}", run.transcript());
    assert!(
        run.stdout.contains("0 secrets without a rule"),
        "{}",
        run.stdout
    );
}

#[test]
fn check_prints_what_each_rule_does_and_no_value() {
    let accounts = with_rules(RULES);
    let check = "rules check --rules rules.toml --from [source] --to us2 --allow-commands";
    let run = with_values(&accounts, check).run();
    run.assert_code(0);
    assert_transcript!("check", run);
    let run = with_values(&accounts, &format!("{check} -o json")).run();
    run.assert_code(0);
    assert_transcript!("check_json", run);
}

/// One line break at the end is that of the file or the program; everything else is part of the value.
#[test]
fn values_are_taken_alike_from_every_source() {
    for set in [
        "{ env = \"VALUE\" }",
        "{ file = \"value\" }",
        "{ command = [\"printenv\", \"VALUE\"] }",
    ] {
        let rules = format!(
            "[[rule]]\nmatch = {{ alias = \"deploy-bot\" }}\nset = {{ \"headers.Authorization\" = {set} }}\n"
        );
        for (value, taken) in [
            ("Bearer canary", "Bearer canary"),
            ("Bearer canary\n", "Bearer canary"),
            ("Bearer canary\r\n", "Bearer canary"),
            (" Bearer canary\n\n", " Bearer canary\n"),
        ] {
            let accounts = with_rules(&rules);
            accounts.write("value", value);
            // `printenv` ends its output with a line break of its own.
            let is_command = set.contains("command");
            let value = value
                .strip_suffix('\n')
                .filter(|_| is_command)
                .unwrap_or(value);
            let program = |line: &str| with_values(&accounts, line).env("VALUE", value);
            let line = format!("{MIGRATE} --allow-commands --name deploy-bot");
            program(&line).run().assert_code(0);
            let in_target = accounts.target().webhooks();
            let bot = in_target.iter().find(|one| one["alias"] == "deploy-bot");
            assert_eq!(
                field(bot.unwrap(), "headers")["Authorization"],
                taken,
                "{set}"
            );
        }
    }
}

#[test]
fn values_that_look_wrong_are_warned_of_by_check_and_plan() {
    let rules = RULES.replace("printf 'Bearer %s-canary\\n' new", "echo ' canary'");
    let accounts = with_rules(&rules);
    let run = |line: &str| {
        let line = format!("{line} --rules rules.toml --from [source] --allow-commands");
        with_values(&accounts, &line).run()
    };
    let check = run("rules check --to us2");
    check.assert_code(0);
    assert_transcript!("check_warns", check);
    let plan = run("plan --retarget=us2 --to [target] --name deploy-bot --name *oncall");
    plan.assert_code(0);
    assert_transcript!("plan_warns", plan);
}

#[test]
fn a_migration_applies_the_rules_exactly_once() {
    let accounts = with_rules(RULES);
    let command_line = format!("{MIGRATE} --retarget=us2 --allow-commands");
    let run = with_values(&accounts, &command_line).run();
    run.assert_code(0);
    assert_excerpt!("migrated", run, ["+ webhook", "Done", "warning"]);
    let in_target = accounts.target().webhooks();
    let find = |alias: &str| {
        in_target
            .iter()
            .find(|webhook| webhook["alias"] == alias)
            .unwrap()
    };
    for alias in ["payments-oncall", "platform-oncall"] {
        assert_eq!(field(find(alias), "serviceKey"), "pager-canary");
    }
    let sendlog = find("alert-audit-log");
    assert_eq!(sendlog["url"], "https://ingress.us2.coralogix.com");
    assert_eq!(field(sendlog, "payload")["privateKey"], "ingest-canary");
    assert_eq!(field(sendlog, "payload")["uuid"], field(sendlog, "uuid"));
    let bot = find("us-deploy-bot");
    assert!(
        bot["url"]
            .as_str()
            .unwrap()
            .starts_with("https://releases.")
    );
    assert_eq!(field(bot, "headers")["Authorization"], "Bearer new-canary");
    // A second run and a verification find nothing to do.
    let n_posts = accounts.posts().len();
    let again = with_values(&accounts, &command_line).run();
    again.assert_code(0);
    assert_eq!(accounts.posts().len(), n_posts, "{}", again.transcript());
    let verify =
        "verify --from [source] --to [target] --rules rules.toml --retarget=us2 --allow-commands";
    with_values(&accounts, verify).run().assert_code(0);
    let without = accounts
        .program("verify --from [source] --to [target]")
        .run();
    without.assert_code(3);
    let without_values = accounts.program(verify).run();
    without_values.assert_code(6);
    assert!(
        without_values.stderr.contains("env PAGER_KEY"),
        "{}",
        without_values.stderr
    );
}

#[test]
fn check_reports_parts_of_a_rule_without_effect() {
    let accounts = with_rules(
        "[[rule]]\nmatch = { type = \"jira\" }\nkeep = [\"url\", \"apiToken\"]\nreplace = [ { in = \"url\", from = \"mars\", to = \"x\" } ]\noptional = true\n",
    );
    let run = accounts
        .program("rules check --rules rules.toml --from [source]")
        .run();
    run.assert_code(0);
    for words in [
        "`keep` has no effect on url: it contains no secret",
        "`replace` has no effect",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("of apiToken"), "{}", run.stdout);
}

fn assert_nothing_written(accounts: &StandIn, run: &Run, code: i32) {
    run.assert_code(code);
    assert!(accounts.posts().is_empty(), "{}", run.transcript());
}

#[test]
fn all_missing_values_are_reported_at_once_under_every_policy() {
    let accounts = with_rules(RULES);
    for policy in ["fail", "skip", "update"] {
        let run = accounts
            .program(&format!(
                "{MIGRATE} --retarget=us2 --on-conflict {policy} -q"
            ))
            .env("PAGER_KEY", "")
            .run();
        assert_nothing_written(&accounts, &run, 6);
        for words in [
            "env PAGER_KEY",
            "file secrets/ingest",
            "command sh (line 16)",
            "--allow-commands",
        ] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        if policy == "fail" {
            assert_transcript!("missing", run);
        }
    }
    let run = accounts
        .program("plan --from [source] --to [target] --rules rules.toml --retarget=us2")
        .run();
    run.assert_code(6);
    assert_transcript!("plan_without_values", run);
}

#[test]
fn a_failing_command_is_reported_without_its_arguments() {
    for (arguments, words) in [
        (
            r#"["sh", "-c", "echo canary; exit 3"]"#,
            "it failed: exit status: 3",
        ),
        (r#"["true", "canary"]"#, "it printed nothing"),
        (
            r#"["no-such-program-of-anybody", "canary"]"#,
            "it cannot be run",
        ),
        (
            r#"["printf", "\\377canary"]"#,
            "its output is not valid UTF-8",
        ),
    ] {
        let rules = format!(
            "[[rule]]\nmatch = {{ type = \"pager_duty\" }}\nset = {{ serviceKey = {{ command = {arguments} }} }}\n"
        );
        let accounts = with_rules(&rules);
        let run = with_values(&accounts, &format!("{MIGRATE} --allow-commands")).run();
        assert_nothing_written(&accounts, &run, 6);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

/// The variables in which keys are, by the environment or by the config file, are not for commands of rules.
#[test]
fn a_command_does_not_get_the_keys_of_profiles() {
    let config = "[profile.other]\nregion = \"eu2\"\napi_key_env = \"OTHER_KEY\"\n[schedule.s]\nprofiles = [\"other\"]\nat = \"0 0 * * *\"\nrepo = \"/backups\"\nplaintext = true\nheartbeat_url_env = \"HEARTBEAT\"\n";
    let rules = "[[rule]]\nmatch = { type = \"pager_duty\" }\nset = { serviceKey = { command = [\"sh\", \"-c\", \"echo ${OTHER_KEY:-none}${HEARTBEAT:-none}${HOOKFERRY_TARGET_API_KEY_FILE:-none}$PAGER_KEY\"] } }\n";
    let accounts = with_rules(rules);
    accounts.write("config/hookferry/config.toml", config);
    accounts.write("target-key", accounts.target().key());
    let run = |line: &str| {
        with_values(&accounts, line)
            .env("OTHER_KEY", "other-canary")
            .env("HEARTBEAT", "https://heartbeat.example/canary")
            .without_env("HOOKFERRY_TARGET_API_KEY")
            .env("HOOKFERRY_TARGET_API_KEY_FILE", "target-key")
            .run()
    };
    run(&format!("{MIGRATE} --allow-commands")).assert_code(0);
    let in_target = accounts.target().webhooks();
    let pager = in_target
        .iter()
        .find(|webhook| webhook["alias"] == "payments-oncall");
    assert_eq!(
        field(pager.unwrap(), "serviceKey"),
        "nonenonenonepager-canary"
    );
    // A config file that cannot be read does not say which variables these are.
    accounts.write("config/hookferry/config.toml", "[profile.other]\n");
    run("rules check --from [source] --rules rules.toml").assert_code(6);
    let refused = run("rules check --from [source] --rules rules.toml --allow-commands");
    refused.assert_code(64);
    assert!(
        refused.stderr.contains("the config file has errors"),
        "{}",
        refused.stderr
    );
}

/// A rules file that somebody else wrote must not send a key to a webhook.
#[test]
fn no_rule_puts_an_api_key_into_a_webhook() {
    let config = "[profile.other]\nregion = \"eu2\"\napi_key_env = \"OTHER_KEY\"\n";
    for name in ["HOOKFERRY_SOURCE_API_KEY", "OTHER_KEY"] {
        let rules = format!(
            "[[rule]]\nmatch = {{ type = \"pager_duty\" }}\nset = {{ serviceKey = {{ env = \"{name}\" }} }}\n"
        );
        let accounts = with_rules(&rules);
        accounts.write("config/hookferry/config.toml", config);
        let run = with_values(&accounts, MIGRATE)
            .env("OTHER_KEY", "other-canary")
            .run();
        assert_nothing_written(&accounts, &run, 6);
        assert!(run.stderr.contains("no webhook gets"), "{}", run.stderr);
    }
}

/// A command inherits the user's environment, except for the two API keys.
#[test]
fn a_command_does_not_get_the_api_keys() {
    let rules = "[[rule]]\nmatch = { type = \"pager_duty\" }\nset = { serviceKey = { command = [\"sh\", \"-c\", \"echo ${HOOKFERRY_SOURCE_API_KEY:-none}${HOOKFERRY_TARGET_API_KEY:-none}$PAGER_KEY\"] } }\n";
    let accounts = with_rules(rules);
    with_values(&accounts, &format!("{MIGRATE} --allow-commands"))
        .run()
        .assert_code(0);
    let in_target = accounts.target().webhooks();
    let pager = in_target
        .iter()
        .find(|webhook| webhook["alias"] == "payments-oncall");
    assert_eq!(field(pager.unwrap(), "serviceKey"), "nonenonepager-canary");
}

#[test]
fn a_secret_without_a_rule_is_refused_on_request() {
    let accounts = with_rules(&RULES.replace("\"keep\"", "\"refuse\""));
    let run = with_values(
        &accounts,
        &format!("{MIGRATE} --retarget=us2 --allow-commands"),
    )
    .run();
    assert_nothing_written(&accounts, &run, 6);
    assert_transcript!("refused", run);
    let run = accounts
        .program("plan --from [source] --to [target] --unmatched-secret refuse")
        .run();
    run.assert_code(6);
    let keep = format!("{MIGRATE} --retarget=us2 --allow-commands --unmatched-secret keep");
    with_values(&accounts, &keep).run().assert_code(0);
}

#[test]
fn mistakes_in_a_file_are_reported_with_position_and_without_values() {
    for (name, rules) in [
        (
            "unreadable",
            "[[rule]]\nset = { url = { value = \"canary } }\nmtach = 1\n",
        ),
        (
            "misread",
            "[[rule]]\nset = { url = \"canary\" }\nmtach = 1\n",
        ),
        (
            "not_followed",
            "[[rule]]\nset = { serviceKey = { value = \"canary\" } }\n[[rule]]\nmatch = { alias = \"nobody\" }\nrename = \"x\"\n",
        ),
    ] {
        let accounts = with_rules(rules);
        let run = accounts.program(MIGRATE).run();
        assert_nothing_written(&accounts, &run, 64);
        assert_transcript!(name, run);
    }
    let accounts = StandIn::demo();
    let run = accounts.program(MIGRATE).run();
    assert_nothing_written(&accounts, &run, 1);
    assert!(run.stderr.contains("rules.toml"), "{}", run.stderr);
}

#[test]
fn an_unknown_region_has_to_be_given() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("plan --from [source] --to [target] --retarget")
        .run();
    run.assert_code(64);
    assert!(run.stderr.contains("--retarget=us2"), "{}", run.stderr);
    let run = accounts
        .program("plan --from [source] --to [target] --retarget=mars")
        .run();
    run.assert_code(64);
    let run = accounts
        .program("plan --from [source] --to [target] --retarget=ap3")
        .run();
    run.assert_code(0);
    assert!(
        run.stdout.contains("https://ingress.ap3.coralogix.com/"),
        "{}",
        run.stdout
    );
}
