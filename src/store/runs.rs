//! The user's run records, one folder each: list, open, append to, and prune them.
//! Never removes a record with open sends.

mod journal;
mod previous;
mod recorder;
mod rollback_journal;

pub use recorder::{InitialFiles, LiveRecord, Recorder};
pub use rollback_journal::RollbackJournal;

use crate::coralogix::digest::DigestKey;
use crate::coralogix::webhook::{Webhook, parse_list};
use crate::document::major_version;
use crate::document::run::RunRecord;
use crate::document::run::entry::{self, Header, JournalEntry};
use crate::error::Error;
use crate::store::{disk, state_folder};
use jiff::{SignedDuration, Timestamp};
use journal::{JOURNAL_NAME, JournalFile};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of the run records in a state folder.
pub(super) const FOLDER: &str = "runs";

/// Access to the folder of run records.
#[derive(Debug, Clone)]
pub struct Runs {
    folder: PathBuf,
    /// The value of `--state-dir` with which a command finds the folder; `None` if it is the usual one.
    state_dir: Option<String>,
}

/// A run as found in the folder.
#[derive(Debug)]
pub struct ListedRun {
    /// The run's id, which is also the name of its folder.
    pub id: String,
    /// Its record; an error if the record is damaged.
    pub record: Result<RunRecord, Error>,
}

impl Runs {
    /// The run records of a state folder, which need not exist yet; `state_dir` is the value of `--state-dir` with which
    /// a command finds it, if it needs one.
    pub fn new(state: &Path, state_dir: Option<String>) -> Self {
        Self {
            folder: state.join(FOLDER),
            state_dir,
        }
    }

    /// Creates the folder if it is missing, and fails unless records can be written to it.
    pub fn prepare(&self) -> Result<(), Error> {
        disk::create_private_folder(&self.folder, "the state folder")?;
        disk::sync_folder(self.folder.parent().unwrap_or(&self.folder))?;
        disk::check_writable(&self.folder, "the state folder")
    }

    /// Reads the record of every run, oldest first.
    pub fn all(&self) -> Result<Vec<ListedRun>, Error> {
        let to_listed_run = |path: PathBuf| {
            let id = path.file_name()?.to_str()?.to_owned();
            is_run_id(&id).then(|| ListedRun {
                record: self.read(&path),
                id,
            })
        };
        let names = disk::sorted_entries(&self.folder, "the run records")?;
        Ok(names.into_iter().filter_map(to_listed_run).collect())
    }

    /// The id of every run, oldest first; reads no record.
    pub fn ids(&self) -> Result<Vec<String>, Error> {
        let names = disk::sorted_entries(&self.folder, "the run records")?;
        let ids = names.iter().filter_map(|path| path.file_name()?.to_str());
        Ok(ids.filter(|id| is_run_id(id)).map(str::to_owned).collect())
    }

    /// Resolves what the user typed to a run id: `latest`, an id, or an unambiguous prefix of one.
    pub fn find(&self, text: &str) -> Result<String, Error> {
        let mut ids = self.ids()?;
        let hint =
            "`hookferry runs` lists the run records; pass --state-dir to read another folder";
        if text == "latest" {
            return ids
                .pop()
                .ok_or_else(|| Error::failed("there is no run record yet").with_hint(hint));
        }
        let shown = crate::untrusted::escape_truncated(text, 40);
        if ids.iter().any(|id| id == text) {
            return Ok(text.to_owned());
        }
        ids.retain(|id| !text.is_empty() && id.starts_with(text));
        match (ids.pop(), ids.is_empty()) {
            (Some(id), true) => Ok(id),
            (Some(_), false) => Err(Error::failed(format!(
                "`{shown}` is ambiguous: several run ids start with it"
            ))
            .with_hint(hint)),
            (None, _) => {
                Err(Error::failed(format!("there is no run record `{shown}`")).with_hint(hint))
            }
        }
    }

    /// Reads the record of a run.
    ///
    /// # Errors
    /// Where the record is missing or damaged.
    pub fn open(&self, id: &str) -> Result<RunRecord, Error> {
        self.read(&self.path(id))
    }

    /// The webhooks that a run updates as the target had them before, decrypted; `None` if its record holds none.
    ///
    /// # Errors
    /// Where the file is not what the run saved there: nothing of it may be restored.
    pub fn previous_bodies(
        &self,
        record: &RunRecord,
        digest_key: &DigestKey,
    ) -> Result<Option<Vec<Webhook>>, Error> {
        if !record.header.has_previous_bodies {
            return Ok(None);
        }
        let folder = self.path(record.id());
        let Some(text) = previous::read(&folder, record.id(), digest_key)? else {
            return Ok(None);
        };
        let bodies = parse_list(text);
        bodies
            .map(Some)
            .map_err(|_| previous::damaged_error(record.id()))
    }

