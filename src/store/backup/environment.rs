//! Passes environment variables to repositories: the store itself reads none.

use crate::error::Error;

/// Looks up an environment variable that configures access to an object store.
///
/// Passed in, because only the settings read the environment.
pub type EnvLookup<'v> = &'v dyn Fn(&str) -> Result<Option<String>, Error>;
