//! Where webhooks deliver: logs that flow back to the source, addresses that retargeting moves, and services that end.

use crate::support::fixture::{account, rewriting, wire};
use hookferry::coralogix::region::Region;
use hookferry::pipeline::rewrite::{
    LogBackflow, PortableWebhook, Retarget, Rewriting, ServiceEnd, rewrite,
};
use hookferry::pipeline::strip::strip;
use jiff::civil::date;
use serde_json::{Value, json};

const GENERIC: u64 = 1;
const SENDLOG: u64 = 3;

/// A webhook with a url and fields.
fn webhook(type_id: u64, url: &str, fields: &Value) -> String {
    json!([{
        "id": 1, "alias": "a", "url": url, "integration_type_id": type_id,
        "integration_type": {"id": type_id, "label": "x", "icon": "i"},
        "integration_type_fields": fields.to_string(),
    }])
    .to_string()
}

/// From Ireland to Oregon, with or without retargeting.
fn to_us2(has_retarget: bool) -> Rewriting {
    let retarget = Retarget {
        from: Region::Eu1,
        to: Region::Us2,
    };
    Rewriting {
        target_region: Some(Region::Us2),
        retarget: has_retarget.then_some(retarget),
        today: date(2026, 11, 28),
        ..rewriting("", &[])
    }
}

fn rewritten(json: &str, rewriting: &Rewriting) -> PortableWebhook {
    let portable = rewrite(strip(account(json)), rewriting).unwrap();
    portable.webhooks()[0].clone()
}

fn flow(type_id: u64, url: &str, fields: &Value) -> Option<LogBackflow> {
    let webhook = rewritten(&webhook(type_id, url, fields), &to_us2(false));
    webhook.log_backflow().cloned()
}

#[test]
fn logs_flow_back_by_key_or_host_whatever_the_type() {
    let authorization =
        json!([{"name": "headers", "value": {"authorization": "Bearer cxtp_canary1"}}]);
    let as_text =
        json!([{"name": "payload", "value": "{\"privateKey\":\"canary\",\"logEntries\":[]}"}]);
    let as_object = json!([{"name": "payload", "value": {"privateKey": "canary"}}]);
    let within = json!([{"name": "payload", "value": {"auth": "Bearer cxtp_canary1, x"}}]);
    let nothing = json!([]);
    let here = "https://ingress.us2.coralogix.com/logs/v1/singles";
    let back = "https://ingress.eu1.coralogix.com/logs/v1/singles";
    let host = Some("ingress.eu1.coralogix.com");
    for (type_id, url, fields, kept_key, host) in [
        (SENDLOG, here, &as_object, Some("payload.privateKey"), None),
        (SENDLOG, here, &as_text, Some("payload"), None),
        (SENDLOG, "", &as_object, Some("payload.privateKey"), None),
        (
            GENERIC,
            back,
            &authorization,
            Some("headers.authorization"),
            host,
        ),
        (
            GENERIC,
            here,
            &authorization,
            Some("headers.authorization"),
            None,
        ),
        (GENERIC, here, &within, Some("payload.auth"), None),
        (
            GENERIC,
            "https://u:canary@ingress.eu1.coralogix.com/logs/v1/bulk",
            &nothing,
            None,
            host,
        ),
        (
            GENERIC,
            "https://private-link.eu1.coralogix.com/x",
            &nothing,
            None,
            Some("private-link.eu1.coralogix.com"),
        ),
        (
            GENERIC,
            "https://api.eu1.coralogix.com/logs/rest/bulk",
            &nothing,
            None,
            Some("api.eu1.coralogix.com"),
        ),
    ] {
        let flow = flow(type_id, url, fields).unwrap_or_else(|| panic!("{url} {fields}"));
        assert_eq!(flow.kept_keys, Vec::from_iter(kept_key), "{url} {fields}");
        assert_eq!(flow.host.as_deref(), host, "{url} {fields}");
    }
    for (url, fields) in [
        (here, &nothing),
        ("https://h.example/logs", &authorization),
        (
            "https://api.eu1.coralogix.com/mgmt/openapi/5",
            &authorization,
        ),
    ] {
        assert_eq!(flow(GENERIC, url, fields), None, "{url}");
    }
}

