//! Renders the id map for other programs: `import` blocks for Terraform, a script for `sed`.
//! Pure. Nothing that an alias or id contains can become a part of the program.

use crate::pipeline::idmap::{IdMap, IdPair};
use crate::untrusted::escape;
use std::collections::HashSet;
use std::fmt::Write as _;

/// Renders an `import` block for each webhook of the target.
///
/// Their ids are UUIDs of the vendor's newer API, which no migration learns, so they are empty, which Terraform refuses.
pub fn id_map_imports(map: &IdMap) -> String {
    let mut out = String::from(
        "# One `import` block for each webhook of the id map. Terraform imports a webhook by its UUID in the newer API,\n\
         # which hookferry does not know: fill in each `id`. The newer API lists it beside the number, `externalId`.\n",
    );
    let mut names = HashSet::new();
    let mut targets = HashSet::new();
    for pair in map.pairs() {
        // Two webhooks of the source may be one in the target, which can be imported once.
        if !targets.insert(&pair.target_id) {
            continue;
        }
        let (kind, alias) = (escape(&pair.kind), escape(&pair.alias));
        let (source, target) = (&pair.source_id, &pair.target_id);
        let name = unique(&resource_name(pair), pair, &mut names);
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "\n# {kind} \"{alias}\": {source} in the source, {target} in the target\n\
             import {{\n  to = coralogix_webhook.{name}\n  id = \"\" # the UUID of webhook {target}\n}}\n",
        );
    }
    out
}

/// A name that Terraform takes, made of the alias.
fn resource_name(pair: &IdPair) -> String {
    let letter = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase(),
        _ => '_',
    };
    let name: String = pair.alias.chars().map(letter).collect();
    let name = name.trim_matches('_');
    if name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name.to_owned()
    } else {
        format!("webhook_{name}").trim_end_matches('_').to_owned()
    }
}

/// The name, with the id if another webhook has it, and with a number if that is taken, too.
fn unique(name: &str, pair: &IdPair, taken: &mut HashSet<String>) -> String {
    let mut free = name.to_owned();
    for n in 0_usize.. {
        if taken.insert(free.clone()) {
            break;
        }
        let id = pair.target_id.as_str();
        let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        free = match (n, is_plain) {
            (0, true) => format!("{name}_{id}"),
            _ => format!("{name}_{}", n + 2),
        };
    }
    free
}

/// Where a number refers to a webhook in one line of JSON or Terraform: the key, and all up to the number.
const KEY: &str =
    r#"(^|[^A-Za-z0-9_-])("?(integrationId|integration_id)"?[[:space:]]*[:=][[:space:]]*"?)"#;
/// What comes behind the number.
const END: &str = r#"("|[[:space:],;}#/]|\]|$)"#;

/// Renders a script that rewrites ids in lines of JSON and Terraform.
///
/// Ids may swap, so each new one is marked, which hides it from the lines that follow; the last line removes the marks.
pub fn id_map_sed(map: &IdMap) -> String {
    let mut out = String::from(
        "# sed -E -f THIS-SCRIPT alerts.json > new-alerts.json\n\
         # For numbers under `integrationId` and `integration_id`, on the line of their key, in JSON and Terraform. Not for\n\
         # aliases, nor for YAML of the Kubernetes operator: `hookferry idmap apply` rewrites those. Apply it once.\n",
    );
    for pair in map.pairs() {
        let (source, target) = (pair.source_id.as_str(), pair.target_id.as_str());
        let is_number = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        if is_number(source) && is_number(target) {
            let _ = writeln!(out, "s~{KEY}{source}{END}~\\1\\2@{target}\\4~g");
        } else {
            let _ = writeln!(
                out,
                "# left out, because it is not a number: {} -> {}",
                pair.source_id, pair.target_id
            );
        }
    }
    let _ = writeln!(out, "s~{KEY}@([0-9])~\\1\\2\\4~g");
    out
}
