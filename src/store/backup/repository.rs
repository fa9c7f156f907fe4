//! A repository of backups in a folder or an object store: for each account its backups and its last check.
//! Needs no lock: each object is written atomically under a unique name and never modified.

use super::age_keys::Protection;
use super::document::{self, BackupMetadata};
use super::envelope;
use super::environment::EnvLookup;
use super::folder::FolderRepository;
use super::last_check::{self, LastCheck};
use super::name::{AddedBackup, BackupName, StoredBackup, WebhookCount};
use super::sha256;
use crate::coralogix::webhook::Webhook;
use crate::error::{Error, ErrorKind};
use std::fmt;
use std::path::PathBuf;

/// A repository of backups.
#[derive(Debug, Clone)]
pub struct Repository {
    storage: Storage,
    /// The repository's path or URL as the user passed it.
    name: String,
}

#[derive(Debug, Clone)]
enum Storage {
    Folder(FolderRepository),
    #[cfg(feature = "cloud")]
    Bucket(super::object_store_repository::ObjectStoreRepository),
}

/// A folder that file systems create at the top of a volume, readable only by root.
const LOST_AND_FOUND: &str = "lost+found";

/// Calls a method on whichever store holds the repository.
macro_rules! dispatch {
    ($storage:expr, $call:ident ( $($argument:expr),* )) => {
        match $storage {
            // Disk access is synchronous.
            Storage::Folder(folder) => std::future::ready(folder.$call($($argument),*)).await,
            #[cfg(feature = "cloud")]
            Storage::Bucket(bucket) => bucket.$call($($argument),*).await,
        }
    };
}

impl Repository {
    /// Parses the name of a repository: the path of a folder, or `s3://BUCKET/PREFIX`. Reads nothing.
    pub fn parse(text: &str, look_up: EnvLookup<'_>) -> Result<Self, Error> {
        Ok(Self {
            storage: parse_storage(text, look_up)?,
            name: text.trim_end_matches('/').to_owned(),
        })
    }

    /// Creates the repository if it is missing, but never a bucket; returns whether the repository was missing.
    pub async fn prepare(&self) -> Result<bool, Error> {
        dispatch!(&self.storage, prepare())
    }

    /// The accounts that have backups or a last check, sorted.
    ///
    /// # Errors
    /// Where the repository does not exist or cannot be read.
    pub async fn accounts(&self) -> Result<Vec<String>, Error> {
        let mut accounts = Vec::new();
        for account in dispatch!(&self.storage, accounts())? {
            if is_account_name(&account) && self.has_own_objects(&account).await? {
                accounts.push(account);
            }
        }
        accounts.sort();
        Ok(accounts)
    }

    /// Whether a folder contains any of our objects: a disk has folders of its own, such as `lost+found`.
    async fn has_own_objects(&self, account: &str) -> Result<bool, Error> {
        let objects = dispatch!(&self.storage, objects(account))?;
        let mut names = objects.iter().map(|(name, _)| name.as_str());
        Ok(names.any(|name| name == last_check::FILE_NAME || BackupName::parse(name).is_some()))
    }

    /// The backups of an account, oldest first; ignores temporary files and objects that are not backups.
    pub async fn backups(&self, account: &str) -> Result<Vec<StoredBackup>, Error> {
        let objects = dispatch!(&self.storage, objects(account))?;
        let to_stored_backup = |(name, size): (String, u64)| {
            Some(StoredBackup {
                name: BackupName::parse(&name)?,
                account: account.to_owned(),
                size,
            })
        };
        let mut backups: Vec<StoredBackup> =
            objects.into_iter().filter_map(to_stored_backup).collect();
        backups.sort();
        Ok(backups)
    }

    /// Reads the bytes of a backup.
    pub async fn read(&self, backup: &StoredBackup) -> Result<Vec<u8>, Error> {
        let bytes = self.try_read(backup).await?;
        bytes.ok_or_else(|| self.missing_backup(&backup.account, &backup.name.to_string()))
    }

    /// Reads the bytes of a backup; `None` if another run removed it since it was listed.
    pub async fn try_read(&self, backup: &StoredBackup) -> Result<Option<Vec<u8>>, Error> {
        dispatch!(
            &self.storage,
            get(&backup.account, &backup.name.to_string())
        )
    }

