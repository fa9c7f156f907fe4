//! Which config file is read, when it is trusted, and how account names are resolved.

use super::{CONFIG, PROFILES, with_config, with_profiles, without_keys, write_config};
use crate::support::program::Program;
use crate::support::stand_in::StandIn;

const LIST: &str = "list --quiet --from p";

/// A profile with a right or wrong key, which shows which file was read.
fn profile(is_right: bool) -> &'static str {
    if is_right {
        "[profile.p]\nurl = \"[source]\"\napi_key_env = \"RIGHT\"\n"
    } else {
        "[profile.p]\nurl = \"[source]\"\napi_key_env = \"WRONG\"\n"
    }
}

fn program<'s>(accounts: &'s StandIn, command_line: &str) -> Program<'s> {
    without_keys(accounts, command_line)
        .env("RIGHT", accounts.source().key())
        .env("WRONG", "another-canary-key")
}

#[test]
fn the_flag_wins_over_the_variable_and_the_variable_over_the_default() {
    const VARIABLE: &str = "HOOKFERRY_CONFIG";
    // The file with the right key, and whether the flag and the variable are given.
    for (right, flag, variable) in [
        ("flag.toml", true, true),
        ("flag.toml", true, false),
        ("variable.toml", false, true),
        (CONFIG, false, false),
    ] {
        let accounts = StandIn::demo();
        for name in ["flag.toml", "variable.toml", CONFIG] {
            write_config(&accounts, name, profile(name == right));
        }
        let line = if flag {
            format!("{LIST} --config flag.toml")
        } else {
            LIST.to_owned()
        };
        let name = if variable { "variable.toml" } else { "" };
        program(&accounts, &line)
            .env(VARIABLE, name)
            .run()
            .assert_code(0);
    }
}

#[test]
fn without_xdg_the_file_is_in_the_home_folder() {
    let accounts = StandIn::demo();
    write_config(&accounts, ".config/hookferry/config.toml", profile(true));
    // XDG_CONFIG_HOME is empty or relative, and therefore ignored.
    for folder in ["", "config"] {
        program(&accounts, LIST)
            .env("XDG_CONFIG_HOME", folder)
            .run()
            .assert_code(0);
    }
    program(&accounts, LIST).run().assert_code(64);
}

#[test]
fn a_file_given_by_flag_or_variable_must_exist() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("list --from [source] --config missing.toml")
        .run();
    run.assert_code(64);
    assert_transcript!("flag", run);
    let run = accounts
        .program("list --from [source]")
        .env("HOOKFERRY_CONFIG", "missing.toml")
        .run();
    run.assert_code(64);
    assert_eq!(accounts.request_counts(), [0, 0]);
    // The default file may be missing.
    accounts
        .program("list --from [source]")
        .run()
        .assert_code(0);
    assert_transcript!("no_config", accounts.program("list --from prod").run());
}

#[test]
fn a_file_that_everybody_can_change_is_not_used() {
    let accounts = with_profiles();
    for (mode, is_used) in [
        (0o600, true),
        (0o644, true),
        (0o660, true),
        (0o666, false),
        (0o602, false),
    ] {
        accounts.set_mode(CONFIG, mode);
        let run = without_keys(&accounts, "list --quiet --from from").run();
        run.assert_code(i32::from(!is_used));
        if mode == 0o666 {
            assert_transcript!(run);
        }
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.a]\nregion = \"canary\"\napi_key = \"canary\"\n[schedule.nightly]\nat = 1\n",
    );
    let run = without_keys(&accounts, "list --from a").run();
    run.assert_code(64);
    assert_transcript!(run);
    // A region, a URL and a file need no config file, so a broken one does no harm.
    accounts
        .program("list --quiet --from [source]")
        .run()
        .assert_code(0);
    without_keys(&accounts, "list --from eu1")
        .run()
        .assert_code(4);
    // A file given by flag is always read.
    accounts
        .program(&format!("list --from [source] --config {CONFIG}"))
        .run()
        .assert_code(64);
}

#[test]
fn a_profile_wins_over_a_file_of_the_same_name() {
    let accounts = with_profiles();
    accounts.write("from", "[]");
    accounts.write("backup", "[]");
    let list = |name: &str| without_keys(&accounts, &format!("list --quiet --from {name}")).run();
    assert!(
        list("from")
            .stdout
            .contains("(from, production): 12 webhooks")
    );
    assert!(list("./from").stdout.contains("./from: 0 webhooks"));
    assert!(list("backup").stdout.contains("backup: 0 webhooks"));
    let run = without_keys(&accounts, "list --quiet --from -")
        .stdin("[]")
        .run();
    assert!(run.stdout.contains("0 webhooks"));
}

#[test]
fn a_mistyped_profile_gets_a_suggestion() {
    let accounts = with_config(
        StandIn::demo(),
        "[profile.prod-eu]\nregion = \"eu1\"\n[profile.staging]\nregion = \"us2\"\n",
    );
    assert_transcript!("close", accounts.program("list --from prd-eu").run());
    assert_transcript!("far", accounts.program("plan --from eu1 --to other").run());
    for line in [
        "plan --from eu1 --to stagin",
        "diff eu1 stagin",
        "account check stagin",
        "rules init --from staging --to stagin",
        "rollback latest --to stagin",
        "verify --from eu1 --to stagin",
    ] {
        let run = accounts.program(line).run();
        run.assert_code(64);
        assert!(
            run.stderr.contains("did you mean `staging`?"),
            "{}",
            run.transcript()
        );
    }
}

/// A name is matched and repeated as it was typed.
#[test]
fn a_profile_in_other_letters_gets_a_suggestion() {
    let accounts = with_config(StandIn::demo(), "[profile.team-a]\nregion = \"eu1\"\n");
    assert_transcript!(accounts.program("list --from Team-A").run());
}

/// A key typed in place of a name is not printed.
#[test]
fn input_that_may_be_a_key_is_not_repeated() {
    let accounts = with_config(StandIn::demo(), PROFILES);
    let run = accounts
        .program("list --from cxtp_canaryCanaryCanaryCanary123456")
        .run();
    run.assert_code(64);
}
