//! What a run created under an alias that the server altered, and somebody edited since, is known by its record.

use super::{MIGRATE, migrate};
use crate::support::stand_in::StandIn;

/// The url of a webhook that somebody edited.
const BY_HAND: &str = "https://hooks.example.com/services/canary-by-hand";

/// Accounts after a migration to a server that writes aliases in lower case, and after somebody edited one of the
/// webhooks that arrived so; with its id.
fn edited() -> (StandIn, u64) {
    let accounts = StandIn::with(&["alias=tidied"], &[]);
    migrate(&accounts);
    let webhooks = accounts.target().webhooks();
    let alias_of_copy = "incident room";
    let copy = webhooks.iter().find(|it| it["alias"] == alias_of_copy);
    let id = copy.unwrap()["id"].as_u64().unwrap();
    accounts.target().edit_webhook(id, |webhook| {
        webhook["url"] = BY_HAND.into();
        webhook["alias"] = "renamed by hand".into();
    });
    (accounts, id)
}

fn url(accounts: &StandIn, id: u64) -> String {
    let webhooks = accounts.target().webhooks();
    let webhook = webhooks.iter().find(|webhook| webhook["id"] == id);
    webhook.unwrap()["url"].as_str().unwrap().to_owned()
}

#[test]
fn it_is_a_conflict_and_not_created_again() {
    let (accounts, id) = edited();
    let n_webhooks = accounts.target().webhooks().len();
    let run = accounts.program(MIGRATE).run();
    run.assert_code(6);
    for words in ["1 conflict", "it has changed in the target since run"] {
        assert!(run.stderr.contains(words), "{}", run.transcript());
    }
    let skip = format!("{MIGRATE} --on-conflict skip");
    accounts.program(&skip).run().assert_code(0);
    assert_eq!(accounts.posts().len(), 1);
    assert_eq!(accounts.target().webhooks().len(), n_webhooks);
    assert_eq!(url(&accounts, id), BY_HAND);
}

#[test]
fn an_update_brings_it_back_and_the_server_alters_it_as_before() {
    let (accounts, id) = edited();
    let update = format!("{MIGRATE} --on-conflict update");
    let run = accounts.program(&update).run();
    run.assert_code(0);
    assert!(run.stdout.contains("1 updated"), "{}", run.transcript());
    assert_ne!(url(&accounts, id), BY_HAND);
    migrate(&accounts);
    assert_eq!(accounts.posts().len(), 2);
}

/// The number went to another webhook, which is left alone; ours is gone, and is created again.
#[test]
fn an_id_with_another_birth_is_another_webhook() {
    let accounts = StandIn::with(&["alias=tidied"], &[]);
    migrate(&accounts);
    let webhooks = accounts.target().webhooks();
    let copy = webhooks.iter().find(|it| it["alias"] == "incident room");
    let id = copy.unwrap()["id"].as_u64().unwrap();
    assert!(accounts.target().remove(id));
    accounts.target().insert(&serde_json::json!({
        "id": id, "alias": "somebody's", "url": BY_HAND, "integration_type_id": 1,
        "integration_type": {"label": "WebHook", "icon": "x", "id": 1},
        "created_at": "2100-01-01T00:00:00Z", "integration_type_fields": "[]",
    }));
    let run = accounts.program(MIGRATE).run();
    run.assert_code(0);
    assert!(run.stdout.contains("1 created"), "{}", run.transcript());
    assert_eq!(url(&accounts, id), BY_HAND);
    let webhooks = accounts.target().webhooks();
    let copies = webhooks.iter().filter(|it| it["alias"] == "incident room");
    assert_eq!(copies.count(), 1);
}
