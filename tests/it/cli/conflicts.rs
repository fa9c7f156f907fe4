//! Webhooks that differ between the accounts, indistinguishable copies, and webhooks that cannot be sent.

use crate::support::proposals::shell_words;
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
    let decided = ["1 skipped", "- ", "Done", "next", "12 webhooks selected"];
    assert_excerpt!("skip", accounts.program(&line).run(), decided);
    assert_excerpt!("skip_once_more", accounts.program(&line).run(), decided);
    assert_eq!(accounts.posts().len(), 1);
    let webhooks = accounts.target().webhooks();
    assert!(text(find(&webhooks, "payments-alerts"), "url").ends_with("canary-older"));
}

#[test]
fn update_resolves_a_conflict() {
    let accounts = one_conflict();
    let before = accounts.target().webhooks();
    let line = format!("{LINE} --on-conflict update");
    let decided = ["1 updated", "~ ", "Done", "next", "12 webhooks selected"];
    assert_excerpt!("update", accounts.program(&line).run(), decided);
    assert_excerpt!("update_once_more", accounts.program(&line).run(), decided);
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
    assert_excerpt!(
        "ambiguous_is_never_updated",
        refused,
        ["1 ambiguous", "? ", "Would be", "hookferry: error", "hint"]
    );
    assert!(accounts.posts().is_empty());

    let line = format!("{LINE} --on-conflict skip");
    let skipped = accounts.program(&line).run();
    let decided = ["2 skipped", "- ", "Done", "28 webhooks selected"];
    assert_excerpt!("awkward_skip", skipped, decided);
    assert_eq!(accounts.target().webhooks().len(), 6 + 23);
    let again = accounts.program(&line).run();
    assert_excerpt!("awkward_skip_once_more", again, decided);
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

/// The ordinary accounts with two conflicts, each of which gets another decision.
fn two_conflicts() -> StandIn {
    let mut seeds = seeds::demo();
    let mut other = seeds.source[4].clone();
    other["id"] = json!(2000);
    seeds.target.push(other);
    for ix in [1, 4] {
        seeds.target[ix]["url"] = json!("https://hooks.slack.example/services/T0/B0/canary-older");
    }
    StandIn::start(seeds.into())
}

fn aliases_in_conflict(accounts: &StandIn) -> Vec<String> {
    let run = accounts
        .program("plan --from [source] --to [target] -o json")
        .run();
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    let steps = plan["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["state"] == "conflict")
        .map(|step| text(step, "alias").to_owned())
        .collect()
}

#[test]
fn a_merge_decides_each_conflict_in_one_run() {
    let accounts = two_conflicts();
    let aliases = aliases_in_conflict(&accounts);
    let [first, second] = aliases.as_slice() else {
        panic!("two conflicts, not {aliases:?}");
    };
    let run = accounts
        .program(LINE)
        .arg("--on-conflict-for")
        .arg(&format!("{first}=update"))
        .arg("--on-conflict-for")
        .arg(&format!("{second}=skip"))
        .run();
    run.assert_code(0);
    let (source, target) = (accounts.source().webhooks(), accounts.target().webhooks());
    assert_eq!(find(&target, first)["url"], find(&source, first)["url"]);
    assert!(text(find(&target, second), "url").ends_with("canary-older"));
    assert_eq!(target.len(), 15, "everything else is created once");
    let shown = accounts.program("runs show latest").run();
    let policy = format!("fail; {first}=update; {second}=skip");
    assert!(shown.stdout.contains(&policy), "{}", shown.stdout);
}

#[test]
fn a_conflict_without_a_decision_still_stops_everything() {
    let accounts = two_conflicts();
    let aliases = aliases_in_conflict(&accounts);
    let run = accounts
        .program(LINE)
        .arg("--on-conflict-for")
        .arg(&format!("{}=skip", aliases[0]))
        .run();
    run.assert_code(6);
    assert!(
        run.stderr.contains("2 conflicts, 1 of them left alone"),
        "{}",
        run.stderr
    );
    assert!(accounts.posts().is_empty());
}

#[test]
fn a_pattern_decides_and_the_last_decision_counts() {
    let accounts = two_conflicts();
    let aliases = aliases_in_conflict(&accounts);
    let line = format!(
        "{LINE} --on-conflict-for *=update --on-conflict-for {}=skip",
        aliases[1]
    );
    accounts.program(&line).run().assert_code(0);
    let target = accounts.target().webhooks();
    assert!(!text(find(&target, &aliases[0]), "url").ends_with("canary-older"));
    assert!(text(find(&target, &aliases[1]), "url").ends_with("canary-older"));
}

#[test]
fn a_decision_about_no_webhook_is_a_mistake() {
    let accounts = two_conflicts();
    for (decision, said) in [
        (
            "payment-alerts=update",
            "no selected webhook has the alias 'payment-alerts'",
        ),
        ("payments-alerts", "is not ALIAS=POLICY"),
        ("payments-alerts=overwrite", "is not ALIAS=POLICY"),
        ("=update", "is not ALIAS=POLICY"),
    ] {
        let run = accounts
            .program(&format!("{LINE} --on-conflict-for {decision}"))
            .run();
        run.assert_code(64);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    assert!(accounts.posts().is_empty());
}

#[test]
fn a_conflict_shows_when_both_sides_changed_and_every_difference_in_full() {
    let mut seeds = seeds::demo();
    let long = format!("https://hooks.slack.example/{}/canary", "x".repeat(300));
    seeds.target[1]["url"] = json!(long);
    seeds.target[1]["updated_at"] = json!("2026-11-20T09:30:00Z");
    seeds.source[0]["updated_at"] = json!("2026-11-24T08:00:00+02:00");
    let accounts = StandIn::start(seeds.into());
    let run = accounts
        .program("plan --from [source] --to [target]")
        .env("COLUMNS", "80")
        .run();
    run.assert_code(6);
    // The snapshot hides times.
    let times =
        "last changed: source 2026-11-24 06:00:00 UTC (later), target 2026-11-20 09:30:00 UTC";
    let unwrapped = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains(times), "{}", run.stdout);
    snapshots!();
    let conflict = run.stdout.split("1 conflict").nth(1).unwrap();
    insta::assert_snapshot!(conflict.split("\n\n").next().unwrap());
}

/// The four ways out of a conflict that the plan proposes, each taken as it stands there.
#[test]
fn every_way_out_of_a_conflict_works_as_proposed() {
    for (way, start) in [
        ("skip", "--on-conflict-for payments-alerts=skip"),
        ("update", "--on-conflict-for payments-alerts=update"),
        ("rename", "--rules"),
        ("leave out", "--name"),
    ] {
        let accounts = one_conflict();
        let refused = accounts.program(LINE).run();
        refused.assert_code(6);
        let spans = code_spans(&refused.stderr);
        let find = |start: &str| spans.iter().find(|span| span.starts_with(start)).unwrap();
        let options = if way == "rename" {
            let rule = format!("[[rule]]\n{}\n{}\n", find("match"), find("rename"));
            accounts.write("rules.toml", &rule);
            format!("{start} rules.toml")
        } else {
            find(start).clone()
        };
        let words = shell_words(&options).unwrap();
        let program = words
            .iter()
            .fold(accounts.program(LINE), |program, word| program.arg(word));
        program.run().assert_code(0);
        let target = accounts.target().webhooks();
        let is_copy = |webhook: &Value| text(webhook, "alias") == "payments-alerts (copy)";
        assert_eq!(target.iter().any(is_copy), way == "rename", "{way}");
        let is_kept = text(find_webhook(&target), "url").ends_with("canary-older");
        assert_eq!(is_kept, way != "update", "{way}");
    }
}

fn find_webhook(webhooks: &[Value]) -> &Value {
    find(webhooks, "payments-alerts")
}

/// Both accounts have webhooks of these aliases, with other urls.
fn conflicts(aliases: &[&str]) -> StandIn {
    let mut seeds = seeds::demo();
    let webhooks = |host: &str| {
        let numbered = aliases.iter().zip(1..);
        numbered
            .map(|(alias, id)| {
                json!({"id": id, "alias": alias, "url": format!("https://{host}.example/canary"), "integration_type_id": 1})
            })
            .collect()
    };
    (seeds.source, seeds.target) = (webhooks("new"), webhooks("old"));
    StandIn::start(seeds.into())
}

/// The aliases whose webhooks the target has from the source.
fn updated(accounts: &StandIn) -> Vec<String> {
    let webhooks = accounts.target().webhooks();
    let is_new = |webhook: &&Value| text(webhook, "url").contains("new.example");
    let new = webhooks.iter().filter(is_new);
    new.map(|webhook| text(webhook, "alias").to_owned())
        .collect()
}

/// A decision about an alias is about this alias alone, whatever characters it has, as the plan proposes it.
#[test]
fn an_alias_with_wildcards_or_escapes_is_decided_alone() {
    for alias in [
        "*",
        "prod-?",
        "-dash",
        "tab\tname",
        "it's",
        "a=b",
        "$(touch x)",
    ] {
        let accounts = conflicts(&[alias, "prod-1", "other"]);
        let refused = accounts.program(LINE).run();
        refused.assert_code(6);
        let spans = code_spans(&refused.stderr);
        let is_update = |span: &&String| span.ends_with("=update") || span.ends_with("=update'");
        let words = shell_words(spans.iter().find(is_update).unwrap()).unwrap();
        let line = format!("{LINE} --on-conflict skip");
        let program = words
            .iter()
            .fold(accounts.program(&line), |program, word| program.arg(word));
        program.run().assert_code(0);
        assert_eq!(updated(&accounts), [alias], "{words:?}");
        for span in spans.iter().filter(|span| span.starts_with("--name")) {
            let words = shell_words(span).unwrap();
            let line = "plan --from [source] --to [target] --on-conflict skip -o json";
            let program = words
                .iter()
                .fold(accounts.program(line), |program, word| program.arg(word));
            let plan: Value = serde_json::from_str(&program.run().stdout).unwrap();
            assert_eq!(
                plan["summary"]["total"], 2,
                "{span} leaves out more than one"
            );
        }
    }
}

/// The texts between backticks.
fn code_spans(text: &str) -> Vec<String> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.map(str::to_owned).collect()
}
