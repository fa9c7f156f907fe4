//! Reads the values that rules and profiles refer to: from the environment, from files, and from the output of
//! commands. Never shows a value, nor an argument of a command, because that may be a secret too.

use super::environment::text_variable;
use crate::coralogix::account::Side;
use crate::pipeline::rewrite::rule::ValueSource;
use crate::pipeline::rewrite::{RuleValues, ValueReading};
use crate::store::disk;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Time limit for a command: long enough for somebody to unlock a vault.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// Reads every value and records for each failure why, so that all failures can be reported at once.
///
/// Relative paths start from `folder`. Commands run one after the other, and only if they are allowed.
pub async fn read(sources: Vec<ValueSource>, folder: &Path, may_run_commands: bool) -> RuleValues {
    let mut readings = Vec::new();
    for source in sources {
        let value = match &source {
            ValueSource::Env(name) => read_variable(name),
            ValueSource::File(path) => read_file(&folder.join(path)),
            ValueSource::Command { .. } if !may_run_commands => {
                Err("pass --allow-commands to run commands".to_owned())
            }
            ValueSource::Command { arguments, .. } => read_command_output(arguments).await,
            ValueSource::Value(_) => continue,
        };
        let outcome = match value {
            Ok(value) => ValueReading::Read(value),
            Err(why) => ValueReading::Unread(why),
        };
        readings.push((source, outcome));
    }
    RuleValues::new(readings)
}

pub(super) fn read_variable(name: &str) -> Result<SecretString, String> {
    match text_variable(name) {
        Ok(Some(value)) => Ok(SecretString::from(value)),
        Ok(None) => Err("it is unset or empty".to_owned()),
        Err(_) => Err("it is not valid UTF-8".to_owned()),
    }
}

pub(super) fn read_file(path: &Path) -> Result<SecretString, String> {
    let text = disk::read_secret(path, "the file").map_err(|error| error.to_string())?;
    let text = text.expose_secret().trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(SecretString::from(text))
}

/// Runs a program and returns its trimmed output. It gets no input, and its stderr is that of this process.
pub(super) async fn read_command_output(arguments: &[String]) -> Result<SecretString, String> {
    let mut command = tokio::process::Command::new(&arguments[0]);
    command
        .args(&arguments[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    // The command has its own credentials and must not see ours.
    for side in [Side::Source, Side::Target] {
        command.env_remove(side.key_variable());
    }
    let output = tokio::time::timeout(COMMAND_TIMEOUT, command.output())
        .await
        .map_err(|_| format!("it did not finish within {} s", COMMAND_TIMEOUT.as_secs()))?
        .map_err(|error| format!("it cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("it failed: {}", output.status));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| "its output is not valid UTF-8")?;
    let text = text.trim();
    if text.is_empty() {
        return Err("it printed nothing".to_owned());
    }
    Ok(SecretString::from(text))
}
