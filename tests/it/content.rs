//! Which differences matter when two webhooks are compared, and which do not.

use hookferry::coralogix::content::{Content, carried_digest, full_digest};
use hookferry::coralogix::undocumented::StateKeys;
use hookferry::coralogix::webhook::Webhook;
use std::fmt::Write as _;

/// The webhook that every row of the table changes and is compared with.
const BASE: &str = r#"{"id":1,"alias":"a","url":"https://h.example.net/x","company_id":1,"integration_type_id":1,
    "integration_type":{"id":1,"label":"WebHook","icon":"/assets/webhook.png"},"integration_type_fields":
    "[{\"name\":\"method\",\"value\":\"post\"},{\"name\":\"payload\",\"value\":{\"n\":1.10,\"t\":\"\u00fc\",\"l\":[1,2],\"e\":[]}}]"}"#;

/// Changes to the base webhook: a name, the text to replace, and its replacement.
const CHANGES: &[(&str, &str, &str)] = &[
    ("nothing", "", ""),
    ("id", r#""id":1,"alias""#, r#""id":2,"alias""#),
    ("company", r#""company_id":1"#, r#""company_id":2"#),
    (
        "label and icon",
        r#""label":"WebHook","icon":"/assets/webhook.png""#,
        r#""name":"Web""#,
    ),
    ("an unknown key", r#""company_id":1"#, r#""unknown":true"#),
    (
        "order of the top level",
        r#""id":1,"alias":"a""#,
        r#""alias":"a","id":1"#,
    ),
    (
        "order of the payload",
        r#"\"l\":[1,2],\"e\":[]"#,
        r#"\"e\":[],\"l\":[1,2]"#,
    ),
    (
        "order inside an entry",
        r#"\"name\":\"method\",\"value\":\"post\""#,
        r#"\"value\":\"post\",\"name\":\"method\""#,
    ),
    ("spacing of the fields", r"[1,2]", r"[ 1 ,\n 2 ]"),
    ("spelling of a letter", r"\u00fc", "ü"),
    ("double escape of a letter", r"\u00fc", r"\\u00fc"),
    ("spelling of a number", "1.10", "11e-1"),
    (
        "spelling of the type",
        r#""integration_type_id":1"#,
        r#""integration_type_id":"1""#,
    ),
    ("value of a number", "1.10", "1.1000000000000000000001"),
    ("sign of a number", "1.10", "-1.10"),
    ("number as text", "1.10", r#"\"1.10\""#),
    ("order of a list", "[1,2]", "[2,1]"),
    ("empty list as null", "[]", "null"),
    ("empty list as empty object", "[]", "{}"),
    ("a method's case", "post", "POST"),
    ("the url's case", "https://h", "https://H"),
    ("the url's end", "/x\"", "/x/\""),
    ("the alias' case", r#""alias":"a""#, r#""alias":"A""#),
    (
        "a missing entry",
        r#"{\"name\":\"method\",\"value\":\"post\"},"#,
        "",
    ),
    ("composed letter as two", r"\u00fc", r"u\u0308"),
];

fn content(json: &str) -> Content {
    let webhook = Webhook::parse(json).unwrap();
    Content::from_webhook(&webhook, webhook.type_id().unwrap())
}

#[test]
fn what_counts() {
    snapshots!();
    let base = content(BASE);
    let mut table = String::new();
    for (name, from, to) in CHANGES {
        assert!(BASE.contains(from), "{name}");
        let changed = content(&BASE.replacen(from, to, 1));
        let verdict = match (changed.whole == base.whole, changed.body == base.body) {
            (true, true) => "same",
            (false, true) => "only the alias differs",
            (false, false) => "differs",
            (true, false) => "the alias hides a difference",
        };
        let _ = writeln!(table, "{name:<26} {verdict}");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn missing_null_and_empty_fields_compare_equal() {
    let webhook = |url: &str, fields: &str| {
        content(&format!(
            r#"{{"alias":"a","integration_type_id":0{url}{fields}}}"#
        ))
    };
    let base = webhook("", "");
    for url in ["", r#","url":null"#, r#","url":"""#] {
        for fields in [
            "",
            "null",
            r#""""#,
            r#"" ""#,
            r#""[]""#,
            r#"" [ ] ""#,
            "[]",
            r#""null""#,
        ] {
            let fields = if fields.is_empty() {
                String::new()
            } else {
                format!(r#","integration_type_fields":{fields}"#)
            };
            assert_eq!(webhook(url, &fields), base, "{url}{fields}");
        }
    }
    for fields in ["{}", r#""{}""#, "[[]]", "0", "false", r#""-""#, "[null]"] {
        let fields = format!(r#","integration_type_fields":{fields}"#);
        assert_ne!(webhook("", &fields), base, "{fields}");
    }
}

/// A value that is not a string still counts: two webhooks that differ in it must not pass as identical.
#[test]
fn a_url_that_is_not_a_string_differs_from_an_empty_one() {
    let webhook = |url: &str| {
        content(&format!(
            r#"{{"alias":"a","integration_type_id":0,"url":{url}}}"#
        ))
    };
    let empty = webhook(r#""""#);
    let mut odd = vec![
        "7",
        "false",
        r#"{"href":"https://h.example.net"}"#,
        "[]",
        r#""\ud800""#,
    ];
    odd.retain(|odd| webhook(odd) == empty);
    assert!(odd.is_empty(), "treated as no url: {odd:?}");
    assert_ne!(webhook("7"), webhook("8"));
}

#[test]
fn fields_that_are_not_json_compare_as_text() {
    let webhook = |fields: &str| {
        content(&format!(
            r#"{{"alias":"a","integration_type_id":1,"integration_type_fields":{fields}}}"#
        ))
    };
    assert_eq!(webhook(r#""a=\u0062""#), webhook(r#""a=b""#));
    assert_ne!(webhook(r#""a=b""#), webhook(r#""a=b ""#));
    assert_ne!(webhook(r#""a=b""#), webhook(r#""\"a=b\"""#));
    let deep = |leaf: &str| {
        let text = format!("{}{leaf}{}", "[".repeat(300), "]".repeat(300));
        webhook(&format!("\"{text}\""))
    };
    assert_eq!(deep("1"), deep("1"));
    assert_ne!(deep("1"), deep("2"));
}

#[test]
fn the_servers_own_state_is_in_no_digest_and_every_other_undocumented_member_is() {
    let webhook = |members: &str| {
        let json = format!(
            r#"{{"alias":"a","integration_type_id":0,"updated_at":"2026-11-20T00:00:00Z",{members}}}"#
        );
        Webhook::parse(json).unwrap()
    };
    let digests = |members: &str| {
        let state_keys = StateKeys::default().with(["hits_today"]);
        let webhook = webhook(members);
        (
            full_digest(&webhook, None, &state_keys),
            carried_digest(&webhook, &state_keys),
        )
    };
    let base = digests(r#""isActive":false,"last_used":null,"success_count":1,"hits_today":1"#);
    for state in [
        r#""isActive":false,"last_used":"2026-11-20T00:00:00Z","success_count":2,"hits_today":2"#,
        r#""errorCount":7,"isActive":false"#,
    ] {
        assert_eq!(digests(state), base, "{state}");
    }
    for setting in [
        r#""isActive":true,"last_used":null,"success_count":1"#,
        r#""isActive":false,"last_used":"never""#,
        r#""isActive":false,"success_count":{}"#,
        r#""isActive":false,"integration_type":{"id":0,"revision":2}"#,
    ] {
        let (full, carried) = digests(setting);
        assert_ne!(full, base.0, "{setting}");
        assert_ne!(carried, base.1, "{setting}");
    }
}

#[test]
fn a_fingerprint_prints_no_content() {
    assert_eq!(format!("{:?}", content(BASE).whole), "Fingerprint");
}

/// A number or a truth value is not the text that spells it; missing, null and an empty text are one.
#[test]
fn a_value_never_equals_the_text_that_spells_it() {
    let content = |member: &str| {
        let text = format!(r#"{{"integration_type_id":1,{member}}}"#);
        let webhook = Webhook::parse(text).unwrap();
        Content::from_webhook(&webhook, webhook.type_id().unwrap())
    };
    for key in ["alias", "url", "integration_type_fields"] {
        let of = |value: &str| content(&format!(r#""{key}":{value}"#));
        for value in ["123", "false", "true", "-1.5", "0"] {
            assert_ne!(of(value), of(&format!(r#""{value}""#)), "{key}: {value}");
        }
        let half = r#""\ud800""#;
        let spelled = serde_json::to_string(half).unwrap();
        assert_ne!(of(half), of(&spelled), "{key}: half a pair");
        assert_eq!(of("null"), of(r#""""#), "{key}");
        assert_eq!(of("null"), content(r#""x":1"#), "{key}");
        assert_eq!(of("1.0"), of("1"), "{key}");
    }
    for key in ["alias", "url"] {
        let of = |value: &str| content(&format!(r#""{key}":{value}"#));
        for value in ["[1]", r#"{"a":1}"#] {
            let spelled = serde_json::to_string(value).unwrap();
            assert_ne!(of(value), of(&spelled), "{key}: {value}");
        }
    }
}
