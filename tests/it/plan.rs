//! Fourth stage: the plan, which decides what happens to each webhook.

mod differences;
mod equal_ids;
mod known;
mod matching;
mod policy;

/// A Slack webhook; its url is its only content.
fn slack(id: u32, alias: &str, url: &str) -> String {
    format!(
        r#"{{"id":{id},"alias":"{alias}","url":"https://hooks.slack.com/services/canary-{url}","company_id":1,
        "integration_type_id":0,"integration_type":{{"label":"Slack","icon":"/s.png","id":0}},"integration_type_fields":"[]"}}"#
    )
}

/// A webhook of a type, with its fields as JSON.
fn typed(id: u32, alias: &str, type_id: u32, fields: &str) -> String {
    format!(
        r#"{{"id":{id},"alias":"{alias}","url":"https://hooks.example.net/canary","integration_type_id":{type_id},
        "integration_type":{{"id":{type_id}}},"integration_type_fields":{fields}}}"#
    )
}

/// The response of a list request.
fn list(webhooks: &[String]) -> String {
    format!("[{}]", webhooks.join(","))
}
