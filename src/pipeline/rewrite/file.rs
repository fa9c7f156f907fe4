//! Parses the rules file, and reports all mistakes in it at once, each with line and column.
//! Never repeats a value of the file in a message: values are secrets.

mod entry;

pub use crate::toml_file::Diagnostic;

use super::rule::{
    AliasTemplate, MatchConditions, Rule, Rules, TextReplacement, UnmatchedSecretPolicy,
};
use crate::coralogix::path::Path;
use crate::toml_file::{self, Table, TableEntry, TomlReader};

/// Parses a rules file; on error, returns every mistake in the order of the file.
pub fn parse(text: &str) -> Result<Rules, Vec<Diagnostic>> {
    toml_file::read(text, |reader, table| {
        let mut rules = Rules::default();
        reader.parse_file(table, &mut rules);
        rules
    })
}

impl TomlReader<'_> {
    fn parse_file(&mut self, table: &Table<'_>, rules: &mut Rules) {
        const KNOWN: &[&str] = &["unmatched_secret", "retarget", "rule"];
        for entry in self.known_entries(table, "the file", KNOWN) {
            match entry.key() {
                "unmatched_secret" => rules.unmatched_policy = self.parse_unmatched_policy(&entry),
                "retarget" => rules.retarget = self.parse_bool(&entry),
                _ => {
                    let Some(tables) = entry.as_tables() else {
                        self.report(entry.offset, "write each rule as a `[[rule]]` table");
                        continue;
                    };
                    for table in tables {
                        let rule = self.parse_rule(&table);
                        rules.rules.push(rule);
                    }
                }
            }
        }
    }

    fn parse_rule(&mut self, table: &Table<'_>) -> Rule {
        const KNOWN: &[&str] = &[
            "match", "set", "replace", "keep", "new_uuid", "rename", "optional",
        ];
        let mut rule = Rule {
            line: self.line(table.offset),
            ..Rule::default()
        };
        let before = self.n_diagnostics();
        for entry in self.known_entries(table, "a rule", KNOWN) {
            match entry.key() {
                "match" => rule.conditions = self.parse_match(&entry),
                "set" => self.parse_sets(&entry, &mut rule.set),
                "replace" => self.parse_replacements(&entry, &mut rule.replace),
                "keep" => rule.keep = self.parse_paths(&entry),
                "new_uuid" => rule.new_uuid = self.parse_bool(&entry),
                "rename" => rule.rename = self.parse_rename(&entry),
                _ => rule.is_optional = self.parse_bool(&entry),
            }
        }
        let has_effect = !(rule.set.is_empty() && rule.replace.is_empty() && rule.keep.is_empty())
            || rule.new_uuid
            || rule.rename.is_some();
        if !has_effect && self.n_diagnostics() == before {
            self.report(
                table.offset,
                "the rule changes nothing: it needs set, replace, new_uuid, rename or keep",
            );
        }
        rule
    }

    fn parse_unmatched_policy(&mut self, entry: &TableEntry<'_>) -> Option<UnmatchedSecretPolicy> {
        match entry.text() {
            Some("keep") => Some(UnmatchedSecretPolicy::Keep),
            Some("refuse") => Some(UnmatchedSecretPolicy::Refuse),
            _ => {
                self.report(
                    entry.value_offset,
                    "unmatched_secret must be \"keep\" or \"refuse\"",
                );
                None
            }
        }
    }

    fn parse_bool(&mut self, entry: &TableEntry<'_>) -> bool {
        entry.as_bool().unwrap_or_else(|| {
            self.report(
                entry.value_offset,
                format!("{} must be true or false", entry.key()),
            );
            false
        })
    }

    fn parse_rename(&mut self, entry: &TableEntry<'_>) -> Option<AliasTemplate> {
        let rename = entry.text().and_then(AliasTemplate::parse);
        if rename.is_none() {
            self.report(
                entry.value_offset,
                "rename must be a string such as \"us-{alias}\", in which {alias} is the source's alias",
            );
        }
        rename
    }

    fn parse_match(&mut self, entry: &TableEntry<'_>) -> MatchConditions {
        const KNOWN: &[&str] = &["type", "alias", "url_host", "id"];
        let mut matches = MatchConditions::default();
        let Some(table) = entry.as_table() else {
            self.report(
                entry.value_offset,
                "match must be a table such as { type = \"slack\" }",
            );
            return matches;
        };
        for entry in self.known_entries(&table, "match", KNOWN) {
            entry::add_condition(&mut matches, &entry, &mut |offset, message| {
                self.report(offset, message);
            });
        }
        matches
    }

    fn parse_sets(&mut self, entry: &TableEntry<'_>, sets: &mut Vec<super::rule::SetValue>) {
        let Some(table) = entry.as_table() else {
            let what = "set must be a table such as { url = { env = \"SLACK_URL\" } }";
            return self.report(entry.value_offset, what);
        };
        for entry in table.entries() {
            let line = self.line(entry.offset);
            let path = self.parse_path(entry.offset, entry.key());
            match entry::value_source(&entry, line) {
                Ok(from) => {
                    sets.extend(path.map(|path| super::rule::SetValue { path, source: from }));
                }
                Err((offset, message)) => self.report(offset, message),
            }
        }
    }

    fn parse_replacements(&mut self, entry: &TableEntry<'_>, replaces: &mut Vec<TextReplacement>) {
        const KNOWN: &[&str] = &["in", "from", "to"];
        let Some(tables) = entry.as_tables() else {
            let what =
                "replace must be a list such as [ { in = \"url\", from = \"a\", to = \"b\" } ]";
            return self.report(entry.value_offset, what);
        };
        for table in tables {
            let (mut within, mut from, mut to) = (Vec::new(), None, None);
            let before = self.n_diagnostics();
            for entry in self.known_entries(&table, "replace", KNOWN) {
                match entry.key() {
                    "in" => within = self.parse_paths(&entry),
                    "from" => {
                        from = entry::secret_text(&entry).filter(|_| entry.text() != Some(""));
                    }
                    _ => to = entry::secret_text(&entry),
                }
            }
            match (from, to) {
                (Some(from), Some(to)) if !within.is_empty() => {
                    replaces.push(TextReplacement { within, from, to });
                }
                _ if self.n_diagnostics() > before => {}
                _ => self.report(
                    table.offset,
                    "replace needs `in` (paths), `from` (a non-empty string) and `to` (a string)",
                ),
            }
        }
    }

    fn parse_paths(&mut self, entry: &TableEntry<'_>) -> Vec<Path> {
        let Some(texts) = entry.as_str_or_strs() else {
            let what = format!("{} must be a path or a list of paths", entry.key());
            self.report(entry.value_offset, what);
            return Vec::new();
        };
        texts
            .into_iter()
            .filter_map(|(offset, text)| self.parse_path(offset, text))
            .collect()
    }

    fn parse_path(&mut self, offset: usize, text: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(problem) => {
                let what =
                    format!("not a path such as `url` or `headers.Authorization`: {problem}");
                self.report(offset, what);
                None
            }
        }
    }
}
