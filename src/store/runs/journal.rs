//! The journal file: lines of JSON, each with a checksum over itself and all lines before it, each synced to disk
//! before it counts. A last line that a crash cut off is dropped; any other damage is an error, and a damaged
//! journal never counts as an empty one.

use crate::coralogix::digest::to_hex;
use crate::document::run::entry::JournalEntry;
use crate::error::Error;
use crate::store::input::{self, Limit, Links};
use ring::digest::{Context, SHA256};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The name of a journal in the folder of its run.
pub(super) const JOURNAL_NAME: &str = "journal.jsonl";
/// Length of a line's checksum in hexadecimal digits.
const CHECKSUM_DIGITS: usize = 16;
/// What stands before the JSON of a line, until its checksum takes that place.
const CHECKSUM_PLACE: [u8; CHECKSUM_DIGITS + 1] = [b' '; CHECKSUM_DIGITS + 1];
/// Bytes of a first entry that are written at once.
const BUFFER_BYTES: usize = 128 * 1024;

/// A journal file that is open for appending.
#[derive(Debug)]
pub(super) struct JournalFile {
    file: File,
    path: PathBuf,
    sum: String,
    /// Whether a write failed; the bytes after the last complete line are then unknown, so nothing more is appended.
    is_broken: bool,
}

/// The content of a journal file.
#[derive(Debug, Default)]
pub(super) struct JournalContent {
    pub(super) entries: Vec<JournalEntry>,
    /// Offset in bytes of the end of the last complete line.
    intact_len: u64,
    sum: String,
}

impl JournalFile {
    /// Creates a journal file that only its owner can read, with its first entry, which is synced to disk when this
    /// returns.
    ///
    /// Each part of the entry is written while it is serialized, and its checksum last. So a crash leaves damage, and the
    /// file must not have the place of a journal before this returns.
    pub(super) fn create(path: &Path, first_entry: &impl Serialize) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        crate::store::disk::set_owner_only(&mut options);
        let mut file = options
            .open(path)
            .map_err(|error| journal_error("be created", path).with_source(error))?;
        let sum = write_first_line(&mut file, first_entry)
            .map_err(|error| journal_error("be written", path).with_source(error))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            sum,
            is_broken: false,
        })
    }

    /// The same journal after its folder got another name.
    pub(super) fn moved_to(self, path: PathBuf) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        let file = input::open_regular(options.append(true), &path, Links::Refuse);
        let (file, _) =
            file.map_err(|error| journal_error("be opened", &path).with_source(error))?;
        Ok(Self { file, path, ..self })
    }

    /// Opens a journal to append after its last complete line; also returns its entries.
    pub(super) fn reopen(path: &Path) -> Result<(Self, Vec<JournalEntry>), Error> {
        let failed = |error| journal_error("be opened", path).with_source(error);
        let read = read(path)?;
        let mut options = OpenOptions::new();
        let file = input::open_regular(options.write(true), path, Links::Refuse);
        let (mut file, _) = file.map_err(failed)?;
        file.set_len(read.intact_len).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let journal = Self {
            file,
            path: path.to_owned(),
            sum: read.sum,
            is_broken: false,
        };
        Ok((journal, read.entries))
    }

    /// Appends an entry durably: it is synced to disk when this returns.
    pub(super) fn append(&mut self, entry: &JournalEntry) -> Result<(), Error> {
        // The checksum precedes the text that it covers; the whole line goes out in one write.
        let mut line = CHECKSUM_PLACE.to_vec();
        serde_json::to_writer(&mut line, entry)
            .map_err(|error| journal_error("be written", &self.path).with_source(error))?;
        if self.is_broken {
            return Err(journal_error(
                "be appended to because an earlier write failed",
                &self.path,
            ));
        }
        let sum = checksum(&self.sum, &line[CHECKSUM_DIGITS + 1..]);
        line[..CHECKSUM_DIGITS].copy_from_slice(sum.as_bytes());
        line.push(b'\n');
        let written = self
            .file
            .write_all(&line)
            .and_then(|()| self.file.sync_data());
        self.is_broken = written.is_err();
        written.map_err(|error| journal_error("be written", &self.path).with_source(error))?;
        self.sum = sum;
        Ok(())
    }
}

/// Writes the first line of a journal, and returns its checksum.
fn write_first_line(file: &mut File, entry: &impl Serialize) -> io::Result<String> {
    file.write_all(&CHECKSUM_PLACE)?;
    let summing = SummingWriter {
        file: &mut *file,
        context: Context::new(&SHA256),
    };
    let mut buffered = BufWriter::with_capacity(BUFFER_BYTES, summing);
    serde_json::to_writer(&mut buffered, entry)?;
    let SummingWriter { context, .. } = buffered.into_inner()?;
    let sum = checksum_digits(context);
    file.write_all(b"\n")?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(sum.as_bytes())?;
    file.seek(SeekFrom::End(0))?;
    file.sync_data()?;
    Ok(sum)
}

/// Writes to a file, and digests what it writes.
struct SummingWriter<'f> {
    file: &'f mut File,
    context: Context,
}

