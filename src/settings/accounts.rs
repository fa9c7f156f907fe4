//! Accounts as the command line and the environment name them, with the keys that open them.

use super::Origin;
use crate::coralogix::account::{Account, ApiKey, Side};
use crate::coralogix::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::store::disk;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;

/// What `--from` names: `-`, a file, or an account.
pub(super) fn origin(text: &str) -> Result<Origin, Error> {
    side(Side::Source, "--from", text)
}

/// What an argument names: `-`, a file, or an account with the key of that side.
pub(super) fn side(side: Side, argument: &str, text: &str) -> Result<Origin, Error> {
    if text == "-" {
        return Ok(Origin::Stdin);
    }
    let path = Path::new(text);
    let is_address = text.contains("://");
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let looks_like_path = text.contains(std::path::MAIN_SEPARATOR) || is_json;
    if !is_address && (looks_like_path || disk::is_file(path)) {
        return Ok(Origin::File(path.to_owned()));
    }
    named_account(side, argument, text).map(Origin::Live)
}

/// The account that `--to` names.
pub(super) fn target(text: &str) -> Result<Account, Error> {
    named_account(Side::Target, "--to", text)
}

/// A live account with the key of its side.
fn named_account(side: Side, argument: &str, text: &str) -> Result<Account, Error> {
    let endpoint = Endpoint::parse(text).map_err(|unrecognised| {
        Error::usage(format!("{argument}: {unrecognised}")).with_hint(unrecognised.hint())
    })?;
    Ok(Account {
        side,
        endpoint,
        key: key(side)?,
    })
}

/// The key of a side, from its variable or the file that its `_FILE` variable names.
pub(super) fn key(side: Side) -> Result<ApiKey, Error> {
    let name = side.key_variable();
    let file_name = format!("{name}_FILE");
    let text = match (variable(name)?, variable(&file_name)?) {
        (Some(_), Some(_)) => {
            return Err(Error::usage(format!("both {name} and {file_name} are set"))
                .with_hint("unset one of them; which key is meant must be plain"));
        }
        (Some(text), None) => SecretString::from(text),
        (None, Some(path)) => {
            disk::read_secret(Path::new(&path), &format!("the key file of {file_name}"))?
        }
        (None, None) => {
            return Err(Error::new(
                ErrorKind::Authentication,
                format!("there is no API key for the {side}"),
            )
            .with_hint(format!(
                "set {name}, or {file_name} to a file that holds it; `hookferry demo` needs none"
            )));
        }
    };
    let text = text.expose_secret();
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    ApiKey::new(text).ok_or_else(|| {
        Error::new(
            ErrorKind::Authentication,
            format!("the API key for the {side} is empty or holds spaces or control characters"),
        )
        .with_hint(format!("check {name} or the file that {file_name} names"))
    })
}

pub(super) fn variable(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::usage(format!("{name} is not text"))),
    }
}
