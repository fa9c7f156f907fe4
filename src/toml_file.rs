//! Reads TOML files that people write, and reports all mistakes in a file at once, each with line and column.
//! Never repeats a value of the file in a message: values may be secrets.

use crate::secret::resembles_vendor_key;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A mistake in a file, with its position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Misread {
    /// Counted from 1.
    pub line: usize,
    /// The character within the line, counted from 1.
    pub column: usize,
    /// Says what is wrong, without quoting a value of the file.
    pub what: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.what
        )
    }
}

/// Formats one line per mistake, each prefixed with the name of the file.
pub(crate) fn listed(file: &str, misread: &[Misread]) -> String {
    let file = crate::foreign::shown(file);
    let lines: Vec<String> = misread
        .iter()
        .map(|misread| format!("{file}: {misread}"))
        .collect();
    lines.join("\n")
}

/// Parses a file and converts its root table with `understand`; on error, returns all mistakes in file order.
pub(crate) fn read<T>(
    text: &str,
    understand: impl FnOnce(&mut Reading<'_>, &Table<'_>) -> T,
) -> Result<T, Vec<Misread>> {
    let mut reading = Reading {
        text,
        misread: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reading.wrong(at, error.message().replace('\n', "; "));
    }
    if !reading.misread.is_empty() {
        return Err(reading.in_order());
    }
    let understood = understand(&mut reading, &Table::of(&table));
    if reading.misread.is_empty() {
        Ok(understood)
    } else {
        Err(reading.in_order())
    }
}

/// Collects the mistakes while a file is read.
pub(crate) struct Reading<'t> {
    text: &'t str,
    misread: Vec<Misread>,
}

impl Reading<'_> {
    /// Records a mistake at a byte offset of the file.
    pub(crate) fn wrong(&mut self, at: usize, what: impl Into<String>) {
        let (line, column) = position(self.text, at);
        self.misread.push(Misread {
            line,
            column,
            what: what.into(),
        });
    }

    /// The number of mistakes recorded so far.
    pub(crate) fn n_wrong(&self) -> usize {
        self.misread.len()
    }

    /// The line number of a byte offset of the file.
    pub(crate) fn line(&self, at: usize) -> usize {
        position(self.text, at).0
    }

    /// Returns the entries of a table whose keys are known, and records a mistake for each of the others.
    pub(crate) fn known<'e>(
        &mut self,
        table: &Table<'e>,
        place: &str,
        known: &[&str],
    ) -> Vec<Entry<'e>> {
        let (good, unknown): (Vec<Entry<'e>>, Vec<Entry<'e>>) = table
            .entries()
            .into_iter()
            .partition(|entry| known.contains(&entry.key()));
        for entry in unknown {
            self.unknown(&entry, place, known);
        }
        good
    }

    /// Records a mistake for an entry with an unknown key.
    pub(crate) fn unknown(&mut self, entry: &Entry<'_>, place: &str, known: &[&str]) {
        // A user who left out the key's name may have typed a secret in its place.
        let key = if resembles_vendor_key(entry.key()) {
            "such key".to_owned()
        } else {
            format!("key `{}`", crate::foreign::shortened(entry.key(), 40))
        };
        let what = format!("{place} has no {key}; known keys: {}", known.join(", "));
        self.wrong(entry.at, what);
    }

    fn in_order(mut self) -> Vec<Misread> {
        self.misread.sort();
        self.misread.dedup();
        self.misread
    }
}

/// A table with its position in the file.
pub(crate) struct Table<'e> {
    table: &'e DeTable<'e>,
    /// Byte offset at which the table starts.
    pub(crate) at: usize,
}

/// A key and its value, with their positions in the file.
pub(crate) struct Entry<'e> {
    key: &'e str,
    value: &'e DeValue<'e>,
    /// Byte offset at which the key starts.
    pub(crate) at: usize,
    /// Byte offset at which the value starts.
    pub(crate) value_at: usize,
}

