//! A repository in a local folder: a subfolder for each account, a file for each backup.
//! Files are written atomically and are readable only by their owner.

use crate::error::{Error, ErrorKind};
use crate::store::input::{self, Limit, Links};
use crate::store::{disk, temporary_file};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The hint for errors of the file system.
const CHECK_HINT: &str = "check the repository's permissions, free space, and mount";

/// A repository in a local folder.
#[derive(Debug, Clone)]
pub(super) struct FolderRepository {
    path: PathBuf,
}

impl FolderRepository {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Creates the folder if it is missing; returns whether it did.
    pub(super) fn prepare(&self) -> Result<bool, Error> {
        let is_missing = !is_folder(&self.path)?;
        Self::create_folder(&self.path)?;
        Ok(is_missing)
    }

    /// The names of its subfolders, sorted.
    pub(super) fn accounts(&self) -> Result<Vec<String>, Error> {
        if !is_folder(&self.path)? {
            let shown = crate::untrusted::escape(&self.path.display().to_string());
            return Err(Error::new(
                ErrorKind::NoBackup,
                format!("there is no repository `{shown}`"),
            )
            .with_hint("check the path and whether its disk is mounted; `hookferry backup create` creates a repository"));
        }
        let mut accounts = Vec::new();
        for path in list_entries(&self.path)? {
            if is_folder(&path)? {
                accounts.extend(file_name(&path));
            }
        }
        Ok(accounts)
    }

    /// The name and size in bytes of each file of an account; empty if there is no such account.
    pub(super) fn objects(&self, account: &str) -> Result<Vec<(String, u64)>, Error> {
        let mut objects = Vec::new();
        for path in list_entries(&self.path.join(account))? {
            let Some(name) = file_name(&path) else {
                continue;
            };
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => objects.push((name, metadata.len())),
                Ok(_) => {}
                // Another run's `forget` removed it in the meantime.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(backup_error("read", &path, error)),
            }
        }
        Ok(objects)
    }

    /// The content of a file; `None` if it does not exist.
    pub(super) fn get(&self, account: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(account, name);
        match input::read(&path, Limit::Large, Links::Follow) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(backup_error("read", &path, error)),
        }
    }

    /// Creates a file; fails if it already exists.
    pub(super) fn create(&self, account: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
        Self::create_folder(&self.path.join(account))?;
        let written = disk::write_new(&self.path(account, name), bytes, "the backup");
        written.map_err(|error| error.with_hint(CHECK_HINT))
    }

    /// Atomically writes a file, replacing an existing one.
    pub(super) fn replace(&self, account: &str, name: &str, text: &str) -> Result<(), Error> {
        Self::create_folder(&self.path.join(account))?;
        let written = disk::replace(&self.path(account, name), text, "the last check");
        written.map_err(|error| error.with_hint(CHECK_HINT))
    }

    /// Removes a file; succeeds if it is already gone.
    pub(super) fn remove(&self, account: &str, name: &str) -> Result<(), Error> {
        let path = self.path(account, name);
        self.refuse_outside(account)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(backup_error("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Removes temporary files of killed runs, once they are too old to belong to a running process.
    pub(super) fn remove_temporary_files(&self, account: &str) -> Result<(), Error> {
        let folder = self.path.join(account);
        self.refuse_outside(account)?;
        match temporary_file::remove_abandoned(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(
                    disk::cannot("remove temporary files from", "the folder", &folder)
                        .with_source(error)
                        .with_hint(CHECK_HINT),
                )
            }
            _ => Ok(()),
        }
    }

    /// Fails if the folder of an account is a link that leads out of the repository: what is there is not ours to remove.
    fn refuse_outside(&self, account: &str) -> Result<(), Error> {
        let folder = self.path.join(account);
        let is_inside = match (folder.canonicalize(), self.path.canonicalize()) {
            (Ok(folder), Ok(repository)) => folder.starts_with(repository),
            // What does not exist, or cannot be read, is reported where it is used.
            _ => true,
        };
        if is_inside {
            return Ok(());
        }
        Err(disk::cannot("remove anything from", "the folder", &folder).with_hint(
            "it is a symbolic link that leads out of the repository; pass the folder that it leads into as the repository",
        ))
    }

    fn path(&self, account: &str, name: &str) -> PathBuf {
        self.path.join(account).join(name)
    }

    /// Creates a folder and its missing parents, and syncs the parent so that the folder survives a crash.
    fn create_folder(path: &Path) -> Result<(), Error> {
        if path.is_dir() {
            return Ok(());
        }
        disk::create_private_dirs(path).map_err(|error| {
            disk::cannot("create", "the repository", path)
                .with_source(error)
                .with_hint(CHECK_HINT)
        })?;
        let parent = path.parent().filter(|above| !above.as_os_str().is_empty());
        let synced = disk::sync_folder(parent.unwrap_or(Path::new(".")));
        synced.map_err(|error| error.with_hint(CHECK_HINT))
    }
}

fn list_entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    disk::sorted_entries(folder, "the repository").map_err(|error| error.with_hint(CHECK_HINT))
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
            .with_hint(CHECK_HINT)),
    }
}

fn file_name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

fn backup_error(verb: &str, path: &Path, error: io::Error) -> Error {
    disk::cannot(verb, "the backup", path)
        .with_source(error)
        .with_hint(CHECK_HINT)
}
