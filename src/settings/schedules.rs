//! Schedules of the config file: which profiles to back up, when, where to, and which backups to keep.
//! Never repeats a value of the file in a message and never holds a secret: a schedule names the source of one.

mod keep;
mod locations;

use super::calendar::Calendar;
use super::profiles;
use crate::closest::{closest_names, did_you_mean};
use crate::secret::{resembles_age_identity, resembles_vendor_key};
use crate::store::backup::Recipients;
use crate::store::backup::retention::Policy;
use crate::toml_file::{Table, TableEntry, TomlReader};
use jiff::SignedDuration;
use std::path::PathBuf;

/// A recurring backup.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Its name in the config file.
    pub name: String,
    /// The profiles to back up; at least one, without duplicates.
    pub profiles: Vec<String>,
    /// When to run it, in UTC.
    pub calendar: Calendar,
    /// The backup repository: an absolute folder, or `s3://BUCKET/PREFIX`.
    pub repo: String,
    /// Whether to encrypt backups, and to whom.
    pub encryption: Encryption,
    /// The retention policy; `None` keeps every backup.
    pub keep: Option<Policy>,
    /// Age of the newest backup above which the check fails; `None` for no limit.
    pub max_age: Option<SignedDuration>,
    /// Where the heartbeat URL is that every run reports to, if any.
    pub heartbeat: Option<HeartbeatSource>,
    /// Absolute path of the Prometheus metrics file to write, if any.
    pub metrics_file: Option<PathBuf>,
    /// Absolute path of the status file to write, if any.
    pub status_file: Option<PathBuf>,
}

/// Whether to encrypt backups, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// Encrypt with age to at least one recipient.
    Recipients {
        /// The recipients in the config file.
        given: Vec<String>,
        /// A file with more recipients; a relative path starts from the folder of the config file.
        file: Option<PathBuf>,
    },
    /// Do not encrypt; the user set `plaintext = true`.
    Plaintext,
}

/// Where the heartbeat URL is; the URL itself is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeartbeatSource {
    /// In a file; a relative path starts from the folder of the config file.
    File(PathBuf),
    /// In the environment variable of this name.
    Env(String),
}

const KNOWN: &[&str] = &[
    "profiles",
    "at",
    "repo",
    "recipients",
    "recipients_file",
    "plaintext",
    "keep",
    "max_age",
    "heartbeat_url_file",
    "heartbeat_url_env",
    "metrics_file",
    "status_file",
];

/// Reads all `[schedule.NAME]` tables; `profiles` are the names of all profiles in the file.
pub(super) fn read_schedules(
    reading: &mut TomlReader<'_>,
    entry: &TableEntry<'_>,
    profiles: &[&str],
) -> Vec<Schedule> {
    let Some(tables) = entry.as_table() else {
        let what = "write schedules as `[schedule.NAME]` tables";
        reading.report(entry.offset, what);
        return Vec::new();
    };
    let mut schedules = Vec::new();
    for entry in tables.entries() {
        let name = profiles::read_name(reading, &entry, "schedule");
        match entry.as_table() {
            Some(table) => {
                let draft = ScheduleDraft::read(reading, &table, profiles);
                schedules.extend(draft.finish(reading, entry.offset, name));
            }
            None => reading.report(
                entry.offset,
                "write a schedule as a table: `[schedule.NAME]`",
            ),
        }
    }
    schedules
}

/// A schedule while its table is being read.
#[derive(Default)]
struct ScheduleDraft {
    /// The keys that are present, whether or not their values are valid.
    keys: Vec<String>,
    errors_before: usize,
    profiles: Vec<String>,
    calendar: Option<Calendar>,
    repo: Option<String>,
    given: Vec<String>,
    recipients_file: Option<PathBuf>,
    /// Also `None` if its value is invalid.
    plaintext: Option<bool>,
    keep: Option<Policy>,
    max_age: Option<SignedDuration>,
    heartbeat: Option<HeartbeatSource>,
    metrics_file: Option<PathBuf>,
    status_file: Option<PathBuf>,
}

impl ScheduleDraft {
    fn read(reader: &mut TomlReader<'_>, table: &Table<'_>, profiles: &[&str]) -> Self {
        let mut draft = Self {
            errors_before: reader.n_diagnostics(),
            ..Self::default()
        };
        for entry in table.entries() {
            draft.keys.push(entry.key().to_owned());
            match entry.key() {
                "profiles" => draft.profiles = read_profile_names(reader, &entry, profiles),
                "at" => draft.calendar = read_calendar(reader, &entry),
                "repo" => draft.repo = locations::read_repo(reader, &entry),
                "recipients" => draft.given = read_recipients(reader, &entry),
                "recipients_file" => draft.recipients_file = locations::read_file_path(reader, &entry),
                "plaintext" => draft.plaintext = read_flag(reader, &entry),
                "keep" => draft.keep = keep::read_policy(reader, &entry),
                "max_age" => draft.max_age = read_max_age(reader, &entry),
                "heartbeat_url_file" | "heartbeat_url_env" => {
                    if draft.has_key("heartbeat_url_file") && draft.has_key("heartbeat_url_env") {
                        let what = "set either heartbeat_url_file or heartbeat_url_env, not both";
                        reader.report(entry.offset, what);
                    }
                    draft.heartbeat = locations::read_heartbeat_source(reader, &entry);
                }
                "heartbeat_url" => reader.report(
                    entry.offset,
                    "the URL is a secret, so do not write it into this file: set heartbeat_url_file or heartbeat_url_env instead",
                ),
                "metrics_file" => draft.metrics_file = locations::read_metrics_path(reader, &entry),
                "status_file" => draft.status_file = locations::read_output_path(reader, &entry),
                _ => reader.report_unknown_key(&entry, "a schedule", KNOWN),
            }
        }
        draft
    }

