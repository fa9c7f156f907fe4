//! Lists the differences between two webhooks with the same alias and type, in a form that is safe to print.
//! Pure. Compares the real values but returns masked ones.

use crate::coralogix::content::{
    entry_name, has_bare_scalar_fields, is_equal, is_equal_member, is_named_list,
};
use crate::coralogix::json::Json;
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::mask::Masked;
use crate::coralogix::path::Path;
use crate::coralogix::undocumented::{StateKeys, UndocumentedMember};
use crate::coralogix::webhook::{Fields, Webhook};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

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
pub fn differences(source: &Webhook, target: &Webhook) -> Vec<Difference> {
    let mut found = Vec::new();
    if !is_equal_member(source.raw(KnownKey::Alias), target.raw(KnownKey::Alias)) {
        let masked_alias = |webhook: &Webhook| webhook.masked().alias.map(Masked::Text);
        found.push(Difference {
            path: "alias".to_owned(),
            source: masked_alias(source),
            target: masked_alias(target),
        });
    }
    if !is_equal_member(source.raw(KnownKey::Url), target.raw(KnownKey::Url)) {
        found.push(Difference {
            path: "url".to_owned(),
            source: source.masked().url,
            target: target.masked().url,
        });
    }
    let (left, right) = (source.fields(), target.fields());
    let (left, right) = (
        FieldsWithMask::new(source, &left),
        FieldsWithMask::new(target, &right),
    );
    match (left.entries(), right.entries()) {
        (Some(left), Some(right)) => {
            compare_members(&mut found, &Path::from_parts(&[]), &left, &right);
        }
        _ if left.is_same(&right) => {}
        _ => found.push(Difference {
            path: "integration_type_fields".to_owned(),
            source: left.masked,
            target: right.masked,
        }),
    }
    found
}

/// All differences in undocumented members, the source's first, without the server's own state. The values stay
/// hidden.
pub fn undocumented_differences(
    source: &Webhook,
    target: &Webhook,
    state_keys: &StateKeys,
) -> Vec<Difference> {
    let mut found = unkept_differences(source, target, state_keys);
    let values = OnceCell::new();
    let added = target.undocumented_members().filter(|member| {
        let values = values.get_or_init(|| source.values_by_key());
        values.in_place_of(member).is_none() && state_keys.counts(member)
    });
    found.extend(added.map(|member| Difference {
        path: member.path().to_string(),
        source: None,
        target: Some(hidden_value()),
    }));
    found
}

/// The undocumented members of a desired webhook that the target shows with another value or not at all. The values
/// stay hidden.
///
/// Members that only the target has do not count: a server may add some of its own to everything that it stores.
pub fn unkept_differences(
    desired: &Webhook,
    target: &Webhook,
    state_keys: &StateKeys,
) -> Vec<Difference> {
    differing_members(desired, target)
        .filter(|(member, _)| state_keys.counts(member))
        .map(|(member, other)| Difference {
            path: member.path().to_string(),
            source: Some(hidden_value()),
            target: other.map(|_| hidden_value()),
        })
        .collect()
}

/// Whether two webhooks differ in the server's own state.
pub(super) fn has_other_state(source: &Webhook, target: &Webhook, state_keys: &StateKeys) -> bool {
    differing_members(source, target)
        .chain(differing_members(target, source))
        .any(|(member, _)| !state_keys.counts(&member))
}

/// The undocumented members of one webhook that another one does not have with an equal value, each with the other value.
fn differing_members<'w>(
    webhook: &'w Webhook,
    other: &'w Webhook,
) -> impl Iterator<Item = (UndocumentedMember<'w>, Option<&'w str>)> {
    let is_same = |left: &str, right: &str| {
        left == right
            || match (Json::parse(left), Json::parse(right)) {
                (Ok(left), Ok(right)) => is_equal(&left, &right),
                _ => false,
            }
    };
    // Most webhooks have no such member, and need no index.
    let values = OnceCell::new();
    let members = webhook.undocumented_members_apart_from(other);
    members.filter_map(move |member| {
        let (ours, theirs) =
            values.get_or_init(|| (webhook.values_by_key(), other.values_by_key()));
        let value = theirs.in_place_of(&member);
        let is_last_of_key = ours
            .in_place_of(&member)
            .is_some_and(|value| std::ptr::eq(value, member.value));
        let is_different = !value.is_some_and(|value| is_same(member.value, value));
        (is_different && is_last_of_key).then_some((member, value))
    })
}

fn hidden_value() -> Masked {
    Masked::hidden("unknown key")
}

