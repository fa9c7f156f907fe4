//! Environment variables; an empty one counts as unset.

use crate::error::Error;
use std::path::PathBuf;

/// The text of a variable; an error if it is not valid UTF-8.
pub(super) fn text_variable(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::usage(format!("{name} is not valid UTF-8")))
        }
    }
}

/// The path that a variable holds.
pub(super) fn path_variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The path that a variable holds, if it is absolute; the XDG specification ignores relative ones.
pub(super) fn absolute_path_variable(name: &str) -> Option<PathBuf> {
    path_variable(name).filter(|path| path.is_absolute())
}
