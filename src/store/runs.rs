//! The run records of this user: one folder each, listed, opened, added to and removed when they are old.
//! Never removes a record that still has something open.

pub mod entry;
mod journal;
mod record;
mod recorder;

pub use record::{Arrived, Record, RolledBack, Standing};
pub use recorder::{Opening, Recorder};

use crate::coralogix::sealed::Sealer;
use crate::error::Error;
use crate::store::disk;
use entry::{Begin, Entry};
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use std::path::{Path, PathBuf};

/// The folder of all run records.
#[derive(Debug, Clone)]
pub struct Runs {
    folder: PathBuf,
}

/// One entry of the folder.
#[derive(Debug)]
pub struct Listed {
    /// The run's id.
    pub id: String,
    /// Its record; `None` where it ended before it could have sent anything, an error where it is damaged.
    pub record: Result<Option<Record>, Error>,
}

impl Runs {
    /// The run records below a state folder, which need not exist.
    pub fn new(state: &Path) -> Self {
        Self {
            folder: state.join("runs"),
        }
    }

    /// Whether records can be written: makes the folder where it is missing.
    pub fn prepare(&self) -> Result<(), Error> {
        disk::private_folder(&self.folder, "the state folder")?;
        disk::sync_folder(self.folder.parent().unwrap_or(&self.folder))?;
        disk::check_writable(&self.folder, "the state folder")
    }

    /// Every run, the oldest first.
    pub fn all(&self) -> Result<Vec<Listed>, Error> {
        let listed = |path: PathBuf| {
            let id = path.file_name()?.to_str()?.to_owned();
            is_run_id(&id).then(|| Listed {
                record: read(&path),
                id,
            })
        };
        let names = disk::names_in(&self.folder, "the run records")?;
        Ok(names.into_iter().filter_map(listed).collect())
    }

    /// The id of every run, the oldest first; nothing of a record is read.
    pub fn ids(&self) -> Result<Vec<String>, Error> {
        let names = disk::names_in(&self.folder, "the run records")?;
        let ids = names.iter().filter_map(|path| path.file_name()?.to_str());
        Ok(ids.filter(|id| is_run_id(id)).map(str::to_owned).collect())
    }

    /// The id that a user means: `latest`, an id, or the beginning of exactly one.
    pub fn find(&self, text: &str) -> Result<String, Error> {
        let mut ids = self.ids()?;
        let hint = "`hookferry runs` lists the run records; --state-dir names another folder";
        if text == "latest" {
            return ids
                .pop()
                .ok_or_else(|| Error::failed("there is no run record yet").with_hint(hint));
        }
        let shown = crate::foreign::shortened(text, 40);
        if ids.iter().any(|id| id == text) {
            return Ok(text.to_owned());
        }
        ids.retain(|id| !text.is_empty() && id.starts_with(text));
        match (ids.pop(), ids.is_empty()) {
            (Some(id), true) => Ok(id),
            (Some(_), false) => Err(Error::failed(format!(
                "several run records begin with `{shown}`"
            ))
            .with_hint(hint)),
            (None, _) => {
                Err(Error::failed(format!("there is no run record `{shown}`")).with_hint(hint))
            }
        }
    }

    /// The record of a run.
    pub fn open(&self, id: &str) -> Result<Record, Error> {
        read(&self.path(id))?.ok_or_else(|| {
            Error::failed(format!("the run {id} ended before it sent anything"))
                .with_hint("there is nothing to show or to undo; `hookferry runs` lists the others")
        })
    }

    /// A file that a run keeps beside its journal; `None` where it has none of that name.
    pub fn kept(&self, id: &str, name: &str) -> Result<Option<String>, Error> {
        let path = self.path(id).join(name);
        if disk::is_file(&path) {
            disk::read_text(&path, "the run record").map(Some)
        } else {
            Ok(None)
        }
    }

    /// Begins the record of a new run; what it opens with must name the id that [`new_id`] gave.
    pub fn begin(&self, opening: Opening<'_>, sealer: Sealer) -> Result<Recorder, Error> {
        let folder = self.path(&opening.begin.run);
        let recorder = Recorder::begin(folder, opening, sealer)?;
        disk::sync_folder(&self.folder)?;
        Ok(recorder)
    }

    /// Adds an entry to the record of a run that is over.
    pub fn add(&self, id: &str, entry: &Entry) -> Result<(), Error> {
        let (mut journal, _) = Journal::reopen(&self.path(id).join("journal.jsonl"))?;
        journal.append(entry)
    }

    /// Removes the records of runs that began longer ago and have nothing open; gives their ids.
    pub fn prune(&self, keep_within: SignedDuration) -> Result<Vec<String>, Error> {
        let oldest = Timestamp::now() - keep_within;
        // Ids begin with their time, so the records of younger runs need not be read.
        let first_kept = new_id(oldest, "");
        let mut removed = Vec::new();
        for id in self.ids()?.into_iter().filter(|id| *id <= first_kept) {
            let Ok(Some(record)) = read(&self.path(&id)) else {
                continue;
            };
            if record.begin.at < oldest && record.open().is_empty() && !is_at_work(&record) {
                disk::remove_folder(&self.path(&id), "the run record")?;
                removed.push(id);
            }
        }
        Ok(removed)
    }

    /// The folder of a run.
    pub fn path(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }
}

/// A run that began within a day and has not ended may still be at work.
fn is_at_work(record: &Record) -> bool {
    let age = Timestamp::now().duration_since(record.begin.at);
    record.end.is_none() && age < SignedDuration::from_hours(24)
}

/// The id of a run that begins now: its time in UTC to the millisecond, and a word that tells it from others.
///
/// Ids sort by time, so that the last one is the newest.
pub fn new_id(now: Timestamp, word: &str) -> String {
    let word: String = word.chars().take(3).collect();
    format!("{}{word}", now.strftime("%Y%m%d-%H%M%S-%3f"))
}

fn is_run_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_of = |part: &str, length, radix| {
        part.len() == length && part.chars().all(|letter: char| letter.is_digit(radix))
    };
    matches!(parts.as_slice(), [day, time, word]
        if is_of(day, 8, 10) && is_of(time, 6, 10) && is_of(word, 6, 16))
}

fn read(folder: &Path) -> Result<Option<Record>, Error> {
    let path = folder.join("journal.jsonl");
    let entries = if disk::is_file(&path) {
        journal::read(&path)?.entries
    } else {
        Vec::new()
    };
    // A run has a report only after it has begun.
    if entries.is_empty() && disk::is_file(&folder.join("report.json")) {
        return Err(journal::damaged(&path, 1));
    }
    if let Some(Entry::Begin(begin)) = entries.first() {
        check_version(begin)?;
    }
    Ok(Record::of(entries))
}

fn check_version(begin: &Begin) -> Result<(), Error> {
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if major(&begin.format_version) == major(entry::JOURNAL_VERSION) {
        return Ok(());
    }
    let (run, tool) = (
        crate::foreign::shortened(&begin.run, 40),
        crate::foreign::shortened(&begin.tool, 40),
    );
    Err(Error::failed(format!(
        "the record of run {run} was written by {tool}, in a form that this version does not read"
    ))
    .with_hint("use the version that wrote it, or a newer one"))
}
