//! The rules file: TOML in, rules out, and every mistake in it at once with its line and column.
//! Never repeats a value of the file in a message: values are secrets.

mod entry;

use super::rule::{Matches, Rename, Replace, Rule, Rules, Unmatched};
use crate::coralogix::path::Path;
use entry::{Entry, Table};
use std::fmt;
use toml::de::DeTable;

/// Something in a rules file that cannot be understood or cannot work.
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

/// What is read so far of a file, and what is wrong with it.
struct Reading<'t> {
    text: &'t str,
    misread: Vec<Misread>,
}

/// Reads a rules file; an error lists every mistake, in the order of the file.
pub fn parse(text: &str) -> Result<Rules, Vec<Misread>> {
    let mut reading = Reading {
        text,
        misread: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reading.wrong(at, error.message().replace('\n', "; "));
    }
    let mut rules = Rules::default();
    if reading.misread.is_empty() {
        reading.file(&Table::of(&table), &mut rules);
    }
    reading.misread.sort();
    reading.misread.dedup();
    if reading.misread.is_empty() {
        Ok(rules)
    } else {
        Err(reading.misread)
    }
}

impl Reading<'_> {
    fn wrong(&mut self, at: usize, what: impl Into<String>) {
        let (line, column) = position(self.text, at);
        self.misread.push(Misread {
            line,
            column,
            what: what.into(),
        });
    }

    fn file(&mut self, table: &Table<'_>, rules: &mut Rules) {
        const KNOWN: &[&str] = &["unmatched_secret", "retarget", "rule"];
        for entry in self.known(table, "the file", KNOWN) {
            match entry.key() {
                "unmatched_secret" => rules.unmatched = self.unmatched(&entry),
                "retarget" => rules.retarget = self.flag(&entry),
                _ => {
                    let Some(tables) = entry.tables() else {
                        self.wrong(entry.at, "rules are written as `[[rule]]` tables");
                        continue;
                    };
                    for table in tables {
                        let rule = self.rule(&table);
                        rules.rules.push(rule);
                    }
                }
            }
        }
    }

    fn rule(&mut self, table: &Table<'_>) -> Rule {
        const KNOWN: &[&str] = &[
            "match", "set", "replace", "keep", "new_uuid", "rename", "optional",
        ];
        let mut rule = Rule {
            line: position(self.text, table.at).0,
            ..Rule::default()
        };
        let before = self.misread.len();
        for entry in self.known(table, "a rule", KNOWN) {
            match entry.key() {
                "match" => rule.matches = self.matches(&entry),
                "set" => self.sets(&entry, &mut rule.set),
                "replace" => self.replaces(&entry, &mut rule.replace),
                "keep" => rule.keep = self.paths(&entry),
                "new_uuid" => rule.new_uuid = self.flag(&entry),
                "rename" => rule.rename = self.rename(&entry),
                _ => rule.is_optional = self.flag(&entry),
            }
        }
        let says_something =
            !(rule.set.is_empty() && rule.replace.is_empty() && rule.keep.is_empty())
                || rule.new_uuid
                || rule.rename.is_some();
        if !says_something && self.misread.len() == before {
            self.wrong(
                table.at,
                "the rule changes nothing: it needs set, replace, new_uuid, rename or keep",
            );
        }
        rule
    }

    /// The entries of a table whose keys are known; each of the others is a mistake.
    fn known<'e>(&mut self, table: &Table<'e>, place: &str, known: &[&str]) -> Vec<Entry<'e>> {
        let (good, unknown): (Vec<Entry<'e>>, Vec<Entry<'e>>) = table
            .entries()
            .into_iter()
            .partition(|entry| known.contains(&entry.key()));
        for entry in unknown {
            let key = crate::foreign::shortened(entry.key(), 40);
            let what = format!("{place} has no `{key}`; known are {}", known.join(", "));
            self.wrong(entry.at, what);
        }
        good
    }

    fn unmatched(&mut self, entry: &Entry<'_>) -> Option<Unmatched> {
        match entry.text() {
            Some("keep") => Some(Unmatched::Keep),
            Some("refuse") => Some(Unmatched::Refuse),
            _ => {
                self.wrong(entry.value_at, "unmatched_secret is \"keep\" or \"refuse\"");
                None
            }
        }
    }

    fn flag(&mut self, entry: &Entry<'_>) -> bool {
        entry.flag().unwrap_or_else(|| {
            self.wrong(entry.value_at, format!("{} is true or false", entry.key()));
            false
        })
    }

    fn rename(&mut self, entry: &Entry<'_>) -> Option<Rename> {
        let rename = entry.text().and_then(Rename::parse);
        if rename.is_none() {
            self.wrong(
                entry.value_at,
                "rename is a text such as \"us-{alias}\"; {alias} stands for the source's alias",
            );
        }
        rename
    }

    fn matches(&mut self, entry: &Entry<'_>) -> Matches {
        const KNOWN: &[&str] = &["type", "alias", "url_host", "id"];
        let mut matches = Matches::default();
        let Some(table) = entry.table() else {
            self.wrong(
                entry.value_at,
                "match is a table such as { type = \"slack\" }",
            );
            return matches;
        };
        for entry in self.known(&table, "match", KNOWN) {
            entry::fill(&mut matches, &entry, &mut |at, what| self.wrong(at, what));
        }
        matches
    }

    fn sets(&mut self, entry: &Entry<'_>, sets: &mut Vec<super::rule::Set>) {
        let Some(table) = entry.table() else {
            let what = "set is a table such as { url = { env = \"SLACK_URL\" } }";
            return self.wrong(entry.value_at, what);
        };
        for entry in table.entries() {
            let line = position(self.text, entry.at).0;
            let path = self.path(entry.at, entry.key());
            match entry::source(&entry, line) {
                Ok(from) => sets.extend(path.map(|path| super::rule::Set { path, from })),
                Err((at, what)) => self.wrong(at, what),
            }
        }
    }

    fn replaces(&mut self, entry: &Entry<'_>, replaces: &mut Vec<Replace>) {
        const KNOWN: &[&str] = &["in", "from", "to"];
        let Some(tables) = entry.tables() else {
            let what = "replace is a list such as [ { in = \"url\", from = \"a\", to = \"b\" } ]";
            return self.wrong(entry.value_at, what);
        };
        for table in tables {
            let (mut within, mut from, mut to) = (Vec::new(), None, None);
            let before = self.misread.len();
            for entry in self.known(&table, "replace", KNOWN) {
                match entry.key() {
                    "in" => within = self.paths(&entry),
                    "from" => from = entry.literal().filter(|_| entry.text() != Some("")),
                    _ => to = entry.literal(),
                }
            }
            match (from, to) {
                (Some(from), Some(to)) if !within.is_empty() => {
                    replaces.push(Replace { within, from, to });
                }
                _ if self.misread.len() > before => {}
                _ => self.wrong(
                    table.at,
                    "replace needs `in` (paths), `from` (a text that is not empty) and `to` (a text)",
                ),
            }
        }
    }

    fn paths(&mut self, entry: &Entry<'_>) -> Vec<Path> {
        let Some(texts) = entry.texts() else {
            let what = format!("{} is a path or a list of paths", entry.key());
            self.wrong(entry.value_at, what);
            return Vec::new();
        };
        texts
            .into_iter()
            .filter_map(|(at, text)| self.path(at, text))
            .collect()
    }

    fn path(&mut self, at: usize, text: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(problem) => {
                let what =
                    format!("not a path such as `url` or `headers.Authorization`: {problem}");
                self.wrong(at, what);
                None
            }
        }
    }
}

/// Line and column of a byte of a text, both counted from 1; columns count characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
