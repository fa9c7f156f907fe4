//! Which key is used: the profile's own before the environment's, and never the other side's.

use super::{PROFILES, with_config, with_profiles, without_keys, write_config};
use crate::support::stand_in::StandIn;

const SOURCE: &str = "HOOKFERRY_SOURCE_API_KEY";
const TARGET: &str = "HOOKFERRY_TARGET_API_KEY";
const MIGRATE: &str = "migrate --from from --to to --yes --rate 1000 --settle 300ms";

#[test]
fn profiles_bring_their_own_keys() {
    let accounts = with_profiles();
    let run = without_keys(&accounts, MIGRATE).run();
    run.assert_code(0);
    assert!(accounts.copies().iter().all(|copies| *copies == 1));
    assert_transcript!(run);
}

/// The rollback command that the outcome prints works unchanged.
#[test]
fn the_printed_rollback_command_finds_its_key() {
    let accounts = with_profiles();
    let run = without_keys(&accounts, MIGRATE).run();
    run.assert_code(0);
    let line = run
        .stdout
        .lines()
        .find(|line| line.contains("hookferry rollback"));
    let (_, proposed) = line.unwrap().split_once("hookferry ").unwrap();
    assert!(proposed.ends_with(" --to to"), "{proposed}");
    let without = proposed.trim_end_matches(" --to to");
    let run = without_keys(&accounts, &format!("{without} --yes")).run();
    run.assert_code(4);
    assert!(run.stderr.contains("--to PROFILE"), "{}", run.stderr);
    without_keys(&accounts, &format!("{proposed} --dry-run"))
        .run()
        .assert_code(0);
    without_keys(&accounts, "verify --run latest --to to")
        .run()
        .assert_code(0);
    without_keys(&accounts, &format!("{proposed} --yes"))
        .run()
        .assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 4);
}

/// A variable that is left over from another account must not decide which account `--to team-c` writes to.
#[test]
fn the_profile_key_wins_over_the_environment_key() {
    let accounts = with_profiles();
    let list = "list --from from --quiet";
    // A wrong key in the environment changes nothing.
    for (name, value) in [
        (SOURCE, "wrong-canary"),
        (TARGET, "wrong-canary"),
        ("HOOKFERRY_SOURCE_API_KEY_FILE", "no-such-file"),
    ] {
        let run = without_keys(&accounts, list).env(name, value).run();
        run.assert_code(0);
        assert!(run.stderr.is_empty(), "{}", run.stderr);
    }
    let run = without_keys(&accounts, MIGRATE)
        .env(SOURCE, "wrong-canary")
        .env(TARGET, "wrong-canary")
        .run();
    run.assert_code(0);
    // The right key in the environment does not replace a wrong one in the profile.
    accounts.write("config/hookferry/keys/source", "wrong-canary");
    let run = without_keys(&accounts, list)
        .env(SOURCE, accounts.source().key())
        .run();
    run.assert_code(4);
}

#[test]
fn the_environment_key_stands_in_for_a_key_out_of_reach_and_says_so() {
    for (name, key) in [
        ("variable", "api_key_env = \"PROD_KEY\""),
        ("file", "api_key_file = \"missing\""),
        (
            "program",
            "api_key_command = [\"hookferry-no-such-program\", \"canary\"]",
        ),
    ] {
        let profile = format!("[profile.p]\nurl = \"[source]\"\n{key}\n");
        let accounts = with_config(StandIn::demo(), &profile);
        let run = without_keys(&accounts, "list --from p --quiet")
            .env(SOURCE, accounts.source().key())
            .run();
        run.assert_code(0);
        assert_text!(format!("stand_in_for_the_{name}"), run.stderr());
        without_keys(&accounts, "list --from p --quiet")
            .env(TARGET, accounts.source().key())
            .run()
            .assert_code(4);
    }
}

