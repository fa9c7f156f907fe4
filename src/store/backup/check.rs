//! Checks backups: intact, decryptable, and recent enough.

use super::age_files::Identities;
use super::document::{self, About, Broken};
use super::envelope::{self, Shut};
use super::last_check::LastCheck;
use super::name::BackupName;
use super::name::Stored;
use crate::error::Error;
use jiff::{SignedDuration, Timestamp};

/// The condition of a backup after checking all of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Decrypted and parsed, and its content is what was backed up.
    Verified,
    /// The stored bytes are unchanged, but it is encrypted and no identity was passed to open it.
    Intact,
    /// It is encrypted, and none of the identities passed can decrypt it.
    NotOpened,
    /// It differs from what was stored, for this reason.
    Damaged(String),
}

impl Condition {
    /// The code of the condition in text and JSON output.
    pub fn word(&self) -> &'static str {
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
/// Where the identities cannot be read; damage to the backup is a [`Condition`], not an error.
pub fn inspect(
    backup: &Stored,
    bytes: Vec<u8>,
    identities: &Identities,
) -> Result<Condition, Error> {
    let damaged = |why: &str| Ok(Condition::Damaged(why.to_owned()));
    if !backup.name.fits(&bytes) {
        return damaged(
            "its bytes have changed since it was stored: they do not match the digest in its name",
        );
    }
    if envelope::is_encrypted(&bytes) != backup.name.is_encrypted {
        return damaged("whether it is encrypted does not match its name");
    }
    let text = match envelope::unwrap(bytes, identities)? {
        Ok(text) => text,
        Err(Shut::NeedsIdentity) => return Ok(Condition::Intact),
        Err(Shut::WrongIdentity) => return Ok(Condition::NotOpened),
        Err(Shut::Damaged(why)) => return Ok(Condition::Damaged(why)),
    };
    match document::read(&text) {
        Ok(found) => match contradiction(&backup.name, &found.about) {
            Some(why) => damaged(why),
            None => Ok(Condition::Verified),
        },
        Err(Broken::OtherText) => damaged("it is not a hookferry backup"),
        Err(Broken::NewerFormat(version)) => {
            let version = crate::foreign::shortened(&version, 20);
            Ok(Condition::Damaged(format!(
                "this version of hookferry cannot read its format version {version}"
            )))
        }
        Err(Broken::Damaged(why)) => Ok(Condition::Damaged(why)),
    }
}

/// Describes a mismatch between a backup's metadata and its name; names decide which backup a command uses.
pub fn contradiction(name: &BackupName, about: &About) -> Option<&'static str> {
    if about.count != name.count {
        Some("its number of webhooks does not match its name")
    } else if about.time != name.time {
        Some("its time does not match its name")
    } else {
        None
    }
}

/// The largest difference between two machines' clocks that still counts as correct.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// Whether a time is in the future by more than clocks may differ, so that a clock is or was wrong.
pub fn is_future(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > CLOCKS_DIFFER
}

/// When the account was last known to match its newest backup: the time of the backup, or of a later check.
pub fn fresh_at(newest: &Stored, check: Option<&LastCheck>) -> Timestamp {
    let name = newest.name.to_string();
    let checked = check.filter(|check| check.backup == name);
    checked.map_or(newest.name.time, |check| check.time.max(newest.name.time))
}
