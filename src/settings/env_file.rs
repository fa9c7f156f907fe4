//! The file of `--env-file`: a line `NAME=value` for each value that rules take from the environment.
//! Never shows a value.

use crate::error::Error;
use crate::store::disk;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::path::Path;

/// The values of a file, by the names of their variables.
#[derive(Debug, Clone)]
pub struct EnvFile {
    /// The path, escaped.
    name: String,
    values: HashMap<String, SecretString>,
}

impl EnvFile {
    /// Reads a file that not everybody can access.
    ///
    /// # Errors
    /// Every line that is not an assignment, by its number.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = disk::read_secret(path, "the file of --env-file")?;
        let name = crate::untrusted::escape(&path.display().to_string());
        let (mut values, mut mistakes) = (HashMap::new(), Vec::new());
        for (line_ix, line) in text.expose_secret().lines().enumerate() {
            let mistake = match parse_line(line) {
                Ok(None) => None,
                Ok(Some((variable, value))) => {
                    let value = SecretString::from(value);
                    let earlier = values.insert(variable.to_owned(), value);
                    earlier.map(|_| "this variable is in the file twice")
                }
                Err(mistake) => Some(mistake),
            };
            mistakes.extend(mistake.map(|what| format!("{name}:{}: {what}", line_ix + 1)));
        }
        if mistakes.is_empty() {
            return Ok(Self { name, values });
        }
        let lines = mistakes.join("\n");
        Err(
            Error::usage(format!("the file of --env-file has errors\n{lines}")).with_hint(
                "write a line NAME=value for each variable; lines that start with # are comments",
            ),
        )
    }

    /// The path, escaped.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a variable; `None` if the file does not set it.
    pub(super) fn value(&self, variable: &str) -> Option<&SecretString> {
        self.values.get(variable)
    }
}

/// The variable and the value of a line; `None` for an empty line and a comment.
///
/// A value is taken as it is, or without one pair of quotes around it. Nothing in it is expanded, so a value that a
/// shell would expand is refused instead of being taken for something else.
fn parse_line(line: &str) -> Result<Option<(&str, &str)>, &'static str> {
    let line = line.trim_start_matches('\u{feff}');
    if line.trim().is_empty() || line.trim_start().starts_with('#') {
        return Ok(None);
    }
    let line = line.trim_start();
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=').ok_or("not a line NAME=value")?;
    let is_name = !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || !is_name {
        return Err("before the = belongs the name of a variable: letters, digits and _");
    }
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(literal) = quoted('\'') {
        return Ok(Some((name, literal)));
    }
    match quoted('"') {
        Some(text) if text.contains(['$', '`', '\\', '"']) => {
            Err("a shell would change what is between these quotes; use single quotes")
        }
        Some(text) => Ok(Some((name, text))),
        None if value.starts_with(['\'', '"']) => {
            Err("the value starts with a quote and does not end with it")
        }
        None => Ok(Some((name, value))),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_line;

    #[test]
    fn a_line_assigns_a_value_or_says_what_is_wrong() {
        for (line, expected) in [
            ("NAME=value", Ok(Some(("NAME", "value")))),
            ("export NAME=value", Ok(Some(("NAME", "value")))),
            ("NAME=a=b #c", Ok(Some(("NAME", "a=b #c")))),
            ("NAME=$a", Ok(Some(("NAME", "$a")))),
            ("NAME='$a \"b\"'", Ok(Some(("NAME", "$a \"b\"")))),
            ("NAME=\"a b\"", Ok(Some(("NAME", "a b")))),
            ("NAME=", Ok(Some(("NAME", "")))),
            ("", Ok(None)),
            ("  # NAME=value", Ok(None)),
        ] {
            assert_eq!(parse_line(line), expected, "{line}");
        }
        for line in [
            "NAME",
            "=value",
            "NA ME=value",
            "2=a",
            "NAME=\"$a\"",
            "NAME='a",
            "NAME=\"a\\n\"",
        ] {
            assert!(parse_line(line).is_err(), "{line}");
        }
    }
}
