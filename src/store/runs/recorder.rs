//! Writes the record of the current run: starts it before the first write to the target, appends to it around every
//! request, and completes it with the report.

use super::entry::{Begin, End, Entry, LearnedRow, LearnedWhat};
use super::journal::Journal;
use crate::coralogix::content::{Content, Fingerprint};
use crate::coralogix::sealed::{Seal, Sealed, Sealer};
use crate::error::Error;
use crate::pipeline::push::{self, Learned, Note, Proof};
use crate::store::disk::{self, WriteContent};
use jiff::Timestamp;
use smol_str::SmolStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The content of a run's files that must exist before the run may write to the target.
pub struct Opening<'o> {
    /// The first entry of the journal.
    pub begin: Begin,
    /// Writes the plan as it was shown, masked.
    pub plan: WriteContent<'o>,
    /// A JSON array of the current bodies of the webhooks to update, secrets included; `None` if there are none.
    pub previous: Option<&'o str>,
}

/// Writes the record of a run.
pub struct Recorder {
    run: String,
    folder: PathBuf,
    journal: Mutex<Journal>,
    sealer: Sealer,
}

impl Recorder {
    /// Creates the folder of a run with everything that must be durable before the first write to the target.
    pub(super) fn begin(
        folder: PathBuf,
        opening: Opening<'_>,
        sealer: Sealer,
    ) -> Result<Self, Error> {
        disk::private_folder(&folder, "the run record")?;
        disk::write_new_with(&folder.join("plan.json"), opening.plan, "the run's plan")?;
        if let Some(previous) = opening.previous {
            let path = folder.join("previous.json");
            disk::write_new(&path, previous, "the previous bodies")?;
        }
        let run = opening.begin.run.clone();
        let mut journal = Journal::create(&folder.join("journal.jsonl"))?;
        journal.append(&Entry::Begin(Box::new(opening.begin)))?;
        disk::sync_folder(&folder)?;
        Ok(Self {
            run,
            folder,
            journal: Mutex::new(journal),
            sealer,
        })
    }

    /// The run's id, also the name of its folder.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The path of the run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Digests a content under this record's key.
    pub fn seal(&self, content: Content) -> Sealed {
        self.sealer.content(content)
    }

    /// Digests a full fingerprint of a webhook under this record's key.
    pub fn seal_shown(&self, shown: Fingerprint) -> Seal {
        self.sealer.fingerprint(shown)
    }

    /// Appends the run's outcome as its last entry.
    pub fn end(&self, end: End) -> Result<(), Error> {
        self.append(&Entry::End(end))
    }

    fn append(&self, entry: &Entry) -> Result<(), Error> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.append(entry)
    }

    /// Writes a result file into the run's folder, such as the report or the id map.
    pub fn keep(&self, name: &str, content: WriteContent<'_>) -> Result<(), Error> {
        disk::replace_with(&self.folder.join(name), content, "the run record")
    }

    /// Converts a status update into its journal form.
    fn row(&self, place: usize, learned: &Learned) -> LearnedRow {
        let what = match learned {
            Learned::Arrived { id, proof, kept } => LearnedWhat::Arrived {
                id: SmolStr::new(id.as_str()),
                acknowledged: *proof == Proof::Acknowledged,
                kept: kept.map(|kept| self.sealer.content(kept)),
            },
            Learned::Returned => LearnedWhat::Returned,
            Learned::Over => LearnedWhat::Over,
            Learned::Unresolved(why) => LearnedWhat::Unresolved { why: why.clone() },
        };
        LearnedRow { place, what }
    }
}

/// Records the notes of a push in the journal file.
impl push::Journal for Recorder {
    fn note(&mut self, note: &Note) -> Result<(), Error> {
        let at = Timestamp::now();
        let entry = match note {
            Note::Sending(places) => Entry::Sending {
                at,
                places: places.clone(),
            },
            Note::Learned(learned) => Entry::Learned {
                at,
                webhooks: learned
                    .iter()
                    .map(|(place, learned)| self.row(*place, learned))
                    .collect(),
            },
        };
        self.append(&entry)
    }
}
