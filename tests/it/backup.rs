//! The form of a backup: what goes in comes out to the letter, and says of itself what it is.

use crate::support::fixture::{account, inventory, list_tokens, wire};
use crate::support::generator::{cases, draft};
use crate::support::spelling::Spelling;
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::webhook::Webhook;
use hookferry::store::backup::check::{Condition, inspect};
use hookferry::store::backup::{
    About, Added, Identities, LastCheck, Protection, Recipients, Repository, open_backup,
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::future::Future;
use tempfile::TempDir;

/// Runs what would run in the program's runtime.
fn finished<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn about(count: usize) -> About {
    About {
        tool: "hookferry test".to_owned(),
        account: "eu".to_owned(),
        profile: Some("eu".to_owned()),
        host: "api.eu1.coralogix.com".to_owned(),
        company_id: Some("12345".to_owned()),
        time: "2026-11-26T03:17:05Z".parse().unwrap(),
        count,
    }
}

/// A repository in a folder, with an identity beside it.
struct Place {
    folder: TempDir,
    repository: Repository,
    recipients: Protection,
    identities: Identities,
}

impl Place {
    fn new() -> Self {
        use secrecy::ExposeSecret as _;
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let identity = age::x25519::Identity::generate();
        let key = folder.path().join("key.txt");
        std::fs::write(&key, identity.to_string().expose_secret()).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let recipient = identity.to_public().to_string();
        let path = folder.path().join("repo");
        let repository = Repository::named(path.to_str().unwrap(), &|_| Ok(None)).unwrap();
        finished(repository.prepare()).unwrap();
        Self {
            folder,
            repository,
            recipients: Protection::Recipients(
                Recipients::parse([(String::new(), recipient.as_str())]).unwrap(),
            ),
            identities: Identities::of(vec![key]),
        }
    }

    fn add(&self, webhooks: &[Webhook], protection: &Protection) -> Added {
        let about = about(webhooks.len());
        finished(self.repository.add(&about, webhooks, "a salt", protection)).unwrap()
    }

    fn read(&self, added: &Added) -> Vec<u8> {
        finished(self.repository.read(&added.stored)).unwrap()
    }
}

/// The whole document of a small account without secrets, as the usual tools show it.
#[test]
fn the_document() {
    let place = Place::new();
    let webhooks = account(
        r#"[ {"id": 7, "alias": "a name", "url": "https://hooks.example.net/", "integration_type_id": 0,
             "integration_type": {"label": "Slack", "icon": "/s.png", "id": 0}, "new_key": 1.10} ,{"id":8,"alias":"b"}]"#,
    )
    .webhooks;
    let added = place.add(&webhooks, &Protection::Plaintext);
    let bytes = place.read(&added);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text)
        .unwrap();
    snapshots!();
    insta::assert_snapshot!(text);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["webhooks"].as_array().unwrap().len(), 2);
    assert!(
        added
            .stored
            .name
            .to_string()
            .starts_with("20261126T031705Z-2-")
    );
}

#[test]
fn what_was_found_tells_nothing_without_the_key() {
    let place = Place::new();
    let webhooks = inventory("account.json").webhooks;
    let added = place.add(&webhooks, &place.recipients);
    let key = ApiKey::new("key-canary").unwrap();
    let about = about(webhooks.len());
    let check = || LastCheck::of(&key, &about, &webhooks, &added, &place.recipients).unwrap();
    let found = check();
    assert!(found.holds(&key, &webhooks));
    assert!(!found.holds(&ApiKey::new("other-canary").unwrap(), &webhooks));
    assert!(!found.holds(&key, &webhooks[1..]));
    let mut turned = webhooks.clone();
    turned.reverse();
    assert!(
        found.holds(&key, &turned),
        "the order of the answer does not count"
    );
    finished(place.repository.put_last_check("eu", &found)).unwrap();
    finished(place.repository.put_last_check("us", &check())).unwrap();
    let text = |account: &str| {
        let path = place
            .folder
            .path()
            .join("repo")
            .join(account)
            .join("last-check.json");
        std::fs::read_to_string(path).unwrap()
    };
    let line = |account: &str| {
        text(account)
            .lines()
            .find(|line| line.contains("content"))
            .unwrap()
            .to_owned()
    };
    assert_ne!(line("eu"), line("us"), "each has a salt of its own");
    assert!(!text("eu").contains("canary"));
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn what_goes_in_comes_out_to_the_letter(
        drafts in prop::collection::vec((draft(), any::<u64>()), 0..10),
        is_encrypted in any::<bool>(),
    ) {
        let texts: Vec<String> = drafts
            .iter()
            .enumerate()
            .map(|(at, (draft, seed))| draft.json(at, &mut Spelling::varied(*seed)))
            .collect();
        let answer = format!("[{}]", texts.join(",\n "));
        let webhooks = account(&answer).webhooks;
        let place = Place::new();
        let protection = if is_encrypted { place.recipients.clone() } else { Protection::Plaintext };
        let added = place.add(&webhooks, &protection);
        let bytes = place.read(&added);
        let condition = inspect(&added.stored, bytes.clone(), &place.identities).unwrap();
        prop_assert_eq!(condition, Condition::Verified);
        let backup = open_backup(bytes, &place.identities, "the backup").unwrap();
        prop_assert_eq!(&backup.about, &about(webhooks.len()));
        let wires: Vec<String> = backup.webhooks.iter().map(wire).collect();
        let tokens = list_tokens(&format!("[{}]", wires.join(",")));
        prop_assert!(tokens == list_tokens(&answer), "something changed on the way");
        let listed = finished(place.repository.backups("eu")).unwrap();
        prop_assert_eq!(listed, vec![added.stored]);
    }

    /// Any byte that changes is found, with a key and without one.
    #[test]
    fn any_changed_byte_is_damage(at in any::<prop::sample::Index>(), bit in 0..8u8, is_encrypted in any::<bool>()) {
        let place = Place::new();
        let webhooks = inventory("account.json").webhooks;
        let protection = if is_encrypted { place.recipients.clone() } else { Protection::Plaintext };
        let added = place.add(&webhooks, &protection);
        let mut bytes = place.read(&added);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        for identities in [&place.identities, &Identities::default()] {
            let condition = inspect(&added.stored, bytes.clone(), identities).unwrap();
            prop_assert!(matches!(condition, Condition::Damaged(_)), "{:?}", condition);
        }
        // Opened without its name, the document or its envelope tells; only gzip's own header has bytes that say nothing.
        if let Ok(backup) = open_backup(bytes, &place.identities, "the backup") {
            let wires = |webhooks: &[Webhook]| webhooks.iter().map(wire).collect::<Vec<_>>();
            prop_assert!(wires(&backup.webhooks) == wires(&webhooks), "damage passed for content");
        }
    }
}

#[test]
fn times_of_a_name_are_those_of_the_document() {
    let place = Place::new();
    let added = place.add(&[], &Protection::Plaintext);
    let time: Timestamp = added.stored.name.time;
    assert_eq!(time, about(0).time);
    assert_eq!(added.stored.name.count, 0);
}
