//! Whether backups can be relied on: whole, readable, and young enough.

use super::age_files::Identities;
use super::document::{self, About, Broken};
use super::envelope::{self, Shut};
use super::last_check::LastCheck;
use super::name::BackupName;
use super::name::Stored;
use crate::error::Error;
use jiff::{SignedDuration, Timestamp};

/// What is known of a backup after a look at all of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It was opened, and is what was backed up.
    Verified,
    /// Its bytes are those that were stored; it is encrypted and was not opened.
    Intact,
    /// It is encrypted to others than the identities at hand.
    NotOpened,
    /// It is not as it was made: why.
    Damaged(String),
}

impl Condition {
    /// The word for it in every output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Intact => "intact",
            Self::NotOpened => "not-opened",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// Looks at a backup; an error where the identities cannot be read.
pub fn inspect(
    backup: &Stored,
    bytes: Vec<u8>,
    identities: &Identities,
) -> Result<Condition, Error> {
    let damaged = |why: &str| Ok(Condition::Damaged(why.to_owned()));
    if !backup.name.fits(&bytes) {
        return damaged("its bytes are not those that were stored: the digest in its name differs");
    }
    if envelope::is_encrypted(&bytes) != backup.name.is_encrypted {
        return damaged("its name says otherwise whether it is encrypted");
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
        Err(Broken::OtherText) => damaged("it is no backup of hookferry's"),
        Err(Broken::NewerFormat(version)) => {
            let version = crate::foreign::shortened(&version, 20);
            Ok(Condition::Damaged(format!(
                "its format {version} is one that this version does not read"
            )))
        }
        Err(Broken::Damaged(why)) => Ok(Condition::Damaged(why)),
    }
}

/// What a backup says of itself that its name says otherwise; by names it is decided which one is meant.
pub fn contradiction(name: &BackupName, about: &About) -> Option<&'static str> {
    if about.count != name.count {
        Some("it holds another number of webhooks than its name says")
    } else if about.time != name.time {
        Some("it is of another time than its name says")
    } else {
        None
    }
}

/// The clocks of two machines differ by no more, where both are right.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// Whether a time is one that has not come yet, so that a clock is or was wrong.
pub fn is_future(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > CLOCKS_DIFFER
}

/// When an account was last known to look as its newest backup says.
pub fn fresh_at(newest: &Stored, check: Option<&LastCheck>) -> Timestamp {
    let name = newest.name.to_string();
    let checked = check.filter(|check| check.backup == name);
    checked.map_or(newest.name.time, |check| check.time.max(newest.name.time))
}
