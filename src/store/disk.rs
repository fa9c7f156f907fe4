//! Files: read whole, written whole or not at all, and readable by their owner alone.

use crate::error::Error;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// The text of a file that the user named; `what` says what it is for, such as `the export file`.
pub fn read_text(path: &Path, what: &str) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| cannot("read", what, path).with_source(error))
}

/// The bytes of a file that the user named.
pub fn read_bytes(path: &Path, what: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| cannot("read", what, path).with_source(error))
}

/// Everything that comes on standard input.
pub fn read_stdin() -> Result<String, Error> {
    let mut text = String::new();
    match io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Error::failed("cannot read standard input").with_source(error)),
    }
}

/// One line that a person types; empty at the end of input.
pub fn read_line() -> Result<String, Error> {
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(_) => Ok(line),
        Err(error) => Err(Error::failed("cannot read the answer").with_source(error)),
    }
}

/// Whether there is a file of that name.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Writes a new file that only its owner can read; it appears whole or not at all, and never replaces another.
pub fn write_new(path: &Path, text: &str, what: &str) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    write_in(folder, path, text).map_err(|error| {
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

fn write_in(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    // A temporary file of this crate has mode 0600 from its first moment.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

fn cannot(verb: &str, what: &str, path: &Path) -> Error {
    let path = crate::foreign::shown(&path.display().to_string());
    Error::failed(format!("cannot {verb} {what} `{path}`"))
}
