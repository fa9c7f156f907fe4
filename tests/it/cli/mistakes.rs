//! User errors on the command line, in the environment and in files: each is reported with a hint, and nothing is sent.

use crate::support::program::{Program, Run};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Options, seeds};

const BOTH: &str = "migrate --yes --from [source] --to [target]";

/// Runs a command line that must fail with this exit code before the first request.
fn assert_fails(command_line: &str, code: i32) -> Run {
    let run = Program::without_accounts(command_line).run();
    run.assert_code(code);
    run
}

#[test]
fn an_invalid_address_is_refused() {
    assert_transcript!("no_region", assert_fails("list --from eu9", 64));
    assert_transcript!(
        "plain_http",
        assert_fails("list --from http://api.eu1.coralogix.com", 64)
    );
    assert_transcript!(
        "imitation",
        assert_fails(
            "migrate --from eu1 --to https://api.coralogix.com.example.net --yes",
            64
        )
    );
    assert_transcript!(
        "other_scheme",
        assert_fails("list --from ftp://api.eu1.coralogix.com", 64)
    );
}

#[test]
fn a_near_miss_of_a_region_or_a_type_gets_a_suggestion() {
    for (line, question) in [
        ("list --from eu9", "did you mean `eu1` or `eu2`?"),
        ("list --from us-2", "did you mean `us2`?"),
        ("list --from eu-west-1", "did you mean `eu1`?"),
        ("list --from europe3", "did you mean `eu1` or `eu2`?"),
        ("list --from eu1 --type slak", "did you mean `slack`?"),
    ] {
        let run = assert_fails(line, 64);
        assert!(run.stderr.contains(question), "{}", run.stderr);
    }
    for line in [
        "list --from us-east-1",
        "list --from mars",
        "list --from eu1 --type discord",
    ] {
        let run = assert_fails(line, 64);
        assert!(!run.stderr.contains("did you mean"), "{}", run.stderr);
    }
}

#[test]
fn an_address_with_a_password_is_never_repeated() {
    for address in [
        "https://bob:canary-password@api.eu1.coralogix.com",
        "https://canary-token@team.coralogix.com/",
        "https://hooks.example.net/?key=canary-key",
        "https://api.example.net/#canary-fragment",
        "cxtp_canaryCanaryCanaryCanary123456",
    ] {
        let run = assert_fails(&format!("plan --from eu1 --to {address}"), 64);
        assert!(run.stderr.contains("hint:"), "{}", run.stderr);
    }
    let run =
        Program::without_accounts("list --from https://bob:canary@api.eu1.coralogix.com").run();
    assert!(!run.stderr.contains("bob"), "{}", run.stderr);
}

#[test]
fn unknown_flags_and_commands_are_explained() {
    assert_transcript!(
        "flag",
        assert_fails("migrate --from eu1 --to us2 --force", 64)
    );
    assert_transcript!(
        "key_as_a_flag",
        assert_fails("list --from eu1 --api-key abc", 64)
    );
    assert_transcript!("command", assert_fails("copy --from eu1", 64));
    assert_transcript!("missing_argument", assert_fails("migrate --from eu1", 64));
    assert_transcript!("manual_of_nothing", assert_fails("man copy", 64));
    assert_transcript!("nothing_at_all", assert_fails("", 64));
}

