//! Rollback decisions: what may be undone of a run, given its record and the target's current state.

use crate::support::fixture::{account as inventory, text};
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::content::Content;
use hookferry::coralogix::digest::{ContentDigest, DigestKey, MemberDigests};
use hookferry::coralogix::webhook::{TypeId, Webhook, WebhookId};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::plan::StepIx;
use hookferry::pipeline::rollback::{
    PreviousContent, RecordedWrite, RollbackItem, UndoState, plan_rollback,
};
use hookferry::pipeline::strip::{Key, Stripped, strip};
use std::sync::Arc;

fn digest_key() -> Arc<DigestKey> {
    DigestKey::new(&ApiKey::new("key-canary").unwrap())
        .unwrap()
        .into()
}

/// A webhook of the target with this url.
fn webhook(id: u32, url: &str) -> Webhook {
    let text = format!(
        r#"{{"id":{id},"alias":"a","url":"{url}","integration_type_id":1,"integration_type":{{"id":1}}}}"#
    );
    Webhook::parse(text).unwrap()
}

fn target(webhooks: Vec<Webhook>) -> Stripped {
    strip(Inventory::from(webhooks))
}

fn digest(key: &DigestKey, url: &str) -> ContentDigest {
    let one = target(vec![webhook(1, url)]);
    key.digest_content(one.webhooks()[0].content().unwrap())
}

/// Webhook 7 with these writes, newest first.
fn item(writes: Vec<RecordedWrite>) -> RollbackItem {
    RollbackItem {
        id: WebhookId::new("7"),
        source_id: Some(WebhookId::new("3")),
        key: Key {
            alias: "a".into(),
            type_id: TypeId(1),
        },
        birth: None,
        writes,
        undone: None,
    }
}

fn written(key: &Arc<DigestKey>) -> RecordedWrite {
    RecordedWrite {
        run_ix: 0,
        step_ix: StepIx::default(),
        digest_key: Some(Arc::clone(key)),
        sent: digest(key, "https://sent.example.com"),
        altered_content: None,
        full_digest: None,
        sent_undocumented: MemberDigests::new(),
        is_acknowledged: true,
        is_read_later: false,
        previous: None,
    }
}

#[track_caller]
fn assert_undo(writes: Vec<RecordedWrite>, current_url: Option<&str>, expected: &str) {
    let current = current_url.map(|url| webhook(7, url));
    let undo = plan_rollback(
        &[item(writes)],
        &Inventory::from(current.into_iter().collect::<Vec<_>>()),
    );
    let found = match &undo[0] {
        UndoState::Keep(why) => format!("keep: {why}"),
        UndoState::Gone { replaced_by } => {
            let replaced = replaced_by.map_or_else(String::new, |birth| format!(", now {birth}"));
            format!("gone{replaced}")
        }
        other => format!("{other:?}").to_lowercase(),
    };
    assert_eq!(found, expected);
}

#[test]
fn a_created_webhook_is_deleted_only_if_unchanged_since() {
    let key = digest_key();
    let kept = || RecordedWrite {
        altered_content: Some(digest(&key, "https://kept.example.com")),
        ..written(&key)
    };
    let observed = |written: RecordedWrite| RecordedWrite {
        is_acknowledged: false,
        ..written
    };
    let (sent, altered) = (
        Some("https://sent.example.com"),
        Some("https://kept.example.com"),
    );
    let changed = "keep: it was changed after the run";
    assert_undo(vec![written(&key)], sent, "delete");
    assert_undo(vec![written(&key)], altered, changed);
    assert_undo(vec![written(&key)], None, "gone");
    assert_undo(vec![kept()], altered, "delete");
    assert_undo(vec![kept()], sent, "delete");
    assert_undo(vec![kept()], Some("https://else.example.com"), changed);
    assert_undo(vec![observed(written(&key))], sent, "delete");
    assert_undo(vec![observed(written(&key))], altered, changed);
    assert_undo(vec![observed(kept())], sent, "delete");
    assert_undo(
        vec![observed(kept())],
        altered,
        "keep: it was found after a lost response and differs from what was sent, so it may belong to somebody else",
    );
}

