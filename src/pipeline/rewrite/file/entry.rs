//! Converts single entries of the rules file to parts of rules.

use super::super::rule::{Literal, Matches, Source};
use crate::coralogix::json;
use crate::coralogix::kind::type_named;
use crate::coralogix::webhook::WebhookId;
use crate::toml_file::{Entry, decimal};
use secrecy::SecretString;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::DeValue;
use wildmatch::WildMatch;

/// The byte offset of a mistake, and its message.
pub(super) type Wrong = (usize, String);

/// The string of an entry as a secret; `None` if the value is not a string.
pub(super) fn literal(entry: &Entry<'_>) -> Option<Literal> {
    entry.text().map(|text| Literal(SecretString::from(text)))
}

/// Adds one condition of `match` to the conditions of a rule.
pub(super) fn fill(matches: &mut Matches, entry: &Entry<'_>, wrong: &mut dyn FnMut(usize, String)) {
    let Some(values) = entry.values() else {
        return wrong(
            entry.value_at,
            format!("{} must not be an empty list", entry.key()),
        );
    };
    for (at, value) in values {
        let number = decimal(value);
        let text = value.as_str();
        let is_understood = match (entry.key(), text.or(number)) {
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
            wrong(at, wanted_for(entry.key()).to_owned());
        }
    }
}

fn wanted_for(key: &str) -> &'static str {
    match key {
        "type" => {
            "not a webhook type: use a documented name such as \"slack\" or \"pager_duty\", or a number"
        }
        "id" => "not an id: use a number or a string",
        "alias" => "not an alias pattern: use a string, in which * and ? are wildcards",
        _ => "not a pattern for the url's host: use a string, in which * and ? are wildcards",
    }
}

/// Reads the source of a value to set.
pub(super) fn source(entry: &Entry<'_>, line: usize) -> Result<Source, Wrong> {
    const FORMS: &str = "a value must come from { env = \"NAME\" }, { file = \"path\" }, { command = [\"program\", \"argument\"] } or { value = \"text\" }";
    const DOTS: &str =
        "put a path with dots in quotes: \"headers.Authorization\" = { env = \"NAME\" }";
    let table = entry.table().ok_or((entry.value_at, FORMS.to_owned()))?;
    let entries = table.entries();
    let is_form = |key: &str| matches!(key, "env" | "file" | "command" | "value");
    if entries
        .iter()
        .any(|below| !is_form(below.key()) && below.table().is_some())
    {
        return Err((entry.at, DOTS.to_owned()));
    }
    let [from] = entries.as_slice() else {
        return Err((entry.value_at, format!("{FORMS}: give exactly one of them")));
    };
    let source = match from.key() {
        "env" => {
            let name = from.variable();
            let what = "not the name of an environment variable: use letters, digits and _";
            let name = name.ok_or((from.value_at, what.to_owned()))?;
            Some(Source::Env(name.to_owned()))
        }
        "file" => from
            .text_not_empty()
            .map(|path| Source::File(PathBuf::from(path))),
        "command" => from
            .arguments()
            .map(|arguments| Source::Command { arguments, line }),
        "value" => Some(Source::Value(SecretString::from(
            token(from.value()).map_err(|what| (from.value_at, what.to_owned()))?,
        ))),
        _ => return Err((from.at, FORMS.to_owned())),
    };
    source.ok_or((from.value_at, FORMS.to_owned()))
}

/// Converts a TOML value to JSON; fails for values that JSON cannot represent.
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
                return Err("JSON cannot represent this number");
            }
            digits.to_owned()
        }
        DeValue::Datetime(_) => return Err("JSON has no date type; write the date in quotes"),
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
