//! Files on the way to their names: each is written beside the one that it will become, and renamed once it is whole.
//! Never removes one that somebody could still be writing.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;
use tempfile::{Builder, NamedTempFile};

/// What the name of such a file begins with; a killed run leaves it behind.
const START: &str = ".tmp";
/// How many random letters and digits follow.
const N_RANDOM: usize = 6;
/// After this long nobody can still be writing: a run has 15 minutes of patience, and writes a file in one go.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// A file in a folder, with mode 0600 from its first moment.
pub(super) fn new_in(folder: &Path) -> io::Result<NamedTempFile> {
    Builder::new()
        .prefix(START)
        .rand_bytes(N_RANDOM)
        .tempfile_in(folder)
}

/// Removes those in a folder that killed runs have left there.
pub(super) fn remove_abandoned(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_name(&entry.file_name()) {
            // Another run may have removed it, or given it its name.
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
    // A time in the future has no age, and its file stays.
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
