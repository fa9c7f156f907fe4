//! Which key is used: the environment's before the profile's own, and never the other side's.

use super::{PROFILES, keyless, named, with_config, write_config};
use crate::support::stand_in::StandIn;

const SOURCE: &str = "HOOKFERRY_SOURCE_API_KEY";
const TARGET: &str = "HOOKFERRY_TARGET_API_KEY";
const MIGRATE: &str = "migrate --from from --to to --yes --rate 1000 --settle 300ms";

#[test]
fn profiles_bring_their_own_keys() {
    let accounts = named();
    let run = keyless(&accounts, MIGRATE).run();
    run.assert_code(0);
    assert!(accounts.copies().iter().all(|copies| *copies == 1));
    assert_transcript!(run);
}

/// What the outcome proposes works as it stands there.
#[test]
fn the_proposed_rollback_finds_the_key_again() {
    let accounts = named();
    let run = keyless(&accounts, MIGRATE).run();
    run.assert_code(0);
    let line = run
        .stdout
        .lines()
        .find(|line| line.contains("hookferry rollback"));
    let (_, proposed) = line.unwrap().split_once("hookferry ").unwrap();
    assert!(proposed.ends_with(" --to to"), "{proposed}");
    let without = proposed.trim_end_matches(" --to to");
    let run = keyless(&accounts, &format!("{without} --yes")).run();
    run.assert_code(4);
    assert!(run.stderr.contains("--to PROFILE"), "{}", run.stderr);
    keyless(&accounts, &format!("{proposed} --dry-run"))
        .run()
        .assert_code(0);
    keyless(&accounts, "verify --run latest --to to")
        .run()
        .assert_code(0);
    keyless(&accounts, &format!("{proposed} --yes"))
        .run()
        .assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 4);
}

#[test]
fn the_environment_wins() {
    let accounts = named();
    let source = accounts.source().key().to_owned();
    // The right key in the environment, a wrong one in the profile: its command is not even run.
    accounts.write("config/hookferry/keys/source", "wrong-canary");
    let list = "list --from from --quiet";
    keyless(&accounts, list).run().assert_code(4);
    keyless(&accounts, list)
        .env(SOURCE, &source)
        .run()
        .assert_code(0);
    accounts.write("key", &source);
    let path = accounts.home().join("key");
    let by_file =
        keyless(&accounts, list).env("HOOKFERRY_SOURCE_API_KEY_FILE", path.to_str().unwrap());
    by_file.run().assert_code(0);
    // And the other way round.
    accounts.write("config/hookferry/keys/source", &source);
    keyless(&accounts, list).run().assert_code(0);
    keyless(&accounts, list)
        .env(SOURCE, "wrong-canary")
        .run()
        .assert_code(4);
    // An empty variable is none.
    keyless(&accounts, list)
        .env(SOURCE, "")
        .run()
        .assert_code(0);
    // The other side's key never stands in.
    keyless(&accounts, list)
        .env(TARGET, "wrong-canary")
        .run()
        .assert_code(0);
}

#[test]
fn a_command_whose_key_is_not_needed_is_not_run() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.to]\nurl = \"[target]\"\napi_key_command = [\"touch\", \"was-run\"]\n",
    );
    let list = "list --from to --quiet";
    let run = keyless(&accounts, list)
        .env(SOURCE, accounts.target().key())
        .run();
    run.assert_code(0);
    assert!(!accounts.home().join("was-run").exists());
    // It prints nothing, so it is of no use; but it was run.
    keyless(&accounts, list).run().assert_code(4);
    assert!(accounts.home().join("was-run").exists());
}

#[test]
fn the_source_key_is_for_the_left_and_the_target_key_for_the_right() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.left]\nurl = \"[source]\"\n[profile.right]\nurl = \"[target]\"\n",
    );
    accounts
        .program("diff left right --quiet")
        .run()
        .assert_code(0);
    accounts
        .program("diff right left --quiet")
        .run()
        .assert_code(4);
    let run = keyless(&accounts, "diff left right --quiet")
        .env(SOURCE, accounts.source().key())
        .run();
    run.assert_code(4);
    assert_transcript!(run);
}

