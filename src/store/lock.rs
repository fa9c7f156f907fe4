//! A lock for each target in the state folder: one run at a time, among the runs on one machine.
//! The operating system releases a lock when its process ends in any way, so a lock is never stale.

use super::disk;
use super::input::{self, Limit, Links};
use crate::error::{Error, ErrorKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The folder of the locks in a state folder.
pub(super) const FOLDER: &str = "locks";

/// Identifies the run that holds a lock; stored in the lock file, for messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LockHolder {
    /// The command that the run executes.
    pub command: String,
    /// A unique token, so that a lock file that changed hands is noticed.
    pub token: String,
    /// The process id.
    pub pid: u32,
    /// When the run took the lock.
    pub since: Timestamp,
    /// Whether it asks before it writes, so that it may be waiting for somebody's answer.
    #[serde(default)]
    pub asks: bool,
}

impl LockHolder {
    /// Describes this process, which carries out a command from now on.
    pub fn this_process(command: &str) -> Self {
        let now = Timestamp::now();
        Self {
            command: command.to_owned(),
            token: format!("{}-{}", std::process::id(), now.as_nanosecond()),
            pid: std::process::id(),
            since: now,
            asks: false,
        }
    }

    /// States whether the command asks before it writes.
    #[must_use]
    pub fn asking(self, asks: bool) -> Self {
        Self { asks, ..self }
    }

    /// What is known of the run, for a message to whoever has to wait for it.
    fn description(&self) -> String {
        let command = crate::untrusted::escape_truncated(&self.command, 80);
        let waiting = if self.asks {
            "; it may be waiting at its question"
        } else {
            ""
        };
        format!(
            "`hookferry {command}` (process {}), running since {:.0}{waiting}",
            self.pid, self.since
        )
    }
}

/// The lock of one target; dropping it releases the lock.
#[derive(Debug)]
pub struct Lock {
    _host: File,
    _account: Option<File>,
}

/// A snapshot of the lock files' contents: if they differ later, another run held a lock in between.
#[derive(Debug, PartialEq, Eq)]
pub struct LockSnapshot(BTreeMap<PathBuf, Vec<u8>>);

/// The locks of a state folder.
#[derive(Debug, Clone)]
pub struct Locks {
    folder: PathBuf,
}

impl Locks {
    /// Opens the locks of a state folder, creating their folder if it is missing.
    pub fn new(state: &Path) -> Result<Self, Error> {
        let folder = state.join(FOLDER);
        disk::create_private_folder(&folder, "the state folder")?;
        Ok(Self { folder })
    }

    /// Takes a snapshot of the lock files of all accounts on a host.
    pub fn snapshot(&self, host: &str) -> Result<LockSnapshot, Error> {
        let (host_file, prefix) = (self.host_path(host), format!("{}+", encode_file_name(host)));
        let belongs_to_host = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            *path == host_file || name.starts_with(&prefix)
        };
        let read = |path: PathBuf| {
            let bytes = input::read(&path, Limit::Small, Links::Refuse).ok()?;
            (!bytes.is_empty()).then_some((path, bytes))
        };
        let paths = disk::sorted_entries(&self.folder, "the locks")?;
        let entries = paths.into_iter().filter(belongs_to_host).filter_map(read);
        Ok(LockSnapshot(entries.collect()))
    }

    /// Locks an account. The returned flag is `true` if no other run has held the lock since the snapshot `before`.
    ///
    /// An account whose company id is still unknown, because the account is empty, locks its whole host:
    /// it could be any of the host's accounts.
    ///
    /// # Errors
    /// Where another run holds the lock; the error names it.
    pub fn acquire(
        &self,
        host: &str,
        company: Option<&str>,
        holder: &LockHolder,
        before: &LockSnapshot,
    ) -> Result<(Lock, bool), Error> {
        let host_path = self.host_path(host);
        let mut host_file = open_lock_file(&host_path)?;
        let locked = match company {
            None => host_file.try_lock(),
            Some(_) => host_file.try_lock_shared(),
        };
        locked.map_err(|error| lock_error(error, &host_path, host))?;
        let Some(company) = company else {
            let is_fresh = self.snapshot(host)? == *before;
            write_holder(&mut host_file, holder, &host_path)?;
            let lock = Lock {
                _host: host_file,
                _account: None,
            };
            return Ok((lock, is_fresh));
        };
        let path = self.account_path(host, company);
        let mut account_file = open_lock_file(&path)?;
        account_file
            .try_lock()
            .map_err(|error| lock_error(error, &path, host))?;
        let current = self.snapshot(host)?;
        let is_fresh = [&host_path, &path]
            .into_iter()
            .all(|path| current.0.get(path) == before.0.get(path));
        write_holder(&mut account_file, holder, &path)?;
        let lock = Lock {
            _host: host_file,
            _account: Some(account_file),
        };
        Ok((lock, is_fresh))
    }

    fn host_path(&self, host: &str) -> PathBuf {
        self.folder.join(format!("{}.lock", encode_file_name(host)))
    }

    fn account_path(&self, host: &str, company: &str) -> PathBuf {
        let (host, company) = (encode_file_name(host), encode_file_name(company));
        self.folder.join(format!("{host}+{company}.lock"))
    }
}

