//! Parses the rules file, and reports all mistakes in it at once, each with line and column.
//! Never repeats a value of the file in a message: values are secrets.

mod entry;

pub use crate::toml_file::Misread;

use super::rule::{Matches, Rename, Replace, Rule, Rules, Unmatched};
use crate::coralogix::path::Path;
use crate::toml_file::{self, Entry, Reading, Table};

/// Parses a rules file; on error, returns every mistake in the order of the file.
pub fn parse(text: &str) -> Result<Rules, Vec<Misread>> {
    toml_file::read(text, |reading, table| {
        let mut rules = Rules::default();
        reading.file(table, &mut rules);
        rules
    })
}

impl Reading<'_> {
    fn file(&mut self, table: &Table<'_>, rules: &mut Rules) {
        const KNOWN: &[&str] = &["unmatched_secret", "retarget", "rule"];
        for entry in self.known(table, "the file", KNOWN) {
            match entry.key() {
                "unmatched_secret" => rules.unmatched = self.unmatched(&entry),
                "retarget" => rules.retarget = self.flag(&entry),
                _ => {
                    let Some(tables) = entry.tables() else {
                        self.wrong(entry.at, "write each rule as a `[[rule]]` table");
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
            line: self.line(table.at),
            ..Rule::default()
        };
        let before = self.n_wrong();
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
        if !says_something && self.n_wrong() == before {
            self.wrong(
                table.at,
                "the rule changes nothing: it needs set, replace, new_uuid, rename or keep",
            );
        }
        rule
    }

    fn unmatched(&mut self, entry: &Entry<'_>) -> Option<Unmatched> {
        match entry.text() {
            Some("keep") => Some(Unmatched::Keep),
            Some("refuse") => Some(Unmatched::Refuse),
            _ => {
                self.wrong(
                    entry.value_at,
                    "unmatched_secret must be \"keep\" or \"refuse\"",
                );
                None
            }
        }
    }

    fn flag(&mut self, entry: &Entry<'_>) -> bool {
        entry.flag().unwrap_or_else(|| {
            self.wrong(
                entry.value_at,
                format!("{} must be true or false", entry.key()),
            );
            false
        })
    }

    fn rename(&mut self, entry: &Entry<'_>) -> Option<Rename> {
        let rename = entry.text().and_then(Rename::parse);
        if rename.is_none() {
            self.wrong(
                entry.value_at,
                "rename must be a string such as \"us-{alias}\", in which {alias} is the source's alias",
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
                "match must be a table such as { type = \"slack\" }",
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
            let what = "set must be a table such as { url = { env = \"SLACK_URL\" } }";
            return self.wrong(entry.value_at, what);
        };
        for entry in table.entries() {
            let line = self.line(entry.at);
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
            let what =
                "replace must be a list such as [ { in = \"url\", from = \"a\", to = \"b\" } ]";
            return self.wrong(entry.value_at, what);
        };
        for table in tables {
            let (mut within, mut from, mut to) = (Vec::new(), None, None);
            let before = self.n_wrong();
            for entry in self.known(&table, "replace", KNOWN) {
                match entry.key() {
                    "in" => within = self.paths(&entry),
                    "from" => from = entry::literal(&entry).filter(|_| entry.text() != Some("")),
                    _ => to = entry::literal(&entry),
                }
            }
            match (from, to) {
                (Some(from), Some(to)) if !within.is_empty() => {
                    replaces.push(Replace { within, from, to });
                }
                _ if self.n_wrong() > before => {}
                _ => self.wrong(
                    table.at,
                    "replace needs `in` (paths), `from` (a non-empty string) and `to` (a string)",
                ),
            }
        }
    }

    fn paths(&mut self, entry: &Entry<'_>) -> Vec<Path> {
        let Some(texts) = entry.texts() else {
            let what = format!("{} must be a path or a list of paths", entry.key());
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