/// A key that is there and unusable is a mistake to mend, not a reason to take another account's key.
#[test]
fn the_environment_key_does_not_stand_in_for_an_unusable_key() {
    for key in [
        "api_key_file = \"open\"",
        "api_key_file = \"empty\"",
        "api_key_command = [\"false\"]",
        "api_key_command = [\"true\"]",
    ] {
        let profile = format!("[profile.p]\nurl = \"[source]\"\n{key}\n");
        let accounts = with_config(StandIn::demo(), &profile);
        accounts.write("config/hookferry/empty", "\n");
        accounts.write("config/hookferry/open", "canary\n");
        accounts.set_mode("config/hookferry/open", 0o644);
        let run = without_keys(&accounts, "list --from p --quiet")
            .env(SOURCE, accounts.source().key())
            .run();
        run.assert_code(4);
        assert!(!run.stderr.contains(SOURCE), "{}", run.stderr);
        assert_eq!(accounts.request_counts(), [0, 0]);
    }
}

/// Several accounts cannot share the one key of the environment.
#[test]
fn the_environment_key_stands_in_for_a_single_account_only() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.a]\nurl = \"[source]\"\n[profile.b]\nurl = \"[target]\"\napi_key_env = \"NONE\"\n",
    );
    let run = accounts
        .program("backup create --from a --from b --repo repo --plaintext")
        .run();
    run.assert_code(4);
    assert_eq!(accounts.request_counts(), [0, 0]);
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
    let run = without_keys(&accounts, "diff left right --quiet")
        .env(SOURCE, accounts.source().key())
        .run();
    run.assert_code(4);
    assert_transcript!(run);
}

#[test]
fn the_log_says_which_key_is_used() {
    let accounts = with_profiles();
    let log = |run: crate::support::program::Run| {
        let lines = run
            .stderr
            .lines()
            .filter(|line| line.contains("uses the key"));
        let words = lines.map(|line| line.split_once("uses").unwrap().1.to_owned());
        words.collect::<Vec<_>>()
    };
    let run = without_keys(&accounts, "plan --from from --to [target] -v")
        .env(TARGET, accounts.target().key())
        .run();
    assert_eq!(
        log(run),
        [
            " the key of profile from (file keys/source) side=source",
            " the key in HOOKFERRY_TARGET_API_KEY side=target",
        ]
    );
    let run = without_keys(&accounts, "plan --from from --to to -v")
        .env(SOURCE, "wrong-canary")
        .env("HOOKFERRY_TARGET_API_KEY_FILE", "no-such-file")
        .run();
    assert_eq!(
        log(run),
        [
            " the key of profile from (file keys/source); set in the environment and not used: HOOKFERRY_SOURCE_API_KEY side=source",
            " the key of profile to (command cat …); set in the environment and not used: HOOKFERRY_TARGET_API_KEY_FILE side=target",
        ]
    );
    let run = without_keys(&accounts, "list --from to").run();
    assert!(log(run).is_empty());
}

#[test]
fn a_profile_without_a_key_and_none_in_the_environment() {
    let accounts = with_config(StandIn::demo(), "[profile.bare]\nurl = \"[source]\"\n");
    let run = without_keys(&accounts, "list --from bare").run();
    run.assert_code(4);
    assert_transcript!(run);
    accounts
        .program("list --from bare --quiet")
        .run()
        .assert_code(0);
    assert_eq!(accounts.request_counts(), [1, 0]);
}

/// One code and one hint, wherever the name of the file comes from.
#[test]
fn a_key_file_that_everybody_can_read_is_refused_alike() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.p]\nurl = \"[source]\"\napi_key_file = \"../../open\"\n",
    );
    accounts.write("open", accounts.source().key());
    accounts.write(
        ".cx/profiles/prod.toml",
        "region = \"eu1\"\napi_key = \"canary\"\n",
    );
    accounts.write("identity", "canary");
    for name in ["open", ".cx/profiles/prod.toml", "identity"] {
        accounts.set_mode(name, 0o644);
    }
    let stanza = format!("-> X25519 {0}\n{0}", "A".repeat(43));
    let header = format!("age-encryption.org/v1\n{stanza}\n--- {}\n", "A".repeat(43));
    accounts.write("encrypted.age", &header);
    for (line, file) in [
        ("list --from p", "open"),
        ("list --from [source]", "open"),
        ("list --from cx:prod", ".cx/profiles/prod.toml"),
        ("list --from encrypted.age --identity identity", "identity"),
    ] {
        let run = without_keys(&accounts, line)
            .env("HOOKFERRY_SOURCE_API_KEY_FILE", "open")
            .run();
        run.assert_code(4);
        let hint = run.stderr.lines().find(|line| line.starts_with("hint: "));
        let hint = hint.unwrap_or_default();
        assert!(
            hint.starts_with("hint: chmod 600 ") && hint.ends_with(file),
            "{}",
            run.stderr
        );
    }
    assert_eq!(accounts.request_counts(), [0, 0]);
}

