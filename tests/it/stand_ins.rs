//! What counts as a mask that a server returned in place of a secret, and what is text.

use hookferry::coralogix::webhook::Webhook;
use serde_json::{Value, json};

const MASKS: &[&str] = &[
    "***",
    "****",
    " ****************\n",
    "***REDACTED***",
    "[REDACTED]",
    "[FILTERED]",
    "<redacted>",
    "(sensitive value)",
    "(hidden)",
    "REDACTED",
    "redacted",
    "••••",
    "++++++++",
    "xxxx",
    "XXXXXXXX…",
    "xxxxxxxx-xxxx",
    "sh****rt",
    "abc****xyz",
    "a••••z",
];

const SECRETS: &[&str] = &[
    "canary-0123456789abcdef",
    "secret",
    "hidden",
    "my-hidden-key",
    "**",
    "a*b*c",
    "a***c",
    "+++",
    "xxx",
    "xxxxa",
    "[urgent]",
    "***** $ALERT_NAME *****",
    "**** look here ****",
    "See the [REDACTED] part",
];

fn webhook(type_id: u64, url: &str, fields: &Value) -> Webhook {
    let text = json!({
        "alias": "****",
        "url": url,
        "integration_type_id": type_id,
        "integration_type_fields": fields.to_string(),
    });
    Webhook::parse(text.to_string()).unwrap()
}

fn is_masked(type_id: u64, url: &str, fields: &Value) -> bool {
    webhook(type_id, url, fields).has_masked_secret()
}

/// The fields of a generic webhook with this payload.
fn generic(headers: &Value, payload: &Value) -> Value {
    json!([{"name": "headers", "value": headers}, {"name": "payload", "value": payload}])
}

#[test]
fn a_value_that_is_a_mask_is_recognized_in_every_secret_slot() {
    for mask in MASKS {
        let key = json!([{"name": "serviceKey", "value": mask}]);
        assert!(is_masked(2, "", &key), "{mask} as service key");
        let header = generic(&json!({"Authorization": mask}), &json!({}));
        assert!(is_masked(1, "", &header), "{mask} as header");
        let nested = generic(
            &json!({}),
            &json!({"privateKey": mask, "logEntries": [{"text": "t"}]}),
        );
        assert!(is_masked(3, "", &nested), "{mask} as private key");
        let unknown = json!([{"name": "newSecret", "value": {"deep": [mask]}}]);
        assert!(
            is_masked(5, "", &unknown),
            "{mask} in an undocumented field"
        );
        let nested = json!([{"name": "newSecret", "value": json!({"token": mask}).to_string()}]);
        assert!(is_masked(5, "", &nested), "{mask} in JSON inside a string");
    }
}

#[test]
fn other_values_are_no_masks() {
    for secret in SECRETS {
        let key = json!([{"name": "serviceKey", "value": secret}]);
        assert!(!is_masked(2, "", &key), "{secret} as service key");
        let fields = generic(&json!({"X-Title": secret}), &json!({"text": secret}));
        assert!(!is_masked(1, "", &fields), "{secret} as header and payload");
        let url = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
        let url = format!("https://h.example/send?text={url}");
        assert!(!is_masked(1, &url, &json!([])), "{url}");
    }
}

/// What a masked form shows is no secret, so a mask there says nothing.
#[test]
fn a_mask_where_no_secret_belongs_is_text() {
    let fields = json!([
        {"name": "method", "value": "****"},
        {"name": "payload", "value": {"severity": "****", "text": "CRITICAL ****"}},
        {"name": "headers", "value": {"Accept": "***"}},
    ]);
    assert!(!is_masked(1, "https://h.example/", &fields));
    // An ornament of one side is a text in a payload, and a mask in a key.
    assert!(!is_masked(
        1,
        "",
        &generic(&json!({}), &json!({"text": "****URGENT"}))
    ));
    assert!(is_masked(
        2,
        "",
        &json!([{"name": "serviceKey", "value": "****9f3c"}])
    ));
}

#[test]
fn a_masked_part_of_a_url_is_recognized() {
    for url in [
        "****",
        "https://hooks.example/services/T0/B0/****",
        "https://hooks.example/services/%2A%2A%2A%2A",
        "https://hooks.example/services/T0/XXXXXXXXXXXXXXXXXXXXXXXX",
        "https://hooks.example/x?token=%5BREDACTED%5D",
        "https://hooks.example/x?token=sh****rt&a=b",
        "https://user:****@hooks.example/x",
        "https://hooks.example/#****",
        "https://****/services",
        "https://hooks.example/services/T0****",
    ] {
        assert!(is_masked(0, url, &json!([])), "{url}");
    }
    for url in [
        "",
        "https://hooks.example/services/T0/B0/canary",
        "https://hooks.example/send?text=%2A%2A%2A%2A%20%24ALERT_NAME%20****",
        "https://hooks.example/secret?hidden=redact",
    ] {
        assert!(!is_masked(0, url, &json!([])), "{url}");
    }
}

#[test]
fn a_masked_part_of_a_header_or_an_address_is_recognized() {
    for value in [
        "Bearer ****",
        "Basic [REDACTED]",
        "GenieKey sh****rt",
        "Token token=\"****\"",
        "key=****",
    ] {
        let fields = generic(&json!({"Authorization": value}), &json!({}));
        assert!(is_masked(1, "", &fields), "{value}");
    }
    for value in [
        "a****b@example.com",
        "****@example.com",
        "ops@example.com, ****",
    ] {
        assert!(
            is_masked(4, "", &json!([{"name": "payload", "value": value}])),
            "{value}"
        );
    }
    let list = json!([{"name": "payload", "value": ["ops@example.com", "****"]}]);
    assert!(is_masked(4, "", &list));
    assert!(!is_masked(
        4,
        "",
        &json!([{"name": "payload", "value": "ops@example.com"}])
    ));
}

#[test]
fn masks_in_undocumented_keys_and_unreadable_fields_are_recognized() {
    for (key, value) in [
        ("new_key", json!({"a": ["****"]})),
        ("integration_type_fields", json!("[REDACTED]")),
    ] {
        let mut object = json!({"alias": "a", "integration_type_id": 1});
        object[key] = value;
        let webhook = Webhook::parse(object.to_string()).unwrap();
        assert!(webhook.has_masked_secret(), "{key}");
    }
}
