//! Changes that a server may make to a webhook on its way in or out, each behind a switch.

use serde_json::Value;
use serde_json::value::RawValue;

use super::object::{Object, to_raw};
use super::store::LIST_ORDER;
use super::switches::{Alias, ExtraKeys, Json, Switches, Text, Url};

const FIELDS: &str = "integration_type_fields";
const MASK: &str = "****";

/// Changes a webhook on its way in, as the switches `alias`, `url`, `json`, `text` and `extra-keys` select.
pub(super) fn reshape_incoming(object: &mut Object, switches: &Switches) {
    change_text(object, "alias", |alias| match switches.alias {
        Alias::Stored => None,
        Alias::Trimmed => Some(alias.trim().to_owned()),
        Alias::Tidied => Some(alias.trim().to_lowercase()),
    });
    change_text(object, "url", |url| match switches.url {
        Url::Stored => None,
        Url::Slash => Some(with_slash(url)),
        Url::NoQuery => Some(without_query(url)),
        Url::PercentDecoded => percent_decoded(url),
        Url::Portless => Some(without_usual_port(url)),
    });
    change_text(object, FIELDS, |fields| match switches.json {
        Json::Stored => None,
        Json::Reserialised => Some(reserialized(serde_json::from_str(fields).ok()?)),
    });
    change_extra_keys(object, switches.extra_keys);
    if switches.text == Text::HtmlEscaped {
        change_text(object, "alias", |alias| Some(html_escaped(alias)));
        change_text(object, "url", |url| Some(html_escaped(url)));
        change_text(object, FIELDS, |fields| {
            Some(with_escaped_strings(serde_json::from_str(fields).ok()?))
        });
    }
}

/// Drops or changes the members that the vendor's page does not list.
fn change_extra_keys(object: &mut Object, extra_keys: ExtraKeys) {
    let members = object.members();
    let extra = members.filter(|(name, _)| !LIST_ORDER.contains(name));
    let extra: Vec<(String, String)> = extra
        .map(|(name, value)| (name.to_owned(), value.get().to_owned()))
        .collect();
    for (name, value) in extra {
        match (extra_keys, value.as_str()) {
            (ExtraKeys::Dropped, _) => drop(object.take(&name)),
            (ExtraKeys::Flipped, "true") => object.set(&name, to_raw(&false)),
            (ExtraKeys::Flipped, "false") => object.set(&name, to_raw(&true)),
            _ => {}
        }
    }
}

/// Shows the state of a server that used the webhook since the list before the `nth`.
pub(super) fn advance_state(object: &mut Object, nth: usize) {
    let (minute, second) = (nth / 60 % 60, nth % 60);
    let time = format!("2026-11-24T00:{minute:02}:{second:02}.000Z");
    object.set("last_triggered_at", to_raw(&time));
    object.set("success_count", to_raw(&nth));
}

/// Replaces the uuid in the fields with one of the server's own, derived from the id so that a test replays.
pub(super) fn replace_uuid(object: &mut Object, id: u64) {
    let uuid = format!("5a5d0000-0000-4000-8000-{id:012x}");
    change_text(object, FIELDS, |fields| {
        let mut entries: Vec<Object> = serde_json::from_str(fields).ok()?;
        for entry in &mut entries {
            if entry.text("name").as_deref() == Some("uuid") {
                entry.set("value", to_raw(&uuid));
            }
        }
        serde_json::to_string(&entries).ok()
    });
}

/// Masks everything that could be a secret.
pub(super) fn mask(object: &mut Object) {
    change_text(object, "url", |url| Some(masked_url(url)));
    change_text(object, FIELDS, |fields| {
        match serde_json::from_str::<Value>(fields) {
            Ok(mut entries) => {
                mask_entries(&mut entries);
                Some(entries.to_string())
            }
            // This includes valid JSON with numbers beyond a float: better masked than leaked.
            Err(_) if fields.is_empty() => None,
            Err(_) => Some(MASK.to_owned()),
        }
    });
}

/// Replaces the text of the fields by the array that it encodes.
pub(super) fn unescape_fields(object: &mut Object) {
    let array = object
        .text(FIELDS)
        .and_then(|fields| RawValue::from_string(fields).ok());
    if let Some(array) = array {
        object.set(FIELDS, array);
    }
}

pub(super) fn null_fields(object: &mut Object) {
    object.set(FIELDS, to_raw(&()));
}

/// Puts the ids in quotes.
pub(super) fn quote_ids(object: &mut Object) {
    for name in ["id", "company_id"] {
        if let Some(number) = object.number(name) {
            object.set(name, to_raw(&number.to_string()));
        }
    }
}

/// Makes two webhooks show each other's id.
pub(super) fn swap_ids(one: &mut Object, other: &mut Object) {
    if let (Some(first), Some(second)) = (one.get("id"), other.get("id")) {
        let (first, second) = (first.to_owned(), second.to_owned());
        one.set("id", second);
        other.set("id", first);
    }
}

/// Puts the id in quotes, with at least that many digits.
pub(super) fn quote_id(object: &mut Object, n_digits: usize) {
    if let Some(number) = object.number("id") {
        object.set("id", to_raw(&format!("{number:0n_digits$}")));
    }
}

