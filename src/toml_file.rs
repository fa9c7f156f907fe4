//! Reads TOML files that people write, and reports all mistakes in a file at once, each with line and column.
//! Never repeats a value of the file in a message: values may be secrets.

use crate::secret::resembles_vendor_key;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Nobody reads more mistakes of one file than that.
const MAX_DIAGNOSTICS: usize = 1000;

/// A mistake in a file, with its position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Counted from 1.
    pub line: usize,
    /// The character within the line, counted from 1.
    pub column: usize,
    /// Says what is wrong, without quoting a value of the file.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

/// Formats one line per mistake, each prefixed with the name of the file.
pub(crate) fn format_diagnostics(file: &str, diagnostics: &[Diagnostic]) -> String {
    let file = crate::untrusted::escape(file);
    let lines: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| format!("{file}: {diagnostic}"))
        .collect();
    lines.join("\n")
}

/// Parses a file and converts its root table with `convert_root`; on error, returns all mistakes in file order, or the first thousand.
pub(crate) fn read<T>(
    text: &str,
    convert_root: impl FnOnce(&mut TomlReader<'_>, &Table<'_>) -> T,
) -> Result<T, Vec<Diagnostic>> {
    let mut reader = TomlReader {
        lines: Lines::new(text),
        diagnostics: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        reader.report(offset, error.message().replace('\n', "; "));
    }
    if !reader.diagnostics.is_empty() {
        return Err(reader.into_sorted());
    }
    let converted = convert_root(&mut reader, &Table::new(&table));
    if reader.diagnostics.is_empty() {
        Ok(converted)
    } else {
        Err(reader.into_sorted())
    }
}

/// Collects the mistakes while a file is read.
pub(crate) struct TomlReader<'t> {
    lines: Lines<'t>,
    diagnostics: Vec<Diagnostic>,
}

impl TomlReader<'_> {
    /// Records a mistake at a byte offset of the file.
    pub(crate) fn report(&mut self, offset: usize, message: impl Into<String>) {
        if self.diagnostics.len() == MAX_DIAGNOSTICS {
            return;
        }
        let (line, column) = self.lines.line_and_column(offset);
        self.diagnostics.push(Diagnostic {
            line,
            column,
            message: message.into(),
        });
    }

    /// The number of mistakes recorded so far.
    pub(crate) fn n_diagnostics(&self) -> usize {
        self.diagnostics.len()
    }

    /// The line number of a byte offset of the file.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.lines.line(offset)
    }

    /// Returns the entries of a table whose keys are known, and records a mistake for each of the others.
    pub(crate) fn known_entries<'e>(
        &mut self,
        table: &Table<'e>,
        owner: &str,
        known: &[&str],
    ) -> Vec<TableEntry<'e>> {
        let (accepted, unknown): (Vec<TableEntry<'e>>, Vec<TableEntry<'e>>) = table
            .entries()
            .into_iter()
            .partition(|entry| known.contains(&entry.key()));
        for entry in unknown {
            self.report_unknown_key(&entry, owner, known);
        }
        accepted
    }

    /// Records a mistake for an entry with an unknown key.
    pub(crate) fn report_unknown_key(
        &mut self,
        entry: &TableEntry<'_>,
        owner: &str,
        known: &[&str],
    ) {
        // A user who left out the key's name may have typed a secret in its place.
        let key = if resembles_vendor_key(entry.key()) {
            "such key".to_owned()
        } else {
            format!(
                "key `{}`",
                crate::untrusted::escape_truncated(entry.key(), 40)
            )
        };
        let message = format!("{owner} has no {key}; known keys: {}", known.join(", "));
        self.report(entry.offset, message);
    }

    fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort();
        self.diagnostics.dedup();
        self.diagnostics
    }
}

/// A table with its position in the file.
pub(crate) struct Table<'e> {
    table: &'e DeTable<'e>,
    /// Byte offset at which the table starts.
    pub(crate) offset: usize,
}

