//! The record of the run at work: begun before its first write, written on around every request, closed with the report.

use super::entry::{Begin, End, Entry, LearnedRow, LearnedWhat, SealedRow};
use super::journal::Journal;
use super::record::sealed_row;
use crate::coralogix::content::Content;
use crate::coralogix::sealed::{Seal, Sealed, Sealer};
use crate::coralogix::webhook::Webhook;
use crate::error::Error;
use crate::pipeline::push::{self, Learned, Note, Proof};
use crate::store::disk;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The files of one run that are made before it may write.
pub struct Opening<'o> {
    /// The first line of the journal.
    pub begin: Begin,
    /// What is wanted, in the plan's order.
    pub contents: Vec<Option<Content>>,
    /// The plan as it was shown, masked.
    pub plan: &'o str,
    /// The bodies of the webhooks that are about to be updated, as an array; with their secrets.
    pub previous: Option<&'o str>,
}

/// Writes the record of a run.
pub struct Recorder {
    run: String,
    folder: PathBuf,
    journal: Mutex<Journal>,
    sealer: Sealer,
    wanted: Vec<Option<Content>>,
}

impl Recorder {
    /// Makes the folder of a run with everything that must be safe before the first write.
    pub(super) fn begin(
        folder: PathBuf,
        opening: Opening<'_>,
        sealer: Sealer,
    ) -> Result<Self, Error> {
        disk::private_folder(&folder, "the run record")?;
        disk::write_new(&folder.join("plan.json"), opening.plan, "the run's plan")?;
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
            wanted: opening.contents,
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
    pub fn seal_shown(&self, webhook: &Webhook, content: Option<Content>) -> Seal {
        self.sealer.shown(webhook, content)
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
    pub fn keep(&self, name: &str, text: &str) -> Result<(), Error> {
        disk::replace(&self.folder.join(name), text, "the run record")
    }

    /// The row of what became of a webhook.
    fn row(&self, place: usize, learned: &Learned) -> LearnedRow {
        let what = match learned {
            Learned::Arrived { id, proof, kept } => LearnedWhat::Arrived {
                id: id.to_string(),
                acknowledged: *proof == Proof::Acknowledged,
                kept: kept.and_then(|kept| self.unless_as_wanted(place, kept)),
            },
            Learned::Returned => LearnedWhat::Returned,
            Learned::Over => LearnedWhat::Over,
            Learned::Unresolved(why) => LearnedWhat::Unresolved { why: why.clone() },
        };
        LearnedRow { place, what }
    }

    fn unless_as_wanted(&self, place: usize, kept: Content) -> Option<SealedRow> {
        let wanted = (*self.wanted.get(place)?)?;
        (kept.whole != wanted.whole).then(|| sealed_row(self.sealer.content(kept)))
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
