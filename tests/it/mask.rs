//! Masking: what output may show of a webhook.

use crate::support::fixture::inventory;
use hookferry::coralogix::kind::type_name;
use hookferry::coralogix::mask::{Masked, mask_url};
use hookferry::coralogix::webhook::Webhook;
use hookferry::untrusted::escape;
use std::fmt::Write as _;

#[test]
fn account() {
    snapshots!();
    insta::assert_snapshot!(masked("account.json"));
}

#[test]
fn awkward() {
    snapshots!();
    insta::assert_snapshot!(masked("awkward.json"));
}

fn masked(name: &str) -> String {
    let mut out = String::new();
    for webhook in inventory(name).webhooks {
        write_masked(&mut out, &webhook);
    }
    assert!(!out.contains("canary"), "the mask shows a secret");
    out
}

fn write_masked(out: &mut String, webhook: &Webhook) {
    let masked = webhook.masked();
    let _ = writeln!(
        out,
        "{} {} ({})",
        webhook.id().unwrap(),
        masked
            .alias
            .as_deref()
            .map_or("no alias".to_owned(), |alias| format!(
                "\"{}\"",
                escape(alias)
            )),
        webhook
            .type_id()
            .map_or_else(|problem| format!("type: {problem:?}").into(), type_name),
    );
    if let Some(url) = &masked.url {
        let _ = writeln!(out, "    url: {url}");
    }
    match &masked.fields {
        None => {}
        Some(Masked::Array(entries)) => {
            for entry in entries {
                let _ = writeln!(out, "    field: {entry}");
            }
        }
        Some(whole) => {
            let _ = writeln!(out, "    fields: {whole}");
        }
    }
    if !masked.unknown_keys.is_empty() {
        let _ = writeln!(out, "    unknown keys: {}", masked.unknown_keys.join(", "));
    }
}

#[test]
fn urls() {
    snapshots!();
    let mut out = String::new();
    for url in [
        "https://hooks.example.net",
        "https://hooks.example.net/",
        "https://hooks.example.net:443/",
        "https://hooks.example.net:8443/",
        "https://hooks.example.net/in/canary",
        "https://hooks.example.net/%63anary",
        "https://hooks.example.net/api/v1/logs",
        "https://hooks.example.net/API/V1/LOGS",
        "https://hooks.example.net/api/v1/logs/",
        "https://hooks.example.net/canary/../",
        "https://hooks.example.net\\canary",
        "https://hooks.example.net?canary",
        "https://hooks.example.net/?",
        "https://hooks.example.net/#canary",
        "https://canary@hooks.example.net/",
        "https://:canary@hooks.example.net/",
        "https://@hooks.example.net/",
        "https://HOOKS.Example.NET/canary?canary#canary",
        "http://192.0.2.7:8080/canary",
        "http://[2001:db8::7]/canary",
        "https://bücher.example/canary",
        " https://hooks.example.net/canary ",
        "https://hooks.example.net/\tcanary",
        "hooks.example.net/canary",
        "//hooks.example.net/canary",
        "/canary",
        "canary",
        "mailto:canary@example.net",
        "ftp://canary.example.net/",
        "javascript:canary",
        "https://",
        "https://$HOST/canary",
        "https://can ary/",
    ] {
        let masked = mask_url(url).to_string();
        assert!(!masked.contains("canary"), "{url} is shown as {masked}");
        let _ = writeln!(out, "{:<52} {masked}", url.replace("canary", "SECRET"));
    }
    insta::assert_snapshot!(out);
}

/// The length and shape of a mask must not reveal anything about the secret.
#[test]
fn secrets_of_the_same_kind_have_equal_masks() {
    let webhook = |secret: &str| {
        let json = format!(
            r#"{{"url":"https://h.example.net/{secret}","integration_type_id":1,"integration_type_fields":
            [{{"name":"headers","value":{{"Authorization":"{secret}"}}}},{{"name":"payload","value":{{"a":"{secret}"}}}}]}}"#
        );
        format!("{:?}", Webhook::parse(json).unwrap().masked())
    };
    assert_eq!(
        webhook("canary"),
        webhook("canary-that-is-much-longer-0123456789")
    );
}

/// The name of a key or an entry is shown, unless it looks like one of the vendor's API keys.
#[test]
fn a_name_that_looks_like_a_key_is_hidden() {
    let fields =
        r#"[{"name":"cxtp_canary","value":{"cxup_canary":1}},{"name":"method","cxtp_canary":1}]"#;
    let text = serde_json::json!({
        "id": 1, "alias": "a", "integration_type_id": 1,
        "integration_type_fields": fields, "cxtp_canary": true,
    });
    let webhook = Webhook::parse(text.to_string()).unwrap();
    let mut out = String::new();
    write_masked(&mut out, &webhook);
    assert!(!out.contains("canary"), "{out}");
    assert!(out.contains("(key)"), "{out}");
}
