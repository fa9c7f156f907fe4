//! A repository of backups: some accounts, each with its backups and its last check, in a folder or an object store.
//! Needs no lock: an object appears whole under a name of its own, and nobody writes to it again.

use super::age_files::Protection;
use super::document::{self, About};
use super::envelope;
use super::environment::LookUp;
use super::folder::Folder;
use super::last_check::{self, LastCheck};
use super::name::{Added, BackupName, Stored};
use super::sha256;
use crate::coralogix::webhook::Webhook;
use crate::error::{Error, ErrorKind};
use std::fmt;
use std::path::PathBuf;

/// Where backups are kept.
#[derive(Debug, Clone)]
pub struct Repository {
    place: Place,
    /// The place as the user named it.
    name: String,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(Folder),
    #[cfg(feature = "cloud")]
    Bucket(super::bucket::Bucket),
}

/// What file systems keep at the top of a volume, readable by root alone.
const LOST_AND_FOUND: &str = "lost+found";

/// Carries out a call on whichever place it is.
macro_rules! at {
    ($place:expr, $call:ident ( $($argument:expr),* )) => {
        match $place {
            // A disk answers at once.
            Place::Folder(folder) => std::future::ready(folder.$call($($argument),*)).await,
            #[cfg(feature = "cloud")]
            Place::Bucket(bucket) => bucket.$call($($argument),*).await,
        }
    };
}

impl Repository {
    /// The repository that a text names: a folder, or `s3://BUCKET/PREFIX`; nothing is read yet.
    pub fn named(text: &str, look_up: LookUp<'_>) -> Result<Self, Error> {
        Ok(Self {
            place: place(text, look_up)?,
            name: text.trim_end_matches('/').to_owned(),
        })
    }

    /// Makes the repository where it is missing and can be made; says whether it was.
    pub async fn prepare(&self) -> Result<bool, Error> {
        at!(&self.place, prepare())
    }

    /// The accounts that have backups or a last check, sorted; an error where there is no repository.
    pub async fn accounts(&self) -> Result<Vec<String>, Error> {
        let mut accounts = Vec::new();
        for account in at!(&self.place, accounts())? {
            if is_account(&account) && self.has_any(&account).await? {
                accounts.push(account);
            }
        }
        accounts.sort();
        Ok(accounts)
    }

    /// Whether anything of ours lies under that name: a disk brings folders of its own, such as `lost+found`.
    async fn has_any(&self, account: &str) -> Result<bool, Error> {
        let objects = at!(&self.place, objects(account))?;
        let mut names = objects.iter().map(|(name, _)| name.as_str());
        Ok(names.any(|name| name == last_check::FILE || BackupName::parse(name).is_some()))
    }

    /// The backups of an account, the oldest first; nothing that is half written, and nothing of others.
    pub async fn backups(&self, account: &str) -> Result<Vec<Stored>, Error> {
        let objects = at!(&self.place, objects(account))?;
        let stored = |(name, size): (String, u64)| {
            Some(Stored {
                name: BackupName::parse(&name)?,
                account: account.to_owned(),
                size,
            })
        };
        let mut backups: Vec<Stored> = objects.into_iter().filter_map(stored).collect();
        backups.sort();
        Ok(backups)
    }

    /// The bytes of a backup.
    pub async fn read(&self, backup: &Stored) -> Result<Vec<u8>, Error> {
        let bytes = self.read_if_there(backup).await?;
        bytes.ok_or_else(|| self.missing(&backup.account, &backup.name.to_string()))
    }

    /// The bytes of a backup; `None` where it is gone since it was listed, as another run may have removed it.
    pub async fn read_if_there(&self, backup: &Stored) -> Result<Option<Vec<u8>>, Error> {
        at!(&self.place, get(&backup.account, &backup.name.to_string()))
    }

    /// Adds a backup and reads it back: what is not there as it was written is an error.
    pub async fn add(
        &self,
        about: &About,
        webhooks: &[Webhook],
        salt: &str,
        protection: &Protection,
    ) -> Result<Added, Error> {
        let bytes = envelope::wrap(&document::write(about, webhooks, salt), protection)?;
        let is_encrypted = matches!(protection, Protection::Recipients(_));
        let name = BackupName::of(about.time, about.count, &bytes, is_encrypted);
        let text = name.to_string();
        at!(&self.place, create(&about.account, &text, &bytes))?;
        let stored = Stored {
            name,
            account: about.account.clone(),
            size: bytes.len() as u64,
        };
        if self.read(&stored).await? != bytes {
            return Err(Error::failed(format!(
                "the backup {} was written, but is read back with other content",
                self.path_of(&stored)
            ))
            .with_hint("do not trust this place; keep the backups elsewhere"));
        }
        Ok(Added {
            stored,
            sha256: sha256(&bytes),
        })
    }

