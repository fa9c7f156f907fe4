//! Names made from untrusted texts, for languages that allow few characters in a name.

use std::collections::{BTreeSet, HashMap};

/// Names that are taken, so that no two things get the same one.
#[derive(Debug, Default)]
pub(super) struct UniqueNames {
    taken: BTreeSet<String>,
    /// The next number for each name that is taken.
    next_number: HashMap<String, usize>,
}

impl UniqueNames {
    /// Takes a name, with a number behind it if another thing has it.
    pub(super) fn take(&mut self, proposed: &str) -> String {
        let number = self.next_number.entry(proposed.to_owned()).or_insert(2);
        let mut name = proposed.to_owned();
        while self.taken.contains(&name) {
            name = format!("{proposed}_{number}");
            *number += 1;
        }
        self.taken.insert(name.clone());
        name
    }
}

/// The ASCII words of some texts in upper case, which is a name in every shell: `payments-oncall` and `serviceKey` give
/// `PAYMENTS_ONCALL_SERVICE_KEY`.
pub(super) fn upper_snake(texts: &[&str]) -> String {
    let mut name = String::new();
    for text in texts {
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
    use super::{UniqueNames, upper_snake};

    #[test]
    fn names_are_those_that_a_shell_takes() {
        assert_eq!(
            upper_snake(&["payments-oncall", "serviceKey"]),
            "PAYMENTS_ONCALL_SERVICE_KEY"
        );
        assert_eq!(upper_snake(&["24/7", "url"]), "WEBHOOK_24_7_URL");
        assert_eq!(upper_snake(&["日本", "X-Api-Key"]), "X_API_KEY");
        assert_eq!(upper_snake(&["", ""]), "WEBHOOK");
    }

    #[test]
    fn a_name_that_looks_numbered_is_not_given_twice() {
        let mut names = UniqueNames::default();
        let taken = ["a", "a_2", "a", "a"].map(|name| names.take(name));
        assert_eq!(taken, ["a", "a_2", "a_3", "a_4"]);
    }
}
