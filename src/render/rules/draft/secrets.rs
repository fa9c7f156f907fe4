//! The secrets of an account, grouped for a first rules file: by type, and by webhooks that share credentials.

use super::quoted;
use super::variables::Variables;
use crate::coralogix::kind::Kind;
use crate::coralogix::path::Path;
use crate::coralogix::place::{Place, Shape};
use crate::coralogix::webhook::{TypeId, Webhook};
use crate::pipeline::fetch::Inventory;
use crate::secret::resembles_vendor_key;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Maximum number of paths of one field that `keep` lists; beyond it, `keep` names the whole field.
const MOST_PATHS: usize = 6;

/// The webhooks of one type.
pub(super) struct Group {
    pub(super) type_id: Option<TypeId>,
    pub(super) n_webhooks: usize,
    /// Their secrets, by path.
    pub(super) secrets: Vec<Secret>,
    /// The paths in the `keep` of the one rule for all of them.
    pub(super) keep: Vec<String>,
    /// A rule for each set of webhooks that share credentials.
    pub(super) kin: Vec<Kin>,
}

/// A path with a secret in at least one webhook of a group.
pub(super) struct Secret {
    pub(super) path: String,
    pub(super) kind: Cow<'static, str>,
    pub(super) n_webhooks: usize,
    pub(super) n_different: usize,
}

/// A rule that sets the credentials that some webhooks of one type share.
pub(super) struct Kin {
    aliases: Vec<String>,
    /// Used instead of aliases if those would match other webhooks too, or would read as patterns.
    ids: Vec<String>,
    pub(super) set: Vec<(String, String)>,
    pub(super) must_change: bool,
}

/// A secret of one webhook.
struct Found {
    path: Path,
    kind: Cow<'static, str>,
    /// Whether the value is a string, the only kind that variables, files, and commands can supply.
    is_text: bool,
    value: String,
}

/// A webhook with its secrets.
struct Holder<'i> {
    webhook: &'i Webhook,
    found: Vec<Found>,
}