/// Before any request, and in every place that a key can come from.
#[test]
fn a_key_that_was_pasted_wrong_is_explained() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.p]\nurl = \"[source]\"\napi_key_file = \"../../pasted\"\n",
    );
    let key = accounts.source().key();
    for (name, text) in [
        ("bearer", format!("Bearer {key}\n")),
        ("quotes", format!("\"{key}\"")),
        ("byte_order_mark", format!("\u{feff}{key}\r\n")),
        ("assignment", format!("HOOKFERRY_SOURCE_API_KEY={key}\n")),
        ("several_lines", format!("{key}\n{key}\n")),
        ("empty", "\n".to_owned()),
    ] {
        accounts.write("pasted", &text);
        let runs = [
            without_keys(&accounts, "list --from p"),
            without_keys(&accounts, "list --from [source]").env(SOURCE, &text),
            without_keys(&accounts, "list --from [source]")
                .env("HOOKFERRY_SOURCE_API_KEY_FILE", "pasted"),
        ];
        let errors = runs.map(|program| {
            let run = program.run();
            run.assert_code(4);
            run.stderr()
        });
        assert_text!(format!("pasted_{name}"), errors.join(""));
    }
    assert_eq!(accounts.request_counts(), [0, 0]);
}

/// The program that prints one profile's key has no business with the others.
#[test]
fn a_key_command_does_not_get_other_keys() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.p]\nurl = \"[source]\"\napi_key_command = [\"sh\", \"-c\", \"test -z $OTHER_KEY$HOOKFERRY_SOURCE_API_KEY && cat config/hookferry/keys/source\"]\n[profile.other]\nregion = \"eu1\"\napi_key_env = \"OTHER_KEY\"\n",
    );
    let run = without_keys(&accounts, "list --from p --quiet")
        .env("OTHER_KEY", "other-canary")
        .env(SOURCE, "another-canary")
        .run();
    run.assert_code(0);
}

#[test]
fn an_unavailable_key_is_an_error_with_a_hint() {
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
        let run = without_keys(&accounts, "list --from p").run();
        run.assert_code(4);
        assert!(run.stderr.contains("hint:"), "{}", run.stderr);
        assert_transcript!(name, run);
    }
}

#[test]
fn the_same_key_in_both_profiles_is_refused() {
    let accounts = with_config(
        StandIn::demo(),
        &PROFILES.replace("target-key", "config/hookferry/keys/source"),
    );
    let run = without_keys(&accounts, MIGRATE).run();
    run.assert_code(5);
    assert_eq!(accounts.request_counts(), [0, 0]);
}

/// A saved plan records the profile names, not the keys; the profiles supply the keys.
#[test]
fn a_saved_plan_gets_its_keys_from_the_profiles() {
    let accounts = with_profiles();
    without_keys(&accounts, "plan --from from --to to --out plan.json -q")
        .run()
        .assert_code(0);
    let changed = PROFILES.replace("url = \"[target]\"", "region = \"us1\"");
    write_config(&accounts, "changed.toml", &changed);
    let run = without_keys(&accounts, "apply plan.json --yes --config changed.toml").run();
    run.assert_code(5);
    assert!(
        run.stderr
            .contains("but profile to is api.us1.coralogix.com"),
        "{}",
        run.stderr
    );
    write_config(&accounts, "without.toml", "");
    let run = without_keys(&accounts, "apply plan.json --yes --config without.toml").run();
    run.assert_code(64);
    assert!(
        run.stderr.contains("which the plan uses as its target"),
        "{}",
        run.stderr
    );
    assert_eq!(accounts.posts().len(), 0);
    without_keys(&accounts, "apply plan.json --yes --rate 1000")
        .run()
        .assert_code(0);
    assert!(accounts.copies().iter().all(|n| *n == 1));
}
