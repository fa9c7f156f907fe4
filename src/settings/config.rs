//! The config file: where it is, whether it may be trusted, and the profiles in it.
//! Holds no key and reads none.

use super::environment::{absolute_path, path};
use super::profiles::{self, Profile};
use crate::error::Error;
use crate::store::disk;
use crate::toml_file;
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
}

impl Config {
    /// Reads the file; only one that nobody named may be missing.
    pub(super) fn read(place: ConfigPlace) -> Result<Self, Error> {
        let text = match &place.path {
            Some(path) => disk::read_trusted(path, "the config file")?,
            None => None,
        };
        let profiles = match (&place.path, &text) {
            (Some(path), Some(text)) => understood(path, text)?,
            (Some(path), None) if place.is_named => return Err(missing(path)),
            _ => Vec::new(),
        };
        Ok(Self {
            is_there: text.is_some(),
            place,
            profiles,
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

    /// What helps somebody who typed a name that no profile has; nothing where there are no profiles.
    pub(super) fn hint(&self, typed: &str) -> Option<String> {
        let path = self.place.path.as_deref()?;
        let names: Vec<&str> = self.names().collect();
        if names.is_empty() {
            return None;
        }
        let closest = match closest(typed, &names) {
            Some(name) => format!("did you mean `{name}`? "),
            None => String::new(),
        };
        let path = crate::foreign::shown(&path.display().to_string());
        Some(format!(
            "{closest}the profiles of {path} are {}",
            names.join(", ")
        ))
    }
}

fn understood(path: &Path, text: &str) -> Result<Vec<Profile>, Error> {
    profiles::parse(text).map_err(|misread| {
        let lines = toml_file::listed(&path.display().to_string(), &misread);
        Error::usage(format!("the config file cannot be read\n{lines}"))
            .with_hint("`hookferry --help` shows what a profile looks like")
    })
}

fn missing(path: &Path) -> Error {
    let path = crate::foreign::shown(&path.display().to_string());
    Error::usage(format!("there is no config file `{path}`"))
        .with_hint(format!("check --config and {VARIABLE}"))
}

/// The name that was probably meant.
fn closest<'n>(typed: &str, names: &[&'n str]) -> Option<&'n str> {
    const ALIKE: f64 = 0.8;
    let likeness = |name: &&&str| strsim::jaro_winkler(typed, name);
    let best = names
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= ALIKE).then_some(best)
}