    fn has_key(&self, key: &str) -> bool {
        self.keys.iter().any(|written| written == key)
    }

    /// Reports missing keys and contradictions.
    fn check_complete(&self, reader: &mut TomlReader<'_>, offset: usize) {
        for (key, what) in [
            (
                "profiles",
                "the schedule does not say what to back up: set profiles",
            ),
            ("at", "the schedule does not say when to run: set at"),
            (
                "repo",
                "the schedule does not say where to store backups: set repo",
            ),
        ] {
            if !self.has_key(key) {
                reader.report(offset, what);
            }
        }
        let has_recipients = self.has_key("recipients") || self.has_key("recipients_file");
        match self.plaintext {
            Some(true) if has_recipients => {
                let what = "set either plaintext or recipients, not both";
                reader.report(offset, what);
            }
            // The invalid value was reported already.
            None if self.has_key("plaintext") => {}
            None | Some(false) if !has_recipients => {
                let what = "the schedule does not say to whom to encrypt backups: set recipients or recipients_file, or plaintext = true";
                reader.report(offset, what);
            }
            _ => {}
        }
    }

    /// Finishes the schedule; `None` if it has mistakes.
    fn finish(
        self,
        reader: &mut TomlReader<'_>,
        offset: usize,
        name: Option<String>,
    ) -> Option<Schedule> {
        self.check_complete(reader, offset);
        let is_valid = reader.n_diagnostics() == self.errors_before;
        let (calendar, repo) = self.calendar.zip(self.repo).filter(|_| is_valid)?;
        Some(Schedule {
            name: name?,
            profiles: self.profiles,
            calendar,
            repo,
            encryption: match self.plaintext {
                Some(true) => Encryption::Plaintext,
                _ => Encryption::Recipients {
                    given: self.given,
                    file: self.recipients_file,
                },
            },
            keep: self.keep,
            max_age: self.max_age,
            heartbeat: self.heartbeat,
            metrics_file: self.metrics_file,
            status_file: self.status_file,
        })
    }
}

fn read_profile_names(
    reader: &mut TomlReader<'_>,
    entry: &TableEntry<'_>,
    known: &[&str],
) -> Vec<String> {
    let Some(names) = entry.as_str_or_strs() else {
        let what = "profiles must be a list of at least one profile of this file";
        reader.report(entry.value_offset, what);
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for (offset, name) in names {
        if found.iter().any(|other| other == name) {
            reader.report(offset, "this profile is in the list twice");
        } else if known.contains(&name) {
            found.push(name.to_owned());
        } else {
            let question = did_you_mean(&closest_names(name, known.iter().copied()));
            let closest = question.map_or_else(String::new, |question| format!("; {question}"));
            reader.report(
                offset,
                format!("this file has no profile of that name{closest}"),
            );
        }
    }
    found
}

fn read_calendar(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<Calendar> {
    const EXPECTED: &str = "at must be the five fields of cron, such as \"17 3 * * *\"";
    match entry.text().map(Calendar::parse) {
        Some(Ok(calendar)) => Some(calendar),
        Some(Err(why)) => {
            reader.report(entry.value_offset, format!("{EXPECTED}: {why}"));
            None
        }
        None => {
            reader.report(entry.value_offset, EXPECTED);
            None
        }
    }
}

fn read_recipients(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Vec<String> {
    const EXPECTED: &str =
        "recipients must be a list of at least one age recipient, such as \"age1…\"";
    let Some(texts) = entry.as_str_or_strs() else {
        reader.report(entry.value_offset, EXPECTED);
        return Vec::new();
    };
    let mut found = Vec::new();
    for (offset, text) in texts {
        if resembles_age_identity(text) {
            let what = "this is an age secret key, which can decrypt; a recipient starts with age1, and `age-keygen -y` prints it";
            reader.report(offset, what);
        } else if resembles_vendor_key(text) {
            reader.report(offset, "this is an API key, not a recipient");
        } else if let Err(error) = Recipients::parse([("this".to_owned(), text)]) {
            reader.report(offset, error.to_string());
        } else {
            found.push(text.to_owned());
        }
    }
    found
}

fn read_flag(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<bool> {
    let flag = entry.as_bool();
    if flag.is_none() {
        reader.report(entry.value_offset, "plaintext must be true or false");
    }
    flag
}

fn read_max_age(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<SignedDuration> {
    let age = entry
        .text()
        .and_then(|text| crate::cli::positive_duration(text).ok());
    if age.is_none() {
        let what = "max_age must be a number with a unit, such as \"26h\" or \"8d\"";
        reader.report(entry.value_offset, what);
    }
    age
}
