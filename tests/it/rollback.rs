//! What of a run may be undone, decided from its record and what the target holds now.

use crate::support::fixture::{account as inventory, text};
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::content::Content;
use hookferry::coralogix::sealed::{Sealed, Sealer};
use hookferry::coralogix::webhook::{TypeId, Webhook, WebhookId};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::rollback::{Previous, Undo, Written, rollback};
use hookferry::pipeline::strip::{Key, Stripped, strip};

fn sealer() -> Sealer {
    Sealer::new(&ApiKey::new("key-canary").unwrap()).unwrap()
}

/// A webhook of the target with that url.
fn webhook(id: u32, url: &str) -> Webhook {
    let text = format!(
        r#"{{"id":{id},"alias":"a","url":"{url}","integration_type_id":1,"integration_type":{{"id":1}}}}"#
    );
    Webhook::parse(text).unwrap()
}

fn target(webhooks: Vec<Webhook>) -> Stripped {
    strip(Inventory::from(webhooks))
}

fn sealed(sealer: &Sealer, url: &str) -> Sealed {
    let one = target(vec![webhook(1, url)]);
    sealer.content(one.webhooks()[0].content().unwrap())
}

fn written(sealer: &Sealer) -> Written {
    Written {
        id: WebhookId::new("7"),
        source_id: Some(WebhookId::new("3")),
        key: Key {
            alias: "a".into(),
            type_id: TypeId(1),
        },
        sent: sealed(sealer, "https://sent.example.com"),
        kept: None,
        shown: None,
        is_acknowledged: true,
        previous: None,
    }
}

#[track_caller]
fn assert_undo(written: Written, now: Option<&str>, sealer: &Sealer, expected: &str) {
    let now = now.map(|url| webhook(7, url));
    let undo = rollback(
        &[written],
        &Inventory::from(now.into_iter().collect::<Vec<_>>()),
        sealer,
    );
    let found = match &undo[0] {
        Undo::Keep(why) => format!("keep: {why}"),
        other => format!("{other:?}").to_lowercase(),
    };
    assert_eq!(found, expected);
}

#[test]
fn a_creation_is_deleted_only_as_it_was_left() {
    let sealer = sealer();
    let kept = || Written {
        kept: Some(sealed(&sealer, "https://kept.example.com")),
        ..written(&sealer)
    };
    let observed = |written: Written| Written {
        is_acknowledged: false,
        ..written
    };
    let (sent, altered) = (
        Some("https://sent.example.com"),
        Some("https://kept.example.com"),
    );
    let changed = "keep: it was changed after the run";
    assert_undo(written(&sealer), sent, &sealer, "delete");
    assert_undo(written(&sealer), altered, &sealer, changed);
    assert_undo(written(&sealer), None, &sealer, "gone");
    assert_undo(kept(), altered, &sealer, "delete");
    assert_undo(kept(), sent, &sealer, "delete");
    assert_undo(kept(), Some("https://else.example.com"), &sealer, changed);
    assert_undo(observed(written(&sealer)), sent, &sealer, "delete");
    assert_undo(observed(written(&sealer)), altered, &sealer, changed);
    assert_undo(observed(kept()), sent, &sealer, "delete");
    assert_undo(
        observed(kept()),
        altered,
        &sealer,
        "keep: it was found after a lost answer and is not exactly what was sent, so it may be somebody else's",
    );
}

#[test]
fn an_update_is_put_back_only_as_it_was_left_and_only_where_its_body_is_kept() {
    let sealer = sealer();
    let update = |has_body: bool| Written {
        previous: Some(Previous {
            content: sealed(&sealer, "https://before.example.com"),
            body: has_body.then(|| webhook(7, "https://before.example.com")),
        }),
        ..written(&sealer)
    };
    let (sent, before) = (
        Some("https://sent.example.com"),
        Some("https://before.example.com"),
    );
    assert_undo(update(true), sent, &sealer, "restore");
    assert_undo(update(true), before, &sealer, "restored");
    assert_undo(update(false), before, &sealer, "restored");
    assert_undo(update(true), None, &sealer, "gone");
    assert_undo(
        update(true),
        Some("https://else.example.com"),
        &sealer,
        "keep: it was changed after the run",
    );
    assert_undo(
        update(false),
        sent,
        &sealer,
        "keep: what it held before is not on record",
    );
}

/// A key that nobody documents, or a new date, is a change too.
#[test]
fn any_change_that_leaves_a_trace_is_one() {
    let sealer = sealer();
    let left = webhook(7, "https://sent.example.com");
    let written = Written {
        shown: Some(sealer.shown(&left, left.type_id().ok().map(|id| Content::of(&left, id)))),
        ..written(&sealer)
    };
    let undo = |now: Webhook| {
        rollback(
            std::slice::from_ref(&written),
            &Inventory::from(vec![now]),
            &sealer,
        )
    };
    assert_eq!(undo(left.clone()), [Undo::Delete]);
    let with = |member: &str| {
        let text = format!(
            r#"{{"alias":"a","url":"https://sent.example.com","integration_type_id":1,"id":7,{member}}}"#
        );
        Webhook::parse(text).unwrap()
    };
    let spelled = r#""integration_type":{ "label": "new", "id": 1 }"#;
    assert_eq!(undo(with(spelled)), [Undo::Delete]);
    for member in [
        r#""is_active":false"#,
        r#""updated_at":"2026-11-24T00:00:00Z""#,
    ] {
        let now = with(&format!("{spelled},{member}"));
        assert!(matches!(undo(now)[..], [Undo::Keep(_)]), "{member}");
    }
}

/// Another number is another webhook, whatever it holds.
#[test]
fn only_the_ids_of_the_run_are_looked_at() {
    let sealer = sealer();
    let others = Inventory::from(vec![
        webhook(8, "https://sent.example.com"),
        webhook(70, "https://sent.example.com"),
    ]);
    assert_eq!(
        rollback(&[written(&sealer)], &others, &sealer),
        [Undo::Gone]
    );
    // The fixture's account has its own.
    let account = inventory(&text("account.json"));
    assert_eq!(
        rollback(&[written(&sealer)], &account, &sealer),
        [Undo::Gone]
    );
}
