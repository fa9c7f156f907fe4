//! What the digests in a saved plan and in a run record confirm to somebody who holds one of the two API keys: nothing
//! of the other side.

use crate::support::stand_in::StandIn;
use hookferry::coralogix::account::ApiKey;
use hookferry::coralogix::content::Content;
use hookferry::coralogix::digest::{DigestKey, SUBKEY_INFOS, decode_digests};
use hookferry::coralogix::webhook::Webhook;
use hookferry::sandbox::seeds::Seeds;
use ring::digest::{SHA256, digest};
use ring::{hkdf, hmac};
use serde_json::{Value, json};
use std::collections::HashSet;

const SOURCE_KEY: &str = "source-key-canary";
const TARGET_KEY: &str = "target-key-canary";
const PIN: &str = "4711";

/// Hexadecimal digits of a salt, of a digest, and of the digest of a single value.
const SALT_DIGITS: usize = 32;
const DIGITS: usize = 24;
const SHORT_DIGITS: usize = 8;

/// Somebody who holds files and one API key.
struct Attacker {
    /// Every digest in the files, in hexadecimal: records have some in base64.
    digests: HashSet<String>,
    /// The key under every salt that the files may mean, for every purpose.
    subkeys: Vec<hmac::Key>,
    /// The program's own digests, for every record that the key opens.
    opened: Vec<DigestKey>,
}

impl Attacker {
    fn new(key: &str, files: &str) -> Self {
        let is_digit = |letter: char| matches!(letter, '0'..='9' | 'a'..='f');
        let words = files.split(|letter: char| !is_digit(letter));
        let mut digests: HashSet<String> = words
            .filter(|word| [SHORT_DIGITS, DIGITS].contains(&word.len()))
            .map(str::to_owned)
            .collect();
        let words = files.split(|letter: char| !is_digit(letter));
        let salts: Vec<&str> = words.filter(|word| word.len() == SALT_DIGITS).collect();
        let is_base64 = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        let words = files.split(|letter: char| !is_base64(letter));
        let decoded = words.filter_map(decode_digests).flatten();
        digests.extend(decoded.map(|digest| digest.to_string()));
        let api_key = ApiKey::new(key).unwrap();
        let opened = salts.iter().flat_map(|salt| {
            let checks = digests.iter();
            checks.filter_map(|check| DigestKey::for_record(&api_key, salt, check))
        });
        Self {
            opened: opened.collect(),
            subkeys: salts
                .iter()
                .flat_map(|salt| subkeys(key, &bytes_of(salt)))
                .collect(),
            digests,
        }
    }

    /// Whether a MAC of the message is in the files, whole or shortened.
    fn confirms(&self, message: &[u8]) -> bool {
        self.subkeys.iter().any(|key| {
            let tag = hex(hmac::sign(key, message).as_ref());
            self.digests.contains(&tag[..DIGITS]) || self.digests.contains(&tag[..SHORT_DIGITS])
        })
    }

    /// Whether a digest of the webhook as a whole, or of any part of it that holds the PIN, is in the files.
    fn confirms_webhook(&self, webhook: &Value) -> bool {
        let text = webhook.to_string();
        let webhook = Webhook::parse(text).unwrap();
        let content = Content::from_webhook(&webhook, webhook.type_id().unwrap());
        self.opened.iter().any(|key| {
            let content = key.digest_content(content);
            let members = key.digest_undocumented(&webhook).into_values();
            [
                content.whole,
                content.body,
                key.digest_carried(&webhook, None),
            ]
            .into_iter()
            .chain(members)
            .any(|digest| self.digests.contains(&digest.to_string()))
        })
    }

    /// Whether trying all PINs finds the right one, as a value or within the webhook.
    fn finds_pin_of(&self, webhook: &Value) -> bool {
        let found = (0..10_000).map(|pin| format!("{pin:04}")).filter(|pin| {
            let text = webhook.to_string().replace(PIN, pin);
            self.confirms(&text_fingerprint(pin))
                || self.confirms_webhook(&serde_json::from_str(&text).unwrap())
        });
        found.into_iter().any(|pin| pin == PIN)
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn subkeys(key: &str, salt: &[u8]) -> Vec<hmac::Key> {
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key.as_bytes());
    let subkey = |info: &&str| {
        let mut bytes = [0; 32];
        secret
            .expand(&[info.as_bytes()], Length(32))
            .unwrap()
            .fill(&mut bytes)
            .unwrap();
        hmac::Key::new(hmac::HMAC_SHA256, &bytes)
    };
    SUBKEY_INFOS.iter().map(subkey).collect()
}

/// The unkeyed digest of a JSON text, as the program computes it.
fn text_fingerprint(text: &str) -> Vec<u8> {
    let length = (text.len() as u64).to_le_bytes();
    let canonical = [b"\"".as_slice(), &length, text.as_bytes()].concat();
    digest(&SHA256, &canonical).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    hookferry::coralogix::digest::to_hex(bytes)
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|ix| u8::from_str_radix(&hex[2 * ix..2 * ix + 2], 16).unwrap())
        .collect()
}

