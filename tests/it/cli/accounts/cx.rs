//! Profiles of `cx`, the vendor's own program, which are used only when named.

use super::without_keys;
use crate::support::program::Run;
use crate::support::stand_in::StandIn;

/// Runs `list --from cx:prod` with this profile file; `[source]` stands for the account's URL and `[key]` for its key.
fn list_with_cx_profile(profile: &str) -> (Run, StandIn) {
    let accounts = StandIn::demo();
    let text = profile
        .replace("[source]", &accounts.source().url())
        .replace("[key]", accounts.source().key());
    accounts.write(".cx/profiles/prod.toml", &text);
    let run = without_keys(&accounts, "list --quiet --from cx:prod").run();
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
        let (run, _accounts) = list_with_cx_profile(text);
        run.assert_code(0);
        let expected_name = if is_labelled {
            "(cx:prod, production)"
        } else {
            "(cx:prod)"
        };
        assert!(run.stdout.contains(expected_name), "{}", run.stdout);
    }
}

#[test]
fn a_key_outside_the_file_is_an_error() {
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
        let (run, _accounts) = list_with_cx_profile(text);
        run.assert_code(4);
        assert_transcript!(name, run);
    }
}

#[test]
fn an_unreadable_profile_is_an_error() {
    for (name, text, code) in [
        ("no_region", "api_key = \"canary\"\n", 1),
        (
            "unknown_region",
            "region = \"stg1\"\napi_key = \"canary\"\n",
            64,
        ),
        ("no_toml", "region = \"eu1\"\napi_key = canary\n", 1),
    ] {
        let (run, _accounts) = list_with_cx_profile(text);
        run.assert_code(code);
        assert_transcript!(name, run);
    }
    let accounts = StandIn::demo();
    assert_transcript!(
        "missing",
        without_keys(&accounts, "list --from cx:prod").run()
    );
}

#[test]
fn the_environment_key_replaces_an_inaccessible_profile_key() {
    let text = "auth = \"oauth\"\nregion = \"[source]\"\n";
    let (_, accounts) = list_with_cx_profile(text);
    let key = accounts.source().key().to_owned();
    for line in ["list --from cx:prod", "account check cx:prod"] {
        let run = without_keys(&accounts, line)
            .env("HOOKFERRY_SOURCE_API_KEY", &key)
            .run();
        run.assert_code(0);
    }
}

#[test]
fn only_plain_names_with_the_prefix_are_accepted() {
    let (_, accounts) = list_with_cx_profile("region = \"[source]\"\napi_key = \"[key]\"\n");
    for name in [
        "cx:",
        "cx:../prod",
        "cx:a/b",
        "cx:.hidden",
        "cx:a:b",
        "cx:..",
        "cx:canary!",
    ] {
        let run = without_keys(&accounts, &format!("list --from {name}")).run();
        run.assert_code(64);
        assert!(
            run.stderr.contains("not a valid cx profile name"),
            "{}",
            run.stderr
        );
    }
    // Without the prefix it would have to be a profile of hookferry.
    without_keys(&accounts, "list --from prod")
        .run()
        .assert_code(64);
    accounts.set_mode(".cx/profiles/prod.toml", 0o644);
    let run = without_keys(&accounts, "list --from cx:prod").run();
    run.assert_code(4);
    assert!(run.stderr.contains("chmod 600"), "{}", run.stderr);
}
