//! What the webhooks and their secrets are called in code: safe, unique, and short enough to read.

use crate::render::names::{UniqueNames, upper_snake};

/// Longest name of a webhook, and of a secret, before a number makes it unique.
const MAX_OWNER: usize = 48;
const MAX_SECRET: usize = 120;

/// The names that one export gives.
#[derive(Debug, Default)]
pub(super) struct Names {
    owners: UniqueNames,
    secrets: UniqueNames,
}

/// The webhook whose secrets are named.
pub(super) struct Owner {
    /// Its name in lower case, words joined by `_`.
    pub(super) name: String,
    names: UniqueNames,
}

impl Names {
    /// Names a webhook by its alias, and lends the names of secrets for it.
    pub(super) fn owner(&mut self, alias: &str) -> Owner {
        let proposed = shortened(upper_snake(&[alias]).to_ascii_lowercase(), MAX_OWNER);
        Owner {
            name: self.owners.take(&proposed),
            names: std::mem::take(&mut self.secrets),
        }
    }

    /// Takes the names of secrets back.
    pub(super) fn give_back(&mut self, owner: Owner) {
        self.secrets = owner.names;
    }
}

impl Owner {
    /// Names a secret by its place.
    pub(super) fn name_secret(&mut self, path: &[String]) -> String {
        let words: Vec<&str> = std::iter::once(self.name.as_str())
            .chain(path.iter().map(String::as_str))
            .collect();
        let proposed = upper_snake(&words).to_ascii_lowercase();
        self.names.take(&shortened(proposed, MAX_SECRET))
    }
}

/// The start of an ASCII name.
fn shortened(mut name: String, max_len: usize) -> String {
    name.truncate(max_len);
    name.truncate(name.trim_end_matches('_').len());
    name
}
