//! `account list`: the profiles of the config file, without a look at any account.

use super::{keyless, named, with_config};
use crate::support::stand_in::StandIn;
use serde_json::Value;

const PROFILES: &str = r#"
[profile.prod-eu]
region = "eu1"
api_key_env = "PROD_EU_KEY"
company_id = 12345
label = "production"

[profile.prod-us]
url = "https://api.us2.coralogix.com"
api_key_file = "keys/prod-us"
company_id = "abc-1"

[profile.private]
url = "https://gateway.example.net/coralogix"
api_key_command = ["op", "read", "op://vault/canary"]

[profile.bare]
region = "ap1"
label = "no key \u001b[31m"
"#;

#[test]
fn profiles_in_both_forms() {
    let accounts = with_config(StandIn::demo(), PROFILES);
    let run = keyless(&accounts, "account list").run();
    run.assert_code(0);
    assert_transcript!("text", run);
    let run = keyless(&accounts, "account list -o json").run();
    run.assert_code(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["kind"], "accounts");
    assert_transcript!("json", run);
    assert_eq!(accounts.n_seen(), [0, 0]);
}

#[test]
fn no_config_file_is_nothing_wrong() {
    let accounts = StandIn::demo();
    for form in ["text", "json"] {
        let run = keyless(&accounts, &format!("account list -o {form}")).run();
        run.assert_code(0);
        assert_transcript!(format!("no_config_{form}"), run);
    }
    let run = keyless(&accounts, "account list")
        .env("HOME", "")
        .env("XDG_CONFIG_HOME", "")
        .run();
    run.assert_code(0);
    assert!(run.stdout.contains("--config"), "{}", run.stdout);
    keyless(&accounts, "account list --config missing.toml")
        .run()
        .assert_code(64);
}

#[test]
fn an_empty_config_file() {
    let accounts = with_config(StandIn::demo(), "# nothing yet\n");
    let run = keyless(&accounts, "account list").run();
    run.assert_code(0);
    assert_eq!(
        run.stdout(),
        "0 profiles in [home]/config/hookferry/config.toml\n"
    );
}

#[test]
fn another_file_by_the_flag() {
    let accounts = named();
    accounts.write("other.toml", "[profile.other]\nregion = \"eu2\"\n");
    let run = keyless(&accounts, "account list --config other.toml").run();
    assert!(
        run.stdout.contains("other") && !run.stdout.contains("production"),
        "{}",
        run.stdout
    );
}
