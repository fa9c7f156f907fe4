//! File access: reads whole files, writes them atomically, and makes them readable only by their owner.

use super::input::{self, Limit, Links};
use super::temporary_file::TemporaryFile;
use crate::error::{Error, ErrorKind};
use crate::secret::{resembles_age_identity, resembles_vendor_key};
use secrecy::SecretString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Reads a text file that the user named; `what` names its purpose in errors, such as `the export file`.
pub fn read_text(path: &Path, what: &str, limit: Limit) -> Result<String, Error> {
    input::read(path, limit, Links::Follow)
        .and_then(input::decode_text)
        .map_err(|error| cannot("read", what, path).with_source(error))
}

/// Reads a file that controls what the program does, such as the commands to run; `None` if it does not exist.
///
/// Refuses a file that every user of this machine can write to.
pub fn read_trusted(path: &Path, what: &str) -> Result<Option<String>, Error> {
    let read = input::read_with_metadata(path, Limit::Small, Links::Follow);
    let (metadata, text) =
        match read.and_then(|(about, bytes)| Ok((about, input::decode_text(bytes)?))) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read", what, path).with_source(error)),
        };
    match permitted(&metadata, WRITE) {
        None => Ok(Some(text)),
        Some(mode) => {
            let shown = crate::untrusted::escape(&path.display().to_string());
            Err(Error::failed(format!(
                "{what} `{shown}` is writable by every user on this machine (mode {mode:04o}); refusing to use it"
            ))
            .with_hint(format!("check that nobody has changed its content, then run: chmod o-w {shown}")))
        }
    }
}

/// Reads a file that holds a secret; refuses it if users outside its owner and group can read or write it.
///
/// A pipe, such as the shell creates for `<(…)`, has no meaningful permissions and is read without this check.
pub fn read_secret(path: &Path, what: &str) -> Result<SecretString, Error> {
    let read = input::read_with_metadata(path, Limit::Small, Links::Follow);
    let (metadata, text) = read
        .and_then(|(about, bytes)| Ok((about, input::utf8_text(bytes)?)))
        .map_err(|error| cannot("read", what, path).with_source(error))?;
    // Moved, not copied: the text is wiped when it is dropped.
    let text = SecretString::from(text);
    match permitted(&metadata, READ | WRITE) {
        None => Ok(text),
        Some(mode) => {
            let shown = crate::untrusted::escape(&path.display().to_string());
            let what = format!(
                "{what} `{shown}` is accessible to every user on this machine (mode {mode:04o}); refusing to use it"
            );
            Err(Error::new(ErrorKind::Authentication, what).with_hint(format!("chmod 600 {shown}")))
        }
    }
}

/// Permission bits for users outside a file's owner and group.
const READ: u32 = 0o004;
pub(super) const WRITE: u32 = 0o002;

/// The mode of a regular file if it grants users outside its owner and group any of the bits in `any`.
fn permitted(metadata: &fs::Metadata, any: u32) -> Option<u32> {
    granted(metadata, any).filter(|_| metadata.is_file())
}

/// The mode of a file or folder if it grants users outside its owner and group any of the bits in `any`.
#[cfg(unix)]
pub(super) fn granted(metadata: &fs::Metadata, any: u32) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & any != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(super) fn granted(_metadata: &fs::Metadata, _any: u32) -> Option<u32> {
    None
}

/// Reads the bytes of a file that the user named; `what` names its purpose in errors.
pub fn read_bytes(path: &Path, what: &str, limit: Limit) -> Result<Vec<u8>, Error> {
    input::read(path, limit, Links::Follow)
        .map_err(|error| cannot("read", what, path).with_source(error))
}

/// The text of a file that the program may have written before; an error also if it is none of ours to read.
fn read_previous(path: &Path) -> io::Result<String> {
    input::read(path, Limit::Large, Links::Follow).and_then(input::utf8_text)
}

/// Whether the path names something other than a folder. Whether that is a regular file, its reader says.
pub fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir())
}

