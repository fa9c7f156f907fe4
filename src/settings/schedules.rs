//! The schedules of a config file: which profiles are backed up when, where to, and what is kept.
//! Never repeats a value of the file in a message, and never holds a secret: it says where a secret is.

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

/// A backup that is made again and again.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// What the user calls it.
    pub name: String,
    /// The profiles whose accounts are backed up, at least one, none twice.
    pub profiles: Vec<String>,
    /// When it is due.
    pub at: Calendar,
    /// Where backups go: an absolute folder, or `s3://BUCKET/PREFIX`.
    pub repo: String,
    /// Whether backups are encrypted, and for whom.
    pub encryption: Encryption,
    /// Which backups are kept; all of them where nothing is said.
    pub keep: Option<Policy>,
    /// How old the newest backup may be before something is wrong.
    pub max_age: Option<SignedDuration>,
    /// Where the URL is that is told about every run.
    pub heartbeat: Option<HeartbeatSource>,
    /// The absolute path of the metrics file.
    pub metrics_file: Option<PathBuf>,
    /// The absolute path of the status file.
    pub status_file: Option<PathBuf>,
}

/// Whether backups are encrypted, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// With age, for at least one recipient.
    Recipients {
        /// Those that stand in the config file.
        given: Vec<String>,
        /// A file with more of them; a relative one lies beside the config file.
        file: Option<PathBuf>,
    },
    /// Not at all, because the user said so.
    Plaintext,
}

/// Where the heartbeat's URL is; the URL is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeartbeatSource {
    /// In a file; a relative one lies beside the config file.
    File(PathBuf),
    /// In an environment variable.
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

/// The `[schedule.NAME]` tables below `schedule`; `profiles` are the names of all profiles of the file.
pub(super) fn all(
    reading: &mut Reading<'_>,
    entry: &Entry<'_>,
    profiles: &[&str],
) -> Vec<Schedule> {
    let Some(named) = entry.table() else {
        let what = "schedules are written as `[schedule.NAME]` tables";
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
            None => reading.wrong(entry.at, "a schedule is a table: `[schedule.NAME]`"),
        }
    }
    schedules
}

/// What was read of a schedule so far.
#[derive(Default)]
struct Draft {
    /// The keys that are there, well or badly written.
    written: Vec<String>,
    n_wrong_before: usize,
    profiles: Vec<String>,
    at: Option<Calendar>,
    repo: Option<String>,
    given: Vec<String>,
    recipients_file: Option<PathBuf>,
    /// `None` also where it is badly written.
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
                        let what = "a schedule has either heartbeat_url_file or heartbeat_url_env, not both";
                        reading.wrong(entry.at, what);
                    }
                    draft.heartbeat = places::heartbeat(reading, &entry);
                }
                "heartbeat_url" => reading.wrong(
                    entry.at,
                    "the URL is a secret and does not stand in this file: say where it is, by heartbeat_url_file or heartbeat_url_env",
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

    /// Notes what is missing, and what contradicts itself.
    fn check_whole(&self, reading: &mut Reading<'_>, at: usize) {
        for (key, what) in [
            (
                "profiles",
                "the schedule does not say what is backed up: it needs profiles",
            ),
            ("at", "the schedule does not say when: it needs at"),
            (
                "repo",
                "the schedule does not say where backups go: it needs repo",
            ),
        ] {
            if !self.has(key) {
                reading.wrong(at, what);
            }
        }
        let has_recipients = self.has("recipients") || self.has("recipients_file");
        match self.plaintext {
            Some(true) if has_recipients => {
                let what = "a schedule is either plaintext or has recipients, not both";
                reading.wrong(at, what);
            }
            // What was written badly is said already.
            None if self.has("plaintext") => {}
            None | Some(false) if !has_recipients => {
                let what = "the schedule does not say for whom backups are encrypted: it needs recipients or recipients_file, or plaintext = true";
                reading.wrong(at, what);
            }
            _ => {}
        }
    }

    /// The schedule, unless something is wrong with it.
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
        let what = "profiles is a list of at least one profile of this file";
        reading.wrong(entry.value_at, what);
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for (at, name) in names {
        if found.iter().any(|other| other == name) {
            reading.wrong(at, "this profile stands in the list already");
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
    const FORM: &str = "at is a time in systemd's calendar form, such as \"*-*-* 03:17\"";
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
    const FORM: &str = "recipients is a list of at least one age recipient, such as \"age1…\"";
    let Some(texts) = entry.texts() else {
        reading.wrong(entry.value_at, FORM);
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, text) in texts {
        if resembles_age_identity(text) {
            let what = "this is a secret key of age, which can decrypt; a recipient begins with age1, and `age-keygen -y` prints it";
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
        reading.wrong(entry.value_at, "plaintext is true or false");
    }
    flag
}

fn age(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<SignedDuration> {
    let age = entry.text().and_then(|text| crate::cli::age(text).ok());
    if age.is_none() {
        let what = "max_age is a number with its unit, such as \"26h\" or \"8d\"";
        reading.wrong(entry.value_at, what);
    }
    age
}