impl<'e> Table<'e> {
    fn of(table: &'e Spanned<DeTable<'e>>) -> Self {
        Self {
            at: table.span().start,
            table: table.get_ref(),
        }
    }

    /// The entries in the order in which the file lists them.
    pub(crate) fn entries(&self) -> Vec<Entry<'e>> {
        let mut entries: Vec<Entry<'e>> = self
            .table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref(),
                value: value.get_ref(),
                at: key.span().start,
                value_at: value.span().start,
            })
            .collect();
        entries.sort_by_key(|entry| entry.at);
        entries
    }
}

impl<'e> Entry<'e> {
    /// The key alone, without the path of its parent tables.
    pub(crate) fn key(&self) -> &'e str {
        self.key
    }

    /// The value as the parser returns it.
    pub(crate) fn value(&self) -> &'e DeValue<'e> {
        self.value
    }

    /// The value, if it is a string.
    pub(crate) fn text(&self) -> Option<&'e str> {
        self.value.as_str()
    }

    /// The value, if it is a non-empty string.
    pub(crate) fn text_not_empty(&self) -> Option<&'e str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// The value, if it is a boolean.
    pub(crate) fn flag(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// The digits of the value, if it is an integer in decimal notation.
    pub(crate) fn number(&self) -> Option<&str> {
        decimal(self.value)
    }

    /// The value, if it is a valid name for a shell variable.
    pub(crate) fn variable(&self) -> Option<&'e str> {
        self.text().filter(|name| is_variable(name))
    }

    /// The value, if it is a list of strings of which the first one, the program, is not empty.
    pub(crate) fn arguments(&self) -> Option<Vec<String>> {
        self.value.as_array()?;
        let texts = self.texts().filter(|texts| !texts[0].1.is_empty())?;
        Some(texts.into_iter().map(|(_, text)| text.to_owned()).collect())
    }

    /// The value, if it is a table.
    pub(crate) fn table(&self) -> Option<Table<'e>> {
        let at = self.value_at;
        self.value.as_table().map(|table| Table { table, at })
    }

    /// The tables, if the value is a list of tables.
    pub(crate) fn tables(&self) -> Option<Vec<Table<'e>>> {
        let list = self.value.as_array()?;
        let table = |element: &'e Spanned<DeValue<'e>>| {
            let table = element.get_ref().as_table()?;
            let at = element.span().start;
            Some(Table { table, at })
        };
        list.iter().map(table).collect()
    }

    /// The strings, if the value is a string or a non-empty list of strings, each with its byte offset.
    pub(crate) fn texts(&self) -> Option<Vec<(usize, &'e str)>> {
        self.values()?
            .into_iter()
            .map(|(at, value)| Some((at, value.as_str()?)))
            .collect()
    }

    /// The value itself, or the elements of a list, each with its byte offset; `None` for an empty list.
    pub(crate) fn values(&self) -> Option<Vec<(usize, &'e DeValue<'e>)>> {
        let Some(list) = self.value.as_array() else {
            return Some(vec![(self.value_at, self.value)]);
        };
        let values: Vec<(usize, &DeValue<'_>)> = list
            .iter()
            .map(|element| (element.span().start, element.get_ref()))
            .collect();
        (!values.is_empty()).then_some(values)
    }
}

/// The digits of an integer in decimal notation.
pub(crate) fn decimal<'v>(value: &'v DeValue<'_>) -> Option<&'v str> {
    value
        .as_integer()
        .filter(|number| number.radix() == 10)
        .map(toml::de::DeInteger::as_str)
}

/// Whether a shell could set a variable of this name. A secret entered here by mistake usually fails this
/// check, so hookferry does not repeat it as a name in a message.
fn is_variable(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(is_word)
}

/// Line and column of a byte offset in a text, both counted from 1; a column is a character, not a byte.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
