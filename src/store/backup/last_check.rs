//! What the newest backup is compared with: whether the account has changed since, and whether the object is whole.

use super::age_files::Protection;
use super::document::About;
use super::name::Added;
use crate::coralogix::account::ApiKey;
use crate::coralogix::sealed::{Seal, Sealer};
use crate::coralogix::webhook::Webhook;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The object beside an account's backups.
pub(super) const FILE: &str = "last-check.json";
/// Its form.
const FORMAT_VERSION: &str = "1.0";

/// What was found when an account was read last: `last-check.json`, overwritten each time.
///
/// Holds no secret, and nothing that could be tried out without the account's API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCheck {
    format_version: String,
    /// When the account was read.
    pub time: Timestamp,
    /// The host of its API, the same for every host of one region.
    pub host: String,
    /// Its company id, also from before it was empty; `None` where it never showed one.
    pub company_id: Option<String>,
    /// How many webhooks it had.
    pub count: usize,
    /// How many of them showed a mask instead of a secret.
    #[serde(default)]
    pub masked: usize,
    /// The name of the backup that holds what it had.
    pub backup: String,
    /// The SHA-256 of that backup as it is stored.
    pub sha256: String,
    /// How that backup is protected: see [`Protection::mark`](super::Protection::mark).
    pub protection: String,
    salt: String,
    check: String,
    content: String,
}

impl LastCheck {
    /// What was found of an account that was read with that key, and which backup holds it.
    ///
    /// `None` where the system gives no random numbers.
    pub fn of(
        key: &ApiKey,
        about: &About,
        webhooks: &[Webhook],
        holds: &Added,
        protection: &Protection,
    ) -> Option<Self> {
        let sealer = Sealer::new(key)?;
        Some(Self {
            format_version: FORMAT_VERSION.to_owned(),
            time: about.time,
            host: about.host.clone(),
            company_id: about.company_id.clone(),
            count: webhooks.len(),
            masked: n_masked(webhooks),
            backup: holds.stored.name.to_string(),
            sha256: holds.sha256.clone(),
            protection: protection.mark(),
            salt: sealer.salt(),
            check: sealer.check(),
            content: sealer.inventory(webhooks).to_string(),
        })
    }

    /// The same finding at a later time.
    #[must_use]
    pub fn again(mut self, time: Timestamp) -> Self {
        self.time = time;
        self
    }

    /// The same of an account that is empty now, and known to be of that company.
    #[must_use]
    pub fn or_of(mut self, company: Option<String>) -> Self {
        self.company_id = self.company_id.or(company);
        self
    }

    /// Whether a backup with those bytes is the one that was found whole then.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        self.sha256 == super::sha256(bytes)
    }

    /// Reads what `text` wrote; `None` for anything else, which then counts as no check at all.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let check: Self = serde_json::from_str(text).ok()?;
        (check.format_version == FORMAT_VERSION).then_some(check)
    }

    /// The text of the object.
    pub(super) fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("a check has texts for keys and no number that JSON lacks") + "\n"
    }

    /// Whether these are the webhooks that were found; also `false` where another key was used.
    pub fn holds(&self, key: &ApiKey, webhooks: &[Webhook]) -> bool {
        let Some(sealer) = Sealer::again(key, &self.salt, &self.check) else {
            return false;
        };
        Seal::parse(&self.content) == Some(sealer.inventory(webhooks))
    }
}

/// How many webhooks show a mask such as `****` instead of a secret.
pub fn n_masked(webhooks: &[Webhook]) -> usize {
    let masked = webhooks
        .iter()
        .filter(|webhook| webhook.has_masked_secret());
    masked.count()
}
