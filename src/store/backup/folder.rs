//! A repository in a local folder: a subfolder for each account, a file for each backup.
//! Files are written atomically and are readable only by their owner.

use crate::error::{Error, ErrorKind};
use crate::store::{disk, half_written};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The hint for errors of the file system.
const LOOK_AT: &str = "check the repository's permissions, free space, and mount";

/// A repository in a local folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Creates the folder if it is missing; returns whether it did.
    pub(super) fn prepare(&self) -> Result<bool, Error> {
        let is_missing = !is_folder(&self.path)?;
        Self::make(&self.path)?;
        Ok(is_missing)
    }

    /// The names of its subfolders, sorted.
    pub(super) fn accounts(&self) -> Result<Vec<String>, Error> {
        if !is_folder(&self.path)? {
            let shown = crate::foreign::shown(&self.path.display().to_string());
            return Err(Error::new(
                ErrorKind::NoBackup,
                format!("there is no repository `{shown}`"),
            )
            .with_hint("check the path and whether its disk is mounted; `hookferry backup create` creates a repository"));
        }
        let mut accounts = Vec::new();
        for path in names_in(&self.path)? {
            if is_folder(&path)? {
                accounts.extend(name_of(&path));
            }
        }
        Ok(accounts)
    }

    /// The name and size in bytes of each file of an account; empty if there is no such account.
    pub(super) fn objects(&self, account: &str) -> Result<Vec<(String, u64)>, Error> {
        let mut objects = Vec::new();
        for path in names_in(&self.path.join(account))? {
            let Some(name) = name_of(&path) else { continue };
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => objects.push((name, metadata.len())),
                Ok(_) => {}
                // Another run's `forget` removed it in the meantime.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot("read", &path, error)),
            }
        }
        Ok(objects)
    }

    /// The content of a file; `None` if it does not exist.
    pub(super) fn get(&self, account: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(account, name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &path, error)),
        }
    }

    /// Creates a file; fails if it already exists.
    pub(super) fn create(&self, account: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
        Self::make(&self.path.join(account))?;
        let written = disk::write_new(&self.path(account, name), bytes, "the backup");
        written.map_err(|error| error.with_hint(LOOK_AT))
    }

    /// Atomically writes a file, replacing an existing one.
    pub(super) fn replace(&self, account: &str, name: &str, text: &str) -> Result<(), Error> {
        Self::make(&self.path.join(account))?;
        let written = disk::replace(&self.path(account, name), text, "the last check");
        written.map_err(|error| error.with_hint(LOOK_AT))
    }

    /// Removes a file; succeeds if it is already gone.
    pub(super) fn remove(&self, account: &str, name: &str) -> Result<(), Error> {
        let path = self.path(account, name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(cannot("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Removes temporary files of killed runs, once they are too old to belong to a running process.
    pub(super) fn sweep(&self, account: &str) -> Result<(), Error> {
        let folder = self.path.join(account);
        match half_written::remove_abandoned(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(
                    disk::cannot("remove temporary files from", "the folder", &folder)
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

    /// Creates a folder and its missing parents, and syncs the parent so that the folder survives a crash.
    fn make(path: &Path) -> Result<(), Error> {
        if path.is_dir() {
            return Ok(());
        }
        disk::make_private(path).map_err(|error| {
            disk::cannot("create", "the repository", path)
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

/// Whether the path is a folder. A disk that fails to answer is an error, not a "no".
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
