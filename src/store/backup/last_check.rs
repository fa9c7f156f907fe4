//! The record of an account's last check, which shows whether the account has changed since the newest backup and
//! whether that backup's object is intact.

use super::age_keys::Protection;
use super::document::BackupMetadata;
use super::name::AddedBackup;
use crate::coralogix::account::ApiKey;
use crate::coralogix::digest::{DigestKey, KeyedDigest};
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::Webhook;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The name of the object next to an account's backups.
pub(super) const FILE_NAME: &str = "last-check.json";
/// The version of its format.
const FORMAT_VERSION: &str = "1.0";

/// The result of the last time an account was read: `last-check.json`, overwritten each time.
///
/// Contains no secret, and nothing against which anyone could test guesses without the account's API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCheck {
    format_version: String,
    /// When the account was read.
    pub time: Timestamp,
    /// The host of its API, the same for every host of one region.
    pub host: String,
    /// Its company id, kept from earlier checks if the account is empty now; `None` if it never showed one.
    pub company_id: Option<String>,
    /// The number of its webhooks.
    pub count: usize,
    /// The name of the backup that holds these webhooks.
    pub backup: String,
    /// The SHA-256 of the stored bytes of that backup, in hexadecimal.
    pub sha256: String,
    /// The protection of that backup, as [`Protection::fingerprint`](super::Protection::fingerprint) identifies it.
    pub protection: String,
    salt: String,
    check: String,
    content: String,
}

impl LastCheck {
    /// Records that an account, read with `key`, has these webhooks, and which backup contains them.
    ///
    /// `None` if the system provides no random numbers.
    pub fn new(
        key: &ApiKey,
        metadata: &BackupMetadata,
        webhooks: &[Webhook],
        backup: &AddedBackup,
        protection: &Protection,
        state_keys: &StateKeys,
    ) -> Option<Self> {
        let digest_key = DigestKey::new(key)?.with_state_keys(state_keys.clone());
        Some(Self {
            format_version: FORMAT_VERSION.to_owned(),
            time: metadata.time,
            host: metadata.host.clone(),
            company_id: metadata.company_id.clone(),
            count: webhooks.len(),
            backup: backup.stored.name.to_string(),
            sha256: backup.sha256.clone(),
            protection: protection.fingerprint(),
            salt: digest_key.salt(),
            check: digest_key.check(),
            content: digest_key.digest_inventory(webhooks).to_string(),
        })
    }

    /// The same result at a later time.
    #[must_use]
    pub fn at_time(mut self, time: Timestamp) -> Self {
        self.time = time;
        self
    }

    /// The same result with a known company id, for an account that is empty now.
    #[must_use]
    pub fn or_company_id(mut self, company: Option<String>) -> Self {
        self.company_id = self.company_id.or(company);
        self
    }

    /// Whether the bytes are those of the recorded backup.
    pub fn matches_backup(&self, bytes: &[u8]) -> bool {
        self.sha256 == super::sha256(bytes)
    }

    /// Parses what `text` produces; `None` for anything else, which counts as no check.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let check: Self = serde_json::from_str(text).ok()?;
        (check.format_version == FORMAT_VERSION).then_some(check)
    }

    /// Serializes the record.
    pub(super) fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("a check has texts for keys and no number that JSON lacks") + "\n"
    }

    /// Whether the account's webhooks are unchanged since the check, except for the server's own state; `false` also if `key` is not the recorded one.
    pub fn has_same_webhooks(
        &self,
        key: &ApiKey,
        webhooks: &[Webhook],
        state_keys: &StateKeys,
    ) -> bool {
        let Some(digest_key) = DigestKey::for_record(key, &self.salt, &self.check) else {
            return false;
        };
        let digest_key = digest_key.with_state_keys(state_keys.clone());
        KeyedDigest::parse(&self.content) == Some(digest_key.digest_inventory(webhooks))
    }
}
