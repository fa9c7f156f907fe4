//! Temporary files for atomic writes: each is written next to its final path and renamed once it is complete.
//! Never removes a temporary file that another process could still be writing.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;
use tempfile::{Builder, NamedTempFile};

/// Prefix of a temporary file's name; a killed run leaves the file behind.
const PREFIX: &str = ".tmp";
/// Number of random letters and digits after the prefix.
const RANDOM_LEN: usize = 6;
/// After this age no process can still be writing: a run writes a file in one go, and waits for no server meanwhile.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Creates a temporary file in a folder, with mode 0600 from the start.
pub(super) fn create_in(folder: &Path) -> io::Result<NamedTempFile> {
    Builder::new()
        .prefix(PREFIX)
        .rand_bytes(RANDOM_LEN)
        .tempfile_in(folder)
}

/// Removes the temporary files that killed runs left in a folder.
pub(super) fn remove_abandoned(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_temporary_name(&entry.file_name()) {
            // Another run may have removed it, or renamed it to its final path.
            match remove_if_abandoned(&entry) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn remove_if_abandoned(entry: &fs::DirEntry) -> io::Result<()> {
    let metadata = entry.metadata()?;
    // A modification time in the future counts as age 0, so the file stays.
    let age = metadata.modified()?.elapsed().unwrap_or_default();
    if metadata.is_file() && age > ABANDONED_AFTER {
        fs::remove_file(entry.path())?;
    }
    Ok(())
}

fn is_temporary_name(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    random.is_some_and(|random| {
        random.len() == RANDOM_LEN && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