    /// Removes a backup.
    pub async fn remove(&self, backup: &Stored) -> Result<(), Error> {
        at!(
            &self.place,
            remove(&backup.account, &backup.name.to_string())
        )
    }

    /// Removes what killed runs have left half written, once it is too old to be anybody's work.
    ///
    /// An object store has nothing of the kind: there an object is sent whole or not at all.
    pub fn sweep(&self, account: &str) -> Result<(), Error> {
        match &self.place {
            Place::Folder(folder) => folder.sweep(account),
            #[cfg(feature = "cloud")]
            Place::Bucket(_) => Ok(()),
        }
    }

    /// What was found when the account was read last; `None` where that is not on record or not readable.
    pub async fn last_check(&self, account: &str) -> Result<Option<LastCheck>, Error> {
        let bytes = at!(&self.place, get(account, last_check::FILE))?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(text.and_then(|text| LastCheck::parse(&text)))
    }

    /// Puts on record what was found.
    pub async fn put_last_check(&self, account: &str, check: &LastCheck) -> Result<(), Error> {
        at!(
            &self.place,
            replace(account, last_check::FILE, &check.text())
        )
    }

    /// The backup as a user can name it: the place, the account and the name.
    pub fn path_of(&self, backup: &Stored) -> String {
        format!("{}/{}/{}", self.name, backup.account, backup.name)
    }

    /// There is no such backup.
    pub fn missing(&self, account: &str, name: &str) -> Error {
        let (account, name) = (
            crate::foreign::shortened(account, 80),
            crate::foreign::shortened(name, 100),
        );
        Error::new(
            ErrorKind::NoBackup,
            format!("there is no backup `{name}` of {account} in {self}"),
        )
        .with_hint("`hookferry backup list` shows those that are there")
    }
}

/// The place as the user named it, harmless.
impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::foreign::shown(&self.name))
    }
}

fn place(text: &str, look_up: LookUp<'_>) -> Result<Place, Error> {
    match text.split_once("://") {
        Some(("s3", _)) => bucket(text, look_up),
        Some(_) => Err(
            Error::usage("a repository is a folder, or s3://BUCKET/PREFIX")
                .with_hint("other stores are not reached; mount one, or copy the folder there"),
        ),
        None if text.trim().is_empty() => Err(Error::usage("the name of the repository is empty")),
        None if text.starts_with('~') => Err(Error::usage(
            "the repository's path begins with ~, which only a shell turns into your home",
        )
        .with_hint("write the whole path, or leave a space instead of `=` before it")),
        None => Ok(Place::Folder(Folder::new(PathBuf::from(text)))),
    }
}

#[cfg(feature = "cloud")]
fn bucket(text: &str, look_up: LookUp<'_>) -> Result<Place, Error> {
    super::bucket::Bucket::named(text, look_up).map(Place::Bucket)
}

#[cfg(not(feature = "cloud"))]
fn bucket(_text: &str, _look_up: LookUp<'_>) -> Result<Place, Error> {
    Err(
        Error::usage("this hookferry was built without object stores, so it cannot reach s3://")
            .with_hint("build it with them: cargo install --path . --features cloud"),
    )
}

/// Whether a name can be that of an account: one that leads nowhere else, and no hidden one.
pub(super) fn is_account(name: &str) -> bool {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "._+-".contains(character);
    !name.is_empty()
        && !name.starts_with('.')
        && name != LOST_AND_FOUND
        && name.chars().all(is_plain)
}

/// The repository, the account and the name of a backup that was named by its whole path.
pub fn split_path(path: &str) -> Option<(String, String, BackupName)> {
    let (above, name) = path.rsplit_once('/')?;
    let (repository, account) = above.rsplit_once('/')?;
    let name = BackupName::parse(name)?;
    is_account(account).then(|| (repository.to_owned(), account.to_owned(), name))
}
