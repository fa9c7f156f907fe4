//! Temporary files for atomic writes: each gets its final path once it is complete.
//! On Linux it has no name before, so that a killed run leaves nothing; elsewhere it has one next to its final path.
//! Never removes a temporary file that another process could still be writing.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{Builder, NamedTempFile};

/// Prefix of a temporary file's name; where it has one, a killed run leaves the file behind.
const PREFIX: &str = ".tmp";
/// Number of random letters and digits after the prefix.
const RANDOM_LEN: usize = 6;
/// After this age no process can still be writing: a run writes a file in one go, and waits for no server meanwhile.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A file that is being written; it disappears unless it is persisted.
pub(super) enum TemporaryFile {
    /// It has no name, and the file system frees it with its last handle, however the process ends.
    Unnamed { file: File, folder: PathBuf },
    /// The file system knows no files without a name.
    Named(NamedTempFile),
}

impl TemporaryFile {
    /// Creates a file in a folder, with mode 0600 from the start.
    pub(super) fn create_in(folder: &Path) -> io::Result<Self> {
        Ok(match create_unnamed(folder)? {
            Some(file) => Self::Unnamed {
                file,
                folder: folder.to_owned(),
            },
            None => Self::Named(named().tempfile_in(folder)?),
        })
    }

    pub(super) fn as_file(&self) -> &File {
        match self {
            Self::Unnamed { file, .. } => file,
            Self::Named(file) => file.as_file(),
        }
    }

    /// Gives the file its path; fails if something is there.
    pub(super) fn persist_noclobber(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Unnamed { file, .. } => link(&file, path),
            Self::Named(file) => match file.persist_noclobber(path) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.error),
            },
        }
    }

    /// Gives the file its path, in place of what is there.
    ///
    /// A file without a name cannot replace another one, so it gets one for a moment: it is complete by then.
    pub(super) fn persist(self, path: &Path) -> io::Result<()> {
        let named = match self {
            Self::Unnamed { file, folder } => {
                let named = named().make_in(folder, |path| link(&file, path))?;
                named.into_temp_path()
            }
            Self::Named(file) => file.into_temp_path(),
        };
        named.persist(path).map_err(|error| error.error)
    }
}

fn named() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM_LEN);
    builder
}

/// Creates a file without a name in a folder; `None` where there are none, or none that could get a name later.
#[cfg(target_os = "linux")]
fn create_unnamed(folder: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;
    if !Path::new(OWN_DESCRIPTORS).is_dir() {
        return Ok(None);
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(descriptor) => Ok(Some(descriptor.into())),
        // Old kernels take the folder itself for the file to open.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn create_unnamed(_folder: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// The folder with a link to each open file of this process.
#[cfg(target_os = "linux")]
const OWN_DESCRIPTORS: &str = "/proc/self/fd";

/// Gives a file without a name a path; fails if something is there.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD};
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(file);
    let source = format!("{OWN_DESCRIPTORS}/{descriptor}");
    rustix::fs::linkat(CWD, source, CWD, path, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn link(_file: &File, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
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
