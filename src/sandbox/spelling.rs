//! The error for a misspelled switch or fault; it must always name the valid spellings.

use std::{error, fmt};

/// A switch or fault that cannot be parsed; the message names it and the valid spellings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpellingError(String);

impl SpellingError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for SpellingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl error::Error for SpellingError {}
