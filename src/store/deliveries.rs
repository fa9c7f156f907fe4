//! The user's test deliveries, one line of JSON each: every test is on record before it is sent, and again when its
//! result is known.
//!
//! A test belongs to a webhook, not to a run: one run's webhooks may be tested in several sessions, and a webhook that no
//! run wrote, too. So they stand in one file of the state folder, and what is shown of a run finds them by account and id.

use super::{disk, input};
use crate::document::DeliveryEntry;
use crate::error::Error;
use crate::store::input::{Limit, Links};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The name of the file in a state folder.
pub(super) const NAME: &str = "deliveries.jsonl";

/// The test deliveries of a state folder.
#[derive(Debug, Clone)]
pub struct Deliveries {
    path: PathBuf,
}

impl Deliveries {
    /// The test deliveries of a state folder, which need not exist yet.
    pub fn new(state: &Path) -> Self {
        Self {
            path: state.join(NAME),
        }
    }

    /// Appends an entry durably: it is on disk when this returns.
    pub fn append(&self, entry: &DeliveryEntry) -> Result<(), Error> {
        let mut line = serde_json::to_vec(entry).map_err(|error| self.cannot("written", error))?;
        // A crash can leave part of a line; the next one starts on a line of its own.
        line.insert(0, b'\n');
        line.push(b'\n');
        self.append_line(&line)
            .map_err(|error| self.cannot("written", error))
    }

    fn append_line(&self, line: &[u8]) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            disk::create_private_dirs(folder)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        disk::set_owner_only(&mut options);
        let is_new = disk::is_missing(&self.path);
        let (mut file, _) = input::open_regular(&mut options, &self.path, Links::Refuse)?;
        // One write each: two processes that append do not mix their lines.
        file.write_all(line)?;
        file.sync_data()?;
        match self.path.parent().filter(|_| is_new) {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    /// Every entry, the oldest first, and the number of lines that are none, such as one that a crash cut off.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn all(&self) -> Result<(Vec<DeliveryEntry>, usize), Error> {
        if disk::is_missing(&self.path) {
            return Ok((Vec::new(), 0));
        }
        let bytes = input::read(&self.path, Limit::Large, Links::Refuse)
            .map_err(|error| self.cannot("read", error))?;
        let lines = bytes.split(|byte| *byte == b'\n');
        let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
        let entries: Vec<DeliveryEntry> = lines
            .iter()
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        let n_damaged = lines.len() - entries.len();
        Ok((entries, n_damaged))
    }

    fn cannot(&self, verb: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        let shown = crate::untrusted::escape(&self.path.display().to_string());
        Error::failed(format!("the record of test deliveries `{shown}` cannot be {verb}"))
            .with_source(error)
            .with_hint("check the folder's permissions and free space, or pass another folder with --state-dir")
    }
}
