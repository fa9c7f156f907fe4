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
    assert_excerpt!(
        run,
        ["hookferry outcome", "Done", "next", "source: ", "target: "]
    );
}

/// At night nobody remembers how the target was named; the record does.
#[test]
fn a_command_without_the_key_says_how_the_run_named_its_target() {
    let accounts = with_profiles();
    without_keys(&accounts, MIGRATE).run().assert_code(0);
    for line in ["rollback latest --dry-run", "verify --run latest"] {
        let run = without_keys(&accounts, line).run();
        run.assert_code(4);
        assert!(run.stderr.contains("pass `--to to`"), "{}", run.stderr);
        let with_target = without_keys(&accounts, &format!("{line} --to to"));
        with_target.run().assert_code(0);
    }
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
    assert!(run.stderr.contains("pass `--to to`"), "{}", run.stderr);
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

/// Words about a key that repeat it are withheld, and still say that they are about the key.
#[test]
fn a_wrong_key_is_named_even_if_the_server_repeats_it() {
    let accounts = StandIn::with(&["errors=echo"], &[]);
    for key in ["wrong", "cxtp_wrong_canary"] {
        for line in ["list --from [source] -q", "list --from [target] -q"] {
            let run = without_keys(&accounts, line).env(SOURCE, key).run();
            run.assert_code(4);
            assert!(run.stderr.contains("the API key "), "{}", run.transcript());
            assert!(!run.stderr.contains("something is"), "{}", run.transcript());
        }
    }
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

/// Commands that only read take the only key that the environment has, whichever side's it is.
#[test]
fn a_command_that_only_reads_uses_the_only_key_that_is_set() {
    let accounts = with_config(StandIn::demo(), "[profile.bare]\nurl = \"[source]\"\n");
    let export = "export --from [source] --out last-week.json";
    accounts.program(export).run().assert_code(0);
    let repo = "--repo repo --plaintext";
    for (variable, line) in [
        (SOURCE, "diff last-week.json [source]"),
        (SOURCE, "plan --from last-week.json --to [source]"),
        (SOURCE, "verify --from last-week.json --to [source]"),
        (TARGET, "diff [source] last-week.json"),
        (TARGET, "list --from [source]"),
        (TARGET, "list --from bare"),
        (TARGET, "export --from [source] --out again.json"),
        (TARGET, "account check [source]"),
        (TARGET, "rules init --from [source]"),
        (TARGET, &format!("backup create --from [source] {repo}")),
    ] {
        let run = without_keys(&accounts, line)
            .env(variable, accounts.source().key())
            .run();
        run.assert_code(0);
    }
}

/// What writes takes its side's key or none, and so does a preview of it.
#[test]
fn a_command_that_writes_uses_the_targets_key_only() {
    let accounts = with_config(StandIn::demo(), "");
    let export = "export --from [source] --out webhooks.json";
    accounts.program(export).run().assert_code(0);
    for line in [
        "migrate --from webhooks.json --to [target] --yes",
        "migrate --from webhooks.json --to [target] --dry-run",
        "plan --from [source] --to [target]",
        "account check [target] --as target",
    ] {
        let run = without_keys(&accounts, line)
            .env(SOURCE, accounts.target().key())
            .run();
        run.assert_code(4);
        assert!(
            run.output().contains("no API key for the target"),
            "{}",
            run.output()
        );
    }
    assert_eq!(accounts.request_counts(), [1, 0]);
}

/// Where both keys are set, the role decides; no second key is tried, and the hint says how to use the other one.
#[test]
fn where_both_keys_are_set_the_role_decides() {
    let accounts = with_config(StandIn::demo(), "");
    let run = accounts.program("list --from [target]").run();
    run.assert_code(4);
    assert_transcript!(run);
    assert_eq!(accounts.request_counts(), [0, 1]);
    without_keys(&accounts, "list --from [target]")
        .env(TARGET, accounts.target().key())
        .run()
        .assert_code(0);
}

/// A refused key gets a hint about the permissions that the command needs, and about no other.
#[test]
fn only_a_command_that_writes_asks_for_the_permission_to_write() {
    let accounts = StandIn::demo();
    accounts
        .program("migrate --from [source] --to [target] --yes --quiet")
        .run()
        .assert_code(0);
    for (line, writes) in [
        ("plan --from [source] --to [target]", false),
        ("verify --from [source] --to [target]", false),
        ("verify --run latest", false),
        ("diff [source] [target]", false),
        ("migrate --from [source] --to [target] --dry-run", false),
        ("migrate --from [source] --to [target] --yes", true),
        ("rollback latest --yes", true),
    ] {
        let run = accounts.program(line).env(TARGET, "wrong-canary").run();
        run.assert_code(4);
        assert!(run.stderr.contains("READCONFIG"), "{}", run.stderr);
        assert_eq!(
            run.stderr.contains("UPDATECONFIG"),
            writes,
            "{}",
            run.stderr
        );
    }
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

/// A key of another program is not guessed to be the right one, but it is not passed over in silence either.
#[test]
fn a_key_in_a_variable_of_another_program_is_pointed_out() {
    let accounts = StandIn::demo();
    for foreign in ["CORALOGIX_API_KEY", "CX_API_KEY"] {
        let run = without_keys(&accounts, "list --from [source]")
            .env(foreign, accounts.source().key())
            .run();
        run.assert_code(4);
        assert_text!(foreign.to_lowercase(), run.stderr());
    }
    // The command of the hint works.
    let script = "export HOOKFERRY_SOURCE_API_KEY=\"$CX_API_KEY\"; exec \"$0\" \"$@\"";
    let run = without_keys(&accounts, "list --from [source]")
        .env("CX_API_KEY", accounts.source().key())
        .under(&["/bin/sh", "-c", script])
        .run();
    run.assert_code(0);
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
