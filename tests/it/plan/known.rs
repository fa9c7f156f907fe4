//! Knowledge from earlier runs: altered copies are not conflicts, and webhooks that may have arrived are not sent again.

use super::{list, slack};
use crate::support::fixture::stripped;
use crate::support::preview::{planned, planned_with, preview, states};
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::digest::{ContentDigest, DigestKey};
use hookferry::coralogix::webhook::WebhookId;
use hookferry::pipeline::plan::{AlteredCopy, OnConflict, PriorKnowledge, RunKnowledge, StepState};

fn digest_key() -> DigestKey {
    DigestKey::new(&ApiKey::new("key-canary").unwrap()).unwrap()
}

/// The digest of a webhook's content, as a run record stores it.
fn digest(key: &DigestKey, webhook: &str) -> ContentDigest {
    let one = stripped(&list(&[webhook.to_owned()]));
    key.digest_content(one.webhooks()[0].content().unwrap())
}

/// Knowledge from one run: for each altered copy its id, what was sent and what the target stored; and uncertain webhooks.
fn knowledge(
    run: &str,
    altered: &[(&str, String, String)],
    uncertain: &[String],
) -> PriorKnowledge {
    let key = digest_key();
    let altered = altered
        .iter()
        .map(|(id, sent, stored)| AlteredCopy {
            id: WebhookId::new(*id),
            birth: None,
            sent: digest(&key, sent),
            kept: digest(&key, stored),
        })
        .collect();
    let with_reason = |webhook: &String| {
        let why = "webhook 77 is new in the target and could be this one".to_owned();
        (digest(&key, webhook), why)
    };
    let memory = RunKnowledge {
        run_id: run.to_owned(),
        altered,
        uncertain: uncertain.iter().map(with_reason).collect(),
        digest_key: key,
    };
    let mut known = PriorKnowledge::empty();
    known.add(memory);
    known
}

#[test]
fn altered_copies_and_doubts() {
    snapshots!();
    let source = list(&[
        slack(1, "altered url", "a"),
        slack(2, "Altered Alias", "b"),
        slack(3, "altered, and changed since", "c"),
        slack(4, "altered, and the source has changed", "d2"),
        slack(5, "may have arrived", "e"),
        slack(6, "new", "f"),
    ]);
    let target = list(&[
        slack(101, "altered url", "a/"),
        slack(102, "renamed by the server", "b"),
        slack(103, "altered, and changed since", "c3"),
        slack(104, "altered, and the source has changed", "d/"),
    ]);
    let copy = |id: &'static str, alias: &str, sent: &str, stored: String| {
        (id, slack(0, alias, sent), stored)
    };
    let known = knowledge(
        "20261124-021530-7f3a2b",
        &[
            copy("101", "altered url", "a", slack(0, "altered url", "a/")),
            copy(
                "102",
                "Altered Alias",
                "b",
                slack(0, "renamed by the server", "b"),
            ),
            copy(
                "103",
                "altered, and changed since",
                "c",
                slack(0, "altered, and changed since", "c/"),
            ),
            copy(
                "104",
                "altered, and the source has changed",
                "d",
                slack(0, "altered, and the source has changed", "d/"),
            ),
        ],
        &[slack(0, "may have arrived", "e")],
    );
    let plan = planned_with(&source, &target, OnConflict::Fail, &known);
    insta::assert_snapshot!(preview(&plan));
}

/// An update would be altered again, every time.
#[test]
fn an_altered_copy_is_not_updated() {
    let source = list(&[slack(1, "hook", "a")]);
    let target = list(&[slack(101, "hook", "a/")]);
    let known = knowledge(
        "run",
        &[("101", slack(0, "hook", "a"), slack(0, "hook", "a/"))],
        &[],
    );
    let update = OnConflict::Update;
    assert_eq!(
        states(&planned(&source, &target, update)),
        [StepState::Update]
    );
    let plan = planned_with(&source, &target, update, &known);
    assert_eq!(states(&plan), [StepState::Unchanged]);
}

/// One altered copy accounts for one webhook, and so does one uncertain webhook.
#[test]
fn knowledge_is_counted() {
    let source = list(&[
        slack(1, "hook", "a"),
        slack(2, "hook", "a"),
        slack(3, "hook", "a"),
    ]);
    let target = list(&[slack(101, "hook", "a/")]);
    let known = knowledge(
        "run",
        &[("101", slack(0, "hook", "a"), slack(0, "hook", "a/"))],
        &[slack(0, "hook", "a")],
    );
    let plan = planned_with(&source, &target, OnConflict::Skip, &known);
    let found = states(&plan);
    assert_eq!(found[..2], [StepState::Unchanged, StepState::Ambiguous]);
    assert_eq!(found[2], StepState::Create);
}

#[test]
fn identical_webhooks_need_no_knowledge() {
    let source = list(&[slack(1, "hook", "a")]);
    let target = list(&[slack(101, "hook", "a"), slack(102, "hook", "a/")]);
    let known = knowledge(
        "run",
        &[("102", slack(0, "hook", "a"), slack(0, "hook", "a/"))],
        &[slack(0, "hook", "a")],
    );
    let plan = planned_with(&source, &target, OnConflict::Fail, &known);
    assert_eq!(states(&plan), [StepState::Unchanged]);
    assert_eq!(plan.n_untouched(), 1);
}

/// The server prefixes aliases, so the one's copy is identical to what the other was before it was prefixed.
#[test]
fn an_altered_copy_that_is_identical_to_another_webhook_stays_where_it_belongs() {
    let source = list(&[slack(1, "eu hook", "a"), slack(2, "hook", "a")]);
    let target = list(&[slack(101, "eu hook", "a"), slack(102, "eu eu hook", "a")]);
    let copy = |id, sent, stored| (id, slack(0, sent, "a"), slack(0, stored, "a"));
    let known = knowledge(
        "run",
        &[
            copy("102", "eu hook", "eu eu hook"),
            copy("101", "hook", "eu hook"),
        ],
        &[],
    );
    let plan = planned_with(&source, &target, OnConflict::Fail, &known);
    assert_eq!(states(&plan), [StepState::Unchanged; 2]);
    let without = planned(&source, &target, OnConflict::Fail);
    assert_eq!(states(&without), [StepState::Unchanged, StepState::Create]);
}