    /// Starts the record of a new run; the header in `opening` must carry an id from [`new_id`].
    pub fn start<'p>(
        &self,
        opening: InitialFiles<'p>,
        digest_key: Arc<DigestKey>,
    ) -> Result<LiveRecord<'p>, Error> {
        LiveRecord::start(&self.folder, opening, digest_key)
    }

    /// Opens the record of a run that has ended, to append the entries of a rollback.
    pub fn reopen(&self, id: &str, digest_key: Arc<DigestKey>) -> Result<Recorder, Error> {
        Recorder::reopen(id.to_owned(), &self.path(id), digest_key)
    }

    /// Appends an entry to the record of a run that has ended.
    pub fn append(&self, id: &str, entry: &JournalEntry) -> Result<(), Error> {
        let (mut journal, _) = JournalFile::reopen(&self.path(id).join(JOURNAL_NAME))?;
        journal.append(entry)
    }

    /// Removes the records of runs that started before the given period and have no open sends; returns their ids.
    pub fn prune(&self, keep_within: SignedDuration) -> Result<Vec<String>, Error> {
        let oldest = Timestamp::now() - keep_within;
        // Ids start with the run's time, so newer records need not be read.
        let first_kept = new_id(oldest, "");
        let mut removed = Vec::new();
        for id in self.ids()?.into_iter().filter(|id| *id <= first_kept) {
            let Ok(record) = self.open(&id) else {
                continue;
            };
            if record.header.started_at < oldest
                && record.open_sends().is_empty()
                && !record.is_rollback_open()
                && !may_be_in_progress(&record)
            {
                disk::remove_folder(&self.path(&id), "the run record")?;
                removed.push(id);
            }
        }
        Ok(removed)
    }

    fn read(&self, folder: &Path) -> Result<RunRecord, Error> {
        let mut record = read_record(folder)?;
        record
            .header
            .follow_up
            .state_dir
            .clone_from(&self.state_dir);
        Ok(record)
    }

    /// The path of a run's folder.
    pub fn path(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }
}

/// Whether a run may still be in progress: it started within a day and has not ended.
fn may_be_in_progress(record: &RunRecord) -> bool {
    let age = Timestamp::now().duration_since(record.header.started_at);
    record.footer.is_none() && age < SignedDuration::from_hours(24)
}

/// Makes a run id: the start time in UTC to the millisecond, then three characters of the hexadecimal `random`.
///
/// Ids sort by time, so the last one is the newest.
pub fn new_id(started: Timestamp, random: &str) -> String {
    let suffix: String = random.chars().take(3).collect();
    format!("{}{suffix}", started.strftime("%Y%m%d-%H%M%S-%3f"))
}

fn is_run_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let has_digits = |part: &str, length, radix| {
        part.len() == length && part.chars().all(|letter: char| letter.is_digit(radix))
    };
    matches!(parts.as_slice(), [day, time, word]
        if has_digits(day, 8, 10) && has_digits(time, 6, 10) && has_digits(word, 6, 16))
}

fn read_record(folder: &Path) -> Result<RunRecord, Error> {
    if let Ok(metadata) = std::fs::symlink_metadata(folder) {
        state_folder::refuse_link(folder, &metadata)?;
    }
    let path = folder.join(JOURNAL_NAME);
    // A run's folder never exists without its journal.
    if !disk::is_file(&path) {
        return Err(journal::damaged_error(&path, 1));
    }
    let entries = journal::read(&path)?.entries;
    if let Some(JournalEntry::Header(header)) = entries.first() {
        check_version(header)?;
    }
    RunRecord::from_entries(entries).ok_or_else(|| journal::damaged_error(&path, 1))
}

fn check_version(header: &Header) -> Result<(), Error> {
    if major_version(&header.format_version) == major_version(entry::JOURNAL_VERSION) {
        return Ok(());
    }
    let (run, tool) = (
        crate::untrusted::escape_truncated(&header.run, 40),
        crate::untrusted::escape_truncated(&header.tool, 40),
    );
    Err(Error::failed(format!(
        "the record of run {run} was written by {tool} in a format that this version cannot read"
    ))
    .with_hint("use the version of hookferry that wrote it, or a newer one"))
}
