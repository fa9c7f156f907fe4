//! Names for the environment variables that a first rules file proposes.

use crate::coralogix::path::Path;
use std::collections::{BTreeSet, HashMap};

/// Assigns variable names: one for each distinct value, so that equal secrets share a variable.
#[derive(Default)]
pub(super) struct Variables {
    by_value: HashMap<String, String>,
    taken: BTreeSet<String>,
    /// The next number for each name that is taken.
    next_number: HashMap<String, usize>,
}

impl Variables {
    /// The name of the variable for a value at a path; `owner` is the first part of a new name.
    pub(super) fn name_for(&mut self, owner: &str, path: &Path, value: &str) -> String {
        if let Some(name) = self.by_value.get(value) {
            return name.clone();
        }
        let last = path.parts().last().map_or("", String::as_str);
        let proposed = variable_name(owner, last);
        let number = self.next_number.entry(proposed.clone()).or_insert(2);
        let mut name = proposed.clone();
        while self.taken.contains(&name) {
            name = format!("{proposed}_{number}");
            *number += 1;
        }
        self.taken.insert(name.clone());
        self.by_value.insert(value.to_owned(), name.clone());
        name
    }
}

/// Builds a name: `payments-oncall` and `serviceKey` give `PAYMENTS_ONCALL_SERVICE_KEY`.
fn variable_name(alias: &str, key: &str) -> String {
    let mut name = String::new();
    for text in [alias, key] {
        name.push('_');
        let mut was_lower = false;
        for character in text.chars() {
            if character.is_ascii_uppercase() && was_lower {
                name.push('_');
            }
            was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
            name.push(if character.is_ascii_alphanumeric() {
                character.to_ascii_uppercase()
            } else {
                '_'
            });
        }
    }
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    match name.bytes().next() {
        Some(b'0'..=b'9') | None => format!("WEBHOOK_{name}").trim_end_matches('_').to_owned(),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::variable_name;

    #[test]
    fn variables_have_names_that_a_shell_takes() {
        assert_eq!(
            variable_name("payments-oncall", "serviceKey"),
            "PAYMENTS_ONCALL_SERVICE_KEY"
        );
        assert_eq!(variable_name("24/7", "url"), "WEBHOOK_24_7_URL");
        assert_eq!(variable_name("日本", "X-Api-Key"), "X_API_KEY");
        assert_eq!(variable_name("", ""), "WEBHOOK");
    }
}