#[test]
fn an_update_is_restored_only_if_unchanged_since_and_if_its_body_is_recorded() {
    let key = digest_key();
    let update = |has_body: bool| RecordedWrite {
        previous: Some(PreviousContent {
            content: digest(&key, "https://before.example.com"),
            body: has_body.then(|| webhook(7, "https://before.example.com")),
        }),
        ..written(&key)
    };
    let (sent, before) = (
        Some("https://sent.example.com"),
        Some("https://before.example.com"),
    );
    assert_undo(vec![update(true)], sent, "restore");
    assert_undo(vec![update(true)], before, "restored");
    assert_undo(vec![update(false)], before, "restored");
    assert_undo(vec![update(true)], None, "gone");
    assert_undo(
        vec![update(true)],
        Some("https://else.example.com"),
        "keep: it was changed after the run",
    );
    assert_undo(
        vec![update(false)],
        sent,
        "keep: its previous content is not in the run record",
    );
}

/// A changed undocumented key or a new date counts as a change too.
#[test]
fn any_visible_change_prevents_deletion() {
    let key = digest_key();
    let as_written = webhook(7, "https://sent.example.com");
    let written = RecordedWrite {
        full_digest: Some(
            key.digest_full(
                &as_written,
                as_written
                    .type_id()
                    .ok()
                    .map(|id| Content::from_webhook(&as_written, id)),
            ),
        ),
        ..written(&key)
    };
    let undo = |current: Webhook| {
        plan_rollback(
            &[item(vec![written.clone()])],
            &Inventory::from(vec![current]),
        )
    };
    assert_eq!(undo(as_written.clone()), [UndoState::Delete]);
    let with = |member: &str| {
        let text = format!(
            r#"{{"alias":"a","url":"https://sent.example.com","integration_type_id":1,"id":7,{member}}}"#
        );
        Webhook::parse(text).unwrap()
    };
    let respelled = r#""integration_type":{ "label": "new", "id": 1 }"#;
    assert_eq!(undo(with(respelled)), [UndoState::Delete]);
    for member in [
        r#""is_active":false"#,
        r#""updated_at":"2026-11-24T00:00:00Z""#,
    ] {
        let current = with(&format!("{respelled},{member}"));
        assert!(
            matches!(undo(current)[..], [UndoState::Keep(_)]),
            "{member}"
        );
    }
}

/// A webhook with another id is another webhook, whatever its content.
#[test]
fn only_the_ids_of_the_run_matter() {
    let key = digest_key();
    let others = Inventory::from(vec![
        webhook(8, "https://sent.example.com"),
        webhook(70, "https://sent.example.com"),
    ]);
    assert_eq!(
        plan_rollback(&[item(vec![written(&key)])], &others),
        [UndoState::GONE]
    );
    // The account of the fixtures has other ids.
    let account = inventory(&text("account.json"));
    assert_eq!(
        plan_rollback(&[item(vec![written(&key)])], &account),
        [UndoState::GONE]
    );
}

/// One run created it, and two later ones updated it.
#[test]
fn a_chain_of_runs_is_undone_to_what_was_there_before_the_first() {
    let (first, second, third) = (digest_key(), digest_key(), digest_key());
    let update = |key: &Arc<DigestKey>, before: &str, sent: &str| RecordedWrite {
        sent: digest(key, sent),
        // A restore changes the dates, which the full digest covers.
        full_digest: Some(key.digest_full(&webhook(7, "https://dated.example.com"), None)),
        previous: Some(PreviousContent {
            content: digest(key, before),
            body: Some(webhook(7, before)),
        }),
        ..written(key)
    };
    let [one, two, three] = [
        "https://sent.example.com",
        "https://2.example.com",
        "https://3.example.com",
    ];
    let untouched = |write: RecordedWrite| RecordedWrite {
        full_digest: None,
        ..write
    };
    let newest = || untouched(update(&third, two, three));
    let chain = || vec![newest(), update(&second, one, two), written(&first)];
    assert_undo(chain(), Some(three), "delete");
    // The newest run, or the two newest, were rolled back before.
    assert_undo(chain(), Some(two), "delete");
    assert_undo(chain(), Some(one), "delete");
    assert_undo(
        chain(),
        Some("https://4.example.com"),
        "keep: it was changed after the run",
    );
    let updates_only = || vec![newest(), update(&second, one, two)];
    assert_undo(updates_only(), Some(three), "restore");
    assert_undo(updates_only(), Some(one), "restored");
}
