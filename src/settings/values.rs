//! Reads the values that rules and profiles refer to: from the environment, from files, and from the output of
//! commands. Never shows a value, nor an argument of a command, because that may be a secret too.

use super::env_file::EnvFile;
use super::environment::text_variable;
use super::key_variables::KeyVariables;
use crate::pipeline::rewrite::rule::ValueSource;
use crate::pipeline::rewrite::{RuleValues, ValueReading};
use crate::store::disk;
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Time limit for a command: long enough for somebody to unlock a vault.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a value or a key could not be read, without any part of it.
pub(super) enum Unread {
    /// It is not where this program runs: the variable is unset, or the file or program does not exist.
    OutOfReach(String),
    /// It is there, and unusable.
    Unusable {
        /// Why.
        why: String,
        /// What to do about it, if there is one thing to do.
        remedy: Option<String>,
    },
}

impl Unread {
    pub(super) fn unusable(why: impl Into<String>) -> Self {
        Self::Unusable {
            why: why.into(),
            remedy: None,
        }
    }

    fn into_reason(self) -> String {
        match self {
            Self::OutOfReach(why) | Self::Unusable { why, remedy: None } => why,
            Self::Unusable {
                why,
                remedy: Some(remedy),
            } => format!("{why}: {remedy}"),
        }
    }
}

/// Reads every value and records for each failure why, so that all failures can be reported at once.
///
/// Relative paths start from `folder`. What the file of `--env-file` sets outranks the environment. Commands run one
/// after the other, and only if they are allowed. Variables that hold keys are not for rules.
pub async fn read(
    sources: Vec<ValueSource>,
    folder: &Path,
    may_run_commands: bool,
    key_variables: &KeyVariables,
    env_file: Option<&EnvFile>,
) -> RuleValues {
    let mut readings = Vec::new();
    for source in sources {
        let value = match &source {
            ValueSource::Env(name) if key_variables.contains(name) => Err(Unread::unusable(
                "it leads to a key of hookferry's own, which no webhook gets",
            )),
            ValueSource::Env(name) => read_named(name, env_file),
            ValueSource::File(path) => read_file(&folder.join(path)),
            ValueSource::Command { .. } if !may_run_commands => {
                Err(Unread::unusable("pass --allow-commands to run commands"))
            }
            ValueSource::Command { arguments, .. } => {
                read_command_output(arguments, key_variables).await
            }
            ValueSource::Value(_) => continue,
        };
        let outcome = match value {
            Ok(value) => ValueReading::Read(value),
            Err(unread) => ValueReading::Unread(unread.into_reason()),
        };
        readings.push((source, outcome));
    }
    RuleValues::new(readings)
}

/// The value of a variable: from the file of `--env-file`, which the user named, else from the environment.
fn read_named(name: &str, env_file: Option<&EnvFile>) -> Result<SecretString, Unread> {
    let Some(env_file) = env_file else {
        return read_variable(name);
    };
    match env_file.value(name) {
        Some(value) => non_empty(
            value.expose_secret(),
            &format!("it is empty in {}", env_file.name()),
        ),
        None => read_variable(name).map_err(|unread| match unread {
            Unread::OutOfReach(why) => {
                Unread::OutOfReach(format!("it is not in {}, and {why}", env_file.name()))
            }
            unusable @ Unread::Unusable { .. } => unusable,
        }),
    }
}

pub(super) fn read_variable(name: &str) -> Result<SecretString, Unread> {
    match text_variable(name) {
        Ok(Some(value)) => non_empty(&value, "it is empty"),
        Ok(None) => Err(Unread::OutOfReach("it is unset or empty".to_owned())),
        Err(_) => Err(Unread::unusable("it is not valid UTF-8")),
    }
}

pub(super) fn read_file(path: &Path) -> Result<SecretString, Unread> {
    let is_missing = disk::is_missing(path);
    let text = disk::read_secret(path, "the file").map_err(|error| {
        let why = error.to_string();
        if is_missing {
            Unread::OutOfReach(why)
        } else {
            let remedy = error.hint().map(str::to_owned);
            Unread::Unusable { why, remedy }
        }
    })?;
    non_empty(text.expose_secret(), "it is empty")
}

/// Runs a program and returns its output. It gets no input, and its stderr is that of this process.
/// It has its own credentials, and must not see ours.
pub(super) async fn read_command_output(
    arguments: &[String],
    key_variables: &KeyVariables,
) -> Result<SecretString, Unread> {
    let mut command = tokio::process::Command::new(&arguments[0]);
    command
        .args(&arguments[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    key_variables.hide_from(&mut command);
    let output = tokio::time::timeout(COMMAND_TIMEOUT, command.output())
        .await
        .map_err(|_| {
            let seconds = COMMAND_TIMEOUT.as_secs();
            Unread::unusable(format!("it did not finish within {seconds} s"))
        })?
        .map_err(|error| cannot_run(&error))?;
    if !output.status.success() {
        return Err(Unread::unusable(format!("it failed: {}", output.status)));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| Unread::unusable("its output is not valid UTF-8"))?;
    non_empty(&text, "it printed nothing")
}

/// A value without the one line break that files and programs end with, treated alike wherever it comes from.
fn non_empty(text: &str, if_empty: &str) -> Result<SecretString, Unread> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Unread::unusable(if_empty));
    }
    Ok(SecretString::from(text))
}

fn cannot_run(error: &io::Error) -> Unread {
    let why = format!("it cannot be run: {error}");
    match error.kind() {
        io::ErrorKind::NotFound => Unread::OutOfReach(why),
        _ => Unread::unusable(why),
    }
}
