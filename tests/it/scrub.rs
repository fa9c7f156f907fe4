//! A server's words about a webhook, which may repeat what was sent.

use hookferry::coralogix::webhook::Webhook;

const WEBHOOK: &str = r#"{"alias":"a","integration_type_id":1,
    "url":"https://canary-user:canary-pass@hooks.example.net/in/canary-path?token=canary-query#canary-end",
    "integration_type_fields":[{"name":"headers","value":{"X-Team":"prod","Authorization":"prod-canary-key"}},
    {"name":"payload","value":{"note":"canary words with spaces","pin":"canary/é","list":["canary-item"]}},
    {"name":"odd","value":"canary-odd"}],"more":"canary-more"}"#;

fn scrubbed(words: &str) -> String {
    Webhook::parse(WEBHOOK).unwrap().scrub(words)
}

#[test]
fn harmless_words_stay() {
    let words =
        "alias must not be longer than 64 characters (was 80), see https://docs.example.net/";
    assert_eq!(scrubbed(words), words);
}

#[test]
fn whole_values_are_taken_out() {
    let leaks: Vec<String> = [
        "bad note: canary words with spaces.",
        "header 'canary-item' refused",
        "canary-odd canary/é",
        "cannot reach https://canary-user:canary-pass@hooks.example.net/in/canary-path?token=canary-query#canary-end",
        "cannot reach <https://hooks.example.net/in/canary-path>",
    ]
    .into_iter()
    .map(scrubbed)
    .filter(|shown| shown.contains("canary"))
    .collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

/// `prod` is a value of its own; taking it out first must not leave the rest of the longer one.
#[test]
fn a_value_that_starts_another_does_not_uncover_it() {
    let shown = scrubbed("header prod-canary-key refused");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn the_secret_parts_of_the_url_are_taken_out_one_by_one() {
    let leaks: Vec<String> = [
        "no route for /in/canary-path",
        "unknown token canary-query",
        "login canary-user / canary-pass failed",
    ]
    .into_iter()
    .map(scrubbed)
    .filter(|shown| shown.contains("canary"))
    .collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn values_of_unknown_keys_are_taken_out() {
    let shown = scrubbed("more cannot be canary-more");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn what_a_server_shows_instead_of_a_secret_is_recognised() {
    let shown = |key: &str| {
        let fields = format!(r#"[{{"name":"serviceKey","value":"{key}"}}]"#);
        let fields = serde_json::Value::from(fields);
        let text = format!(
            r#"{{"alias":"a","integration_type_id":2,"integration_type_fields":{fields}}}"#
        );
        Webhook::parse(text).unwrap().has_masked_secret()
    };
    for stand_in in [
        "****",
        "abc****xyz",
        "<redacted>",
        "[REDACTED]",
        "(hidden)",
        "REDACTED",
    ] {
        assert!(shown(stand_in), "{stand_in}");
    }
    for secret in [
        "canary-0123456789abcdef",
        "secret",
        "my-hidden-key",
        "***",
        "a*b*c",
    ] {
        assert!(!shown(secret), "{secret}");
    }
}
