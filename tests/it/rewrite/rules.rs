//! Applied rules: the places that they name change, every other byte stays, and rules that cannot apply are reported.

use crate::support::fixture::{account, inventory, rewriting, wire};
use hookferry::coralogix::region::Region;
use hookferry::pipeline::rewrite::{
    ChangeKind, Mistake, Portable, PortableWebhook, Retarget, Rewriting, rewrite,
};
use hookferry::pipeline::strip::{Blocked, strip};
use std::fmt::Write as _;

/// Applies rules to the account of the fixtures.
fn apply(rules: &str, variables: &[(&str, &str)]) -> Portable {
    rewrite(
        strip(inventory("account.json")),
        &rewriting(rules, variables),
    )
    .unwrap()
}

fn mistakes(rules: &str) -> Vec<Mistake> {
    let rewriting = rewriting(rules, &[("A", "a"), ("B", "b")]);
    let source = inventory("account.json");
    let mut mistakes = rewriting.rules.ineffective_rules(&source);
    mistakes.extend(rewrite(strip(source), &rewriting).err().unwrap_or_default());
    mistakes
}

/// Applies rules to a single webhook, given as JSON.
fn apply_to(json: &str, rewriting: &Rewriting) -> PortableWebhook {
    let portable = rewrite(strip(account(&format!("[{json}]"))), rewriting).unwrap();
    portable.webhooks()[0].clone()
}

fn hook(fields: &str) -> String {
    let fields = serde_json::Value::from(fields);
    format!(
        r#"{{"id":1,"alias":"a","url":"https://h.example/canary","integration_type_id":1,"integration_type":{{"id":1,"label":"WebHook","icon":"i"}},"integration_type_fields":{fields}}}"#
    )
}

/// Lists each webhook's changes, unread values, block reason and leftover secrets.
fn report(portable: &Portable) -> String {
    let mut out = String::new();
    for webhook in portable.webhooks() {
        let id = webhook.source_id().unwrap();
        let _ = writeln!(out, "{id} {}", webhook.alias());
        for change in webhook.changes() {
            let line = change
                .rule_line
                .map_or("-".to_owned(), |line| format!("line {line}"));
            let equal = if change.is_equal { ", equal" } else { "" };
            let _ = writeln!(
                out,
                "    {}: {:?} ({line}{equal})",
                change.path, change.kind
            );
        }
        for unread in webhook.unread_values() {
            let _ = writeln!(
                out,
                "    unread {}: {}: {}",
                unread.path, unread.source, unread.reason
            );
        }
        if let Some(blocked) = webhook.blocked() {
            let _ = writeln!(out, "    blocked: {}", blocked.reason());
        }
        for left in webhook.unmatched_secrets() {
            let _ = writeln!(out, "    left: {} ({})", left.path, left.kind);
        }
    }
    out
}

const WHOLE: &str = r#"
unmatched_secret = "refuse"

[[rule]]
match = { type = "slack" }
set = { url = { env = "SLACK_URL" } }

[[rule]]
match = { alias = ["incident*", "Z*bridge"] }
set = { "payload.severity" = { value = "$OTHER" } }
replace = [ { in = ["url", "payload"], from = "example", to = "test" } ]
keep = ["url", "headers", "payload"]
optional = true

[[rule]]
match = { type = "pager_duty", id = 2004 }
set = { serviceKey = { file = "key" } }
rename = "us {alias}"

[[rule]]
match = { url_host = "INGRESS.*" }
set = { "payload.privateKey" = { env = "INGEST_KEY" }, "payload.logEntries.0.severity" = { value = 4 } }
new_uuid = true
"#;

#[test]
fn a_whole_file_over_a_whole_account() {
    snapshots!();
    let rules = WHOLE.replace(
        "set = { \"payload.severity\" = { value = \"$OTHER\" } }\n",
        "",
    );
    let portable = apply(
        &rules,
        &[
            ("SLACK_URL", "https://hooks.slack.com/services/new-canary"),
            ("INGEST_KEY", "cxtp_canary"),
        ],
    );
    let report = report(&portable);
    assert!(!report.contains("canary"));
    insta::assert_snapshot!(report);
}

