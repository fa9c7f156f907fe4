//! Fourth stage: what has to happen to each webhook.

mod differences;
mod equal_ids;
mod known;
mod matching;
mod policy;

/// A Slack webhook: its only content is its url.
fn slack(id: u32, alias: &str, url: &str) -> String {
    format!(
        r#"{{"id":{id},"alias":"{alias}","url":"https://hooks.slack.com/services/canary-{url}","company_id":1,
        "integration_type_id":0,"integration_type":{{"label":"Slack","icon":"/s.png","id":0}},"integration_type_fields":"[]"}}"#
    )
}

/// A webhook of that type with these fields, given as JSON.
fn typed(id: u32, alias: &str, type_id: u32, fields: &str) -> String {
    format!(
        r#"{{"id":{id},"alias":"{alias}","url":"https://hooks.example.net/canary","integration_type_id":{type_id},
        "integration_type":{{"id":{type_id}}},"integration_type_fields":{fields}}}"#
    )
}

/// The answer of a list call.
fn list(webhooks: &[String]) -> String {
    format!("[{}]", webhooks.join(","))
}
