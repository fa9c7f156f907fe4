//! Files: read whole, written whole or not at all, and readable by their owner alone.

use super::half_written;
use crate::error::Error;
use crate::secret::{resembles_age_identity, resembles_vendor_key};
use secrecy::SecretString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The text of a file that the user named; `what` says what it is for, such as `the export file`.
pub fn read_text(path: &Path, what: &str) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| cannot("read", what, path).with_source(error))
}

/// The text of a file that decides what is done, such as the commands that are run; `None` where it does not exist.
///
/// Refused where everybody on the machine could have written it.
pub fn read_trusted(path: &Path, what: &str) -> Result<Option<String>, Error> {
    let (metadata, text) = match read_with_metadata(path) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("read", what, path).with_source(error)),
    };
    match permitted(&metadata, WRITE) {
        None => Ok(Some(text)),
        Some(mode) => {
            let shown = crate::foreign::shown(&path.display().to_string());
            Err(Error::failed(format!(
                "{what} `{shown}` can be changed by everybody on this machine (mode {mode:04o}), and is not used"
            ))
            .with_hint(format!("look whether it still says what you wrote, then: chmod o-w {shown}")))
        }
    }
}

/// The text of a file that holds a secret; refused where others than its owner and group can read or change it.
///
/// Pipes, as a shell makes them for `<(…)`, have no such permissions and are read as they are.
pub fn read_secret(path: &Path, what: &str) -> Result<SecretString, Error> {
    let (metadata, text) =
        read_with_metadata(path).map_err(|error| cannot("read", what, path).with_source(error))?;
    // Moved, not copied: the text is wiped when it is dropped.
    let text = SecretString::from(text);
    match permitted(&metadata, READ | WRITE) {
        None => Ok(text),
        Some(mode) => {
            let shown = crate::foreign::shown(&path.display().to_string());
            Err(Error::failed(format!(
                "{what} `{shown}` is open to everybody on this machine (mode {mode:04o}), and is not used"
            ))
            .with_hint(format!("chmod 600 {shown}")))
        }
    }
}

/// A file's text with the permissions of the very file that was read.
fn read_with_metadata(path: &Path) -> io::Result<(fs::Metadata, String)> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok((metadata, text))
}

/// What others than a file's owner and group may do with it.
const READ: u32 = 0o004;
const WRITE: u32 = 0o002;

/// The permissions of a regular file that permit others than its owner and group any of this.
#[cfg(unix)]
fn permitted(metadata: &fs::Metadata, any: u32) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    (metadata.is_file() && mode & any != 0).then_some(mode)
}

#[cfg(not(unix))]
fn permitted(_metadata: &fs::Metadata, _any: u32) -> Option<u32> {
    None
}

/// The bytes of a file that the user named.
pub fn read_bytes(path: &Path, what: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| cannot("read", what, path).with_source(error))
}

/// Whether there is a file of that name.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Writes a new file that only its owner can read; it appears whole or not at all, and never replaces another.
pub fn write_new(path: &Path, content: impl AsRef<[u8]>, what: &str) -> Result<(), Error> {
    write_new_with(path, &|to| to.write_all(content.as_ref()), what)
}

