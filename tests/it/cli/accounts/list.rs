//! `account list`: the profiles of the config file, without a request to any account.

use super::{with_config, with_profiles, without_keys};
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
fn profiles_are_listed_in_both_formats() {
    let accounts = with_config(StandIn::demo(), PROFILES);
    let run = without_keys(&accounts, "account list").run();
    run.assert_code(0);
    assert_transcript!("text", run);
    let run = without_keys(&accounts, "account list -o json").run();
    run.assert_code(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["kind"], "accounts");
    assert_transcript!("json", run);
    assert_eq!(accounts.request_counts(), [0, 0]);
}

#[test]
fn a_missing_config_file_is_not_an_error() {
    let accounts = StandIn::demo();
    for format in ["text", "json"] {
        let run = without_keys(&accounts, &format!("account list -o {format}")).run();
        run.assert_code(0);
        assert_transcript!(format!("no_config_{format}"), run);
    }
    let run = without_keys(&accounts, "account list")
        .env("HOME", "")
        .env("XDG_CONFIG_HOME", "")
        .run();
    run.assert_code(0);
    assert!(run.stdout.contains("--config"), "{}", run.stdout);
    without_keys(&accounts, "account list --config missing.toml")
        .run()
        .assert_code(64);
}

#[test]
fn an_empty_config_file_has_no_profiles() {
    let accounts = with_config(StandIn::demo(), "# nothing yet\n");
    let run = without_keys(&accounts, "account list").run();
    run.assert_code(0);
    assert_eq!(
        run.stdout(),
        "0 profiles in [home]/config/hookferry/config.toml\n"
    );
}

#[test]
fn the_flag_selects_another_file() {
    let accounts = with_profiles();
    accounts.write("other.toml", "[profile.other]\nregion = \"eu2\"\n");
    let run = without_keys(&accounts, "account list --config other.toml").run();
    assert!(
        run.stdout.contains("other") && !run.stdout.contains("production"),
        "{}",
        run.stdout
    );
}