    /// Stores a backup and reads it back; fails if the bytes read differ from those written.
    pub async fn add(
        &self,
        metadata: &BackupMetadata,
        webhooks: &[Webhook],
        salt: &str,
        protection: &Protection,
    ) -> Result<AddedBackup, Error> {
        let bytes = envelope::pack(&document::write(metadata, webhooks, salt), protection)?;
        let is_encrypted = matches!(protection, Protection::Recipients(_));
        let count = WebhookCount::of(webhooks);
        let name = BackupName::new(metadata.time, count, &bytes, is_encrypted);
        let text = name.to_string();
        dispatch!(&self.storage, create(&metadata.account, &text, &bytes))?;
        let stored = StoredBackup {
            name,
            account: metadata.account.clone(),
            size: bytes.len() as u64,
        };
        if self.read(&stored).await? != bytes {
            return Err(Error::failed(format!(
                "the backup {} was written, but reading it back returned other content",
                self.path_of(&stored)
            ))
            .with_hint("this storage is unreliable; keep the backups elsewhere"));
        }
        Ok(AddedBackup {
            stored,
            sha256: sha256(&bytes),
        })
    }

    /// Removes a backup.
    pub async fn remove(&self, backup: &StoredBackup) -> Result<(), Error> {
        dispatch!(
            &self.storage,
            remove(&backup.account, &backup.name.to_string())
        )
    }

    /// Removes temporary files of killed runs, once they are too old to belong to a running process.
    ///
    /// An object store has no such files: there an object is stored complete or not at all.
    pub fn remove_temporary_files(&self, account: &str) -> Result<(), Error> {
        match &self.storage {
            Storage::Folder(folder) => folder.remove_temporary_files(account),
            #[cfg(feature = "cloud")]
            Storage::Bucket(_) => Ok(()),
        }
    }

    /// Reads the record of the account's last check; `None` if it is missing or cannot be parsed.
    pub async fn last_check(&self, account: &str) -> Result<Option<LastCheck>, Error> {
        let bytes = dispatch!(&self.storage, get(account, last_check::FILE_NAME))?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(text.and_then(|text| LastCheck::parse(&text)))
    }

    /// Writes the record of a check, replacing the previous one.
    pub async fn write_last_check(&self, account: &str, check: &LastCheck) -> Result<(), Error> {
        dispatch!(
            &self.storage,
            replace(account, last_check::FILE_NAME, &check.to_text())
        )
    }

    /// The path by which a user can name the backup: repository, account, and name.
    pub fn path_of(&self, backup: &StoredBackup) -> String {
        format!("{}/{}/{}", self.name, backup.account, backup.name)
    }

    /// The error for a backup that does not exist.
    pub fn missing_backup(&self, account: &str, name: &str) -> Error {
        let (account, name) = (
            crate::untrusted::escape_truncated(account, 80),
            crate::untrusted::escape_truncated(name, 100),
        );
        Error::new(
            ErrorKind::NoBackup,
            format!("there is no backup `{name}` of {account} in {self}"),
        )
        .with_hint("`hookferry backup list --repo REPO` shows the backups of a repository")
    }
}

/// The path or URL as the user passed it, escaped.
impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::untrusted::escape(&self.name))
    }
}

fn parse_storage(text: &str, look_up: EnvLookup<'_>) -> Result<Storage, Error> {
    match text.split_once("://") {
        Some(("s3", _)) => bucket(text, look_up),
        Some(_) => Err(
            Error::usage("a repository must be a folder or s3://BUCKET/PREFIX")
                .with_hint("other stores are not supported; mount yours as a folder, or copy a local repository there"),
        ),
        None if text.trim().is_empty() => Err(Error::usage("the path of the repository is empty")),
        None if text.starts_with('~') => Err(Error::usage(
            "the repository's path starts with ~, which only a shell expands",
        )
        .with_hint("write the full path, or put a space instead of `=` before the path so that the shell expands it")),
        None => Ok(Storage::Folder(FolderRepository::new(PathBuf::from(text)))),
    }
}

#[cfg(feature = "cloud")]
fn bucket(text: &str, look_up: EnvLookup<'_>) -> Result<Storage, Error> {
    super::object_store_repository::ObjectStoreRepository::from_url(text, look_up)
        .map(Storage::Bucket)
}

#[cfg(not(feature = "cloud"))]
fn bucket(_text: &str, _look_up: EnvLookup<'_>) -> Result<Storage, Error> {
    Err(
        Error::usage("this build of hookferry does not support object stores (s3://)")
            .with_hint("build it with support: cargo install --path . --features cloud"),
    )
}

/// Whether a name is valid for an account's folder: no path separators, not hidden, not `lost+found`.
pub(super) fn is_account_name(name: &str) -> bool {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "._+-".contains(character);
    !name.is_empty()
        && !name.starts_with('.')
        && name != LOST_AND_FOUND
        && name.chars().all(is_plain)
}

/// Splits the full path of a backup into repository, account, and name; `None` if it is not such a path.
pub fn split_path(path: &str) -> Option<(String, String, BackupName)> {
    let (parent, name) = path.rsplit_once('/')?;
    let (repository, account) = parent.rsplit_once('/')?;
    let name = BackupName::parse(name)?;
    is_account_name(account).then(|| (repository.to_owned(), account.to_owned(), name))
}