/// The fields of one webhook as two trees of the same shape: one with real values, one with masked values.
struct FieldsWithMask<'f> {
    text: Option<&'f str>,
    is_bare_scalar: bool,
    tree: Option<Json<'f>>,
    masked: Option<Masked>,
}

impl<'f> FieldsWithMask<'f> {
    fn new(webhook: &'f Webhook, fields: &'f Fields<'f>) -> Self {
        Self {
            text: match fields {
                Fields::Text(text) | Fields::Tree(text) => Some(text),
                Fields::DuplicateKey => webhook.raw(KnownKey::Fields),
                Fields::Empty => None,
            },
            is_bare_scalar: has_bare_scalar_fields(webhook),
            tree: fields.tree(),
            masked: webhook.masked_fields(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.tree, &other.tree) {
            (Some(left), Some(right)) => {
                self.is_bare_scalar == other.is_bare_scalar && is_equal(left, right)
            }
            (None, None) => self.text == other.text,
            _ => false,
        }
    }

    /// The named entries, if the fields are empty or a list of uniquely named entries, as documented.
    fn entries(&self) -> Option<Vec<MaskedMember<'_>>> {
        match (&self.tree, &self.masked) {
            (None, None) => Some(Vec::new()),
            (Some(Json::Array(entries)), Some(Masked::Array(masked))) if is_named_list(entries) => {
                Some(
                    entries
                        .iter()
                        .zip(masked)
                        .map(|(entry, masked)| member_of_entry(entry, masked))
                        .collect(),
                )
            }
            _ => None,
        }
    }
}

/// A named value in its real and its masked form.
struct MaskedMember<'t> {
    name: &'t str,
    value: &'t Json<'t>,
    masked: &'t Masked,
}

/// Reduces an entry to its `value`; an entry with members besides name and value remains a whole.
fn member_of_entry<'t>(entry: &'t Json<'t>, masked: &'t Masked) -> MaskedMember<'t> {
    let name = entry_name(entry).unwrap_or_default();
    if let (Json::Object(real), Masked::Object(shown)) = (entry, masked) {
        let value_ix = real.iter().position(|(key, _)| key == "value");
        if let (Some(ix), 2) = (value_ix, real.len()) {
            return MaskedMember {
                name,
                value: &real[ix].1,
                masked: &shown[ix].1,
            };
        }
    }
    MaskedMember {
        name,
        value: entry,
        masked,
    }
}

fn members_of_object<'t>(tree: &'t Json<'t>, masked: &'t Masked) -> Option<Vec<MaskedMember<'t>>> {
    let (Json::Object(real_members), Masked::Object(masked_members)) = (tree, masked) else {
        return None;
    };
    let member = |((name, value), (_, masked)): (&'t (_, Json<'t>), &'t (String, Masked))| {
        let name: &Cow<'_, str> = name;
        MaskedMember {
            name: name.as_ref(),
            value,
            masked,
        }
    };
    Some(
        real_members
            .iter()
            .zip(masked_members)
            .map(member)
            .collect(),
    )
}

/// Members by their names; the first of a name counts.
fn by_name<'m>(members: &'m [MaskedMember<'m>]) -> HashMap<&'m str, &'m MaskedMember<'m>> {
    let members = members.iter().rev();
    members.map(|member| (member.name, member)).collect()
}

fn compare_members(
    found: &mut Vec<Difference>,
    path: &Path,
    left: &[MaskedMember<'_>],
    right: &[MaskedMember<'_>],
) {
    let (in_left, in_right) = (by_name(left), by_name(right));
    for member in left {
        match in_right.get(member.name) {
            Some(other) => compare_values(found, &path.child(member.name), member, other),
            None => found.push(Difference {
                path: path.child(member.name).to_string(),
                source: Some(member.masked.clone()),
                target: None,
            }),
        }
    }
    for other in right
        .iter()
        .filter(|other| !in_left.contains_key(other.name))
    {
        found.push(Difference {
            path: path.child(other.name).to_string(),
            source: None,
            target: Some(other.masked.clone()),
        });
    }
}

fn compare_values(
    found: &mut Vec<Difference>,
    path: &Path,
    left: &MaskedMember<'_>,
    right: &MaskedMember<'_>,
) {
    if is_equal(left.value, right.value) {
        return;
    }
    let objects = (
        members_of_object(left.value, left.masked),
        members_of_object(right.value, right.masked),
    );
    if let (Some(left), Some(right)) = objects {
        return compare_members(found, path, &left, &right);
    }
    found.push(Difference {
        path: path.to_string(),
        source: Some(left.masked.clone()),
        target: Some(right.masked.clone()),
    });
}
