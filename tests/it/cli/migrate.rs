//! `migrate` without failures: what it prints, what it sends, and that a second run sends nothing.

use crate::support::stand_in::{StandIn, text};
use serde_json::Value;

#[test]
fn a_second_run_sends_nothing() {
    let accounts = StandIn::demo();
    let line = "migrate --from [source] --to [target] --yes";
    let first = accounts.program(line).run();
    assert_transcript!("once", first);
    let second = accounts.program(line).run();
    assert_transcript!("once_more", second);
    assert_eq!(accounts.posts().len(), 1);
    assert_eq!(accounts.target().webhooks().len(), 15);
}

#[test]
fn the_outcome_is_available_as_json() {
    let accounts = StandIn::demo();
    let line = "migrate --from [source] --to [target] --yes --quiet -o json";
    let first = accounts.program(line).run();
    let document: Value = serde_json::from_str(&first.stdout).unwrap();
    assert!(document["format_version"].is_string());
    assert_transcript!("json", first);
    let second = accounts.program(line).run();
    let again: Value = serde_json::from_str(&second.stdout).unwrap();
    let of = |document: &Value, status: &str| document["summary"][status].clone();
    assert_eq!(of(&again, "unchanged"), of(&document, "total"));
    assert_eq!(of(&again, "created"), 0);
    assert_eq!(second.code, Some(0));
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let accounts = StandIn::demo();
    let dry = accounts
        .program("migrate --from [source] --to [target] --dry-run")
        .run();
    assert_excerpt!(dry, ["source: ", "target: "]);
    assert!(accounts.posts().is_empty());
    let plan = accounts.program("plan --from [source] --to [target]").run();
    assert_eq!(dry.stdout, plan.stdout);
}

#[test]
fn a_dry_run_wins_over_yes() {
    let accounts = StandIn::demo();
    accounts
        .program("migrate --from [source] --to [target] -n --yes --quiet")
        .run()
        .assert_code(0);
    assert!(accounts.posts().is_empty());
}

#[test]
fn only_what_is_selected_is_written() {
    let accounts = StandIn::demo();
    let line = "migrate --from [source] --to [target] --yes --name payments-* --type pager_duty,4";
    assert_excerpt!(
        accounts.program(line).run(),
        ["hookferry: error", "hint", "source: ", "target: "]
    );
    let created: Vec<Value> = accounts.target().webhooks().split_off(4);
    let aliases: Vec<&str> = created
        .iter()
        .map(|webhook| text(webhook, "alias"))
        .collect();
    assert_eq!(aliases, ["payments-oncall", "payments-leads"]);
}

#[test]
fn small_batches_make_several_requests() {
    let accounts = StandIn::demo();
    let line = "migrate --from [source] --to [target] --yes --quiet --batch-size 4";
    let run = accounts.program(line).run();
    run.assert_code(0);
    let sizes: Vec<usize> = accounts.posts().iter().map(|post| post.n_items).collect();
    assert_eq!(sizes, [4, 4, 3]);
}

#[test]
fn a_limit_on_changes_is_kept() {
    let accounts = StandIn::demo();
    let line = "migrate --from [source] --to [target] --yes --max-changes";
    let refused = accounts.program(&format!("{line} 10")).run();
    assert_excerpt!(
        refused,
        ["hookferry: error", "hint", "source: ", "target: "]
    );
    for preview in [
        "migrate --from [source] --to [target] --dry-run --max-changes 10",
        "plan --from [source] --to [target] --max-changes 10 --out plan.json",
    ] {
        let previewed = accounts.program(preview).run();
        previewed.assert_code(6);
        assert!(
            previewed.stdout.contains("11 to create"),
            "{}",
            previewed.transcript()
        );
        assert!(
            previewed.stderr.contains("--max-changes allows 10"),
            "{}",
            previewed.transcript()
        );
    }
    assert!(
        !accounts.home().join("plan.json").exists(),
        "it could be applied without the limit"
    );
    assert!(accounts.posts().is_empty());
    accounts.program(&format!("{line} 11")).run().assert_code(0);
    accounts.program(&format!("{line} 0")).run().assert_code(0);
}

#[test]
fn nobody_can_say_yes_without_a_terminal() {
    let accounts = StandIn::demo();
    let line = "migrate --from [source] --to [target]";
    let run = accounts.program(line).stdin("yes\n").run();
    assert_transcript!(run);
    accounts
        .program(&format!("{line} --quiet"))
        .run()
        .assert_code(6);
    assert!(accounts.posts().is_empty());
}

#[test]
fn requests_omit_server_owned_members_and_keep_fields_byte_for_byte() {
    let accounts = StandIn::awkward();
    accounts
        .program("migrate --from [source] --to [target] --yes --quiet --on-conflict skip")
        .run()
        .assert_code(0);
    let posts = accounts.posts();
    assert_eq!(posts.len(), 1);
    let sent: Vec<Value> = serde_json::from_slice(&posts[0].body).unwrap();
    let source_webhooks = accounts.source().webhooks();
    for webhook in &sent {
        let server_owned = ["id", "company_id", "companyId", "created_at", "updated_at"];
        assert!(
            server_owned
                .iter()
                .all(|member| webhook.get(member).is_none())
        );
        let has_same_content = |other: &&Value| {
            [
                "alias",
                "url",
                "integration_type",
                "integration_type_fields",
            ]
            .iter()
            .all(|member| webhook.get(member) == other.get(member))
        };
        assert!(
            source_webhooks.iter().any(|other| has_same_content(&other)),
            "{}",
            webhook["alias"]
        );
    }
}