#[test]
fn every_key_that_stays_is_named() {
    let fields = json!([
        {"name": "headers", "value": {"Authorization": "Bearer cxtp_canary1"}},
        {"name": "payload", "value": {"privateKey": "cxtp_canary1"}},
    ]);
    let url = "https://ingress.us2.coralogix.com/logs/v1/singles";
    let rules = "[[rule]]\nset = { \"payload.privateKey\" = { env = \"KEY\" } }\n";
    let rewriting = Rewriting {
        target_region: Some(Region::Us2),
        ..rewriting(rules, &[("KEY", "cxtp_canary2")])
    };
    let webhook = rewritten(&webhook(GENERIC, url, &fields), &rewriting);
    assert_eq!(
        webhook.log_backflow().unwrap().kept_keys,
        ["headers.Authorization"]
    );
}

#[test]
fn a_payload_full_of_hosts_makes_a_short_note() {
    let links: Vec<String> = (0..30_000)
        .map(|n| format!("https://team{n}.app.eu1.coralogix.com/"))
        .collect();
    let fields = json!([{"name": "payload", "value": {"links": links.join(" ")}}]);
    let moved = rewritten(
        &webhook(GENERIC, "https://h.example/", &fields),
        &to_us2(true),
    );
    assert_eq!(moved.hosts_left().len(), 20);
}

#[test]
fn a_new_key_at_the_same_place_ends_the_flow() {
    let fields = json!([{"name": "headers", "value": {"Authorization": "Bearer cxtp_canary1"}}]);
    let url = "https://ingress.us2.coralogix.com/logs/v1/singles";
    let rules = "[[rule]]\nset = { \"headers.Authorization\" = { env = \"KEY\" } }\n";
    let rewriting = Rewriting {
        target_region: Some(Region::Us2),
        ..rewriting(rules, &[("KEY", "Bearer cxtp_canary2")])
    };
    assert_eq!(
        rewritten(&webhook(GENERIC, url, &fields), &rewriting).log_backflow(),
        None
    );
}

#[test]
fn retargeting_keeps_paths_and_says_what_it_changed_and_left() {
    let url = "https://api.eu1.coralogix.com/logs/rest/singles";
    let fields = json!([{"name": "payload", "value": {"link": "https://acme.app.eu1.coralogix.com/#/alerts"}}]);
    let moved = rewritten(&webhook(GENERIC, url, &fields), &to_us2(true));
    let text = wire(moved.bare());
    assert!(
        text.contains("https://ingress.us2.coralogix.com/logs/v1/singles"),
        "{text}"
    );
    assert!(moved.moved_to_other_endpoint());
    assert_eq!(moved.hosts_left(), ["acme.app.eu1.coralogix.com"]);
    assert_eq!(
        moved.service_end(date(2026, 11, 28)),
        None,
        "the successor does not end"
    );
    let sendlog = rewritten(&webhook(SENDLOG, url, &json!([])), &to_us2(true));
    assert!(wire(sendlog.bare()).contains("\"https://ingress.us2.coralogix.com\""));
    assert!(
        !sendlog.moved_to_other_endpoint(),
        "the vendor delivers it itself"
    );
}

#[test]
fn a_service_that_ends_is_known_in_any_type() {
    for type_id in [GENERIC, 5, 7] {
        let url = "https://acme.webhook.office.com/webhookb2/canary";
        let webhook = rewritten(&webhook(type_id, url, &json!([])), &to_us2(false));
        assert_eq!(
            webhook
                .service_end(date(2026, 11, 28))
                .map(|ending: ServiceEnd| ending.is_over),
            Some(true)
        );
    }
    let alive = "https://x.environment.api.powerplatform.com:443/powerautomate/canary";
    assert_eq!(
        rewritten(&webhook(5, alive, &json!([])), &to_us2(false)).service_end(date(2026, 11, 28)),
        None
    );
}
