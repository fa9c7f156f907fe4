//! Writes the record of the current run: starts it before the first write to the target, appends to it around every
//! request, and completes it with the report.

use super::entry::{Footer, Header, JournalEntry, RecordedStatusUpdate, StatusUpdateRow};
use super::journal::{JOURNAL_NAME, JournalFile};
use crate::coralogix::content::{Content, FullDigest};
use crate::coralogix::digest::{ContentDigest, DigestKey, KeyedFullDigest};
use crate::error::Error;
use crate::pipeline::push::{self, JournalNote, Proof, StatusUpdate};
use crate::store::disk::{self, WriteContent};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The content of a run's files that must exist before the run may write to the target.
pub struct InitialFiles<'o> {
    /// The first entry of the journal.
    pub header: Header,
    /// Writes the plan as it was shown, masked.
    pub plan: WriteContent<'o>,
    /// A JSON array of the current bodies of the webhooks to update, secrets included; `None` if there are none.
    pub previous_bodies: Option<&'o str>,
}

/// Writes the record of a run.
pub struct Recorder {
    run_id: String,
    folder: PathBuf,
    journal: Mutex<JournalFile>,
    digest_key: Arc<DigestKey>,
}

impl Recorder {
    /// Creates the folder of a run with everything that must be durable before the first write to the target.
    pub(super) fn start(
        folder: PathBuf,
        opening: InitialFiles<'_>,
        digest_key: DigestKey,
    ) -> Result<Self, Error> {
        disk::create_private_folder(&folder, "the run record")?;
        disk::write_new_with(&folder.join("plan.json"), opening.plan, "the run's plan")?;
        if let Some(previous) = opening.previous_bodies {
            let path = folder.join("previous.json");
            disk::write_new(&path, previous, "the previous bodies")?;
        }
        let run_id = opening.header.run.clone();
        let mut journal = JournalFile::create(&folder.join(JOURNAL_NAME))?;
        journal.append(&JournalEntry::Header(Box::new(opening.header)))?;
        disk::sync_folder(&folder)?;
        Ok(Self {
            run_id,
            folder,
            journal: Mutex::new(journal),
            digest_key: digest_key.into(),
        })
    }

    /// Opens the record of a run that has ended, to append to it.
    pub(super) fn reopen(
        run_id: String,
        folder: PathBuf,
        digest_key: Arc<DigestKey>,
    ) -> Result<Self, Error> {
        let (journal, _) = JournalFile::reopen(&folder.join(JOURNAL_NAME))?;
        Ok(Self {
            run_id,
            folder,
            journal: Mutex::new(journal),
            digest_key,
        })
    }

    /// The run's id, also the name of its folder.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The path of the run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Digests a content under this record's key.
    pub fn digest_content(&self, content: Content) -> ContentDigest {
        self.digest_key.digest_content(content)
    }

    /// Digests the full digest of a webhook under this record's key.
    pub fn digest_full(&self, full: &FullDigest) -> KeyedFullDigest {
        self.digest_key.digest_full_fingerprints(full)
    }

    /// Appends the run's outcome as its last entry.
    pub fn finish(&self, footer: Footer) -> Result<(), Error> {
        self.append(&JournalEntry::Footer(footer))
    }

    /// Appends an entry durably.
    pub fn append(&self, entry: &JournalEntry) -> Result<(), Error> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.append(entry)
    }

    /// Writes a result file into the run's folder, such as the report or the id map.
    pub fn write_file(&self, name: &str, content: WriteContent<'_>) -> Result<(), Error> {
        disk::replace_with(&self.folder.join(name), content, "the run record")
    }

    /// Converts a status update into its journal form.
    fn to_row(&self, step_ix: usize, update: &StatusUpdate) -> StatusUpdateRow {
        let update = match update {
            StatusUpdate::Written {
                id,
                proof,
                altered_content: kept,
                birth,
                naming,
            } => RecordedStatusUpdate::Written {
                id: id.clone(),
                acknowledged: *proof == Proof::Acknowledged,
                naming: *naming,
                kept: kept.map(|kept| self.digest_key.digest_content(kept)),
                created_at: *birth,
            },
            StatusUpdate::Deleted => RecordedStatusUpdate::Deleted,
            StatusUpdate::NotWritten => RecordedStatusUpdate::NotWritten,
            StatusUpdate::Abandoned => RecordedStatusUpdate::Abandoned,
            StatusUpdate::Unresolved { why, is_named } => RecordedStatusUpdate::Unresolved {
                why: why.clone(),
                named: *is_named,
            },
        };
        StatusUpdateRow { step_ix, update }
    }
}

/// Records the notes of a push in the journal file.
impl push::Journal for Recorder {
    fn record(&mut self, note: &JournalNote) -> Result<(), Error> {
        let at = Timestamp::now();
        let entry = match note {
            JournalNote::Sending(step_ixs) => JournalEntry::Sending {
                at,
                step_ixs: step_ixs.clone(),
            },
            JournalNote::StatusUpdates(updates) => JournalEntry::StatusUpdates {
                at,
                webhooks: updates
                    .iter()
                    .map(|(step_ix, update)| self.to_row(*step_ix, update))
                    .collect(),
            },
        };
        self.append(&entry)
    }
}
