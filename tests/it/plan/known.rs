//! Knowledge from earlier runs: altered copies are not conflicts, and webhooks that may have arrived are not sent again.

use super::{list, slack};
use crate::support::fixture::stripped;
use crate::support::preview::{planned, planned_with, preview, states};
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::birth::Birth;
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
        close_command: format!("hookferry runs close {run}"),
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

/// The step of a webhook whose copy, as a run recorded it, the target shows with this content now; and the births that
/// the record and the target show.
fn state_of_changed_copy(
    now: (&str, &str),
    recorded: Option<&str>,
    shown: Option<&str>,
) -> StepState {
    let key = digest_key();
    let copy = AlteredCopy {
        id: WebhookId::new("101"),
        birth: recorded.and_then(Birth::parse),
        sent: digest(&key, &slack(0, "hook", "a")),
        kept: digest(&key, &slack(0, "prefixed hook", "a")),
    };
    let mut known = PriorKnowledge::empty();
    known.add(RunKnowledge {
        run_id: "run".to_owned(),
        close_command: "hookferry runs close run".to_owned(),
        altered: vec![copy],
        uncertain: Vec::new(),
        digest_key: key,
    });
    let mut target = slack(101, now.0, now.1);
    if let Some(at) = shown {
        target = target.replacen('{', &format!("{{\"created_at\":\"{at}\","), 1);
    }
    let (source, target) = (list(&[slack(1, "hook", "a")]), list(&[target]));
    states(&planned_with(&source, &target, OnConflict::Fail, &known))[0]
}

#[test]
fn a_changed_copy_is_known_by_its_id_and_birth() {
    const BIRTH: Option<&str> = Some("2026-11-20T10:30:00Z");
    const LATER: Option<&str> = Some("2026-11-21T10:30:00Z");
    let unlike = ("renamed by hand", "z");
    let with_its_url = ("renamed by hand", "a");
    for (now, recorded, shown, expected) in [
        (unlike, BIRTH, BIRTH, StepState::Conflict),
        // Another webhook has the id now.
        (unlike, BIRTH, LATER, StepState::Create),
        (with_its_url, BIRTH, LATER, StepState::Create),
        // Where a birth is unknown, type and url show that it is the same webhook, or nothing does.
        (with_its_url, None, BIRTH, StepState::Conflict),
        (with_its_url, BIRTH, None, StepState::Conflict),
        (unlike, None, BIRTH, StepState::Ambiguous),
        (unlike, BIRTH, None, StepState::Ambiguous),
        // Somebody gave it the content of the source, or undid the change.
        (("hook", "a"), BIRTH, BIRTH, StepState::Unchanged),
        (("prefixed hook", "a"), BIRTH, BIRTH, StepState::Unchanged),
    ] {
        let state = state_of_changed_copy(now, recorded, shown);
        assert_eq!(state, expected, "{now:?} {recorded:?} {shown:?}");
    }
}
