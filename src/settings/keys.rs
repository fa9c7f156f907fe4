//! The keys that open accounts: the environment's, else the profile's own.
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

/// A key, and where it was taken from in words that follow `the key`.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The key.
    pub(super) key: ApiKey,
    /// Such as `in HOOKFERRY_SOURCE_API_KEY`.
    pub(super) from: String,
}

/// What a profile has of a key.
#[derive(Debug, Clone)]
pub(super) enum OwnKey {
    /// There is no profile.
    NoProfile,
    /// The profile names none.
    None,
    /// It is there; relative files are found in the folder.
    At(KeySource, PathBuf),
    /// It was in the profile of the vendor's own program.
    Held(SecretString, PathBuf),
    /// It is where this program does not reach: why, in words that follow the profile, and what else can be done.
    OutOfReach(String, String),
}

/// The key for a side: the environment's, else the profile's own.
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

/// What helps where a profile's own key cannot be used.
const REPAIR: &str = "repair that";

/// Where one account is read, the environment can stand in for its profile's key.
fn or_variable(error: Error, side: Side) -> Error {
    if error.hint() == Some(REPAIR) {
        error.with_hint(format!("{REPAIR}, or set {}", side.key_variable()))
    } else {
        error
    }
}

/// The profile's own key.
pub(super) async fn own(side: Side, profile: &str, own: &OwnKey) -> Result<Key, Error> {
    let (text, place) = match own {
        OwnKey::NoProfile => {
            let what = format!("there is no API key for the {side}");
            return Err(without(side, what, "; `hookferry demo` needs none"));
        }
        OwnKey::None => {
            let what = format!("there is no API key for the {side}: profile {profile} has none");
            let hint = format!("; or give the profile one of {WAYS}");
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
        let unusable = "it is empty or holds spaces or control characters";
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

/// Nothing has a key for a side.
fn without(side: Side, what: String, hint: &str) -> Error {
    let name = side.key_variable();
    Error::new(ErrorKind::Authentication, what).with_hint(format!(
        "set {name}, or {name}_FILE to a file that holds it{hint}"
    ))
}

/// The key of a side's variable, or of the file that its `_FILE` variable names.
fn of_environment(side: Side) -> Result<Option<Key>, Error> {
    let name = side.key_variable();
    let file_name = format!("{name}_FILE");
    let (text, from) = match (variable(name)?, variable(&file_name)?) {
        (Some(_), Some(_)) => {
            return Err(Error::usage(format!("both {name} and {file_name} are set"))
                .with_hint("unset one of them; which key is meant must be plain"));
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
            format!("the API key for the {side} is empty or holds spaces or control characters"),
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

/// A key without the line break that files end with.
fn usable(text: &SecretString) -> Option<ApiKey> {
    let text = text.expose_secret();
    let text = text.strip_suffix('\n').unwrap_or(text);
    ApiKey::new(text.strip_suffix('\r').unwrap_or(text))
}
