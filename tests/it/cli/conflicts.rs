//! Webhooks that differ between the accounts, indistinguishable copies, and webhooks that cannot be sent.

use crate::support::stand_in::{StandIn, text};
use hookferry::sandbox::seeds;
use serde_json::{Value, json};

const LINE: &str = "migrate --from [source] --to [target] --yes";

/// The ordinary accounts with one webhook changed in the target.
fn one_conflict() -> StandIn {
    let mut seeds = seeds::demo();
    seeds.target[1]["url"] = "https://hooks.slack.example/services/T0PAY/B0PAY/canary-older".into();
    seeds.target[1]["region_hint"] = "kept".into();
    StandIn::start(seeds.into())
}

/// An account with webhooks that the target's API would not accept.
fn with_blocked_webhooks() -> StandIn {
    let mut seeds = seeds::demo();
    seeds.source = vec![
        json!({"alias": "good", "url": "https://a.example.com", "integration_type_id": 1}),
        json!({"alias": "without type", "url": "https://b.example.com"}),
        json!({"alias": "two types", "integration_type_id": 1, "integration_type": {"id": 2}}),
        json!({"alias": "number as url", "url": 5, "integration_type_id": 1}),
        json!({"alias": "", "url": "https://c.example.com", "integration_type_id": 1}),
    ];
    StandIn::start(seeds.into())
}

fn find<'v>(webhooks: &'v [Value], alias: &str) -> &'v Value {
    webhooks
        .iter()
        .find(|webhook| text(webhook, "alias") == alias)
        .unwrap()
}

#[test]
fn a_conflict_stops_everything() {
    let accounts = one_conflict();
    let before = accounts.target().webhooks();
    assert_transcript!(accounts.program(LINE).run());
    assert!(accounts.posts().is_empty());
    assert_eq!(accounts.target().webhooks(), before);
}

#[test]
fn skip_leaves_a_conflict_unchanged() {
    let accounts = one_conflict();
    let line = format!("{LINE} --on-conflict skip");
    assert_transcript!("skip", accounts.program(&line).run());
    assert_transcript!("skip_once_more", accounts.program(&line).run());
    assert_eq!(accounts.posts().len(), 1);
    let webhooks = accounts.target().webhooks();
    assert!(text(find(&webhooks, "payments-alerts"), "url").ends_with("canary-older"));
}

#[test]
fn update_resolves_a_conflict() {
    let accounts = one_conflict();
    let before = accounts.target().webhooks();
    let line = format!("{LINE} --on-conflict update");
    assert_transcript!("update", accounts.program(&line).run());
    assert_transcript!("update_once_more", accounts.program(&line).run());
    assert_eq!(
        accounts.posts().len(),
        2,
        "one request for creates, then one for updates"
    );
    let (source, target) = (accounts.source().webhooks(), accounts.target().webhooks());
    assert_eq!(target.len(), 15);
    let (desired, updated) = (
        find(&source, "payments-alerts"),
        find(&target, "payments-alerts"),
    );
    assert_eq!(updated["url"], desired["url"]);
    assert_eq!(updated["id"], find(&before, "payments-alerts")["id"]);
    assert_eq!(updated["region_hint"], "kept");
}

#[test]
fn an_update_with_a_lost_response_succeeds() {
    for fault in [
        "post:2:drop-after",
        "post:2:drop-before",
        "post:2:status=502",
        "post:2:stall-after",
    ] {
        let accounts = one_conflict();
        accounts.target().push_fault(fault.parse().unwrap());
        let line = format!("{LINE} --on-conflict update --settle 300ms --timeout 1s");
        let run = accounts.program(&line).run();
        run.assert_code(0);
        let (source, target) = (accounts.source().webhooks(), accounts.target().webhooks());
        assert_eq!(target.len(), 15, "{}", run.transcript());
        assert_eq!(
            find(&target, "payments-alerts")["url"],
            find(&source, "payments-alerts")["url"]
        );
        let n_posts = accounts.posts().len();
        accounts.program(&line).run().assert_code(0);
        assert_eq!(accounts.posts().len(), n_posts);
    }
}

#[test]
fn every_policy_handles_the_awkward_account() {
    let accounts = StandIn::awkward();
    accounts
        .program(&format!("{LINE} --quiet"))
        .run()
        .assert_code(6);
    let refused = accounts
        .program(&format!("{LINE} --on-conflict update"))
        .run();
    refused.assert_code(6);
    assert_transcript!("ambiguous_is_never_updated", refused);
    assert!(accounts.posts().is_empty());

    let line = format!("{LINE} --on-conflict skip");
    let skipped = accounts.program(&line).run();
    assert_transcript!("awkward_skip", skipped);
    assert_eq!(accounts.target().webhooks().len(), 6 + 23);
    let again = accounts.program(&line).run();
    assert_transcript!("awkward_skip_once_more", again);
    assert_eq!(accounts.posts().len(), 1);
}

#[test]
fn the_awkward_account_migrates_without_its_ambiguous_webhooks() {
    let accounts = StandIn::awkward();
    let line = format!("{LINE} --quiet --on-conflict update --name !*padded*");
    accounts.program(&line).run().assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 6 + 23);
    accounts.program(&line).run().assert_code(0);
    assert_eq!(accounts.posts().len(), 2);
}

#[test]
fn a_blocked_webhook_stops_everything_unless_skipped() {
    let accounts = with_blocked_webhooks();
    let run = accounts.program(LINE).run();
    run.assert_code(6);
    assert_transcript!("blocked", run);
    assert!(accounts.posts().is_empty());
    let run = accounts
        .program(&format!("{LINE} --on-conflict skip"))
        .run();
    assert_transcript!("blocked_skip", run);
    assert_eq!(accounts.target().webhooks().len(), 5);
}

#[test]
fn identical_copies_are_counted_individually() {
    let mut seeds = seeds::demo();
    let twin = seeds.source[0].clone();
    seeds.source = vec![twin.clone(), twin.clone(), twin];
    let accounts = StandIn::start(seeds.into());
    let line = format!("{LINE} --quiet");
    accounts.program(&line).run().assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 4 + 2);
    accounts.program(&line).run().assert_code(0);
    assert_eq!(accounts.posts().len(), 1);
}
