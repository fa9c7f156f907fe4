//! The config file: its path, whether its permissions make it trustworthy, its profiles and its schedules.
//! Neither holds nor reads a key.

use super::closest::closest;
use super::environment::{absolute_path, path};
use super::profiles::{self, Profile};
use super::schedules::{self, Schedule};
use crate::error::Error;
use crate::store::disk;
use crate::toml_file::{self, Entry, Misread, Reading, Table};
use std::path::{Path, PathBuf};

/// The variable that names the config file.
const VARIABLE: &str = "HOOKFERRY_CONFIG";

/// The path at which to look for the config file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigPlace {
    /// The path; `None` if neither a flag nor the environment determines one.
    pub path: Option<PathBuf>,
    /// Whether the flag or the variable names the file, so that it must exist.
    pub is_named: bool,
}

impl ConfigPlace {
    /// The file that the flag names, else the variable, else the one in the user's XDG config folder.
    pub(super) fn find(flag: Option<&Path>) -> Self {
        if let Some(path) = flag {
            return Self::named(path.to_owned());
        }
        if let Some(path) = path(VARIABLE) {
            return Self::named(path);
        }
        let of_home = || Some(absolute_path("HOME")?.join(".config"));
        let folder = absolute_path("XDG_CONFIG_HOME").or_else(of_home);
        Self {
            path: folder.map(|folder| folder.join("hookferry").join("config.toml")),
            is_named: false,
        }
    }

    fn named(path: PathBuf) -> Self {
        Self {
            path: Some(path),
            is_named: true,
        }
    }
}

/// A parsed config file.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where hookferry looked for it.
    pub place: ConfigPlace,
    /// Whether the file exists.
    pub is_there: bool,
    /// Profiles in the order of the file.
    pub profiles: Vec<Profile>,
    /// Schedules in the order of the file.
    pub schedules: Vec<Schedule>,
}

/// The profiles and schedules of a config file, each in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// The named accounts.
    pub profiles: Vec<Profile>,
    /// The recurring backups.
    pub schedules: Vec<Schedule>,
}

/// Parses a config file.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn parse(text: &str) -> Result<Contents, Vec<Misread>> {
    toml_file::read(text, whole)
}

fn whole(reading: &mut Reading<'_>, table: &Table<'_>) -> Contents {
    const KNOWN: &[&str] = &["format_version", "profile", "schedule"];
    let entries = reading.known(table, "the config file", KNOWN);
    let entry = |key: &str| entries.iter().find(|entry| entry.key() == key);
    if let Some(version) = entry("format_version")
        && version.number() != Some("1")
    {
        reading.wrong(
            version.value_at,
            "format_version must be 1, the only format that this version of hookferry reads",
        );
    }
    let mut contents = Contents::default();
    let mut names = Vec::new();
    if let Some(entry) = entry("profile") {
        contents.profiles = profiles::all(reading, entry);
        // Includes invalid profiles, so that a schedule that names one does not report the same mistake again.
        let tables = entry.table().map_or_else(Vec::new, |table| table.entries());
        names = tables.iter().map(Entry::key).collect();
    }
    if let Some(entry) = entry("schedule") {
        contents.schedules = schedules::all(reading, entry, &names);
    }
    contents
}

impl Config {
    /// Reads the file. It may be missing unless the flag or the variable names it.
    pub(super) fn read(place: ConfigPlace) -> Result<Self, Error> {
        let text = match &place.path {
            Some(path) => disk::read_trusted(path, "the config file")?,
            None => None,
        };
        let contents = match (&place.path, &text) {
            (Some(path), Some(text)) => understood(path, text)?,
            (Some(path), None) if place.is_named => return Err(missing(path)),
            _ => Contents::default(),
        };
        Ok(Self {
            is_there: text.is_some(),
            place,
            profiles: contents.profiles,
            schedules: contents.schedules,
        })
    }

    /// Finds a profile by its name.
    pub(super) fn profile(&self, name: &str) -> Option<&Profile> {
        let is_it = |profile: &&Profile| profile.account.name == name;
        self.profiles.iter().find(is_it)
    }

    /// Profile names in the order of the file.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles
            .iter()
            .map(|profile| profile.account.name.as_str())
    }

    /// The folder that relative paths in the file start from.
    pub(super) fn folder(&self) -> &Path {
        let folder = self.place.path.as_deref().and_then(Path::parent);
        folder.unwrap_or(Path::new(""))
    }

    /// Finds a schedule by its name.
    pub fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.name == name)
    }

    /// Hint for an unknown profile name: the closest name and all names; `None` if there are no profiles.
    pub(super) fn hint(&self, typed: &str) -> Option<String> {
        let names: Vec<&str> = self.names().collect();
        self.hint_of("profiles", &names, typed)
    }

    /// Hint for an unknown schedule name: the closest name and all names; `None` if there are no schedules.
    pub fn schedule_hint(&self, typed: &str) -> Option<String> {
        let names = self.schedules.iter().map(|schedule| schedule.name.as_str());
        self.hint_of("schedules", &names.collect::<Vec<&str>>(), typed)
    }

    fn hint_of(&self, what: &str, names: &[&str], typed: &str) -> Option<String> {
        let path = self.place.path.as_deref()?;
        if names.is_empty() {
            return None;
        }
        let closest = match closest(typed, names) {
            Some(name) => format!("did you mean `{name}`? "),
            None => String::new(),
        };
        let path = crate::foreign::shown(&path.display().to_string());
        Some(format!(
            "{closest}the {what} of {path} are {}",
            names.join(", ")
        ))
    }
}

fn understood(path: &Path, text: &str) -> Result<Contents, Error> {
    parse(text).map_err(|misread| {
        let lines = toml_file::listed(&path.display().to_string(), &misread);
        Error::usage(format!("the config file has errors\n{lines}")).with_hint(
            "see `hookferry --help` for an example of a profile, docs/schedules.md for a schedule",
        )
    })
}

fn missing(path: &Path) -> Error {
    let path = crate::foreign::shown(&path.display().to_string());
    Error::usage(format!("there is no config file `{path}`"))
        .with_hint(format!("check --config and {VARIABLE}"))
}
