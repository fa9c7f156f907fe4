//! Writes the record of the current run: starts it before the first write to the target, appends to it around every
//! request, and ends it.

use super::journal::{JOURNAL_NAME, JournalFile};
use super::previous;
use crate::coralogix::content::{Content, FullDigest};
use crate::coralogix::digest::{ContentDigest, DigestKey, KeyedFullDigest};
use crate::document::run::entry::{FirstEntry, Footer, Header, JournalEntry, StatusRow};
use crate::document::run::{RunRecord, StepRows};
use crate::error::Error;
use crate::pipeline::plan::StepIx;
use crate::pipeline::push::{self, JournalNote, StatusUpdate};
use crate::store::disk;
use jiff::Timestamp;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What must be durable before a run may write to the target.
pub struct InitialFiles<'p> {
    /// The first entry of the journal.
    pub header: Header<StepRows<'p>>,
    /// A JSON array of the current bodies of the webhooks to update, secrets included, which the record encrypts; `None`
    /// if there are none.
    pub previous_bodies: Option<String>,
}

/// Writes the record of a run.
pub struct Recorder {
    run_id: String,
    journal: Mutex<JournalFile>,
    digest_key: Arc<DigestKey>,
}

/// The record of a run in progress: on disk and, always with the same entries, in memory, where the plan alone has the
/// steps.
pub struct LiveRecord<'p> {
    recorder: Recorder,
    record: RunRecord<StepRows<'p>>,
}

impl<'p> LiveRecord<'p> {
    /// Creates the folder of a run in `runs`, with everything that must be durable before the first write.
    ///
    /// The folder gets its name last, so that a run's folder without a journal is always a damaged one.
    pub(super) fn start(
        runs: &Path,
        opening: InitialFiles<'p>,
        digest_key: Arc<DigestKey>,
    ) -> Result<Self, Error> {
        let folder = disk::NewFolder::create_in(runs, "the run record")?;
        if let Some(previous) = opening.previous_bodies {
            previous::write(folder.path(), &opening.header.run, previous, &digest_key)?;
        }
        let run_id = opening.header.run.clone();
        let first_entry = FirstEntry {
            header: &opening.header,
        };
        let journal = JournalFile::create(&folder.path().join(JOURNAL_NAME), &first_entry)?;
        let folder = folder.publish(&run_id)?;
        Ok(Self {
            recorder: Recorder {
                run_id,
                journal: Mutex::new(journal.moved_to(folder.join(JOURNAL_NAME))?),
                digest_key,
            },
            record: RunRecord::of_new_run(opening.header),
        })
    }

    /// The run's id, also the name of its folder.
    pub fn run_id(&self) -> &str {
        self.recorder.run_id()
    }

    /// The record so far.
    pub fn record(&self) -> &RunRecord<StepRows<'p>> {
        &self.record
    }

    /// Writes digests under the key of this record.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Appends the run's outcome as its last entry, and returns the record as far as the outcome shows it.
    ///
    /// The record has the outcome even if it could not be written; the second value says why.
    pub fn finish(mut self, footer: Footer) -> (RunRecord, Result<(), Error>) {
        let entry = JournalEntry::Footer(footer.into());
        let written = self.recorder.append(&entry);
        self.record.apply(entry);
        (self.record.into_outlined(), written)
    }
}

/// Records the notes of a push.
impl push::Journal for LiveRecord<'_> {
    fn record(&mut self, note: &JournalNote) -> Result<(), Error> {
        let entry = self.recorder.to_entry(note);
        self.recorder.append(&entry)?;
        self.record.apply(entry);
        Ok(())
    }
}

impl Recorder {
    /// Opens the record of a run that has ended, to append to it.
    pub(super) fn reopen(
        run_id: String,
        folder: &Path,
        digest_key: Arc<DigestKey>,
    ) -> Result<Self, Error> {
        let (journal, _) = JournalFile::reopen(&folder.join(JOURNAL_NAME))?;
        Ok(Self {
            run_id,
            journal: Mutex::new(journal),
            digest_key,
        })
    }

    /// The run's id, also the name of its folder.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Digests a content under this record's key.
    pub fn digest_content(&self, content: Content) -> ContentDigest {
        self.digest_key.digest_content(content)
    }

    /// Digests the full digest of a webhook under this record's key.
    pub fn digest_full(&self, full: &FullDigest) -> KeyedFullDigest {
        self.digest_key.digest_full_fingerprints(full)
    }

    /// Appends an entry durably.
    pub fn append(&self, entry: &JournalEntry) -> Result<(), Error> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.append(entry)
    }

    /// The entry that records a note, now.
    pub(super) fn to_entry(&self, note: &JournalNote) -> JournalEntry {
        let at = Timestamp::now();
        match note {
            JournalNote::Sending(step_ixs) => JournalEntry::Sending {
                at,
                steps: step_ixs.clone(),
            },
            JournalNote::StatusUpdates(updates) => JournalEntry::StatusUpdates {
                at,
                webhooks: updates
                    .iter()
                    .map(|(step_ix, update)| self.to_row(*step_ix, update))
                    .collect(),
            },
        }
    }

    fn to_row(&self, step_ix: StepIx, update: &StatusUpdate) -> StatusRow {
        let altered = update.altered_content;
        StatusRow {
            step_ix,
            status: update.status.clone(),
            birth: update.birth,
            naming: update.naming,
            stored: altered.map(|content| self.digest_key.digest_content(content)),
        }
    }
}

/// Records the notes of a push in the journal alone.
impl push::Journal for Recorder {
    fn record(&mut self, note: &JournalNote) -> Result<(), Error> {
        self.append(&self.to_entry(note))
    }
}
