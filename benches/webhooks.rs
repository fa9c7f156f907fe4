//! Synthetic accounts in the shapes that the vendor's page documents: every documented type, about 550 bytes per webhook,
//! identical on every run.

use serde_json::{Value, json};

/// `n` webhooks as an account lists them, without the keys that its server adds.
pub(crate) fn webhooks(n: usize) -> Vec<Value> {
    (0..n).map(webhook).collect()
}

/// The webhook at an index. Of ten, two are Slack, two are generic webhooks, and six are of one other type each.
fn webhook(ix: usize) -> Value {
    let team = ["payments", "search", "checkout", "platform", "identity"][ix / 10 % 5];
    let (type_id, name, icon) = KINDS[ix % 10];
    json!({
        "alias": format!("{team} {} {ix}", name.to_lowercase()),
        "url": url(type_id, team, ix),
        "integration_type_fields": fields(type_id, team, ix).to_string(),
        "integration_type_id": type_id,
        "integration_type": {"label": name, "icon": icon, "id": type_id},
    })
}

/// Table A of the vendor's page, with the two most frequent types twice.
const KINDS: [(u64, &str, &str); 10] = [
    (0, "Slack", "/assets/settings/slack-48.png"),
    (1, "WebHook", "/assets/webhook.png"),
    (2, "PagerDuty", "/assets/settings/pagerDuty.png"),
    (0, "Slack", "/assets/settings/slack-48.png"),
    (3, "SendLog", "/assets/invite.png"),
    (4, "Email Group", "/assets/email-group.png"),
    (1, "WebHook", "/assets/webhook.png"),
    (5, "Microsoft Teams", "/assets/settings/teams.png"),
    (6, "Jira", "/assets/settings/jira.png"),
    (7, "Opsgenie", "/assets/settings/opsgenie.png"),
];

fn url(type_id: u64, team: &str, ix: usize) -> String {
    let token = pseudo_random(ix);
    match type_id {
        0 => format!(
            "https://hooks.slack.com/services/T{:08X}/B{ix:08X}/{token:016x}{token:08x}",
            ix % 97
        ),
        1 => format!("https://hooks.{team}.example.com/alerts/{ix}?token={token:016x}"),
        3 => "https://ingress.eu1.coralogix.com/logs/v1/singles".to_owned(),
        5 => format!(
            "https://{team}.webhook.office.com/webhookb2/{}/IncomingWebhook/{token:016x}",
            uuid(ix)
        ),
        6 => format!("https://{team}.atlassian.net"),
        7 => format!(
            "https://api.opsgenie.com/v1/json/coralogix?apiKey={}",
            uuid(ix)
        ),
        _ => String::new(),
    }
}

fn fields(type_id: u64, team: &str, ix: usize) -> Value {
    let token = format!("{:016x}", pseudo_random(ix));
    match type_id {
        1 | 3 => json!([
            {"name": "uuid", "value": uuid(ix)},
            {"name": "method", "value": "post"},
            {"name": "headers", "value": {"Content-Type": "application/json", "Authorization": format!("Bearer {token}")}},
            {"name": "payload", "value": payload(type_id, team, ix)},
        ]),
        2 => json!([{"name": "serviceKey", "value": format!("{token}{token}")}]),
        4 => {
            json!([{"name": "payload", "value": [format!("{team}-oncall@example.com"), format!("lead.{ix}@example.com")]}])
        }
        6 => json!([
            {"name": "apiToken", "value": token},
            {"name": "email", "value": format!("{team}-bot@example.com")},
            {"name": "projectKey", "value": "OPS"},
        ]),
        _ => json!([]),
    }
}

fn payload(type_id: u64, team: &str, ix: usize) -> Value {
    if type_id == 3 {
        return json!({
            "privateKey": uuid(ix + 1),
            "applicationName": "$APPLICATION_NAME",
            "subsystemName": "$SUBSYSTEM_NAME",
            "computerName": "$COMPUTER_NAME",
            "logEntries": [{"severity": 3, "timestamp": "$EVENT_TIMESTAMP_MS", "text": {
                "integration_text": format!("{team} audit"),
                "alert_severity": "$EVENT_SEVERITY",
                "alert_id": "$ALERT_ID",
                "alert_name": "$ALERT_NAME",
                "alert_url": "$ALERT_URL",
                "hit_count": "$HIT_COUNT",
            }}],
            "uuid": uuid(ix),
        });
    }
    json!({
        "alert_id": "$ALERT_ID",
        "name": "$ALERT_NAME",
        "severity": "$EVENT_SEVERITY",
        "team": team,
        "fields": ["$DEFINITION", "$QUERY_TEXT"],
        "uuid": uuid(ix),
    })
}

fn uuid(ix: usize) -> String {
    let bits = pseudo_random(ix);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        bits >> 32,
        bits & 0xffff,
        bits >> 20 & 0xfff,
        bits >> 8 & 0xfff,
        bits >> 12
    )
}

/// A number that looks random and is the same for the same index (the finalizer of splitmix64).
fn pseudo_random(ix: usize) -> u64 {
    let mut bits = (ix as u64)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
