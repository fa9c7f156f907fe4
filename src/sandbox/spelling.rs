//! What is said when a switch or fault is misspelt; it must always name what would have been right.

use std::{error, fmt};

/// Tells a user which switch or fault was not understood, and what there is.
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
