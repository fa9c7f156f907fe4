//! Checks backups: intact, decryptable, and recent enough.

use super::age_keys::Identities;
use super::document::{self, BackupMetadata, DocumentError};
use super::envelope::{self, EnvelopeError};
use super::last_check::LastCheck;
use super::name::BackupName;
use super::name::StoredBackup;
use crate::error::Error;
use jiff::{SignedDuration, Timestamp};

/// The condition of a backup after checking all of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupCondition {
    /// Decrypted and parsed, and its content is what was backed up.
    Verified,
    /// The stored bytes are unchanged, but it is encrypted and no identity was passed to open it.
    Intact,
    /// It is encrypted, and none of the identities passed can decrypt it.
    NotOpened,
    /// It differs from what was stored, for this reason.
    Damaged(String),
}

impl BackupCondition {
    /// The code of the condition in text and JSON output.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Intact => "intact",
            Self::NotOpened => "not-opened",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// Checks the bytes of a backup.
///
/// # Errors
/// Where the identities cannot be read; damage to the backup is a [`BackupCondition`], not an error.
pub fn inspect(
    backup: &StoredBackup,
    bytes: Vec<u8>,
    identities: &Identities,
) -> Result<BackupCondition, Error> {
    let damaged = |why: &str| Ok(BackupCondition::Damaged(why.to_owned()));
    if !backup.name.matches(&bytes) {
        return damaged(
            "its bytes have changed since it was stored: they do not match the digest in its name",
        );
    }
    if envelope::is_encrypted(&bytes) != backup.name.is_encrypted {
        return damaged("whether it is encrypted does not match its name");
    }
    let text = match envelope::unpack(bytes, identities)? {
        Ok(text) => text,
        Err(EnvelopeError::NeedsIdentity) => return Ok(BackupCondition::Intact),
        Err(EnvelopeError::WrongIdentity) => return Ok(BackupCondition::NotOpened),
        Err(EnvelopeError::Damaged(why)) => return Ok(BackupCondition::Damaged(why)),
    };
    match document::parse(&text) {
        Ok(found) => match name_mismatch(&backup.name, &found.metadata) {
            Some(why) => damaged(why),
            None => Ok(BackupCondition::Verified),
        },
        Err(DocumentError::NotABackup) => damaged("it is not a hookferry backup"),
        Err(DocumentError::UnsupportedVersion(version)) => {
            let version = crate::untrusted::escape_truncated(&version, 20);
            Ok(BackupCondition::Damaged(format!(
                "this version of hookferry cannot read its format version {version}"
            )))
        }
        Err(DocumentError::Damaged(why)) => Ok(BackupCondition::Damaged(why)),
    }
}

/// Describes a mismatch between a backup's metadata and its name; names decide which backup a command uses.
pub fn name_mismatch(name: &BackupName, metadata: &BackupMetadata) -> Option<&'static str> {
    if metadata.count != name.count {
        Some("its number of webhooks does not match its name")
    } else if metadata.time != name.time {
        Some("its time does not match its name")
    } else {
        None
    }
}

/// The largest difference between two machines' clocks that still counts as correct.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// Whether a time is in the future by more than clocks may differ, so that a clock is or was wrong.
pub fn is_future(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > MAX_CLOCK_SKEW
}

/// When the account was last known to match its newest backup: the time of the backup, or of a later check.
pub fn last_confirmed(newest: &StoredBackup, check: Option<&LastCheck>) -> Timestamp {
    let name = newest.name.to_string();
    let checked = check.filter(|check| check.backup == name);
    checked.map_or(newest.name.time, |check| check.time.max(newest.name.time))
}