/// Puts another number in place of the company's.
pub(super) fn change_company(object: &mut Object) {
    if let Some(number) = object.number("company_id") {
        object.set("company_id", to_raw(&(number + 1)));
    }
}

/// Makes it a webhook with the same id: with another time of the last change, and perhaps with another alias.
pub(super) fn make_twin(object: &mut Object, has_other_alias: bool) {
    object.set("updated_at", to_raw("2026-11-24T00:00:00.000Z"));
    if has_other_alias {
        change_text(object, "alias", |alias| Some(format!("{alias} (2)")));
    }
}

fn change_text(object: &mut Object, name: &str, change: impl FnOnce(&str) -> Option<String>) {
    if let Some(changed) = object.text(name).and_then(|text| change(&text)) {
        object.set(name, to_raw(&changed));
    }
}

fn with_slash(url: &str) -> String {
    let (path, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    if path.is_empty() || path.ends_with('/') {
        return url.to_owned();
    }
    format!("{path}/{rest}")
}

fn without_query(url: &str) -> String {
    let (rest, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    format!("{path}{fragment}")
}

/// The text that the percent signs encode; `None` if that is not UTF-8.
fn percent_decoded(url: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let [first, others @ ..] = rest {
        let digits = (*first == b'%').then(|| others.get(..2)).flatten();
        let byte = digits
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = &others[if byte.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8(decoded).ok()
}

fn without_usual_port(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let port = if scheme == "http" { ":80" } else { ":443" };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.strip_suffix(port).unwrap_or(authority);
    format!("{scheme}://{host}{path}")
}

fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The same JSON with every string HTML-escaped, but not the names of members; keeps the text of numbers.
fn with_escaped_strings(value: &RawValue) -> String {
    if let Ok(object) = Object::parse(value.get()) {
        let members: Vec<_> = object
            .members()
            .map(|(name, value)| format!("{}:{}", to_raw(name), with_escaped_strings(value)))
            .collect();
        format!("{{{}}}", members.join(","))
    } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(value.get()) {
        let items: Vec<_> = items.into_iter().map(with_escaped_strings).collect();
        format!("[{}]", items.join(","))
    } else if let Ok(text) = serde_json::from_str::<String>(value.get()) {
        to_raw(&html_escaped(&text)).get().to_owned()
    } else {
        value.get().to_owned()
    }
}

fn masked_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return if url.is_empty() { "" } else { MASK }.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let path = if path.len() > 1 { "/****" } else { path };
    format!("{scheme}://{host}{path}")
}

/// The same JSON with the members of every object reversed and spaces added; keeps the text of numbers.
fn reserialized(value: &RawValue) -> String {
    if let Ok(object) = Object::parse(value.get()) {
        let members: Vec<_> = object
            .members()
            .rev()
            .map(|(name, value)| format!("{}: {}", to_raw(name), reserialized(value)))
            .collect();
        format!("{{ {} }}", members.join(", "))
    } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(value.get()) {
        let items: Vec<_> = items.into_iter().map(reserialized).collect();
        format!("[ {} ]", items.join(", "))
    } else {
        value.get().to_owned()
    }
}

fn mask_entries(entries: &mut Value) {
    for entry in entries.as_array_mut().into_iter().flatten() {
        let is_not_secret = entry
            .get("name")
            .and_then(Value::as_str)
            .is_some_and(|name| ["uuid", "method", "projectKey"].contains(&name));
        if let Some(value) = entry.get_mut("value").filter(|_| !is_not_secret) {
            mask_strings(value);
        }
    }
}

fn mask_strings(value: &mut Value) {
    match value {
        Value::String(text) if !text.starts_with('$') => MASK.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(mask_strings),
        Value::Object(members) => members.values_mut().for_each(mask_strings),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Object, Switches, reshape_incoming};

    const WEBHOOK: &str = r#"{"alias":"A & <b> \"c\"","url":"https://h.example.com:443/a%2Fb%zz?x=1&y","integration_type_fields":"[{\"name\":\"a&b\",\"value\":\"c&d\"},1.10]"}"#;

    /// The members of the webhook, stored with these switches.
    fn stored(switches: &[&str]) -> [String; 3] {
        let mut object = Object::parse(WEBHOOK).expect("the text is an object");
        let switches = Switches::parse(switches).expect("the switches exist");
        reshape_incoming(&mut object, &switches);
        ["alias", "url", "integration_type_fields"]
            .map(|name| object.text(name).expect("the member is a text"))
    }

    #[test]
    fn html_escaping_changes_every_text_and_keeps_numbers() {
        assert_eq!(
            stored(&["text=html-escaped"]),
            [
                "A &amp; &lt;b&gt; &quot;c&quot;",
                "https://h.example.com:443/a%2Fb%zz?x=1&amp;y",
                r#"[{"name":"a&amp;b","value":"c&amp;d"},1.10]"#,
            ]
        );
    }

    #[test]
    fn a_url_loses_its_percent_signs_or_its_port() {
        let url = |switch| stored(&[switch])[1].clone();
        assert_eq!(
            url("url=percent-decoded"),
            "https://h.example.com:443/a/b%zz?x=1&y"
        );
        assert_eq!(url("url=portless"), "https://h.example.com/a%2Fb%zz?x=1&y");
    }
}
