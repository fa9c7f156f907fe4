//! Profiles of the config file: everything they may contain, and every mistake with its line and column.

use hookferry::settings::config;
use hookferry::settings::profiles::{KeySource, Profile, is_name};
use hookferry::toml_file::Diagnostic;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Profiles with every setting.
const FULL: &str = r#"
format_version = 1

[profile.prod-eu]
region = "EUROPE1"
api_key_env = "PROD_EU_KEY"
company_id = 12345
label = " production "

[profile.prod-us]
url = "https://team.app.us2.coralogix.com"
api_key_file = "keys/prod-us"
company_id = "67890"

[profile.Test_1]
url = "http://127.0.0.1:8080/prefix"
api_key_command = ["op", "read", "op://vault/canary"]

[profile.bare]
region = "ap1"
"#;

fn parse(text: &str) -> Result<Vec<Profile>, Vec<Diagnostic>> {
    config::parse(text).map(|contents| contents.profiles)
}

fn names(profiles: &[Profile]) -> Vec<&str> {
    profiles
        .iter()
        .map(|profile| profile.account.name.as_str())
        .collect()
}

#[test]
fn a_file_with_every_setting_parses() {
    let profiles = parse(FULL).unwrap();
    assert_eq!(names(&profiles), ["prod-eu", "prod-us", "Test_1", "bare"]);
    let [eu, us, test, bare] = profiles.as_slice() else {
        panic!("four profiles");
    };
    assert_eq!(eu.endpoint.host(), "api.eu1.coralogix.com");
    assert_eq!(eu.key, Some(KeySource::Env("PROD_EU_KEY".to_owned())));
    assert_eq!(eu.account.company_id.as_deref(), Some("12345"));
    assert_eq!(eu.account.label.as_deref(), Some("production"));
    assert_eq!(us.endpoint.host(), "api.us2.coralogix.com");
    assert_eq!(us.key, Some(KeySource::File(PathBuf::from("keys/prod-us"))));
    assert_eq!(us.account.company_id.as_deref(), Some("67890"));
    assert_eq!(
        test.endpoint.base().as_str(),
        "http://127.0.0.1:8080/prefix"
    );
    let Some(KeySource::Command(arguments)) = &test.key else {
        panic!("a command");
    };
    assert_eq!(arguments, &["op", "read", "op://vault/canary"]);
    assert!(bare.key.is_none() && bare.account.label.is_none());
}

#[test]
fn an_empty_file_has_no_profile() {
    assert!(parse("# nothing yet\n").unwrap().is_empty());
    assert!(parse("[profile]\n").unwrap().is_empty());
}

/// The description of a key source omits the command's arguments: one of them may be a secret.
#[test]
fn a_key_source_is_described_without_secrets() {
    let profiles = parse(FULL).unwrap();
    let descriptions: Vec<String> = profiles
        .iter()
        .filter_map(|profile| profile.key.as_ref())
        .map(ToString::to_string)
        .collect();
    let expected = ["env PROD_EU_KEY", "file keys/prod-us", "command op …"];
    assert_eq!(descriptions, expected);
    assert!(!format!("{profiles:?}").contains("canary"));
    let without_arguments = KeySource::Command(vec!["print\u{1b}key".to_owned()]);
    assert_eq!(without_arguments.to_string(), "command print\\u{1b}key");
}

#[test]
fn names_are_plain_and_not_those_of_regions() {
    for name in ["prod-eu", "a", "2", "EU", "eu1x", "_", "a-"] {
        assert!(is_name(name), "{name}");
    }
    for name in [
        "", "-", "-a", "eu1", "EU1", "europe1", "gov1", "a.b", "a b", "a/b", "ü", "cx:a",
        "cxtp_abc",
    ] {
        assert!(!is_name(name), "{name}");
    }
}