#[test]
fn bytes_that_no_rule_names_stay_unchanged() {
    let before = strip(inventory("account.json"));
    let rules =
        "[[rule]]\nmatch = { id = 2003 }\nset = { \"payload.team\" = { env = \"TEAM\" } }\n";
    let portable = apply(rules, &[("TEAM", "Köln \"7\"\n\\")]);
    for (before, after) in before.webhooks().iter().zip(portable.webhooks()) {
        let (old, new) = (wire(before.bare()), wire(after.bare()));
        if after.changes().is_empty() {
            assert!(old == new);
            continue;
        }
        // The leaf in the JSON nested inside JSON, escaped once per level.
        let old_leaf = r#"\"canary M\\u00fcnchen\""#;
        assert_eq!(old.matches(old_leaf).count(), 1);
        let new_leaf = r#"\"Köln \\\"7\\\"\\n\\\\\""#;
        assert_eq!(new, old.replace(old_leaf, new_leaf));
    }
}

#[test]
fn awkward_escapes_do_not_shift_a_place() {
    let fields = r#"[{"name":"pay\/load \ud83d\ude00 é","value":1},{"name":"headers","value":{"A":"canary","\u00e9":"x"}}]"#;
    let json = hook(fields).replace('/', r"\/").replace('é', r"\u00e9");
    let after = apply_to(
        &json,
        &rewriting(
            "[[rule]]\nset = { \"headers.A\" = { env = \"A\" } }\n",
            &[("A", "new")],
        ),
    );
    let before = wire(strip(account(&format!("[{json}]"))).webhooks()[0].bare());
    assert_eq!(
        wire(after.bare()),
        before.replacen(r#"\"canary\""#, r#"\"new\""#, 1)
    );
}

/// A name that occurs twice has two paths: the webhook's own key takes precedence, and the entry is addressed by its index.
#[test]
fn an_entry_named_like_a_key_of_the_webhook_is_addressed_by_index() {
    let json =
        hook(r#"[{"name":"method","value":"post"},{"name":"url","value":"canary","hint":"x"}]"#);
    let rules = "[[rule]]\nset = { url = { value = \"https://a.example\" }, \"integration_type_fields.1.value\" = { value = \"b\" }, \"integration_type_fields.1.hint\" = { value = \"c\" } }\n";
    let text = wire(apply_to(&json, &rewriting(rules, &[])).bare());
    assert!(text.contains(r#""url":"https://a.example""#), "{text}");
    assert!(
        text.contains(r#"{\"name\":\"url\",\"value\":\"b\",\"hint\":\"c\"}"#),
        "{text}"
    );
}

#[test]
fn fields_that_are_a_real_array_are_not_escaped() {
    let json = hook("[]").replace(r#""[]""#, r#"[{"name":"headers","value":{"A":"canary"}}]"#);
    let rules = "[[rule]]\nset = { \"headers.A\" = { env = \"A\" } }\n";
    let after = apply_to(&json, &rewriting(rules, &[("A", "a\"b")]));
    assert!(wire(after.bare()).contains(r#"[{"name":"headers","value":{"A":"a\"b"}}]"#));
}

#[test]
fn a_new_uuid_is_stable_and_unique_to_the_old_one() {
    let rules =
        "[[rule]]\nmatch = { type = [\"webhook\", \"sendlog\", \"demisto\"] }\nnew_uuid = true\n";
    let uuids = |portable: &Portable| -> Vec<String> {
        let webhooks = portable.webhooks().iter();
        webhooks
            .filter(|webhook| !webhook.changes().is_empty())
            .map(|webhook| wire(webhook.bare()))
            .collect()
    };
    let first = uuids(&apply(rules, &[]));
    assert_eq!(first, uuids(&apply(rules, &[])));
    assert_eq!(first.len(), 4);
    let sendlog = first.iter().find(|text| text.contains("ingress")).unwrap();
    assert!(!sendlog.contains("0d9e8f7a-6b5c-4d3e-a2f1-7c8b9a0d1e05"));
    let new = "uuid\\\",\\\"value\\\":\\\"";
    let new = &sendlog[sendlog.find(new).unwrap() + new.len()..][..36];
    assert_eq!(
        sendlog.matches(new).count(),
        2,
        "field and payload together"
    );
    let mut other = rewriting(rules, &[]);
    other.uuid_namespace.1 = "api.eu2.coralogix.com".to_owned();
    let other = rewrite(strip(inventory("account.json")), &other).unwrap();
    assert_ne!(first, uuids(&other), "another target gets other uuids");
}

#[test]
fn setting_an_equal_value_is_reported_and_changes_no_byte() {
    let rules = "[[rule]]\nset = { \"headers.A\" = { env = \"A\" } }\n";
    let json = hook(r#"[{"name":"headers","value":{"A":"\u0063anary"}}]"#);
    let after = apply_to(&json, &rewriting(rules, &[("A", "canary")]));
    assert!(after.changes()[0].is_equal);
    assert_eq!(
        wire(after.bare()),
        wire(strip(account(&format!("[{json}]"))).webhooks()[0].bare())
    );
}

#[test]
fn rules_run_before_retargeting_and_team_urls_stay() {
    let fields = r#"[{"name":"payload","value":{"a":"see https://ng-api-http.coralogix.com/x","b":"https://team.app.eu1.coralogix.com","c":"https://api.eu1.coralogix.com"}}]"#;
    let mut rewriting = rewriting(
        "[[rule]]\nset = { \"payload.c\" = { value = \"mine\" } }\n",
        &[],
    );
    rewriting.retarget = Some(Retarget {
        from: Region::Eu1,
        to: Region::Us2,
    });
    let after = apply_to(&hook(fields), &rewriting);
    let text = wire(after.bare());
    for words in [
        "see https://ng-api-http.us2.coralogix.com/x",
        "https://team.app.eu1.coralogix.com",
        r#"\"mine\""#,
    ] {
        assert!(text.contains(words), "{words}");
    }
    let how: Vec<&ChangeKind> = after.changes().iter().map(|change| &change.kind).collect();
    assert_eq!(how.len(), 2);
    assert_eq!(how[0], &ChangeKind::Retargeted);
}

#[test]
fn a_masked_secret_blocks_unless_a_rule_sets_it() {
    let json = r#"{"id":1,"alias":"a","integration_type_id":2,"integration_type":{"id":2,"label":"PagerDuty","icon":"i"},"integration_type_fields":"[{\"name\":\"serviceKey\",\"value\":\"****\"}]"}"#;
    let blocked = |rules, variables| apply_to(json, &rewriting(rules, variables)).blocked();
    assert_eq!(blocked("", &[]), Some(Blocked::MaskedSecret));
    let rules = "[[rule]]\nset = { serviceKey = { env = \"A\" } }\n";
    assert_eq!(blocked(rules, &[("A", "canary")]), None);
}

#[test]
fn unreadable_fields_block_only_rules_that_touch_them() {
    let blocked = |rules| apply_to(&hook("uuid=1; canary"), &rewriting(rules, &[])).blocked();
    assert_eq!(blocked(""), None);
    assert_eq!(
        blocked("[[rule]]\nset = { url = { value = \"https://x.example\" } }\n"),
        None
    );
    let sets_payload = "[[rule]]\nset = { \"payload.a\" = { value = \"x\" } }\n";
    assert_eq!(blocked(sets_payload), Some(Blocked::UnreadableFields));
    let replaces_in_payload =
        "[[rule]]\nreplace = [ { in = \"payload\", from = \"a\", to = \"b\" } ]\n";
    assert_eq!(
        blocked(replaces_in_payload),
        Some(Blocked::UnreadableFields)
    );
    let replaces_in_url = "[[rule]]\nreplace = [ { in = \"url\", from = \"h.\", to = \"i.\" } ]\n";
    assert_eq!(blocked(replaces_in_url), None);
}

#[test]
fn an_unread_value_is_reported_and_replaced_by_a_placeholder() {
    let rules = "[[rule]]\nset = { \"headers.A\" = { env = \"A\" } }\n";
    let json = hook(r#"[{"name":"headers","value":{"A":"canary"}}]"#);
    let after = apply_to(&json, &rewriting(rules, &[]));
    assert_eq!(after.unread_values().len(), 1);
    let text = wire(after.bare());
    assert!(text.contains("(from env A, not read)"));
    assert!(!text.contains(r#"\"canary\""#));
}

#[test]
fn what_cannot_be_followed_is_told_all_at_once() {
    snapshots!();
    let mut out = String::new();
    for rules in [
        // No such path, though a similar one exists.
        "[[rule]]\nmatch = { type = \"webhook\" }\nset = { \"headers.authorization\" = { env = \"A\" } }\n",
        "[[rule]]\nset = { serviceKey = { env = \"A\" } }\n",
        // Two rules for the same place, or for nested places.
        "[[rule]]\nset = { url = { env = \"A\" } }\nmatch = { id = 2001 }\n[[rule]]\nmatch = { type = 0 }\nset = { url = { env = \"B\" } }\n",
        "[[rule]]\nmatch = { id = 2006 }\nset = { payload = { value = [] } }\n[[rule]]\nmatch = { id = 2006 }\nset = { \"payload.0\" = { env = \"A\" } }\n",
        "[[rule]]\nmatch = { id = 2001 }\nset = { url = { env = \"A\" } }\n[[rule]]\nreplace = [ { in = \"url\", from = \"slack\", to = \"b\" } ]\n",
        // A value of another shape.
        "[[rule]]\nmatch = { id = 2005 }\nset = { \"payload.logEntries.0.severity\" = { env = \"A\" }, payload = { value = \"x\" } }\n",
        // Conflicting names.
        "[[rule]]\nmatch = { id = 2001 }\nrename = \"x\"\n[[rule]]\nmatch = { id = 2001 }\nrename = \"y\"\n",
        "[[rule]]\nmatch = { id = [2002, 2003] }\nrename = \"both\"\n",
        // A rule that matches nothing.
        "[[rule]]\nmatch = { alias = \"nobody\" }\nrename = \"x\"\n[[rule]]\nmatch = { alias = \"nobody\" }\noptional = true\nrename = \"x\"\n",
        // A text to replace that does not occur, or in a missing place; an optional rule may miss.
        "[[rule]]\nmatch = { type = \"webhook\" }\nreplace = [ { in = \"url\", from = \"mars\", to = \"x\" }, { in = [\"payloads\", \"urls\"], from = \"example\", to = \"x\" } ]\n",
        "[[rule]]\nmatch = { type = \"webhook\" }\nreplace = [ { in = \"url\", from = \"mars\", to = \"x\" } ]\noptional = true\n",
        // A text that occurs only after an earlier replacement is found.
        "[[rule]]\nmatch = { type = \"webhook\" }\nreplace = [ { in = \"url\", from = \"example\", to = \"mars\" }, { in = \"url\", from = \"mars\", to = \"x\" } ]\n",
        // No uuid to replace.
        "[[rule]]\nmatch = { type = \"slack\" }\nnew_uuid = true\n",
    ] {
        let _ = writeln!(out, "{rules}");
        for mistake in mistakes(rules) {
            let _ = writeln!(out, "    {mistake}");
        }
        out.push('\n');
    }
    assert!(!out.contains("canary"));
    insta::assert_snapshot!(out);
}
