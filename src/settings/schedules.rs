//! Schedules of the config file: which profiles to back up, when, where to, and which backups to keep.
//! Never repeats a value of the file in a message and never holds a secret: a schedule names the source of one.

mod keep;
mod places;

use super::calendar::Calendar;
use super::closest::closest;
use super::profiles;
use crate::secret::{resembles_age_identity, resembles_vendor_key};
use crate::store::backup::Recipients;
use crate::store::backup::retention::Policy;
use crate::toml_file::{Entry, Reading, Table};
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
    pub at: Calendar,
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
pub(super) fn all(
    reading: &mut Reading<'_>,
    entry: &Entry<'_>,
    profiles: &[&str],
) -> Vec<Schedule> {
    let Some(named) = entry.table() else {
        let what = "write schedules as `[schedule.NAME]` tables";
        reading.wrong(entry.at, what);
        return Vec::new();
    };
    let mut schedules = Vec::new();
    for entry in named.entries() {
        let name = profiles::name(reading, &entry, "schedule");
        match entry.table() {
            Some(table) => {
                let draft = Draft::read(reading, &table, profiles);
                schedules.extend(draft.finished(reading, entry.at, name));
            }
            None => reading.wrong(entry.at, "write a schedule as a table: `[schedule.NAME]`"),
        }
    }
    schedules
}

/// A schedule while its table is being read.
#[derive(Default)]
struct Draft {
    /// The keys that are present, whether or not their values are valid.
    written: Vec<String>,
    n_wrong_before: usize,
    profiles: Vec<String>,
    at: Option<Calendar>,
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

impl Draft {
    fn read(reading: &mut Reading<'_>, table: &Table<'_>, profiles: &[&str]) -> Self {
        let mut draft = Self {
            n_wrong_before: reading.n_wrong(),
            ..Self::default()
        };
        for entry in table.entries() {
            draft.written.push(entry.key().to_owned());
            match entry.key() {
                "profiles" => draft.profiles = profile_names(reading, &entry, profiles),
                "at" => draft.at = calendar(reading, &entry),
                "repo" => draft.repo = places::repo(reading, &entry),
                "recipients" => draft.given = recipients(reading, &entry),
                "recipients_file" => draft.recipients_file = places::file(reading, &entry),
                "plaintext" => draft.plaintext = flag(reading, &entry),
                "keep" => draft.keep = keep::policy(reading, &entry),
                "max_age" => draft.max_age = age(reading, &entry),
                "heartbeat_url_file" | "heartbeat_url_env" => {
                    if draft.has("heartbeat_url_file") && draft.has("heartbeat_url_env") {
                        let what = "set either heartbeat_url_file or heartbeat_url_env, not both";
                        reading.wrong(entry.at, what);
                    }
                    draft.heartbeat = places::heartbeat(reading, &entry);
                }
                "heartbeat_url" => reading.wrong(
                    entry.at,
                    "the URL is a secret, so do not write it into this file: set heartbeat_url_file or heartbeat_url_env instead",
                ),
                "metrics_file" => draft.metrics_file = places::metrics_file(reading, &entry),
                "status_file" => draft.status_file = places::written_file(reading, &entry),
                _ => reading.unknown(&entry, "a schedule", KNOWN),
            }
        }
        draft
    }

    fn has(&self, key: &str) -> bool {
        self.written.iter().any(|written| written == key)
    }

    /// Reports missing keys and contradictions.
    fn check_whole(&self, reading: &mut Reading<'_>, at: usize) {
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
            if !self.has(key) {
                reading.wrong(at, what);
            }
        }
        let has_recipients = self.has("recipients") || self.has("recipients_file");
        match self.plaintext {
            Some(true) if has_recipients => {
                let what = "set either plaintext or recipients, not both";
                reading.wrong(at, what);
            }
            // The invalid value was reported already.
            None if self.has("plaintext") => {}
            None | Some(false) if !has_recipients => {
                let what = "the schedule does not say to whom to encrypt backups: set recipients or recipients_file, or plaintext = true";
                reading.wrong(at, what);
            }
            _ => {}
        }
    }

    /// Finishes the schedule; `None` if it has mistakes.
    fn finished(
        self,
        reading: &mut Reading<'_>,
        at: usize,
        name: Option<String>,
    ) -> Option<Schedule> {
        self.check_whole(reading, at);
        let is_whole = reading.n_wrong() == self.n_wrong_before;
        let (calendar, repo) = self.at.zip(self.repo).filter(|_| is_whole)?;
        Some(Schedule {
            name: name?,
            profiles: self.profiles,
            at: calendar,
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

fn profile_names(reading: &mut Reading<'_>, entry: &Entry<'_>, known: &[&str]) -> Vec<String> {
    let Some(names) = entry.texts() else {
        let what = "profiles must be a list of at least one profile of this file";
        reading.wrong(entry.value_at, what);
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for (at, name) in names {
        if found.iter().any(|other| other == name) {
            reading.wrong(at, "this profile is in the list twice");
        } else if known.contains(&name) {
            found.push(name.to_owned());
        } else {
            let closest = match closest(name, known) {
                Some(name) => format!("; did you mean `{name}`?"),
                None => String::new(),
            };
            reading.wrong(
                at,
                format!("this file has no profile of that name{closest}"),
            );
        }
    }
    found
}

fn calendar(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<Calendar> {
    const FORM: &str = "at must be a time in systemd's calendar format, such as \"*-*-* 03:17\"";
    match entry.text().map(Calendar::parse) {
        Some(Ok(calendar)) => Some(calendar),
        Some(Err(why)) => {
            reading.wrong(entry.value_at, format!("{FORM}: {why}"));
            None
        }
        None => {
            reading.wrong(entry.value_at, FORM);
            None
        }
    }
}

fn recipients(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Vec<String> {
    const FORM: &str = "recipients must be a list of at least one age recipient, such as \"age1…\"";
    let Some(texts) = entry.texts() else {
        reading.wrong(entry.value_at, FORM);
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, text) in texts {
        if resembles_age_identity(text) {
            let what = "this is an age secret key, which can decrypt; a recipient starts with age1, and `age-keygen -y` prints it";
            reading.wrong(at, what);
        } else if resembles_vendor_key(text) {
            reading.wrong(at, "this is an API key, not a recipient");
        } else if let Err(error) = Recipients::parse([("this".to_owned(), text)]) {
            reading.wrong(at, error.to_string());
        } else {
            found.push(text.to_owned());
        }
    }
    found
}

fn flag(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<bool> {
    let flag = entry.flag();
    if flag.is_none() {
        reading.wrong(entry.value_at, "plaintext must be true or false");
    }
    flag
}

fn age(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<SignedDuration> {
    let age = entry.text().and_then(|text| crate::cli::age(text).ok());
    if age.is_none() {
        let what = "max_age must be a number with a unit, such as \"26h\" or \"8d\"";
        reading.wrong(entry.value_at, what);
    }
    age
}