/// Whether nothing exists at the path.
pub fn is_missing(path: &Path) -> bool {
    matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Atomically creates a file that only its owner can read; fails if the path already exists.
pub fn write_new(path: &Path, content: impl AsRef<[u8]>, what: &str) -> Result<(), Error> {
    write_new_with(path, &|to| to.write_all(content.as_ref()), what)
}

/// Like [`write_new`], with content that is streamed instead of held in memory.
fn write_new_with(path: &Path, content: WriteContent<'_>, what: &str) -> Result<(), Error> {
    create_atomically(parent_folder(path), path, content).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => {
                "the file already exists and is not overwritten; choose another name"
            }
            io::ErrorKind::NotFound => "the parent folder does not exist; create it first",
            _ => "check the folder's permissions and free space",
        };
        cannot("write", what, path)
            .with_source(error)
            .with_hint(hint)
    })
}

/// Creates a folder with files that only its owner can read, whole or not at all; fails if the path already exists.
pub fn write_new_folder(
    path: &Path,
    files: &[(&str, &str)],
    what: &'static str,
) -> Result<(), Error> {
    let exists = || {
        let hint = "it already exists and is not overwritten; choose another name";
        cannot("create", what, path).with_hint(hint)
    };
    if fs::symlink_metadata(path).is_ok() {
        return Err(exists());
    }
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Err(cannot("create", what, path));
    };
    let parent = parent_folder(path);
    if is_missing(parent) {
        let hint = "the parent folder does not exist; create it first";
        return Err(cannot("create", what, path).with_hint(hint));
    }
    let folder = NewFolder::create_in(parent, what)?;
    for (name, text) in files {
        write_new(&folder.path().join(name), text, what)?;
    }
    folder.publish(name).map(drop)
}

fn parent_folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn create_atomically(folder: &Path, path: &Path, content: WriteContent<'_>) -> io::Result<()> {
    let file = TemporaryFile::create_in(folder)?;
    write_content(file.as_file(), content)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    File::open(folder)?.sync_all()
}

/// Writes the content of a file piece by piece, so that it is never in memory as a whole.
type WriteContent<'c> = &'c dyn Fn(&mut dyn Write) -> io::Result<()>;

/// Write buffer size in bytes.
const CHUNK: usize = 1 << 16;

fn write_content(file: impl Write, content: WriteContent<'_>) -> io::Result<()> {
    let mut buffered = io::BufWriter::with_capacity(CHUNK, file);
    content(&mut buffered)?;
    buffered.flush()
}

/// Atomically writes a file that only its owner can read, replacing an existing one.
pub fn replace(path: &Path, text: &str, what: &str) -> Result<(), Error> {
    replace_with(path, &|to| to.write_all(text.as_bytes()), what)
}

/// Like [`replace`], with content that is streamed instead of held in memory.
fn replace_with(path: &Path, content: WriteContent<'_>, what: &str) -> Result<(), Error> {
    replace_atomically(path, content, what, |_| Ok(()))
}

/// Like [`replace`], for a file that other users must be able to read, such as metrics for a collector.
/// Such a file holds no secret.
///
/// Replaces an existing file only if it is empty or `is_own` recognizes its content as ours.
pub fn replace_shared(
    path: &Path,
    text: &str,
    what: &str,
    is_own: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let is_free = match read_previous(path) {
        Ok(old) => old.is_empty() || is_own(&old),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if is_free {
        return replace_atomically(path, &|to| to.write_all(text.as_bytes()), what, share);
    }
    let hint =
        "the file holds other content and is not overwritten; name another file in the config file";
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

fn replace_atomically(
    path: &Path,
    content: WriteContent<'_>,
    what: &str,
    permit: fn(&File) -> io::Result<()>,
) -> Result<(), Error> {
    let folder = parent_folder(path);
    let write = || {
        let file = TemporaryFile::create_in(folder)?;
        write_content(file.as_file(), content)?;
        permit(file.as_file())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error: io::Error| {
        cannot("write", what, path)
            .with_source(error)
            .with_hint("check the folder's permissions and free space")
    })
}

/// Atomically writes a file; replaces an existing one only if `is_own` recognizes its content as ours.
pub fn replace_if_own(
    path: &Path,
    content: WriteContent<'_>,
    what: &str,
    is_own: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    match read_previous(path) {
        Ok(old) if is_own(&old) => replace_with(path, content, what),
        _ => write_new_with(path, content, what),
    }
}

/// Creates a folder with mode 0700, and its missing parents; leaves an existing folder unchanged.
pub fn create_private_folder(path: &Path, what: &str) -> Result<(), Error> {
    create_private_dirs(path).map_err(|error| {
        cannot("create", what, path).with_source(error).with_hint(
            "check the permissions of its parent folder, or pass another one with --state-dir",
        )
    })
}

/// Like [`create_private_folder`], but returns the system's error.
pub(super) fn create_private_dirs(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Syncs a folder, so that new entries in it survive a crash.
pub(super) fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| cannot("sync", "the folder", path).with_source(error))
}

/// Fails if no file can be created in the folder.
pub(super) fn check_writable(folder: &Path, what: &str) -> Result<(), Error> {
    TemporaryFile::create_in(folder).map(drop).map_err(|error| {
        cannot("write to", what, folder)
            .with_source(error)
            .with_hint(
                "check its permissions and free space, or pass another folder with --state-dir",
            )
    })
}

/// Removes a folder and its contents.
pub(super) fn remove_folder(path: &Path, what: &str) -> Result<(), Error> {
    fs::remove_dir_all(path).map_err(|error| cannot("remove", what, path).with_source(error))
}

/// Sets mode 0600 for files that these options create.
pub(super) fn set_owner_only(options: &mut fs::OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// The paths of all entries of a folder, sorted by name; empty if the folder does not exist.
pub(super) fn sorted_entries(folder: &Path, what: &str) -> Result<Vec<PathBuf>, Error> {
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
            .with_hint("check that the folder is the right one and belongs to you, or pass another one with --state-dir")),
    }
}

