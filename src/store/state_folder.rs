//! Whether a state folder is this user's alone: its records decide what is deleted in an account, and its locks keep runs
//! apart, so nobody else may put files there.

use super::{disk, lock, runs};
use crate::error::Error;
use std::fs;
use std::path::Path;

/// Refuses a state folder in which other users could put files: its records decide what is deleted.
///
/// A folder that does not exist yet is created by whatever needs it.
pub fn check(path: &Path) -> Result<(), Error> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    refuse_shared_folder(path, &metadata)?;
    for name in [lock::FOLDER, runs::FOLDER] {
        let path = path.join(name);
        if let Ok(metadata) = fs::symlink_metadata(&path) {
            refuse_link(&path, &metadata)?;
            refuse_shared_folder(&path, &metadata)?;
        }
    }
    Ok(())
}

fn refuse_shared_folder(path: &Path, metadata: &fs::Metadata) -> Result<(), Error> {
    if !metadata.is_dir() {
        return Ok(());
    }
    let shown = crate::untrusted::escape(&path.display().to_string());
    if let Some(mode) = disk::granted(metadata, disk::WRITE) {
        return Err(Error::failed(format!(
            "the state folder `{shown}` is writable by every user on this machine (mode {mode:04o}); refusing to use it"
        ))
        .with_hint(format!("pass another one with --state-dir, or check that nobody has put files there, then run: chmod 700 {shown}")));
    }
    if is_foreign(metadata) {
        return Err(Error::failed(format!(
            "the state folder `{shown}` belongs to another user; refusing to use it"
        ))
        .with_hint("pass another one with --state-dir"));
    }
    Ok(())
}

/// Refuses a symbolic link in a folder that is hookferry's own, where it never makes one.
pub(super) fn refuse_link(path: &Path, metadata: &fs::Metadata) -> Result<(), Error> {
    if !metadata.is_symlink() {
        return Ok(());
    }
    let shown = crate::untrusted::escape(&path.display().to_string());
    Err(Error::failed(format!(
        "`{shown}` in the state folder is a symbolic link; refusing to follow it"
    ))
    .with_hint(
        "hookferry makes no links there; check who did, or pass another folder with --state-dir",
    ))
}

/// Whether a file belongs to neither this user nor root, to whom everything belongs anyway.
#[cfg(unix)]
fn is_foreign(metadata: &fs::Metadata) -> bool {
    let owner = std::os::unix::fs::MetadataExt::uid(metadata);
    let user = rustix::process::geteuid();
    !user.is_root() && owner != user.as_raw() && owner != 0
}

#[cfg(not(unix))]
fn is_foreign(_metadata: &fs::Metadata) -> bool {
    false
}
