//! The rules file: everything it may contain, and every mistake with its line and column.

use hookferry::pipeline::rewrite::file::{Diagnostic, parse};
use hookferry::pipeline::rewrite::rule::{Rules, UnmatchedSecretPolicy};
use std::fmt::Write as _;

/// A file with every feature of rules.
const FULL: &str = r#"
unmatched_secret = "refuse"
retarget = true

[[rule]]
match = { type = ["webhook", 8], alias = "prod-*", url_host = "Hooks.*.net", id = [1050, "1051"] }
keep = ["url", "payload"]
new_uuid = true
rename = "us-{alias}"
optional = true

[rule.set]
"headers.Authorization" = { env = "NEW_AUTH" }
"payload.privateKey" = { file = "secrets/key" }
serviceKey = { command = ["op", "read", "op://vault/canary"] }
url = { value = "https://hooks.example.net/canary" }
"payload.list" = { value = [1, 2.5, true, { deep = "canary" }] }

[[rule.replace]]
in = "url"
from = "eu1-canary"
to = ""

[[rule]]
match = {}
replace = [ { in = ["url", "payload.\"a.b\""], from = "a", to = "b" } ]
"#;

#[test]
fn a_file_with_every_feature_parses() {
    let rules = parse(FULL).unwrap();
    assert_eq!(rules.unmatched_policy, Some(UnmatchedSecretPolicy::Refuse));
    assert!(rules.retarget);
    let [first, second] = rules.rules.as_slice() else {
        panic!("two rules");
    };
    assert_eq!((first.line, second.line), (5, 24));
    assert_eq!(first.set.len(), 5);
    assert!(first.new_uuid && first.is_optional && first.rename.is_some());
    assert_eq!(first.keep.len(), 2);
    assert_eq!(second.replace[0].within[1].to_string(), r#"payload."a.b""#);
}

#[test]
fn an_empty_file_has_no_rules() {
    let Rules {
        rules,
        unmatched_policy: unmatched,
        retarget,
    } = parse("# nothing\n").unwrap();
    assert!(rules.is_empty() && unmatched.is_none() && !retarget);
}

/// The debug output of rules contains no value that a rule sets.
#[test]
fn debug_output_of_rules_holds_no_value() {
    let shown = format!("{:?}", parse(FULL).unwrap());
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn every_mistake_is_told_with_its_place() {
    snapshots!();
    let mut out = String::new();
    for text in [
        "unmatched_secret = \"canary\"\nretarget = 1\nrules = []\n",
        "rule = 1\n",
        "[[rule]]\n",
        "[[rule]]\nmatch = { typ = \"slack\" }\nkeep = \"url\"\n",
        "[[rule]]\nmatch = { type = \"canary\", alias = 1, id = true, url_host = [] }\nkeep = \"url\"\n",
        "[[rule]]\nmatch = \"slack\"\nkeep = []\n",
        "[[rule]]\nset = { url = \"canary\" }\n",
        "[[rule]]\nset = { url = { env = \"A\", value = \"canary\" } }\n",
        "[[rule]]\nset = { url = { env = \"\" } }\n",
        "[[rule]]\nset = { url = { env = \"https://hooks.example.net/canary\" } }\n",
        "[[rule]]\nset = { url = { command = \"op read canary\" } }\n",
        "[[rule]]\nset = { url = { command = [] } }\n",
        "[[rule]]\nset = { url = { value = 2026-11-24 } }\n",
        "[[rule]]\nset = { url = { value = nan } }\n",
        "[[rule]]\nset = { url = { vault = \"canary\" } }\n",
        "[[rule]]\nset = { headers.Authorization = { env = \"A\" } }\n",
        "[[rule]]\nset = { \"headers..x\" = { env = \"A\" }, \"\\\"a\" = { env = \"A\" } }\n",
        "[[rule]]\nreplace = { in = \"url\", from = \"canary\", to = \"b\" }\n",
        "[[rule]]\nreplace = [ { in = \"url\", from = \"\", to = \"canary\" }, { from = \"canary\", to = \"b\" } ]\n",
        "[[rule]]\nreplace = [ { in = \"url\", form = \"canary\", to = \"b\" } ]\n",
        "[[rule]]\nrename = \"us-{name}\"\n",
        "[[rule]]\nnew_uuid = \"yes\"\noptional = 0\n",
        "[[rule]]\nset = { url = { value = \"canary } }\n",
        "[[rule]]\nkeep = \"url\"\nkeep = \"url\"\n",
        "[[rule]]\nset = { url = { env = \"A\" } }\nset.url = { env = \"B\" }\n",
        "[[rule]\n",
        "url = https://canary.example.net\n",
        "\u{feff}[[rule]]\r\n\tkeep = 'url'\r\n\tname = 1\r\n",
    ] {
        let diagnostics = parse(text).unwrap_err();
        let _ = writeln!(out, "{text}");
        for Diagnostic {
            line,
            column,
            message: what,
        } in diagnostics
        {
            let _ = writeln!(out, "    {line}:{column} {what}");
        }
        out.push('\n');
    }
    let messages: String = out
        .lines()
        .filter(|line| line.starts_with("    "))
        .collect();
    assert!(!messages.contains("canary"), "{messages}");
    insta::assert_snapshot!(out.replace("canary", "[secret]").replace('\r', ""));
}
