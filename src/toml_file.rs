//! A TOML file that a person writes: what it says, and every mistake in it at once with its line and column.
//! Never repeats a value of the file in a message: values may be secrets.

use crate::secret::resembles_vendor_key;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something in a file that cannot be understood or cannot work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Misread {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in it, counted from 1.
    pub column: usize,
    /// What is wrong.
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

/// A line for every mistake, each with the name of the file.
pub(crate) fn listed(file: &str, misread: &[Misread]) -> String {
    let file = crate::foreign::shown(file);
    let lines: Vec<String> = misread
        .iter()
        .map(|misread| format!("{file}: {misread}"))
        .collect();
    lines.join("\n")
}

/// Reads a file by what understands its tables; an error lists every mistake, in the order of the file.
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

/// A file while it is read, and what was found wrong with it so far.
pub(crate) struct Reading<'t> {
    text: &'t str,
    misread: Vec<Misread>,
}

impl Reading<'_> {
    /// Notes a mistake at a byte of the file.
    pub(crate) fn wrong(&mut self, at: usize, what: impl Into<String>) {
        let (line, column) = position(self.text, at);
        self.misread.push(Misread {
            line,
            column,
            what: what.into(),
        });
    }

    /// How many mistakes were noted.
    pub(crate) fn n_wrong(&self) -> usize {
        self.misread.len()
    }

    /// The line of a byte of the file.
    pub(crate) fn line(&self, at: usize) -> usize {
        position(self.text, at).0
    }

    /// The entries of a table whose keys are known; each of the others is a mistake.
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

    /// Notes an entry whose key is none of the known ones.
    pub(crate) fn unknown(&mut self, entry: &Entry<'_>, place: &str, known: &[&str]) {
        // Whoever forgot the name of a key has written its value there.
        let key = if resembles_vendor_key(entry.key()) {
            "such key".to_owned()
        } else {
            format!("`{}`", crate::foreign::shortened(entry.key(), 40))
        };
        let what = format!("{place} has no {key}; known are {}", known.join(", "));
        self.wrong(entry.at, what);
    }

    fn in_order(mut self) -> Vec<Misread> {
        self.misread.sort();
        self.misread.dedup();
        self.misread
    }
}

/// A table of the file.
pub(crate) struct Table<'e> {
    table: &'e DeTable<'e>,
    /// Where it begins.
    pub(crate) at: usize,
}

/// A key of the file and its value.
pub(crate) struct Entry<'e> {
    key: &'e str,
    value: &'e DeValue<'e>,
    /// Where the key begins.
    pub(crate) at: usize,
    /// Where the value begins.
    pub(crate) value_at: usize,
}

impl<'e> Table<'e> {
    fn of(table: &'e Spanned<DeTable<'e>>) -> Self {
        Self {
            at: table.span().start,
            table: table.get_ref(),
        }
    }

    /// The entries in the order of the file.
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
    /// The key, without the tables above it.
    pub(crate) fn key(&self) -> &'e str {
        self.key
    }

    /// The value as the parser gives it.
    pub(crate) fn value(&self) -> &'e DeValue<'e> {
        self.value
    }

    /// The value where it is a text.
    pub(crate) fn text(&self) -> Option<&'e str> {
        self.value.as_str()
    }

    /// The value where it is a text that says something.
    pub(crate) fn text_not_empty(&self) -> Option<&'e str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// The value where it is true or false.
    pub(crate) fn flag(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// The digits of the value where it is a whole number written in decimal.
    pub(crate) fn number(&self) -> Option<&str> {
        decimal(self.value)
    }

    /// The value where it is a name that a shell could give a variable.
    pub(crate) fn variable(&self) -> Option<&'e str> {
        self.text().filter(|name| is_variable(name))
    }

    /// The value where it is a list of texts of which the first, a program, is not empty.
    pub(crate) fn arguments(&self) -> Option<Vec<String>> {
        self.value.as_array()?;
        let texts = self.texts().filter(|texts| !texts[0].1.is_empty())?;
        Some(texts.into_iter().map(|(_, text)| text.to_owned()).collect())
    }

    /// The value where it is a table.
    pub(crate) fn table(&self) -> Option<Table<'e>> {
        let at = self.value_at;
        self.value.as_table().map(|table| Table { table, at })
    }

    /// The tables of a list of tables.
    pub(crate) fn tables(&self) -> Option<Vec<Table<'e>>> {
        let list = self.value.as_array()?;
        let table = |element: &'e Spanned<DeValue<'e>>| {
            let table = element.get_ref().as_table()?;
            let at = element.span().start;
            Some(Table { table, at })
        };
        list.iter().map(table).collect()
    }

    /// A text, or a list of texts that is not empty, each with its place.
    pub(crate) fn texts(&self) -> Option<Vec<(usize, &'e str)>> {
        self.values()?
            .into_iter()
            .map(|(at, value)| Some((at, value.as_str()?)))
            .collect()
    }

    /// The value, or the values of a list that is not empty, each with its place.
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

/// The digits of a whole number that is written in decimal.
pub(crate) fn decimal<'v>(value: &'v DeValue<'_>) -> Option<&'v str> {
    value
        .as_integer()
        .filter(|number| number.radix() == 10)
        .map(toml::de::DeInteger::as_str)
}

/// Whether a shell could set it; a secret that was written there by mistake is thus not repeated as a name.
fn is_variable(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(is_word)
}

/// Line and column of a byte of a text, both counted from 1; columns count characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
