//! The config file: where it is, whether it may be trusted, and the profiles and schedules in it.
//! Holds no key and reads none.

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

/// Where the config file is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigPlace {
    /// Its path; `None` where nothing tells.
    pub path: Option<PathBuf>,
    /// Whether the user named it, so that it has to be there.
    pub is_named: bool,
}

impl ConfigPlace {
    /// The file that the flag names, else the variable, else the one of this user's configuration by the XDG rules.
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

/// What a config file says.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it was looked for.
    pub place: ConfigPlace,
    /// Whether it is there.
    pub is_there: bool,
    /// Its profiles, in its order.
    pub profiles: Vec<Profile>,
    /// Its schedules, in its order.
    pub schedules: Vec<Schedule>,
}

/// The profiles and the schedules of a config file, each in its order.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// The accounts that have a name.
    pub profiles: Vec<Profile>,
    /// The backups that are made again and again.
    pub schedules: Vec<Schedule>,
}

/// Reads the text of a config file; an error lists every mistake, in the order of the file.
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
            "format_version is 1 in the only form that this version of hookferry reads",
        );
    }
    let mut contents = Contents::default();
    let mut names = Vec::new();
    if let Some(entry) = entry("profile") {
        contents.profiles = profiles::all(reading, entry);
        // Of all tables: what is wrong with a profile is said once, at the profile.
        let tables = entry.table().map_or_else(Vec::new, |table| table.entries());
        names = tables.iter().map(Entry::key).collect();
    }
    if let Some(entry) = entry("schedule") {
        contents.schedules = schedules::all(reading, entry, &names);
    }
    contents
}

impl Config {
    /// Reads the file; only one that nobody named may be missing.
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

    /// The profile of that name.
    pub(super) fn profile(&self, name: &str) -> Option<&Profile> {
        let is_it = |profile: &&Profile| profile.account.name == name;
        self.profiles.iter().find(is_it)
    }

    /// The names of the profiles, in the file's order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles
            .iter()
            .map(|profile| profile.account.name.as_str())
    }

    /// The folder in which relative paths of the file are found.
    pub(super) fn folder(&self) -> &Path {
        let folder = self.place.path.as_deref().and_then(Path::parent);
        folder.unwrap_or(Path::new(""))
    }

    /// The schedule of that name.
    pub fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.name == name)
    }

    /// What helps somebody who typed a name that no profile has; nothing where there are no profiles.
    pub(super) fn hint(&self, typed: &str) -> Option<String> {
        let names: Vec<&str> = self.names().collect();
        self.hint_of("profiles", &names, typed)
    }

    /// What helps somebody who typed a name that no schedule has; nothing where there are no schedules.
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
        Error::usage(format!("the config file cannot be read\n{lines}")).with_hint(
            "`hookferry --help` shows what a profile looks like, and docs/schedules.md a schedule",
        )
    })
}

fn missing(path: &Path) -> Error {
    let path = crate::foreign::shown(&path.display().to_string());
    Error::usage(format!("there is no config file `{path}`"))
        .with_hint(format!("check --config and {VARIABLE}"))
}
