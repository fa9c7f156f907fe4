//! The values of a TOML file with their places, as the rules need them.

use super::super::rule::{Literal, Matches, Source};
use crate::coralogix::json;
use crate::coralogix::kind::type_named;
use crate::coralogix::webhook::WebhookId;
use secrecy::SecretString;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};
use wildmatch::WildMatch;

/// A table of the file.
pub(super) struct Table<'e> {
    table: &'e DeTable<'e>,
    /// Where it begins.
    pub(super) at: usize,
}

/// A key of the file and its value.
pub(super) struct Entry<'e> {
    key: &'e str,
    value: &'e DeValue<'e>,
    /// Where the key begins.
    pub(super) at: usize,
    /// Where the value begins.
    pub(super) value_at: usize,
}

/// Where something is wrong, and what.
pub(super) type Wrong = (usize, String);

impl<'e> Table<'e> {
    pub(super) fn of(table: &'e Spanned<DeTable<'e>>) -> Self {
        Self {
            at: table.span().start,
            table: table.get_ref(),
        }
    }

    /// The entries in the order of the file.
    pub(super) fn entries(&self) -> Vec<Entry<'e>> {
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
    pub(super) fn key(&self) -> &'e str {
        self.key
    }

    pub(super) fn text(&self) -> Option<&'e str> {
        self.value.as_str()
    }

    pub(super) fn literal(&self) -> Option<Literal> {
        self.text().map(|text| Literal(SecretString::from(text)))
    }

    pub(super) fn flag(&self) -> Option<bool> {
        self.value.as_bool()
    }

    pub(super) fn table(&self) -> Option<Table<'e>> {
        let at = self.value_at;
        self.value.as_table().map(|table| Table { table, at })
    }

    /// The tables of a list of tables.
    pub(super) fn tables(&self) -> Option<Vec<Table<'e>>> {
        let list = self.value.as_array()?;
        let table = |element: &'e Spanned<DeValue<'e>>| {
            let table = element.get_ref().as_table()?;
            let at = element.span().start;
            Some(Table { table, at })
        };
        list.iter().map(table).collect()
    }

    /// A text, or a list of texts that is not empty, each with its place.
    pub(super) fn texts(&self) -> Option<Vec<(usize, &'e str)>> {
        let values = one_or_more(self.value, self.value_at)?;
        values
            .into_iter()
            .map(|(at, value)| Some((at, value.as_str()?)))
            .collect()
    }
}

/// A value, or the values of a list that is not empty, each with its place.
fn one_or_more<'e>(value: &'e DeValue<'e>, at: usize) -> Option<Vec<(usize, &'e DeValue<'e>)>> {
    let Some(list) = value.as_array() else {
        return Some(vec![(at, value)]);
    };
    let values: Vec<(usize, &DeValue<'_>)> = list
        .iter()
        .map(|element| (element.span().start, element.get_ref()))
        .collect();
    (!values.is_empty()).then_some(values)
}

/// Takes over one condition of a rule.
pub(super) fn fill(matches: &mut Matches, entry: &Entry<'_>, wrong: &mut dyn FnMut(usize, String)) {
    let Some(values) = one_or_more(entry.value, entry.value_at) else {
        return wrong(entry.value_at, format!("{} is an empty list", entry.key));
    };
    for (at, value) in values {
        let number = value
            .as_integer()
            .filter(|number| number.radix() == 10)
            .map(DeInteger::as_str);
        let text = value.as_str();
        let is_understood = match (entry.key, text.or(number)) {
            ("type", Some(name)) => type_named(name).map(|id| matches.types.push(id)).is_some(),
            ("id", Some(id)) => {
                matches.ids.push(WebhookId::new(id));
                true
            }
            ("alias", _) => text
                .map(|glob| matches.aliases.push(WildMatch::new(glob)))
                .is_some(),
            ("url_host", _) => text
                .map(|glob| matches.hosts.push(WildMatch::new_case_insensitive(glob)))
                .is_some(),
            _ => false,
        };
        if !is_understood {
            wrong(at, wanted_for(entry.key).to_owned());
        }
    }
}

fn wanted_for(key: &str) -> &'static str {
    match key {
        "type" => {
            "not a webhook type: a documented name such as \"slack\" or \"pager_duty\", or a number"
        }
        "id" => "not an id: a number or a text",
        "alias" => "not a pattern of the alias: a text, in which * and ? stand for others",
        _ => "not a pattern of the url's host: a text, in which * and ? stand for others",
    }
}

/// Where the value of a `set` comes from.
pub(super) fn source(entry: &Entry<'_>, line: usize) -> Result<Source, Wrong> {
    const FORMS: &str = "a value comes from { env = \"NAME\" }, { file = \"path\" }, { command = [\"program\", \"argument\"] } or { value = \"text\" }";
    const DOTS: &str =
        "a path with dots stands in quotes: \"headers.Authorization\" = { env = \"NAME\" }";
    let table = entry.table().ok_or((entry.value_at, FORMS.to_owned()))?;
    let entries = table.entries();
    let is_form = |key: &str| matches!(key, "env" | "file" | "command" | "value");
    if entries
        .iter()
        .any(|below| !is_form(below.key) && below.table().is_some())
    {
        return Err((entry.at, DOTS.to_owned()));
    }
    let [from] = entries.as_slice() else {
        return Err((entry.value_at, format!("{FORMS}: exactly one of them")));
    };
    let not_empty = || from.text().filter(|text| !text.is_empty());
    let source = match from.key() {
        "env" => {
            let name = from.text().filter(|name| is_variable(name));
            let what = "not the name of an environment variable: letters, digits and _";
            let name = name.ok_or((from.value_at, what.to_owned()))?;
            Some(Source::Env(name.to_owned()))
        }
        "file" => not_empty().map(|path| Source::File(PathBuf::from(path))),
        "command" => from
            .value
            .as_array()
            .and_then(|_| from.texts())
            .filter(|arguments| !arguments[0].1.is_empty())
            .map(|arguments| Source::Command {
                arguments: arguments
                    .into_iter()
                    .map(|(_, text)| text.to_owned())
                    .collect(),
                line,
            }),
        "value" => Some(Source::Value(SecretString::from(
            token(from.value).map_err(|what| (from.value_at, what.to_owned()))?,
        ))),
        _ => return Err((from.at, FORMS.to_owned())),
    };
    source.ok_or((from.value_at, FORMS.to_owned()))
}

/// Whether a shell could set it; a secret that was written there by mistake is thus not repeated as a name.
fn is_variable(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(is_word)
}

/// A TOML value as JSON.
fn token(value: &DeValue<'_>) -> Result<String, &'static str> {
    Ok(match value {
        DeValue::String(text) => json::quoted(text),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            i128::from_str_radix(digits, number.radix())
                .map_err(|_| "the number is too large; write it in quotes")?
                .to_string()
        }
        DeValue::Float(number) => {
            let digits = number.as_str().trim_start_matches('+');
            if digits.contains(['i', 'n']) {
                return Err("JSON has no such number");
            }
            digits.to_owned()
        }
        DeValue::Datetime(_) => return Err("JSON has no dates; write it in quotes"),
        DeValue::Array(elements) => {
            let elements: Result<Vec<String>, _> =
                elements.iter().map(|each| token(each.get_ref())).collect();
            format!("[{}]", elements?.join(","))
        }
        DeValue::Table(members) => {
            let member = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                Ok(format!("{}:{}", json::quoted(key), token(value.get_ref())?))
            };
            let members: Result<Vec<String>, &'static str> = members.iter().map(member).collect();
            format!("{{{}}}", members?.join(","))
        }
    })
}
