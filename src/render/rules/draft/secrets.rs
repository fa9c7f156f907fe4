//! The secrets of an account, grouped for a first rules file: by type, and by which webhooks share their credentials.

use super::quoted;
use crate::coralogix::kind::{Kind, resembles_vendor_key};
use crate::coralogix::path::Path;
use crate::coralogix::place::{Place, Shape};
use crate::coralogix::webhook::{TypeId, Webhook};
use crate::pipeline::fetch::Inventory;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Beyond this many different paths of a field, the whole field is kept instead.
const MOST_PATHS: usize = 6;

/// The webhooks of one type.
pub(super) struct Group {
    pub(super) type_id: Option<TypeId>,
    pub(super) n_webhooks: usize,
    /// What is secret in them, by path.
    pub(super) secrets: Vec<Secret>,
    /// The paths that one rule keeps for all of them.
    pub(super) keep: Vec<String>,
    /// Those with credentials, by what they share.
    pub(super) kin: Vec<Kin>,
}

/// One path that is secret in some of a group.
pub(super) struct Secret {
    pub(super) path: String,
    pub(super) kind: &'static str,
    pub(super) n_webhooks: usize,
    pub(super) n_different: usize,
}

/// Webhooks of one type whose credentials are all equal.
pub(super) struct Kin {
    aliases: Vec<String>,
    /// Used where an alias alone would mean others too, or could not be told from a pattern.
    ids: Vec<String>,
    pub(super) set: Vec<(String, String)>,
    pub(super) must_change: bool,
}

/// A secret of one webhook.
struct Found {
    path: Path,
    kind: &'static str,
    /// Whether it is a text, which variables, files and commands give.
    is_text: bool,
    value: String,
}

/// A webhook with its secrets.
struct Holder<'i> {
    webhook: &'i Webhook,
    found: Vec<Found>,
}

/// The webhooks by type, in the order of the types' numbers; those without one come first.
pub(super) fn groups(inventory: &Inventory) -> Vec<Group> {
    let mut by_type: BTreeMap<Option<TypeId>, Vec<Holder<'_>>> = BTreeMap::new();
    for webhook in &inventory.webhooks {
        let found = webhook
            .places()
            .iter()
            .filter_map(|place| found(webhook, place))
            .collect();
        let holders = by_type.entry(webhook.type_id().ok()).or_default();
        holders.push(Holder { webhook, found });
    }
    let mut variables = Variables::default();
    let mut groups = Vec::new();
    for (type_id, holders) in by_type {
        groups.push(group(type_id, &holders, &mut variables));
    }
    groups
}

fn found(webhook: &Webhook, place: &Place) -> Option<Found> {
    if place.shape.is_container() {
        return None;
    }
    Some(Found {
        kind: place.secret()?,
        path: place.path.clone(),
        is_text: place.shape == Shape::Text,
        value: place.token(webhook),
    })
}

fn group(type_id: Option<TypeId>, holders: &[Holder<'_>], variables: &mut Variables) -> Group {
    let kind = type_id.and_then(Kind::of);
    let must_change = |path: &Path| is_account_s_own(kind, path);
    Group {
        type_id,
        n_webhooks: holders.len(),
        secrets: secrets(holders),
        keep: keep(holders, &must_change),
        kin: families(holders)
            .iter()
            .flat_map(|family| rules_of(family, holders, &must_change, variables))
            .collect(),
    }
}

/// Webhooks of one type that have the same credentials at the same paths.
struct Family<'h> {
    shared: Vec<(&'h Path, &'h str)>,
    holders: Vec<&'h Holder<'h>>,
}

