//! Completions as shells request them: by environment variables and the words so far. The tests need no shell.

use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;
use hookferry::cli::COMPLETION_VARIABLE;

/// Two profiles with a common prefix, and another one.
fn with_profiles() -> StandIn {
    let accounts = StandIn::demo();
    accounts.write(
        "config/hookferry/config.toml",
        "[profile.prod-eu]\nregion = \"eu1\"\n[profile.prod-us]\nregion = \"us2\"\n[profile.staging]\nregion = \"us2\"\n\
         [schedule.nightly]\nprofiles = [\"prod-eu\"]\nat = \"0 0 * * *\"\nrepo = \"/b\"\nplaintext = true\n",
    );
    accounts
}

/// Requests completions as bash does: the words so far, of which the last is to be completed.
fn completion_request<'s>(accounts: &'s StandIn, line: &str) -> Program<'s> {
    let program = accounts.program(&format!("-- {line}"));
    let (n_words, program) = match line.strip_suffix(' ') {
        Some(whole) => (whole.split_whitespace().count() + 1, program.arg("")),
        None => (line.split_whitespace().count(), program),
    };
    program
        .env(COMPLETION_VARIABLE, "bash")
        .env("_CLAP_COMPLETE_INDEX", &(n_words - 1).to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_IFS", "\n")
}

fn completions(accounts: &StandIn, line: &str) -> Vec<String> {
    let run = completion_request(accounts, line).run();
    run.assert_code(0);
    assert_eq!(run.stderr, "", "{line}");
    assert_eq!(run.requests, "", "{line}");
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn commands_options_and_values_are_completed() {
    let accounts = StandIn::demo();
    assert_eq!(completions(&accounts, "hookferry acc"), ["account"]);
    assert_eq!(completions(&accounts, "hookferry account ch"), ["check"]);
    assert_eq!(
        completions(&accounts, "hookferry migrate --on-c"),
        ["--on-conflict", "--on-conflict-for"]
    );
    assert_eq!(
        completions(&accounts, "hookferry migrate --on-conflict u"),
        ["update"]
    );
}

#[test]
fn schedules_of_the_config_file_are_completed() {
    let accounts = with_profiles();
    let line = "hookferry schedule print n";
    assert_eq!(completions(&accounts, line), ["nightly"]);
    accounts.write("other.toml", "[profile.p]\nregion = \"eu1\"\n");
    let line = "hookferry schedule print --config other.toml n";
    assert!(completions(&accounts, line).is_empty());
    let line = "hookferry schedule print nightly --backend s";
    assert_eq!(completions(&accounts, line), ["systemd"]);
}

#[test]
fn accounts_complete_to_profiles_regions_and_permitted_files() {
    let accounts = with_profiles();
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
        let found = completions(&accounts, &format!("hookferry {line}"));
        assert_eq!(found, ["prod-eu", "prod-us", "prices.json"], "{line}");
    }
    for line in [
        "plan --to pr",
        "migrate --from eu1 --to pr",
        "rollback latest --to pr",
        "account check pr",
    ] {
        let found = completions(&accounts, &format!("hookferry {line}"));
        assert_eq!(found, ["prod-eu", "prod-us"], "{line}");
    }
    assert_eq!(
        completions(&accounts, "hookferry plan --to eu"),
        ["eu1", "eu2"]
    );
    assert_eq!(
        completions(&accounts, "hookferry plan --to=prod-e"),
        ["--to=prod-eu"]
    );
}

#[test]
fn runs_complete_to_latest_and_recorded_ids() {
    let accounts = StandIn::demo();
    assert!(completions(&accounts, "hookferry rollback l").is_empty());
    let line = "migrate --from [source] --to [target] --yes --rate 1000";
    accounts.program(line).run().assert_code(0);
    accounts
        .program(&format!("{line} --state-dir other"))
        .run()
        .assert_code(0);
    let runs = completions(&accounts, "hookferry rollback 2");
    assert_eq!(runs.len(), 1);
    for line in [
        "runs show ",
        "runs close ",
        "verify --run ",
        "idmap show ",
        "idmap apply a --run ",
    ] {
        let found = completions(&accounts, &format!("hookferry {line}"));
        assert_eq!(found[..2], ["latest".to_owned(), runs[0].clone()], "{line}");
    }
    let below = |flag: &str| completions(&accounts, &format!("hookferry rollback {flag} 2"));
    assert!(below("--state-dir missing").is_empty());
    for flag in ["--state-dir state/hookferry", "--state-dir=state/hookferry"] {
        assert_eq!(below(flag), runs, "{flag}");
    }
}

#[test]
fn completion_reads_the_config_file_that_the_line_names() {
    let accounts = with_profiles();
    accounts.write("other.toml", "[profile.prod-other]\nregion = \"eu1\"\n");
    // Bash passes the last form as three words.
    for flag in [
        "--config other.toml",
        "--config=other.toml",
        "--config = other.toml",
    ] {
        let line = format!("hookferry plan {flag} --to prod");
        assert_eq!(completions(&accounts, &line), ["prod-other"]);
    }
    let by_variable = completion_request(&accounts, "hookferry plan --to prod")
        .env("HOOKFERRY_CONFIG", "other.toml");
    assert_eq!(by_variable.run().stdout, "prod-other");
}

/// The user is still typing: problems with a file are reported when the command runs.
#[test]
fn an_unreadable_file_completes_to_nothing_silently() {
    let accounts = with_profiles();
    accounts.write("broken.toml", "[profile.prod-x]\nregion = \"canary\n");
    for flag in [
        "--config broken.toml",
        "--config missing.toml",
        "--config state",
    ] {
        let line = format!("hookferry plan {flag} --to prod");
        assert!(completions(&accounts, &line).is_empty(), "{flag}");
    }
    accounts.set_mode("config/hookferry/config.toml", 0o666);
    assert!(completions(&accounts, "hookferry plan --to prod").is_empty());
}

/// Completion reads no key, and runs no key command.
#[test]
fn completion_reads_no_key() {
    let accounts = StandIn::demo();
    accounts.write(
        "config/hookferry/config.toml",
        "[profile.prod]\nregion = \"eu1\"\napi_key_command = [\"touch\", \"was-run\"]\n",
    );
    let request = completion_request(&accounts, "hookferry plan --to pr")
        .env("PATH", "/usr/bin:/bin")
        .env("HOOKFERRY_SOURCE_API_KEY_FILE", "missing");
    assert_eq!(request.run().stdout, "prod");
    assert!(!accounts.home().join("was-run").exists());
}

#[test]
fn every_shell_has_a_script_and_gets_completions() {
    let accounts = with_profiles();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = accounts.program(&format!("completions {shell}")).run();
        script.assert_code(0);
        assert_eq!(script.stderr, "");
        for word in ["hookferry", COMPLETION_VARIABLE] {
            assert!(script.stdout.contains(word), "{shell} lacks {word}");
        }
        let run = completion_request(&accounts, "hookferry plan --to prod-u")
            .env(COMPLETION_VARIABLE, shell)
            .run();
        run.assert_code(0);
        assert!(run.stdout.starts_with("prod-us"), "{shell}: {}", run.stdout);
    }
    let run: Run = completion_request(&accounts, "hookferry acc")
        .env(COMPLETION_VARIABLE, "ksh")
        .run();
    run.assert_code(64);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("ksh"),
        "{}",
        run.stderr
    );
}
