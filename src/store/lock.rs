//! One run at a time for each target: a lock in the state folder, which covers the runs of one machine.
//! The system takes it back when its holder ends in any way, so that no lock is ever stale.

use super::disk;
use crate::error::{Error, ErrorKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Who holds a lock, as it says itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Holder {
    /// The command that it carries out.
    pub command: String,
    /// A word that no other holder has.
    pub token: String,
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

impl Holder {
    /// This process, which carries out a command from now on.
    pub fn this_process(command: &str) -> Self {
        let now = Timestamp::now();
        Self {
            command: command.to_owned(),
            token: format!("{}-{}", std::process::id(), now.as_nanosecond()),
            pid: std::process::id(),
            since: now,
        }
    }
}

/// The lock of one target, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _host: File,
    _account: Option<File>,
}

/// What the lock files said at one moment: when they say something else later, somebody was at work in between.
#[derive(Debug, PartialEq, Eq)]
pub struct Marks(BTreeMap<PathBuf, Vec<u8>>);

/// The locks of a state folder.
#[derive(Debug, Clone)]
pub struct Locks {
    folder: PathBuf,
}

impl Locks {
    /// The locks of a state folder; the folder for them is made where it is missing.
    pub fn new(state: &Path) -> Result<Self, Error> {
        let folder = state.join("locks");
        disk::private_folder(&folder, "the state folder")?;
        Ok(Self { folder })
    }

    /// What the lock files of all accounts of a host say now.
    pub fn marks(&self, host: &str) -> Result<Marks, Error> {
        let (host_file, prefix) = (self.host_path(host), format!("{}+", plain(host)));
        let is_of_host = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            *path == host_file || name.starts_with(&prefix)
        };
        let read = |path: PathBuf| {
            let bytes = std::fs::read(&path).ok()?;
            (!bytes.is_empty()).then_some((path, bytes))
        };
        let paths = disk::names_in(&self.folder, "the locks")?;
        let marks = paths.into_iter().filter(is_of_host).filter_map(read);
        Ok(Marks(marks.collect()))
    }

    /// Takes the lock of an account, or says who holds it; also says whether nobody held it since the marks were read.
    ///
    /// An account whose company is not known yet, because it is empty, keeps every other one of its host out.
    pub fn take(
        &self,
        host: &str,
        company: Option<&str>,
        holder: &Holder,
        before: &Marks,
    ) -> Result<(Lock, bool), Error> {
        let host_path = self.host_path(host);
        let mut host_file = open(&host_path)?;
        let taken = match company {
            None => host_file.try_lock(),
            Some(_) => host_file.try_lock_shared(),
        };
        taken.map_err(|error| refused(error, &host_path, host))?;
        let Some(company) = company else {
            let is_fresh = self.marks(host)? == *before;
            sign(&mut host_file, holder, &host_path)?;
            let lock = Lock {
                _host: host_file,
                _account: None,
            };
            return Ok((lock, is_fresh));
        };
        let path = self.account_path(host, company);
        let mut account_file = open(&path)?;
        account_file
            .try_lock()
            .map_err(|error| refused(error, &path, host))?;
        let now = self.marks(host)?;
        let is_fresh = [&host_path, &path]
            .into_iter()
            .all(|path| now.0.get(path) == before.0.get(path));
        sign(&mut account_file, holder, &path)?;
        let lock = Lock {
            _host: host_file,
            _account: Some(account_file),
        };
        Ok((lock, is_fresh))
    }

    fn host_path(&self, host: &str) -> PathBuf {
        self.folder.join(format!("{}.lock", plain(host)))
    }

    fn account_path(&self, host: &str, company: &str) -> PathBuf {
        let (host, company) = (plain(host), plain(company));
        self.folder.join(format!("{host}+{company}.lock"))
    }
}

/// A name that is safe as a part of a file's name, and differs for different texts that a host or id can be.
pub(super) fn plain(text: &str) -> String {
    let letter = |character: char| match character {
        'a'..='z' | '0'..='9' | '.' | '-' => character.to_string(),
        'A'..='Z' => character.to_ascii_lowercase().to_string(),
        other => format!("_{:x}", u32::from(other)),
    };
    text.chars().take(100).map(letter).collect()
}

fn open(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    disk::owner_only(&mut options);
    options.open(path).map_err(|error| {
        let shown = crate::foreign::shown(&path.display().to_string());
        Error::failed(format!("the lock `{shown}` cannot be opened"))
            .with_source(error)
            .with_hint("check the folder's permissions, or name another with --state-dir")
    })
}

fn sign(file: &mut File, holder: &Holder, path: &Path) -> Result<(), Error> {
    let text = serde_json::to_string(holder).unwrap_or_default();
    let written = file
        .set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| file.write_all(text.as_bytes()))
        .and_then(|()| file.sync_data());
    written.map_err(|error| {
        let shown = crate::foreign::shown(&path.display().to_string());
        Error::failed(format!("the lock `{shown}` cannot be written"))
            .with_source(error)
            .with_hint("check the disk's free space, or name another folder with --state-dir")
    })
}

fn refused(error: TryLockError, path: &Path, host: &str) -> Error {
    let host = crate::foreign::shown(host);
    match error {
        TryLockError::WouldBlock => {
            let who = holder_of(path).map_or_else(
                || "another run".to_owned(),
                |holder| {
                    let command = crate::foreign::shortened(&holder.command, 80);
                    format!(
                        "`hookferry {command}`, process {}, at work since {:.0}",
                        holder.pid, holder.since
                    )
                },
            );
            Error::new(
                ErrorKind::Locked,
                format!("another run works on target {host}: {who}"),
            )
            .with_hint("nothing was written; wait for it to end and run the same command again. The lock ends with its process, so there is nothing to clean up")
        }
        TryLockError::Error(error) => {
            let shown = crate::foreign::shown(&path.display().to_string());
            Error::failed(format!("the lock `{shown}` cannot be taken"))
                .with_source(error)
                .with_hint("the state folder must be on a file system with locks; name another with --state-dir")
        }
    }
}

fn holder_of(path: &Path) -> Option<Holder> {
    let mut text = String::new();
    File::open(path).ok()?.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::{Holder, Locks};
    use crate::error::ErrorKind;
    use jiff::Timestamp;

    fn holder(token: &str) -> Holder {
        Holder {
            command: "migrate".to_owned(),
            token: token.to_owned(),
            pid: 1,
            since: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn one_account_has_one_lock_and_others_are_free() {
        let folder = tempfile::tempdir().expect("a folder");
        let locks = Locks::new(folder.path()).expect("locks");
        let take = |host, company, token| {
            let before = locks.marks(host).expect("marks");
            locks.take(host, company, &holder(token), &before)
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
    fn who_was_at_work_on_the_account_meanwhile_is_noticed_and_nobody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let locks = Locks::new(folder.path()).expect("locks");
        let take = |company, token| {
            let before = locks.marks("h").expect("marks");
            move |locks: &Locks| {
                let (_lock, is_fresh) = locks
                    .take("h", company, &holder(token), &before)
                    .expect("free");
                is_fresh
            }
        };
        let [first, second] = [take(Some("1"), "a"), take(Some("1"), "b")];
        let [other, unknown] = [take(Some("2"), "c"), take(None, "d")];
        let late = take(Some("2"), "e");
        assert!(first(&locks));
        assert!(!second(&locks), "the first was at work");
        assert!(other(&locks), "nobody was at work on that one");
        assert!(!unknown(&locks), "it could be either of the two");
        assert!(!late(&locks), "the unknown one could have been this");
    }
}
