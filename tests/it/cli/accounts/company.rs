//! The company id that a profile expects: any other company is refused before anything is written.

use super::{with_config, with_profiles, without_keys};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::Options;

const WRONG: &str = r#"
[profile.from]
url = "[source]"
api_key_file = "keys/source"
company_id = 4711

[profile.to]
url = "[target]"
api_key_command = ["cat", "target-key"]
company_id = "4712"

[profile.good-from]
url = "[source]"
api_key_file = "keys/source"

[profile.good-to]
url = "[target]"
api_key_command = ["cat", "target-key"]
"#;

fn assert_refused(accounts: &StandIn, command_line: &str) -> Run {
    let run = without_keys(accounts, command_line).run();
    run.assert_code(5);
    assert!(accounts.posts().is_empty(), "{}", run.transcript());
    assert!(run.stderr.contains("expects company 471"), "{}", run.stderr);
    run
}

#[test]
fn every_command_refuses_the_wrong_company() {
    let accounts = with_config(StandIn::demo(), WRONG);
    for (name, line) in [
        ("target", "migrate --quiet --from good-from --to to --yes"),
        ("source", "migrate --quiet --from from --to good-to --yes"),
    ] {
        assert_transcript!(name, assert_refused(&accounts, line));
    }
    for line in [
        "migrate --from good-from --to to --dry-run",
        "plan --from from --to good-to",
        "plan --from good-from --to to",
        "verify --from good-from --to to",
        "diff from good-to",
        "diff good-from to",
        "list --from from",
        "rules init --from from",
        "export --from from --out export.json",
    ] {
        assert_refused(&accounts, line);
    }
    assert!(!accounts.home().join("export.json").exists());
}

#[test]
fn verify_and_rollback_refuse_the_wrong_company() {
    let accounts = with_config(StandIn::demo(), WRONG);
    let line = "migrate --from good-from --to good-to --yes --rate 1000";
    without_keys(&accounts, line).run().assert_code(0);
    let written = accounts.posts().len();
    for line in [
        "rollback latest --yes --to to",
        "verify --run latest --to to",
    ] {
        without_keys(&accounts, line).run().assert_code(5);
    }
    assert_eq!(accounts.posts().len(), written);
    assert!(accounts.copies().iter().all(|copies| *copies == 1));
}

#[test]
fn an_empty_account_gets_one_warning_that_its_company_is_unknown() {
    let mut options = Options::from(hookferry::sandbox::seeds::demo());
    options.target = Options::default().target;
    let accounts = with_config(StandIn::start(options), super::PROFILES);
    let line = "migrate --from from --to to --yes --rate 1000 --settle 300ms";
    let run = without_keys(&accounts, line).run();
    run.assert_code(0);
    assert_eq!(
        run.stderr.matches("so hookferry cannot check").count(),
        1,
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("company 67890"), "{}", run.stderr);
    assert_eq!(accounts.target().webhooks().len(), 12);
}

#[test]
fn the_expected_company_passes_without_a_word() {
    let accounts = with_profiles();
    let run = without_keys(&accounts, "plan --from from --to to").run();
    run.assert_code(0);
    assert_excerpt!(run, ["hookferry plan", "warning", "source: ", "target: "]);
    let run = without_keys(&accounts, "plan --from from --to to -o json --type slack").run();
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["source"]["profile"], "from");
    assert_eq!(document["source"]["label"], "production");
    assert_eq!(document["target"]["profile"], "to");
    assert!(document["target"]["label"].is_null());
}

/// Only its own list shows the company of an account that was empty at first.
#[test]
fn an_empty_account_that_proves_to_be_another_company_is_not_confirmed() {
    let mut options = Options::from(hookferry::sandbox::seeds::demo());
    options.target.webhooks.clear();
    let accounts = with_config(StandIn::start(options), WRONG);
    let line = "migrate --from good-from --to to --yes --rate 1000 --settle 300ms";
    let run = without_keys(&accounts, line).run();
    run.assert_code(3);
    let reason = "shows company 67890, but this run is for company 4712";
    assert!(run.stderr.contains(reason), "{}", run.transcript());
}
