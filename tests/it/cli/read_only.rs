//! Read-only commands send nothing but GETs, with any flags.

use crate::support::stand_in::StandIn;

#[test]
fn read_only_commands_write_nothing() {
    let accounts = StandIn::awkward();
    let before = accounts.target().webhooks();
    let route = "--from [source] --to [target]";
    let mut lines = vec![
        "list --from [source]".to_owned(),
        "list --from [source] -o json".to_owned(),
        "list --from [source] --type slack --name t*".to_owned(),
        "list --from [source] -vvv".to_owned(),
        "account check [source]".to_owned(),
        "account check [target] --as target -o json".to_owned(),
        "deliver-test --to [target] --type slack --dry-run".to_owned(),
        "deliver-test --to [target] --type slack --dry-run --yes".to_owned(),
        "deliver-test --to [target] --type slack".to_owned(),
    ];
    for policy in ["fail", "skip", "update"] {
        for rest in [
            "",
            "--quiet",
            "-o json",
            "--type slack,2 --name !twins",
            "--id 1050,1051",
            "-vv",
        ] {
            lines.push(format!("plan {route} --on-conflict {policy} {rest}"));
            lines.push(format!(
                "plan {route} --on-conflict {policy} --detailed-exitcode {rest}"
            ));
            lines.push(format!(
                "migrate {route} --on-conflict {policy} --dry-run {rest}"
            ));
            lines.push(format!(
                "migrate {route} --on-conflict {policy} --dry-run --yes {rest}"
            ));
            lines.push(format!("migrate {route} --on-conflict {policy} {rest}"));
        }
    }
    for line in &lines {
        let run = accounts.program(line).run();
        assert!(matches!(run.code, Some(0 | 2 | 6)), "{}", run.transcript());
    }
    for line in [
        "export --from [source]",
        "export --from [source] --ready",
        "export --from [source] --out a.json",
    ] {
        accounts.program(line).allow_secrets().run().assert_code(0);
    }
    let log = accounts.target().log();
    assert!(!log.is_empty());
    assert!(
        log.iter()
            .all(|seen| seen.method == "GET" && seen.body.is_empty()),
        "{log:?}"
    );
    // A test delivery is a GET that acts.
    assert!(
        log.iter().all(|seen| !seen.path.ends_with("/test")),
        "{log:?}"
    );
    assert_eq!(accounts.target().webhooks(), before);
}

#[test]
fn a_key_is_sent_only_to_its_own_account() {
    let accounts = StandIn::demo();
    accounts
        .program("migrate --from [source] --to [target] --yes --quiet")
        .run()
        .assert_code(0);
    for account in [accounts.source(), accounts.target()] {
        let own = format!("Bearer {}", account.key());
        for seen in account.log() {
            assert_eq!(seen.headers["authorization"], own.as_str());
            assert!(
                seen.headers["user-agent"]
                    .to_str()
                    .unwrap()
                    .starts_with("hookferry/")
            );
            assert!(!seen.path.contains('?'));
        }
    }
}
