//! The record of the run at work: begun before its first write, written on around every request, closed with the report.

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

/// The files of one run that are made before it may write.
pub struct Opening<'o> {
    /// The first line of the journal.
    pub begin: Begin,
    /// What writes the plan as it was shown, masked.
    pub plan: WriteContent<'o>,
    /// The bodies of the webhooks that are about to be updated, as an array; with their secrets.
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
    /// Makes the folder of a run with everything that must be safe before the first write.
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

    /// The run's id.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Seals a content as this record has them.
    pub fn seal(&self, content: Content) -> Sealed {
        self.sealer.content(content)
    }

    /// Seals everything that the target shows of a webhook.
    pub fn seal_shown(&self, shown: Fingerprint) -> Seal {
        self.sealer.fingerprint(shown)
    }

    /// Ends the journal.
    pub fn end(&self, end: End) -> Result<(), Error> {
        self.append(&Entry::End(end))
    }

    fn append(&self, entry: &Entry) -> Result<(), Error> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.append(entry)
    }

    /// Keeps a file of the run's results, such as the report or the id map.
    pub fn keep(&self, name: &str, content: WriteContent<'_>) -> Result<(), Error> {
        disk::replace_with(&self.folder.join(name), content, "the run record")
    }

    /// The row of what became of a webhook.
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

/// The notes of a push go into the journal.
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
