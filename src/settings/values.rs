//! The values that rules and profiles ask for, read from where they are: the environment, files, and what commands print.
//! Never shows a value, nor an argument of a command, which may be one.

use super::environment::variable;
use crate::coralogix::account::Side;
use crate::pipeline::rewrite::rule::Source;
use crate::pipeline::rewrite::{Reading, Values};
use crate::store::disk;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// How long a command may take: long enough for somebody to unlock a vault.
const LONGEST_COMMAND: Duration = Duration::from_secs(60);

/// Reads every value; what cannot be read says why, and nothing stops at the first.
///
/// Relative files are found in `folder`; commands are run one after the other, if they may be.
pub async fn read(sources: Vec<Source>, folder: &Path, may_run_commands: bool) -> Values {
    let mut readings = Vec::new();
    for source in sources {
        let value = match &source {
            Source::Env(name) => from_environment(name),
            Source::File(path) => from_file(&folder.join(path)),
            Source::Command { .. } if !may_run_commands => {
                Err("commands are run only with --allow-commands".to_owned())
            }
            Source::Command { arguments, .. } => from_command(arguments).await,
            Source::Value(_) => continue,
        };
        let reading = match value {
            Ok(value) => Reading::Read(value),
            Err(why) => Reading::Unread(why),
        };
        readings.push((source, reading));
    }
    Values::of(readings)
}

pub(super) fn from_environment(name: &str) -> Result<SecretString, String> {
    match variable(name) {
        Ok(Some(value)) => Ok(SecretString::from(value)),
        Ok(None) => Err("it is not set, or empty".to_owned()),
        Err(_) => Err("it is not text".to_owned()),
    }
}

pub(super) fn from_file(path: &Path) -> Result<SecretString, String> {
    let text = disk::read_secret(path, "the file").map_err(|error| error.to_string())?;
    let text = text.expose_secret().trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(SecretString::from(text))
}

/// What a program prints, trimmed; it gets no input, its messages go where this program's go.
pub(super) async fn from_command(arguments: &[String]) -> Result<SecretString, String> {
    let mut command = tokio::process::Command::new(&arguments[0]);
    command
        .args(&arguments[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    // It has its own credentials, and no business with ours.
    for side in [Side::Source, Side::Target] {
        command.env_remove(side.key_variable());
    }
    let output = tokio::time::timeout(LONGEST_COMMAND, command.output())
        .await
        .map_err(|_| format!("it did not end within {} s", LONGEST_COMMAND.as_secs()))?
        .map_err(|error| format!("it cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("it failed: {}", output.status));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| "it did not print text")?;
    let text = text.trim();
    if text.is_empty() {
        return Err("it printed nothing".to_owned());
    }
    Ok(SecretString::from(text))
}