/// Encodes a host or an id as part of a file name; different hosts and ids have different encodings.
pub(super) fn encode_file_name(text: &str) -> String {
    let encode_char = |character: char| match character {
        'a'..='z' | '0'..='9' | '.' | '-' => character.to_string(),
        'A'..='Z' => character.to_ascii_lowercase().to_string(),
        other => format!("_{:x}", u32::from(other)),
    };
    text.chars().take(100).map(encode_char).collect()
}

fn open_lock_file(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    disk::set_owner_only(&mut options);
    let opened = input::open_regular(&mut options, path, Links::Refuse);
    opened.map(|(file, _)| file).map_err(|error| {
        let shown = crate::untrusted::escape(&path.display().to_string());
        Error::failed(format!("cannot open the lock file `{shown}`"))
            .with_source(error)
            .with_hint("check the folder's permissions, or pass another folder with --state-dir")
    })
}

fn write_holder(file: &mut File, holder: &LockHolder, path: &Path) -> Result<(), Error> {
    let text = serde_json::to_string(holder).unwrap_or_default();
    let written = file
        .set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| file.write_all(text.as_bytes()))
        .and_then(|()| file.sync_data());
    written.map_err(|error| {
        let shown = crate::untrusted::escape(&path.display().to_string());
        Error::failed(format!("cannot write the lock file `{shown}`"))
            .with_source(error)
            .with_hint("check the free space on the disk, or pass another folder with --state-dir")
    })
}

fn lock_error(error: TryLockError, path: &Path, host: &str) -> Error {
    let host = crate::untrusted::escape(host);
    match error {
        TryLockError::WouldBlock => {
            let holder = read_holder(path);
            let description = holder
                .as_ref()
                .map_or_else(|| "another run".to_owned(), LockHolder::description);
            let hint = match holder {
                Some(holder) if holder.asks => {
                    "nothing was written; answer its question, or wait until that run ends, then run the same command again. The lock ends with its process, so there is nothing to clean up"
                }
                _ => {
                    "nothing was written; wait until that run ends, then run the same command again. The lock ends with its process, so there is nothing to clean up"
                }
            };
            Error::new(
                ErrorKind::Locked,
                format!("another run is using target {host}: {description}"),
            )
            .with_hint(hint)
        }
        TryLockError::Error(error) => {
            let shown = crate::untrusted::escape(&path.display().to_string());
            Error::failed(format!("cannot lock `{shown}`"))
                .with_source(error)
                .with_hint("the state folder must be on a file system that supports locks; pass another folder with --state-dir")
        }
    }
}

fn read_holder(path: &Path) -> Option<LockHolder> {
    let bytes = input::read(path, Limit::Small, Links::Refuse).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{LockHolder, Locks};
    use crate::error::ErrorKind;
    use jiff::Timestamp;

    fn holder(token: &str) -> LockHolder {
        LockHolder {
            command: "migrate".to_owned(),
            token: token.to_owned(),
            pid: 1,
            since: Timestamp::UNIX_EPOCH,
            asks: false,
        }
    }

    #[test]
    fn one_account_has_one_lock_and_others_are_free() {
        let folder = tempfile::tempdir().expect("a folder");
        let locks = Locks::new(folder.path()).expect("locks");
        let take = |host, company, token| {
            let before = locks.snapshot(host).expect("marks");
            locks.acquire(host, company, &holder(token), &before)
        };
        let held = take("h", Some("1"), "a").expect("free");
        let again = take("h", Some("1"), "b").expect_err("held");
        assert_eq!(again.kind(), ErrorKind::Locked);
        assert!(again.to_string().contains("process 1"), "{again}");
        take("h", Some("2"), "c").expect("another account");
        assert!(take("h", None, "d").is_err(), "could be the same account");
        drop(held);
        let _unknown = take("h", None, "e").expect("free again");
        assert!(take("h", Some("1"), "f").is_err());
        take("other", None, "g").expect("another host");
    }

    #[test]
    fn only_runs_on_the_same_account_in_between_are_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let locks = Locks::new(folder.path()).expect("locks");
        let take = |company, token| {
            let before = locks.snapshot("h").expect("marks");
            move |locks: &Locks| {
                let (_lock, is_fresh) = locks
                    .acquire("h", company, &holder(token), &before)
                    .expect("free");
                is_fresh
            }
        };
        let [first, second] = [take(Some("1"), "a"), take(Some("1"), "b")];
        let [other, unknown] = [take(Some("2"), "c"), take(None, "d")];
        let late = take(Some("2"), "e");
        assert!(first(&locks));
        assert!(!second(&locks), "the first run held the lock");
        assert!(other(&locks), "no run held that lock");
        assert!(!unknown(&locks), "it could be either of the two");
        assert!(!late(&locks), "the unknown one could have been this");
    }
}
