//! The door for a server's words: what of them may be shown that answer a request with a webhook.

use hookferry::coralogix::webhook::Webhook;
use hookferry::http::server_words::SentValues;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A webhook with a secret in every place that can have one.
fn webhook() -> Webhook {
    let fields = json!([
        {"name": "headers", "value": {"X-Team": "prod", "Authorization": "Bearer canary-token", "X-Login": "Basic dXNlcjpjYW5hcnktcHc="}},
        {"name": "payload", "value": {"note": "canary words with spaces", "pin": 918_273, "key": "k7z", "list": ["canary-item"],
            "inner": "{\"secret\":\"canary-inner\"}"}},
        {"name": "odd", "value": "canary-odd"},
    ]);
    let webhook = json!({
        "id": 1050, "alias": "payments on call", "integration_type_id": 1, "company_id": 777,
        "integration_type": {"id": 1, "label": "canary-label"},
        "url": "https://canary-user:canary-pass@hooks.example.net/in/canary-path?token=ab%2Bcanary#canary-end",
        "integration_type_fields": fields.to_string(),
        "more": {"inside": "canary-more"},
    });
    Webhook::parse(webhook.to_string()).expect("a webhook")
}

fn shown(words: &str) -> String {
    let mut sent = SentValues::default();
    sent.add("cxtp_canaryKEY0123456789");
    sent.add_webhook(&webhook());
    sent.show(words).as_str().to_owned()
}

#[test]
fn words_of_the_server_alone_are_shown() {
    for words in [
        "alias must not be longer than 64 characters (was 80)",
        "alias 'payments on call' is taken by 1050 of company 777",
        "bad type, see https://docs.coralogix.com",
    ] {
        assert_eq!(shown(words), words);
    }
}

/// The ways in which servers were seen, or made, to give a secret back.
#[test]
fn no_spelling_of_a_value_passes() {
    let cases = [
        "pin 918273 is not a text",
        "the token canary-token has expired",
        "login user:canary-pw refused",
        "unexpected canary-inner",
        r#"body was {\"secret\":\"canary-inner\"}"#,
        "canary-odd cannot be parsed",
        "no route for /in/canary-path",
        "login canary-user / canary-pass failed",
        "query ab+canary is not valid",
        "query ab%2Bcanary is not valid",
        "TOKEN CANARY-TOKEN HAS EXPIRED",
        "unknown label canary-label",
        "k7z is too short",
        "Bearer Y2FuYXJ5LXRva2Vu is not valid",
        "more cannot be canary-more",
        "note: canary words",
        "key cxtp_canaryKEY0123456789 has expired",
        "key ending in 6789 has expired",
        "canary",
    ];
    for words in cases {
        let text = shown(words);
        assert!(text.contains("words withheld: "), "{words}: {text}");
        let free = text.replace("withheld", "");
        assert!(!free.to_lowercase().contains("canary"), "{words}: {text}");
    }
}

/// The cut to 200 characters must not leave the head of a secret.
#[test]
fn a_secret_on_the_cutting_edge_does_not_pass() {
    for n in 180..202 {
        let words = format!("{}canary-token", "=".repeat(n));
        assert!(shown(&words).contains("words withheld"), "{n}");
    }
}

#[test]
fn the_values_of_a_body_that_cannot_be_taken_apart_are_compared_whole() {
    let deep = format!("{}\"canary-deep\"{}", "[".repeat(200), "]".repeat(200));
    for fields in [
        json!("canary-deep {not JSON"),
        json!(deep),
        json!("{\"a\":\"canary-deep\",\"a\":1}"),
    ] {
        let body = json!({"alias": "a", "integration_type_fields": fields});
        let mut sent = SentValues::default();
        sent.add_webhook(&Webhook::parse(body.to_string()).expect("a webhook"));
        let text = sent.show("bad value: canary-deep");
        assert!(text.as_str().contains("words withheld"), "{fields}: {text}");
    }
}

/// A part of a secret in one of the spellings that servers use.
fn spelled(part: &str, n: u8) -> String {
    let encoded = |encode: &dyn Fn(u8) -> String| part.bytes().map(encode).collect();
    match n % 6 {
        0 => part.to_owned(),
        1 => part.to_uppercase(),
        2 => encoded(&|byte| format!("%{byte:02X}")),
        3 => encoded(&|byte| format!("\\u{byte:04x}")),
        4 => Value::from(Value::from(part).to_string()).to_string(),
        _ => encoded(&|byte| format!("{byte:02x}")),
    }
}

proptest! {
    /// Any four characters of a secret, in any spelling, between any words.
    #[test]
    fn no_run_of_a_secret_passes(
        secret in "[a-zA-Z0-9_.~+/=-]{4,40}",
        from in any::<prop::sample::Index>(),
        before in "[a-z ,.:]{0,20}",
        after in "( [a-z ,.:]{0,20})?",
        spelling in any::<u8>(),
    ) {
        let start = from.index(secret.len() - 3);
        let part = &secret[start..start + 4];
        let words = format!("{before} {}{after}", spelled(part, spelling));
        let mut sent = SentValues::default();
        let payload = json!([{"name": "payload", "value": {"x": secret}}]).to_string();
        let body = json!({"alias": "a", "integration_type_fields": payload});
        sent.add_webhook(&Webhook::parse(body.to_string()).expect("a webhook"));
        let shown = sent.show(&words);
        prop_assert!(shown.as_str().contains("words withheld"), "{words}: {shown}");
    }

    /// Whatever is shown is the server's own text, whole or cut at the end, and never more than 201 characters and escapes.
    #[test]
    fn words_are_shown_as_they_are_or_not_at_all(words in "[ -~]{0,300}", value in "[ -~]{0,30}") {
        let mut sent = SentValues::default();
        sent.add(value);
        let shown = sent.show(&words);
        let text = shown.as_str();
        prop_assert!(
            text.contains("words withheld") || words.trim().starts_with(text.trim_end_matches('…')),
            "{words}: {text}"
        );
    }
}
