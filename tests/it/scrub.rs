//! Scrubbing of server messages about a webhook, which may repeat what was sent.

use hookferry::coralogix::webhook::Webhook;

const WEBHOOK: &str = r#"{"alias":"a","integration_type_id":1,
    "url":"https://canary-user:canary-pass@hooks.example.net/in/canary-path?token=canary-query#canary-end",
    "integration_type_fields":[{"name":"headers","value":{"X-Team":"prod","Authorization":"prod-canary-key"}},
    {"name":"payload","value":{"note":"canary words with spaces","pin":"canary/é","list":["canary-item"]}},
    {"name":"odd","value":"canary-odd"}],"more":"canary-more"}"#;

fn scrub(message: &str) -> String {
    Webhook::parse(WEBHOOK).unwrap().scrub(message)
}

#[test]
fn a_message_without_secrets_is_unchanged() {
    let message =
        "alias must not be longer than 64 characters (was 80), see https://docs.example.net/";
    assert_eq!(scrub(message), message);
}

#[test]
fn whole_values_are_removed() {
    let leaks: Vec<String> = [
        "bad note: canary words with spaces.",
        "header 'canary-item' refused",
        "canary-odd canary/é",
        "cannot reach https://canary-user:canary-pass@hooks.example.net/in/canary-path?token=canary-query#canary-end",
        "cannot reach <https://hooks.example.net/in/canary-path>",
    ]
    .into_iter()
    .map(scrub)
    .filter(|shown| shown.contains("canary"))
    .collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

/// `prod` is also a value; removing it first must not leave the rest of the longer one.
#[test]
fn removing_a_prefix_of_another_value_does_not_expose_it() {
    let shown = scrub("header prod-canary-key refused");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn each_secret_part_of_the_url_is_removed() {
    let leaks: Vec<String> = [
        "no route for /in/canary-path",
        "unknown token canary-query",
        "login canary-user / canary-pass failed",
    ]
    .into_iter()
    .map(scrub)
    .filter(|shown| shown.contains("canary"))
    .collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn values_of_unknown_keys_are_removed() {
    let shown = scrub("more cannot be canary-more");
    assert!(!shown.contains("canary"), "{shown}");
}