/// A folder that is filled under another name, and removed again if it never gets its own.
#[derive(Debug)]
pub(super) struct NewFolder {
    folder: tempfile::TempDir,
    parent: PathBuf,
    what: &'static str,
}

impl NewFolder {
    /// How the name of an unfinished folder starts.
    pub(super) const PREFIX: &str = ".new-";

    /// Creates it in `parent`; `what` names it in messages.
    pub(super) fn create_in(parent: &Path, what: &'static str) -> Result<Self, Error> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(Self::PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir_in(parent);
        let folder = folder.map_err(|error| cannot("create", what, parent).with_source(error))?;
        let parent = parent.to_owned();
        Ok(Self {
            folder,
            parent,
            what,
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives it its name durably; returns its path.
    pub(super) fn publish(self, name: impl AsRef<Path>) -> Result<PathBuf, Error> {
        sync_folder(self.folder.path())?;
        let path = self.parent.join(name);
        fs::rename(self.folder.path(), &path)
            .map_err(|error| cannot("create", self.what, &path).with_source(error))?;
        // The folder no longer has the name under which it would be removed.
        let _ = self.folder.keep();
        sync_folder(&self.parent)?;
        Ok(path)
    }
}

/// A temporary folder for the demo, removed when dropped.
#[derive(Debug)]
pub struct TemporaryFolder(tempfile::TempDir);

impl TemporaryFolder {
    /// Creates an empty folder in the system's temporary folder.
    pub fn new() -> Result<Self, Error> {
        tempfile::tempdir()
            .map(Self)
            .map_err(|error| Error::failed("cannot create a temporary folder").with_source(error))
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Whether the user passed a secret where the path of a file is expected.
fn resembles_secret(path: &str) -> bool {
    resembles_vendor_key(path) || resembles_age_identity(path)
}

/// The usage error for a file that the user named and that does not exist.
pub fn missing_file(what: &str, path: &Path) -> Error {
    let shown = path.display().to_string();
    if resembles_secret(&shown) {
        return cannot("find", what, path);
    }
    let shown = crate::untrusted::escape(&shown);
    Error::usage(format!("{what} `{shown}` does not exist"))
}

/// The error for a failed operation on a file or folder; never repeats a path that looks like a secret.
pub(super) fn cannot(verb: &str, what: &str, path: &Path) -> Error {
    let path = path.display().to_string();
    if resembles_secret(&path) {
        return Error::usage(format!("{what} must be the path of a file, but a secret was passed instead"))
            .with_hint("treat that secret as compromised, because command lines are visible to others: create a new one, write it to a file, and pass the file's path");
    }
    let path = crate::untrusted::escape(&path);
    Error::failed(format!("cannot {verb} {what} `{path}`"))
}
