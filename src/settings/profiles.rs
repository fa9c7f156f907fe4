//! Profiles of the config file.
//! Never repeats a value of the file in a message and never holds a key: a profile names the source of its key.

use crate::coralogix::account::AccountProfile;
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::secret::resembles_vendor_key;
use crate::toml_file::{Entry, Reading, Table};
use std::fmt;
use std::path::PathBuf;

/// The longest label, in characters. It is short because reports print it in the middle of a line.
const LONGEST_LABEL: usize = 40;

/// The keys of a profile that name the source of its API key.
pub(super) const WAYS: &str = "api_key_env, api_key_file and api_key_command";

/// A named account of the config file.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name, label and expected company id.
    pub account: AccountProfile,
    /// Where its API is.
    pub endpoint: Endpoint,
    /// Where its API key is; `None` if only the environment can provide it.
    pub key: Option<KeySource>,
}

/// Where the API key of a profile is.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In the environment variable of this name.
    Env(String),
    /// In a file; a relative path starts from the folder of the config file.
    File(PathBuf),
    /// On the standard output of this program; the first item is the program, the others its arguments.
    Command(Vec<String>),
}

/// Omits the arguments of a command, because one of them may be a secret.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => {
                let path = crate::foreign::shown(&path.display().to_string());
                write!(f, "file {path}")
            }
            Self::Command(arguments) => {
                let program = crate::foreign::shown(&arguments[0]);
                let more = if arguments.len() > 1 { " …" } else { "" };
                write!(f, "command {program}{more}")
            }
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySource({self})")
    }
}

/// Whether a text is a valid profile name: letters, digits, `_` and (except first) `-`, but not the name of a
/// region and nothing that looks like an API key.
pub fn is_name(text: &str) -> bool {
    is_word(text) && Region::named(text).is_none() && !resembles_vendor_key(text)
}

fn is_word(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_part)
}

/// Reads all `[profile.NAME]` tables.
pub(super) fn all(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Vec<Profile> {
    let Some(named) = entry.table() else {
        reading.wrong(entry.at, "write profiles as `[profile.NAME]` tables");
        return Vec::new();
    };
    let mut profiles = Vec::new();
    for entry in named.entries() {
        let name = name(reading, &entry, "profile");
        match entry.table() {
            Some(table) => profiles.extend(profile(reading, &table, entry.at, name)),
            None => reading.wrong(entry.at, "write a profile as a table: `[profile.NAME]`"),
        }
    }
    profiles
}

/// Reads the NAME of a `[profile.NAME]` or `[schedule.NAME]` table; `what` is `profile` or `schedule`.
pub(super) fn name(reading: &mut Reading<'_>, entry: &Entry<'_>, what: &str) -> Option<String> {
    let name = entry.key();
    if is_name(name) {
        return Some(name.to_owned());
    }
    let what = match Region::named(name) {
        Some(region) => format!("a {what} cannot be named like a region, here {region}"),
        None if is_word(name) => {
            format!("this looks like an API key, not like the name of a {what}")
        }
        None => {
            format!(
                "a {what} name may contain only letters, digits, _ and -, and cannot start with -"
            )
        }
    };
    reading.wrong(entry.at, what);
    None
}

/// Reads one profile; `None` if it has mistakes.
fn profile(
    reading: &mut Reading<'_>,
    table: &Table<'_>,
    at: usize,
    name: Option<String>,
) -> Option<Profile> {
    const KNOWN: &[&str] = &[
        "region",
        "url",
        "api_key_env",
        "api_key_file",
        "api_key_command",
        "company_id",
        "label",
    ];
    let before = reading.n_wrong();
    let (mut endpoint, mut key, mut company_id, mut label) = (None, None, None, None);
    let (mut has_address, mut has_key) = (false, false);
    for entry in table.entries() {
        match entry.key() {
            "region" | "url" => {
                if std::mem::replace(&mut has_address, true) {
                    reading.wrong(entry.at, "set either region or url, not both");
                }
                endpoint = address(reading, &entry);
            }
            "api_key_env" | "api_key_file" | "api_key_command" => {
                if std::mem::replace(&mut has_key, true) {
                    reading.wrong(entry.at, format!("set only one of {WAYS}"));
                }
                key = key_source(reading, &entry);
            }
            "api_key" => reading.wrong(
                entry.at,
                format!("do not write the key into this file: set one of {WAYS} instead"),
            ),
            "company_id" => company_id = company(reading, &entry),
            "label" => label = label_of(reading, &entry),
            _ => reading.unknown(&entry, "a profile", KNOWN),
        }
    }
    if !has_address {
        let what = "the profile has no address: set region or url";
        reading.wrong(at, what);
    }
    let is_whole = reading.n_wrong() == before;
    let (endpoint, name) = endpoint.zip(name).filter(|_| is_whole)?;
    Some(Profile {
        account: AccountProfile {
            name,
            label,
            company_id,
        },
        endpoint,
        key,
    })
}

fn address(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<Endpoint> {
    let Some(text) = entry.text() else {
        let what = format!(
            "{} must be a string, such as \"eu1\" or \"https://…\"",
            entry.key()
        );
        reading.wrong(entry.value_at, what);
        return None;
    };
    match Endpoint::parse(text) {
        Ok(endpoint) => Some(endpoint),
        Err(unrecognised) => {
            reading.wrong(entry.value_at, unrecognised.problem());
            None
        }
    }
}

fn key_source(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<KeySource> {
    let (source, form) = match entry.key() {
        "api_key_env" => (
            entry.variable().map(|name| KeySource::Env(name.to_owned())),
            "api_key_env must be the name of an environment variable: letters, digits and _",
        ),
        "api_key_file" => (
            entry
                .text_not_empty()
                .map(|path| KeySource::File(PathBuf::from(path))),
            "api_key_file must be the path of a file that contains the key",
        ),
        _ => (
            entry.arguments().map(KeySource::Command),
            "api_key_command must be a list such as [\"program\", \"argument\"]; hookferry runs it without a shell",
        ),
    };
    let texts = entry.texts().unwrap_or_default();
    if texts.iter().any(|(_, text)| resembles_vendor_key(text)) {
        let what = format!(
            "{} contains the API key itself; it must say where the key is",
            entry.key()
        );
        reading.wrong(entry.value_at, what);
    } else if source.is_none() {
        reading.wrong(entry.value_at, form);
    }
    source
}

fn company(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<String> {
    let text = entry.text().or(entry.number());
    let id =
        text.filter(|text| is_word(text) && !resembles_vendor_key(text) && !text.starts_with('-'));
    if id.is_none() {
        let what = "company_id must be a number or a string, as `hookferry account check` shows it";
        reading.wrong(entry.value_at, what);
    }
    id.map(str::to_owned)
}

fn label_of(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Option<String> {
    let is_label = |text: &&str| {
        !text.trim().is_empty()
            && text.chars().count() <= LONGEST_LABEL
            && !resembles_vendor_key(text)
    };
    let label = entry.text().filter(is_label);
    if label.is_none() {
        let what = format!("label must be a string of at most {LONGEST_LABEL} characters");
        reading.wrong(entry.value_at, what);
    }
    label.map(|label| label.trim().to_owned())
}
