//! Profiles of the config file.
//! Never repeats a value of the file in a message and never holds a key: a profile names the source of its key.

use crate::coralogix::account::AccountProfile;
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::coralogix::undocumented::StateKeys;
use crate::secret::resembles_vendor_key;
use crate::toml_file::{Table, TableEntry, TomlReader};
use std::fmt;
use std::path::PathBuf;

/// The longest label, in characters. It is short because reports print it in the middle of a line.
const MAX_LABEL_CHARS: usize = 40;

/// The keys of a profile that name the source of its API key.
pub(super) const KEY_SOURCE_FIELDS: &str = "api_key_env, api_key_file and api_key_command";

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
                let path = crate::untrusted::escape(&path.display().to_string());
                write!(f, "file {path}")
            }
            Self::Command(arguments) => {
                let program = crate::untrusted::escape(&arguments[0]);
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
    is_word(text) && Region::from_name(text).is_none() && !resembles_vendor_key(text)
}

fn is_word(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_part)
}

/// Reads all `[profile.NAME]` tables.
pub(super) fn read_profiles(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Vec<Profile> {
    let Some(tables) = entry.as_table() else {
        reader.report(entry.offset, "write profiles as `[profile.NAME]` tables");
        return Vec::new();
    };
    let mut profiles = Vec::new();
    for entry in tables.entries() {
        let name = read_name(reader, &entry, "profile");
        match entry.as_table() {
            Some(table) => profiles.extend(read_profile(reader, &table, entry.offset, name)),
            None => reader.report(entry.offset, "write a profile as a table: `[profile.NAME]`"),
        }
    }
    profiles
}

/// Reads the NAME of a `[profile.NAME]` or `[schedule.NAME]` table; `what` is `profile` or `schedule`.
pub(super) fn read_name(
    reader: &mut TomlReader<'_>,
    entry: &TableEntry<'_>,
    what: &str,
) -> Option<String> {
    let name = entry.key();
    if is_name(name) {
        return Some(name.to_owned());
    }
    let what = match Region::from_name(name) {
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
    reader.report(entry.offset, what);
    None
}

/// Reads one profile; `None` if it has mistakes.
fn read_profile(
    reader: &mut TomlReader<'_>,
    table: &Table<'_>,
    offset: usize,
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
        "ignore_keys",
    ];
    let errors_before = reader.n_diagnostics();
    let (mut endpoint, mut key, mut company_id, mut label) = (None, None, None, None);
    let mut ignore_keys = Vec::new();
    let (mut has_address, mut has_key) = (false, false);
    for entry in table.entries() {
        match entry.key() {
            "region" | "url" => {
                if std::mem::replace(&mut has_address, true) {
                    reader.report(entry.offset, "set either region or url, not both");
                }
                endpoint = read_address(reader, &entry);
            }
            "api_key_env" | "api_key_file" | "api_key_command" => {
                if std::mem::replace(&mut has_key, true) {
                    reader.report(entry.offset, format!("set only one of {KEY_SOURCE_FIELDS}"));
                }
                key = read_key_source(reader, &entry);
            }
            "api_key" => reader.report(
                entry.offset,
                format!(
                    "do not write the key into this file: set one of {KEY_SOURCE_FIELDS} instead"
                ),
            ),
            "company_id" => company_id = read_company_id(reader, &entry),
            "label" => label = read_label(reader, &entry),
            "ignore_keys" => ignore_keys = read_ignore_keys(reader, &entry),
            _ => reader.report_unknown_key(&entry, "a profile", KNOWN),
        }
    }
    if !has_address {
        let what = "the profile has no address: set region or url";
        reader.report(offset, what);
    }
    let is_valid = reader.n_diagnostics() == errors_before;
    let (endpoint, name) = endpoint.zip(name).filter(|_| is_valid)?;
    Some(Profile {
        account: AccountProfile {
            name,
            label,
            company_id,
            ignore_keys,
        },
        endpoint,
        key,
    })
}

fn read_address(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<Endpoint> {
    let Some(text) = entry.text() else {
        let what = format!(
            "{} must be a string, such as \"eu1\" or \"https://…\"",
            entry.key()
        );
        reader.report(entry.value_offset, what);
        return None;
    };
    match Endpoint::parse(text) {
        Ok(endpoint) => Some(endpoint),
        Err(unrecognised) => {
            reader.report(entry.value_offset, unrecognised.problem());
            None
        }
    }
}

fn read_key_source(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<KeySource> {
    let (source, expected) = match entry.key() {
        "api_key_env" => (
            entry
                .as_variable_name()
                .map(|name| KeySource::Env(name.to_owned())),
            "api_key_env must be the name of an environment variable: letters, digits and _",
        ),
        "api_key_file" => (
            entry
                .as_non_empty_str()
                .map(|path| KeySource::File(PathBuf::from(path))),
            "api_key_file must be the path of a file that contains the key",
        ),
        _ => (
            entry.as_command_line().map(KeySource::Command),
            "api_key_command must be a list such as [\"program\", \"argument\"]; hookferry runs it without a shell",
        ),
    };
    let texts = entry.as_str_or_strs().unwrap_or_default();
    if texts.iter().any(|(_, text)| resembles_vendor_key(text)) {
        let what = format!(
            "{} contains the API key itself; it must say where the key is",
            entry.key()
        );
        reader.report(entry.value_offset, what);
    } else if source.is_none() {
        reader.report(entry.value_offset, expected);
    }
    source
}

fn read_company_id(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<String> {
    let text = entry.text().or(entry.as_decimal_digits());
    let id =
        text.filter(|text| is_word(text) && !resembles_vendor_key(text) && !text.starts_with('-'));
    if id.is_none() {
        let what = "company_id must be a number or a string, as `hookferry account check` shows it";
        reader.report(entry.value_offset, what);
    }
    id.map(str::to_owned)
}

fn read_ignore_keys(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Vec<String> {
    let Some(keys) = entry.as_str_or_strs() else {
        let what =
            "ignore_keys must be a list of undocumented keys of webhooks, such as [\"hits_today\"]";
        reader.report(entry.value_offset, what);
        return Vec::new();
    };
    for (offset, key) in &keys {
        if let Err(why) = StateKeys::check(key) {
            reader.report(*offset, format!("ignore_keys: this {}", why.reason()));
        }
    }
    keys.into_iter().map(|(_, key)| key.to_owned()).collect()
}

fn read_label(reader: &mut TomlReader<'_>, entry: &TableEntry<'_>) -> Option<String> {
    let is_label = |text: &&str| {
        !text.trim().is_empty()
            && text.chars().count() <= MAX_LABEL_CHARS
            && !resembles_vendor_key(text)
    };
    let label = entry.text().filter(is_label);
    if label.is_none() {
        let what = format!("label must be a string of at most {MAX_LABEL_CHARS} characters");
        reader.report(entry.value_offset, what);
    }
    label.map(|label| label.trim().to_owned())
}