fn families<'h>(holders: &'h [Holder<'h>]) -> Vec<Family<'h>> {
    let mut families: Vec<Family<'h>> = Vec::new();
    let mut by_shared: HashMap<Vec<(&Path, &str)>, usize> = HashMap::new();
    for holder in holders {
        let credentials = holder.found.iter().filter(|found| is_credential(found));
        let shared: Vec<(&Path, &str)> = credentials
            .map(|found| (&found.path, found.value.as_str()))
            .collect();
        if shared.is_empty() {
            continue;
        }
        let at = *by_shared.entry(shared.clone()).or_insert(families.len());
        if at == families.len() {
            let holders = Vec::new();
            families.push(Family { shared, holders });
        }
        families[at].holders.push(holder);
    }
    families
}

/// Whether it opens something; texts of a payload and addresses are hidden only to be on the safe side.
fn is_credential(found: &Found) -> bool {
    found.is_text
        && !matches!(
            found.kind,
            "text" | "number" | "e-mail address" | "unreadable fields" | "unknown key"
        )
        && found
            .path
            .parts()
            .iter()
            .all(|part| !resembles_vendor_key(part))
}

/// Whether a secret belongs to the source account, so that a copy of it would be wrong in any other.
fn is_account_s_own(kind: Option<&Kind>, path: &Path) -> bool {
    kind.is_some_and(|kind| kind.name == "sendlog") && *path == Path::of(&["payload", "privateKey"])
}

/// What must change is a rule of its own, apart from what may.
fn rules_of(
    family: &Family<'_>,
    all: &[Holder<'_>],
    must_change: &dyn Fn(&Path) -> bool,
    variables: &mut Variables,
) -> Vec<Kin> {
    let kin = &family.holders;
    let first = kin
        .first()
        .and_then(|holder| holder.webhook.alias())
        .unwrap_or_default();
    let mut rules = Vec::new();
    for wanted in [true, false] {
        let set: Vec<(String, String)> = family
            .shared
            .iter()
            .filter(|(path, _)| must_change(path) == wanted)
            .map(|(path, value)| (path.to_string(), variables.of(&first, path, value)))
            .collect();
        if !set.is_empty() {
            let (aliases, ids) = named(kin, all);
            rules.push(Kin {
                aliases,
                ids,
                set,
                must_change: wanted,
            });
        }
    }
    rules
}

/// The aliases of the webhooks, or their ids where aliases would not do.
fn named(kin: &[&Holder<'_>], all: &[Holder<'_>]) -> (Vec<String>, Vec<String>) {
    let alias = |holder: &Holder<'_>| holder.webhook.alias().unwrap_or_default().into_owned();
    let is_kin = |holder: &Holder<'_>| kin.iter().any(|one| std::ptr::eq(*one, holder));
    let aliases: BTreeSet<String> = kin.iter().map(|holder| alias(holder)).collect();
    let is_literal = aliases
        .iter()
        .all(|alias| !alias.is_empty() && !alias.contains(['*', '?', '\\']));
    let is_theirs = all
        .iter()
        .all(|holder| is_kin(holder) || !aliases.contains(&alias(holder)));
    let ids: Vec<String> = kin
        .iter()
        .filter_map(|holder| Some(holder.webhook.id()?.to_json()))
        .collect();
    if (is_literal && is_theirs) || ids.len() < kin.len() {
        return (aliases.into_iter().collect(), Vec::new());
    }
    (Vec::new(), ids)
}

fn secrets(holders: &[Holder<'_>]) -> Vec<Secret> {
    let mut order: Vec<(&Path, &'static str)> = Vec::new();
    let mut values: HashMap<&Path, Vec<&str>> = HashMap::new();
    for found in holders.iter().flat_map(|holder| &holder.found) {
        let entry = values.entry(&found.path).or_default();
        if entry.is_empty() {
            order.push((&found.path, found.kind));
        }
        entry.push(&found.value);
    }
    let secret = |(path, kind): (&Path, &'static str)| {
        let all = &values[path];
        let different: BTreeSet<&&str> = all.iter().collect();
        Secret {
            path: path.to_string(),
            kind,
            n_webhooks: all.len(),
            n_different: different.len(),
        }
    };
    order.into_iter().map(secret).collect()
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The paths to keep: each as it is, or the whole field where it is a list, or there are many, or one that cannot be written.
fn keep(holders: &[Holder<'_>], must_change: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let mut by_field: Vec<(&str, Vec<&Path>)> = Vec::new();
    for found in holders.iter().flat_map(|holder| &holder.found) {
        let Some(field) = found
            .path
            .parts()
            .first()
            .filter(|_| !(found.is_text && must_change(&found.path)))
        else {
            continue;
        };
        match by_field.iter_mut().find(|(name, _)| name == field) {
            Some((_, paths)) if paths.contains(&&found.path) => {}
            Some((_, paths)) => paths.push(&found.path),
            None => by_field.push((field, vec![&found.path])),
        }
    }
    let mut keep = Vec::new();
    for (field, paths) in by_field {
        let is_element = |path: &&Path| path.parts().get(1).is_some_and(|part| is_number(part));
        let is_writable =
            |path: &&Path| path.parts().iter().all(|part| !resembles_vendor_key(part));
        if paths.len() > MOST_PATHS
            || paths.iter().any(is_element)
            || !paths.iter().all(is_writable)
        {
            keep.push(Path::of(&[field]).to_string());
        } else {
            keep.extend(paths.iter().map(ToString::to_string));
        }
    }
    keep
}

impl Group {
    /// The `match` line of the whole group, where one is needed.
    pub(super) fn type_match(&self) -> String {
        match self.type_id {
            Some(type_id) => format!("match = {{ type = {} }}\n", type_text(type_id)),
            None => String::new(),
        }
    }
}

fn type_text(type_id: TypeId) -> String {
    Kind::of(type_id).map_or_else(|| type_id.to_string(), |kind| quoted(kind.name))
}

impl Kin {
    /// The `match` line of a rule for these alone.
    pub(super) fn matches(&self, group: &Group) -> String {
        let kind = group
            .type_id
            .map_or_else(String::new, |id| format!("type = {}, ", type_text(id)));
        let list = |texts: &[String]| match texts {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        if self.ids.is_empty() {
            let aliases: Vec<String> = self.aliases.iter().map(|alias| quoted(alias)).collect();
            format!("match = {{ {kind}alias = {} }}", list(&aliases))
        } else {
            format!("match = {{ {kind}id = {} }}", list(&self.ids))
        }
    }
}

/// The names of variables: one for each value, so that equal secrets are asked for once.
#[derive(Default)]
struct Variables {
    by_value: HashMap<String, String>,
    taken: BTreeSet<String>,
}

impl Variables {
    fn of(&mut self, alias: &str, path: &Path, value: &str) -> String {
        if let Some(name) = self.by_value.get(value) {
            return name.clone();
        }
        let last = path.parts().last().map_or("", String::as_str);
        let proposed = variable_name(alias, last);
        let mut name = proposed.clone();
        let mut n = 2;
        while self.taken.contains(&name) {
            name = format!("{proposed}_{n}");
            n += 1;
        }
        self.taken.insert(name.clone());
        self.by_value.insert(value.to_owned(), name.clone());
        name
    }
}

/// `payments-oncall` and `serviceKey` make `PAYMENTS_ONCALL_SERVICE_KEY`.
fn variable_name(alias: &str, key: &str) -> String {
    let mut name = String::new();
    for text in [alias, key] {
        name.push('_');
        let mut was_lower = false;
        for character in text.chars() {
            if character.is_ascii_uppercase() && was_lower {
                name.push('_');
            }
            was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
            name.push(if character.is_ascii_alphanumeric() {
                character.to_ascii_uppercase()
            } else {
                '_'
            });
        }
    }
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    match name.bytes().next() {
        Some(b'0'..=b'9') | None => format!("WEBHOOK_{name}").trim_end_matches('_').to_owned(),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::variable_name;

    #[test]
    fn variables_have_names_that_a_shell_takes() {
        assert_eq!(
            variable_name("payments-oncall", "serviceKey"),
            "PAYMENTS_ONCALL_SERVICE_KEY"
        );
        assert_eq!(variable_name("24/7", "url"), "WEBHOOK_24_7_URL");
        assert_eq!(variable_name("日本", "X-Api-Key"), "X_API_KEY");
        assert_eq!(variable_name("", ""), "WEBHOOK");
    }
}
