//! The backup format: content round-trips byte for byte, and a backup describes itself.

use crate::support::fixture::{account, inventory, list_tokens, wire};
use crate::support::generator::{cases, draft};
use crate::support::spelling::Spelling;
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::undocumented::StateKeys;
use hookferry::coralogix::webhook::Webhook;
use hookferry::store::backup::check::{BackupCondition, inspect};
use hookferry::store::backup::{
    AddedBackup, BackupMetadata, Identities, LastCheck, Protection, Recipients, Repository,
    open_backup,
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::future::Future;
use tempfile::TempDir;

/// Runs a future to completion on a runtime of its own.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn about(count: usize) -> BackupMetadata {
    BackupMetadata {
        tool: "hookferry test".to_owned(),
        account: "eu".to_owned(),
        profile: Some("eu".to_owned()),
        host: "api.eu1.coralogix.com".to_owned(),
        company_id: Some("12345".to_owned()),
        time: "2026-11-26T03:17:05Z".parse().unwrap(),
        count,
    }
}

/// A repository in a temporary folder, with an age identity next to it.
struct TestRepository {
    folder: TempDir,
    repository: Repository,
    recipients: Protection,
    identities: Identities,
}

impl TestRepository {
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
        let repository = Repository::parse(path.to_str().unwrap(), &|_| Ok(None)).unwrap();
        block_on(repository.prepare()).unwrap();
        Self {
            folder,
            repository,
            recipients: Protection::Recipients(
                Recipients::parse([(String::new(), recipient.as_str())]).unwrap(),
            ),
            identities: Identities::from_files(vec![key]),
        }
    }

    fn add(&self, webhooks: &[Webhook], protection: &Protection) -> AddedBackup {
        let about = about(webhooks.len());
        block_on(self.repository.add(&about, webhooks, "a salt", protection)).unwrap()
    }

    fn read(&self, added: &AddedBackup) -> Vec<u8> {
        block_on(self.repository.read(&added.stored)).unwrap()
    }
}

/// The whole document of a small account without secrets, as common tools show it.
#[test]
fn the_document() {
    let repository = TestRepository::new();
    let webhooks = account(
        r#"[ {"id": 7, "alias": "a name", "url": "https://hooks.example.net/", "integration_type_id": 0,
             "integration_type": {"label": "Slack", "icon": "/s.png", "id": 0}, "new_key": 1.10} ,{"id":8,"alias":"b"}]"#,
    )
    .webhooks;
    let added = repository.add(&webhooks, &Protection::Plaintext);
    let bytes = repository.read(&added);
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
fn the_last_check_reveals_nothing_without_the_key() {
    let test = TestRepository::new();
    let webhooks = inventory("account.json").webhooks;
    let added = test.add(&webhooks, &test.recipients);
    let key = ApiKey::new("key-canary").unwrap();
    let about = about(webhooks.len());
    let state_keys = StateKeys::default();
    let check = || {
        LastCheck::new(
            &key,
            &about,
            &webhooks,
            &added,
            &test.recipients,
            &state_keys,
        )
        .unwrap()
    };
    let last_check = check();
    assert!(last_check.has_same_webhooks(&key, &webhooks, &state_keys));
    assert!(!last_check.has_same_webhooks(
        &ApiKey::new("other-canary").unwrap(),
        &webhooks,
        &state_keys
    ));
    assert!(!last_check.has_same_webhooks(&key, &webhooks[1..], &state_keys));
    let mut reversed = webhooks.clone();
    reversed.reverse();
    assert!(
        last_check.has_same_webhooks(&key, &reversed, &state_keys),
        "the order of the response does not matter"
    );
    block_on(test.repository.write_last_check("eu", &last_check)).unwrap();
    block_on(test.repository.write_last_check("us", &check())).unwrap();
    let check_file = |account: &str| {
        let path = test
            .folder
            .path()
            .join("repo")
            .join(account)
            .join("last-check.json");
        std::fs::read_to_string(path).unwrap()
    };
    let line = |account: &str| {
        check_file(account)
            .lines()
            .find(|line| line.contains("content"))
            .unwrap()
            .to_owned()
    };
    assert_ne!(line("eu"), line("us"), "each has its own salt");
    assert!(!check_file("eu").contains("canary"));
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn content_round_trips_byte_for_byte(
        drafts in prop::collection::vec((draft(), any::<u64>()), 0..10),
        is_encrypted in any::<bool>(),
    ) {
        let texts: Vec<String> = drafts
            .iter()
            .enumerate()
            .map(|(id, (draft, seed))| draft.json(id, &mut Spelling::varied(*seed)))
            .collect();
        let response = format!("[{}]", texts.join(",\n "));
        let webhooks = account(&response).webhooks;
        let test = TestRepository::new();
        let protection = if is_encrypted { test.recipients.clone() } else { Protection::Plaintext };
        let added = test.add(&webhooks, &protection);
        let bytes = test.read(&added);
        let condition = inspect(&added.stored, bytes.clone(), &test.identities).unwrap();
        prop_assert_eq!(condition, BackupCondition::Verified);
        let backup = open_backup(bytes, &test.identities, "the backup").unwrap();
        prop_assert_eq!(&backup.metadata, &about(webhooks.len()));
        let wires: Vec<String> = backup.webhooks.iter().map(wire).collect();
        let tokens = list_tokens(&format!("[{}]", wires.join(",")));
        prop_assert!(tokens == list_tokens(&response), "the round trip changed something");
        let listed = block_on(test.repository.backups("eu")).unwrap();
        prop_assert_eq!(listed, vec![added.stored]);
    }

    /// Any changed byte is detected, with an identity and without one.
    #[test]
    fn any_changed_byte_is_damage(at in any::<prop::sample::Index>(), bit in 0..8u8, is_encrypted in any::<bool>()) {
        let test = TestRepository::new();
        let webhooks = inventory("account.json").webhooks;
        let protection = if is_encrypted { test.recipients.clone() } else { Protection::Plaintext };
        let added = test.add(&webhooks, &protection);
        let mut bytes = test.read(&added);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        for identities in [&test.identities, &Identities::default()] {
            let condition = inspect(&added.stored, bytes.clone(), identities).unwrap();
            prop_assert!(matches!(condition, BackupCondition::Damaged(_)), "{:?}", condition);
        }
        // Without the file name, the document or its envelope detects damage; only bytes of gzip's own header carry no meaning.
        if let Ok(backup) = open_backup(bytes, &test.identities, "the backup") {
            let wires = |webhooks: &[Webhook]| webhooks.iter().map(wire).collect::<Vec<_>>();
            prop_assert!(wires(&backup.webhooks) == wires(&webhooks), "damage passed as content");
        }
    }
}

#[test]
fn time_and_count_in_the_name_match_the_document() {
    let test = TestRepository::new();
    let added = test.add(&[], &Protection::Plaintext);
    let time: Timestamp = added.stored.name.time;
    assert_eq!(time, about(0).time);
    assert_eq!(added.stored.name.count, 0);
}
