//! The name of a backup's object, which carries everything that a listing of backups needs.

use crate::coralogix::webhook::Webhook;
use crate::store::lock::encode_file_name;
use jiff::Timestamp;
use std::fmt;

/// Follows the number of masked webhooks in a name.
const MASKED: &str = "masked";
/// Number of hexadecimal digits of the object's SHA-256 in its name.
const DIGEST_DIGITS: usize = 16;

/// The parsed name of a backup: `<UTC time>-<count>-<digest>[-<number>masked].json.gz[.age]`.
///
/// It states masks because a listing opens no backup, and whoever has to restore one must not learn of them then.
/// The digest covers the stored bytes, so that damage is detectable without a key. It reveals nothing about the
/// content: encryption produces different bytes each time, and a plaintext document contains a random salt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackupName {
    /// When the account was read, to the second.
    pub time: Timestamp,
    /// The number of webhooks in the backup.
    pub count: usize,
    /// The first digits of the SHA-256 of the stored bytes.
    digest: String,
    /// The number of webhooks that show a mask such as `****` instead of a secret.
    pub masked: usize,
    /// Whether the backup is encrypted (`.age`).
    pub is_encrypted: bool,
}

/// How many webhooks a backup has.
#[derive(Debug, Clone, Copy)]
pub(super) struct WebhookCount {
    /// All of them.
    pub(super) all: usize,
    /// Those that show a mask instead of a secret.
    pub(super) masked: usize,
}

impl WebhookCount {
    pub(super) fn of(webhooks: &[Webhook]) -> Self {
        Self {
            all: webhooks.len(),
            masked: count_masked(webhooks),
        }
    }
}

/// A backup in a repository, as listed; its content has not been read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredBackup {
    /// The backup's name, which carries its time and count.
    pub name: BackupName,
    /// The account under which it lies.
    pub account: String,
    /// The size of the stored object in bytes.
    pub size: u64,
}

/// A backup that was just stored.
#[derive(Debug, Clone)]
pub struct AddedBackup {
    /// The backup as a listing would show it.
    pub stored: StoredBackup,
    /// The SHA-256 of the stored bytes, in hexadecimal.
    pub sha256: String,
}

impl BackupName {
    /// The name for an object with these bytes.
    pub(super) fn new(
        time: Timestamp,
        webhooks: WebhookCount,
        bytes: &[u8],
        is_encrypted: bool,
    ) -> Self {
        Self {
            time: truncate_to_second(time),
            count: webhooks.all,
            digest: digest(bytes),
            masked: webhooks.masked,
            is_encrypted,
        }
    }

    /// Parses what `Display` produces; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (stem, is_encrypted) = match text.strip_suffix(".age") {
            Some(stem) => (stem, true),
            None => (text, false),
        };
        let parts: Vec<&str> = stem.strip_suffix(".json.gz")?.split('-').collect();
        let (time, count, digest, masked) = match parts.as_slice() {
            [time, count, digest] => (time, count, *digest, "0"),
            [time, count, digest, masked] => (time, count, *digest, masked.strip_suffix(MASKED)?),
            _ => return None,
        };
        let is_digest =
            digest.len() == DIGEST_DIGITS && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let name = Self {
            time: parse_time(time)?,
            count: count.parse().ok()?,
            digest: is_digest.then(|| digest.to_owned())?,
            masked: masked.parse().ok()?,
            is_encrypted,
        };
        // A different spelling of the same values would be a different object.
        (name.to_string() == text).then_some(name)
    }

    /// Whether the bytes match the digest in the name; if not, the object is damaged.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        self.digest == digest(bytes)
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, count, digest) = (
            self.time.strftime("%Y%m%dT%H%M%SZ"),
            self.count,
            &self.digest,
        );
        write!(f, "{time}-{count}-{digest}")?;
        if self.masked > 0 {
            write!(f, "-{}{MASKED}", self.masked)?;
        }
        f.write_str(".json.gz")?;
        f.write_str(if self.is_encrypted { ".age" } else { "" })
    }
}

/// The folder name for an account without a profile: host and company id; `None` without a company id.
pub fn account_folder_name(host: &str, company: Option<&str>) -> Option<String> {
    let company = company?;
    Some(format!(
        "{}+{}",
        encode_file_name(host),
        encode_file_name(company)
    ))
}

/// Truncates a time to whole seconds.
pub fn truncate_to_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
}

fn digest(bytes: &[u8]) -> String {
    let mut digits = super::sha256(bytes);
    digits.truncate(DIGEST_DIGITS);
    digits
}

/// The number of webhooks that show a mask such as `****` instead of a secret.
pub fn count_masked(webhooks: &[Webhook]) -> usize {
    let masked = webhooks
        .iter()
        .filter(|webhook| webhook.has_masked_secret());
    masked.count()
}

#[cfg(test)]
mod tests {
    use super::{BackupName, WebhookCount};

    #[test]
    fn a_name_is_read_as_it_was_written_and_no_other_text_is_one() {
        let time = "2026-11-26T03:17:09.5Z".parse().expect("a time");
        for (is_encrypted, masked) in [(false, 0), (true, 0), (false, 3), (true, 3)] {
            let webhooks = WebhookCount { all: 42, masked };
            let name = BackupName::new(time, webhooks, b"bytes", is_encrypted);
            let text = name.to_string();
            assert!(text.starts_with("20261126T031709Z-42-"), "{text}");
            assert_eq!(BackupName::parse(&text), Some(name.clone()));
            assert!(name.matches(b"bytes") && !name.matches(b"Bytes"));
            let others = [
                text.to_uppercase(),
                text.replace("-42-", "-042-"),
                text.replace("-42-", "-+42-"),
                text.replace("20261126", "20261326"),
                text.replace(".json", "-0masked.json"),
                text.replace("-3masked", "-03masked"),
                text.replace("-3masked", "-3").replace("-42-", "-42--"),
                format!("{text}.tmp"),
                format!(".{text}"),
                text.replace(".gz", ""),
            ];
            for other in others.into_iter().filter(|other| *other != text) {
                assert_eq!(BackupName::parse(&other), None, "{other}");
            }
        }
    }

    #[test]
    fn names_sort_by_time() {
        let webhooks = WebhookCount { all: 1, masked: 0 };
        let name =
            |time: &str| BackupName::new(time.parse().expect("a time"), webhooks, b"", false);
        assert!(name("2026-11-26T03:17:09Z") < name("2026-11-26T03:17:10Z"));
        let text = |time: &str| name(time).to_string();
        assert!(text("2026-11-26T03:17:09Z") < text("2026-11-26T03:17:10Z"));
    }
}
