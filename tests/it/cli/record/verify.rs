//! `verify`: what the target truly holds, against the source or against a run.

use super::migrated;
use crate::support::stand_in::StandIn;
use serde_json::Value;

const AGAINST_SOURCE: &str = "verify --from [source] --to [target]";
const AGAINST_RUN: &str = "verify --run latest";

#[test]
fn after_a_migration_all_is_there() {
    let accounts = StandIn::demo();
    accounts.program(AGAINST_SOURCE).run().assert_code(3);
    migrated(&accounts);
    let run = accounts.program(AGAINST_SOURCE).run();
    run.assert_code(0);
    assert_transcript!("against_source", run);
    let run = accounts.program(AGAINST_RUN).run();
    run.assert_code(0);
    assert_transcript!("against_run", run);
}

#[test]
fn missing_altered_and_doubled_webhooks_are_named() {
    let accounts = StandIn::demo();
    migrated(&accounts);
    accounts.target().change(1054, |webhook| {
        webhook["integration_type_fields"] =
            r#"[{"name":"serviceKey","value":"canary-other"}]"#.into();
    });
    accounts.target().remove(1055);
    let mut copy = accounts.target().webhooks()[6].clone();
    copy.as_object_mut().unwrap().remove("id");
    accounts.target().insert(&copy);
    let n_posts = accounts.posts().len();
    for (name, line) in [("source", AGAINST_SOURCE), ("run", AGAINST_RUN)] {
        let run = accounts.program(line).run();
        run.assert_code(3);
        crate::cli::assert_text!(format!("differs_from_{name}"), run.stdout());
        let run = accounts.program(&format!("{line} -o json")).run();
        run.assert_code(3);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        let summary = &document["summary"];
        for finding in ["altered", "missing", "duplicated"] {
            assert_eq!(summary[finding], 1, "{name}: {summary}");
        }
        assert_eq!(summary["total"], 12, "{name}");
    }
    assert_eq!(accounts.posts().len(), n_posts, "verify writes nothing");
}

#[test]
fn what_the_server_altered_is_altered_to_verify() {
    let accounts = StandIn::with(&["url=slash"], &[]);
    migrated(&accounts);
    for line in [AGAINST_SOURCE, AGAINST_RUN] {
        let run = accounts.program(line).run();
        run.assert_code(3);
        assert!(run.stdout.contains("altered"), "{}", run.stdout);
    }
    let run = accounts.program(AGAINST_RUN).run();
    assert!(run.stdout.contains("and it is still so"), "{}", run.stdout);
}

#[test]
fn a_selection_of_copies_is_no_surplus() {
    let accounts = StandIn::demo();
    let mut twin = accounts.source().webhooks()[1].clone();
    twin.as_object_mut().unwrap().remove("id");
    accounts.source().insert(&twin);
    migrated(&accounts);
    let run = accounts
        .program(&format!("{AGAINST_SOURCE} --id 1051"))
        .run();
    run.assert_code(0);
}

#[test]
fn its_arguments_are_checked() {
    let accounts = StandIn::demo();
    for line in [
        "verify",
        "verify --from [source]",
        "verify --to [target]",
        "verify --run latest --from [source] --to [target]",
        "verify --run latest --type slack",
    ] {
        accounts.program(line).run().assert_code(64);
    }
}