fn pager(alias: &str, service_key: &str) -> Value {
    json!({
        "alias": alias, "url": "", "integration_type_id": 2,
        "integration_type": {"id": 2, "label": "PagerDuty", "icon": "x"},
        "integration_type_fields": json!([{"name": "serviceKey", "value": service_key}]).to_string(),
        "x_pin": service_key,
    })
}

/// The webhook with the PIN, and two accounts in which `source` and `target` are beside another webhook.
fn accounts(source: Vec<Value>, target: Vec<Value>) -> StandIn {
    let ordinary = |alias: &str| pager(alias, "canary-ordinary");
    let with = |mut webhooks: Vec<Value>, alias: &str| {
        webhooks.insert(0, ordinary(alias));
        webhooks
    };
    let seeds = Seeds {
        source: with(source, "of the source"),
        target: with(target, "of the target"),
    };
    StandIn::start(seeds.into())
}

fn with_plan(accounts: &StandIn, from: &str) -> String {
    let line = format!(
        "plan --from {from} --to [target] --rate 1000 --on-conflict skip -q --out plan.json"
    );
    accounts.program(&line).run().assert_code(0);
    accounts.read("plan.json")
}

/// Everything in the record of the only run, as far as it is text.
fn record_files(accounts: &StandIn) -> String {
    let runs = accounts.home().join("state/hookferry/runs");
    let run = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap();
    let files = std::fs::read_dir(run.path()).unwrap();
    let texts = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    texts
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned() + "\n")
        .collect()
}

#[test]
fn a_saved_plan_confirms_nothing_of_the_target_to_the_sources_key() {
    let only_there = pager("only there", PIN);
    let plan = with_plan(&accounts(vec![], vec![only_there.clone()]), "[source]");
    assert!(
        Attacker::new(TARGET_KEY, &plan).finds_pin_of(&only_there),
        "the attack works"
    );
    let attacker = Attacker::new(SOURCE_KEY, &plan);
    assert!(!attacker.opened.is_empty());
    assert!(!attacker.finds_pin_of(&only_there));
    assert!(!attacker.confirms(TARGET_KEY.as_bytes()), "the other key");
}

/// Accounts with a webhook that a migration skips, and one that it sends; and these two.
fn with_skipped_and_sent() -> (StandIn, Value, Value) {
    let (skipped, sent) = (pager("in both", PIN), pager("sent", "0815"));
    let source = vec![skipped.clone(), sent.clone()];
    let accounts = accounts(source, vec![pager("in both", "canary-other")]);
    (accounts, skipped, sent)
}

#[test]
fn a_saved_plan_confirms_nothing_that_is_not_sent_to_the_targets_key() {
    let (accounts, skipped, sent) = with_skipped_and_sent();
    accounts
        .program("export --from [source] --out webhooks.json")
        .run()
        .assert_code(0);
    for from in ["[source]", "webhooks.json"] {
        let attacker = Attacker::new(TARGET_KEY, &with_plan(&accounts, from));
        assert!(attacker.confirms_webhook(&sent), "{from}: what is sent");
        assert!(!attacker.finds_pin_of(&skipped), "{from}");
        assert!(
            !attacker.confirms(SOURCE_KEY.as_bytes()),
            "{from}: the other key"
        );
    }
}

#[test]
fn a_run_record_confirms_nothing_that_was_not_sent() {
    let (accounts, skipped, sent) = with_skipped_and_sent();
    accounts
        .program("migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms --on-conflict skip")
        .run()
        .assert_code(0);
    let attacker = Attacker::new(TARGET_KEY, &record_files(&accounts));
    assert!(attacker.confirms_webhook(&sent), "what is sent");
    assert!(!attacker.finds_pin_of(&skipped));
}
