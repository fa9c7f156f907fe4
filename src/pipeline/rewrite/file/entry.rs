//! Converts single entries of the rules file to parts of rules.

use super::super::rule::{MatchConditions, SecretText, ValueSource};
use crate::coralogix::json;
use crate::coralogix::kind::parse_type;
use crate::coralogix::webhook::WebhookId;
use crate::toml_file::{TableEntry, decimal_digits};
use secrecy::SecretString;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::DeValue;
use wildmatch::WildMatch;

/// The byte offset of a mistake, and its message.
pub(super) type PlacedMessage = (usize, String);

/// The string of an entry as a secret; `None` if the value is not a string.
pub(super) fn secret_text(entry: &TableEntry<'_>) -> Option<SecretText> {
    entry
        .text()
        .map(|text| SecretText(SecretString::from(text)))
}

/// Adds one condition of `match` to the conditions of a rule.
pub(super) fn add_condition(
    conditions: &mut MatchConditions,
    entry: &TableEntry<'_>,
    report: &mut dyn FnMut(usize, String),
) {
    let Some(values) = entry.value_or_elements() else {
        return report(
            entry.value_offset,
            format!("{} must not be an empty list", entry.key()),
        );
    };
    for (offset, value) in values {
        let number = decimal_digits(value);
        let text = value.as_str();
        let is_valid = match (entry.key(), text.or(number)) {
            ("type", Some(name)) => parse_type(name)
                .map(|id| conditions.types.push(id))
                .is_some(),
            ("id", Some(id)) => {
                conditions.ids.push(WebhookId::new(id));
                true
            }
            ("alias", _) => text
                .map(|glob| conditions.aliases.push(WildMatch::new(glob)))
                .is_some(),
            ("url_host", _) => text
                .map(|glob| conditions.hosts.push(WildMatch::new_case_insensitive(glob)))
                .is_some(),
            _ => false,
        };
        if !is_valid {
            report(offset, expected_value(entry.key()).to_owned());
        }
    }
}

fn expected_value(key: &str) -> &'static str {
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
pub(super) fn value_source(
    entry: &TableEntry<'_>,
    line: usize,
) -> Result<ValueSource, PlacedMessage> {
    const EXPECTED_SOURCES: &str = "a value must come from { env = \"NAME\" }, { file = \"path\" }, { command = [\"program\", \"argument\"] } or { value = \"text\" }";
    const QUOTE_DOTTED_PATH: &str =
        "put a path with dots in quotes: \"headers.Authorization\" = { env = \"NAME\" }";
    let table = entry
        .as_table()
        .ok_or((entry.value_offset, EXPECTED_SOURCES.to_owned()))?;
    let entries = table.entries();
    let is_source_key = |key: &str| matches!(key, "env" | "file" | "command" | "value");
    if entries
        .iter()
        .any(|inner| !is_source_key(inner.key()) && inner.as_table().is_some())
    {
        return Err((entry.offset, QUOTE_DOTTED_PATH.to_owned()));
    }
    let [from] = entries.as_slice() else {
        return Err((
            entry.value_offset,
            format!("{EXPECTED_SOURCES}: give exactly one of them"),
        ));
    };
    let source = match from.key() {
        "env" => {
            let name = from.as_variable_name();
            let what = "not the name of an environment variable: use letters, digits and _";
            let name = name.ok_or((from.value_offset, what.to_owned()))?;
            Some(ValueSource::Env(name.to_owned()))
        }
        "file" => from
            .as_non_empty_str()
            .map(|path| ValueSource::File(PathBuf::from(path))),
        "command" => from
            .as_command_line()
            .map(|arguments| ValueSource::Command { arguments, line }),
        "value" => Some(ValueSource::Value(SecretString::from(
            json_token(from.value()).map_err(|what| (from.value_offset, what.to_owned()))?,
        ))),
        _ => return Err((from.offset, EXPECTED_SOURCES.to_owned())),
    };
    source.ok_or((from.value_offset, EXPECTED_SOURCES.to_owned()))
}

/// Converts a TOML value to JSON; fails for values that JSON cannot represent.
fn json_token(value: &DeValue<'_>) -> Result<String, &'static str> {
    Ok(match value {
        DeValue::String(text) => json::encode_string(text),
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
            let elements: Result<Vec<String>, _> = elements
                .iter()
                .map(|each| json_token(each.get_ref()))
                .collect();
            format!("[{}]", elements?.join(","))
        }
        DeValue::Table(members) => {
            let member = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                Ok(format!(
                    "{}:{}",
                    json::encode_string(key),
                    json_token(value.get_ref())?
                ))
            };
            let members: Result<Vec<String>, &'static str> = members.iter().map(member).collect();
            format!("{{{}}}", members?.join(","))
        }
    })
}
