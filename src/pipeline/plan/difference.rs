//! Lists the differences between two webhooks with the same alias and type, in a form that is safe to print.
//! Pure. Compares the real values but returns masked ones.

use crate::coralogix::content::{entry_name, is_equal, is_named_list};
use crate::coralogix::json::Json;
use crate::coralogix::mask::Masked;
use crate::coralogix::path::Path;
use crate::coralogix::webhook::{Fields, UNDERSTOOD, Webhook};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// One path at which two webhooks differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path in the notation of rules files, such as `url` or `headers.Authorization`.
    pub path: String,
    /// The source's masked value; `None` if the source has none at this path.
    pub source: Option<Masked>,
    /// The target's masked value; `None` if the target has none at this path.
    pub target: Option<Masked>,
}

impl Difference {
    /// Whether masking hides the difference: output can then only state that the two values differ.
    pub fn is_hidden(&self) -> bool {
        self.source == self.target
    }
}

/// All differences in alias, url and fields, in the order of the source.
pub fn difference(source: &Webhook, target: &Webhook) -> Vec<Difference> {
    let mut found = Vec::new();
    if source.alias() != target.alias() {
        let text = |webhook: &Webhook| webhook.masked().alias.map(Masked::Text);
        found.push(Difference {
            path: "alias".to_owned(),
            source: text(source),
            target: text(target),
        });
    }
    if source.url() != target.url() {
        found.push(Difference {
            path: "url".to_owned(),
            source: source.masked().url,
            target: target.masked().url,
        });
    }
    let (left, right) = (source.fields(), target.fields());
    let (left, right) = (Side::new(source, &left), Side::new(target, &right));
    match (left.entries(), right.entries()) {
        (Some(left), Some(right)) => members(&mut found, &Path::of(&[]), &left, &right),
        _ if left.is_same(&right) => {}
        _ => found.push(Difference {
            path: "integration_type_fields".to_owned(),
            source: left.masked,
            target: right.masked,
        }),
    }
    found
}

/// All differences in undocumented top-level keys, sorted by key. The values stay hidden.
pub fn unknown_difference(source: &Webhook, target: &Webhook) -> Vec<Difference> {
    let unknown = |webhook: &Webhook| -> BTreeMap<String, String> {
        let tokens = webhook.tokens().map(|(_, value)| value.to_owned());
        let members = webhook.keys().map(Cow::into_owned).zip(tokens);
        members
            .filter(|(key, _)| !UNDERSTOOD.contains(&key.as_str()))
            .collect()
    };
    let is_same = |left: &str, right: &str| match (Json::parse(left), Json::parse(right)) {
        (Ok(left), Ok(right)) => is_equal(&left, &right),
        _ => left == right,
    };
    let (left, right) = (unknown(source), unknown(target));
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let hidden = |value: Option<&String>| value.map(|_| Masked::hidden("unknown key"));
    keys.into_iter()
        .filter(|key| match (left.get(*key), right.get(*key)) {
            (Some(left), Some(right)) => !is_same(left, right),
            _ => true,
        })
        .map(|key| Difference {
            path: Path::of(&[key]).to_string(),
            source: hidden(left.get(key)),
            target: hidden(right.get(key)),
        })
        .collect()
}

/// The fields of one webhook as two trees of the same shape: one with real values, one with masked values.
struct Side<'f> {
    text: Option<&'f str>,
    tree: Option<Json<'f>>,
    masked: Option<Masked>,
}

impl<'f> Side<'f> {
    fn new(webhook: &'f Webhook, fields: &'f Fields<'f>) -> Self {
        Self {
            text: match fields {
                Fields::Text(text) | Fields::Tree(text) => Some(text),
                Fields::Duplicate => webhook.raw("integration_type_fields"),
                Fields::Empty => None,
            },
            tree: fields.tree(),
            masked: webhook.masked_fields(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.tree, &other.tree) {
            (Some(left), Some(right)) => is_equal(left, right),
            (None, None) => self.text == other.text,
            _ => false,
        }
    }

    /// The named entries, if the fields are empty or a list of uniquely named entries, as documented.
    fn entries(&self) -> Option<Vec<Member<'_>>> {
        match (&self.tree, &self.masked) {
            (None, None) => Some(Vec::new()),
            (Some(Json::Array(entries)), Some(Masked::Array(masked))) if is_named_list(entries) => {
                Some(
                    entries
                        .iter()
                        .zip(masked)
                        .map(|(entry, masked)| entry_member(entry, masked))
                        .collect(),
                )
            }
            _ => None,
        }
    }
}

/// A named value in its real and its masked form.
struct Member<'t> {
    name: &'t str,
    value: &'t Json<'t>,
    masked: &'t Masked,
}

/// Reduces an entry to its `value`; an entry with members besides name and value remains a whole.
fn entry_member<'t>(entry: &'t Json<'t>, masked: &'t Masked) -> Member<'t> {
    let name = entry_name(entry).unwrap_or_default();
    if let (Json::Object(real), Masked::Object(shown)) = (entry, masked) {
        let at = real.iter().position(|(key, _)| key == "value");
        if let (Some(at), 2) = (at, real.len()) {
            return Member {
                name,
                value: &real[at].1,
                masked: &shown[at].1,
            };
        }
    }
    Member {
        name,
        value: entry,
        masked,
    }
}

fn object_members<'t>(tree: &'t Json<'t>, masked: &'t Masked) -> Option<Vec<Member<'t>>> {
    let (Json::Object(real), Masked::Object(shown)) = (tree, masked) else {
        return None;
    };
    let member = |((name, value), (_, masked)): (&'t (_, Json<'t>), &'t (String, Masked))| {
        let name: &Cow<'_, str> = name;
        Member {
            name: name.as_ref(),
            value,
            masked,
        }
    };
    Some(real.iter().zip(shown).map(member).collect())
}

fn members(found: &mut Vec<Difference>, path: &Path, left: &[Member<'_>], right: &[Member<'_>]) {
    for member in left {
        match right.iter().find(|other| other.name == member.name) {
            Some(other) => values(found, &path.below(member.name), member, other),
            None => found.push(Difference {
                path: path.below(member.name).to_string(),
                source: Some(member.masked.clone()),
                target: None,
            }),
        }
    }
    for other in right
        .iter()
        .filter(|other| !left.iter().any(|member| member.name == other.name))
    {
        found.push(Difference {
            path: path.below(other.name).to_string(),
            source: None,
            target: Some(other.masked.clone()),
        });
    }
}

fn values(found: &mut Vec<Difference>, path: &Path, left: &Member<'_>, right: &Member<'_>) {
    if is_equal(left.value, right.value) {
        return;
    }
    let objects = (
        object_members(left.value, left.masked),
        object_members(right.value, right.masked),
    );
    if let (Some(left), Some(right)) = objects {
        return members(found, path, &left, &right);
    }
    found.push(Difference {
        path: path.to_string(),
        source: Some(left.masked.clone()),
        target: Some(right.masked.clone()),
    });
}