/// A key and its value, with their positions in the file.
pub(crate) struct TableEntry<'e> {
    key: &'e str,
    value: &'e DeValue<'e>,
    /// Byte offset at which the key starts.
    pub(crate) offset: usize,
    /// Byte offset at which the value starts.
    pub(crate) value_offset: usize,
}

impl<'e> Table<'e> {
    fn new(table: &'e Spanned<DeTable<'e>>) -> Self {
        Self {
            offset: table.span().start,
            table: table.get_ref(),
        }
    }

    /// The entries in the order in which the file lists them.
    pub(crate) fn entries(&self) -> Vec<TableEntry<'e>> {
        let mut entries: Vec<TableEntry<'e>> = self
            .table
            .iter()
            .map(|(key, value)| TableEntry {
                key: key.get_ref(),
                value: value.get_ref(),
                offset: key.span().start,
                value_offset: value.span().start,
            })
            .collect();
        entries.sort_by_key(|entry| entry.offset);
        entries
    }
}

impl<'e> TableEntry<'e> {
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
    pub(crate) fn as_non_empty_str(&self) -> Option<&'e str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// The value, if it is a boolean.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// The digits of the value, if it is an integer in decimal notation.
    pub(crate) fn as_decimal_digits(&self) -> Option<&str> {
        decimal_digits(self.value)
    }

    /// The value, if it is a valid name for a shell variable.
    pub(crate) fn as_variable_name(&self) -> Option<&'e str> {
        self.text().filter(|name| is_variable_name(name))
    }

    /// The value, if it is a list of strings of which the first one, the program, is not empty.
    pub(crate) fn as_command_line(&self) -> Option<Vec<String>> {
        self.value.as_array()?;
        let texts = self
            .as_str_or_strs()
            .filter(|texts| !texts[0].1.is_empty())?;
        Some(texts.into_iter().map(|(_, text)| text.to_owned()).collect())
    }

    /// The value, if it is a table.
    pub(crate) fn as_table(&self) -> Option<Table<'e>> {
        let offset = self.value_offset;
        self.value.as_table().map(|table| Table { table, offset })
    }

    /// The tables, if the value is a list of tables.
    pub(crate) fn as_tables(&self) -> Option<Vec<Table<'e>>> {
        let list = self.value.as_array()?;
        let table = |element: &'e Spanned<DeValue<'e>>| {
            let table = element.get_ref().as_table()?;
            let offset = element.span().start;
            Some(Table { table, offset })
        };
        list.iter().map(table).collect()
    }

    /// The strings, if the value is a string or a non-empty list of strings, each with its byte offset.
    pub(crate) fn as_str_or_strs(&self) -> Option<Vec<(usize, &'e str)>> {
        self.value_or_elements()?
            .into_iter()
            .map(|(offset, value)| Some((offset, value.as_str()?)))
            .collect()
    }

    /// The value itself, or the elements of a list, each with its byte offset; `None` for an empty list.
    pub(crate) fn value_or_elements(&self) -> Option<Vec<(usize, &'e DeValue<'e>)>> {
        let Some(list) = self.value.as_array() else {
            return Some(vec![(self.value_offset, self.value)]);
        };
        let values: Vec<(usize, &DeValue<'_>)> = list
            .iter()
            .map(|element| (element.span().start, element.get_ref()))
            .collect();
        (!values.is_empty()).then_some(values)
    }
}

/// The digits of an integer in decimal notation.
pub(crate) fn decimal_digits<'v>(value: &'v DeValue<'_>) -> Option<&'v str> {
    value
        .as_integer()
        .filter(|number| number.radix() == 10)
        .map(toml::de::DeInteger::as_str)
}

/// Whether a shell could set a variable of this name. A secret entered here by mistake usually fails this
/// check, so hookferry does not repeat it as a name in a message.
fn is_variable_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(is_word)
}

/// Where the lines of a text start, so that a position is found without counting lines each time.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(after_breaks).collect();
        Self { text, starts }
    }

    /// The line of a byte offset, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// The line and the character within it, both counted from 1.
    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let before = &self.text[self.starts[line - 1]..offset];
        (line, before.chars().count() + 1)
    }
}
