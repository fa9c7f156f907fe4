//! Reads API keys. A profile's own key always wins over the environment's: a variable left over from another account
//! must not decide which account is written to.
//! Never shows a key, nor the arguments of a command that prints one.

use super::environment::{path_variable, text_variable};
use super::key_text::parse_key;
use super::key_variables::KeyVariables;
use super::profiles::{KEY_SOURCE_FIELDS, KeySource};
use super::values::{Unread, read_command_output, read_file, read_variable};
use crate::coralogix::account::{Access, ApiKey, Side};
use crate::error::{Error, ErrorKind};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use tracing::info;

/// An API key and where it came from.
#[derive(Debug, Clone)]
pub(super) struct LoadedKey {
    pub(super) key: ApiKey,
    /// Completes `the key …`, such as `in HOOKFERRY_SOURCE_API_KEY`.
    pub(super) origin: String,
    /// If it stands in for the key that the profile names: why that one is not used.
    pub(super) stands_in_because: Option<String>,
    /// How to use the environment's other key instead; `None` if the command could not, or if there is none.
    pub(super) alternative: Option<String>,
}

/// What a command does with an account; decides which key of the environment opens it, if it has none of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It only reads, and no other account of the command line needs a key of the environment: if only one key is set,
    /// that one serves, whichever side's it is.
    ReadAlone,
    /// It only reads.
    Read,
    /// It may also write.
    Write,
}

impl Purpose {
    /// For a command that only reads these accounts, each with whether it needs a key of the environment.
    pub(super) fn of_reading(needs_environment: [bool; 2]) -> Self {
        match needs_environment {
            [true, true] => Self::Read,
            _ => Self::ReadAlone,
        }
    }

    pub(super) fn access(self) -> Access {
        match self {
            Self::ReadAlone | Self::Read => Access::Read,
            Self::Write => Access::Write,
        }
    }
}

/// Where the own key of a profile is.
#[derive(Debug, Clone)]
pub(super) enum ProfileKey {
    /// The account has no profile; how to name one, as the end of a hint.
    NoProfile(&'static str),
    /// The profile names no key.
    None,
    /// The profile names this source; relative paths start from this folder, and a program gets no such variable.
    Configured(KeySource, PathBuf, KeyVariables),
    /// The key itself, from a `cx` profile file with this path.
    Inline(SecretString, PathBuf),
    /// hookferry cannot reach the key: why (completes `{profile} …`), and a hint.
    Unreachable(String, String),
}

/// Reads the key for a side: the profile's own, else the environment's.
///
/// The environment's key of that side stands in for a profile's own one only where that is out of reach; one that is
/// there and unusable is an error.
pub(super) async fn read_for_side(
    side: Side,
    purpose: Purpose,
    profile: &str,
    profile_key: &ProfileKey,
) -> Result<LoadedKey, Error> {
    let key = match read_profile_key(side, profile, profile_key).await {
        Ok(key) => key,
        Err(KeyProblem::Unusable(error)) => return Err(error),
        Err(KeyProblem::OutOfReach(error)) => {
            let key = match purpose {
                Purpose::ReadAlone if !profile_key.is_named() => read_only_environment_key(side)?,
                _ => read_environment_key(side)?,
            };
            match key {
                Some(key) if profile_key.is_named() => LoadedKey {
                    stands_in_because: Some(error.to_string()),
                    ..key
                },
                Some(key) => key,
                None => return Err(with_variable_hint(error, side, profile_key)),
            }
        }
    };
    log_use(side, &key, profile_key);
    Ok(key)
}

/// Extends the hint of a missing key: a run with one account on this side can also take the environment's.
fn with_variable_hint(error: Error, side: Side, profile_key: &ProfileKey) -> Error {
    let name = side.key_variable();
    let own = error.hint().unwrap_or_default();
    let set = format!("set {name}, or set {name}_FILE to the path of a file that contains the key");
    let hint = if profile_key.is_named() {
        format!("{own}; or {set}")
    } else {
        format!("{set}; or {own}")
    };
    error.with_hint(match foreign_variable() {
        Some(foreign) => format!(
            "{foreign} is set, but hookferry does not read it, because it does not say which account it is for: if it is the {side}'s, run `export {name}=\"${foreign}\"`; else {hint}"
        ),
        None => hint,
    })
}

/// The variable of another of the vendor's programs that is set.
fn foreign_variable() -> Option<&'static str> {
    let names = ["CORALOGIX_API_KEY", "CX_API_KEY"];
    names.into_iter().find(|name| path_variable(name).is_some())
}

/// Logs which key is used, and which ones are not.
pub(super) fn log_use(side: Side, key: &LoadedKey, profile_key: &ProfileKey) {
    let is_own = profile_key.is_named() && key.stands_in_because.is_none();
    match unused_variables(&[side]) {
        Some(unused) if is_own => info!(%side, "uses the key {}; {unused}", key.origin),
        _ => info!(%side, "uses the key {}", key.origin),
    }
}

/// States which key variables of these sides are set, where a profile's own key is used instead; `None` if none is.
pub(super) fn unused_variables(sides: &[Side]) -> Option<String> {
    let names = sides.iter().copied().flat_map(variables);
    let set: Vec<String> = names.filter(|name| path_variable(name).is_some()).collect();
    (!set.is_empty()).then(|| format!("set in the environment and not used: {}", set.join(", ")))
}