/// Groups the webhooks by type id, in ascending order; those without a type id come first.
pub(super) fn groups(inventory: &Inventory) -> Vec<Group> {
    let mut by_type: BTreeMap<Option<TypeId>, Vec<Holder<'_>>> = BTreeMap::new();
    for webhook in &inventory.webhooks {
        let found = webhook.places().iter().filter_map(found).collect();
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

fn found(place: &Place) -> Option<Found> {
    if place.shape.is_container() {
        return None;
    }
    Some(Found {
        kind: place.secret()?,
        path: place.path.clone(),
        is_text: place.shape == Shape::Text,
        value: place.token().to_owned(),
    })
}

fn group(type_id: Option<TypeId>, holders: &[Holder<'_>], variables: &mut Variables) -> Group {
    let kind = type_id.and_then(Kind::of);
    let must_change = |path: &Path| is_account_s_own(kind, path);
    let mut counts: HashMap<String, usize> = HashMap::new();
    for holder in holders {
        *counts.entry(alias_of(holder)).or_default() += 1;
    }
    let name = kind.map_or("webhook", |kind| kind.name);
    Group {
        type_id,
        n_webhooks: holders.len(),
        secrets: secrets(holders),
        keep: keep(holders, &must_change),
        kin: families(holders)
            .iter()
            .flat_map(|family| rules_of(family, name, &counts, &must_change, variables))
            .collect(),
    }
}

/// Webhooks of one type that share credentials: each value is at its path in all of them and in no others.
struct Family<'h> {
    shared: Vec<(&'h Path, &'h str)>,
    holders: Vec<&'h Holder<'h>>,
}

fn families<'h>(holders: &'h [Holder<'h>]) -> Vec<Family<'h>> {
    let mut order: Vec<(&Path, &str)> = Vec::new();
    let mut having: HashMap<(&Path, &str), Vec<usize>> = HashMap::new();
    for (at, holder) in holders.iter().enumerate() {
        for found in holder.found.iter().filter(|found| is_credential(found)) {
            let credential = (&found.path, found.value.as_str());
            let places = having.entry(credential).or_default();
            if places.is_empty() {
                order.push(credential);
            }
            places.push(at);
        }
    }
    let mut families: Vec<Family<'h>> = Vec::new();
    let mut by_places: HashMap<&[usize], usize> = HashMap::new();
    for credential in order {
        let places = having[&credential].as_slice();
        let at = *by_places.entry(places).or_insert(families.len());
        if at == families.len() {
            families.push(Family {
                shared: Vec::new(),
                holders: places.iter().map(|at| &holders[*at]).collect(),
            });
        }
        families[at].shared.push(credential);
    }
    families
}

/// Whether a secret grants access; payload texts and e-mail addresses are masked only as a precaution.
fn is_credential(found: &Found) -> bool {
    found.is_text
        && !matches!(
            found.kind.as_ref(),
            "text" | "number" | "e-mail address" | "unreadable fields" | "unknown key"
        )
        && found
            .path
            .parts()
            .iter()
            .all(|part| !resembles_vendor_key(part))
}

/// Whether a secret belongs to the source account itself, so that it would be wrong in any other account.
fn is_account_s_own(kind: Option<&Kind>, path: &Path) -> bool {
    kind.is_some_and(|kind| kind.name == "sendlog") && *path == Path::of(&["payload", "privateKey"])
}

/// The rules for a family: one for the credentials that must change, one for those that may.
fn rules_of(
    family: &Family<'_>,
    kind: &str,
    counts: &HashMap<String, usize>,
    must_change: &dyn Fn(&Path) -> bool,
    variables: &mut Variables,
) -> Vec<Kin> {
    let (aliases, ids) = named(&family.holders, counts);
    let owner = owner(&family.holders, kind);
    let mut rules = Vec::new();
    for wanted in [true, false] {
        let set: Vec<(String, String)> = family
            .shared
            .iter()
            .filter(|(path, _)| must_change(path) == wanted)
            .map(|(path, value)| (path.to_string(), variables.of(&owner, path, value)))
            .collect();
        if !set.is_empty() {
            rules.push(Kin {
                aliases: aliases.clone(),
                ids: ids.clone(),
                set,
                must_change: wanted,
            });
        }
    }
    rules
}

fn alias_of(holder: &Holder<'_>) -> String {
    holder.webhook.alias().unwrap_or_default().into_owned()
}

/// The first part of a variable's name: the only webhook's alias, else the aliases' common prefix, else the type.
fn owner(holders: &[&Holder<'_>], kind: &str) -> String {
    const SHORTEST: usize = 3;
    let aliases: Vec<String> = holders.iter().map(|holder| alias_of(holder)).collect();
    let [first, others @ ..] = aliases.as_slice() else {
        return kind.to_owned();
    };
    if others.is_empty() {
        return first.clone();
    }
    let is_shared = |start: &&str| others.iter().all(|other| other.starts_with(*start));
    let is_end_of_word = |c: char| !c.is_alphanumeric();
    let starts = first
        .match_indices(is_end_of_word)
        .map(|(at, _)| &first[..at]);
    let longest = starts.chain([first.as_str()]).rfind(is_shared);
    longest
        .filter(|start| start.len() >= SHORTEST)
        .unwrap_or(kind)
        .to_owned()
}

/// The aliases of the webhooks, or their ids if the aliases would match other webhooks too or read as patterns.
fn named(kin: &[&Holder<'_>], counts: &HashMap<String, usize>) -> (Vec<String>, Vec<String>) {
    let aliases: BTreeSet<String> = kin.iter().map(|holder| alias_of(holder)).collect();
    let is_literal = aliases
        .iter()
        .all(|alias| !alias.is_empty() && !alias.contains(['*', '?', '\\']));
    let n_meant: usize = aliases.iter().filter_map(|alias| counts.get(alias)).sum();
    let ids: Vec<String> = kin
        .iter()
        .filter_map(|holder| Some(holder.webhook.id()?.to_json()))
        .collect();
    if (is_literal && n_meant == kin.len()) || ids.len() < kin.len() {
        return (aliases.into_iter().collect(), Vec::new());
    }
    (Vec::new(), ids)
}

fn secrets(holders: &[Holder<'_>]) -> Vec<Secret> {
    let mut order: Vec<(&Path, &Cow<'static, str>)> = Vec::new();
    let mut values: HashMap<&Path, Vec<&str>> = HashMap::new();
    for found in holders.iter().flat_map(|holder| &holder.found) {
        let entry = values.entry(&found.path).or_default();
        if entry.is_empty() {
            order.push((&found.path, &found.kind));
        }
        entry.push(&found.value);
    }
    let secret = |(path, kind): (&Path, &Cow<'static, str>)| {
        let all = &values[path];
        let different: BTreeSet<&&str> = all.iter().collect();
        Secret {
            path: path.to_string(),
            kind: kind.clone(),
            n_webhooks: all.len(),
            n_different: different.len(),
        }
    };
    order.into_iter().map(secret).collect()
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The paths for `keep`. A field is named as a whole if it is a list, has too many paths, or has a path that looks
/// like a key and so must not be written.
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
    /// The `match` line for the whole group; empty for webhooks without a type id.
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
    /// The `match` line for exactly the webhooks of this rule.
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
