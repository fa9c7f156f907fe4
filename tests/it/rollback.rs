//! Rollback decisions: what may be undone of a run, given its record and the target's current state.

use crate::support::fixture::{account as inventory, text};
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::content::Content;
use hookferry::coralogix::digest::{ContentDigest, DigestKey, MemberDigests};
use hookferry::coralogix::webhook::{TypeId, Webhook, WebhookId};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::rollback::{PreviousContent, RollbackItem, UndoState, plan_rollback};
use hookferry::pipeline::strip::{Key, Stripped, strip};

fn digest_key() -> DigestKey {
    DigestKey::new(&ApiKey::new("key-canary").unwrap()).unwrap()
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

fn written(key: &DigestKey) -> RollbackItem {
    RollbackItem {
        id: WebhookId::new("7"),
        source_id: Some(WebhookId::new("3")),
        key: Key {
            alias: "a".into(),
            type_id: TypeId(1),
        },
        sent: digest(key, "https://sent.example.com"),
        altered_content: None,
        full_digest: None,
        sent_undocumented: MemberDigests::new(),
        is_acknowledged: true,
        previous: None,
    }
}

#[track_caller]
fn assert_undo(written: RollbackItem, current_url: Option<&str>, key: &DigestKey, expected: &str) {
    let current = current_url.map(|url| webhook(7, url));
    let undo = plan_rollback(
        &[written],
        &Inventory::from(current.into_iter().collect::<Vec<_>>()),
        key,
    );
    let found = match &undo[0] {
        UndoState::Keep(why) => format!("keep: {why}"),
        other => format!("{other:?}").to_lowercase(),
    };
    assert_eq!(found, expected);
}

#[test]
fn a_created_webhook_is_deleted_only_if_unchanged_since() {
    let key = digest_key();
    let kept = || RollbackItem {
        altered_content: Some(digest(&key, "https://kept.example.com")),
        ..written(&key)
    };
    let observed = |written: RollbackItem| RollbackItem {
        is_acknowledged: false,
        ..written
    };
    let (sent, altered) = (
        Some("https://sent.example.com"),
        Some("https://kept.example.com"),
    );
    let changed = "keep: it was changed after the run";
    assert_undo(written(&key), sent, &key, "delete");
    assert_undo(written(&key), altered, &key, changed);
    assert_undo(written(&key), None, &key, "gone");
    assert_undo(kept(), altered, &key, "delete");
    assert_undo(kept(), sent, &key, "delete");
    assert_undo(kept(), Some("https://else.example.com"), &key, changed);
    assert_undo(observed(written(&key)), sent, &key, "delete");
    assert_undo(observed(written(&key)), altered, &key, changed);
    assert_undo(observed(kept()), sent, &key, "delete");
    assert_undo(
        observed(kept()),
        altered,
        &key,
        "keep: it was found after a lost response and differs from what was sent, so it may belong to somebody else",
    );
}

#[test]
fn an_update_is_restored_only_if_unchanged_since_and_if_its_body_is_recorded() {
    let key = digest_key();
    let update = |has_body: bool| RollbackItem {
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
    assert_undo(update(true), sent, &key, "restore");
    assert_undo(update(true), before, &key, "restored");
    assert_undo(update(false), before, &key, "restored");
    assert_undo(update(true), None, &key, "gone");
    assert_undo(
        update(true),
        Some("https://else.example.com"),
        &key,
        "keep: it was changed after the run",
    );
    assert_undo(
        update(false),
        sent,
        &key,
        "keep: its previous content is not in the run record",
    );
}

/// A changed undocumented key or a new date counts as a change too.
#[test]
fn any_visible_change_prevents_deletion() {
    let key = digest_key();
    let as_written = webhook(7, "https://sent.example.com");
    let written = RollbackItem {
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
            std::slice::from_ref(&written),
            &Inventory::from(vec![current]),
            &key,
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
        plan_rollback(&[written(&key)], &others, &key),
        [UndoState::Gone]
    );
    // The account of the fixtures has other ids.
    let account = inventory(&text("account.json"));
    assert_eq!(
        plan_rollback(&[written(&key)], &account, &key),
        [UndoState::Gone]
    );
}
