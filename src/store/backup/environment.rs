//! How a repository learns what the environment says: the store itself reads no variable.

use crate::error::Error;

/// Looks a variable of the environment up, which only the settings read: how an object store is reached.
pub type LookUp<'v> = &'v dyn Fn(&str) -> Result<Option<String>, Error>;