#[test]
fn a_typo_gets_a_suggestion() {
    for (line, suggestion) in [
        ("migrat --from eu1 --to us2", "`migrate`"),
        ("acount list", "`account`"),
        ("account chek eu1", "`check`"),
        ("runs shwo latest", "`show`"),
        ("help excit-codes", "`exit-codes`"),
        ("man migrat", "`migrate`"),
        ("migrate --from eu1 --to us2 --dry-rnu", "`--dry-run`"),
        ("list --form eu1", "`--from`"),
        ("list --from eu1 --conifg f", "`--config`"),
        ("plan --from eu1 --to us2 --on-conflict updat", "`update`"),
        ("account check eu1 --as sorce", "`source`"),
    ] {
        let run = assert_fails(line, 64);
        let tip = run.stderr.lines().find(|line| line.contains("tip:"));
        assert!(
            tip.is_some_and(|tip| tip.contains(suggestion)),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn an_invalid_value_is_explained() {
    assert_transcript!("duration", assert_fails("list --from eu1 --timeout 30", 64));
    assert_transcript!(
        "negative_duration",
        assert_fails("list --from eu1 --timeout=-1s", 64)
    );
    assert_transcript!("type", assert_fails("list --from eu1 --type slak", 64));
    assert_transcript!(
        "policy",
        assert_fails("plan --from eu1 --to us2 --on-conflict overwrite", 64)
    );
    assert_transcript!(
        "batch_size",
        assert_fails("migrate --from eu1 --to us2 --batch-size 0", 64)
    );
    assert_transcript!("rate", assert_fails("list --from eu1 --rate 0", 64));
    assert_transcript!("log_filter", {
        let run = Program::without_accounts("list --from eu1")
            .env("HOOKFERRY_LOG", "hookferry=loud")
            .run();
        run.assert_code(64);
        run
    });
}

#[test]
fn a_filter_that_matches_nothing_is_an_error() {
    let accounts = StandIn::demo();
    let line = "migrate --yes --quiet --from [source] --to [target]";
    for (name, filter) in [
        ("no_such_name", "--name payment-*"),
        ("no_such_exclusion", "--name !payment-*"),
        ("no_such_type", "--type 99"),
        ("no_such_id", "--id 4711"),
        ("nothing_together", "--type slack --name status-page"),
    ] {
        let run = accounts.program(&format!("{line} {filter}")).run();
        run.assert_code(64);
        assert_transcript!(name, run);
    }
    assert!(accounts.posts().is_empty());
}

#[test]
fn a_missing_or_unusable_key_is_an_error() {
    let accounts = StandIn::demo();
    for (side, name) in [
        ("source", "HOOKFERRY_SOURCE_API_KEY"),
        ("target", "HOOKFERRY_TARGET_API_KEY"),
    ] {
        let run = accounts.program(BOTH).without_env(name).run();
        run.assert_code(4);
        assert_transcript!(format!("no_key_for_the_{side}"), run);
        accounts.program(BOTH).env(name, "").run().assert_code(4);
        let run = accounts.program(BOTH).env(name, "two words").run();
        run.assert_code(4);
        assert_transcript!(format!("no_usable_key_for_the_{side}"), run);
    }
    assert_eq!(accounts.request_counts(), [0, 0]);
}

#[test]
fn a_key_that_is_set_twice() {
    let accounts = StandIn::demo();
    let file = accounts.home().join("key");
    std::fs::write(&file, accounts.target().key()).unwrap();
    let name = "HOOKFERRY_TARGET_API_KEY_FILE";
    let run = accounts
        .program(BOTH)
        .env(name, file.to_str().unwrap())
        .run();
    run.assert_code(64);
    assert_transcript!(run);
    assert_eq!(accounts.request_counts(), [0, 0]);
}

#[test]
fn a_key_can_come_from_a_file() {
    let accounts = StandIn::demo();
    let file = accounts.home().join("key");
    let path = file.to_str().unwrap();
    let program = || {
        accounts
            .program("list --from [source]")
            .without_env("HOOKFERRY_SOURCE_API_KEY")
            .env("HOOKFERRY_SOURCE_API_KEY_FILE", path)
    };
    assert_transcript!("no_such_key_file", program().run());
    for end in ["", "\n", "\r\n"] {
        accounts.write("key", &format!("{}{end}", accounts.source().key()));
        program().run().assert_code(0);
        // An empty variable counts as unset.
        program()
            .env("HOOKFERRY_SOURCE_API_KEY", "")
            .run()
            .assert_code(0);
    }
    std::fs::write(&file, "\n").unwrap();
    assert_transcript!("empty_file", program().run());
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    assert_transcript!("no_text", program().run());
}

/// API keys and rule values are not read from files that everybody can read or change.
#[test]
fn a_secret_file_open_to_everybody_is_refused() {
    let accounts = StandIn::demo();
    accounts.write("key", accounts.source().key());
    accounts.write("rules.toml", "[[rule]]\nmatch = { type = \"pager_duty\" }\nset = { serviceKey = { file = \"value\" } }\n");
    accounts.write("value", "canary");
    let key = accounts.home().join("key");
    let program = |command_line: &str| {
        accounts
            .program(command_line)
            .without_env("HOOKFERRY_SOURCE_API_KEY")
            .env("HOOKFERRY_SOURCE_API_KEY_FILE", key.to_str().unwrap())
    };
    let check = "rules check --rules rules.toml --from [source]";
    for (mode, is_used) in [
        (0o400, true),
        (0o640, true),
        (0o604, false),
        (0o602, false),
        (0o666, false),
    ] {
        for (name, command_line, code) in [("key", "list --from [source]", 4), ("value", check, 6)]
        {
            accounts.set_mode(name, mode);
            let run = program(command_line).run();
            accounts.set_mode(name, 0o600);
            run.assert_code(if is_used { 0 } else { code });
            if !is_used {
                let shown = run.stdout + &run.stderr;
                let message = format!("accessible to every user on this machine (mode {mode:04o})");
                assert!(
                    shown.replace("\n        ", " ").contains(&message),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn the_same_account_on_both_sides_is_refused() {
    let accounts = StandIn::demo();
    let key = accounts.source().key().to_owned();
    let run = accounts
        .program(BOTH)
        .env("HOOKFERRY_TARGET_API_KEY", &key)
        .run();
    run.assert_code(5);
    assert_transcript!("same_key", run);
    assert_eq!(accounts.request_counts(), [0, 0]);

    let mut options = Options::from(seeds::demo());
    options.target.company_id = options.source.company_id;
    let accounts = StandIn::start(options);
    let run = accounts.program(BOTH).run();
    run.assert_code(5);
    assert_transcript!("same_company", run);
    for line in ["plan --quiet", "migrate --quiet -n", "migrate --quiet"] {
        accounts
            .program(&format!("{line} --from [source] --to [target]"))
            .run()
            .assert_code(5);
    }
    assert!(accounts.posts().is_empty());
}

#[test]
fn a_file_without_webhooks_is_an_error() {
    let accounts = StandIn::demo();
    let line = "migrate --yes --quiet --to [target] --from";
    for (name, text) in [
        ("not_json", "alias,url\n"),
        ("no_array", "{\"integrations\": []}"),
        ("a_list_of_numbers", "[1, 2]"),
        ("cut_short", "[{\"alias\": \"a\""),
        ("empty", ""),
    ] {
        std::fs::write(accounts.home().join("given.json"), text).unwrap();
        let run = accounts.program(&format!("{line} given.json")).run();
        run.assert_code(1);
        assert_transcript!(name, run);
        accounts
            .program(&format!("{line} -"))
            .stdin(text)
            .run()
            .assert_code(1);
    }
    assert_transcript!(
        "no_such_file",
        accounts.program(&format!("{line} missing.json")).run()
    );
    assert!(accounts.posts().is_empty());
}

#[test]
fn an_invalid_ca_file_is_refused() {
    let accounts = StandIn::demo();
    let line = "list --from [source] --ca-file";
    assert_transcript!(
        "no_such_ca_file",
        accounts.program(&format!("{line} missing.pem")).run()
    );
    std::fs::write(accounts.home().join("ca.pem"), "no certificate").unwrap();
    let run = accounts.program(&format!("{line} ca.pem")).run();
    run.assert_code(64);
    assert_transcript!("no_certificate", run);
}

/// With `-o json` there is always one document, even without a result.
#[test]
fn json_output_is_one_document_even_on_errors() {
    let accounts = StandIn::with(&["auth=revoked"], &[]);
    accounts.write("broken.json", "{");
    for (line, code) in [
        ("plan --from broken.json --to [target] -o json", 1),
        ("list --from nowhere.json -o json", 1),
        ("list --from nowhere -o json", 64),
        ("list nowhere --json", 64),
        ("diff [source] broken.json -o json", 1),
        ("plan --from [source] --to [target] -o json", 4),
        ("migrate --from [source] --to [target] --yes -o json", 4),
        ("rollback latest -o json", 1),
        ("runs show 2026 -o json", 1),
        ("verify --run latest -o json", 1),
        ("idmap show -o json", 1),
        ("account check nowhere -o json", 64),
        ("rules check --from [source] --rules none.toml -o json", 1),
        ("apply none.json --yes -o json", 1),
    ] {
        let run = accounts.program(line).run();
        run.assert_code(code);
        let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(document["kind"], "error", "{line}");
        assert_eq!(document["exit_code"], code, "{line}");
        let message = document["error"].as_str().unwrap();
        assert!(run.stderr.contains(message), "{line}: {message}");
    }
}