/// The same with content that is written part by part.
pub fn write_new_with(path: &Path, content: WriteContent<'_>, what: &str) -> Result<(), Error> {
    write_in(folder_of(path), path, content).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => {
                "it exists already and is not replaced; choose another name"
            }
            io::ErrorKind::NotFound => "the folder does not exist",
            _ => "check the folder's permissions and free space",
        };
        cannot("write", what, path)
            .with_source(error)
            .with_hint(hint)
    })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn write_in(folder: &Path, path: &Path, content: WriteContent<'_>) -> io::Result<()> {
    let mut file = half_written::new_in(folder)?;
    write_content(&mut file, content)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// What writes the content of a file, a part after the other, so that it never is in memory as a whole.
pub type WriteContent<'c> = &'c dyn Fn(&mut dyn Write) -> io::Result<()>;

/// Bytes that are written to a file at once.
const CHUNK: usize = 1 << 16;

fn write_content(file: &mut impl Write, content: WriteContent<'_>) -> io::Result<()> {
    let mut buffered = io::BufWriter::with_capacity(CHUNK, file);
    content(&mut buffered)?;
    buffered.flush()
}

/// Writes a file anew, whole or not at all, readable by its owner alone; one that is there is replaced.
pub fn replace(path: &Path, text: &str, what: &str) -> Result<(), Error> {
    replace_with(path, &|to| to.write_all(text.as_bytes()), what)
}

/// The same with content that is written part by part.
pub fn replace_with(path: &Path, content: WriteContent<'_>, what: &str) -> Result<(), Error> {
    replace_by(path, content, what, |_| Ok(()))
}

/// The same for a file that others are to read, such as a collector of metrics; it holds no secret.
///
/// One that is there is replaced only where it is empty or `is_own` says that it is ours.
pub fn replace_shared(
    path: &Path,
    text: &str,
    what: &str,
    is_own: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let is_free = match fs::read_to_string(path) {
        Ok(old) => old.is_empty() || is_own(&old),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if is_free {
        return replace_by(path, &|to| to.write_all(text.as_bytes()), what, share);
    }
    let hint =
        "it holds something else, which is not replaced; name another file in the config file";
    Err(cannot("write", what, path).with_hint(hint))
}

#[cfg(unix)]
fn share(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

#[cfg(not(unix))]
fn share(_file: &File) -> io::Result<()> {
    Ok(())
}

fn replace_by(
    path: &Path,
    content: WriteContent<'_>,
    what: &str,
    permit: fn(&File) -> io::Result<()>,
) -> Result<(), Error> {
    let folder = folder_of(path);
    let write = || {
        let mut file = half_written::new_in(folder)?;
        write_content(&mut file, content)?;
        permit(file.as_file())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error: io::Error| {
        cannot("write", what, path)
            .with_source(error)
            .with_hint("check the folder's permissions and free space")
    })
}

/// Writes a file anew, whole or not at all; one that is there is replaced only where `is_own` says that it is ours.
pub fn replace_own(
    path: &Path,
    content: WriteContent<'_>,
    what: &str,
    is_own: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    match fs::read_to_string(path) {
        Ok(old) if is_own(&old) => replace_with(path, content, what),
        _ => write_new_with(path, content, what),
    }
}

/// Makes a folder that only its owner can enter, and those above it; one that is there stays as it is.
pub fn private_folder(path: &Path, what: &str) -> Result<(), Error> {
    make_private(path).map_err(|error| {
        cannot("make", what, path)
            .with_source(error)
            .with_hint("check the folder above it, or name another with --state-dir")
    })
}

/// The same, with the system's own error.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes what was added to a folder safe against a crash.
pub(super) fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| cannot("sync", "the folder", path).with_source(error))
}

/// Fails where no file can be made in a folder.
pub(super) fn check_writable(folder: &Path, what: &str) -> Result<(), Error> {
    tempfile::NamedTempFile::new_in(folder)
        .map(drop)
        .map_err(|error| {
            cannot("write to", what, folder)
                .with_source(error)
                .with_hint("check its permissions and free space, or name another with --state-dir")
        })
}

/// Removes a folder with everything in it.
pub(super) fn remove_folder(path: &Path, what: &str) -> Result<(), Error> {
    fs::remove_dir_all(path).map_err(|error| cannot("remove", what, path).with_source(error))
}

/// Makes files that are opened with these options readable by their owner alone.
pub(super) fn owner_only(options: &mut fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Whatever lies in a folder, sorted by name; nothing where there is no such folder.
pub(super) fn names_in(folder: &Path, what: &str) -> Result<Vec<PathBuf>, Error> {
    let read = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    match read() {
        Ok(mut paths) => {
            paths.sort();
            Ok(paths)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(cannot("read", what, folder)
            .with_source(error)
            .with_hint("is it the right folder, and yours? --state-dir names another")),
    }
}

/// A folder for the length of a demonstration, removed when dropped.
#[derive(Debug)]
pub struct TemporaryFolder(tempfile::TempDir);

impl TemporaryFolder {
    /// A new empty folder among the system's temporary ones.
    pub fn new() -> Result<Self, Error> {
        tempfile::tempdir()
            .map(Self)
            .map_err(|error| Error::failed("cannot make a temporary folder").with_source(error))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Whether somebody gave a secret in the place of the file that holds it.
fn is_secret(path: &str) -> bool {
    resembles_vendor_key(path) || resembles_age_identity(path)
}

/// A file that the user named is not there: wrong usage.
pub fn missing(what: &str, path: &Path) -> Error {
    let shown = path.display().to_string();
    if is_secret(&shown) {
        return cannot("find", what, path);
    }
    let shown = crate::foreign::shown(&shown);
    Error::usage(format!("{what} `{shown}` does not exist"))
}

/// Something that cannot be done with a file or folder.
pub(super) fn cannot(verb: &str, what: &str, path: &Path) -> Error {
    let path = path.display().to_string();
    if is_secret(&path) {
        return Error::usage(format!("{what} is a file, and a secret stands in the place of its name"))
            .with_hint("think of that secret as known to others now: command lines are visible. Write a new one into a file, and name that");
    }
    let path = crate::foreign::shown(&path);
    Error::failed(format!("cannot {verb} {what} `{path}`"))
}
