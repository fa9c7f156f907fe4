//! The secrets of an account, grouped for a first rules file: by type, and by webhooks that share credentials.

use super::variables::Variables;
use crate::coralogix::kind::WebhookType;
use crate::coralogix::path::Path;
use crate::coralogix::place::{JsonType, Place};
use crate::coralogix::webhook::{TypeId, Webhook};
use crate::pipeline::fetch::Inventory;
use crate::render::quoted::quoted;
use crate::secret::resembles_vendor_key;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Maximum number of paths of one field that `keep` lists; beyond it, `keep` names the whole field.
const MAX_PATHS: usize = 6;

/// The webhooks of one type.
pub(super) struct TypeGroup {
    pub(super) type_id: Option<TypeId>,
    pub(super) n_webhooks: usize,
    /// Their secrets, by path.
    pub(super) secrets: Vec<SecretPath>,
    /// The paths in the `keep` of the one rule for all of them.
    pub(super) keep: Vec<String>,
    /// A rule for each set of webhooks that share credentials.
    pub(super) credential_rules: Vec<CredentialRule>,
}

/// A path with a secret in at least one webhook of a group.
pub(super) struct SecretPath {
    pub(super) path: String,
    pub(super) kind: Cow<'static, str>,
    pub(super) n_webhooks: usize,
    pub(super) n_different: usize,
}

/// A rule that sets the credentials that some webhooks of one type share.
pub(super) struct CredentialRule {
    aliases: Vec<String>,
    /// Used instead of aliases if those would match other webhooks too, or would read as patterns.
    ids: Vec<String>,
    pub(super) set: Vec<(String, String)>,
    pub(super) must_change: bool,
}

/// A secret of one webhook.
struct FoundSecret {
    path: Path,
    kind: Cow<'static, str>,
    /// Whether the value is a string, the only kind that variables, files, and commands can supply.
    is_text: bool,
    value: String,
}

/// A webhook with its secrets.
struct WebhookSecrets<'i> {
    webhook: &'i Webhook,
    found: Vec<FoundSecret>,
}

/// Groups the webhooks by type id, in ascending order; those without a type id come first.
pub(super) fn group_by_type(inventory: &Inventory) -> Vec<TypeGroup> {
    let mut by_type: BTreeMap<Option<TypeId>, Vec<WebhookSecrets<'_>>> = BTreeMap::new();
    for webhook in &inventory.webhooks {
        let found = webhook.places().iter().filter_map(find_secret).collect();
        let holders = by_type.entry(webhook.type_id().ok()).or_default();
        holders.push(WebhookSecrets { webhook, found });
    }
    let mut variables = Variables::default();
    let mut groups = Vec::new();
    for (type_id, holders) in by_type {
        groups.push(build_group(type_id, &holders, &mut variables));
    }
    groups
}

fn find_secret(place: &Place) -> Option<FoundSecret> {
    if place.json_type.is_container() {
        return None;
    }
    Some(FoundSecret {
        kind: place.secret_kind()?,
        path: place.path.clone(),
        is_text: place.json_type == JsonType::Text,
        value: place.token().to_owned(),
    })
}

fn build_group(
    type_id: Option<TypeId>,
    holders: &[WebhookSecrets<'_>],
    variables: &mut Variables,
) -> TypeGroup {
    let kind = type_id.and_then(WebhookType::from_id);
    let must_change = |path: &Path| is_account_key(kind, path);
    let mut counts: HashMap<String, usize> = HashMap::new();
    for holder in holders {
        *counts.entry(alias(holder)).or_default() += 1;
    }
    let name = kind.map_or("webhook", |kind| kind.name);
    TypeGroup {
        type_id,
        n_webhooks: holders.len(),
        secrets: secrets(holders),
        keep: keep_paths(holders, &must_change),
        credential_rules: group_by_credentials(holders)
            .iter()
            .flat_map(|family| family_rules(family, name, &counts, &must_change, variables))
            .collect(),
    }
}

/// Webhooks of one type that share credentials: each value is at its path in all of them and in no others.
struct CredentialFamily<'h> {
    shared: Vec<(&'h Path, &'h str)>,
    holders: Vec<&'h WebhookSecrets<'h>>,
}

