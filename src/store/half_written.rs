//! Temporary files for atomic writes: each is written next to its final path and renamed once it is complete.
//! Never removes a temporary file that another process could still be writing.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;
use tempfile::{Builder, NamedTempFile};

/// Prefix of a temporary file's name; a killed run leaves the file behind.
const START: &str = ".tmp";
/// Number of random letters and digits after the prefix.
const N_RANDOM: usize = 6;
/// After this age no process can still be writing: a run waits 15 minutes at most, and writes a file in one go.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Creates a temporary file in a folder, with mode 0600 from the start.
pub(super) fn new_in(folder: &Path) -> io::Result<NamedTempFile> {
    Builder::new()
        .prefix(START)
        .rand_bytes(N_RANDOM)
        .tempfile_in(folder)
}

/// Removes the temporary files that killed runs left in a folder.
pub(super) fn remove_abandoned(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_name(&entry.file_name()) {
            // Another run may have removed it, or renamed it to its final path.
            match remove_where_abandoned(&entry) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn remove_where_abandoned(entry: &fs::DirEntry) -> io::Result<()> {
    let metadata = entry.metadata()?;
    // A modification time in the future counts as age 0, so the file stays.
    let age = metadata.modified()?.elapsed().unwrap_or_default();
    if metadata.is_file() && age > ABANDONED {
        fs::remove_file(entry.path())?;
    }
    Ok(())
}

fn is_name(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(START));
    random.is_some_and(|random| {
        random.len() == N_RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
