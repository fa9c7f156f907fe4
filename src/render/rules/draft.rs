//! Renders `rules init`: a first rules file that decides on every secret of an account, with a variable for each
//! value that must change.
//! Pure. Contains names, paths, and hosts, never a secret; the same account always gives the same file.

mod secrets;
mod variables;

use crate::coralogix::kind::type_name;
use crate::document::view::Party;
use crate::pipeline::fetch::Inventory;
use crate::render::quoted::quoted;
use crate::untrusted;
use crate::wording::counted;
use secrets::{CredentialRule, TypeGroup, group_by_type};
use smol_str::SmolStr;
use std::fmt::Write as _;

/// The input for a first rules file.
pub struct RulesDraft {
    /// The webhooks that the rules apply to.
    pub inventory: Inventory,
    /// The account or file that they come from.
    pub account: Party,
    /// The target's host, if known.
    pub target: Option<String>,
    /// Whether any webhook uses a Coralogix host of a region other than the target's.
    pub changes_region: bool,
}

/// Up to as many proposed rules are active and keep what they name, so that one line changes each secret. Every active
/// rule is compared with every webhook, so more of them are only comments.
const MAX_ACTIVE_PROPOSALS: usize = 500;

/// Writes the text of the file.
pub fn draft(draft: &RulesDraft) -> String {
    let groups = group_by_type(&draft.inventory);
    let rules = groups.iter().flat_map(|group| &group.credential_rules);
    let n_proposals = rules.filter(|rule| !rule.must_change).count();
    let are_active = n_proposals <= MAX_ACTIVE_PROPOSALS;
    let mut out = header_text(draft, are_active);
    for group in &groups {
        push_section(&mut out, group, are_active);
    }
    out
}

fn header_text(draft: &RulesDraft, are_active: bool) -> String {
    let from = draft.account.description();
    let to = draft.target.as_deref().map_or_else(String::new, |to| {
        format!(" going to {}", untrusted::escape(to))
    });
    let retarget = match (draft.changes_region, &draft.target) {
        (true, _) => {
            "# Replaces Coralogix hosts of the source's region with the target's.\nretarget = true\n"
        }
        (false, Some(_)) => {
            "# No webhook uses a Coralogix host of a region other than the target's.\nretarget = false\n"
        }
        (false, None) => {
            "# To replace Coralogix hosts of the source's region with the target's:\n# retarget = true\n"
        }
    };
    let proposals = if are_active {
        "# A line that starts with `# set.` is a proposal: remove its `# ` where that secret must differ."
    } else {
        "# Rules that start with `# [[rule]]` are proposals: remove the `# ` of all their lines where a\n\
         # secret must differ."
    };
    format!(
        "# Rules for the webhooks of {from}{to}.\n\
         # Written by `hookferry rules init`. This file contains no secrets; do not add any.\n\
         #\n\
         # A rule applies to the webhooks that satisfy its `match`. For each of their secrets it says\n\
         #   keep    the target gets the same value, or\n\
         #   set     the target gets a different value, from {{ env = \"NAME\" }}, {{ file = \"path\" }}\n\
         #           or {{ command = [\"program\", \"argument\"] }} (run only with --allow-commands).\n\
         {proposals}\n\
         # `set` takes precedence over `keep`; two rules that set the same path are an error.\n\
         # The variables are those of the environment, or lines NAME=value in the file of --env-file.\n\
         # Then: hookferry rules check --rules THIS-FILE --from ... --to ...\n\
         \n\
         # A webhook with a secret that no rule covers is not sent.\n\
         unmatched_secret = \"refuse\"\n\
         \n\
         {retarget}"
    )
}

fn push_section(out: &mut String, group: &TypeGroup, are_active: bool) {
    let kind = group
        .type_id
        .map_or(SmolStr::new_static("without a type"), type_name);
    let n = counted(group.n_webhooks, "webhook");
    let _ = writeln!(out, "\n\n# ---- {kind}: {n} ----");
    if group.type_id.is_none() {
        out.push_str("# These webhooks cannot be sent, and no rule can change that.\n");
        return;
    }
    if group.secrets.is_empty() {
        out.push_str("# These webhooks contain no secrets.\n");
        return;
    }
    for secret in &group.secrets {
        let values = match secret.n_different {
            1 if secret.n_webhooks == 1 => String::new(),
            1 => ", all equal".to_owned(),
            n if n == secret.n_webhooks => ", all different".to_owned(),
            n => format!(", {n} different values"),
        };
        let n = counted(secret.n_webhooks, "webhook");
        let path = untrusted::escape(&secret.path);
        let what = if path == secret.kind {
            path
        } else {
            format!("{path} ({})", secret.kind)
        };
        let _ = writeln!(out, "# {what} in {n}{values}");
    }
    if !group.keep.is_empty() {
        let paths: Vec<String> = group.keep.iter().map(|path| quoted(path)).collect();
        let _ = writeln!(
            out,
            "[[rule]]\n{}keep = [{}]",
            group.match_line(),
            paths.join(", ")
        );
    }
    for rule in &group.credential_rules {
        push_rule(out, group, rule, are_active);
    }
}

/// Writes a rule for webhooks that share credentials: one that sets those that must change, or one that keeps the others
/// and proposes a line to set each of them.
fn push_rule(
    out: &mut String,
    group: &TypeGroup,
    credential_rule: &CredentialRule,
    are_active: bool,
) {
    let must_change = credential_rule.must_change;
    out.push_str(if must_change {
        "\n# This key belongs to the source account: if kept, the logs would flow back there.\n"
    } else {
        "\n"
    });
    let prefix = if must_change || are_active { "" } else { "# " };
    let _ = writeln!(out, "{prefix}[[rule]]");
    let _ = writeln!(out, "{prefix}{}", credential_rule.match_line(group));
    if !must_change && are_active {
        let paths = credential_rule.set.iter().map(|(path, _)| quoted(path));
        let _ = writeln!(out, "keep = [{}]", paths.collect::<Vec<_>>().join(", "));
    }
    let prefix = if must_change { "" } else { "# " };
    for (path, variable) in &credential_rule.set {
        let _ = writeln!(
            out,
            "{prefix}set.{} = {{ env = \"{variable}\" }}",
            toml_key(path)
        );
    }
    if must_change {
        out.push_str("# new_uuid = true    # a new uuid in the target, for the field and payload.uuid together\n");
    }
}

/// Writes a TOML key, quoted only if necessary.
fn toml_key(text: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.chars().all(is_bare) {
        text.to_owned()
    } else {
        quoted(text)
    }
}
