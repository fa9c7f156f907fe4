//! `diff`: two accounts, an account and its export, two files. It never writes anything.

use crate::support::stand_in::StandIn;

fn export(accounts: &StandIn, from: &str, name: &str) {
    accounts
        .program(&format!("export --from {from} --out {name}"))
        .run()
        .assert_code(0);
}

#[test]
fn two_accounts_are_compared() {
    let accounts = StandIn::demo();
    let run = accounts.program("diff [source] [target]").run();
    run.assert_code(0);
    assert_transcript!("text", run);
    let run = accounts.program("diff [source] [target] -o json").run();
    run.assert_code(0);
    assert_transcript!("json", run);
    let run = accounts
        .program("diff [source] [target] --detailed-exitcode -q")
        .run();
    run.assert_code(2);
}

#[test]
fn an_awkward_account_is_the_same_as_its_export() {
    let accounts = StandIn::awkward();
    export(&accounts, "[source]", "source.json");
    for line in ["diff [source] source.json", "diff source.json source.json"] {
        let run = accounts
            .program(&format!("{line} --detailed-exitcode"))
            .run();
        run.assert_code(0);
        assert!(
            run.stdout.contains("Both sides have the same webhooks."),
            "{}",
            run.stdout
        );
    }
}

/// Within one account the id identifies a webhook, even after it was renamed.
#[test]
fn what_changed_in_an_account_since_it_was_exported() {
    let accounts = StandIn::demo();
    export(&accounts, "[source]", "before.json");
    let changed = accounts
        .read("before.json")
        .replace("payments-alerts", "renamed");
    let changed = changed.replace("canary", "canary2");
    accounts.write("after.json", &changed);
    let run = accounts
        .program("diff before.json after.json --detailed-exitcode")
        .run();
    run.assert_code(2);
    assert_transcript!(run);
}

#[test]
fn migrated_webhooks_no_longer_differ() {
    let accounts = StandIn::demo();
    accounts
        .program("migrate --from [source] --to [target] --yes --rate 1000")
        .run()
        .assert_code(0);
    let run = accounts.program("diff [source] [target] -q").run();
    assert!(
        run.stdout.contains("3 only right, 0 ambiguous, 12 same"),
        "{}",
        run.stdout
    );
    let run = accounts
        .program("diff [source] [target] --type slack --detailed-exitcode")
        .run();
    run.assert_code(2);
    let run = accounts
        .program("diff [source] [target] --name night-shift --detailed-exitcode")
        .run();
    run.assert_code(0);
}

#[test]
fn usage_errors_are_explained() {
    let accounts = StandIn::demo();
    for (line, words) in [
        ("diff - -", "only one side"),
        ("diff [source] mars", "RIGHT:"),
        ("diff mars [source]", "LEFT:"),
        ("diff [source] [target] --name nobody", "--name 'nobody'"),
    ] {
        let run = accounts.program(line).run();
        run.assert_code(64);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}