impl Write for SummingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.context.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads a journal; ignores a last line without a line end, which a crash may leave.
pub(super) fn read(path: &Path) -> Result<JournalContent, Error> {
    let bytes = input::read(path, Limit::Large, Links::Refuse)
        .map_err(|error| journal_error("be read", path).with_source(error))?;
    let mut found = JournalContent::default();
    for (line_ix, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let is_last = found.intact_len + line.len() as u64 == bytes.len() as u64;
        match verify_line(line, &found.sum) {
            Some((json, sum)) => {
                let entry = serde_json::from_str(json);
                found
                    .entries
                    .push(entry.map_err(|_| unknown_entry_error(path, line_ix + 1))?);
                found.sum = sum;
                found.intact_len += line.len() as u64;
            }
            None if is_last && !line.ends_with(b"\n") => break,
            None => return Err(damaged_error(path, line_ix + 1)),
        }
    }
    Ok(found)
}

/// Verifies the checksum of a line; returns its JSON and checksum, or `None` if the line is damaged.
fn verify_line<'l>(line: &'l [u8], before: &str) -> Option<(&'l str, String)> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (found, json) = line.split_at_checked(CHECKSUM_DIGITS)?;
    let json = json.strip_prefix(' ')?;
    let expected = checksum(before, json.as_bytes());
    (found == expected).then_some((json, expected))
}

fn checksum(before: &str, json: &[u8]) -> String {
    let mut context = Context::new(&SHA256);
    context.update(before.as_bytes());
    context.update(json);
    checksum_digits(context)
}

fn checksum_digits(context: Context) -> String {
    let digest = context.finish();
    let half = CHECKSUM_DIGITS / 2;
    to_hex(&digest.as_ref()[..half])
}

pub(super) fn damaged_error(path: &Path, line: usize) -> Error {
    let shown = crate::untrusted::escape(&path.display().to_string());
    Error::failed(format!("the run record `{shown}` is damaged in line {line}"))
        .with_hint("it no longer shows what the run sent: check the target with `hookferry list --from ACCOUNT`, then move the run's folder away")
}

/// The error for an undamaged line that this version cannot interpret.
fn unknown_entry_error(path: &Path, line: usize) -> Error {
    let shown = crate::untrusted::escape(&path.display().to_string());
    Error::failed(format!(
        "the run record `{shown}` has an entry in line {line} that this version does not know"
    ))
    .with_hint("use the version of hookferry that wrote it, or a newer one")
}

fn journal_error(verb: &str, path: &Path) -> Error {
    let shown = crate::untrusted::escape(&path.display().to_string());
    Error::failed(format!("the run record `{shown}` cannot {verb}")).with_hint(
        "check the folder's permissions and free space, or pass another folder with --state-dir",
    )
}

#[cfg(test)]
mod tests {
    use super::{BUFFER_BYTES, JournalFile, checksum, read};
    use crate::store::runs::entry::JournalEntry;
    use jiff::Timestamp;

    fn sending(n: usize) -> JournalEntry {
        JournalEntry::Sending {
            at: Timestamp::UNIX_EPOCH,
            steps: vec![n.into()],
        }
    }

    fn journal_with(n: usize) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let mut journal = JournalFile::create(&path, &sending(0)).expect("a journal");
        for at in 1..n {
            journal.append(&sending(at)).expect("room on the disk");
        }
        (folder, path)
    }

    #[test]
    fn a_truncated_last_line_is_dropped_and_overwritten() {
        let (_folder, path) = journal_with(3);
        let text = std::fs::read_to_string(&path).expect("text");
        let two = text.match_indices('\n').nth(1).expect("a second line").0 + 1;
        for length in two..text.len() {
            std::fs::write(&path, &text[..length]).expect("written");
            assert_eq!(read(&path).expect("read").entries.len(), 2);
        }
        let (mut journal, entries) = JournalFile::reopen(&path).expect("opened");
        assert_eq!(entries.len(), 2);
        journal.append(&sending(2)).expect("room on the disk");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), text);
    }

    #[test]
    fn a_first_entry_of_many_buffers_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let first = JournalEntry::Sending {
            at: Timestamp::UNIX_EPOCH,
            steps: (0..40_000).map(|at| (2 * at).into()).collect(),
        };
        let mut journal = JournalFile::create(&path, &first).expect("a journal");
        journal.append(&sending(1)).expect("room on the disk");
        assert!(std::fs::metadata(&path).expect("a file").len() > 3 * BUFFER_BYTES as u64);
        let entries = read(&path).expect("read").entries;
        let text = |entry| serde_json::to_string(entry).expect("JSON");
        assert_eq!(entries.len(), 2);
        assert_eq!(text(&entries[0]), text(&first));
    }

    #[test]
    fn an_entry_of_a_newer_version_is_not_reported_as_damage() {
        let (_folder, path) = journal_with(1);
        let text = std::fs::read_to_string(&path).expect("text");
        let json = r#"{"event":"moved","at":"1970-01-01T00:00:00Z"}"#;
        let newer = checksum(&read(&path).expect("read").sum, json.as_bytes());
        std::fs::write(&path, format!("{text}{newer} {json}\n")).expect("written");
        let error = read(&path).expect_err("not known").to_string();
        assert!(
            error.contains("line 2 that this version does not know"),
            "{error}"
        );
    }

    #[test]
    fn any_other_damage_is_detected() {
        let (_folder, path) = journal_with(3);
        let text = std::fs::read(&path).expect("bytes");
        for at in 0..text.len() - 1 {
            let mut damaged = text.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("written");
            assert!(read(&path).is_err(), "byte {at}");
        }
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        for missing in 0..2 {
            let mut rest = lines.clone();
            rest.remove(missing);
            std::fs::write(&path, rest.concat()).expect("written");
            assert!(read(&path).is_err(), "without line {missing}");
        }
    }
}
