//! Completion as a shell asks for it: by environment variables and the words so far; no shell is needed for that.

use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;
use hookferry::cli::COMPLETION_VARIABLE;

/// Two profiles of one beginning, and one of another.
fn named() -> StandIn {
    let accounts = StandIn::demo();
    accounts.write(
        "config/hookferry/config.toml",
        "[profile.prod-eu]\nregion = \"eu1\"\n[profile.prod-us]\nregion = \"us2\"\n[profile.staging]\nregion = \"us2\"\n\
         [schedule.nightly]\nprofiles = [\"prod-eu\"]\nat = \"daily\"\nrepo = \"/b\"\nplaintext = true\n",
    );
    accounts
}

/// Asks as bash does: the words so far, and the last of them is the one to complete.
fn asked<'s>(accounts: &'s StandIn, line: &str) -> Program<'s> {
    let program = accounts.program(&format!("-- {line}"));
    let (n_words, program) = match line.strip_suffix(' ') {
        Some(whole) => (whole.split_whitespace().count() + 1, program.word("")),
        None => (line.split_whitespace().count(), program),
    };
    program
        .env(COMPLETION_VARIABLE, "bash")
        .env("_CLAP_COMPLETE_INDEX", &(n_words - 1).to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_IFS", "\n")
}

fn offered(accounts: &StandIn, line: &str) -> Vec<String> {
    let run = asked(accounts, line).run();
    run.assert_code(0);
    assert_eq!(run.stderr, "", "{line}");
    assert_eq!(run.requests, "", "{line}");
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn commands_options_and_their_values() {
    let accounts = StandIn::demo();
    assert_eq!(offered(&accounts, "hookferry acc"), ["account"]);
    assert_eq!(offered(&accounts, "hookferry account ch"), ["check"]);
    assert_eq!(
        offered(&accounts, "hookferry migrate --on-c"),
        ["--on-conflict"]
    );
    assert_eq!(
        offered(&accounts, "hookferry migrate --on-conflict u"),
        ["update"]
    );
}

#[test]
fn schedules_are_those_of_the_config_file() {
    let accounts = named();
    let line = "hookferry schedule print n";
    assert_eq!(offered(&accounts, line), ["nightly"]);
    accounts.write("other.toml", "[profile.p]\nregion = \"eu1\"\n");
    let line = "hookferry schedule print --config other.toml n";
    assert!(offered(&accounts, line).is_empty());
    let line = "hookferry schedule print nightly --backend s";
    assert_eq!(offered(&accounts, line), ["systemd"]);
}

#[test]
fn accounts_are_profiles_regions_and_files_where_a_file_may_stand() {
    let accounts = named();
    accounts.write("prices.json", "[]");
    for line in [
        "list --from pr",
        "plan --from pr",
        "verify --from pr",
        "export --from pr",
        "rules init --from pr",
        "diff pr",
        "diff eu1 pr",
    ] {
        let found = offered(&accounts, &format!("hookferry {line}"));
        assert_eq!(found, ["prod-eu", "prod-us", "prices.json"], "{line}");
    }
    for line in [
        "plan --to pr",
        "migrate --from eu1 --to pr",
        "rollback latest --to pr",
        "account check pr",
    ] {
        let found = offered(&accounts, &format!("hookferry {line}"));
        assert_eq!(found, ["prod-eu", "prod-us"], "{line}");
    }
    assert_eq!(offered(&accounts, "hookferry plan --to eu"), ["eu1", "eu2"]);
    assert_eq!(
        offered(&accounts, "hookferry plan --to=prod-e"),
        ["--to=prod-eu"]
    );
}

#[test]
fn runs_are_latest_and_the_ids_on_record() {
    let accounts = StandIn::demo();
    assert!(offered(&accounts, "hookferry rollback l").is_empty());
    let line = "migrate --from [source] --to [target] --yes --rate 1000";
    accounts.program(line).run().assert_code(0);
    accounts
        .program(&format!("{line} --state-dir other"))
        .run()
        .assert_code(0);
    let runs = offered(&accounts, "hookferry rollback 2");
    assert_eq!(runs.len(), 1);
    for line in [
        "runs show ",
        "runs close ",
        "verify --run ",
        "idmap show ",
        "idmap apply a --run ",
    ] {
        let found = offered(&accounts, &format!("hookferry {line}"));
        assert_eq!(found[..2], ["latest".to_owned(), runs[0].clone()], "{line}");
    }
    let below = |flag: &str| offered(&accounts, &format!("hookferry rollback {flag} 2"));
    assert!(below("--state-dir missing").is_empty());
    for flag in ["--state-dir state/hookferry", "--state-dir=state/hookferry"] {
        assert_eq!(below(flag), runs, "{flag}");
    }
}

#[test]
fn the_config_file_of_the_line_is_the_one_that_is_asked() {
    let accounts = named();
    accounts.write("other.toml", "[profile.prod-other]\nregion = \"eu1\"\n");
    // Bash gives the last one as three words.
    for flag in [
        "--config other.toml",
        "--config=other.toml",
        "--config = other.toml",
    ] {
        let line = format!("hookferry plan {flag} --to prod");
        assert_eq!(offered(&accounts, &line), ["prod-other"]);
    }
    let by_variable =
        asked(&accounts, "hookferry plan --to prod").env("HOOKFERRY_CONFIG", "other.toml");
    assert_eq!(by_variable.run().stdout, "prod-other");
}

/// Somebody is in the middle of a line: whatever is wrong with a file is told when the line is run.
#[test]
fn what_cannot_be_read_offers_nothing_and_says_nothing() {
    let accounts = named();
    accounts.write("broken.toml", "[profile.prod-x]\nregion = \"canary\n");
    for flag in [
        "--config broken.toml",
        "--config missing.toml",
        "--config state",
    ] {
        let line = format!("hookferry plan {flag} --to prod");
        assert!(offered(&accounts, &line).is_empty(), "{flag}");
    }
    accounts.set_mode("config/hookferry/config.toml", 0o666);
    assert!(offered(&accounts, "hookferry plan --to prod").is_empty());
}

/// Neither is a key read, nor a program run that would print one.
#[test]
fn no_key_is_touched() {
    let accounts = StandIn::demo();
    accounts.write(
        "config/hookferry/config.toml",
        "[profile.prod]\nregion = \"eu1\"\napi_key_command = [\"touch\", \"was-run\"]\n",
    );
    let asked = asked(&accounts, "hookferry plan --to pr")
        .env("PATH", "/usr/bin:/bin")
        .env("HOOKFERRY_SOURCE_API_KEY_FILE", "missing");
    assert_eq!(asked.run().stdout, "prod");
    assert!(!accounts.home().join("was-run").exists());
}

#[test]
fn every_shell_has_a_script_and_gets_answers() {
    let accounts = named();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = accounts.program(&format!("completions {shell}")).run();
        script.assert_code(0);
        assert_eq!(script.stderr, "");
        for word in ["hookferry", COMPLETION_VARIABLE] {
            assert!(script.stdout.contains(word), "{shell} lacks {word}");
        }
        let run = asked(&accounts, "hookferry plan --to prod-u")
            .env(COMPLETION_VARIABLE, shell)
            .run();
        run.assert_code(0);
        assert!(run.stdout.starts_with("prod-us"), "{shell}: {}", run.stdout);
    }
    let run: Run = asked(&accounts, "hookferry acc")
        .env(COMPLETION_VARIABLE, "ksh")
        .run();
    run.assert_code(64);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("ksh"),
        "{}",
        run.stderr
    );
}