#[test]
fn it_is_logged_which_key_was_taken() {
    let accounts = named();
    let log = |run: crate::support::program::Run| {
        let lines = run
            .stderr
            .lines()
            .filter(|line| line.contains("uses the key"));
        let words = lines.map(|line| line.split_once("uses").unwrap().1.to_owned());
        words.collect::<Vec<_>>()
    };
    let run = keyless(&accounts, "plan --from from --to to -v")
        .env(TARGET, accounts.target().key())
        .run();
    assert_eq!(
        log(run),
        [
            " the key of profile from (file keys/source) side=source",
            " the key in HOOKFERRY_TARGET_API_KEY side=target",
        ]
    );
    let run = keyless(&accounts, "list --from to -v").run();
    assert_eq!(
        log(run),
        [" the key of profile to (command cat …) side=source"]
    );
    let run = keyless(&accounts, "list --from to").run();
    assert!(log(run).is_empty());
}

#[test]
fn a_profile_without_a_key_and_none_in_the_environment() {
    let accounts = with_config(StandIn::demo(), "[profile.bare]\nurl = \"[source]\"\n");
    let run = keyless(&accounts, "list --from bare").run();
    run.assert_code(4);
    assert_transcript!(run);
    accounts
        .program("list --from bare --quiet")
        .run()
        .assert_code(0);
    assert_eq!(accounts.n_seen(), [1, 0]);
}

#[test]
fn a_key_that_cannot_be_had() {
    let profile = |key: &str| format!("[profile.p]\nurl = \"[source]\"\n{key}\n");
    for (name, key) in [
        ("no_variable", "api_key_env = \"PROD_KEY\""),
        ("no_file", "api_key_file = \"missing\""),
        ("empty_file", "api_key_file = \"empty\""),
        ("open_file", "api_key_file = \"open\""),
        ("two_words", "api_key_file = \"words\""),
        (
            "failing_command",
            "api_key_command = [\"sh\", \"-c\", \"echo canary; exit 3\"]",
        ),
        (
            "no_command",
            "api_key_command = [\"hookferry-no-such-program\", \"canary\"]",
        ),
        ("silent_command", "api_key_command = [\"true\", \"canary\"]"),
        (
            "refused",
            "api_key_command = [\"echo\", \"another-canary\"]",
        ),
    ] {
        let accounts = with_config(StandIn::demo(), &profile(key));
        accounts.write("config/hookferry/empty", "\n");
        accounts.write("config/hookferry/words", "canary canary\n");
        accounts.write("config/hookferry/open", "canary\n");
        accounts.set_mode("config/hookferry/open", 0o644);
        let run = keyless(&accounts, "list --from p").run();
        run.assert_code(4);
        assert!(run.stderr.contains("hint:"), "{}", run.stderr);
        assert_transcript!(name, run);
    }
}

#[test]
fn one_key_in_both_profiles_is_one_account() {
    let accounts = with_config(
        StandIn::demo(),
        &PROFILES.replace("target-key", "config/hookferry/keys/source"),
    );
    let run = keyless(&accounts, MIGRATE).run();
    run.assert_code(5);
    assert_eq!(accounts.n_seen(), [0, 0]);
}

/// A saved plan remembers the profiles, which know the keys; it holds neither a key nor a way to one.
#[test]
fn a_saved_plan_finds_its_keys_by_the_profiles_again() {
    let accounts = named();
    keyless(&accounts, "plan --from from --to to --out plan.json -q")
        .run()
        .assert_code(0);
    let moved = PROFILES.replace("url = \"[target]\"", "region = \"us1\"");
    write_config(&accounts, "moved.toml", &moved);
    let run = keyless(&accounts, "apply plan.json --yes --config moved.toml").run();
    run.assert_code(5);
    assert!(
        run.stderr
            .contains("and profile to is api.us1.coralogix.com"),
        "{}",
        run.stderr
    );
    write_config(&accounts, "without.toml", "");
    let run = keyless(&accounts, "apply plan.json --yes --config without.toml").run();
    run.assert_code(64);
    assert!(
        run.stderr.contains("by which the plan names its target"),
        "{}",
        run.stderr
    );
    assert_eq!(accounts.posts().len(), 0);
    keyless(&accounts, "apply plan.json --yes --rate 1000")
        .run()
        .assert_code(0);
    assert!(accounts.copies().iter().all(|n| *n == 1));
}
