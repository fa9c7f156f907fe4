//! Reads API keys: from the environment, else from the place that the profile names.
//! Never shows a key, nor the arguments of a command that prints one.

use super::environment::text_variable;
use super::profiles::{KEY_SOURCE_FIELDS, KeySource};
use super::values::{read_command_output, read_file, read_variable};
use crate::coralogix::account::{ApiKey, Side};
use crate::error::{Error, ErrorKind};
use crate::store::disk;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use tracing::info;

/// An API key and where it came from.
#[derive(Debug, Clone)]
pub(super) struct LoadedKey {
    pub(super) key: ApiKey,
    /// Completes `the key …`, such as `in HOOKFERRY_SOURCE_API_KEY`.
    pub(super) origin: String,
}

/// Where the own key of a profile is.
#[derive(Debug, Clone)]
pub(super) enum ProfileKey {
    /// The account has no profile.
    NoProfile,
    /// The profile names no key.
    None,
    /// The profile names this source; relative paths start from this folder.
    Configured(KeySource, PathBuf),
    /// The key itself, from a `cx` profile file with this path.
    Inline(SecretString, PathBuf),
    /// hookferry cannot reach the key: why (completes `{profile} …`), and the end of a hint.
    Unreachable(String, String),
}

/// Reads the key for a side: the environment's, else the profile's own.
pub(super) async fn read_for_side(
    side: Side,
    profile: &str,
    profile_key: &ProfileKey,
) -> Result<LoadedKey, Error> {
    let key = match read_environment_key(side)? {
        Some(key) => key,
        None => read_profile_key(side, profile, profile_key)
            .await
            .map_err(|error| with_variable_hint(error, side))?,
    };
    info!(%side, "uses the key {}", key.origin);
    Ok(key)
}

/// Hint for an unusable key of a profile.
const FIX_KEY_HINT: &str = "fix it there, then test it with `hookferry account check PROFILE`";

/// Extends the hint: a run that reads one account can also take its key from the environment.
fn with_variable_hint(error: Error, side: Side) -> Error {
    if error.hint() == Some(FIX_KEY_HINT) {
        error.with_hint(format!("{FIX_KEY_HINT}; or set {}", side.key_variable()))
    } else {
        error
    }
}

/// Reads the profile's own key.
pub(super) async fn read_profile_key(
    side: Side,
    profile: &str,
    own: &ProfileKey,
) -> Result<LoadedKey, Error> {
    let (text, place) = match own {
        ProfileKey::NoProfile => {
            let what = format!("there is no API key for the {side}");
            return Err(missing_key(side, what, "; `hookferry demo` needs none"));
        }
        ProfileKey::None => {
            let what =
                format!("there is no API key for the {side}: profile {profile} does not name one");
            let hint = format!("; or add one of {KEY_SOURCE_FIELDS} to the profile");
            return Err(missing_key(side, what, &hint));
        }
        ProfileKey::Unreachable(why, hint) => {
            let what = format!("there is no API key for the {side}: {profile} {why}");
            return Err(missing_key(side, what, hint));
        }
        ProfileKey::Inline(text, path) => {
            let place = KeySource::File(path.clone()).to_string();
            (Ok(text.clone()), place)
        }
        ProfileKey::Configured(source, folder) => {
            (read_source(source, folder).await, source.to_string())
        }
    };
    let key = text.and_then(|text| {
        let problem = "it is empty or contains spaces or control characters";
        parse_key(&text).ok_or_else(|| problem.to_owned())
    });
    match key {
        Ok(key) => Ok(LoadedKey {
            key,
            origin: format!("of profile {profile} ({place})"),
        }),
        Err(why) => Err(Error::new(
            ErrorKind::Authentication,
            format!("the key of profile {profile} ({place}) cannot be used: {why}"),
        )
        .with_hint(FIX_KEY_HINT)),
    }
}

/// The error that a side has no key.
fn missing_key(side: Side, what: String, hint: &str) -> Error {
    let name = side.key_variable();
    Error::new(ErrorKind::Authentication, what).with_hint(format!(
        "set {name}, or set {name}_FILE to the path of a file that contains it{hint}"
    ))
}

/// Reads a side's key from its variable, or from the file that its `_FILE` variable names.
fn read_environment_key(side: Side) -> Result<Option<LoadedKey>, Error> {
    let name = side.key_variable();
    let file_name = format!("{name}_FILE");
    let (text, origin) = match (text_variable(name)?, text_variable(&file_name)?) {
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
    let key = parse_key(&text).ok_or_else(|| {
        Error::new(
            ErrorKind::Authentication,
            format!("the API key for the {side} is empty or contains spaces or control characters"),
        )
        .with_hint(format!("check {name} or the file that {file_name} names"))
    })?;
    let origin = format!("in {origin}");
    Ok(Some(LoadedKey { key, origin }))
}

async fn read_source(source: &KeySource, folder: &Path) -> Result<SecretString, String> {
    match source {
        KeySource::Env(name) => read_variable(name),
        KeySource::File(path) => read_file(&folder.join(path)),
        KeySource::Command(arguments) => read_command_output(arguments).await,
    }
}

/// The key without the trailing line break of a file; `None` if it cannot be a key.
fn parse_key(text: &SecretString) -> Option<ApiKey> {
    let text = text.expose_secret();
    let text = text.strip_suffix('\n').unwrap_or(text);
    ApiKey::new(text.strip_suffix('\r').unwrap_or(text))
}
