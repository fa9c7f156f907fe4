//! Profiles of the vendor's own program, only when they are named.

use super::keyless;
use crate::support::program::Run;
use crate::support::stand_in::StandIn;

/// What `list --from cx:prod` makes of a profile file; `[source]` is the account and `[key]` its key.
fn listed(profile: &str) -> (Run, StandIn) {
    let accounts = StandIn::demo();
    let text = profile
        .replace("[source]", &accounts.source().url())
        .replace("[key]", accounts.source().key());
    accounts.write(".cx/profiles/prod.toml", &text);
    let run = keyless(&accounts, "list --quiet --from cx:prod").run();
    (run, accounts)
}

#[test]
fn a_key_in_the_file_is_used() {
    for (text, is_labelled) in [
        ("region = \"[source]\"\napi_key = \"[key]\"\n", false),
        (
            "auth = \"api_key\"\ncredential_storage = \"file\"\nregion = \"[source]\"\napi_key = \"[key]\"\nlabel = \"production\"\nsomething_new = 1\n",
            true,
        ),
    ] {
        let (run, _accounts) = listed(text);
        run.assert_code(0);
        let called = if is_labelled {
            "(cx:prod, production)"
        } else {
            "(cx:prod)"
        };
        assert!(run.stdout.contains(called), "{}", run.stdout);
    }
}

#[test]
fn what_is_not_in_the_file_is_told() {
    for (name, text) in [
        (
            "keyring",
            "auth = \"api_key\"\ncredential_storage = \"os_store\"\nregion = \"eu1\"\n",
        ),
        (
            "oauth",
            "auth = \"oauth\"\ncredential_storage = \"os_store\"\nregion = \"eu2\"\nlabel = \"production\"\n",
        ),
        (
            "oauth_as_the_program_spells_it",
            "auth = \"o_auth\"\nregion = \"eu2\"\n",
        ),
        ("no_key", "region = \"eu1\"\n"),
    ] {
        let (run, _accounts) = listed(text);
        run.assert_code(4);
        assert_transcript!(name, run);
    }
}

#[test]
fn a_profile_that_cannot_be_read_is_told() {
    for (name, text, code) in [
        ("no_region", "api_key = \"canary\"\n", 1),
        (
            "unknown_region",
            "region = \"stg1\"\napi_key = \"canary\"\n",
            64,
        ),
        ("no_toml", "region = \"eu1\"\napi_key = canary\n", 1),
    ] {
        let (run, _accounts) = listed(text);
        run.assert_code(code);
        assert_transcript!(name, run);
    }
    let accounts = StandIn::demo();
    assert_transcript!("missing", keyless(&accounts, "list --from cx:prod").run());
}

#[test]
fn the_environment_s_key_serves_a_profile_whose_key_is_out_of_reach() {
    let text = "auth = \"oauth\"\nregion = \"[source]\"\n";
    let (_, accounts) = listed(text);
    let key = accounts.source().key().to_owned();
    for line in ["list --from cx:prod", "account check cx:prod"] {
        let run = keyless(&accounts, line)
            .env("HOOKFERRY_SOURCE_API_KEY", &key)
            .run();
        run.assert_code(0);
    }
}

#[test]
fn only_plain_names_and_only_when_asked_for() {
    let (_, accounts) = listed("region = \"[source]\"\napi_key = \"[key]\"\n");
    for name in [
        "cx:",
        "cx:../prod",
        "cx:a/b",
        "cx:.hidden",
        "cx:a:b",
        "cx:..",
        "cx:canary!",
    ] {
        let run = keyless(&accounts, &format!("list --from {name}")).run();
        run.assert_code(64);
        assert!(
            run.stderr.contains("not the name of a cx profile"),
            "{}",
            run.stderr
        );
    }
    // Without the prefix it is no profile of ours.
    keyless(&accounts, "list --from prod").run().assert_code(64);
    accounts.set_mode(".cx/profiles/prod.toml", 0o644);
    let run = keyless(&accounts, "list --from cx:prod").run();
    run.assert_code(1);
    assert!(run.stderr.contains("chmod 600"), "{}", run.stderr);
}
