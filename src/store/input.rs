//! The one reader of files that a user or a repository names: regular files only, up to a size, and never a file that
//! keeps the program waiting.

use crate::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// The most bytes that a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// 1 MiB: a key, a credential, a config file, a lock.
    Small,
    /// 64 MiB: rules, which `rules init` writes for every webhook, and metrics.
    Medium,
    /// 1 GiB, as for a response: webhooks, plans, reports, records.
    Large,
}

impl Limit {
    fn mebibytes(self) -> u64 {
        match self {
            Self::Small => 1,
            Self::Medium => 64,
            Self::Large => 1024,
        }
    }

    /// Fails if there are more bytes than that.
    fn check(self, n_bytes: u64) -> io::Result<()> {
        if n_bytes <= self.mebibytes() << 20 {
            return Ok(());
        }
        let size = match self.mebibytes() {
            1024 => "1 GiB".to_owned(),
            mebibytes => format!("{mebibytes} MiB"),
        };
        Err(io::Error::other(format!("it is larger than {size}")))
    }
}

/// Whether a path may be a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// As users expect of the paths that they type.
    Follow,
    /// In folders that are hookferry's own, where it never makes one.
    Refuse,
}

/// Opens a regular file to read.
pub(super) fn open(path: &Path, links: Links) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    if is_own_descriptor(path) {
        // The shell opened it for this process, as with `<(…)`, so somebody writes to it.
        let file = options.open(path)?;
        let metadata = file.metadata()?;
        return Ok((file, metadata));
    }
    open_regular(&mut options, path, links)
}

/// Opens a path with these options; an error at once if it is anything but a regular file.
pub(super) fn open_regular(
    options: &mut OpenOptions,
    path: &Path,
    links: Links,
) -> io::Result<(File, Metadata)> {
    set_flags(options, links);
    let file = options
        .open(path)
        .map_err(|error| explain(error, path, links))?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(other_kind(&metadata))
    }
}

/// Whether a path names something that is open in this process, such as the pipe of `<(…)` or `/dev/stdin`.
fn is_own_descriptor(path: &Path) -> bool {
    if path == Path::new("/dev/stdin") {
        return true;
    }
    let is_number = |name: &OsStr| {
        name.to_str()
            .is_some_and(|name| name.parse::<u32>().is_ok())
    };
    let (Some(folder), true) = (path.parent(), path.file_name().is_some_and(is_number)) else {
        return false;
    };
    let is_same = |other: &str| match (folder.canonicalize(), Path::new(other).canonicalize()) {
        (Ok(folder), Ok(other)) => folder == other,
        _ => false,
    };
    is_same("/dev/fd") || is_same("/proc/self/fd")
}

/// Without `NONBLOCK` opening a pipe would wait for somebody who writes to it.
#[cfg(unix)]
fn set_flags(options: &mut OpenOptions, links: Links) {
    use rustix::fs::OFlags;
    let nofollow = match links {
        Links::Follow => OFlags::empty(),
        Links::Refuse => OFlags::NOFOLLOW,
    };
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | nofollow;
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
}

#[cfg(not(unix))]
fn set_flags(_options: &mut OpenOptions, _links: Links) {}

/// Says what the path is, where that is why it cannot be opened.
fn explain(error: io::Error, path: &Path, links: Links) -> io::Error {
    let metadata = match links {
        Links::Follow => fs::metadata(path),
        Links::Refuse => fs::symlink_metadata(path),
    };
    match metadata {
        Ok(metadata) if !metadata.is_file() => other_kind(&metadata),
        _ => error,
    }
}

fn other_kind(metadata: &Metadata) -> io::Error {
    io::Error::other(format!("it is {}, not a regular file", kind_name(metadata)))
}

#[cfg(unix)]
fn kind_name(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn kind_name(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        "a folder"
    } else {
        "something else"
    }
}

/// Reads the bytes of a regular file.
pub(super) fn read(path: &Path, limit: Limit, links: Links) -> io::Result<Vec<u8>> {
    read_with_metadata(path, limit, links).map(|(_, bytes)| bytes)
}

/// Reads a file and its metadata through the same handle, so that the permissions belong to the file that was read.
pub(super) fn read_with_metadata(
    path: &Path,
    limit: Limit,
    links: Links,
) -> io::Result<(Metadata, Vec<u8>)> {
    let (file, metadata) = open(path, links)?;
    limit.check(metadata.len())?;
    let bytes = read_limited(file, limit, metadata.len())?;
    Ok((metadata, bytes))
}

/// Reads to the end; `expected` is how many bytes there probably are.
pub(super) fn read_limited(
    from: impl io::Read,
    limit: Limit,
    expected: u64,
) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
    // A file can grow while it is read, and a pipe has no size.
    from.take((limit.mebibytes() << 20) + 1)
        .read_to_end(&mut bytes)?;
    limit.check(bytes.len() as u64)?;
    Ok(bytes)
}

/// Reads standard input to its end.
pub fn read_stdin() -> Result<Vec<u8>, Error> {
    read_limited(io::stdin(), Limit::Large, 0)
        .map_err(|error| Error::failed("cannot read standard input").with_source(error))
}

/// Reads standard input to its end, as text.
pub fn read_stdin_text() -> Result<String, Error> {
    decode_text(read_stdin()?)
        .map_err(|error| Error::failed("cannot read standard input").with_source(error))
}

/// Decodes a text: UTF-8, or UTF-16 as PowerShell's `>` writes it; without a byte order mark.
pub fn decode_text(bytes: Vec<u8>) -> io::Result<String> {
    if let Some(decoded) = decode_utf16(&bytes) {
        return decoded;
    }
    utf8_text(bytes).map(without_mark)
}

/// The text of UTF-8, as it is.
pub(super) fn utf8_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| invalid("it is not valid UTF-8"))
}

/// Whether bytes are UTF-16.
pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    is_big_endian_utf16(bytes).is_some()
}

/// Whether UTF-16 is big endian; `None` if the bytes are not UTF-16, which starts with its byte order mark, or with one of
/// the ASCII characters with which every text that hookferry reads starts.
fn is_big_endian_utf16(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [0xff, 0xfe, ..] | [1..=0x7f, 0, ..] => Some(false),
        [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] => Some(true),
        _ => None,
    }
}

fn decode_utf16(bytes: &[u8]) -> Option<io::Result<String>> {
    let is_big_endian = is_big_endian_utf16(bytes)?;
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| {
        if is_big_endian {
            u16::from_be_bytes(*pair)
        } else {
            u16::from_le_bytes(*pair)
        }
    });
    let decoded: Result<String, _> = char::decode_utf16(units).collect();
    Some(match decoded {
        Ok(text) if rest.is_empty() => Ok(without_mark(text)),
        _ => Err(invalid(
            "it is damaged UTF-16, which PowerShell's `>` writes",
        )),
    })
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
