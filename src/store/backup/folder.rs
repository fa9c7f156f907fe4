//! A repository in a folder of this machine: a folder for each account, a file for each backup.
//! A file appears whole or not at all, readable by its owner alone.

use crate::error::{Error, ErrorKind};
use crate::store::{disk, half_written};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What helps where the system refuses.
const LOOK_AT: &str = "check the repository's permissions, free space and mount";

/// The folder of a repository.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes the folder where it is missing; says whether it was.
    pub(super) fn prepare(&self) -> Result<bool, Error> {
        let is_missing = !is_folder(&self.path)?;
        Self::make(&self.path)?;
        Ok(is_missing)
    }

    /// The folders in it, by name.
    pub(super) fn accounts(&self) -> Result<Vec<String>, Error> {
        if !is_folder(&self.path)? {
            let shown = crate::foreign::shown(&self.path.display().to_string());
            return Err(Error::new(
                ErrorKind::NoBackup,
                format!("there is no repository `{shown}`"),
            )
            .with_hint("check the path, and whether its disk is mounted; `hookferry backup create` makes a repository"));
        }
        let mut accounts = Vec::new();
        for path in names_in(&self.path)? {
            if is_folder(&path)? {
                accounts.extend(name_of(&path));
            }
        }
        Ok(accounts)
    }

    /// The files of an account, each with its size; none where there is no such account.
    pub(super) fn objects(&self, account: &str) -> Result<Vec<(String, u64)>, Error> {
        let mut objects = Vec::new();
        for path in names_in(&self.path.join(account))? {
            let Some(name) = name_of(&path) else { continue };
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => objects.push((name, metadata.len())),
                Ok(_) => {}
                // Somebody else's `forget` was at work.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot("read", &path, error)),
            }
        }
        Ok(objects)
    }

    /// The content of a file; `None` where it is not there.
    pub(super) fn get(&self, account: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(account, name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &path, error)),
        }
    }

    /// Adds a file that must not exist.
    pub(super) fn create(&self, account: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
        Self::make(&self.path.join(account))?;
        let written = disk::write_new(&self.path(account, name), bytes, "the backup");
        written.map_err(|error| error.with_hint(LOOK_AT))
    }

    /// Writes a file anew, whole or not at all.
    pub(super) fn replace(&self, account: &str, name: &str, text: &str) -> Result<(), Error> {
        Self::make(&self.path.join(account))?;
        let written = disk::replace(&self.path(account, name), text, "the last check");
        written.map_err(|error| error.with_hint(LOOK_AT))
    }

    /// Removes a file; one that is gone already counts as removed.
    pub(super) fn remove(&self, account: &str, name: &str) -> Result<(), Error> {
        let path = self.path(account, name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(cannot("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Removes what killed runs have left half written, once it is too old to be anybody's work.
    pub(super) fn sweep(&self, account: &str) -> Result<(), Error> {
        let folder = self.path.join(account);
        match half_written::remove_abandoned(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(
                    disk::cannot("remove half-written files from", "the folder", &folder)
                        .with_source(error)
                        .with_hint(LOOK_AT),
                )
            }
            _ => Ok(()),
        }
    }

    fn path(&self, account: &str, name: &str) -> PathBuf {
        self.path.join(account).join(name)
    }

    /// Makes a folder and what is above it, and makes its name safe against a crash.
    fn make(path: &Path) -> Result<(), Error> {
        if path.is_dir() {
            return Ok(());
        }
        disk::make_private(path).map_err(|error| {
            disk::cannot("make", "the repository", path)
                .with_source(error)
                .with_hint(LOOK_AT)
        })?;
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        let synced = disk::sync_folder(above.unwrap_or(Path::new(".")));
        synced.map_err(|error| error.with_hint(LOOK_AT))
    }
}

fn names_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    disk::names_in(folder, "the repository").map_err(|error| error.with_hint(LOOK_AT))
}

/// Whether there is a folder; a disk that cannot tell has not said no.
fn is_folder(path: &Path) -> Result<bool, Error> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(disk::cannot("read", "the repository", path)
            .with_source(error)
            .with_hint(LOOK_AT)),
    }
}

fn name_of(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

fn cannot(verb: &str, path: &Path, error: io::Error) -> Error {
    disk::cannot(verb, "the backup", path)
        .with_source(error)
        .with_hint(LOOK_AT)
}