fn group_by_credentials<'h>(holders: &'h [WebhookSecrets<'h>]) -> Vec<CredentialFamily<'h>> {
    let mut order: Vec<(&Path, &str)> = Vec::new();
    let mut holders_by_credential: HashMap<(&Path, &str), Vec<usize>> = HashMap::new();
    for (holder_ix, holder) in holders.iter().enumerate() {
        for found in holder.found.iter().filter(|found| is_credential(found)) {
            let credential = (&found.path, found.value.as_str());
            let holder_ixs = holders_by_credential.entry(credential).or_default();
            if holder_ixs.is_empty() {
                order.push(credential);
            }
            holder_ixs.push(holder_ix);
        }
    }
    let mut families: Vec<CredentialFamily<'h>> = Vec::new();
    let mut family_by_holders: HashMap<&[usize], usize> = HashMap::new();
    for credential in order {
        let holder_ixs = holders_by_credential[&credential].as_slice();
        let family_ix = *family_by_holders
            .entry(holder_ixs)
            .or_insert(families.len());
        if family_ix == families.len() {
            families.push(CredentialFamily {
                shared: Vec::new(),
                holders: holder_ixs
                    .iter()
                    .map(|holder_ix| &holders[*holder_ix])
                    .collect(),
            });
        }
        families[family_ix].shared.push(credential);
    }
    families
}

/// Whether a secret grants access; payload texts and e-mail addresses are masked only as a precaution.
fn is_credential(found: &FoundSecret) -> bool {
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
fn is_account_key(kind: Option<&WebhookType>, path: &Path) -> bool {
    kind.is_some_and(|kind| kind.name == "sendlog")
        && *path == Path::from_parts(&["payload", "privateKey"])
}

/// The rules for a family: one for the credentials that must change, one for those that may.
fn family_rules(
    family: &CredentialFamily<'_>,
    kind: &str,
    counts: &HashMap<String, usize>,
    must_change: &dyn Fn(&Path) -> bool,
    variables: &mut Variables,
) -> Vec<CredentialRule> {
    let (aliases, ids) = match_terms(&family.holders, counts);
    let owner = variable_prefix(&family.holders, kind);
    let mut rules = Vec::new();
    for is_required in [true, false] {
        let set: Vec<(String, String)> = family
            .shared
            .iter()
            .filter(|(path, _)| must_change(path) == is_required)
            .map(|(path, value)| (path.to_string(), variables.name_for(&owner, path, value)))
            .collect();
        if !set.is_empty() {
            rules.push(CredentialRule {
                aliases: aliases.clone(),
                ids: ids.clone(),
                set,
                must_change: is_required,
            });
        }
    }
    rules
}

fn alias(holder: &WebhookSecrets<'_>) -> String {
    holder.webhook.alias().unwrap_or_default().into_owned()
}

/// The first part of a variable's name: the only webhook's alias, else the aliases' common prefix, else the type.
fn variable_prefix(holders: &[&WebhookSecrets<'_>], kind: &str) -> String {
    const MIN_LEN: usize = 3;
    let aliases: Vec<String> = holders.iter().map(|holder| alias(holder)).collect();
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
        .map(|(end, _)| &first[..end]);
    let longest = starts.chain([first.as_str()]).rfind(is_shared);
    longest
        .filter(|start| start.len() >= MIN_LEN)
        .unwrap_or(kind)
        .to_owned()
}

/// The aliases of the webhooks, or their ids if the aliases would match other webhooks too or read as patterns.
fn match_terms(
    holders: &[&WebhookSecrets<'_>],
    counts: &HashMap<String, usize>,
) -> (Vec<String>, Vec<String>) {
    let aliases: BTreeSet<String> = holders.iter().map(|holder| alias(holder)).collect();
    let is_literal = aliases
        .iter()
        .all(|alias| !alias.is_empty() && !alias.contains(['*', '?', '\\']));
    let n_matched: usize = aliases.iter().filter_map(|alias| counts.get(alias)).sum();
    let ids: Vec<String> = holders
        .iter()
        .filter_map(|holder| serde_json::to_string(&holder.webhook.id()?).ok())
        .collect();
    if (is_literal && n_matched == holders.len()) || ids.len() < holders.len() {
        return (aliases.into_iter().collect(), Vec::new());
    }
    (Vec::new(), ids)
}

fn secrets(holders: &[WebhookSecrets<'_>]) -> Vec<SecretPath> {
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
        SecretPath {
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
fn keep_paths(holders: &[WebhookSecrets<'_>], must_change: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let mut by_field: Vec<(&str, Vec<&Path>)> = Vec::new();
    let mut field_ixs: HashMap<&str, usize> = HashMap::new();
    let mut seen: HashSet<&Path> = HashSet::new();
    for found in holders.iter().flat_map(|holder| &holder.found) {
        let Some(field) = found
            .path
            .parts()
            .first()
            .filter(|_| !(found.is_text && must_change(&found.path)))
        else {
            continue;
        };
        if !seen.insert(&found.path) {
            continue;
        }
        let field_ix = *field_ixs.entry(field).or_insert(by_field.len());
        if field_ix == by_field.len() {
            by_field.push((field, Vec::new()));
        }
        by_field[field_ix].1.push(&found.path);
    }
    let mut keep = Vec::new();
    for (field, paths) in by_field {
        let is_element = |path: &&Path| path.parts().get(1).is_some_and(|part| is_number(part));
        let is_writable =
            |path: &&Path| path.parts().iter().all(|part| !resembles_vendor_key(part));
        if paths.len() > MAX_PATHS || paths.iter().any(is_element) || !paths.iter().all(is_writable)
        {
            keep.push(Path::from_parts(&[field]).to_string());
        } else {
            keep.extend(paths.iter().map(ToString::to_string));
        }
    }
    keep
}

impl TypeGroup {
    /// The `match` line for the whole group; empty for webhooks without a type id.
    pub(super) fn match_line(&self) -> String {
        match self.type_id {
            Some(type_id) => format!("match = {{ type = {} }}\n", type_toml(type_id)),
            None => String::new(),
        }
    }
}

fn type_toml(type_id: TypeId) -> String {
    WebhookType::from_id(type_id).map_or_else(|| type_id.to_string(), |kind| quoted(kind.name))
}

impl CredentialRule {
    /// The `match` line for exactly the webhooks of this rule.
    pub(super) fn match_line(&self, group: &TypeGroup) -> String {
        let kind = group
            .type_id
            .map_or_else(String::new, |id| format!("type = {}, ", type_toml(id)));
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
