//! `export --format terraform|operator|curl`: code without secrets. Every run fails if it prints one.

use super::mode;
use crate::support::stand_in::{StandIn, options_with};
use hookferry::sandbox::{Switches, seeds};
use serde_json::Value;
use std::process::Command;

const FORMATS: [&str; 3] = ["terraform", "operator", "curl"];

#[test]
fn terraform() {
    let accounts = StandIn::demo();
    assert_transcript!(
        accounts
            .program("export --from [source] --format terraform")
            .run()
    );
}

#[test]
fn operator() {
    let accounts = StandIn::demo();
    assert_transcript!(
        accounts
            .program("export --from [source] --format operator")
            .run()
    );
}

#[test]
fn curl() {
    let accounts = StandIn::demo();
    assert_transcript!(
        accounts
            .program("export --from [source] --format curl")
            .run()
    );
}

#[test]
fn awkward_webhooks_give_code_without_secrets() {
    let accounts = StandIn::awkward();
    for format in FORMATS {
        let run = accounts
            .program(&format!("export --from [source] --format {format}"))
            .run();
        // The script holds every webhook whole.
        run.assert_code(if format == "curl" { 0 } else { 3 });
        assert!(run.stdout.contains("two-of-a-kind"), "{}", run.stdout);
    }
}

#[test]
fn a_module_is_a_new_private_folder() {
    let accounts = StandIn::demo();
    let line = "export --from [source] --format terraform --out webhooks";
    let run = accounts.program(line).run();
    run.assert_code(3);
    assert!(
        run.stderr
            .ends_with("wrote 4 files in webhooks; no secret is in it\n"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "");
    let folder = accounts.home().join("webhooks");
    let names = [
        "main.tf",
        "terraform.tfvars.example",
        "variables.tf",
        "versions.tf",
    ];
    let mut found: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, names);
    assert_eq!(mode(&folder), 0o700);
    for name in names {
        assert_eq!(mode(&folder.join(name)), 0o600);
    }
    let before = accounts.read("webhooks/main.tf");
    let again = accounts.program(&format!("{line} --type slack")).run();
    again.assert_code(1);
    assert!(again.stderr.contains("already exists"), "{}", again.stderr);
    assert_eq!(accounts.read("webhooks/main.tf"), before);
    let nowhere = accounts.program(&format!("{line}/a/b")).run();
    nowhere.assert_code(1);
    let leftovers = std::fs::read_dir(accounts.home()).unwrap().count();
    assert_eq!(leftovers, 1, "nothing is left behind");
}

#[test]
fn an_account_without_the_newer_api_gives_resources_without_imports() {
    for (switch, why) in [
        (
            "summaries=404",
            "the account has no newer API at this address (404)",
        ),
        (
            "summaries=403",
            "the newer API refused the key (403); it needs OUTBOUND-WEBHOOKS:READSUMMARY",
        ),
    ] {
        let mut options = options_with(seeds::demo(), &[], &[]);
        options.source.switches = Switches::parse([switch]).unwrap();
        let accounts = StandIn::start(options);
        let line = "export --from [source] --format terraform --type slack";
        let run = accounts.program(line).run();
        run.assert_code(0);
        assert!(run.stderr.contains("no import blocks"), "{}", run.stderr);
        assert!(!run.stdout.contains("import {"));
        let comment = format!("# No import block, so `terraform apply` would create it: {why}.");
        assert!(run.stdout.contains(&comment), "{}", run.stdout);
    }
}

#[test]
fn only_json_has_flags_for_secrets() {
    let accounts = StandIn::demo();
    for format in FORMATS {
        for flag in ["--ready", "--reveal"] {
            let line = format!("export --from [source] --format {format} {flag}");
            let run = accounts.program(&line).run();
            run.assert_code(64);
            let what = format!("{flag} is for --format json only");
            assert!(run.stderr.contains(&what), "{}", run.stderr);
        }
    }
}

/// Everything that a webhook has, with secrets that no quotes may change.
const WEBHOOKS: &str = r#"[
    {"alias": "it's $HOME", "integration_type_id": 2, "integration_type": {"id": 2, "label": "PagerDuty", "icon": "i", "rev": "canary-rev"},
     "url": "", "integration_type_fields": "[{\"name\":\"serviceKey\",\"value\":\"canary a\\\"b\\\\c'd $x `id` \\n\\ttab\"}]"},
    {"alias": "chat", "integration_type_id": 0, "integration_type": {"id": 0, "label": "Slack", "icon": "i"},
     "url": "https://hooks.example/canary?a=%22", "integration_type_fields": "[]", "extra": {"on": true, "n": 7, "deep": ["canary \\ \""]}}]"#;

#[test]
#[ignore = "needs curl"]
fn the_script_creates_the_webhooks() {
    let accounts = StandIn::demo();
    let before = accounts.target().webhooks().len();
    let run = accounts
        .program("export --from - --format curl --out create.sh")
        .stdin(WEBHOOKS)
        .run();
    run.assert_code(0);
    assert_eq!(mode(&accounts.home().join("create.sh")), 0o600);
    let script = || {
        let mut script = Command::new("sh");
        script
            .arg("create.sh")
            .current_dir(accounts.home())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin");
        script
    };
    let refused = script().output().unwrap();
    assert!(!refused.status.success());
    assert_eq!(
        accounts.target().webhooks().len(),
        before,
        "nothing is sent"
    );

    let secrets = format!(
        "CORALOGIX_URL='{}'\nCORALOGIX_API_KEY='{}'\n\
         HOOK_IT_S_HOME_INTEGRATION_TYPE_REV='canary-rev'\n\
         HOOK_IT_S_HOME_SERVICE_KEY='canary a\"b\\c'\\''d $x `id` \n\ttab'\n\
         HOOK_CHAT_URL='https://hooks.example/canary?a=%22'\nHOOK_CHAT_EXTRA_N=7\n\
         HOOK_CHAT_EXTRA_DEEP_0='canary \\ \"'\n",
        accounts.target().url(),
        accounts.target().key()
    );
    accounts.write("secrets.env", &secrets);
    let done = script()
        .env("SECRETS_FILE", "./secrets.env")
        .output()
        .unwrap();
    let shown = format!(
        "{}{}",
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap()
    );
    assert_eq!(shown, "created: it's $HOME\ncreated: chat\n");
    let target = accounts.target().webhooks();
    let created = &target[before..];
    let expected: Vec<Value> = serde_json::from_str(WEBHOOKS).unwrap();
    assert_eq!(created.len(), 2);
    for (created, expected) in created.iter().zip(&expected) {
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&created[key], value, "{key}");
        }
    }
    let leftovers = std::fs::read_dir(accounts.home()).unwrap().count();
    assert_eq!(leftovers, 2, "the key is in no file any more");
}

#[test]
#[ignore = "needs shellcheck"]
fn shellcheck_finds_nothing() {
    let accounts = StandIn::awkward();
    let line = "export --from [source] --format curl --out create.sh";
    accounts.program(line).run().assert_code(0);
    let output = Command::new("shellcheck")
        .arg("create.sh")
        .current_dir(accounts.home())
        .output()
        .unwrap();
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{found}");
}
