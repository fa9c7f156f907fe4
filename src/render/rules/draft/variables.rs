//! Names for the environment variables that a first rules file proposes.

use crate::coralogix::path::Path;
use crate::render::names::{UniqueNames, upper_snake};
use std::collections::HashMap;

/// Assigns variable names: one for each distinct value, so that equal secrets share a variable.
#[derive(Default)]
pub(super) struct Variables {
    by_value: HashMap<String, String>,
    names: UniqueNames,
}

impl Variables {
    /// The name of the variable for a value at a path; `owner` is the first part of a new name.
    pub(super) fn name_for(&mut self, owner: &str, path: &Path, value: &str) -> String {
        if let Some(name) = self.by_value.get(value) {
            return name.clone();
        }
        let last = path.parts().last().map_or("", String::as_str);
        let name = self.names.take(&upper_snake(&[owner, last]));
        self.by_value.insert(value.to_owned(), name.clone());
        name
    }
}
