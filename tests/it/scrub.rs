//! Masks in place of a secret, as some servers show them.

use hookferry::coralogix::webhook::Webhook;

#[test]
fn masks_in_place_of_a_secret_are_recognized() {
    let is_masked = |key: &str| {
        let fields = format!(r#"[{{"name":"serviceKey","value":"{key}"}}]"#);
        let fields = serde_json::Value::from(fields);
        let text = format!(
            r#"{{"alias":"a","integration_type_id":2,"integration_type_fields":{fields}}}"#
        );
        Webhook::parse(text).unwrap().has_masked_secret()
    };
    for mask in [
        "****",
        "abc****xyz",
        "<redacted>",
        "[REDACTED]",
        "(hidden)",
        "REDACTED",
    ] {
        assert!(is_masked(mask), "{mask}");
    }
    for secret in [
        "canary-0123456789abcdef",
        "secret",
        "my-hidden-key",
        "***",
        "a*b*c",
    ] {
        assert!(!is_masked(secret), "{secret}");
    }
}
