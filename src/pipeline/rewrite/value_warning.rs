//! New values that look wrong, and needed ones that are empty: a webhook with such a value is silent.
//! Says nothing of a value but what is wrong with it.

use crate::coralogix::json;
use crate::coralogix::path::Path;
use crate::coralogix::place::Place;
use crate::coralogix::webhook::Webhook;
use std::fmt;
use url::Url;

/// The first words of an `Authorization` header that are no part of the credential.
const SCHEMES: [&str; 5] = ["Bearer", "Basic", "Token", "GenieKey", "Digest"];

/// Something that is probably wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueWarning {
    /// The value.
    pub path: Path,
    /// What is wrong with it.
    pub problem: ValueProblem,
    /// The line on which the rule starts that sets it; `None` if the source has it so.
    pub rule_line: Option<usize>,
}

/// What is probably wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueProblem {
    /// It starts or ends with white space.
    SurroundingSpace,
    /// It has a line break inside.
    LineBreak,
    /// It lacks the scheme that the header had, such as `Bearer`.
    LostScheme(&'static str),
    /// It is a url without `https://`.
    NoUrlScheme,
    /// It is a service key that is longer or shorter than the one that it replaces.
    OtherLength,
    /// It is empty, and its type delivers nothing without it.
    Empty,
}

impl fmt::Display for ValueWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match self.problem {
            ValueProblem::SurroundingSpace => {
                f.write_str("the new value starts or ends with white space")
            }
            ValueProblem::LineBreak => f.write_str("the new value has a line break inside"),
            ValueProblem::LostScheme(scheme) => write!(
                f,
                "the old value starts with `{scheme} `, the new one does not"
            ),
            ValueProblem::NoUrlScheme => {
                f.write_str("the new value does not start with https:// or http://")
            }
            ValueProblem::OtherLength => {
                f.write_str("the new value has another length than the old one")
            }
            ValueProblem::Empty => f.write_str("it is empty, so nothing will be delivered"),
        }
    }
}

impl ValueWarning {
    /// What is probably wrong with the value that the rule at a line puts into a place.
    pub(super) fn of_new_value(place: &Place, token: &str, line: usize) -> Vec<Self> {
        let text = json::decode_string(token).unwrap_or_default();
        let warning = |problem| Self {
            path: place.path.clone(),
            problem,
            rule_line: Some(line),
        };
        value_problems(place, &text)
            .into_iter()
            .map(warning)
            .collect()
    }

    /// The secret that a webhook needs and that is empty.
    pub(super) fn of_empty_secret(webhook: &Webhook) -> Option<Self> {
        let name = webhook.empty_secret()?;
        Some(Self {
            path: Path::from_parts(&[name]),
            problem: ValueProblem::Empty,
            rule_line: None,
        })
    }
}

/// What is probably wrong with the text that a rule puts in place of another.
fn value_problems(place: &Place, new: &str) -> Vec<ValueProblem> {
    let mut problems = Vec::new();
    if new.trim() != new {
        problems.push(ValueProblem::SurroundingSpace);
    }
    if new.trim().contains(['\n', '\r']) {
        problems.push(ValueProblem::LineBreak);
    }
    let old = place.text().unwrap_or_default();
    match place.path.parts() {
        [url] if url == "url" => {
            let is_web = |url: Url| matches!(url.scheme(), "http" | "https");
            if !new.trim().is_empty() && !Url::parse(new.trim()).is_ok_and(is_web) {
                problems.push(ValueProblem::NoUrlScheme);
            }
        }
        [headers, _] if headers == "headers" => {
            problems.extend(lost_scheme(&old, new).map(ValueProblem::LostScheme));
        }
        [key] if key == "serviceKey" => {
            let is_known = !old.trim().is_empty() && !place.is_masked_by_server();
            if is_known && old.chars().count() != new.chars().count() {
                problems.push(ValueProblem::OtherLength);
            }
        }
        _ => {}
    }
    problems
}

fn lost_scheme(old: &str, new: &str) -> Option<&'static str> {
    let starts_with = |text: &str, scheme: &str| {
        let first = text.trim_start().split(' ').next().unwrap_or_default();
        first.eq_ignore_ascii_case(scheme)
    };
    let scheme = SCHEMES
        .into_iter()
        .find(|scheme| starts_with(old, scheme))?;
    (!starts_with(new, scheme)).then_some(scheme)
}
