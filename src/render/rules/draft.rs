//! A first rules file for an account: every secret has its decision, and what must change has a variable to fill.
//! Pure. Holds names, paths and hosts, never a secret; the same account always gives the same file.

mod secrets;
mod variables;

use crate::coralogix::kind::type_name;
use crate::document::view::Party;
use crate::foreign;
use crate::pipeline::fetch::Inventory;
use crate::wording::counted;
use secrets::{Group, Kin, groups};
use smol_str::SmolStr;
use std::fmt::Write as _;

/// What a first rules file is made of.
pub struct Draft {
    /// The webhooks that it is about.
    pub inventory: Inventory,
    /// Where they are from.
    pub account: Party,
    /// The host that they go to, where that is known.
    pub target: Option<String>,
    /// Whether they name hosts of a region that is not the target's.
    pub moves: bool,
}

/// The text of the file.
pub fn draft(draft: &Draft) -> String {
    let mut out = head(draft);
    for group in groups(&draft.inventory) {
        section(&mut out, &group);
    }
    out
}

fn head(draft: &Draft) -> String {
    let from = draft.account.described();
    let to = draft.target.as_deref().map_or_else(String::new, |to| {
        format!(" going to {}", foreign::shown(to))
    });
    let retarget = match (draft.moves, &draft.target) {
        (true, _) => {
            "# Coralogix hosts of the source's region are pointed at the target's.\nretarget = true\n"
        }
        (false, Some(_)) => {
            "# The webhooks name no Coralogix host of another region than the target's.\nretarget = false\n"
        }
        (false, None) => {
            "# To point Coralogix hosts of the source's region at the target's:\n# retarget = true\n"
        }
    };
    format!(
        "# Rules for the webhooks of {from}{to}.\n\
         # Written by `hookferry rules init`. There is no secret in this file, and none belongs into it.\n\
         #\n\
         # A rule means the webhooks that fulfil its `match`. For each of their secrets it says\n\
         #   keep    the target gets the same value, or\n\
         #   set     the target gets another one, from {{ env = \"NAME\" }}, {{ file = \"path\" }}\n\
         #           or {{ command = [\"program\", \"argument\"] }} (run only with --allow-commands).\n\
         # Rules that begin with `# [[rule]]` are proposals: take the `# ` off where a secret must differ.\n\
         # `set` goes before `keep`; two rules that set the same are an error.\n\
         # Then: hookferry rules check --rules THIS-FILE --from ... --to ...\n\
         \n\
         # A webhook with a secret that no rule names is not sent.\n\
         unmatched_secret = \"refuse\"\n\
         \n\
         {retarget}"
    )
}

fn section(out: &mut String, group: &Group) {
    let kind = group
        .type_id
        .map_or(SmolStr::new_static("without a type"), type_name);
    let n = counted(group.n_webhooks, "webhook");
    let _ = writeln!(out, "\n\n# ---- {kind}: {n} ----");
    if group.type_id.is_none() {
        out.push_str("# they cannot be sent, and a rule cannot help\n");
        return;
    }
    if group.secrets.is_empty() {
        out.push_str("# nothing secret in them\n");
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
        let path = foreign::shown(&secret.path);
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
            group.type_match(),
            paths.join(", ")
        );
    }
    for kin in &group.kin {
        rule(out, group, kin);
    }
}

/// A rule for the webhooks that share all their credentials: at work where one must change, else a proposal.
fn rule(out: &mut String, group: &Group, kin: &Kin) {
    let off = if kin.must_change { "" } else { "# " };
    if kin.must_change {
        out.push_str(
            "\n# The key is the source account's own: kept, the logs would flow back there.\n",
        );
    } else {
        out.push('\n');
    }
    let _ = writeln!(out, "{off}[[rule]]");
    let _ = writeln!(out, "{off}{}", kin.matches(group));
    let sets: Vec<String> = kin
        .set
        .iter()
        .map(|(path, variable)| format!("{} = {{ env = \"{variable}\" }}", key(path)))
        .collect();
    let _ = writeln!(out, "{off}set = {{ {} }}", sets.join(", "));
    if kin.must_change {
        out.push_str("# new_uuid = true    # a uuid of its own in the target, the field and payload.uuid together\n");
    }
}

/// A key as TOML writes it: without quotes where it needs none.
fn key(text: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.chars().all(is_bare) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text as TOML writes it, with every character escaped that could mislead a reader.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut one = [0; 4];
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            _ if foreign::shown(character.encode_utf8(&mut one)).starts_with(character) => {
                out.push(character);
            }
            _ => {
                let _ = write!(out, "\\U{:08X}", u32::from(character));
            }
        }
    }
    out.push('"');
    out
}
