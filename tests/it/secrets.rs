//! The documentation of secrets is accurate: its table matches the program, and its example is a valid rules file.

use hookferry::coralogix::kind::{
    Field, SAFE_HEADERS, SAFE_PAYLOAD_KEYS, Slot, WEBHOOK_TYPES, WebhookType,
};
use hookferry::pipeline::rewrite::file;
use hookferry::secret::{SAFE_PATHS, VENDOR_KEY_PREFIXES};
use std::fmt::Write as _;

const DOC: &str = include_str!("../../docs/secrets.md");

fn quoted(names: &[&str]) -> String {
    let names = names.iter().filter(|name| !name.is_empty());
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn visible_part(slot: Slot) -> String {
    match slot {
        Slot::Plain => "the value".to_owned(),
        Slot::Secret(kind) => format!("nothing: {kind}"),
        Slot::Email => "the domain of each address".to_owned(),
        Slot::Headers => format!("names; values of: {}", quoted(SAFE_HEADERS)),
        Slot::Payload => format!(
            "keys at any depth; `$PLACEHOLDER`s, and values under: {}",
            quoted(SAFE_PAYLOAD_KEYS)
        ),
    }
}

fn rows(out: &mut String, kind: &WebhookType) {
    let WebhookType { id, name, .. } = kind;
    if kind.fields.is_empty() {
        let _ = writeln!(out, "| {name} | {id} | | no field is documented |");
    }
    for Field { name: field, slot } in kind.fields {
        let _ = writeln!(
            out,
            "| {name} | {id} | `{field}` | {} |",
            visible_part(*slot)
        );
    }
}

#[test]
fn the_table_of_secrets_matches_the_program() {
    let mut table = format!(
        "| type | number | field | what is shown |\n|---|---|---|---|\n| every type | | `url` | scheme, host, port, and the path where it is one of: {}; user, any other path, query and fragment are hidden |\n",
        quoted(SAFE_PATHS)
    );
    for kind in WEBHOOK_TYPES {
        rows(&mut table, kind);
    }
    table.push_str("| any | any | any other field or key | nothing |\n");
    assert!(DOC.contains(&table), "docs/secrets.md lacks:\n{table}");
    for sign in VENDOR_KEY_PREFIXES {
        assert!(DOC.contains(&format!("`{sign}`")), "{sign}");
    }
}

#[test]
fn the_example_is_a_valid_rules_file() {
    let example = DOC.split("```toml\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let rules = file::parse(example).unwrap();
    assert_eq!(rules.rules.len(), 4);
}