impl ProfileKey {
    /// Whether the profile names a key of its own that hookferry can read.
    pub(super) fn is_named(&self) -> bool {
        matches!(self, Self::Configured(..) | Self::Inline(..))
    }
}

/// Why a profile brings no key.
pub(super) enum KeyProblem {
    /// It names none, or it is not where this program runs.
    OutOfReach(Error),
    /// It is there, and unusable.
    Unusable(Error),
}

impl From<KeyProblem> for Error {
    fn from(problem: KeyProblem) -> Self {
        match problem {
            KeyProblem::OutOfReach(error) | KeyProblem::Unusable(error) => error,
        }
    }
}

/// Hint for an unusable key of a profile.
const FIX_KEY_HINT: &str = "fix it there, then test it with `hookferry account check PROFILE`";

/// Reads the profile's own key.
pub(super) async fn read_profile_key(
    side: Side,
    profile: &str,
    own: &ProfileKey,
) -> Result<LoadedKey, KeyProblem> {
    let no_key = |why: &str, hint: &str| {
        let what = format!("there is no API key for the {side}{why}");
        let error = Error::new(ErrorKind::Authentication, what).with_hint(hint);
        Err(KeyProblem::OutOfReach(error))
    };
    let (text, place) = match own {
        ProfileKey::NoProfile(hint) => return no_key("", hint),
        ProfileKey::None => {
            let why = format!(": profile {profile} does not name one");
            return no_key(
                &why,
                &format!("add one of {KEY_SOURCE_FIELDS} to the profile"),
            );
        }
        ProfileKey::Unreachable(why, hint) => {
            return no_key(&format!(": {profile} {why}"), hint);
        }
        ProfileKey::Inline(text, path) => {
            let place = KeySource::File(path.clone()).to_string();
            (Ok(text.clone()), place)
        }
        ProfileKey::Configured(source, folder, key_variables) => {
            let text = read_source(source, folder, key_variables).await;
            (text, source.to_string())
        }
    };
    let origin = format!("of profile {profile} ({place})");
    load(text, origin, FIX_KEY_HINT)
}

/// The key that a text holds. Messages say where it came from, and give `hint` where there is no better one.
fn load(
    text: Result<SecretString, Unread>,
    origin: String,
    hint: &str,
) -> Result<LoadedKey, KeyProblem> {
    let key = text.and_then(|text| parse_key(&text).map_err(Unread::unusable));
    let error = |why: String, hint: &str| {
        let what = format!("the key {origin} cannot be used: {why}");
        Error::new(ErrorKind::Authentication, what).with_hint(hint)
    };
    match key {
        Ok(key) => Ok(LoadedKey {
            key,
            origin,
            stands_in_because: None,
            alternative: None,
        }),
        Err(Unread::OutOfReach(why)) => Err(KeyProblem::OutOfReach(error(why, hint))),
        Err(Unread::Unusable { why, remedy }) => {
            let hint = remedy.as_deref().unwrap_or(hint);
            Err(KeyProblem::Unusable(error(why, hint)))
        }
    }
}

/// Reads the only key that the environment has; where it has both, that of the side.
fn read_only_environment_key(side: Side) -> Result<Option<LoadedKey>, Error> {
    let other = match side {
        Side::Source => Side::Target,
        Side::Target => Side::Source,
    };
    let Some(key) = read_environment_key(side)? else {
        return read_environment_key(other);
    };
    let alternative = set_variable(other).zip(set_variable(side));
    Ok(Some(LoadedKey {
        alternative: alternative.map(|(other, own)| {
            format!("to read with {other} instead, unset {own} for that command")
        }),
        ..key
    }))
}

/// The variable that is set for a side's key.
fn set_variable(side: Side) -> Option<String> {
    variables(side)
        .into_iter()
        .find(|name| path_variable(name).is_some())
}

/// The variables for a side's key: for the key, and for the file that contains it.
fn variables(side: Side) -> [String; 2] {
    let name = side.key_variable();
    [name.to_owned(), format!("{name}_FILE")]
}

/// Reads a side's key from its variable, or from the file that its `_FILE` variable names.
fn read_environment_key(side: Side) -> Result<Option<LoadedKey>, Error> {
    let [name, file_name] = variables(side);
    let (text, origin) = match (text_variable(&name)?, text_variable(&file_name)?) {
        (Some(_), Some(_)) => {
            return Err(Error::usage(format!("both {name} and {file_name} are set"))
                .with_hint("ambiguous: set only one of them"));
        }
        (Some(text), None) => (Ok(SecretString::from(text)), format!("in {name}")),
        (None, Some(path)) => {
            let text = read_file(Path::new(&path));
            (text, format!("in the file of {file_name}"))
        }
        (None, None) => return Ok(None),
    };
    let hint = format!("put the {side}'s key there, then run the same command again");
    Ok(Some(load(text, origin, &hint)?))
}

async fn read_source(
    source: &KeySource,
    folder: &Path,
    key_variables: &KeyVariables,
) -> Result<SecretString, Unread> {
    match source {
        KeySource::Env(name) => read_variable(name),
        KeySource::File(path) => read_file(&folder.join(path)),
        KeySource::Command(arguments) => read_command_output(arguments, key_variables).await,
    }
}
