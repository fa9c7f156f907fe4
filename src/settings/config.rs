//! The config file: its path, whether its permissions make it trustworthy, its profiles and its schedules.
//! Neither holds nor reads a key.

use super::environment::{absolute_path_variable, path_variable};
use super::profiles::{self, Profile};
use super::schedules::{self, Schedule};
use crate::closest::{closest_names, did_you_mean};
use crate::error::Error;
use crate::store::disk;
use crate::toml_file::{self, Diagnostic, Table, TableEntry, TomlReader};
use std::path::{Path, PathBuf};

/// The variable that names the config file.
const CONFIG_VARIABLE: &str = "HOOKFERRY_CONFIG";

/// The path at which to look for the config file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigLocation {
    /// The path; `None` if neither a flag nor the environment determines one.
    pub path: Option<PathBuf>,
    /// Whether the flag or the variable names the file, so that it must exist.
    pub is_explicit: bool,
}

impl ConfigLocation {
    /// The file that the flag names, else the variable, else the one in the user's XDG config folder.
    pub(super) fn find(flag: Option<&Path>) -> Self {
        if let Some(path) = flag {
            return Self::explicit(path.to_owned());
        }
        if let Some(path) = path_variable(CONFIG_VARIABLE) {
            return Self::explicit(path);
        }
        let in_home = || Some(absolute_path_variable("HOME")?.join(".config"));
        let folder = absolute_path_variable("XDG_CONFIG_HOME").or_else(in_home);
        Self {
            path: folder.map(|folder| folder.join("hookferry").join("config.toml")),
            is_explicit: false,
        }
    }

    fn explicit(path: PathBuf) -> Self {
        Self {
            path: Some(path),
            is_explicit: true,
        }
    }
}

/// A parsed config file.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where hookferry looked for it.
    pub location: ConfigLocation,
    /// Whether the file exists.
    pub exists: bool,
    /// Profiles in the order of the file.
    pub profiles: Vec<Profile>,
    /// Schedules in the order of the file.
    pub schedules: Vec<Schedule>,
}

/// The profiles and schedules of a config file, each in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct ConfigContents {
    /// The named accounts.
    pub profiles: Vec<Profile>,
    /// The recurring backups.
    pub schedules: Vec<Schedule>,
}

/// Parses a config file.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn parse(text: &str) -> Result<ConfigContents, Vec<Diagnostic>> {
    toml_file::read(text, read_contents)
}

fn read_contents(reader: &mut TomlReader<'_>, table: &Table<'_>) -> ConfigContents {
    const KNOWN: &[&str] = &["format_version", "profile", "schedule"];
    let entries = reader.known_entries(table, "the config file", KNOWN);
    let entry = |key: &str| entries.iter().find(|entry| entry.key() == key);
    if let Some(version) = entry("format_version")
        && version.as_decimal_digits() != Some("1")
    {
        reader.report(
            version.value_offset,
            "format_version must be 1, the only format that this version of hookferry reads",
        );
    }
    let mut contents = ConfigContents::default();
    let mut names = Vec::new();
    if let Some(entry) = entry("profile") {
        contents.profiles = profiles::read_profiles(reader, entry);
        // Includes invalid profiles, so that a schedule that names one does not report the same mistake again.
        let tables = entry
            .as_table()
            .map_or_else(Vec::new, |table| table.entries());
        names = tables.iter().map(TableEntry::key).collect();
    }
    if let Some(entry) = entry("schedule") {
        contents.schedules = schedules::read_schedules(reader, entry, &names);
    }
    contents
}

impl Config {
    /// Reads the file. It may be missing unless the flag or the variable names it.
    pub(super) fn read(location: ConfigLocation) -> Result<Self, Error> {
        let text = match &location.path {
            Some(path) => disk::read_trusted(path, "the config file")?,
            None => None,
        };
        let contents = match (&location.path, &text) {
            (Some(path), Some(text)) => parse_config(path, text)?,
            (Some(path), None) if location.is_explicit => return Err(missing_config(path)),
            _ => ConfigContents::default(),
        };
        Ok(Self {
            exists: text.is_some(),
            location,
            profiles: contents.profiles,
            schedules: contents.schedules,
        })
    }

    /// Finds a profile by its name.
    pub(super) fn profile(&self, name: &str) -> Option<&Profile> {
        let has_name = |profile: &&Profile| profile.account.name == name;
        self.profiles.iter().find(has_name)
    }

    /// Profile names in the order of the file.
    pub(super) fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles
            .iter()
            .map(|profile| profile.account.name.as_str())
    }

    /// The folder that relative paths in the file start from.
    pub(super) fn folder(&self) -> &Path {
        let folder = self.location.path.as_deref().and_then(Path::parent);
        folder.unwrap_or(Path::new(""))
    }

    /// Finds a schedule by its name.
    pub fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.name == name)
    }

    /// Hint for an unknown profile name: the closest name and all names; `None` if there are no profiles.
    pub(super) fn profile_hint(&self, typed: &str) -> Option<String> {
        let names: Vec<&str> = self.profile_names().collect();
        self.name_hint("profiles", &names, typed)
    }

    /// Hint for an unknown schedule name: the closest name and all names; `None` if there are no schedules.
    pub fn schedule_hint(&self, typed: &str) -> Option<String> {
        let names = self.schedules.iter().map(|schedule| schedule.name.as_str());
        self.name_hint("schedules", &names.collect::<Vec<&str>>(), typed)
    }

    fn name_hint(&self, what: &str, names: &[&str], typed: &str) -> Option<String> {
        let path = self.location.path.as_deref()?;
        if names.is_empty() {
            return None;
        }
        let question = did_you_mean(&closest_names(typed, names.iter().copied()));
        let closest = question.map_or_else(String::new, |question| format!("{question} "));
        let path = crate::untrusted::escape(&path.display().to_string());
        Some(format!(
            "{closest}the {what} of {path} are {}",
            names.join(", ")
        ))
    }
}

fn parse_config(path: &Path, text: &str) -> Result<ConfigContents, Error> {
    parse(text).map_err(|diagnostics| {
        let lines = toml_file::format_diagnostics(&path.display().to_string(), &diagnostics);
        Error::usage(format!("the config file has errors\n{lines}"))
            .with_hint("`hookferry help config` explains profiles and schedules")
    })
}

fn missing_config(path: &Path) -> Error {
    let path = crate::untrusted::escape(&path.display().to_string());
    Error::usage(format!("there is no config file `{path}`"))
        .with_hint(format!("check --config and {CONFIG_VARIABLE}"))
}
