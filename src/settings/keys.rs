//! Reads API keys: from the environment, else from the place that the profile names.
//! Never shows a key, nor the arguments of a command that prints one.

use super::environment::variable;
use super::profiles::{KeySource, WAYS};
use super::values::{from_command, from_environment, from_file};
use crate::coralogix::account::{ApiKey, Side};
use crate::error::{Error, ErrorKind};
use crate::store::disk;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use tracing::info;

/// An API key and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) key: ApiKey,
    /// Completes `the key …`, such as `in HOOKFERRY_SOURCE_API_KEY`.
    pub(super) from: String,
}

/// Where the own key of a profile is.
#[derive(Debug, Clone)]
pub(super) enum OwnKey {
    /// The account has no profile.
    NoProfile,
    /// The profile names no key.
    None,
    /// The profile names this source; relative paths start from this folder.
    At(KeySource, PathBuf),
    /// The key itself, from a `cx` profile file with this path.
    Held(SecretString, PathBuf),
    /// hookferry cannot reach the key: why (completes `{profile} …`), and the end of a hint.
    OutOfReach(String, String),
}

/// Reads the key for a side: the environment's, else the profile's own.
pub(super) async fn for_side(side: Side, profile: &str, own: &OwnKey) -> Result<Key, Error> {
    let key = match of_environment(side)? {
        Some(key) => key,
        None => self::own(side, profile, own)
            .await
            .map_err(|error| or_variable(error, side))?,
    };
    info!(%side, "uses the key {}", key.from);
    Ok(key)
}

/// Hint for an unusable key of a profile.
const REPAIR: &str = "fix it there, then test it with `hookferry account check PROFILE`";

/// Extends the hint: a run that reads one account can also take its key from the environment.
fn or_variable(error: Error, side: Side) -> Error {
    if error.hint() == Some(REPAIR) {
        error.with_hint(format!("{REPAIR}; or set {}", side.key_variable()))
    } else {
        error
    }
}

/// Reads the profile's own key.
pub(super) async fn own(side: Side, profile: &str, own: &OwnKey) -> Result<Key, Error> {
    let (text, place) = match own {
        OwnKey::NoProfile => {
            let what = format!("there is no API key for the {side}");
            return Err(without(side, what, "; `hookferry demo` needs none"));
        }
        OwnKey::None => {
            let what =
                format!("there is no API key for the {side}: profile {profile} does not name one");
            let hint = format!("; or add one of {WAYS} to the profile");
            return Err(without(side, what, &hint));
        }
        OwnKey::OutOfReach(why, hint) => {
            let what = format!("there is no API key for the {side}: {profile} {why}");
            return Err(without(side, what, hint));
        }
        OwnKey::Held(text, path) => {
            let place = KeySource::File(path.clone()).to_string();
            (Ok(text.clone()), place)
        }
        OwnKey::At(source, folder) => (read(source, folder).await, source.to_string()),
    };
    let key = text.and_then(|text| {
        let unusable = "it is empty or contains spaces or control characters";
        usable(&text).ok_or_else(|| unusable.to_owned())
    });
    match key {
        Ok(key) => Ok(Key {
            key,
            from: format!("of profile {profile} ({place})"),
        }),
        Err(why) => Err(Error::new(
            ErrorKind::Authentication,
            format!("the key of profile {profile} ({place}) cannot be used: {why}"),
        )
        .with_hint(REPAIR)),
    }
}

/// The error that a side has no key.
fn without(side: Side, what: String, hint: &str) -> Error {
    let name = side.key_variable();
    Error::new(ErrorKind::Authentication, what).with_hint(format!(
        "set {name}, or set {name}_FILE to the path of a file that contains it{hint}"
    ))
}

/// Reads a side's key from its variable, or from the file that its `_FILE` variable names.
fn of_environment(side: Side) -> Result<Option<Key>, Error> {
    let name = side.key_variable();
    let file_name = format!("{name}_FILE");
    let (text, from) = match (variable(name)?, variable(&file_name)?) {
        (Some(_), Some(_)) => {
            return Err(Error::usage(format!("both {name} and {file_name} are set"))
                .with_hint("ambiguous: set only one of them"));
        }
        (Some(text), None) => (SecretString::from(text), name),
        (None, Some(path)) => {
            let what = format!("the key file of {file_name}");
            let text = disk::read_secret(Path::new(&path), &what)?;
            (text, file_name.as_str())
        }
        (None, None) => return Ok(None),
    };
    let key = usable(&text).ok_or_else(|| {
        Error::new(
            ErrorKind::Authentication,
            format!("the API key for the {side} is empty or contains spaces or control characters"),
        )
        .with_hint(format!("check {name} or the file that {file_name} names"))
    })?;
    let from = format!("in {from}");
    Ok(Some(Key { key, from }))
}

async fn read(source: &KeySource, folder: &Path) -> Result<SecretString, String> {
    match source {
        KeySource::Env(name) => from_environment(name),
        KeySource::File(path) => from_file(&folder.join(path)),
        KeySource::Command(arguments) => from_command(arguments).await,
    }
}

/// The key without the trailing line break of a file; `None` if it cannot be a key.
fn usable(text: &SecretString) -> Option<ApiKey> {
    let text = text.expose_secret();
    let text = text.strip_suffix('\n').unwrap_or(text);
    ApiKey::new(text.strip_suffix('\r').unwrap_or(text))
}