#[test]
fn every_mistake_is_told_with_its_place() {
    snapshots!();
    let mut out = String::new();
    for text in [
        "format_version = 2\nprofiles = 1\n[schedule.nightly]\nat = \"canary\"\n",
        "format_version = \"1\"\n",
        "profile = \"canary\"\n",
        "[[profile]]\nregion = \"eu1\"\n",
        "[profile]\nprod = \"canary\"\n",
        "[profile.eu1]\nregion = \"eu1\"\n[profile.EUROPE2]\nregion = \"eu2\"\n",
        "[profile.\"a b\"]\nregion = \"eu1\"\n[profile.\"\"]\nregion = \"eu1\"\n",
        "[profile.cxtp_canary]\nregion = \"eu1\"\n",
        "[profile.a]\n[profile.b]\nlabel = \"x\"\n",
        "[profile.a]\nregion = \"eu1\"\nurl = \"https://api.canary.example.net\"\n",
        "[profile.a]\nregion = 1\n[profile.b]\nurl = []\n",
        "[profile.a]\nregion = \"canary\"\n",
        "[profile.a]\nurl = \"https://canary:canary@api.eu1.coralogix.com\"\n",
        "[profile.a]\nurl = \"http://canary.example.net\"\n",
        "[profile.a]\nregion = \"eu1\"\napi_key = \"canary\"\n",
        "[profile.a]\nregion = \"eu1\"\ncxtp_canary = \"\"\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_env = \"A\"\napi_key_file = \"canary\"\napi_key_command = [\"canary\"]\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_env = \"two canary\"\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_env = \"cxtp_canary\"\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_env = 1\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_file = \"\"\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_file = \"cxup_canary\"\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_command = \"op read canary\"\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_command = []\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_command = [\"\", \"canary\"]\n",
        "[profile.a]\nregion = \"eu1\"\napi_key_command = [\"echo\", \"cxtp_canary\"]\n",
        "[profile.a]\nregion = \"eu1\"\ncompany_id = -5\n",
        "[profile.a]\nregion = \"eu1\"\ncompany_id = 12.5\n",
        "[profile.a]\nregion = \"eu1\"\ncompany_id = \"canary company\"\n",
        "[profile.a]\nregion = \"eu1\"\nlabel = \"\"\n",
        "[profile.a]\nregion = \"eu1\"\nlabel = \"cxtp_canary\"\n",
        "[profile.a]\nregion = \"eu1\"\nlabel = \"canary canary canary canary canary canary canary\"\n",
        "[profile.a]\nregoin = \"canary\"\n",
        "[profile.a.b]\nregion = \"eu1\"\n",
        "[profile.a]\nregion = \"eu1\"\n[profile.a]\nregion = \"canary\"\n",
        "[profile.a]\nregion = \"canary\n",
        "[profile.a]\nregion = canary\n",
    ] {
        let diagnostics = parse(text).unwrap_err();
        let _ = writeln!(out, "{text}");
        for Diagnostic {
            line,
            column,
            message: what,
        } in diagnostics
        {
            let _ = writeln!(out, "    {line}:{column} {what}");
        }
        out.push('\n');
    }
    let messages: String = out
        .lines()
        .filter(|line| line.starts_with("    "))
        .collect();
    assert!(!messages.contains("canary"), "{messages}");
    insta::assert_snapshot!(out.replace("canary", "[secret]"));
}

/// The config file that the README shows parses.
#[test]
fn the_example_in_the_readme_is_a_valid_config_file() {
    let readme = include_str!("../../README.md");
    let example = readme.split("```toml\n").nth(1).unwrap();
    let profiles = parse(example.split("```").next().unwrap()).unwrap();
    assert_eq!(names(&profiles), ["prod-eu", "prod-us"]);
    let [profile, without_key] = profiles.as_slice() else {
        panic!("two profiles");
    };
    assert!(without_key.key.is_none());
    assert_eq!(profile.account.company_id.as_deref(), Some("12345"));
    assert!(profile.key.is_some() && profile.account.label.is_some());
}
